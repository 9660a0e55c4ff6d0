"""What a sheet tells as a whole: which rows are not records, and what whole columns and colours say.

The cells of a title or of another table's header would pass for an id and a name, so such rows are held, each by
a rule that can be told to a clerk in one sentence. What columns and colours say are notes, which hold nothing.
"""

from __future__ import annotations

import colorsys
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from importer.model import UNCORRECTED, Batch, Problem, Refusal, State
from importer.records import read_resubmitted
from importer.schema import Field, Kind, Table
from importer.text import clean, count, fold, names_colour, spans
from schemas.signs import DASHES, POINTS

Numbers = npt.NDArray[np.int64]

_TOTAL: Final = re.compile(
    r"(?:grand |sub-?|sous-)?(?:totals?|totaux)\b|[^\W\d]+ ?:$", re.IGNORECASE
)
_LAST: Final = re.compile(r"(?:grand |sub-?|sous-)?(?:totals?|totaux)\b[\W\d]*", re.IGNORECASE)
_COUNTED: Final = r"(?i)(?:.+ )?(?:sub-?|sous-)?(?:totals?|totaux|count|total général)"
"""What stands beside a subtotal, in any of its columns."""
_WORDS: Final = re.compile(r"[^\w.@/#-]")
"""A sign that no id has and that texts for people have: a blank, a bracket, a question mark."""
_DIGIT: Final = re.compile("[0-9]")
_USUAL: Final = 3
"""Cells of a usual row; in a list of less, a row of one cell is as good as the others."""
_EDGE: Final = 3
"""Rows below a header or a gap that are explanations; more are records of another kind."""
_NINE_TENTHS: Final = 0.9
_ALIKE: Final = (
    {"digits"},
    {"mixed"},
    {"letters", "mixed"},  # names of users, some with a digit
    {"digits", "letters", "mixed"},
)
"""Shapes of keys that are alike, the closest first."""

_NOT_PASSED: Final = ("", State.INVALID)

_DELETE: Final = "Delete the row, or name it under skip_rows in the mapping"
_APART: Final = "Give that table a sheet or a file of its own."
_REPEATED: Final = Refusal("this row repeats the header.", f"{_DELETE}.")
_OTHER: Final = Refusal(
    "this row is the header of another table: its columns are not those of the first.", _APART
)
_STRUCK: Final = Refusal(
    "this is struck out, so the row is probably not to be sent.",
    "Delete the row, or pass such rows over with `skip_rows: [{struck: true}]` in the mapping; if it is to be "
    f"sent, take away the line, and {UNCORRECTED} where it stands behind the cell.",
)
_ALONE: Final = Refusal(
    "this row has nothing but this cell, and a record has more.",
    f"{_DELETE}; if it is a record, fill in the rest of it.",
)
_RULED: Final = Refusal("this row holds signs alone, without a letter or digit.", f"{_DELETE}.")
_UNLIKE: Final = (
    "this row does not look like a record: this cell is unlike those of the other rows."
)
_TWO: Final = 2
_APART_BY: Final = 30
_APART_IN: Final = rf"[\s{DASHES}{POINTS}]"
_HUES: Final = (
    (20, "red"), (45, "orange"), (70, "yellow"), (165, "green"), (260, "blue"), (290, "purple"), (340, "pink"),
)  # fmt: skip
"""Degrees up to which a hue has a name; from the last on it is red again."""
_GREY: Final = 0.04
"""Saturation below which a colour has no hue."""
_MOST_ROWS: Final = 8
_MOST: Final = 60
"""Characters of a legend that are told."""


def find_strays(batch: Batch, table: Table) -> Iterator[Problem]:
    """Yield one problem for each row that is not a record; skipped ones are not looked at."""
    rows = _Rows(batch)
    strays = _tables(rows)
    keys = {at for name in table.told_by for at in batch.origins.get(name, ())}
    struck = batch.sheet.rows_marked(batch.sheet.struck, keys, rows.mapped)
    struck = {at: column for at, column in struck.items() if not batch.skipped[at]}
    strays |= dict.fromkeys(struck.keys() - strays.keys(), _STRUCK)
    strays |= dict.fromkeys(rows.ruled() - strays.keys(), _RULED)
    # "No records found" alone below a header has no others to be compared with.
    usual = rows.usual(strays) or len(rows.mapped)
    key = _key(batch, table)
    # An id that OPSCOM gave stands in a column of ours, and tells records from nothing else.
    key = key if key is not None and key[1] in rows.cells else None
    if usual >= _USUAL and len(rows.mapped) > 1:
        alone = rows.filled == 1
        if key is not None and rows.usual(strays, rows.sent) >= _USUAL:
            # Beside a count stands the sum of a column that is not sent.
            alone |= (rows.sent == 1) & (rows.cells[key[1]][0] != "").to_numpy()
        found = set(rows.order[alone[rows.order]].tolist())
        strays |= dict.fromkeys(found - strays.keys(), _ALONE)
    if key is not None and key[0].name not in batch.as_shown:
        vouch = f"if it is a record, say `as_shown: true` at {key[0].name} in the mapping."
        unlike = list(_unlike(rows, key, strays, usual))
        strays |= dict.fromkeys(unlike, Refusal(_UNLIKE, f"{_DELETE}; {vouch}"))
    for position, why in sorted(strays.items(), key=lambda stray: stray[0]):
        if position in rows.passed:
            continue
        filled = rows.row(position)
        column = key[1] if key is not None and key[1] in filled else min(filled)
        column = struck.get(position, column)
        yield batch.sheet.problem(position, (column,), why, value=clean(filled[column]))


class _Rows:
    """The rows of a sheet as they stand in the file."""

    def __init__(self, batch: Batch) -> None:
        self.sheet = sheet = batch.sheet
        self.skipped = batch.skipped
        self.mapped = {at for columns in batch.origins.values() for at in columns}
        self.columns = [column for column in sheet.columns if not column.ours]
        """The source's own; a results workbook has others."""
        self.cells = {column.position: batch.cells[column.position] for column in self.columns}
        self.filled, self.sent = np.zeros((2, len(sheet.frame)), np.int64)
        """Filled cells of each row, and those of them that are mapped."""
        for column, (texts, _) in self.cells.items():
            filled = (texts != "").to_numpy()
            self.filled += filled
            self.sent += filled & (column in self.mapped)
        # A results workbook may have been sorted; what is below what, the source's numbers say.
        order = np.argsort(sheet.rows, kind="stable")
        self.order = order[~batch.skipped[order] & (self.filled[order] > 0)]
        self.starts = ~np.isin(sheet.rows - 1, sheet.rows)
        """Whether the row above is a header or blank."""
        told = read_resubmitted(sheet)
        self.passed = {at for at, said in told.items() if said.status not in _NOT_PASSED}
        """Rows of a results workbook that were records when it was written."""

    def row(self, position: int) -> dict[int, str]:
        """Return the filled cells of a row by column position, as they stand in the file."""
        cells = {column: str(self.sheet.frame.iloc[position, column]) for column in self.cells}
        return {column: cell for column, cell in cells.items() if cell.strip()}

    def ruled(self) -> set[int]:
        """Return the rows that are lines of dashes or other signs, cell by cell."""
        found = self.order[self.filled[self.order] > 1]
        for texts, _ in self.cells.values():
            found = found[~texts.iloc[found].str.contains("[0-9A-Za-z]").to_numpy(dtype=np.bool_)]
        return {
            at for at in found.tolist() if not any(map(str.isalnum, "".join(self.row(at).values())))
        }

    def usual(self, strays: Collection[int], cells: Numbers | None = None) -> int:
        """Return how many cells a record fills: the middle one of the rows that fill several."""
        filled = (self.filled if cells is None else cells).copy()
        filled[list(strays)] = 0
        several = np.sort(filled[self.order])
        several = several[several > 1]
        return int(several[len(several) // 2]) if len(several) else 0


def _tables(rows: _Rows) -> dict[int, Refusal]:
    """Find the headers in the middle of a sheet, and all that stands below those of other tables."""
    headers = _headers(rows)
    strays: dict[int, Refusal] = {}
    below: Refusal | None = None
    for at in rows.order.tolist() if headers else ():
        if at in headers:
            repeats = headers[at] or at == rows.order[0]
            strays[at] = _REPEATED if repeats else _OTHER
            where = f"whose header is in row {int(rows.sheet.rows[at])}."
            below = (
                None if repeats else Refusal(f"this row belongs to another table, {where}", _APART)
            )
        elif below is not None:
            strays[at] = below
    return strays


def _headers(rows: _Rows) -> dict[int, bool]:
    """Return the rows that are headers, each with whether its mapped columns are those of the first.

    Two of its cells at least, and half of them, are names of the header, and one of a mapped column.
    """
    headers = {column.position: fold(column.header) for column in rows.columns if column.header}
    names = {name for name in headers.values() if any(map(str.isalpha, name))}
    wanted = {headers[column] for column in rows.mapped & headers.keys()}
    named = np.zeros(len(rows.filled), np.int64)
    for column, (texts, odd) in rows.cells.items():
        is_name = texts.str.lower().isin(names).to_numpy(dtype=np.bool_, copy=True)
        # Folding changes no more of the others than their case.
        whole = rows.sheet.frame[column][odd]
        is_name[odd] = whole.map({text: fold(text) in names for text in whole.unique()})
        named += is_name
    found: dict[int, bool] = {}
    for at in np.flatnonzero((named >= _TWO) & (2 * named >= rows.filled)).tolist():
        cells = {column: fold(cell) for column, cell in rows.row(at).items()}
        known = {column: cell for column, cell in cells.items() if cell in names}
        if wanted.isdisjoint(known.values()):
            continue
        foreign = any(headers.get(column) != cell for column, cell in known.items())
        # The ``E-mail`` of one page is the ``Email`` of another.
        foreign |= any(
            re.sub(r"[\W_]", "", headers.get(column, "")) != re.sub(r"[\W_]", "", cells[column])
            for column in rows.mapped & cells.keys()
        )
        found[at] = not foreign
    return found


def _key(batch: Batch, table: Table) -> tuple[Field, int] | None:
    """Return the field that records are told apart by and that one column gives, and that column."""
    parts = table.parts if table.key else table.parts[::-1]
    for known in filter(None, (table.field(name) for part in parts for name in part)):
        columns = batch.origins.get(known.name, ())
        if len(columns) == 1:
            return known, columns[0]
    return None


def _unlike(
    rows: _Rows, key: tuple[Field, int], strays: Collection[int], usual: int
) -> Iterator[int]:
    """Yield the rows whose key is unlike the others', at an edge, or without a digit in a row of little.

    The others are alike where nine tenths of them are of one shape, or of two. Plates are of all shapes, so that
    the rest of the row tells.
    """
    known, column = key
    index, distinct = pd.factorize(rows.cells[column][0])
    keys: list[str] = distinct.tolist()
    shapes = [_shape(key) for key in keys]
    order = rows.order.tolist()
    look = {at: shapes[code] for at, code in zip(order, index[order].tolist(), strict=True)}
    for at in strays:
        look.pop(at, None)
    few = rows.order[2 * rows.filled[rows.order] <= usual].tolist() if usual >= _USUAL else []
    sparse = look.keys() & few
    counted = Counter(look.values())
    for alike in () if known.kind is Kind.PLATE else _ALIKE:
        odd = {at for at, shape in look.items() if shape and shape not in alike} - rows.passed
        words = {at for at in sparse if look[at] in {"letters", "words"}}
        found = odd & (words | set(_at_edges(rows, look, odd)))
        others = len(look) - len(found) - counted[""]
        if others >= _USUAL and sum(counted[each] for each in alike) >= _NINE_TENTHS * others:
            yield from found
            break
    if known.kind is Kind.PLATE:
        words = {at for at, shape in look.items() if shape in {"letters", "words"}} - rows.passed
        yield from _at_edges(rows, look, _lonely(rows, column, words))
    less = rows.order[rows.filled[rows.order] < usual].tolist()
    first = np.full(len(less), "", object)
    for at, (texts, _) in rows.cells.items():
        first = np.where(first == "", texts.iloc[less].to_numpy(object), first)
        if at not in rows.mapped:
            continue
        told = texts.iloc[few].str.fullmatch(_COUNTED).to_numpy(dtype=np.bool_)
        yield from (at for at, each in zip(few, told, strict=True) if each and at in look)
    begins = [
        at
        for at, cell in zip(less, first, strict=True)
        if _TOTAL.match(keys[index[at]]) or _TOTAL.match(cell)
    ]
    # In a list of plates and one column more the total fills both; it is the last, then.
    if order and known.kind is Kind.PLATE and _LAST.fullmatch(keys[index[order[-1]]]):
        begins.append(order[-1])
    yield from (at for at in begins if at in look)


def _lonely(rows: _Rows, key: int, candidates: set[int]) -> set[int]:
    """Return those rows of which no cell stands in another row, in columns that say the same of many."""
    told, shared = set[int](), set[int]()
    for column in rows.mapped - {key} if candidates else ():
        texts = rows.cells[column][0]
        counts = texts[texts != ""].value_counts()
        if 2 * len(counts) <= counts.sum():
            filled = {at: counts[text] for at in candidates if (text := texts.iloc[at])}
            told |= filled.keys()
            shared |= {at for at, number in filled.items() if number > 1}
    return told - shared


def _at_edges(rows: _Rows, look: Mapping[int, str], odd: Collection[int]) -> Iterator[int]:
    """Yield up to three odd rows below a header, a gap or a stray, or the odd rows of another table.

    More than three without a header are records of another kind.
    """
    run: list[int] = []
    counts, before_is_stray = False, True
    for at in rows.order.tolist():
        if at in look and (rows.starts[at] or before_is_stray):
            yield from run if len(run) <= _EDGE or _has_header(rows, run) else ()
            run, counts = [], True
        counts = counts and (at in odd or not look.get(at, ""))
        if counts and at in odd:
            run.append(at)
        before_is_stray = at not in look
    yield from run if len(run) <= _EDGE or _has_header(rows, run) else ()


def _has_header(rows: _Rows, run: Sequence[int]) -> bool:
    """Whether the first of these rows is a header: two cells at least, and digits only below it."""
    first = rows.row(run[0])
    if len(first) < _TWO or any(map(_DIGIT.search, first.values())):
        return False
    below = (rows.cells[column][0].iloc[list(run[1:])] for column in first)
    return any(bool(texts.str.contains(_DIGIT).all()) for texts in below)


def _shape(key: str) -> str:
    if not key:
        return ""
    if key.isdecimal():
        return "digits"
    if _WORDS.search(key) or not any(map(str.isalnum, key)):
        return "words"
    return "mixed" if any(map(str.isdigit, key)) else "letters"


def column_notes(batch: Batch, table: Table) -> Iterator[str]:
    """Yield what a person should know about the columns that are mapped; skipped rows are not looked at."""
    dates = [known.name for known in table.fields if known.kind is Kind.DATETIME]
    given = [name for name in dates if name in batch.frame and not batch.origins.get(name)]
    if given and len(batch.frame):
        same = " and ".join(f"{name} {batch.frame[name].max()}" for name in given)
        yield f"The mapping gives all rows {same}. Where that is of an earlier term, change it there."
    sheet, seen = batch.sheet, set()
    tell = {Kind.ID: _about_ids, Kind.PLATE: _about_plates}
    for known in table.fields:
        columns = batch.origins.get(known.name, ())
        if len(columns) != 1 or columns[0] in seen or known.kind not in tell:
            continue
        seen.add(columns[0])
        column, texts = sheet.columns[columns[0]], sheet.frame[columns[0]]
        filled = (texts != "").to_numpy(dtype=np.bool_) & ~batch.skipped
        for said in tell[known.kind](batch.frame[known.name][filled], sheet.rows[filled]):
            yield f'Column {column.letter} "{column.header}": {said}'


def _about_ids(mapped: pd.Series[str], rows: Numbers) -> Iterator[str]:
    """Yield that numbers have lost their zeros.

    Those that begin with a zero are of one length, and others are shorter; or two of these hold: fewer than
    half are shorter, there are two lengths, and the numbers lie far apart, as no counter's do. One number
    that is longer than all others is the odd one itself.
    """
    digits = mapped.str.fullmatch("[0-9]+").to_numpy(dtype=np.bool_)
    if not digits.any() or 2 * int(digits.sum()) < len(digits):
        return
    lengths = mapped.str.len().to_numpy(dtype=np.int64)
    longest = int(lengths[digits].max())
    shorter = digits & (lengths < longest)
    zeros = digits & mapped.str.startswith("0").to_numpy(dtype=np.bool_) & (lengths > 1)
    padded = int(zeros.sum()) >= _TWO and bool((lengths[zeros] == longest).all())
    number = int(digits.sum())
    few, far = 2 * int(shorter.sum()) < number, 10 ** (longest - 1) > _APART_BY * number
    lost = few + (len(np.unique(lengths[digits])) == _TWO) + far >= _TWO
    odd = int((lengths[digits] == longest).sum()) < _TWO
    if shorter.any() and not odd and (padded or lost):
        have = "number has" if shorter.sum() == 1 else "numbers have"
        yield (
            f"{int(shorter.sum()):,} {have} fewer digits than the {longest} of the others "
            f"({_those(rows[shorter])}). If zeros at the front were lost, say `pad: {longest}` in the mapping."
        )


def _about_plates(mapped: pd.Series[str], rows: Numbers) -> Iterator[str]:
    """Yield that plates are spelled in several ways: each would be another vehicle."""
    texts = mapped.str.upper()
    bare = texts.str.replace(_APART_IN, "", regex=True)
    several = texts.groupby(bare).transform("nunique").to_numpy() > 1
    if several.any():
        yield (
            f"{count(int(several.sum()), 'plate')} differ from others in blanks, dashes or points alone "
            f"({_those(rows[several])}). To have them written alike, say `convert: [plate]` in the mapping."
        )


def _those(rows: Sequence[int] | Numbers) -> str:
    return f"row{'s' if len(rows) > 1 else ''} {spans([*map(int, rows)], most=_MOST_ROWS)}"


def about_fills(batch: Batch, table: Table, strays: Collection[int]) -> Iterator[str]:
    """Yield a note for each colour that fewer than half of the rows have, with any legend.

    A row has a colour where its key has it, or all of its mapped cells. Colours of every second row are
    there to be read by, and a results workbook has its own.
    """
    sheet = batch.sheet
    if any(column.ours for column in sheet.columns) or not sheet.fills:
        return
    records = set(np.flatnonzero(~batch.skipped).tolist()) - set(strays)
    keys = {at for name in table.told_by for at in batch.origins.get(name, ())}
    mapped = {at for columns in batch.origins.values() for at in columns}
    colours = sorted({colour for cells in sheet.fills.values() for _, colour in cells})
    for colour in colours:
        found = sheet.rows_marked(sheet.coloured(colour), keys, mapped)
        rows = sorted(int(sheet.rows[at]) for at in found if at in records)
        steps = {after - before for before, after in pairwise(rows)}
        half = 2 * len(rows) - len(records)
        if not rows or half >= 0 or (half == -1 and steps == {_TWO}):
            continue
        have, are = ("have", "They are") if rows[1:] else ("has", "It is")
        name, skip = f"coloured ({colour})", ""
        if re.fullmatch("[0-9A-F]{6}", colour):
            name = f"{_named(colour)} ({colour})"
            skip = (
                f' To pass such rows over say `skip_rows: [{{fill: "{colour}"}}]` in the mapping.'
            )
        legend = _legend(batch, colour, strays)
        which = f"{_those(rows).capitalize()} {have}"
        yield f"{which} a {name} background{legend}. {are} sent like the others.{skip}"


def _legend(batch: Batch, colour: str, strays: Collection[int]) -> str:
    """Return what the sheet says of colours, outside its records."""
    sheet = batch.sheet
    lines = list(sheet.above)
    for at in sorted(strays):
        text = " ".join(filter(None, map(str.strip, sheet.frame.iloc[at].tolist())))
        behind = frozenset(each for _, each in sheet.fills.get(at, ()))
        lines.append((int(sheet.rows[at]), text, behind))
    for column in sheet.columns:
        if not column.header:
            beside = sheet.frame[column.position].str.strip()
            lines += [
                (int(sheet.rows[at]), beside.iloc[at], frozenset())
                for at in np.flatnonzero(beside != "")
            ]
    told = [
        f'row {row} says "{text[:_MOST]}"'
        for row, text, colours in lines
        if colour in colours or names_colour(text)
    ]
    return f"; {' and '.join(told[:2])}" if told else ""


def _named(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4))
    hue, saturation, _ = colorsys.rgb_to_hsv(red, green, blue)
    if saturation < _GREY:
        return "grey"
    return next((name for limit, name in _HUES if hue * 360 < limit), "red")
