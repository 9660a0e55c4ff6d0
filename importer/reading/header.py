"""Which row is the header, and which rows below it are records."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from importer.errors import InputError
from importer.model import Column, Flaw, Grid, Sheet
from importer.reading import faults
from importer.reading.resubmitted import is_results, source_rows, uncorrected
from importer.text import clean, fold, heading

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
    best = max(counts, key=counts.__getitem__, default=0)
    return best if counts.get(best) else None


def take_sheet(grid: Grid, *header_rows: int, wanted: Collection[str] = ()) -> Sheet:
    """Return the records below a header, without wholly blank rows.

    Columns at the right end without header and cells are left out. Cells stay as shown; headers
    are cleaned. Records of a text file that are longer or shorter than the header have a flaw.

    Args:
        grid: A sheet of a file.
        header_rows: The numbers of the header's rows as in ``grid.rows``, ascending. Of several, a column
            has the texts of all, joined, or the one of them that is wanted.
        wanted: Headers of a mapping.

    Raises:
        InputError: There is no such row, or it is blank.
    """
    header_row = header_rows[-1]
    lines = np.flatnonzero(np.isin(grid.rows, header_rows)).tolist()
    headers = _line(grid, lines[-1]) if header_row in grid.rows else []
    if not any(headers):
        place = "row" if grid.name is None else f"{grid.name}, row"
        raise InputError(
            f"{grid.source.name}, {place} {header_row}: the header is expected here, but the row is blank.",
            hint="Correct header_row in the mapping, or leave it out to have the header found.",
        )
    kept = _filled(grid, lines[-1] + 1)
    if grid.merges:
        headers = _named_columns(grid, lines[-1], kept)
    if len(lines) > 1:
        headers = _joined([*(_line(grid, at, reaching=True) for at in lines[:-1]), headers], wanted)
    headers = headers[: _width(grid, headers, kept)]
    frame = grid.frame.iloc[kept, : len(headers)].reset_index(drop=True)
    rows, added = grid.rows[kept], frozenset[int]()
    places = {old: new for new, old in enumerate(kept.tolist())}
    flaws = [
        replace(flaw, position=places[flaw.position])
        for flaw in grid.flaws
        if flaw.position in places
    ]
    if grid.lengths is not None:
        flaws += _misplaced(frame, headers, int(grid.lengths[lines].max()), grid.lengths[kept])
    if is_results(headers):
        rows, added = source_rows(frame, headers, rows)
        flaws += uncorrected(frame, headers)
    stored = {
        column: {places[at]: text for at, text in texts.items() if at in places}
        for column, texts in grid.stored.items()
        if column < len(headers)
    }
    return Sheet(
        source=grid.source,
        name=grid.name,
        header_row=header_row,
        columns=_columns(headers),
        frame=frame,
        rows=rows,
        flaws=tuple(sorted(flaws, key=lambda flaw: (flaw.position, flaw.column or -1))),
        stored={column: texts for column, texts in stored.items() if texts},
        struck=frozenset((places[at], column) for at, column in grid.struck if at in places),
        fills={places[at]: fills for at, fills in grid.fills.items() if at in places},
        types={
            column: types[kept]
            for column, types in grid.types.items()
            if column < len(headers) and types[kept].any()
        },
        notes=grid.notes,
        added=added,
        above=_above(grid, lines[0]),
    )


def _line(grid: Grid, position: int, *, reaching: bool = False) -> list[str]:
    """Return a line of the header; where it is ``reaching``, merged names stand over all their columns."""
    texts = [heading(cell) for cell in grid.frame.iloc[position]]
    for merge in grid.merges if reaching else ():
        if merge.first_row <= grid.rows[position] <= merge.last_row:
            for column in range(merge.first_column, min(merge.last_column + 1, len(texts))):
                texts[column] = texts[merge.first_column]
    return texts


def _named_columns(grid: Grid, position: int, kept: npt.NDArray[np.int64]) -> list[str]:
    """Return the headers of a line; one that is merged over columns names those of them that are filled.

    Reports also merge the cells below a header, so that their value stands to the left of it.
    """
    named, header_row = _line(grid, position), grid.rows[position]
    width = (grid.frame.iloc[kept] != "").sum(axis=1)
    # A page number in the footer does not fill a column.
    records = grid.frame.iloc[kept][2 * width > width.median()]
    filled = [
        bool((~records[at].isin(["", title])).any())
        for at, title in enumerate(grid.frame.iloc[position])
    ]
    for merge in grid.merges:
        columns = range(merge.first_column, min(merge.last_column + 1, len(named)))
        if len(columns) < 2 or merge.last_row < header_row:  # noqa: PLR2004 - over one column only
            continue
        if merge.first_row <= header_row:
            chosen = [column for column in columns if filled[column]] or columns[:1]
            name = named[columns[0]]
            for column in columns:
                named[column] = name if column in chosen else ""
        elif filled[columns[0]] and not named[columns[0]]:
            beside = [at for at in columns[1:] if named[at] and not filled[at]]
            if len(beside) == 1:
                named[columns[0]], named[beside[0]] = named[beside[0]], ""
    return named


def _joined(lines: Sequence[Sequence[str]], wanted: Collection[str]) -> list[str]:
    """Return the header of each column whose name stands in several lines."""
    names = set().union(*map(_names, wanted))
    columns = [list(dict.fromkeys(filter(None, texts))) for texts in zip(*lines, strict=True)]
    whole = [" ".join(parts) for parts in columns]
    # "Last Name" alone is not that below "Parent".
    names -= set(map(fold, whole))
    ways = zip(whole, map(reversed, columns), strict=True)
    return [next((part for part in parts if fold(part) in names), name) for name, parts in ways]


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


def _filled(grid: Grid, start: int) -> npt.NDArray[np.int64]:
    """Return the positions from here on of rows that are not wholly blank; a cell with a flaw is not blank."""
    filled = np.zeros(len(grid.rows), np.bool_)
    filled[[flaw.position for flaw in grid.flaws]] = True
    filled[:start] = True
    for column in grid.frame.columns:
        left = np.flatnonzero(~filled)
        if not len(left):
            break
        filled[left] = [bool(clean(text)) for text in grid.frame[column].iloc[left].tolist()]
    return np.flatnonzero(filled)[start:]


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


def _misplaced(
    frame: pd.DataFrame, headers: Sequence[str], most: int, lengths: npt.NDArray[np.int64]
) -> list[Flaw]:
    """Return a flaw for each text record whose cells stand in the wrong columns.

    It is longer or shorter than the header, by cells that hold something. Or a cell has taken in the records
    after it: programs that quote nothing write ``"The Oaks`` as it is, and the next quote closes it, some
    lines below. Such a record has as many cells as the others; only the tabs tell.
    """
    least = max(position + 1 for position, name in enumerate(headers) if name)
    beyond = frame.iloc[:, most:].apply(lambda cells: cells.str.strip() != "")
    surplus = beyond.any(axis=1).to_numpy(dtype=np.bool_)
    flaws = [
        faults.wrong_length(int(lengths[at]), least if lengths[at] < least else most).at(at, None)
        for at in np.flatnonzero((lengths < least) | surplus).tolist()
    ]
    swallowing = {
        at
        for _, cells in frame.items()
        for at in np.flatnonzero(cells.str.contains("\t", regex=False)).tolist()
        if (breaks := len(_LINE_RE.findall(cells[at])))
        and cells[at].count("\t") == breaks * (most - 1)
    }
    return flaws + [faults.SWALLOWED.at(at, None) for at in swallowing]
