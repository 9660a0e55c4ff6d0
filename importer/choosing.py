"""Which mapping a file takes, and which of its sheets."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from importer.errors import InputError
from importer.mapping import (
    explain_missing,
    listed_up_to,
    load_mapping,
    matches_name,
    missing_headers,
)
from importer.model import RESULT_COLUMNS, Sheet
from importer.proposing.propose import seems
from importer.reading import find_header, results_header, take_sheet
from importer.text import count, fold, heading, quoted
from importer.workspace import first_stem, shipped_mappings
from schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from importer.mapping import Mapping
    from importer.model import Grid, Source


_ENDINGS = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".html", ".htm")
"""What the first source of a results workbook may have been called."""
_NAMED = 5
"""How many headers a message names of a mapping none of whose headers are there."""
_MOST_HEADERS = 12
"""How many headers of the file a message names."""
_MOST_OF_SHEET = 6
"""How many mapped headers are named that a sheet has, or lacks."""
_SURE = 2
"""Known headers in a row that make it a header, and the part of it, one in so many, that they must be."""
_SEARCHED = 30
"""Rows at the top among which the header is."""
_MOST_TOLD = 3
"""How many mappings that do not fit a message tells of."""
_NEAR = 0.5
"""The share of mapped headers that may be missing where a mapping nearly fits."""
_GUIDE = "docs/mappings.md"


@dataclass(frozen=True, slots=True)
class Choice:
    """A mapping and the sheets of a file that it takes."""

    mapping: Mapping
    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...] = ()
    """A sentence for each visible sheet with rows that is not taken."""


@dataclass(frozen=True, slots=True)
class _Misfit:
    """Why a mapping does not take a file."""

    mapping: Mapping
    why: str
    missing: int
    """How many mapped headers the nearest sheet lacks."""
    grid: Grid | None = None
    """That sheet."""
    nothing: bool = False
    """Whether it has none of the mapped headers at all."""

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
    known = named or _is_results(source)
    raise InputError(*_no_fit(source, misfits, named=known, renamed=not candidates))


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
    places = list(range(len(source.grids)))
    if names and source.grids[0].name is not None:
        wanted = {fold(name): name for name in names}
        there = {fold(grid.name or ""): at for at, grid in enumerate(source.grids)}
        places = [at for at in places if fold(source.grids[at].name or "") in wanted]
        absent = [name for folded, name in wanted.items() if folded not in there]
        if absent:
            seen = ", ".join(grid.name or "" for grid in source.grids)
            why = f"the workbook has no visible sheet {absent[0]} (it has {seen})."
            return _Misfit(mapping, why, len(mapping.headers))
    taken = {at: _take(source, source.grids[at], mapping) for at in places}
    sheets = tuple(found for found in taken.values() if not isinstance(found, _Misfit))
    misfits = sorted(
        (found for found in taken.values() if isinstance(found, _Misfit)),
        key=lambda found: (found.missing, -(0 if found.grid is None else found.grid.frame.size)),
    )
    if not sheets or (names and misfits):
        return misfits[0]
    left = [
        (at, grid) for at, grid in enumerate(source.grids) if not isinstance(taken.get(at), Sheet)
    ]
    asked = ", ".join(source.grids[at].name or "" for at in places)
    notes = (_left_out(source, grid, mapping, "" if at in taken else asked) for at, grid in left)
    return Choice(mapping, sheets, tuple(filter(None, notes)))


def _take(source: Source, grid: Grid, mapping: Mapping) -> Sheet | _Misfit:
    """Return the sheet under its header, or why it is not this mapping's."""
    headers = _headers(grid, mapping)
    where = source.path.name if grid.name is None else f"{source.path.name}, {grid.name}"
    if not headers:
        row = find_header(grid, _ends(mapping.headers))
        if row is not None and (two := _two_lines(source, grid, mapping, row)):
            return two
        first = ", ".join(mapping.headers[:_NAMED]) + (
            ", …" if len(mapping.headers) > _NAMED else ""
        )
        why = f"{where}: none of the first 30 rows holds any of the mapped headers ({first})."
        return _Misfit(mapping, why, len(mapping.headers), grid, nothing=True)
    try:
        sheet = take_sheet(source, grid, *headers, wanted=mapping.all_headers)
    except InputError as error:
        return _Misfit(mapping, str(error), len(mapping.headers), grid)
    missing = missing_headers(mapping, sheet.columns)
    if not missing:
        return sheet
    if not mapping.header_rows and (two := _two_lines(source, grid, mapping, headers[0])):
        return two
    why = explain_missing(mapping, sheet, told_headers(grid, (mapping,))[0])
    return _Misfit(mapping, why, len(missing), grid)


def _headers(grid: Grid, mapping: Mapping) -> tuple[int, ...]:
    """Return the rows of the header; none where no row holds any of the mapped headers."""
    found = results_header(grid) or (
        None if mapping.header_rows else find_header(grid, mapping.headers)
    )
    return mapping.header_rows if found is None else (found,)


def _ends(headers: Iterable[str]) -> list[str]:
    """Return what the lower line of a header may hold of these names.

    >>> _ends(["Student First Name"])
    ['First Name', 'Name']
    """
    words = [header.split() for header in headers]
    return [" ".join(each[at:]) for each in words for at in range(1, len(each))]


def _two_lines(source: Source, grid: Grid, mapping: Mapping, row: int) -> Sheet | None:
    """Return the sheet under a header of two lines, the row and one beside it, where that has all."""
    for rows in ((row - 1, row), (row, row + 1)):
        if np.isin(rows, grid.rows).all():
            with suppress(InputError):
                sheet = take_sheet(source, grid, *rows, wanted=mapping.all_headers)
                if not missing_headers(mapping, sheet.columns):
                    return sheet
    return None


def _left_out(source: Source, grid: Grid, mapping: Mapping, asked: str) -> str | None:
    """Return the note on a visible sheet that is not imported; ``None`` for one without rows.

    Only the mapping's headers are named: those of the sheet may be the first of its people.
    """
    headers, sheet = _headers(grid, mapping), None
    if headers:
        with suppress(InputError):
            sheet = take_sheet(source, grid, *headers, wanted=mapping.all_headers)
    rows = len(grid.rows if sheet is None else sheet.rows)
    lacks = missing_headers(mapping, () if sheet is None else sheet.columns)
    has = [header for header in mapping.headers if header not in lacks]
    if not rows:
        return None
    if not has:
        what = "it has none of the mapped headers"
    elif not lacks:
        what = "it has all mapped headers"
    else:
        have, lack = (
            listed_up_to([f'"{each}"' for each in part], _MOST_OF_SHEET) for part in (has, lacks)
        )
        what = f"of the mapped headers it has {have}, and it lacks {lack}"
    why = f"only {asked} is asked for, and {what}" if asked else what
    return f"The sheet {grid.name} ({count(rows, 'row')}) was not imported: {why}."


def _what_there_is(grid: Grid, mappings: Sequence[Mapping]) -> str:
    """Say which headers a sheet has, or where they are not known how many columns."""
    headers, columns = told_headers(grid, mappings)
    if not headers:
        wide = count(columns, "column")
        return f"The file has {wide}, and no row of it holds headers that are known here."
    parts = [f'"{header}"' for header in headers[:_MOST_HEADERS]]
    more = columns - len(parts)
    return f"The file has the headers {', '.join(parts)}{f' and {more} more' if more else ''}."


def told_headers(grid: Grid, mappings: Sequence[Mapping]) -> tuple[tuple[str, ...], int]:
    """Return the headers of a sheet that may be told to anybody, and how many filled cells they stand among.

    A file without a header row begins with a person. So a text is told only where a mapping or the
    vendor's pages know it for a header, or where that is so for two others of its row and for at least
    half of it.
    """
    known = {_bare(header) for mapping in mappings for header in mapping.all_headers}
    for table in TABLES.values():
        known |= {_bare(name) for name in table.names}
        known |= {_bare(each.title) for each in table.fields}
    best: tuple[int, list[str], list[str]] = (-1, [], [])
    for at in range(int((grid.rows <= _SEARCHED).sum())):
        cells = [text for text in map(heading, grid.frame.iloc[at]) if text]
        cells = [cell for cell in cells if fold(cell) not in RESULT_COLUMNS]
        headers = [cell for cell in cells if _bare(cell) in known]
        if len(headers) > best[0]:
            best = (len(headers), headers, cells)
    number, headers, cells = best
    whole = number >= _SURE and _SURE * number >= len(cells)
    return tuple(cells if whole else headers), len(cells)


def _bare(header: str) -> str:
    """Return a header without all that programs change in it: ``FIRST_NAME`` is ``First name``."""
    return re.sub(r"[\W_]+", "", fold(header))


def _misnamed(source: Source, mappings: Sequence[Mapping]) -> str:
    names = " and ".join(sorted(mapping.path.name for mapping in mappings))
    each = "that mapping is" if len(mappings) == 1 else "those mappings are"
    return (
        f"{source.path.name} has the columns of {names}, but {each} for files of other names. "
        "Name one with --mapping, rename the file, or extend `match` in the mapping."
    )


def _no_fit(source: Source, misfits: Sequence[_Misfit], *, named: bool, renamed: bool) -> list[str]:
    """Return what is missing and what to do: the command that proposes a mapping, or what is new.

    Args:
        source: The file.
        misfits: Why each mapping does not take it.
        named: Whether the person named the mappings.
        renamed: Whether the mappings are for files of other names; then only near ones are told.
    """
    name, command = source.path.name, f"opscom-import map {quoted(source.path)}"
    nearest_first = sorted(misfits, key=lambda misfit: misfit.distance)
    grid = next((miss.grid for miss in nearest_first if miss.grid is not None), None)
    there = ""
    if grid is not None:
        shipped = [load_mapping(path) for path in shipped_mappings()]
        there = _what_there_is(grid, (*shipped, *(miss.mapping for miss in misfits)))
    if not named:
        near = [
            miss for miss in nearest_first if not miss.nothing and not _NEAR < miss.distance[0] < 1
        ]
        if not near:
            looks = seems(source)
            if not looks:
                nothing = f"{name}: no mapping fits, and it looks like nothing that OPSCOM takes."
                return [f"{nothing} {there}".strip()]
            there = f"{there} " if there else ""
            return [
                (
                    f"{name}: no mapping fits. {there}It looks like {looks}. To have a mapping proposed: "
                    f"{command}"
                )
            ]
        nobody = (
            f"{name}: no mapping is for files of this name. The nearest is {_told(near[0], name)}"
        )
        said = nobody if renamed else f"{name} does not fit {_told(near[0], name)}"
        what = f"{command} --mapping {near[0].mapping.path.name}"
        said = f"{said} {there}".strip()
        return [f"{said} Correct the file, or to have proposed what is new: {what}"]
    told = [_told(misfit, name) for misfit in nearest_first[:_MOST_TOLD]]
    more = len(nearest_first) - len(told)
    if more:
        told.append(f"and {more} more {'mapping' if more == 1 else 'mappings'}.")
    lines = [f"{name} does not fit {told[0]}"]
    if told[1:]:
        lines = [f"{name} fits none of the mappings tried:", *(f"  {each}" for each in told)]
    if there:
        lines.append(there)
    lines.append(f"Correct the file or the mapping ({_GUIDE} says how).")
    return lines if told[1:] else [" ".join(lines)]


def _told(misfit: _Misfit, name: str) -> str:
    """Return the mapping and why it does not fit, the file's name not repeated."""
    why = misfit.why.removeprefix(f"{name}: ").removeprefix(f"{name}, ")
    return f"{misfit.mapping.path.name}: {why}"
