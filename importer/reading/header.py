"""Which row is the header, and which rows below it are records."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from importer.errors import InputError
from importer.model import Column, Flaw, Sheet
from importer.reading import faults
from importer.reading.resubmitted import is_results, source_rows, uncorrected
from importer.text import clean, fold, heading

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import numpy.typing as npt
    import pandas as pd

    from importer.model import Grid, Source

_SEARCHED: Final = 30
_LINE_RE: Final = re.compile(r"\r\n|\r|\n")
_NUMBERED_RE: Final = re.compile(r"(.+)#[0-9]+", re.DOTALL)


def find_header(grid: Grid, wanted: Collection[str]) -> int | None:
    """Return the number of the row that holds most of the wanted headers.

    Args:
        grid: All cells of a sheet.
        wanted: Headers of a mapping; ``Phone#2``, the second column of that name, counts where
            ``Phone`` is found.

    Returns:
        A row number as in ``grid.rows``, the first of those that hold equally many, at most 30;
        ``None`` where no wanted header is found.
    """
    names = [_names(name) for name in wanted]
    counts: dict[int, int] = {}
    for position, row in enumerate(grid.rows[grid.rows <= _SEARCHED].tolist()):
        cells = set(map(fold, grid.frame.iloc[position]))
        counts[row] = sum(not cells.isdisjoint(name) for name in names)
    best = max(counts, key=counts.__getitem__, default=None)
    return best if best is not None and counts[best] else None


def take_sheet(
    source: Source, grid: Grid, *header_rows: int, wanted: Collection[str] = ()
) -> Sheet:
    """Return the records below a header, without wholly blank rows.

    Columns at the right end without header and cells are left out. Cells stay as shown; headers
    are cleaned. Records of a text file that are longer or shorter than the header get a flaw as a
    whole row, because their cells stand in the wrong columns.

    Args:
        source: The file that the grid is from.
        grid: One of its sheets.
        header_rows: The numbers of the header's rows as in ``grid.rows``, ascending. Of several, a column
            has the texts of all, joined, or the one of them that is wanted.
        wanted: Headers of a mapping.

    Raises:
        InputError: There is no such row, or it is blank.
    """
    header_row = header_rows[-1]
    found = np.flatnonzero(grid.rows == header_row)
    headers = [heading(cell) for cell in grid.frame.iloc[found[0]]] if len(found) else []
    if not any(headers):
        place = "row" if grid.name is None else f"{grid.name}, row"
        raise InputError(
            f"{grid.source.name}, {place} {header_row}: the header is expected here, but the row is blank.",
            hint="Correct header_row in the mapping, or leave it out to have the header found.",
        )
    start = int(found[0]) + 1
    flawed = {flaw.position for flaw in grid.flaws}
    kept = start + _filled(grid.frame.iloc[start:], {place - start for place in flawed})
    if grid.merges:
        below = (grid.frame[at].iloc[kept] for at in range(len(headers)))
        titles = grid.frame.iloc[found[0]]
        holding = [
            int((~cells.isin(["", title])).sum())
            for cells, title in zip(below, titles, strict=True)
        ]
        headers = _named_columns(grid, header_row, headers, holding)
    above = np.flatnonzero(np.isin(grid.rows, header_rows[:-1])).tolist()
    if above:
        headers = _joined([*(_line(grid, at) for at in above), headers], wanted)
    width = _width(grid, headers, kept)
    whole = len(kept) and len(kept) == kept[-1] - kept[0] + 1  # then nothing is copied
    taken = slice(kept[0], kept[-1] + 1) if whole else kept
    frame = grid.frame.iloc[taken, :width].reset_index(drop=True)
    places = {old: new for new, old in enumerate(kept.tolist())}
    rows = grid.rows[kept]
    lines = [*above, int(found[0])]
    if grid.lengths is not None:
        lines.sort(key=grid.lengths.tolist().__getitem__)
    flaws = _flaws(grid, lines[-1], headers, kept)
    added: frozenset[int] = frozenset()
    if is_results(headers):
        rows, added = source_rows(frame, headers[:width], rows)
        flaws = (*flaws, *uncorrected(frame, headers[:width]))
    return Sheet(
        source=grid.source,
        digest=source.digest,
        name=grid.name,
        header_row=header_row,
        columns=_columns(headers[:width]),
        frame=frame,
        rows=rows,
        flaws=flaws,
        stored=_moved(grid.stored, places, width),
        struck=frozenset(
            (places[position], column) for position, column in grid.struck if position in places
        ),
        fills={places[at]: fills for at, fills in grid.fills.items() if at in places},
        types={
            column: types[kept]
            for column, types in grid.types.items()
            if column < width and types[kept].any()
        },
        notes=grid.notes,
        added=added,
        above=_above(grid, min(above, default=start - 1)),
    )


def _named_columns(
    grid: Grid, header_row: int, headers: Sequence[str], filled: Sequence[int]
) -> list[str]:
    """Return the headers, each over the columns whose cells it names.

    A header that is merged over columns names those of them that are filled. Reports also merge the cells
    below a header, so that their value stands to the left of it.

    Args:
        grid: Holds the merges.
        header_row: The header's row number.
        headers: A header for each column; blank where a merge hides the cell.
        filled: How many cells of each column hold something below the header.
    """
    named = list(headers)
    for merge in grid.merges:
        columns = range(merge.first_column, min(merge.last_column + 1, len(headers)))
        if len(columns) < 2 or merge.last_row < header_row:  # noqa: PLR2004 - over one column only
            continue
        if merge.first_row <= header_row:
            most = max(filled[column] for column in columns)
            # A page number in the footer does not fill a column.
            chosen = [column for column in columns if filled[column] * 2 > most] or columns[:1]
            for column in columns:
                named[column] = headers[columns[0]] if column in chosen else ""
        elif filled[columns[0]] and not named[columns[0]]:
            beside = [at for at in columns[1:] if named[at] and not filled[at]]
            if len(beside) == 1:
                named[columns[0]], named[beside[0]] = named[beside[0]], ""
    return named


def _line(grid: Grid, position: int) -> list[str]:
    """Return an upper line of the header; a merged name reaches over all its columns."""
    texts = [heading(cell) for cell in grid.frame.iloc[position]]
    for merge in grid.merges:
        if merge.first_row <= grid.rows[position] <= merge.last_row:
            for column in range(merge.first_column, min(merge.last_column + 1, len(texts))):
                texts[column] = texts[merge.first_column]
    return texts


def _joined(lines: Sequence[Sequence[str]], wanted: Collection[str]) -> list[str]:
    """Return the header of each column whose name stands in several lines."""
    names = set().union(*map(_names, wanted))
    headers = []
    for texts in zip(*lines, strict=True):
        parts = list(dict.fromkeys(filter(None, texts)))
        ways = [" ".join(parts), *reversed(parts)]
        headers.append(next((way for way in ways if fold(way) in names), ways[0]))
    return headers


def _above(grid: Grid, header: int) -> tuple[tuple[int, str, frozenset[str]], ...]:
    """Return what stands above the header, with the colours behind it: titles, a legend."""
    found = []
    for at in range(header):
        texts = [text for text in map(clean, grid.frame.iloc[at]) if text]
        colours = frozenset(colour for _, colour in grid.fills.get(at, ()))
        if texts:
            found.append((int(grid.rows[at]), " ".join(texts), colours))
    return tuple(found)


def _names(name: str) -> set[str]:
    numbered = _NUMBERED_RE.fullmatch(name)
    return {fold(name), fold(numbered[1])} if numbered else {fold(name)}


def _filled(frame: pd.DataFrame, flawed: Collection[int]) -> npt.NDArray[np.int64]:
    """Return the positions of rows that are not wholly blank; a cell with a flaw is not blank."""
    filled = np.zeros(len(frame), np.bool_)
    filled[[place for place in flawed if 0 <= place < len(frame)]] = True
    for column in frame.columns:
        left = np.flatnonzero(~filled)
        if not len(left):
            break
        filled[left] = [bool(clean(text)) for text in frame[column].iloc[left].tolist()]
    return np.flatnonzero(filled)


def _width(grid: Grid, headers: Sequence[str], kept: npt.NDArray[np.int64]) -> int:
    """Return how many columns there are without those at the right end that hold nothing."""
    flawed = {flaw.column for flaw in grid.flaws}
    width = len(headers)
    while width and not headers[width - 1] and width - 1 not in flawed:
        cells = grid.frame[width - 1].iloc[kept]
        if any(clean(cell) for cell in cells[cells != ""].unique()):
            break
        width -= 1
    return width


def _columns(headers: Sequence[str]) -> tuple[Column, ...]:
    seen: Counter[str] = Counter()
    columns: list[Column] = []
    for position, header in enumerate(headers):
        seen[fold(header)] += 1
        columns.append(Column(position, header, seen[fold(header)]))
    return tuple(columns)


def _flaws(
    grid: Grid,
    header: int,
    headers: Sequence[str],
    kept: npt.NDArray[np.int64],
) -> tuple[Flaw, ...]:
    # A cell with a flaw is not blank, so that all rows below the header that have one are kept.
    flawed = sorted({flaw.position for flaw in grid.flaws if flaw.position > header})
    places = dict(zip(flawed, np.searchsorted(kept, flawed).tolist(), strict=True))
    flaws = [
        Flaw(places[flaw.position], flaw.column, flaw.message, flaw.remedy)
        for flaw in grid.flaws
        if flaw.position in places
    ]
    if grid.lengths is not None and len(kept):
        flaws += _ragged(grid.frame, grid.lengths, header, headers, kept)
        flaws += _swallowing(grid.frame, int(grid.lengths[header]), kept)
    return tuple(sorted(flaws, key=lambda flaw: (flaw.position, flaw.column or -1)))


def _ragged(
    frame: pd.DataFrame,
    lengths: npt.NDArray[np.int64],
    header: int,
    headers: Sequence[str],
    kept: npt.NDArray[np.int64],
) -> list[Flaw]:
    """Return a flaw for each record that is longer or shorter than the header.

    Surplus cells that hold nothing are no flaw: programs end each record with a delimiter.
    """
    most = int(lengths[header])
    least = max(position + 1 for position, name in enumerate(headers) if name)
    cells = lengths[kept]
    surplus = (frame.iloc[kept, most:] != "").any(axis=1).to_numpy()
    return [
        faults.wrong_length(int(cells[place]), least if cells[place] < least else most).at(
            place, None
        )
        for place in np.flatnonzero((cells < least) | surplus).tolist()
    ]


def _swallowing(frame: pd.DataFrame, width: int, kept: npt.NDArray[np.int64]) -> list[Flaw]:
    """Return a flaw for each record with a cell that has taken in the records after it.

    Programs that quote nothing write a value such as ``"The Oaks`` as it is, and the next quote closes
    it, some lines below. The record has as many cells as the others; only the tabs tell.
    """
    found: set[int] = set()
    for column in frame.columns:
        cells = frame[column].iloc[kept]
        for place in np.flatnonzero(cells.str.contains("\t", regex=False)).tolist():
            cell = cells.iloc[place]
            breaks = len(_LINE_RE.findall(cell))
            if breaks and cell.count("\t") == breaks * (width - 1):
                found.add(place)
    return [faults.SWALLOWED.at(place, None) for place in sorted(found)]


def _moved(
    stored: Mapping[int, Mapping[int, str]], places: Mapping[int, int], width: int
) -> dict[int, dict[int, str]]:
    moved = {
        column: {places[at]: text for at, text in texts.items() if at in places}
        for column, texts in stored.items()
        if column < width
    }
    return {column: texts for column, texts in moved.items() if texts}
