"""Rows of several sheets of one file that are about the same record, or share what must be unique."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from importer.checking.repeats import conflict, contents_of, keys_of, taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from importer.checking.repeats import Key
    from importer.model import Batch, Checked, Problem
    from importer.schema import Table


@dataclass(frozen=True, slots=True)
class _Claim:
    """A row of a sheet that was looked at before."""

    place: str
    owner: Key | None
    contents: tuple[str | None, ...]
    held: bool


@dataclass(slots=True)
class _Claims:
    """What the sheets looked at so far claim."""

    keys: dict[Key, _Claim] = field(default_factory=dict)
    values: dict[tuple[str, str], _Claim] = field(default_factory=dict)
    """(field, folded value) of what OPSCOM wants unique."""


def check_sheets(checked: Sequence[Checked], table: Table) -> tuple[Checked, ...]:
    """Find what rows of one sheet must not be sent because of another sheet of the same file.

    The rules are those within a sheet (see ``find_repeats``): the later row is at fault, the very
    same record counts once, and the mapping's ``duplicates`` says which of two counts.
    """
    if len(checked) < 2:  # noqa: PLR2004 - a single sheet has nothing beside it
        return tuple(checked)
    claims = _Claims()
    order = list(range(len(checked)))
    if checked[0].batch.duplicates == "last":
        order.reverse()
    found = list(checked)
    for at in order:
        found[at] = _compare(checked[at], table, claims)
    return tuple(found)


def _compare(checked: Checked, table: Table, claims: _Claims) -> Checked:
    batch, held = checked.batch, checked.held
    elsewhere: dict[int, str] = {}
    problems: list[Problem] = []
    rows = list(_rows(checked, table))
    for position, claim in rows:
        earlier = None if claim.owner is None else claims.keys.get(claim.owner)
        if earlier is None:
            problems += _shared(batch, table, position, claim, claims)
        elif batch.duplicates != "error":
            elsewhere[position] = earlier.place
        elif claim.contents != earlier.contents:
            how = "and the two rows differ."
            problems.append(conflict(batch, table, position, earlier.place, how))
        elif position not in held:
            if earlier.held:
                how = "and is held back."
                problems.append(conflict(batch, table, position, earlier.place, how))
            else:
                elsewhere[position] = earlier.place
    for position, claim in rows:
        if position not in elsewhere:
            _claim(batch, table, position, claim, claims)
    kept = [problem for problem in checked.problems if problem.position not in elsewhere]
    if not elsewhere and not problems:
        return checked
    whole = sorted((*kept, *problems), key=lambda problem: (problem.position, problem.columns))
    return replace(checked, problems=tuple(whole), elsewhere=elsewhere)


def _rows(checked: Checked, table: Table) -> Iterator[tuple[int, _Claim]]:
    """Yield the rows that count within their own sheet, each with what it claims."""
    batch = checked.batch
    records = [at for at in np.flatnonzero(~batch.skipped).tolist() if at not in checked.repeats]
    flawed: dict[str | None, set[int]] = {}
    for problem in checked.problems:
        if problem.holds:
            flawed.setdefault(problem.field, set()).add(problem.position)
    keys = keys_of(batch, table, records, flawed)
    contents = contents_of(batch, records)
    rows, held = batch.sheet.rows, checked.held
    for position, key in zip(records, keys, strict=True):
        place = f"{batch.sheet.title}, row {int(rows[position])}"
        yield position, _Claim(place, key, contents[position], position in held)


def _shared(
    batch: Batch, table: Table, position: int, claim: _Claim, claims: _Claims
) -> Iterator[Problem]:
    for known in table.fields:
        value = _unique_value(batch, known.name, position) if known.repeated is not None else ""
        earlier = claims.values.get((known.name, value)) if value else None
        if earlier is not None and earlier.owner != claim.owner:
            yield taken(batch, known, position, earlier.place)


def _claim(batch: Batch, table: Table, position: int, claim: _Claim, claims: _Claims) -> None:
    if claim.owner is not None:
        claims.keys.setdefault(claim.owner, claim)
    for known in table.fields:
        value = _unique_value(batch, known.name, position) if known.repeated is not None else ""
        if value:
            claims.values.setdefault((known.name, value), claim)


def _unique_value(batch: Batch, name: str, position: int) -> str:
    if name not in batch.frame:
        return ""
    return str(batch.frame.at[position, name]).casefold()
