"""Which mapping a file takes, and which of its sheets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.errors import InputError
from importer.mapping import explain_missing, matches_name, missing_headers
from importer.reading import find_header, results_header, take_sheet
from importer.text import fold
from importer.workspace import first_stem

if TYPE_CHECKING:
    from importer.mapping import Mapping
    from importer.model import Grid, Sheet, Source


_ENDINGS = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".html", ".htm")
"""What the first source of a results workbook may have been called."""
_NAMED = 5
"""How many headers a message names."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A mapping and the sheets of a file that it takes."""

    mapping: Mapping
    sheets: tuple[Sheet, ...]
    doubts: tuple[str, ...] = ()
    """A sentence for each visible sheet that has some of the mapped headers, but not all."""


@dataclass(frozen=True, slots=True)
class _Misfit:
    """Why a mapping does not take a file."""

    mapping: Mapping
    why: str
    missing: int
    """How many mapped headers the nearest sheet lacks."""


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
    if not any(len(grid.rows) for grid in source.grids):
        raise InputError(
            f"{source.path.name} has no cells that can be seen.",
            hint="Export it again, or unhide the sheet that is to be imported, and save the file.",
        )
    candidates = [m for m in mappings if named or _is_for(m, source)]
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
    others = [m for m in mappings if m not in candidates]
    misnamed = [m for m in others if isinstance(_try(source, m, sheet), Choice)]
    if misnamed:
        raise InputError(_misnamed(source, misnamed))
    raise InputError(_no_fit(source, [miss for miss in tried if isinstance(miss, _Misfit)], named))


def _is_for(mapping: Mapping, source: Source) -> bool:
    """Whether the file's name allows the mapping; a results workbook goes by its first source."""
    names = [source.path.name]
    if _is_results(source):
        names += [first_stem(source.path) + ending for ending in _ENDINGS]
    return any(matches_name(mapping, name) for name in names)


def _is_results(source: Source) -> bool:
    return any(results_header(grid) for grid in source.grids)


def _try(source: Source, mapping: Mapping, sheet: str | None) -> Choice | _Misfit:
    own = () if _is_results(source) else mapping.sheets
    names = (sheet,) if sheet else own
    grids = list(source.grids)
    if names and grids[0].name is not None:
        wanted = {fold(name): name for name in names}
        grids = [grid for grid in grids if fold(grid.name or "") in wanted]
        there = {fold(grid.name or "") for grid in grids}
        absent = [name for folded, name in wanted.items() if folded not in there]
        if absent:
            seen = ", ".join(grid.name or "" for grid in source.grids)
            why = f"the workbook has no visible sheet {absent[0]} (it has {seen})."
            return _Misfit(mapping, why, len(mapping.headers))
    taken = [_take(source, grid, mapping) for grid in grids]
    sheets = tuple(found for found in taken if not isinstance(found, _Misfit))
    misfits = sorted(
        (found for found in taken if isinstance(found, _Misfit)), key=lambda found: found.missing
    )
    if not sheets or (names and misfits):
        return misfits[0]
    near = [misfit for misfit in misfits if 2 * misfit.missing < len(mapping.headers)]
    doubts = tuple(f"A sheet was not imported. {misfit.why}" for misfit in near)
    return Choice(mapping, sheets, doubts)


def _take(source: Source, grid: Grid, mapping: Mapping) -> Sheet | _Misfit:
    """Return the sheet under its header, or why it is not this mapping's."""
    header = results_header(grid) or mapping.header_row or find_header(grid, mapping.headers)
    if header is None:
        where = source.path.name if grid.name is None else f"{source.path.name}, {grid.name}"
        first = ", ".join(mapping.headers[:_NAMED]) + (
            ", …" if len(mapping.headers) > _NAMED else ""
        )
        why = f"{where}: none of the first 30 rows holds any of the mapped headers ({first})."
        return _Misfit(mapping, why, len(mapping.headers))
    try:
        sheet = take_sheet(source, grid, header)
    except InputError as error:
        return _Misfit(mapping, str(error), len(mapping.headers))
    missing = len(missing_headers(mapping, sheet.columns))
    return _Misfit(mapping, explain_missing(mapping, sheet), missing) if missing else sheet


def _misnamed(source: Source, mappings: Sequence[Mapping]) -> str:
    names = " and ".join(sorted(mapping.path.name for mapping in mappings))
    each = "that mapping is" if len(mappings) == 1 else "those mappings are"
    return (
        f"{source.path.name} has the columns of {names}, but {each} for files of other names. "
        "Name one with --mapping, rename the file, or extend `match` in the mapping."
    )


def _no_fit(source: Source, misfits: Sequence[_Misfit], named: bool) -> str:  # noqa: FBT001
    name = source.path.name
    if not misfits:
        return (
            f"{name} fits no mapping: no mapping is for files of this name. "
            "Name one with --mapping, or extend `match` in one of them."
        )
    if len(misfits) == 1:
        advice = "" if named else " Correct the file, or name another mapping with --mapping."
        return f"{name} does not fit {_told(misfits[0], name)}{advice}"
    nearest_first = sorted(misfits, key=lambda misfit: misfit.missing)
    tried = "\n".join(f"  {_told(misfit, name)}" for misfit in nearest_first)
    return f"{name} fits none of the mappings tried:\n{tried}"


def _told(misfit: _Misfit, name: str) -> str:
    """Return the mapping and why it does not fit, the file's name not repeated."""
    why = misfit.why.removeprefix(f"{name}: ").removeprefix(f"{name}, ")
    return f"{misfit.mapping.path.name}: {why}"
