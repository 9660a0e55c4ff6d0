"""A mapping and a sheet → ``Batch``: every field of every row, or the problem why it has none."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from importer.errors import InputError
from importer.mapping.cells import Cells, Given
from importer.mapping.convert import Step, compile_steps, convert
from importer.mapping.dates import ALL_MIDNIGHT, is_midnight
from importer.mapping.rules import Refusal, Warned, locate, within_time
from importer.model import MADE, NOTHING_MAPPED, Batch, Problem, Severity, State
from importer.schema import Kind, Need
from importer.text import fold
from schemas.kinds import BLANK_IF, FILL

if TYPE_CHECKING:
    from collections import abc

    import numpy.typing as npt

    from importer.mapping.rules import Mapping, Rule
    from importer.model import Sheet
    from importer.schema import Field

    Marks = npt.NDArray[np.bool_]

_WHOLE_ROW_CODE = 9033
"""A record that is wrong as a whole has no field whose code would fit; the vendor's code for any
invalid value is the nearest (API Error Codes, 9033)."""
_TWO_VALUES = Refusal(
    "two columns give this field, and their values differ.",
    "Correct one of the cells, or say which column comes first with `first_of` in the mapping.",
)
_GAVE_WAY = Refusal(
    "another column gives this field, with another value, and this one was left out.",
    "Correct the cell, or take its column out of the mapping.",
)
_LEFT_OUT = "It is left out, as the mapping says; correct the cell to have it sent."


def apply_mapping(
    mapping: Mapping,
    sheet: Sheet,
    *,
    user_types: abc.Mapping[str, str] | None = None,
    today: dt.date | None = None,
) -> Batch:
    """Bring a sheet under the vendor's field names.

    Args:
        mapping: A checked mapping.
        sheet: Any number of rows; ``frame`` with RangeIndex, dtype ``str``, blank is ``""``.
        user_types: Name → id of OPSCOM's user types; ``None`` where they were never pulled.
        today: The day after which a birth lies in the future, for years of two digits.

    Returns:
        A batch with one row for each row of the sheet and one column for each field that a rule or
        a default gives; fields whose optional headers are missing are not there. What cannot be
        converted has an error and stays in the frame as the cleaned text. Rows that are no records
        are marked in ``skipped`` and have no problems.

    Raises:
        InputError: A mapped header is missing or stands over several columns, the mapping looks up
            user types and there are none, or a regular expression of it takes too long.
    """
    if mapping.needs_user_types and user_types is None:
        raise InputError(
            f"{mapping.path.name}: this mapping looks up user types, and their list is not here yet.",
            hint="Run `opscom-import pull user-types` first.",
        )
    cells = Cells(sheet, locate(mapping, sheet))
    skipped = _skipped(mapping, cells)
    whole = [flaw for flaw in sheet.flaws if flaw.column is None and not skipped[flaw.position]]
    quiet = skipped.copy()
    quiet[[flaw.position for flaw in whole]] = True
    turning = _Turning(sheet, quiet)
    fields: dict[str, Given] = {}
    for known in mapping.fields:
        default = mapping.defaults.get(known.name)
        given = []
        for rule in mapping.rules:
            taken = cells.take(rule) if rule.field.name == known.name else None
            if taken is not None:
                numbers = sheet.name is not None
                steps = compile_steps(
                    rule.part, known, user_types=user_types, numbers=numbers, today=today
                )
                given.append((bool(rule.part.if_invalid), turning.turn(rule, taken, steps)))
        # A value that may be left out gives way to one that may not.
        given.sort(key=lambda pair: pair[0])
        if given or default is not None:
            fields[known.name] = _with_default(turning.together(known, given), default)
    problems = [
        turning.problem(flaw.position, None, Refusal(flaw.message, flaw.remedy)) for flaw in whole
    ]
    problems += (problem for given in fields.values() for problem in given.problems)
    return Batch(
        sheet=sheet,
        endpoint=mapping.endpoint,
        mapping=mapping.name,
        mapping_file=mapping.path,
        frame=pd.DataFrame({name: given.texts for name, given in fields.items()}),
        origins={name: given.columns for name, given in fields.items()},
        skipped=skipped,
        cells=cells.cleaned,
        chosen={name: given.chosen for name, given in fields.items() if given.chosen is not None},
        left_out=frozenset((at, name) for name, given in fields.items() for at in given.dropped),
        blanks=mapping.blanks,
        duplicates=mapping.duplicates,
        problems=tuple(sorted(problems, key=lambda problem: problem.position)),
        omit_if_invalid=mapping.omit_if_invalid,
        as_shown=mapping.as_shown,
        unfit=frozenset(turning.unfit),
    )


def _skipped(mapping: Mapping, cells: Cells) -> Marks:
    """Return which positions are no records: those where nothing is mapped, and ``skip_rows``.

    A results workbook of ours is not held against ``skip_rows`` again: there, the rows that were
    passed over the first time say so in their status, but for those that were empty: a person may have
    filled them.
    """
    sheet = cells.sheet
    mapped = {header for rule in mapping.rules for header in rule.headers} & cells.located.keys()
    skipped = np.full(len(sheet.frame), bool(mapped), dtype=np.bool_)
    for header in mapped:
        skipped &= cells.blank(header)
    skipped[[flaw.position for flaw in sheet.flaws if flaw.column is None]] = False
    ours = {fold(column.header): column.position for column in sheet.columns if column.ours}
    if {"opscom_status", "opscom_message"} <= ours.keys():
        states, messages = (
            sheet.frame[ours[name]].tolist() for name in ("opscom_status", "opscom_message")
        )
        for at, state in enumerate(states):
            if fold(state) == State.SKIPPED and not messages[at].startswith(NOTHING_MAPPED):
                skipped[at] = True
        return skipped
    for skip in mapping.skip_rows:
        if skip.struck or skip.fill is not None:
            marked = sheet.struck if skip.fill is None else sheet.coloured(skip.fill)
            skipped[list(_marked(marked, mapping, cells))] = True
        elif skip.matches is None:
            skipped |= np.logical_and.reduce([cells.blank(header) for header in skip.headers])
        else:
            codes, distinct = pd.factorize(cells.column(skip.headers[0]))
            whole = skip.matches.fullmatch
            hits = [within_time(whole, text, "matches") is not None for text in distinct.tolist()]
            skipped |= np.array(hits, dtype=np.bool_)[codes]
    return skipped


def _marked(
    marked: abc.Iterable[tuple[int, int]], mapping: Mapping, cells: Cells
) -> abc.Iterable[int]:
    """Return which rows are marked as a whole."""
    mapped = {
        cells.located[header]: rule.field.name in mapping.table.told_by
        for rule in mapping.rules
        for header in rule.headers
        if header in cells.located
    }
    keys = [column for column, is_key in mapped.items() if is_key]
    return cells.sheet.rows_marked(marked, keys, mapped)


@dataclass(frozen=True, slots=True)
class _Turning:
    """Turns what rules took into values and problems."""

    sheet: Sheet
    quiet: Marks
    """Positions that get no problem: no records, and records that are wrong as a whole."""
    unfit: set[tuple[int, int]] = field(default_factory=set)
    """(position, column) of cells that are wrong for what they are, not for their text."""

    def problem(  # noqa: PLR0913 - what a problem tells, each by its name
        self,
        position: int,
        known: Field | None,
        refusal: Refusal,
        *,
        value: str = "",
        columns: tuple[int, ...] = (),
        code: int | None = None,
        warning: bool = False,
    ) -> Problem:
        """Return a problem of one row; without a field it is one of the whole row."""
        return Problem(
            position=position,
            row=int(self.sheet.rows[position]),
            columns=columns,
            field=None if known is None else known.name,
            value=value,
            code=code or (_WHOLE_ROW_CODE if known is None else known.invalid),
            severity=Severity.WARNING if warning else Severity.ERROR,
            message=refusal.message,
            remedy=refusal.remedy,
            detail=refusal.detail,
        )

    def turn(self, rule: Rule, taken: Given, steps: tuple[Step, ...]) -> Given:
        """Convert what a rule took.

        What cannot be converted has a problem and stays the cleaned text, or is left out where the rule
        says so. A cell with a flaw has that flaw's problem and no other.
        """
        known, omit = rule.field, bool(rule.part.if_invalid)
        values, said = _convert_column(taken.texts, steps)
        if _all_midnight(rule, taken.texts):
            said = {int(at): ALL_MIDNIGHT for at in np.flatnonzero(taken.texts != "")}
        cuts = _cut(rule, values)
        said |= {at: cut for at, cut in cuts.items() if not isinstance(said.get(at), Refusal)}
        own = {(flaw.position, flaw.column) for flaw in self.sheet.flaws} if taken.flaws else set()
        for at, flaws in taken.flaws.items():
            said[at] = Refusal(flaws[0].message, flaws[0].remedy)
            self.unfit.update(
                (at, flaw.column)
                for flaw in flaws
                if flaw.column is not None
                and (at, flaw.column) not in own
                and not flaw.message.startswith(MADE)
            )
        if not said:
            return replace(taken, texts=values)
        shown, kept = taken.texts.tolist(), values.tolist()
        problems, dropped = [], set()
        for at, why in sorted(said.items()):
            if self.quiet[at]:
                continue
            held = isinstance(why, Refusal)
            refusal = why if isinstance(why, Refusal) else why.refusal
            kept[at] = shown[at] if isinstance(why, Refusal) else why.text
            columns = taken.columns_at(at)
            if at in taken.flaws:
                columns = tuple(f.column for f in taken.flaws[at] if f.column is not None)
            if held and omit:
                kept[at], refusal = "", replace(refusal, remedy=_LEFT_OUT)
            elif refusal.remedy == BLANK_IF and known.need in {Need.REQUIRED, Need.ONE_OF}:
                refusal = replace(refusal, remedy=FILL)
            if not kept[at] and (omit or not held):
                dropped.add(at)
            problems.append(
                self.problem(
                    at,
                    known,
                    refusal,
                    value=shown[at],
                    columns=columns,
                    code=known.too_long if why is cuts.get(at) else None,
                    warning=omit or not held,
                )
            )
        texts = pd.Series(kept, index=values.index, dtype="str")
        return replace(taken, texts=texts, problems=tuple(problems), dropped=frozenset(dropped))

    def together(self, known: Field, given: list[tuple[bool, Given]]) -> Given:
        """Return what all rules of a field give: those under its first name come first.

        The vendor documents several names for some fields and not which one wins, so that two different
        values are a problem, never a choice of ours; only a value with ``if_invalid: omit`` gives way.
        """
        if not given:
            rows = self.sheet.frame.index
            return Given(pd.Series([""] * len(rows), index=rows, dtype="str"))
        (_, whole), *others = given
        for spare, other in others:
            whole = self._merged(known, whole, other, spare=spare)
        return whole

    def _merged(self, known: Field, one: Given, other: Given, *, spare: bool) -> Given:
        blank = (one.texts == "").to_numpy(dtype=np.bool_)
        filled = (other.texts != "").to_numpy(dtype=np.bool_)
        differ = ~blank & filled & ~self.quiet
        differ &= (one.texts != other.texts).to_numpy(dtype=np.bool_)
        differ[list(one.failed | other.failed)] = False
        clashes = [
            self.problem(
                at,
                known,
                _GAVE_WAY if spare else _TWO_VALUES,
                value=str((other if spare else one).texts[at]),
                columns=other.columns_at(at)
                if spare
                else (*one.columns_at(at), *other.columns_at(at)),
                warning=spare,
            )
            for at in np.flatnonzero(differ).tolist()
        ]
        chosen = None
        if all(len(each.columns) == 1 or each.chosen is not None for each in (one, other)):
            first, second = (
                each.columns[0] if each.chosen is None else each.chosen for each in (one, other)
            )
            chosen = np.where(blank & filled, second, first)
        return Given(
            one.texts.mask(blank, other.texts),
            tuple(dict.fromkeys((*one.columns, *other.columns))),
            chosen,
            problems=(*one.problems, *other.problems, *clashes),
            dropped=one.dropped | other.dropped,
        )


def _all_midnight(rule: Rule, texts: pd.Series[str]) -> bool:
    """Whether a column gives midnight throughout, and the mapping gives another time for days."""
    part = rule.part
    if part.time in {None, dt.time()} or part.midnight or rule.field.kind is not Kind.DATETIME:
        return False
    filled = [text for text in texts.unique().tolist() if text]
    return bool(filled) and all(is_midnight(text, part.date) for text in filled)


def _convert_column(
    texts: pd.Series[str], steps: tuple[Step, ...]
) -> tuple[pd.Series[str], dict[int, Refusal | Warned]]:
    """Convert each distinct text once; return the values, and what is said of them by position."""
    if not steps:
        return texts, {}
    codes, distinct = pd.factorize(texts)
    before: list[str] = distinct.tolist()
    made = [convert(text, steps) for text in before]
    after = [text if isinstance(text, str) else old for old, text in zip(before, made, strict=True)]
    values = texts
    if after != before:
        values = pd.Series(pd.array(after, dtype="str").take(codes), index=texts.index)
    marked = np.array([not isinstance(each, str) for each in made], dtype=np.bool_)
    said = ((int(at), made[int(codes[at])]) for at in np.flatnonzero(marked[codes]))
    return values, {at: each for at, each in said if not isinstance(each, str)}


def _cut(rule: Rule, values: pd.Series[str]) -> dict[int, Warned]:
    """Return what is cut because it is too long: nothing unless the mapping says so."""
    limit = rule.field.max_length
    if not rule.part.truncate or limit is None:
        return {}
    lengths = values.str.len().to_numpy(dtype=np.int64)
    return {
        at: Warned(
            values[at][:limit].rstrip(),
            Refusal(
                f"this has {lengths[at]} characters, OPSCOM takes {limit}; the rest was cut off.",
                "Shorten it yourself where the rest matters.",
            ),
        )
        for at in np.flatnonzero(lengths > limit).tolist()
    }


def _with_default(given: Given, default: str | None) -> Given:
    """Fill what is blank, but not what was left out for being invalid and not what has an error."""
    blank = (given.texts == "").to_numpy(dtype=np.bool_, copy=True)
    dropped = frozenset(at for at in given.dropped if blank[at])
    values = given.texts
    if default is not None:
        blank[list(dropped | given.failed)] = False
        values = values.mask(blank, default)
    return replace(given, texts=values, dropped=dropped)
