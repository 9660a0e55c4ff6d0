"""What the texts of a date column prove, all together, about the order of day and month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from importer.model import Batch

    Marks = npt.NDArray[np.bool_]

_NUMERIC: Final = r"^([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-]([0-9]{4}|[0-9]{2})\b"
_SERIAL: Final = r"[2-5][0-9]{4}"
"""Day numbers of Excel from 1954 to 2064."""
_TRUE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T.*)?"
_MONTHS: Final = 12
_LEAST: Final = 5
_SHOWN: Final = 3


def rows_of(rows: npt.NDArray[np.int64], word: str) -> str:
    """Return the first of these row numbers in words: ``rows 14, 27 and 31``."""
    first = [str(row) for row in rows[:_SHOWN].tolist()]
    if len(first) == 1:
        return f"{word} {first[0]}"
    if len(rows) > _SHOWN:
        return f"{word}s {', '.join(first)} and others"
    return f"{word}s {', '.join(first[:-1])} and {first[-1]}"


@dataclass(frozen=True, slots=True)
class _Dates:
    """The filled cells of a date column."""

    name: str
    texts: pd.Series[str]
    mapped: pd.Series[str]
    """What the mapping made of them."""
    rows: npt.NDArray[np.int64]
    word: str

    def those(self, marks: Marks) -> str:
        """Return the first rows of these cells."""
        return rows_of(self.rows[marks], self.word)


def about_dates(batch: Batch, field: str) -> Iterator[str]:
    """Yield what the dates of one field, which has one column, are suspected of.

    Args:
        batch: A mapped sheet; skipped rows are not looked at.
        field: A date or date-time field that is mapped.
    """
    dates = _dates(batch, field)
    # An export has far fewer days than rows.
    codes, distinct = pd.factorize(dates.texts)
    unlike = pd.Series(distinct, dtype="str")
    true = unlike.str.fullmatch(_TRUE).to_numpy(dtype=np.bool_)
    if true.all():
        return
    serial = unlike.str.fullmatch(_SERIAL).to_numpy(dtype=np.bool_)[codes]
    if serial.any():
        yield (
            f"{dates.name}: {_count(serial)} a number of five digits ({dates.those(serial)}), probably "
            "Excel's number of a day. Format the column as a date and save or export it again."
        )
    parts = unlike.str.extract(_NUMERIC)
    one, two = (
        pd.to_numeric(parts[part].fillna("0")).to_numpy(dtype=np.int64)[codes] for part in (0, 1)
    )
    day_first = (one > _MONTHS) & (two <= _MONTHS) & (two > 0)
    month_first = (two > _MONTHS) & (one <= _MONTHS) & (one > 0)
    yield from _about_order(dates, day_first, month_first, np.stack([one, two]))
    yield from _about_swaps(dates, day_first, month_first, true[codes])


def _dates(batch: Batch, field: str) -> _Dates:
    sheet = batch.sheet
    (column,) = batch.origins[field]
    texts = sheet.frame[column]
    filled = (texts != "").to_numpy(dtype=np.bool_) & ~batch.skipped
    here = sheet.columns[column]
    return _Dates(
        f'Column {here.letter} "{here.header}"',
        texts[filled],
        batch.frame[field][filled],
        sheet.rows[filled],
        "record" if sheet.name is None else "row",
    )


def _count(marks: Marks) -> str:
    count = int(marks.sum())
    return "one cell is" if count == 1 else f"{count:,} cells are each"


def _dates_in_words(marks: Marks) -> str:
    count = int(marks.sum())
    return "one date" if count == 1 else f"{count:,} dates"


def _about_order(
    dates: _Dates, day_first: Marks, month_first: Marks, parts: npt.NDArray[np.int64]
) -> Iterator[str]:
    if day_first.any() and month_first.any():
        yield (
            f"{dates.name}: {_dates_in_words(day_first)} can only have the day first "
            f"({dates.those(day_first)}), and {_dates_in_words(month_first)} only the month "
            f"({dates.those(month_first)}), so that nobody can tell what the others mean. Export the "
            "column again as yyyy-mm-dd."
        )
        return
    for proof, order, day, code in (
        (day_first, "day", 0, "%d/%m/%Y"),
        (month_first, "month", 1, "%m/%d/%Y"),
    ):
        if not proof.any():
            continue
        open_ = (parts[0] > 0) & (parts[1] > 0) & (parts <= _MONTHS).all(axis=0)
        open_ &= parts[0] != parts[1]
        # Compare the day that was read with the one that the column proves.
        read = dates.mapped.str.extract(r"^[0-9]{4}-[0-9]{2}-([0-9]{2})")[0].fillna("0")
        days = pd.to_numeric(read).to_numpy(dtype=np.int64)
        other = open_ & (days > 0) & (days != parts[day])
        unread = open_ & (days == 0)
        if not other.any() and not unread.any():
            continue
        wrong = other if other.any() else unread
        how = (
            "the other way round" if other.any() else "not at all, because their order is not told"
        )
        yield (
            f"{dates.name}: {_dates_in_words(proof)} can only have the {order} first "
            f"({dates.those(proof)}) and none the {'month' if day == 0 else 'day'}, but "
            f"{_dates_in_words(wrong)} of the others {'was' if wrong.sum() == 1 else 'were'} read "
            f"{how} ({dates.those(wrong)}). The form in the mapping is probably `{code}`."
        )


def _about_swaps(dates: _Dates, day_first: Marks, month_first: Marks, true: Marks) -> Iterator[str]:
    """Tell a text file that was opened in Excel under the other order of day and month.

    Excel turns what it can into true dates, day and month turned round, and leaves as text what would
    be a thirteenth month.
    """
    texts = ~true
    odd = day_first | month_first
    if int(true.sum()) < _LEAST or not odd.any() or not bool((odd == texts).all()):
        return
    days = dates.texts[true].str.slice(8, 10)
    if days.nunique() < _LEAST or bool((days > str(_MONTHS)).any()):
        return
    yield (
        f"{dates.name}: {_dates_in_words(true)} of Excel never have a day after the 12th, and "
        f"{_dates_in_words(texts)} stayed text ({dates.those(texts)}). Excel probably turned days and "
        "months round when it opened the export; open it with Data > From Text, or import it as it is."
    )
