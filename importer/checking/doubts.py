"""What Excel, or an export, has probably done to whole columns.

One cell tells little: ``12345678`` may be an id. That twelve of three hundred ids are one digit shorter
tells a lot. Each doubt names the column, how many cells, the first rows, and what to do; no value of a
person, and nothing is ever changed because of a doubt.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.checking.date_doubts import about_dates, rows_of
from importer.schema import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from importer.model import Batch
    from importer.schema import Table

    Marks = npt.NDArray[np.bool_]

_IDENTIFIERS: Final = frozenset(
    {"unique_id", "student_no", "employ_no", "permitNo", "plate", "postal_code", "postal_code2"}
)
"""Fields whose zeros and letters are part of a name; those of the table's key are added."""
_FORMED: Final = frozenset(
    {Kind.PROVINCE, Kind.DATE, Kind.DATETIME, Kind.AMOUNT, Kind.CURRENCY, Kind.YEAR}
)
_LEAST: Final = 5
"""Fewer cells prove nothing."""
_SHORTEST_ID: Final = 5
_LONG_ID: Final = 7
"""Ids of so many digits have all of them as a rule."""
_LEAST_TOLD: Final = 2
"""One number with a zero at the front may be a slip."""
_MOST_ZEROS: Final = 3
"""One id in a thousand begins with three zeros; a number that is shorter still is something else."""
_MOST_LENGTHS: Final = 2
"""Numbers of more lengths than this were never padded."""
_SHARE: Final = 0.5
_SHORTEST_CUT: Final = 10
_CELL_LIMITS: Final = (255, 32_767)
"""Where older Excel, and a cell of any Excel, ends."""
_EXACT: Final = 15
"""Digits that Excel keeps."""
_EXPONENT: Final = r"^[0-9](?:[.,][0-9]+)?[Ee]\+[0-9]{1,3}$"
_ROUNDED: Final = r"^[0-9]{15}0+$"
_MONTH: Final = "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_DATED: Final = (
    f"^(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T.*)?|[0-9]{{1,2}}-{_MONTH}|{_MONTH}-[0-9]{{2}})$"
)
_SECOND: Final = "".join(bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xA0))
"""What the second byte of a letter in UTF-8 looks like in Windows-1252."""
_GARBLED: Final = f"Ã[\u0080-\u00bf{_SECOND}]|Â[\u00a0-\u00bf]|â€[\u0080-\u2122]"
_LOST: Final = "\ufffd"


@dataclass(frozen=True, slots=True)
class _Doubt:
    kind: str
    """One column that feeds several fields has one doubt of a kind."""
    sentence: str


@dataclass(frozen=True, slots=True)
class _Suspect:
    """One source column that feeds a field; all arrays are by its filled cells."""

    name: str
    texts: pa.Array
    rows: npt.NDArray[np.int64]
    word: str
    """``row`` or ``record``."""

    def those(self, marks: Marks) -> str:
        """Return the first rows of these cells: ``rows 14, 27 and 31``."""
        return rows_of(self.rows[marks], self.word)

    def matching(self, pattern: str) -> Marks:
        """Return which cells hold the pattern."""
        found: Marks = pc.match_substring_regex(self.texts, pattern).to_numpy(zero_copy_only=False)
        return found

    def digits(self) -> Marks:
        """Return which cells hold the digits 0 to 9 and nothing else."""
        found: Marks = pc.ascii_is_decimal(self.texts).to_numpy(zero_copy_only=False)
        return found


def column_doubts(batch: Batch, table: Table) -> Iterator[str]:
    """Yield what a person should know about the columns that are mapped.

    Args:
        batch: A mapped sheet; skipped rows are not looked at.
        table: The page of its endpoint.
    """
    keys = {name for names in table.key for name in names}
    seen: set[tuple[int, str]] = set()
    for known in table.fields:
        for column in batch.origins.get(known.name, ()):
            suspect = _suspect(batch, column)
            if not len(suspect.texts):
                continue
            for doubt in _about(suspect, known.kind, known.name, keys):
                if (column, doubt.kind) not in seen:
                    seen.add((column, doubt.kind))
                    yield doubt.sentence
        if known.kind in {Kind.DATE, Kind.DATETIME} and len(batch.origins.get(known.name, ())) == 1:
            yield from about_dates(batch, known.name)


def _suspect(batch: Batch, column: int) -> _Suspect:
    sheet = batch.sheet
    texts = pa.chunked_array(sheet.frame[column]).combine_chunks()
    filled = pc.not_equal(texts, "").to_numpy(zero_copy_only=False) & ~batch.skipped
    here = sheet.columns[column]
    return _Suspect(
        f'Column {here.letter} "{here.header}"',
        texts if filled.all() else texts.filter(pa.array(filled)),
        sheet.rows if filled.all() else sheet.rows[filled],
        "record" if sheet.name is None else "row",
    )


def _about(suspect: _Suspect, kind: Kind, field: str, keys: set[str]) -> Iterator[_Doubt]:
    if kind not in _FORMED:
        yield from _ruined_numbers(suspect)
    if kind not in _FORMED:
        yield from _cut(suspect)
        yield from _garbled(suspect)
    if field in _IDENTIFIERS or field in keys:
        yield from _short(suspect, postal=field.startswith("postal_code"))
        yield from _dated(suspect, "plates" if field == "plate" else "values")


def _short(suspect: _Suspect, *, postal: bool) -> Iterator[_Doubt]:
    """Numbers that are shorter than most: lost zeros."""
    digits = suspect.digits()
    lengths = pc.utf8_length(suspect.texts).to_numpy(zero_copy_only=False)
    if int(digits.sum()) < _SHARE * len(lengths):
        return
    width = _padded_to(suspect, digits, lengths)
    if width:
        marks, others = digits & (lengths < width), "those with zeros at the front have"
    else:
        width = _usual(suspect, digits, lengths, postal=postal)
        marks, others = digits & (lengths < width), "most have"
        marks &= lengths >= width - _MOST_ZEROS
        if not _fall_off(lengths[digits], width) or _counts_on(suspect, digits):
            return
    if marks.any():
        yield _Doubt(
            "short",
            f"{suspect.name}: {_numbered(marks, 'number')} shorter than the {width} digits that {others} "
            f"({suspect.those(marks)}). Zeros at the front were probably lost; if so, say "
            f"`pad: {width}` in the mapping.",
        )


def _padded_to(suspect: _Suspect, digits: Marks, lengths: npt.NDArray[np.int32]) -> int:
    """Return how many digits all numbers have that kept a zero at the front; 0 where they differ.

    No number of the column may be longer, and one zero alone is none at the front.
    """
    zeros = suspect.matching("^0[0-9]+$")
    told = np.unique(lengths[zeros])
    if int(zeros.sum()) < _LEAST_TOLD or len(told) != 1:
        return 0
    return int(told[0]) if int(told[0]) == int(lengths[digits].max()) else 0


def _usual(
    suspect: _Suspect, digits: Marks, lengths: npt.NDArray[np.int32], *, postal: bool
) -> int:
    """Return how many digits most numbers have, 0 where that proves nothing.

    Numbers of few digits were mostly counted up from 1 and never padded, so that some are shorter.
    They are doubted only where the long ones reach up to the last: employees 1 to 4,000 or to 40,000
    are a counter, 10,427 to 98,810 may be padded ids.
    """
    width, count = Counter(lengths[digits].tolist()).most_common(1)[0]
    if count < _LEAST or count < _SHARE * len(lengths) or width < _SHORTEST_ID:
        return 0
    if width < _LONG_ID and not postal and not suspect.matching(f"^9[0-9]{{{width - 1}}}$").any():
        return 0
    return int(width)


def _fall_off(lengths: npt.NDArray[np.int32], width: int) -> bool:
    """Whether lost zeros explain the lengths: of few lengths, or each rarer than the next longer one.

    Every tenth of padded ids begins with a zero, and every tenth of those with two.
    """
    counts = [int((lengths == width - zeros).sum()) for zeros in range(_MOST_ZEROS + 1)]
    if sum(map(bool, counts[1:])) <= _MOST_LENGTHS:
        return True
    return width > _SHORTEST_ID and all(
        shorter * 2 <= longer for longer, shorter in pairwise(counts)
    )


def _counts_on(suspect: _Suspect, digits: Marks) -> bool:
    """Whether the numbers are those of a counter that has grown by a digit: 99,998 to 100,004."""
    numbers = {int(text) for text in suspect.texts.filter(pa.array(digits)).unique().to_pylist()}
    return max(numbers) - min(numbers) < 2 * len(numbers)


def _numbered(marks: Marks, noun: str) -> str:
    count = int(marks.sum())
    return f"one {noun} is" if count == 1 else f"{count:,} {noun}s are"


def _ruined_numbers(suspect: _Suspect) -> Iterator[_Doubt]:
    """Numbers in scientific notation, and long ones that end in zeros."""
    if pc.any(pc.match_substring(suspect.texts, "+")).as_py():
        marks = suspect.matching(_EXPONENT)
        if marks.any():
            yield _Doubt(
                "exponent",
                f"{suspect.name}: {_numbered(marks, 'number')} written like 1.2E+11 "
                f"({suspect.those(marks)}), so that digits are lost. Format the column as a number "
                "without decimals in the source and export it again.",
            )
    lengths = pc.binary_length(suspect.texts).to_numpy(zero_copy_only=False)
    if lengths.max() > _EXACT and (long := suspect.digits() & (lengths > _EXACT)).any():
        rounded = suspect.matching(_ROUNDED)
        if int(rounded.sum()) > 1 and bool((long == rounded).all()):
            yield _Doubt(
                "rounded",
                f"{suspect.name}: {_numbered(rounded, 'long number')} zero after the first "
                f"{_EXACT} digits ({suspect.those(rounded)}). Excel probably rounded them; export "
                "the column as text from the system that it comes from.",
            )


def _cut(suspect: _Suspect) -> Iterator[_Doubt]:
    """Texts of which many end at one and the same length, and none is longer."""
    lengths = pc.utf8_length(suspect.texts).to_numpy(zero_copy_only=False)
    longest = int(lengths.max())
    if longest < _SHORTEST_CUT:
        return
    counted = np.bincount(lengths, minlength=longest + 1)
    at_limit = lengths == longest
    count, others = int(counted[longest]), counted[:longest]
    if longest not in _CELL_LIMITS and (
        count < _LEAST
        or count > _SHARE * len(lengths)
        or np.count_nonzero(others) < _LEAST
        or count < 3 * int(others[-3:].max())
        or len(suspect.texts.filter(pa.array(at_limit)).unique()) < _LEAST
    ):
        return
    values = "one value has" if count == 1 else f"{count:,} values have"
    yield _Doubt(
        "cut",
        f"{suspect.name}: {values} exactly {longest:,} characters, and none has more "
        f"({suspect.those(at_limit)}). The export probably cut them off; look at how they end.",
    )


def _garbled(suspect: _Suspect) -> Iterator[_Doubt]:
    """Letters with accents that were read in a wrong encoding."""
    if pc.all(pc.string_is_ascii(suspect.texts)).as_py():
        return
    marks = suspect.matching(_GARBLED)
    if marks.any():
        values = "one value holds" if marks.sum() == 1 else f"{marks.sum():,} values hold"
        yield _Doubt(
            "garbled",
            f"{suspect.name}: {values} signs such as Ã© in the place of letters with accents "
            f"({suspect.those(marks)}). The file was probably read in a wrong encoding before; "
            "export it again as UTF-8.",
        )
    lost = suspect.matching(_LOST)
    if lost.any():
        values = "one value has" if lost.sum() == 1 else f"{lost.sum():,} values have"
        yield _Doubt(
            "lost",
            f"{suspect.name}: {values} \ufffd in the place of a letter ({suspect.those(lost)}). "
            "The letter is lost in this file; export it again as UTF-8.",
        )


def _dated(suspect: _Suspect, noun: str) -> Iterator[_Doubt]:
    """Plates and ids that are dates."""
    marks = suspect.matching(_DATED)
    count = int(marks.sum())
    if count and count <= _SHARE * max(len(marks), 2):
        what = f"one of the {noun} is a date" if count == 1 else f"{count:,} {noun} are dates"
        yield _Doubt(
            "dated",
            f"{suspect.name}: {what} ({suspect.those(marks)}). Excel probably made it of a text such "
            "as MAR10; type it again in a column that is formatted as text.",
        )
