"""Many number cells of one format at once: the same texts as ``display.show``, without a loop.

Whole numbers without a format, padded or under a mask, and dates are most of what exports hold. All
else is shown once for each distinct number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.columns import edges_of
from importer.reading.display import show_column
from importer.reading.number_format import Kind, Mark, parse
from importer.reading.stored import StoredNumbers

if TYPE_CHECKING:
    import numpy.typing as npt

    from importer.columns import Marks
    from importer.reading.faults import Fault
    from importer.reading.number_format import Fixed, NumberFormat

TEXT: Final = pa.large_string()
_DIGITS: Final = 15
"""A whole number of so many digits is what was typed."""
_DAYS: Final = (10_000, 99_999)
"""Serial numbers of five digits are dates from 1927 to 2173, with nothing special about them."""
_UNIX_DAY: Final = 25_569
"""The serial number of 1 January 1970."""
_SINCE_1904: Final = 1_462
_WHOLE, _CENTS = 12, 3
"""An amount with so many digits before and after its point is what was typed."""


@dataclass(frozen=True, slots=True)
class ShownCells:
    """Number cells of one format as a person sees them; the two mappings are by index."""

    texts: pa.Array
    stored: StoredNumbers = field(default_factory=lambda: StoredNumbers.of({}))
    faults: dict[int, Fault] = field(default_factory=dict)


def show_cells(raws: pa.Array, code: str, *, since_1904: bool = False) -> ShownCells:
    """Return what number cells of one format show.

    Args:
        raws: The numbers as the file stores them; ``large_string`` without nulls.
        code: The format code of all of them.
        since_1904: Whether the workbook counts its days from 1904.
    """
    form = parse(code)
    longest = _longest(raws)
    if 0 < longest <= _DIGITS:
        if form.general:
            return ShownCells(raws)
        if form.padding:
            return ShownCells(pc.utf8_lpad(raws, form.padding, "0"))
        if form.sections[0].kind is Kind.DATE and longest == len(str(_DAYS[1])):
            texts = _dates(raws, since_1904=since_1904)
            if texts is not None:
                return ShownCells(texts)
        mask = _mask(form)
        if longest <= mask.count("0") < len(mask):
            return ShownCells(_masked(raws, mask), StoredNumbers(np.arange(len(raws)), raws))
    first = form.sections[0].number
    if first is not None and first.fixed is not None and not form.conditional and len(raws):
        return _amounts(raws, code, first.fixed, since_1904=since_1904)
    return _one_by_one(raws, code, since_1904=since_1904)


def _longest(raws: pa.Array) -> int:
    """Return the most digits of these whole numbers; 0 where one of them is anything else."""
    offsets = edges_of(raws)
    data = raws.buffers()[2]
    if data is None or not len(raws):
        return 0
    digits = np.frombuffer(data, np.uint8)
    lengths = np.diff(offsets)
    between = digits[offsets[0] : offsets[-1]]
    if not lengths.min() or bool((between - np.uint8(48) > 9).any()):  # noqa: PLR2004 - digits
        return 0
    # A zero at the front stands alone: no program writes 007 for a number.
    odd = (digits[offsets[:-1]] == 48) & (lengths > 1)  # noqa: PLR2004 - the character 0
    return 0 if bool(odd.any()) else int(lengths.max())


def _dates(raws: pa.Array, *, since_1904: bool) -> pa.Array | None:
    days = pc.cast(raws, pa.int64()).to_numpy()
    if int(days.min()) < _DAYS[0]:
        return None
    days = days - _UNIX_DAY + (_SINCE_1904 if since_1904 else 0)
    dates = pa.array(days.astype(np.int32)).view(pa.date32())
    return pc.cast(pc.cast(dates, pa.string()), TEXT)


def _mask(form: NumberFormat) -> str:
    """Return a format of zeros and literals (``000-00-0000``) as it is, of another nothing."""
    first = form.sections[0]
    number = first.number
    if number is None or len(form.sections) > 1 or first.condition is not None:
        return ""
    if number.point or number.part or number.grouped or number.power:
        return ""
    if any((token.mark is Mark.DIGIT) != (token.text == "0") for token in number.whole):
        return ""
    if any("0" in token.text for token in number.whole if token.mark is not Mark.DIGIT):
        return ""
    return "".join(token.text for token in number.whole).strip()


def _masked(raws: pa.Array, mask: str) -> pa.Array:
    digits = pc.utf8_lpad(raws, mask.count("0"), "0")
    parts: list[pa.Array | pa.Scalar] = []
    for taken, literal in enumerate(mask.split("0")):
        if taken:
            parts.append(pc.utf8_slice_codeunits(digits, taken - 1, taken))
        parts.append(pa.scalar(literal, TEXT))
    return pc.binary_join_element_wise(*parts, pa.scalar("", TEXT))


def _amounts(raws: pa.Array, code: str, fixed: Fixed, *, since_1904: bool) -> ShownCells:
    """Show positive amounts that have no more decimals than their format; others go one by one."""
    whole, most = f"[1-9][0-9]{{0,{_WHOLE - 1}}}", min(fixed.decimals, _CENTS)
    cents = rf"|(?:{whole}|0)\.[0-9]{{0,{most - 1}}}[1-9]" if most else ""
    usual = pc.match_substring_regex(raws, f"^(?:{whole}{cents})$")
    marks = usual.to_numpy(zero_copy_only=False)
    digits = raws.filter(usual)
    texts = pc.cast(pc.cast(digits, pa.decimal128(_WHOLE + fixed.decimals, fixed.decimals)), TEXT)
    if fixed.grouped:
        for _ in range(_WHOLE // 3 - 1):
            texts = pc.replace_substring_regex(
                texts, "^([0-9]+)([0-9]{3})((?:[.,].*)?)$", r"\1,\2\3"
            )
    otherwise = bool(fixed.before or fixed.after)
    told = np.full(len(digits), otherwise)
    if otherwise:
        before, after = pa.scalar(fixed.before, TEXT), pa.scalar(fixed.after, TEXT)
        texts = pc.binary_join_element_wise(before, texts, after, pa.scalar("", TEXT))
    elif fixed.grouped:
        told = pc.match_substring(texts, ",").to_numpy(zero_copy_only=False)
    if marks.all():
        return ShownCells(texts, StoredNumbers.where(told, digits))
    others = _one_by_one(raws.filter(pa.array(~marks)), code, since_1904=since_1904)
    return _woven(marks, ShownCells(texts, StoredNumbers.where(told, digits)), others)


def _woven(marks: Marks, these: ShownCells, others: ShownCells) -> ShownCells:
    """Return the marked cells and the others in their common order."""
    at, rest = np.flatnonzero(marks), np.flatnonzero(~marks)
    order = np.argsort(np.concatenate([at, rest]))
    stored = np.concatenate([at[these.stored.places], rest[others.stored.places]])
    ascending = np.argsort(stored)
    numbers = pa.concat_arrays([these.stored.texts, others.stored.texts])
    return ShownCells(
        pa.concat_arrays([these.texts, others.texts]).take(pa.array(order)),
        StoredNumbers(stored[ascending], numbers.take(pa.array(ascending))),
        {int(rest[place]): fault for place, fault in others.faults.items()},
    )


def _one_by_one(raws: pa.Array, code: str, *, since_1904: bool) -> ShownCells:
    """Show each distinct number once."""
    if not len(raws):
        return ShownCells(raws)
    packed = raws.dictionary_encode()
    distinct: list[str] = packed.dictionary.to_pylist()
    shown = show_column(distinct, code, since_1904=since_1904)
    codes = packed.indices.to_numpy()
    texts = pa.array(shown.texts, TEXT).take(packed.indices)
    kept = {at: shown.stored[code_] for at, code_ in _those(codes, shown.stored, len(distinct))}
    return ShownCells(
        texts,
        StoredNumbers.of(kept),
        {at: shown.faults[code_] for at, code_ in _those(codes, shown.faults, len(distinct))},
    )


def _those(
    codes: npt.NDArray[np.int32], wanted: dict[int, str] | dict[int, Fault], count: int
) -> list[tuple[int, int]]:
    if not wanted:
        return []
    marked = np.zeros(count, np.bool_)
    marked[list(wanted)] = True
    places = np.flatnonzero(marked[codes])
    return list(zip(places.tolist(), codes[places].tolist(), strict=True))
