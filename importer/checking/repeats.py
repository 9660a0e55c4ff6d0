"""Rows of one file that are about the same record, or share what OPSCOM wants unique."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from importer.codes import EXISTS
from importer.model import Problem, Severity
from importer.schema import Need

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from importer.model import Batch, Checked
    from importer.schema import Field, Table

    Key = str | tuple[str, ...]


Row = tuple[int, int]
"""A sheet, by its place among those of the file, and a position in it."""


class _Sheet:
    """A sheet, what is wrong with it so far, and what is found."""

    def __init__(self, checked: Checked, table: Table) -> None:
        self.batch = batch = checked.batch
        self.problems = list(checked.problems)
        self.repeats: dict[int, int] = {}
        self.elsewhere: dict[int, str] = {}
        self.flawed: dict[str | None, set[int]] = defaultdict(set)
        for problem in checked.problems:
            if problem.holds:
                self.flawed[problem.field].add(problem.position)
        self.held = set(checked.held)
        self.records = [
            at for at in np.flatnonzero(~batch.skipped).tolist() if at not in checked.strays
        ]
        self.keys = _keys_of(batch, table, self.records, self.flawed)


def find_repeats(sheets: Sequence[Checked], table: Table) -> tuple[Checked, ...]:
    """Find the rows that must not be sent because of another row of the same file, on any of its sheets.

    The later row is at fault, the very same record counts once, and the mapping's ``duplicates`` says
    which of two counts. A row that is held back still claims its key, because nobody knows which of the
    two rows the person means. A cell that is invalid itself claims nothing, nor does a stray.

    Args:
        sheets: Of one file, under one mapping; with blanks where values are left out.
        table: The page of their endpoint.
    """
    found = [_Sheet(checked, table) for checked in sheets]
    rows = [(at, position) for at, sheet in enumerate(found) for position in sheet.records]
    groups = _groups(rows, [key for sheet in found for key in sheet.keys])
    if sheets and sheets[0].batch.duplicates != "error":
        for group in groups:
            counts = group[0] if sheets[0].batch.duplicates == "first" else group[-1]
            for row in group:
                if row != counts:
                    _repeat(found, row, counts)
        for sheet in found:
            left = sheet.repeats.keys() | sheet.elsewhere.keys()
            sheet.problems = [each for each in sheet.problems if each.position not in left]
        rest = [
            (at, p) for at, p in rows if p not in found[at].repeats.keys() | found[at].elsewhere
        ]
        _share(found, table, rest)
    else:
        _share(found, table, rows)
        _compare(found, table, groups)
    return tuple(
        replace(
            checked,
            problems=in_order(table, sheet.problems),
            repeats=sheet.repeats,
            elsewhere=sheet.elsewhere,
        )
        for checked, sheet in zip(sheets, found, strict=True)
    )


def in_order(table: Table, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems by position, then in the order of the source columns, then in that of the table."""
    order = {known.name: place for place, known in enumerate(table.fields)}
    far = np.iinfo(np.int64).max

    def place(problem: Problem) -> tuple[int, int, int]:
        field = len(order) if problem.field is None else order.get(problem.field, len(order))
        return problem.position, min(problem.columns, default=int(far)), field

    return tuple(sorted(problems, key=place))


def _repeat(sheets: Sequence[_Sheet], row: Row, counts: Row) -> None:
    """Note that a row repeats another."""
    (at, position), (other, first) = row, counts
    if at == other:
        sheets[at].repeats[position] = int(sheets[at].batch.sheet.rows[first])
    else:
        sheets[at].elsewhere[position] = _place(sheets, row, counts)


def _place(sheets: Sequence[_Sheet], row: Row, other: Row) -> str:
    """Say where another row is."""
    sheet = sheets[other[0]].batch.sheet
    place = f"row {int(sheet.rows[other[1]])}"
    return place if row[0] == other[0] else f"{sheet.title}, {place}"


def _compare(sheets: Sequence[_Sheet], table: Table, groups: Sequence[Sequence[Row]]) -> None:
    """Tell the rows that repeat an earlier one word for word from those that contradict it."""
    wanted: list[list[int]] = [[] for _ in sheets]
    for at, position in (row for group in groups for row in group):
        wanted[at].append(position)
    names = dict.fromkeys(str(name) for sheet in sheets for name in sheet.batch.frame)
    contents = [
        _contents_of(sheet.batch, positions, names)
        for sheet, positions in zip(sheets, wanted, strict=True)
    ]
    for first, *later in groups:
        for at, position in later:
            sheet = sheets[at]
            place = _place(sheets, (at, position), first)
            if contents[at][position] != contents[first[0]][first[1]]:
                how = "and the two rows differ."
            elif position in sheet.held:
                continue
            elif first[1] in sheets[first[0]].held:
                how = "and is held back."
            else:
                _repeat(sheets, (at, position), first)
                continue
            sheet.problems.append(_conflict(sheet.batch, table, position, place, how))


def _share(sheets: Sequence[_Sheet], table: Table, rows: Sequence[Row]) -> None:
    """Find values that OPSCOM wants unique under two keys: the later record is at fault."""
    for known in table.fields:
        if known.repeated is None:
            continue
        columns = [_column(sheet.batch, known.name) for sheet in sheets]
        values = [
            None
            if at in sheets[n].flawed.get(known.name, ())
            else columns[n][at].casefold() or None
            for n, at in rows
        ]
        groups = _groups(rows, values)
        if not groups:
            continue
        owners = [[_column(sheet.batch, name) for (name,) in table.key] for sheet in sheets]
        for first, *later in groups:
            owner = [ids[first[1]] for ids in owners[first[0]]]
            for at, position in later:
                if [ids[position] for ids in owners[at]] != owner:
                    place = _place(sheets, (at, position), first)
                    sheets[at].problems.append(_taken(sheets[at].batch, known, position, place))
                    sheets[at].held.add(position)


def _column(batch: Batch, name: str) -> list[str]:
    """Return one field of all rows; blank where an optional column is missing on this sheet."""
    if name not in batch.frame:
        return [""] * len(batch.frame)
    texts: list[str] = batch.frame[name].tolist()
    return texts


def _key_fields(table: Table) -> tuple[tuple[str, ...], ...]:
    return table.key or tuple((name,) for name in table.alike)


def _conflict(batch: Batch, table: Table, position: int, place: str, how: str) -> Problem:
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


def _keys_of(
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


def _groups(rows: Sequence[Row], keys: Sequence[Key | None]) -> list[list[Row]]:
    """Return the rows of each key that stands more than once, in file order."""
    counted = Counter(keys)
    del counted[None]
    if len(counted) == counted.total():
        return []
    groups: dict[Key, list[Row]] = {}
    for row, key in zip(rows, keys, strict=True):
        if key is not None and counted[key] > 1:
            groups.setdefault(key, []).append(row)
    return list(groups.values())


def _contents_of(
    batch: Batch, positions: list[int], names: Iterable[str]
) -> dict[int, tuple[str | None, ...]]:
    """Return what would be sent of these rows; ``None`` for what would not be sent."""
    chosen = batch.frame.loc[positions]
    columns: list[list[str | None]] = []
    for name in names:
        there = name in chosen
        texts: list[str | None] = list(chosen[name].tolist()) if there else [""] * len(positions)
        if batch.blanks == "send":
            texts = [
                text if there and (position, name) not in batch.left_out else None
                for position, text in zip(positions, texts, strict=True)
            ]
        columns.append(texts)
    return dict(zip(positions, zip(*columns, strict=True), strict=True))


def _taken(batch: Batch, known: Field, position: int, place: str) -> Problem:
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
