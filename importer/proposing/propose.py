"""The line of a proposal: a file is looked at once, and proposed again with every answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from importer.errors import InputError
from importer.proposing.answers import FIELDS, ROWS, Answers
from importer.proposing.columns import place_columns
from importer.proposing.drafting import BY_COLUMN, draft
from importer.proposing.endpoints import ENDPOINTS, NEEDED, Reading, read_as, readings
from importer.proposing.looks import ask_looks
from importer.proposing.naming import read_headers
from importer.proposing.profiles import profile
from importer.proposing.proposal import Look, Proposal
from importer.proposing.rows import SEND, ask_repeated, ask_who, find_skips
from importer.proposing.turning import Drafting
from importer.reading import results_header, take_sheet
from importer.text import clean, count, fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from importer.model import Grid, Sheet, Source
    from importer.pulls.user_types import UserType

_SEARCHED, _LEAST, _TRIED = 30, 2, 5
_VALUE_RE: Final = re.compile(r"[\W_]*[0-9][\W\d_]*|.*@.*|.{80,}", re.DOTALL)
_NEAR: Final = 0.8


@dataclass(frozen=True, slots=True)
class Seen:
    """A sheet that fits, and as what."""

    look: Look
    readings: tuple[Reading, ...]
    """The endpoints that it fits, the best first."""


def look_at(
    source: Source,
    *,
    sheet: str | None = None,
    endpoint: str | None = None,
    glossary: Mapping[str, Answers] | None = None,
) -> tuple[Seen, ...]:
    """Return the sheets of a file whose rows OPSCOM takes, the best first.

    Args:
        source: The file as read.
        sheet: The only sheet to look at.
        endpoint: What a person says the rows are.
        glossary: Endpoint → what the office confirmed.

    Raises:
        InputError: There is no such sheet, or no sheet fits; the message says what was seen.
    """
    grids = [grid for grid in source.grids if sheet is None or fold(grid.name or "") == fold(sheet)]
    if not grids:
        there = ", ".join(grid.name or "" for grid in source.grids)
        raise InputError(f"{source.path.name} has no visible sheet {sheet} (it has {there}).")
    if any(results_header(grid) for grid in grids):
        raise InputError(
            f"{source.path.name} is a results workbook; it is imported with the mapping of its first file.",
            hint="Name the first file.",
        )
    known = {name: answers.columns for name, answers in (glossary or {}).items()}
    found: list[Seen] = []
    for grid in grids:
        for look in _looks(source, grid):
            fits = readings(look.profiles, known)
            if endpoint is not None:
                fits = (read_as(look.profiles, endpoint, known.get(endpoint)),)
            if fits:
                found.append(Seen(look, fits))
                break
    if not found:
        raise InputError(_nothing(source, grids), hint=_hint())
    return tuple(
        sorted(_merged(found, known), key=lambda seen: seen.readings[0].score, reverse=True)
    )


def _merged(found: Sequence[Seen], known: Mapping[str, Mapping[str, str]]) -> list[Seen]:
    """Return the sheets, those with the same headers as one: all are taken when the file is pushed."""
    alike: dict[tuple[str, ...], list[Seen]] = {}
    for seen in found:
        alike.setdefault(tuple(fold(c.header) for c in seen.look.sheet.columns), []).append(seen)
    merged = []
    for group in alike.values():
        first = group[0]
        if len(group) > 1:
            sheets = [seen.look.sheet for seen in group]
            frame = pd.concat([sheet.frame for sheet in sheets], ignore_index=True)
            rows = np.concatenate([sheet.rows for sheet in sheets])
            sheet = replace(sheets[0], frame=frame, rows=rows)
            also = tuple(each.name or "" for each in sheets[1:])
            look = replace(first.look, sheet=sheet, profiles=profile(sheet), also=also)
            asked = (r.endpoint for r in first.readings)
            first = Seen(look, tuple(read_as(look.profiles, e, known.get(e)) for e in asked))
        merged.append(first)
    return merged


def _hint() -> str:
    needed = "; ".join(f"{endpoint}: {what}" for endpoint, what in NEEDED.items())
    return f"Needed are, in columns of their own, for {needed}."


def _nothing(source: Source, grids: Sequence[Grid]) -> str:
    seen = []
    for grid in grids:
        row = next(iter(_header_rows(grid)), None)
        if row is not None:
            cells = [clean(cell) for cell in grid.frame.iloc[row] if clean(cell)]
            names = ", ".join(f'"{cell}"' for cell in cells[:8]) + (" …" if len(cells) > 8 else "")  # noqa: PLR2004
            seen.append(f"{grid.name or source.path.name} has the columns {names}")
    said = "; ".join(seen) or "no row looks like a header"
    return f"{source.path.name} fits nothing that OPSCOM takes: {said}."


def _looks(source: Source, grid: Grid) -> list[Look]:
    """Return the grid under the rows that may be its header, the likeliest first."""
    looks = []
    for position in _header_rows(grid):
        row = int(grid.rows[position])
        try:
            sheet: Sheet = take_sheet(source, grid, row)
        except InputError:
            continue
        if len(sheet.frame):
            looks.append(Look(source, sheet, row, profile(sheet)))
    return looks


def _header_rows(grid: Grid) -> list[int]:
    """Return the positions of rows that may be the header: words, and the most that are known."""
    scored: list[tuple[float, int]] = []
    for position in range(int((grid.rows <= _SEARCHED).sum())):
        cells = [clean(cell) for cell in grid.frame.iloc[position]]
        filled = [cell for cell in cells if cell]
        if (
            len(filled) < _LEAST
            or sum(map(bool, map(_VALUE_RE.fullmatch, filled))) > len(filled) / 4
        ):
            continue
        scored.append((_known(filled) + len(filled) / 1000, position))
    scored.sort(key=lambda pair: (-pair[0], pair[1]))
    return [position for _, position in scored[:_TRIED]]


def _known(cells: Sequence[str]) -> float:
    """Return how much of a row is known as headers, of whatever the rows may be."""
    return max(
        sum(naming.weight > 0 for naming in read_headers(cells, endpoint))
        for endpoint in ENDPOINTS[:3]
    )


def propose(
    look: Look, endpoint: str, answers: Answers, *, types: Sequence[UserType] = ()
) -> Proposal:
    """Return a proposed mapping with what is unsure about it.

    Args:
        look: The sheet.
        endpoint: What its rows are.
        answers: What the person and the office said so far.
        types: OPSCOM's user types, as kept.
    """
    from schemas import TABLES

    table = TABLES[endpoint]
    said = dict(answers.columns)
    for name in BY_COLUMN:
        column = answers.get(FIELDS, name)
        if column is not None and table.field(name) is not None:
            said.setdefault(fold(column), name)
    places = place_columns(look.profiles, endpoint, said)
    drafting = Drafting(look, table, answers, types)
    draft(drafting, places)
    # What a person wants sent after all is no row to pass over.
    skips = [skip for skip in find_skips(look, places) if answers.get(ROWS, skip.why) != SEND]
    gone, who = ask_who(look, places, answers)
    keys = [
        next((n for n in part if any(p.field == n and p.used for p in places)), part[0])
        for part in table.key
    ]
    marked, looks = ask_looks(look, places, keys, answers)
    gone, who = gone + marked, who + looks
    skipped = {row for skip in (*skips, *gone) for row in skip.rows}
    duplicates, repeated = (
        ask_repeated(look, places, keys, answers, skipped) if keys else ("error", [])
    )
    order = {known.name: at for at, known in enumerate(table.fields)}
    return Proposal(
        look=look,
        endpoint=endpoint,
        places=places,
        drafts=tuple(sorted(drafting.drafts, key=lambda made: order[made.field])),
        values=tuple(drafting.values),
        skips=(*skips, *gone),
        questions=(*drafting.questions, *who, *repeated),
        duplicates=duplicates,
    )


def seems(source: Source) -> str:
    """Say what the rows of a file seem to be, and how much of it is recognised; empty for nothing."""
    try:
        best = look_at(source)[0].readings[0]
    except InputError:
        return ""
    columns = {place.profile.column.position for place in best.places}
    known = {place.profile.column.position for place in best.places if place.field}
    return f"{best.endpoint} ({len(known)} of {count(len(columns), 'column')} recognised)"


def rival(seen: Seen) -> Reading | None:
    """Return the second endpoint that a sheet fits nearly as well as the first."""
    if len(seen.readings) > 1 and seen.readings[1].score >= _NEAR * seen.readings[0].score:
        return seen.readings[1]
    return None
