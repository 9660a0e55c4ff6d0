"""Rows of one file that are about the same record, or share what OPSCOM wants unique."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from importer.codes import EXISTS
from importer.model import Problem, Severity
from importer.schema import Need

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from importer.model import Batch
    from importer.schema import Field, Table

    Key = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repeats:
    """What was found across the rows."""

    problems: tuple[Problem, ...] = ()
    repeats: dict[int, int] = field(default_factory=dict)
    """Position of a row that repeats another → the row number of the one that counts."""
    superseded: frozenset[int] = frozenset()
    """Positions that the mapping's ``duplicates`` says do not count, whatever is wrong with them."""


def find_repeats(batch: Batch, table: Table, problems: Collection[Problem]) -> Repeats:
    """Find the rows that must not be sent because of another row of the same file.

    A row that is held back still claims its key, because nobody knows which of the two rows the
    person means. A cell that is invalid itself claims nothing.

    Args:
        batch: The batch, with blanks where values are left out.
        table: The page of ``batch.endpoint``.
        problems: What is known to be wrong so far.
    """
    flawed: dict[str | None, set[int]] = defaultdict(set)
    for problem in problems:
        if problem.holds:
            flawed[problem.field].add(problem.position)
    held = {problem.position for problem in problems if problem.holds}
    records = np.flatnonzero(~batch.skipped).tolist()
    groups = _groups(records, keys_of(batch, table, records, flawed))

    if batch.duplicates != "error":
        repeats: dict[int, int] = {}
        for group in groups:
            counts = group[0] if batch.duplicates == "first" else group[-1]
            row = int(batch.sheet.rows[counts])
            repeats |= {position: row for position in group if position != counts}
        rest = [position for position in records if position not in repeats]
        shared = _shared(batch, table, rest, flawed)
        return Repeats(tuple(shared), repeats, frozenset(repeats))

    shared = _shared(batch, table, records, flawed)
    held |= {problem.position for problem in shared}
    again, repeats = _again(batch, table, groups, held)
    return Repeats((*shared, *again), repeats)


def _again(
    batch: Batch, table: Table, groups: Sequence[Sequence[int]], held: Collection[int]
) -> tuple[list[Problem], dict[int, int]]:
    """Tell the rows that repeat an earlier one word for word from those that contradict it."""
    contents = contents_of(batch, [position for group in groups for position in group])
    problems: list[Problem] = []
    repeats: dict[int, int] = {}
    for first, *later in groups:
        row = int(batch.sheet.rows[first])
        place = f"row {row}"
        for position in later:
            if contents[position] != contents[first]:
                problems.append(conflict(batch, table, position, place, "and the two rows differ."))
            elif position in held:
                continue
            elif first in held:
                problems.append(conflict(batch, table, position, place, "and is held back."))
            else:
                repeats[position] = row
    return problems, repeats


def _key_fields(table: Table) -> tuple[tuple[str, ...], ...]:
    return table.key or tuple((name,) for name in table.alike)


def conflict(batch: Batch, table: Table, position: int, place: str, how: str) -> Problem:
    """Return the problem of a row whose key another row has, and how the two relate."""
    parts = _key_fields(table)
    named = [name for names in parts for name in names if name in batch.frame]
    filled = [name for name in named if batch.frame.at[position, name]]
    if len(parts) == 1:
        known = table.field(parts[0][0])
        what = f'the same "{parts[0][0] if known is None else known.title}",'
    else:
        what = f"the same {table.endpoint.removesuffix('s')} ({_words(table)}),"
    return Problem(
        position=position,
        row=int(batch.sheet.rows[position]),
        columns=_columns(batch, filled, position),
        field=filled[0],
        value=str(batch.frame.at[position, filled[0]]),
        code=int(EXISTS),
        severity=Severity.ERROR,
        message=f"{place} has {what} {how}",
        remedy="Keep one of the two rows, or say with `duplicates` in the mapping which one counts.",
    )


def _words(table: Table) -> str:
    names = [names[-1] for names in _key_fields(table)]
    return ", ".join(names[:-1]) + " and " + names[-1]


def _columns(batch: Batch, names: Iterable[str], position: int) -> tuple[int, ...]:
    return tuple(
        dict.fromkeys(column for name in names for column in batch.columns_of(name, position))
    )


def keys_of(
    batch: Batch, table: Table, records: Sequence[int], flawed: Mapping[str | None, Collection[int]]
) -> list[Key | None]:
    """Return the key of each record; ``None`` where it has none or none that we may trust."""
    parts = _key_fields(table)
    if not parts:
        return [None] * len(records)
    texts = [_part(batch, table, names, records) for names in parts]
    keys: list[Key | None] = list(texts[0] if len(texts) == 1 else zip(*texts, strict=True))
    for column, names in zip(texts, parts, strict=True):
        # A zone or a permit number may be blank, a plate or an id may not.
        must = any(
            known.name in names and known.need is not Need.OPTIONAL for known in table.fields
        )
        if must and "" in column:
            keys = [key if text else None for key, text in zip(keys, column, strict=True)]
    bad = {position for names in parts for name in names for position in flawed.get(name, ())}
    return _without(keys, bad, records)


def _without(
    keys: list[Key | None], bad: Collection[int], records: Sequence[int]
) -> list[Key | None]:
    """Return the keys, ``None`` at these positions."""
    if not bad:
        return keys
    return [None if at in bad else key for at, key in zip(records, keys, strict=True)]


def _texts(batch: Batch, name: str, records: Sequence[int]) -> list[str]:
    """Return one field of each record."""
    column = batch.frame[name]
    texts: list[str] = (
        column if len(records) == len(column) else column.iloc[list(records)]
    ).tolist()
    return texts


def _part(batch: Batch, table: Table, names: Sequence[str], records: Sequence[int]) -> list[str]:
    """Return one part of the key, record by record: the first filled of these fields."""
    result = [""] * len(records)
    for name in reversed(names):
        if name not in batch.frame:
            continue
        texts = _texts(batch, name, records)
        result = (
            texts
            if len(names) == 1
            else [
                f"{name}={text}" if text else other
                for text, other in zip(texts, result, strict=True)
            ]
        )
    if table.fold_key:
        return [text.casefold() for text in result]
    if table.upper_key:
        return [text.upper() for text in result]
    return result


def _groups(records: Sequence[int], keys: Sequence[Key | None]) -> list[list[int]]:
    """Return the positions of each key that stands more than once, in file order."""
    counted = Counter(keys)
    del counted[None]
    if len(counted) == counted.total():
        return []
    groups: dict[Key, list[int]] = {}
    for position, key in zip(records, keys, strict=True):
        if key is not None and counted[key] > 1:
            groups.setdefault(key, []).append(position)
    return list(groups.values())


def contents_of(batch: Batch, positions: list[int]) -> dict[int, tuple[str | None, ...]]:
    """Return what would be sent of these rows; ``None`` for what would not be sent."""
    chosen = batch.frame.loc[positions]
    columns: list[list[str | None]] = []
    for name in chosen:
        texts: list[str | None] = list(chosen[name].tolist())
        if batch.blanks == "send":
            texts = [
                None if (position, name) in batch.left_out else text
                for position, text in zip(positions, texts, strict=True)
            ]
        columns.append(texts)
    return dict(zip(positions, zip(*columns, strict=True), strict=True))


def _shared(
    batch: Batch, table: Table, records: Sequence[int], flawed: Mapping[str | None, Collection[int]]
) -> list[Problem]:
    """Find values that OPSCOM wants unique under two keys: the later record is at fault."""
    problems: list[Problem] = []
    for known in table.fields:
        if known.repeated is None or known.name not in batch.frame:
            continue
        folded = [text.casefold() or None for text in _texts(batch, known.name, records)]
        groups = _groups(records, _without([*folded], flawed.get(known.name, ()), records))
        if not groups:
            continue
        owners = [batch.frame[name].tolist() for (name,) in table.key if name in batch.frame]
        for first, *later in groups:
            owner = [ids[first] for ids in owners]
            others = [position for position in later if [ids[position] for ids in owners] != owner]
            place = f"row {int(batch.sheet.rows[first])}"
            problems += [taken(batch, known, position, place) for position in others]
    return problems


def taken(batch: Batch, known: Field, position: int, place: str) -> Problem:
    """Return the problem of a row whose e-mail or username another user has."""
    return Problem(
        position=position,
        row=int(batch.sheet.rows[position]),
        columns=batch.columns_of(known.name, position),
        field=known.name,
        value=str(batch.frame.at[position, known.name]),
        code=known.repeated,
        severity=Severity.ERROR,
        message=f'{place} has the same "{known.title}" for another user.',
        remedy="Give each user their own, or delete the row that is wrong.",
    )
