"""What a file holds: which of its sheets OPSCOM takes, which rows are the header, and what the rows are."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from importer.errors import InputError
from importer.model import Grid, Source
from importer.proposing.answers import Answers
from importer.proposing.columns import place_columns
from importer.proposing.naming import read_headers
from importer.proposing.profiles import Profile, names_of, profile
from importer.proposing.proposal import Confidence, Look, Reading
from importer.proposing.vocabulary import languages
from importer.reading import results_header, take_sheet
from importer.text import clean, fold

Known = Mapping[str, Mapping[str, str]]

ENDPOINTS: Final = ("users", "vehicles", "permits", "permit-updates")
_NEEDED: Final = (
    "Needed are, in columns of their own, for users: a name, and an id or an e-mail address; vehicles: a plate, and a "
    "make, type, colour, year, province or VIN; permits: a plate, and a permit's number, zone, start or end. A list of permits "
    "to delete is pushed with --mapping permit-cancellations.yaml, and `opscom-import pull plates` asks about plates."
)
_SPECIAL: Final = {
    "vehicles": ("make", "colour", "type", "vin", "plateType", "prov", "year"),
    "permits": ("startTime", "endTime", "permitNo", "zone"),
}
"""Fields beside the plate without which rows are no vehicles or permits."""
_CONTACTS: Final = (
    "email", "user_name", "street", "city", "postal_code", "phone_cell", "student_phone", "employee_phone", "date_of_birth",
    "user_type_id",
)  # fmt: skip
_WEIGHTS: Final = {Confidence.SURE: 1.0, Confidence.LIKELY: 0.75, Confidence.ASK: 0.4}
_GOOD: Final = 0.75
_LESS: Final = 0.99
_MANY, _HALF = 4, 0.5
"""How many fields known make rows those of an endpoint whose own field no column gives, and how much they count then."""
_MORE: Final = 1.4
"""Of a car or a permit there is less to say than of a person, whose name and phone may stand beside it."""
_SEARCHED, _LEAST, _TRIED, _NAMED = 30, 2, 5, 8
_VALUE_RE: Final = re.compile(
    r"[\W_]*[0-9][\W\d_]*|.*@.*|.{80,}|[0-9]{4}-[0-9]{2}-[0-9]{2}T.*|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-.*",
    re.DOTALL,
)


def look_at(
    source: Source,
    *,
    sheet: str | None = None,
    endpoint: str | None = None,
    glossary: Mapping[str, Answers] | None = None,
) -> tuple[Look, ...]:
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
    if sheet and not grids:
        there = ", ".join(grid.name or "" for grid in source.grids)
        raise InputError(f"{source.path.name} has no visible sheet {sheet} (it has {there}).")
    if any(results_header(grid) for grid in grids):
        raise InputError(
            f"{source.path.name} is a results workbook; it is imported with the mapping of its first file.",
            hint="Name the first file.",
        )
    known = {name: answers.columns for name, answers in (glossary or {}).items()}
    found: dict[tuple[str, ...], list[Look]] = {}
    for grid in grids:
        for look in _looks(source, grid):
            if read := readings(look.profiles, known, endpoint):
                # Sheets with the same headers are one: all are taken when the file is pushed.
                headers = tuple(fold(column.header) for column in look.sheet.columns)
                found.setdefault(headers, []).append(replace(look, readings=read))
                break
    if not found:
        raise InputError(_nothing(source, grids), hint=_NEEDED)
    merged = (_merged(group, known) for group in found.values())
    return tuple(sorted(merged, key=lambda look: look.readings[0].score, reverse=True))


def readings(
    profiles: Sequence[Profile], known: Known | None = None, endpoint: str | None = None
) -> tuple[Reading, ...]:
    """Return the endpoints that a sheet's columns fit, the best first; one that a person says fits always."""
    found = []
    for tried in ENDPOINTS if endpoint is None else (endpoint,):
        places = place_columns(profiles, tried, (known or {}).get(tried))
        weights: dict[str, float] = {}
        for place in places:
            if place.field:
                weights[place.field] = max(weights.get(place.field, 0), _WEIGHTS[place.confidence])
        fits = 0.0 if _is_other(profiles, tried, weights) else _fits(tried, weights)
        if fits or endpoint:
            score = sum(weights.values()) * (1.0 if tried == "users" else _MORE)
            found.append(Reading(tried, places, score * fits))
    if endpoint is None and _are_there(profiles):
        # Permits with OPSCOM's own reference ids were created: they are changed, or nothing is proposed.
        most = max((r.score for r in found if r.endpoint == "permit-updates"), default=0.0) * _LESS
        found = [
            replace(r, score=min(r.score, most)) if r.endpoint == "permits" else r for r in found
        ]
    found = [reading for reading in found if reading.score or endpoint]
    return tuple(sorted(found, key=lambda reading: reading.score, reverse=True))


def _are_there(profiles: Sequence[Profile]) -> bool:
    """Whether a column surely holds OPSCOM's reference ids."""
    ids = [profile for profile in profiles if profile.share("uuid") > _HALF]
    places = place_columns(profiles, "permit-updates") if ids else ()
    sure = (place for place in places if place.confidence is Confidence.SURE)
    return any(place.field == "referenceID" and place.profile in ids for place in sure)


def _fits(endpoint: str, weights: Mapping[str, float]) -> float:
    """Return 1 where the fields are those of an endpoint, less where many are and its own one is to be asked for, else 0."""

    def has(*names: str, least: float = _GOOD) -> bool:
        return any(weights.get(name, 0) >= least for name in names)

    if endpoint == "users":
        ids = ("unique_id", "email", "user_name", "student_no", "employ_no")
        many = sum(has(name) for name in {*_CONTACTS, *ids}) >= _MANY
        named = 1.0 if has("first_name", "last_name") else _HALF * many
        # Without an id two names of people with a birth or the like are enough to ask for it.
        alone = has("first_name") and has("last_name") and has("date_of_birth")
        return named * max(has(*ids, least=0.1), _HALF * alone)
    if endpoint == "permit-updates":
        return has("referenceID", least=0.1) and has("endTime", "plate", "amount", "currency")
    special = _SPECIAL.get(endpoint, ())
    known = sum(has(name) for name in special)
    if not has("plate"):
        return _HALF * (known >= _MANY)
    if endpoint == "permits":
        thin = _HALF * has("startTime", "endTime", least=1.0)
        return max(known > 1, has("permitNo", least=1.0), thin)
    return sum(weights.get(name, 0) for name in special) >= _GOOD


def _is_other(profiles: Sequence[Profile], endpoint: str, weights: Mapping[str, float]) -> bool:
    """Whether the rows are of another kind beside the field they share: tickets for violations, grades."""
    namings = read_headers([p.column.header for p in profiles], endpoint)
    if endpoint == "users":
        grades = languages()["english"].sets["grades"]
        about = any(naming.words & grades for naming in namings)
        return about and not any(weights.get(name) for name in _CONTACTS)
    if endpoint == "permit-updates":
        # Permits that were cancelled are deleted, unless something of them is said to be new.
        new = any(named.grade > 0 for naming in namings for named in naming.fields)
        leaving = languages()["english"].sets["leaving"]
        return not new and any(naming.words & leaving for naming in namings)
    violations = sum(naming.other == "a violation" for naming in namings)
    known = sum(weights.get(name, 0) for name in _SPECIAL.get(endpoint, ()))
    # A ticket has a number, and no end.
    numbered = weights.get("permitNo", 0) == 1 and "endTime" in weights
    enough = known >= _LEAST if endpoint == "vehicles" else numbered
    return violations >= _LEAST and not (enough and weights.get("plate"))


def _merged(group: Sequence[Look], known: Known) -> Look:
    first, sheets = group[0], [look.sheet for look in group]
    if len(group) == 1:
        return first
    frame = pd.concat([sheet.frame for sheet in sheets], ignore_index=True)
    sheet = replace(sheets[0], frame=frame, rows=np.concatenate([each.rows for each in sheets]))
    profiles, also = profile(sheet), tuple(each.name or "" for each in sheets[1:])
    read = [readings(profiles, known, reading.endpoint)[0] for reading in first.readings]
    return replace(first, sheet=sheet, profiles=profiles, also=also, readings=tuple(read))


def _nothing(source: Source, grids: Sequence[Grid]) -> str:
    seen = []
    for grid in grids:
        for position in _header_rows(grid)[:1]:
            cells = [cell for cell in map(clean, grid.frame.iloc[position]) if cell]
            names = ", ".join(f'"{cell}"' for cell in cells[:_NAMED]) + " …" * (len(cells) > _NAMED)
            seen.append(f"{grid.name or source.path.name} has the columns {names}")
    said = "; ".join(seen) or "no row looks like a header"
    return f"{source.path.name} fits nothing that OPSCOM takes: {said}."


def _looks(source: Source, grid: Grid) -> Iterator[Look]:
    """Yield the grid under the rows that may be its header, the likeliest first."""
    for position in _header_rows(grid):
        row = int(grid.rows[position])
        ways: list[tuple[int, ...]] = [(row,)]
        # The line above may name groups of columns: Valid | From, Valid | To; "Term: Fall" is what a report was asked for.
        adjoins = position and grid.rows[position - 1] == row - 1
        above = _words(grid, position - 1) if adjoins else []
        if len(above) >= _LEAST and not any(":" in cell for cell in above):
            ways.insert(0, (row - 1, row))
        taken = []
        for rows in ways:
            with suppress(InputError):
                sheet = take_sheet(grid, *rows)
                headers = [column.header for column in sheet.columns]
                repeated = len(headers) - len(set(headers)) - max(0, headers.count("") - 1)
                known = _known(headers) - len(rows) / 100
                taken += [(-repeated, known, rows, sheet)] if len(sheet.frame) else []
        if taken:
            *_, rows, sheet = max(taken, key=lambda each: each[:2])
            yield Look(source, sheet, rows, profile(sheet), names_of(sheet.columns))


def _header_rows(grid: Grid) -> list[int]:
    """Return the positions of rows that may be the header: words, and the most that are known.

    A row with a cell below "Password" is none, nor a second line of one: its cells would be shown as headers.
    """
    scored: list[tuple[float, int]] = []
    secret: set[int] = set()
    for position in range(int((grid.rows <= _SEARCHED).sum())):
        cells = list(map(clean, grid.frame.iloc[position]))
        if sum(map(bool, cells)) < _LEAST or any(cells[at] for at in secret):
            continue
        words = _words(grid, position)
        if len(words) >= _LEAST:
            namings = enumerate(read_headers(cells, ENDPOINTS[0]))
            secret |= {at for at, naming in namings if naming.never}
            scored.append((-_known(words) - len(words) / 1000, position))
    return [position for _, position in sorted(scored)[:_TRIED]]


def _words(grid: Grid, position: int) -> list[str]:
    """Return the filled cells of a row; none where they are rather values than words."""
    filled = [cell for cell in map(clean, grid.frame.iloc[position]) if cell]
    values = sum(_VALUE_RE.fullmatch(cell) is not None for cell in filled)
    return [] if values > len(filled) / 4 else filled


def _known(cells: Sequence[str]) -> float:
    """Return how much of a row is known as headers, of whatever the rows may be."""
    return max(
        sum(min(1.0, naming.best) for naming in read_headers(cells, endpoint))
        for endpoint in ENDPOINTS[:3]
    )


def seems(source: Source) -> str:
    """Say what the rows of a file seem to be, and how much of it is recognised; empty for nothing."""
    try:
        look = look_at(source)[0]
    except InputError:
        return ""
    best = look.readings[0]
    return f"{best.endpoint} ({look.recognised(best.places)})"
