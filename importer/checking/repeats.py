"""Rows of one file, or of several, that are about the same record, or share what OPSCOM wants unique."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from importer.codes import EXISTS
from importer.model import Checked, Problem, Refusal
from importer.records import Rows
from importer.schema import Need, Policy, Table
from importer.text import levelled

Key = str | tuple[str, ...]
Row = tuple["_Sheet", int]


class _Sheet:
    """A sheet, what is wrong with it so far, and what is found."""

    def __init__(self, checked: Checked, table: Table) -> None:
        self.checked, self.table = checked, table
        self.batch = checked.batch
        self.columns: dict[str, list[str]] = {}
        self.problems = list(checked.problems)
        self.repeats: dict[int, int] = {}
        self.elsewhere: dict[int, str] = {}
        self.flawed: dict[str | None, set[int]] = defaultdict(set)
        for problem in checked.problems:
            if problem.holds:
                self.flawed[problem.field].add(problem.position)
        self.held = set(checked.held)
        self.none = {*np.flatnonzero(self.batch.skipped).tolist(), *checked.strays}
        """Positions that are no records."""

    def column(self, name: str) -> list[str]:
        """Return one field of all rows; blank where an optional column is missing on this sheet."""
        frame = self.batch.frame
        if name not in self.columns:
            self.columns[name] = frame[name].tolist() if name in frame else [""] * len(frame)
        return self.columns[name]

    def identities(self) -> list[Key | None]:
        """Return the key of each row; ``None`` where it has none or none that we may trust."""
        columns, bad = [], set[int]()
        for names in self.table.parts:
            column = self._part(names)
            # A zone or a permit number may be blank, a plate or an id may not.
            fields = [known for known in self.table.fields if known.name in names]
            if any(known.need is not Need.OPTIONAL for known in fields) and "" in column:
                bad.update(at for at, text in enumerate(column) if not text)
            bad.update(at for name in names for at in self.flawed.get(name, ()))
            columns.append(column)
        keys = columns[0] if len(columns) == 1 else zip(*columns, strict=True)
        return self.counted(keys, bad)

    def counted(self, keys: Iterable[Key | None], bad: Iterable[int]) -> list[Key | None]:
        """Return these keys of all rows, without the bad ones and those of rows that do not count."""
        found: list[Key | None] = list(keys)
        for at in {*bad, *self.none, *self.repeats, *self.elsewhere} if found else ():
            found[at] = None
        return found

    def _part(self, names: Sequence[str]) -> list[str]:
        """Return one part of the key, row by row: the first filled of these fields."""
        found = self.column(names[0])
        if names[1:]:
            # Plate type 4 and a plate type called "4" are two things.
            columns = [(name, self.column(name)) for name in names]
            found = [
                next((f"{name}={texts[at]}" for name, texts in columns if texts[at]), "")
                for at in range(len(found))
            ]
        return list(map(self.table.spelled, found))

    def contents(self, position: int, names: Iterable[str]) -> list[str | None]:
        """Return what would be sent of a row; ``None`` for what would not be sent."""
        frame = self.batch.frame
        sent: list[str | None] = []
        for name in names:
            text = self.column(name)[position]
            left = name not in frame or (position, name) in self.batch.left_out
            sent.append(None if left and self.batch.blanks == "send" else text)
        return sent

    def problem(
        self, position: int, names: Sequence[str], code: int | None, message: str, *, remedy: str
    ) -> None:
        """Note what is wrong with a row, at the cells of these fields; without a code it is a warning."""
        self.problems.append(
            self.batch.sheet.problem(
                position,
                self.batch.columns_at(names, position),
                Refusal(message, remedy),
                field=names[0],
                value=self.column(names[0])[position],
                code=code,
                warning=code is None,
            )
        )

    def place(self, position: int, seen_from: _Sheet) -> str:
        """Say where a row is."""
        place = f"row {int(self.batch.sheet.rows[position])}"
        return place if seen_from is self else f"{self.batch.sheet.title}, {place}"

    def repeat(self, position: int, counts: Row) -> None:
        """Note that a row repeats another, which counts."""
        other, first = counts
        if other is self:
            self.repeats[position] = int(self.batch.sheet.rows[first])
        else:
            self.elsewhere[position] = other.place(first, self)


def find_repeats(sheets: Sequence[Checked], table: Table) -> tuple[Checked, ...]:
    """Find the rows that must not be sent because of another row of the same file, on any of its sheets.

    The later row is at fault, the very same record counts once, and the mapping's ``duplicates`` says
    which of two counts. A row that is held back still claims its key, because nobody knows which of the
    two rows the person means. A cell that is invalid itself claims nothing, nor does a stray.
    """
    found = [_Sheet(checked, table) for checked in sheets]
    groups = _groups(found, [sheet.identities() for sheet in found])
    duplicates = sheets[0].batch.duplicates if sheets else "error"
    if duplicates == "error":
        _share(table, found)
        _compare(table, groups)
        if table.policy is not None:
            _resemble(table, table.policy, found)
    else:
        for group in groups:
            counts = group[0] if duplicates == "first" else group[-1]
            for sheet, position in group:
                if (sheet, position) != counts:
                    sheet.repeat(position, counts)
        for sheet in found:
            left = sheet.repeats.keys() | sheet.elsewhere.keys()
            sheet.problems = [each for each in sheet.problems if each.position not in left]
        _share(table, found)
    return tuple(
        replace(
            sheet.checked,
            problems=in_order(table, sheet.problems),
            repeats=sheet.repeats,
            elsewhere=sheet.elsewhere,
        )
        for sheet in found
    )


def in_order(table: Table, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems by position, then in the order of the source columns, then in that of the table."""
    order = {known.name: place for place, known in enumerate(table.fields)}
    far = np.iinfo(np.int64).max

    def place(problem: Problem) -> tuple[int, int, int]:
        field = order.get(problem.field or "", len(order))
        return problem.position, min(problem.columns, default=int(far)), field

    return tuple(sorted(problems, key=place))


def _groups(sheets: Sequence[_Sheet], keys: Sequence[Sequence[Key | None]]) -> list[list[Row]]:
    """Return the rows of each key that stands more than once, in file order."""
    counted = Counter(chain.from_iterable(keys))
    del counted[None]
    groups: dict[Key | None, list[Row]] = {key: [] for key in counted if counted[key] > 1}
    for sheet, theirs in zip(sheets, keys, strict=True) if groups else ():
        for at, key in enumerate(theirs):
            if key in groups:
                groups[key].append((sheet, at))
    return list(groups.values())


def _compare(table: Table, groups: Sequence[Sequence[Row]]) -> None:
    """Tell the rows that repeat an earlier one word for word from those that contradict it."""
    key = [name for names in table.parts for name in names]
    for (sheet, first), *later in groups:
        for other, position in later:
            names = dict.fromkeys([*sheet.batch.frame, *other.batch.frame])
            if other.contents(position, names) != sheet.contents(first, names):
                how = "and the two rows differ."
            elif position in other.held:
                continue
            elif first in sheet.held:
                how = "and is held back."
            else:
                other.repeat(position, (sheet, first))
                continue
            filled = [name for name in key if other.column(name)[position]]
            other.problem(
                position,
                filled,
                int(EXISTS),
                f"{sheet.place(first, other)} has the same {table.titles(filled)}, {how}",
                remedy="Keep one of the two rows, or say with `duplicates` in the mapping which one counts.",
            )


def _resemble(table: Table, policy: Policy, sheets: Sequence[_Sheet]) -> None:
    """Warn of records that may be another row's, where nothing tells records apart: both are sent."""
    told: set[Row] = set()
    held = [{each.position for each in sheet.problems if each.holds} for sheet in sheets]
    for group in policy.alike:
        names = [name.lstrip("~") for name in group]
        same = table.titles(names)
        keys: list[list[Key | None]] = []
        for sheet, bad in zip(sheets, held, strict=True):
            texts = [map(levelled, sheet.column(name)) for name in names]
            found = (each if all(each) else None for each in zip(*texts, strict=True))
            keys.append(sheet.counted(found, bad))
        for (sheet, first), *later in _groups(sheets, keys):
            for other, position in (row for row in later if row not in told):
                told.add((other, position))
                other.problem(
                    position,
                    names,
                    None,
                    f"{sheet.place(first, other)} has the same {same}, so it may be the same {policy.noun}.",
                    remedy="Where they are one, delete one of the two rows.",
                )


def _share(table: Table, sheets: Sequence[_Sheet]) -> None:
    """Find values that OPSCOM wants unique under two keys: the later record is at fault."""
    for known in table.fields:
        if known.repeated is None:
            continue
        texts = [map(str.casefold, sheet.column(known.name)) for sheet in sheets]
        found = [
            sheet.counted((text or None for text in theirs), sheet.flawed.get(known.name, ()))
            for sheet, theirs in zip(sheets, texts, strict=True)
        ]
        for (sheet, first), *later in _groups(sheets, found):
            owner = [sheet.column(name)[first] for (name,) in table.key]
            for other, position in later:
                if [other.column(name)[position] for (name,) in table.key] != owner:
                    place = sheet.place(first, other)
                    other.problem(
                        position,
                        [known.name],
                        known.repeated,
                        f'{place} has the same "{known.title}" for another user.',
                        remedy="Give each user their own, or delete the row that is wrong.",
                    )
                    other.held.add(position)


def overrule(
    files: Sequence[Sequence[Checked]], table: Table
) -> tuple[list[tuple[Checked, ...]], Counter[tuple[int, int]]]:
    """Find the rows whose record a later file holds with other values.

    Sent, each would undo what the other brought, in this run and in every later one. Rows that are
    held back or repeat another row count in no file: a person has yet to look at them.

    Returns:
        The sheets of each file, which are given in the order of sending, with ``overruled``, and how many rows
        that concerns: (earlier file, later file), by their places, → rows.
    """
    claims: dict[Key, tuple[bytes, int]] = {}
    counts: Counter[tuple[int, int]] = Counter()
    found: list[tuple[Checked, ...]] = []
    for at in reversed(range(len(files))):
        own: dict[Key, tuple[bytes, int]] = {}
        sheets = []
        for checked in files[at]:
            overruled = {}
            for record in Rows(checked, table):
                # Where no field tells records apart, what two rows of one have in common.
                key: Key = record.key or tuple(
                    record.payload.get(name, "").upper() for name in table.alike
                )
                sent = repr(sorted(record.payload.items())).encode("utf-8", "surrogatepass")
                content = hashlib.blake2b(sent, digest_size=16).digest()
                later, counting = claims.get(key, (content, at))
                if key and later != content:
                    overruled[record.position] = files[counting][0].batch.sheet.source.name
                    counts[at, counting] += 1
                elif key:
                    own[key] = (content, at)
            sheets.append(replace(checked, overruled=overruled))
        claims = own | claims
        found.append(tuple(sheets))
    return found[::-1], counts
