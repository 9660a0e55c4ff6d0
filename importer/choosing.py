"""Which mapping a file takes, and which of its sheets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.errors import InputError
from importer.mapping import explain_missing, listed_up_to, matches_name, missing_headers
from importer.reading import find_header, likely_header, results_header, take_sheet
from importer.text import clean, fold
from importer.workspace import first_stem

if TYPE_CHECKING:
    from importer.mapping import Mapping
    from importer.model import Grid, Sheet, Source


_ENDINGS = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".html", ".htm")
"""What the first source of a results workbook may have been called."""
_NAMED = 5
"""How many headers a message names of a mapping none of whose headers are there."""
_MOST_HEADERS = 12
"""How many headers of the file a message names."""
_MOST_TOLD = 3
"""How many mappings that do not fit a message tells of."""
_GUIDE = "docs/mappings.md"


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
    headers: tuple[str, ...] = ()
    """Headers of that sheet; empty where no row is a header beyond doubt, as values must not be told."""

    @property
    def distance(self) -> tuple[float, int]:
        """How far it is from fitting: the share of the headers that are missing, then their number."""
        return self.missing / max(1, len(self.mapping.headers)), self.missing


def choose(
    source: Source, mappings: Sequence[Mapping], *, named: bool, sheet: str | None = None
) -> Choice:
    """Return the mapping that fits a file, with the sheets that it takes.

    A mapping fits where all its headers are there and, unless the person named it, the file's name
    matches its ``match``. One that names files goes before one that does not. A results workbook takes
    the mapping that its summary names, whatever it is called now.

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
    first = _first_mappings(source, mappings)
    candidates = first or [m for m in mappings if named or _is_for(m, source)]
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
    tries = [_try(source, m, sheet) for m in mappings if m not in candidates]
    misnamed = [found.mapping for found in tries if isinstance(found, Choice)]
    if misnamed and not first:
        raise InputError(_misnamed(source, misnamed))
    misfits = [miss for miss in tried or tries if isinstance(miss, _Misfit)]
    raise InputError(_no_fit(source, misfits, named=named, renamed=not candidates))


def _first_mappings(source: Source, mappings: Sequence[Mapping]) -> list[Mapping]:
    """Return the mappings of the name under which a results workbook was first imported."""
    name = "" if source.origin is None else fold(source.origin.mapping)
    same = [mapping for mapping in mappings if name and fold(mapping.name) == name]
    return [mapping for mapping in same if _is_for(mapping, source)] or same


def _is_for(mapping: Mapping, source: Source) -> bool:
    """Whether the file's name allows the mapping; a results workbook goes by its first source."""
    names = [source.path.name]
    if _is_results(source):
        names += [first_stem(source.path) + ending for ending in _ENDINGS]
    if source.origin is not None and source.origin.file:
        names.append(source.origin.file)
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
        (found for found in taken if isinstance(found, _Misfit)),
        key=lambda found: (found.missing, not found.headers),
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
        return _Misfit(mapping, why, len(mapping.headers), _headers(grid))
    try:
        sheet = take_sheet(source, grid, header)
    except InputError as error:
        return _Misfit(mapping, str(error), len(mapping.headers), _headers(grid))
    missing = len(missing_headers(mapping, sheet.columns))
    if not missing:
        return sheet
    headers = tuple(column.header for column in sheet.columns if column.header and not column.ours)
    if missing == len(mapping.headers):
        headers = _headers(grid)
    return _Misfit(mapping, explain_missing(mapping, sheet), missing, headers)


def _headers(grid: Grid) -> tuple[str, ...]:
    """Return the headers of a sheet that no mapping knows, if it surely has some."""
    row = likely_header(grid)
    if row is None:
        return ()
    return tuple(filter(None, map(clean, grid.frame[grid.rows == row].iloc[0])))


def _misnamed(source: Source, mappings: Sequence[Mapping]) -> str:
    names = " and ".join(sorted(mapping.path.name for mapping in mappings))
    each = "that mapping is" if len(mappings) == 1 else "those mappings are"
    return (
        f"{source.path.name} has the columns of {names}, but {each} for files of other names. "
        "Name one with --mapping, rename the file, or extend `match` in the mapping."
    )


def _no_fit(source: Source, misfits: Sequence[_Misfit], *, named: bool, renamed: bool) -> str:
    """Return what is missing, the nearest mapping first, what the file has instead, and what to do.

    Args:
        source: The file.
        misfits: Why each mapping does not take it.
        named: Whether the person named the mappings.
        renamed: Whether the mappings are for files of other names; then only near ones are told.
    """
    name = source.path.name
    nearest_first = sorted(misfits, key=lambda misfit: misfit.distance)
    if renamed:
        nearest_first = [misfit for misfit in nearest_first if misfit.distance[0] < 1]
    told = [_told(misfit, name) for misfit in nearest_first[:_MOST_TOLD]]
    more = len(nearest_first) - len(told)
    if more:
        told.append(f"and {more} more {'mapping' if more == 1 else 'mappings'}.")
    nobody = f"{name} fits no mapping: no mapping is for files of this name."
    if not told:
        said = [nobody]
    elif len(told) == 1:
        said = [
            f"{nobody} The nearest is {told[0]}" if renamed else f"{name} does not fit {told[0]}"
        ]
    else:
        tried = (
            f"{nobody} The nearest are:" if renamed else f"{name} fits none of the mappings tried:"
        )
        said = [tried, *(f"  {each}" for each in told)]
    headers = next((miss.headers for miss in (*nearest_first, *misfits) if miss.headers), ())
    if headers:
        quoted = [f'"{header}"' for header in headers]
        said.append(f"The file has the headers {listed_up_to(quoted, _MOST_HEADERS)}.")
    ways = "or the mapping" if named else "name another mapping with --mapping, or write one"
    said.append(f"Correct the file{' ' if named else ', '}{ways} ({_GUIDE} says how).")
    return ("\n" if told[1:] else " ").join(said)


def _told(misfit: _Misfit, name: str) -> str:
    """Return the mapping and why it does not fit, the file's name not repeated."""
    why = misfit.why.removeprefix(f"{name}: ").removeprefix(f"{name}, ")
    return f"{misfit.mapping.path.name}: {why}"
