"""Which mapping a file takes, and which of its sheets."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from importer.errors import InputError, MappingError
from importer.mapping.load import Mapping, columns_of_header, load_mapping, missing_headers
from importer.model import RESULT_COLUMNS, Batch, Grid, Sheet, Source
from importer.reading import find_header, results_header, take_sheet
from importer.text import count, fold, heading, listed_up_to, nearest, quoted
from importer.workspace import home_of, shipped_mappings
from schemas import TABLES

_MOST = 8
"""Headers that a message names."""
_FEW = 20
"""Values of one column that may be told: more are no list to choose from."""
_SURE = 2
"""Known headers that make a row a header, and the part of it, one in so many, that they are."""
_SEARCHED = 30
"""Rows at the top among which the header is."""
_NEAR = 0.5
"""The share of mapped headers that may be missing where a mapping nearly fits."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A mapping and the sheets of a file that it takes."""

    mapping: Mapping
    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...] = ()
    """Why this mapping, where another fits too, and each visible sheet with rows that is not taken."""

    @property
    def deletes_more(self) -> bool:
        """Whether it would delete what sheets with more columns than the mapping's list."""
        if not self.mapping.deletes:
            return False
        known = self.mapping.all_headers
        return any(
            sum(bool(column.header) for column in sheet.columns)
            > len({one for header in known for one in columns_of_header(header, sheet.columns)})
            for sheet in self.sheets
        )


@dataclass(frozen=True, slots=True)
class _Misfit:
    """Why a mapping does not take a file."""

    mapping: Mapping
    why: str
    missing: int
    """How many mapped headers the nearest sheet lacks; 0 where its name or its header row is wrong."""
    grid: Grid | None = None
    """That sheet."""
    sheet: Sheet | None = None
    """The same under its header, where it has one."""

    @property
    def distance(self) -> tuple[float, int]:
        """How far it is from fitting; what its sheet or its header row keeps from it is farthest."""
        return self.missing / len(self.mapping.headers) if self.missing else 1.0, self.missing


def choose(
    source: Source,
    mappings: Sequence[Mapping],
    *,
    named: bool,
    sheet: str | None = None,
    faulty: Sequence[str] = (),
) -> Choice:
    """Return the mapping that fits a file, with the sheets that it takes.

    A mapping fits where all its headers are there and, unless the person named it, the file's name
    matches its ``match``. One that names files goes before one that does not. One that deletes is taken
    for a file of more columns only where the person named it. A results workbook takes the mapping that
    its summary names, whatever it is called now.

    Args:
        source: The file as read.
        mappings: To choose from.
        named: Whether the person named the mappings.
        sheet: The only sheet to take, whatever the mapping says.
        faulty: Names of mappings that could not be tried.

    Raises:
        InputError: None fits, or two fit equally.
        MappingError: The one that fits has open questions.
    """
    if not any(len(grid.rows) for grid in source.grids):
        raise InputError(
            f"{source.path.name} has no cells that can be seen.",
            hint="Export it again, or unhide the sheet that is to be imported, and save the file.",
        )
    name, ours = source.path.name, any(results_header(grid) for grid in source.grids)
    first = _first_mappings(source, mappings)
    meant = first or [m for m in mappings if named or _is_for(m, source)]
    tried = [_try(source, m, sheet, ours=ours) for m in meant]
    found = [each for each in tried if isinstance(each, Choice)]
    refused = [] if named or ours else [each for each in found if each.deletes_more]
    fits = [each for each in found if each.mapping not in [other.mapping for other in refused]]
    specific = [fit for fit in fits if fit.mapping.file.match is not None] or fits
    if len(specific) > 1:
        raise InputError(
            f"{name} fits more than one mapping: {_names(specific)}.",
            hint="Name one with --mapping, or narrow `match` in one of them.",
        )
    if specific:
        return _taken(source, specific[0], fits)
    others = [_try(source, m, sheet, ours=ours) for m in mappings if m not in meant]
    misnamed = [each for each in others if isinstance(each, Choice) and not each.deletes_more]
    misfits = [each for each in tried or others if isinstance(each, _Misfit)]
    if misnamed and not first:
        told = (
            f"{name} has the columns of {_names(misnamed)}, but by `match` that is for files of other names. "
            "Name one with --mapping, rename the file, or extend `match` in the mapping."
        )
    elif source.origin and source.origin.mapping and not (first or named):
        told = (
            f"{name} was made with the mapping {source.origin.mapping}, which is not here, and no other fits. "
            "Copy that mapping into the workspace's mappings, or name it with --mapping."
        )
    else:
        told = _no_fit(source, misfits, known=named or ours, for_name=bool(meant))
    lines = [told]
    if refused:
        lines.append(
            f"{_names(refused)} would delete what it lists, and the file has more columns than that: it "
            "is taken only where you name it with --mapping."
        )
    if faulty:
        lines.append(f"Not tried, because of their faults: {', '.join(faulty)}.")
    raise InputError(*lines)


def _taken(source: Source, taken: Choice, fits: Sequence[Choice]) -> Choice:
    """Return the choice, with a note where another mapping fits too and its ``match`` has decided."""
    mapping = taken.mapping
    if mapping.open_questions:
        said = f"{source.path.name} fits {mapping.path.name}, in which questions stand open:"
        raise MappingError(said, *mapping.open_questions)
    if len(fits) == 1:
        return taken
    why = f"{mapping.path.name} was taken, because its `match` names this file"
    return replace(taken, notes=(f"The columns fit {_names(fits)}: {why}.", *taken.notes))


def _names(found: Sequence[Choice]) -> str:
    return " and ".join(sorted(each.mapping.path.name for each in found))


def _first_mappings(source: Source, mappings: Sequence[Mapping]) -> list[Mapping]:
    """Return the mappings of the name under which a results workbook was first imported."""
    name = "" if source.origin is None else fold(source.origin.mapping)
    same = [mapping for mapping in mappings if name and fold(mapping.name) == name]
    return [mapping for mapping in same if _is_for(mapping, source)] or same


def _is_for(mapping: Mapping, source: Source) -> bool:
    """Whether the file's name allows the mapping, or that of a results workbook's first source."""
    first = "" if source.origin is None else source.origin.file
    return mapping.is_for(source.path.name) or bool(first and mapping.is_for(first))


def _try(source: Source, mapping: Mapping, sheet: str | None, *, ours: bool) -> Choice | _Misfit:
    names = (sheet,) if sheet else () if ours else mapping.file.sheet
    grids = source.grids
    places = list(range(len(grids)))
    if names and grids[0].name is not None:
        wanted = {fold(name): name for name in names}
        there = [fold(grid.name or "") for grid in grids]
        places = [at for at in places if there[at] in wanted]
        absent = [name for folded, name in wanted.items() if folded not in there]
        if absent:
            seen = ", ".join(grid.name or "" for grid in grids)
            why = f"the workbook has no visible sheet {absent[0]} (it has {seen})."
            return _Misfit(mapping, why, 0)
    found = [_take(grid, mapping) for grid in grids]
    sheets = tuple(each for at in places if isinstance(each := found[at], Sheet))
    misfits = [each for at in places if isinstance(each := found[at], _Misfit)]
    if not sheets or (names and misfits):
        return min(misfits, key=lambda miss: (miss.distance, -(miss.grid or grids[0]).frame.size))
    asked = ", ".join(grids[at].name or "" for at in places)
    notes = (
        _left_out(grids[at], each, mapping, "" if at in places else asked)
        for at, each in enumerate(found)
        if at not in places or isinstance(each, _Misfit)
    )
    return Choice(mapping, sheets, tuple(filter(None, notes)))


def _take(grid: Grid, mapping: Mapping) -> Sheet | _Misfit:
    """Return the sheet under its header, or why it is not this mapping's."""
    named, ours = mapping.file.header_row, results_header(grid)
    rows = named if ours is None else (ours,)
    if not rows:
        row = find_header(grid, mapping.headers) or find_header(grid, _ends(mapping.headers))
        rows = () if row is None else (row,)
    sheet, missing = None, mapping.headers
    if rows:
        try:
            sheet = take_sheet(grid, *rows, wanted=mapping.all_headers)
        except InputError as error:
            return _Misfit(mapping, str(error).removeprefix(f"{grid.source.name}, "), 0, grid)
        missing = missing_headers(mapping, sheet.columns)
    if sheet is not None and not missing:
        return sheet
    if rows and not named and (two := _two_lines(grid, mapping, rows[0])):
        return two
    wrong, right = "", find_header(grid, mapping.headers) if named else None
    if right:
        there = missing_headers(mapping, take_sheet(grid, right).columns)
        if len(there) < len(missing):
            wrong = f"its header is in row {right}, and header_row in the mapping says {rows[-1]}"
            missing = there
    told = told_headers(grid, (mapping,))[0]
    near = {header: nearest(header, told) for header in missing}
    parts = [
        f'"{header}"' if near[header] is None else f'"{header}" (the nearest is "{near[header]}")'
        for header in missing
    ]
    what = "this column is" if len(parts) == 1 else "these columns are"
    lacks = f"{what} missing: {listed_up_to(parts, _MOST)}" if parts else ""
    where = "" if grid.name is None else f"{grid.name}: "
    why = where + "; there ".join(filter(None, (wrong, lacks))) + "."
    return _Misfit(mapping, why, len(missing), grid, sheet)


def _ends(headers: Iterable[str]) -> list[str]:
    """Return what the lower line of a header may hold of the names: "First Name" below "Student"."""
    words = [header.split() for header in headers]
    return [" ".join(each[at:]) for each in words for at in range(len(each))]


def _two_lines(grid: Grid, mapping: Mapping, row: int) -> Sheet | None:
    """Return the sheet under a header of two lines, the row and one beside it, where that has all."""
    ends = set(map(fold, _ends(re.sub("#[0-9]+$", "", each) for each in mapping.all_headers)))
    for rows in ((row - 1, row), (row, row + 1)):
        lower = grid.frame[grid.rows == rows[1]].to_numpy().ravel()
        # The first record has no end of a name in it.
        if np.isin(rows, grid.rows).all() and not ends.isdisjoint(map(fold, lower)):
            with suppress(InputError):
                sheet = take_sheet(grid, *rows, wanted=mapping.all_headers)
                if not missing_headers(mapping, sheet.columns):
                    return sheet
    return None


def _left_out(grid: Grid, found: Sheet | _Misfit, mapping: Mapping, asked: str) -> str | None:
    """Return the note on a visible sheet that is not imported; ``None`` for one without rows.

    Only the mapping's headers are named: those of the sheet may be the first of its people.
    """
    sheet = found.sheet if isinstance(found, _Misfit) else found
    rows = len(grid.rows if sheet is None else sheet.rows)
    if not rows:
        return None
    lacks = missing_headers(mapping, () if sheet is None else sheet.columns)
    named = listed_up_to([f'"{each}"' for each in lacks], _MOST)
    why = f"only {asked} is asked for" if asked else f"it lacks {named}"
    return f"The sheet {grid.name} ({count(rows, 'row')}) was not imported: {why}."


def new_since(mapping: Mapping, batch: Batch) -> str:
    """Say what a file has that its mapping has not seen: columns, and values that may tell who has left; else nothing."""
    seen, columns = mapping.file.seen, batch.sheet.columns
    if seen is None:
        return ""
    at = {header: columns_of_header(header, columns) for header in (*mapping.all_headers, *seen)}
    known = {column.position for found in at.values() for column in found}
    fresh = [f'"{c.header}"' for c in columns if c.header and c.position not in known]
    said = [f"columns that are not sent ({listed_up_to(fresh, _MOST)})"] if fresh else []
    for header, values in seen.items():
        texts = [batch.cells[c.position][0][~batch.skipped] for c in at[header] if values]
        counts = dict(texts[0].value_counts()) if texts else dict[str, int]()
        known_values = {"", *map(fold, values)}
        others = [
            f'"{text}" ({count(rows, "row")})' for text, rows in counts.items()
            if fold(text) not in known_values
        ]  # fmt: skip
        if len(others) > _FEW:
            others = [f"{len(others)} other values"]
        said += [f'in "{header}" {listed_up_to(others, _MOST)}'] if others else []
    if not said:
        return ""
    file, name = quoted(batch.sheet.source), mapping.path.name
    return (
        f"New since {name} was made: {'; '.join(said)}. To decide on it: "
        f"opscom-import map {file} --mapping {quoted(name)}{home_of(mapping.path)}"
    )


def told_headers(grid: Grid, mappings: Sequence[Mapping]) -> tuple[tuple[str, ...], int]:
    """Return the headers of a sheet that may be told to anybody, and how many filled cells they stand among.

    A file without a header row begins with a person. So a text is told only where a mapping or the
    vendor's pages know it for a header, or where that is so for two others of its row and for at least
    half of it.
    """
    known = {_bare(header) for mapping in mappings for header in mapping.all_headers}
    for table in TABLES.values():
        known |= {_bare(name) for name in (*table.names, *(each.title for each in table.fields))}
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


def _no_fit(source: Source, misfits: Sequence[_Misfit], *, known: bool, for_name: bool) -> str:
    """Return what is missing and what to do: the command that proposes a mapping, or what is new.

    ``known`` are mappings that the person, or the results workbook, named; ``for_name`` those for such a name.
    """
    name, command = source.path.name, f"opscom-import map {quoted(source.path)}"
    home = home_of(misfits[0].mapping.path) if misfits else ""
    misfits = sorted(misfits, key=lambda misfit: misfit.distance)
    there = _what_there_is(misfits)
    for miss in misfits:
        # The file is meant for it by its columns, or by its name and some of them.
        some = miss.missing < len(miss.mapping.headers)
        near = some and for_name and miss.mapping.file.match is not None
        near |= not miss.missing or miss.distance[0] <= _NEAR
        # What deletes is proposed for nothing: a person writes it.
        if known or (near and not miss.mapping.deletes):
            new = f"{command} --mapping {quoted(miss.mapping.path.name)}{home}"
            ways = f"Correct the file, or to have proposed what is new: {new}"
            if known:
                ways = "Correct the file or the mapping (docs/mappings.md says how)."
            why = f"{name} does not fit {miss.mapping.path.name}: {miss.why}"
            return " ".join(filter(None, (why, there, ways)))
    from importer.proposing.sheets import seems  # a file that fits needs no proposals

    looks = seems(source)
    if not looks:
        nothing = "no mapping fits, and it looks like nothing that OPSCOM takes."
        return f"{name}: {nothing} {there}".strip()
    ways = f"It looks like {looks}. To have a mapping proposed: {command}{home}"
    return " ".join(filter(None, (f"{name}: no mapping fits.", there, ways)))


def _what_there_is(misfits: Sequence[_Misfit]) -> str:
    """Say which headers the nearest sheet has, or where they are not known how many columns."""
    grid = next((miss.grid for miss in misfits if miss.grid is not None), None)
    if grid is None:
        return ""
    shipped = [load_mapping(path) for path in shipped_mappings()]
    headers, columns = told_headers(grid, (*shipped, *(miss.mapping for miss in misfits)))
    if not headers:
        wide = count(columns, "column")
        return f"The file has {wide}, and no row of it holds headers that are known here."
    parts = [f'"{header}"' for header in headers[:_MOST]]
    more = columns - len(parts)
    return f"The file has the headers {', '.join(parts)}{f' and {more} more' if more else ''}."
