"""Which mapping a file takes, and which of its sheets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.errors import InputError
from importer.mapping import explain_missing, matches_name, missing_headers
from importer.reading import find_header, results_header, take_sheet
from importer.text import fold

if TYPE_CHECKING:
    from importer.mapping import Mapping
    from importer.model import Grid, Sheet, Source


@dataclass(frozen=True, slots=True)
class Choice:
    """A mapping and the sheets of a file that it takes."""

    mapping: Mapping
    sheets: tuple[Sheet, ...]


@dataclass(frozen=True, slots=True)
class _Misfit:
    """Why a mapping does not take a file."""

    mapping: Mapping
    why: str


def choose(
    source: Source, mappings: Sequence[Mapping], *, named: bool, sheet: str | None = None
) -> Choice:
    """Return the mapping that fits a file, with the sheets that it takes.

    A mapping fits where all its headers are there and, unless the person named it, the file's name
    matches its ``match``. One that names files goes before one that does not.

    Args:
        source: The file as read.
        mappings: To choose from.
        named: Whether the person named the mappings.
        sheet: The only sheet to take, whatever the mapping says.

    Raises:
        InputError: None fits, or two fit equally.
    """
    if not source.grids:
        raise InputError(
            f"{source.path.name} has no sheet with cells that can be seen.",
            hint="Unhide the sheet that is to be imported, and save the workbook.",
        )
    candidates = [m for m in mappings if named or matches_name(m, source.path.name)]
    tried = [_try(source, mapping, sheet) for mapping in candidates]
    fits = [found for found in tried if isinstance(found, Choice)]
    specific = [fit for fit in fits if fit.mapping.match is not None] or fits
    if len(specific) == 1:
        return specific[0]
    if specific:
        names = " and ".join(sorted(fit.mapping.path.name for fit in specific))
        raise InputError(
            f"{source.path.name} fits more than one mapping: {names}.",
            hint="Name one with --mapping, or narrow `match` in one of them.",
        )
    raise InputError(_no_fit(source, [miss for miss in tried if isinstance(miss, _Misfit)], named))


def _try(source: Source, mapping: Mapping, sheet: str | None) -> Choice | _Misfit:
    names = (sheet,) if sheet else mapping.sheets
    grids = list(source.grids)
    if names and grids[0].name is not None:
        wanted = {fold(name): name for name in names}
        grids = [grid for grid in grids if fold(grid.name or "") in wanted]
        there = {fold(grid.name or "") for grid in grids}
        absent = [name for folded, name in wanted.items() if folded not in there]
        if absent:
            seen = ", ".join(grid.name or "" for grid in source.grids)
            why = f"the workbook has no visible sheet {absent[0]} (it has {seen})."
            return _Misfit(mapping, why)
    sheets: list[Sheet] = []
    reasons: list[str] = []
    for grid in grids:
        found, why = _take(source, grid, mapping)
        if found is not None:
            sheets.append(found)
        else:
            reasons.append(why)
    if not sheets or (names and reasons):
        return _Misfit(mapping, min(reasons, key=len) if reasons else "it has no rows.")
    return Choice(mapping, tuple(sheets))


def _take(source: Source, grid: Grid, mapping: Mapping) -> tuple[Sheet | None, str]:
    """Return the sheet under its header, or why it is not this mapping's."""
    header = results_header(grid) or mapping.header_row or find_header(grid, mapping.headers)
    if header is None:
        where = source.path.name if grid.name is None else f"{source.path.name}, {grid.name}"
        return None, (
            f"{where}: none of the first 30 rows holds any of the mapped headers "
            f"({', '.join(mapping.headers[:5])}, …)."
        )
    sheet = take_sheet(source, grid, header)
    if missing_headers(mapping, sheet.columns):
        return None, explain_missing(mapping, sheet)
    return sheet, ""


def _no_fit(source: Source, misfits: Sequence[_Misfit], named: bool) -> str:  # noqa: FBT001
    name = source.path.name
    if not misfits:
        return (
            f"{name} fits no mapping: no mapping is for files of this name. "
            "Name one with --mapping, or extend `match` in one of them."
        )
    if len(misfits) == 1:
        advice = "" if named else " Correct the file, or name another mapping with --mapping."
        return f"{name} does not fit {misfits[0].mapping.path.name}: {misfits[0].why}{advice}"
    tried = "\n".join(f"  {misfit.mapping.path.name}: {misfit.why}" for misfit in misfits)
    return f"{name} fits none of the mappings tried:\n{tried}"
