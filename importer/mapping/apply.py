"""A mapping and a sheet → ``Batch``: every field of every row, or the problem why it has none."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from importer.errors import InputError
from importer.mapping.convert import Step, compile_steps, convert
from importer.mapping.dates import ALL_MIDNIGHT, is_midnight
from importer.mapping.headers import locate
from importer.mapping.rules import Refusal, Warned, within_time
from importer.mapping.take import Cells
from importer.model import MADE, NOTHING_MAPPED, RESULT_COLUMNS, Batch, Problem, Severity, State
from importer.schema import Kind, Need
from importer.text import fold
from schemas.kinds import BLANK_IF, FILL

if TYPE_CHECKING:
    from collections import abc

    import numpy.typing as npt

    from importer.mapping.model import SkipPart
    from importer.mapping.rules import Mapping, Rule
    from importer.mapping.take import Taken
    from importer.model import Sheet
    from importer.schema import Field

# A record that is wrong as a whole has no field whose code would fit; the vendor's code for any
# invalid value is the nearest (API Error Codes, 9033).
_MESSAGE = RESULT_COLUMNS.index("opscom_message")
_WHOLE_ROW_CODE = 9033
_TWO_VALUES = Refusal(
    "two columns give this field, and their values differ.",
    "Correct one of the cells, or say which column comes first with `first_of` in the mapping.",
)
_GAVE_WAY = Refusal(
    "another column gives this field, with another value, and this one was left out.",
    "Correct the cell, or take its column out of the mapping.",
)
_LEFT_OUT = "It is left out, as the mapping says; correct the cell to have it sent."


@dataclass(frozen=True, slots=True)
class _Given:
    """What one rule, or all rules of a field together, give the field."""

    texts: pd.Series[str]
    """RangeIndex of the sheet's positions, dtype ``str``, blank is ``""``."""
    columns: tuple[int, ...]
    """Positions of the source columns; empty for a constant."""
    chosen: npt.NDArray[np.int64] | None = None
    """Which of several columns gave the value, position by position."""
    problems: tuple[Problem, ...] = ()
    dropped: frozenset[int] = frozenset()
    """Positions whose invalid value is left out."""

    def columns_at(self, position: int) -> tuple[int, ...]:
        """Return the columns that gave the value at a position."""
        return self.columns if self.chosen is None else (int(self.chosen[position]),)

    @property
    def by_position(self) -> npt.NDArray[np.int64] | None:
        """The one column that gave the value, position by position; ``None`` where it is not one."""
        if self.chosen is None and len(self.columns) == 1:
            return np.full(len(self.texts), self.columns[0], dtype=np.int64)
        return self.chosen

    @property
    def failed(self) -> frozenset[int]:
        """Positions that have an error."""
        return frozenset(problem.position for problem in self.problems if problem.holds)


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
        a default gives, in the vendor's order, dtype ``str``, blank is ``""``. A value that cannot be
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
    problems = [
        _problem(sheet, flaw.position, None, Refusal(flaw.message, flaw.remedy)) for flaw in whole
    ]
    quiet = skipped.copy()
    quiet[[flaw.position for flaw in whole]] = True
    fields: dict[str, _Given] = {}
    flawed: set[tuple[int, int | None]] = set()
    for known in mapping.fields:
        rules = [rule for rule in mapping.rules if rule.field.name == known.name]
        taken = [(rule, cells.take(rule)) for rule in rules]
        pairs = [
            (
                rule,
                _turn(
                    rule,
                    there,
                    sheet,
                    quiet,
                    compile_steps(
                        rule.part,
                        known,
                        user_types=user_types,
                        numbers=sheet.name is not None,
                        today=today,
                    ),
                ),
            )
            for rule, there in taken
            if there is not None
        ]
        if not pairs and known.name not in mapping.defaults:
            continue
        flawed |= {
            (flaw.position, flaw.column)
            for _, there in taken
            if there is not None
            for flaws in there.flaws.values()
            for flaw in flaws
            if not flaw.message.startswith(MADE)
        }
        # A value that may be left out gives way to one that may not.
        pairs.sort(key=lambda pair: bool(pair[0].part.if_invalid))
        given = _together(sheet, known, pairs, quiet)
        fields[known.name] = _with_default(given, mapping.defaults.get(known.name))
        problems.extend(given.problems)
    return Batch(
        sheet=sheet,
        endpoint=mapping.endpoint,
        mapping=mapping.name,
        frame=pd.DataFrame({name: given.texts for name, given in fields.items()}),
        origins={name: given.columns for name, given in fields.items()},
        skipped=skipped,
        chosen={name: given.chosen for name, given in fields.items() if given.chosen is not None},
        left_out=frozenset((at, name) for name, given in fields.items() for at in given.dropped),
        blanks=mapping.blanks,
        duplicates=mapping.duplicates,
        problems=tuple(sorted(problems, key=lambda problem: problem.position)),
        omit_if_invalid=mapping.omit_if_invalid,
        as_shown=mapping.as_shown,
        unfit=frozenset(
            (at, column)
            for at, column in flawed - {(flaw.position, flaw.column) for flaw in sheet.flaws}
            if column is not None
        ),
    )


def _problem(  # noqa: PLR0913 - what a problem tells, each by its name
    sheet: Sheet,
    position: int,
    known: Field | None,
    refusal: Refusal,
    *,
    value: str = "",
    columns: tuple[int, ...] = (),
    code: int | None = None,
    severity: Severity = Severity.ERROR,
) -> Problem:
    """Return a problem of one row; without a field it is one of the whole row."""
    return Problem(
        position=position,
        row=int(sheet.rows[position]),
        columns=columns,
        field=None if known is None else known.name,
        value=value,
        code=code or (_WHOLE_ROW_CODE if known is None else known.invalid),
        severity=severity,
        message=refusal.message,
        remedy=refusal.remedy,
        detail=refusal.detail,
    )


def _skipped(mapping: Mapping, cells: Cells) -> npt.NDArray[np.bool_]:
    """Return which positions are no records.

    A results workbook of ours is not held against ``skip_rows`` again: there, the rows that were
    passed over the first time say so in their status, but for those that were empty: a person may have
    filled them.
    """
    sheet = cells.sheet
    skipped = _empty(mapping, cells)
    first = sheet.columns[: len(RESULT_COLUMNS)]
    if tuple(fold(column.header) for column in first) == RESULT_COLUMNS:
        said = (sheet.frame[first[at].position].tolist() for at in (0, _MESSAGE))
        return skipped | np.array(
            [
                fold(state) == State.SKIPPED and not message.startswith(NOTHING_MAPPED)
                for state, message in zip(*said, strict=True)
            ],
            dtype=np.bool_,
        )
    for skip in mapping.skip_rows:
        looks = skip.struck or skip.fill is not None
        skipped |= _looking(skip, mapping, cells) if looks else _matching(skip, cells)
    return skipped


def _empty(mapping: Mapping, cells: Cells) -> npt.NDArray[np.bool_]:
    """Return which rows hold nothing that the mapping takes: check boxes run down the sheet, say."""
    mapped = {header for rule in mapping.rules for header in rule.headers} & cells.located.keys()
    empty = np.full(len(cells.sheet.frame), bool(mapped), dtype=np.bool_)
    for header in mapped:
        empty &= cells.blank(header)
    empty[[flaw.position for flaw in cells.sheet.flaws if flaw.column is None]] = False
    return empty


def _looking(skip: SkipPart, mapping: Mapping, cells: Cells) -> npt.NDArray[np.bool_]:
    """Return which rows are struck out, or have a colour, as a whole."""
    sheet = cells.sheet
    mapped = {
        cells.located[header]: rule.field.name in mapping.table.told_by
        for rule in mapping.rules
        for header in rule.headers
        if header in cells.located
    }
    keys = [column for column, is_key in mapped.items() if is_key]
    marked = sheet.struck if skip.fill is None else sheet.coloured(skip.fill)
    found = np.zeros(len(sheet.frame), dtype=np.bool_)
    found[list(sheet.rows_marked(marked, keys, mapped))] = True
    return found


def _matching(skip: SkipPart, cells: Cells) -> npt.NDArray[np.bool_]:
    if skip.matches is None:
        blank = np.full(len(cells.sheet.frame), bool(skip.headers), dtype=np.bool_)
        for header in skip.headers:
            blank &= cells.blank(header)
        return blank
    codes, distinct = pd.factorize(cells.column(skip.headers[0]))
    whole = skip.matches.fullmatch
    hits = [within_time(whole, text, "matches") is not None for text in distinct.tolist()]
    found: npt.NDArray[np.bool_] = np.array(hits, dtype=np.bool_)[codes]
    return found


def _turn(
    rule: Rule,
    taken: Taken,
    sheet: Sheet,
    quiet: npt.NDArray[np.bool_],
    steps: tuple[Step, ...],
) -> _Given:
    """Convert what a rule took.

    What cannot be converted has a problem and stays the cleaned text, or is left out where the rule
    says so. A cell with a flaw has that flaw's problem and no other.

    Args:
        rule: The rule.
        taken: Its texts.
        sheet: The sheet they come from.
        quiet: Positions that get no problem: no records, and records that are wrong as a whole.
        steps: The rule's steps, compiled.
    """
    values, said = _convert_column(taken.texts, steps)
    if _all_midnight(rule, taken.texts):
        said = {int(at): ALL_MIDNIGHT for at in np.flatnonzero(taken.texts != "")}
    refused = {at: why for at, why in said.items() if isinstance(why, Refusal)}
    at_fault = {at: (taken.columns_at(at), refusal) for at, refusal in refused.items()}
    for at, flaws in taken.flaws.items():
        columns = tuple(flaw.column for flaw in flaws if flaw.column is not None)
        at_fault[at] = (columns, Refusal(flaws[0].message, flaws[0].remedy))
    at_fault = {at: at_fault[at] for at in sorted(at_fault) if not quiet[at]}
    cuts = [at for at in _too_long(rule, values) if at not in at_fault]
    warned = {
        at: why
        for at, why in said.items()
        if isinstance(why, Warned) and not quiet[at] and at not in at_fault
    }
    if not at_fault and not cuts and not warned:
        return _Given(values, taken.columns, taken.chosen)
    omit = bool(rule.part.if_invalid)
    severity = Severity.WARNING if omit else Severity.ERROR
    shown, kept = taken.texts.tolist(), values.tolist()
    problems = []
    for at, (columns, why) in at_fault.items():
        kept[at] = "" if omit else shown[at]
        refusal = replace(why, remedy=_LEFT_OUT) if omit else why
        if refusal.remedy == BLANK_IF and rule.field.need in {Need.REQUIRED, Need.ONE_OF}:
            refusal = replace(refusal, remedy=FILL)
        problem = _problem(
            sheet, at, rule.field, refusal, value=shown[at], columns=columns, severity=severity
        )
        problems.append(problem)
    for at, why_not in warned.items():
        problems.append(
            _problem(
                sheet,
                at,
                rule.field,
                why_not.refusal,
                value=shown[at],
                columns=taken.columns_at(at),
                severity=Severity.WARNING,
            )
        )
    for at in cuts:
        message = (
            f"this has {len(kept[at])} characters, OPSCOM takes {rule.field.max_length}; "
            "the rest was cut off."
        )
        problems.append(
            _problem(
                sheet,
                at,
                rule.field,
                Refusal(message, "Shorten it yourself where the rest matters."),
                value=shown[at],
                columns=taken.columns_at(at),
                code=rule.field.too_long,
                severity=Severity.WARNING,
            )
        )
        kept[at] = kept[at][: rule.field.max_length].rstrip()
    return _Given(
        pd.Series(kept, index=values.index, dtype="str"),
        taken.columns,
        taken.chosen,
        tuple(problems),
        frozenset(
            [*(at_fault if omit else ()), *(at for at, why in warned.items() if not why.text)]
        ),
    )


def _all_midnight(rule: Rule, texts: pd.Series[str]) -> bool:
    """Whether a column gives midnight throughout, and the mapping gives another time for days."""
    steps = rule.part
    if steps.time in {None, dt.time()} or steps.midnight or rule.field.kind is not Kind.DATETIME:
        return False
    filled = [text for text in texts.unique().tolist() if text]
    return bool(filled) and all(is_midnight(text, steps.date) for text in filled)


def _convert_column(
    texts: pd.Series[str], steps: tuple[Step, ...]
) -> tuple[pd.Series[str], dict[int, Refusal | Warned]]:
    """Convert each distinct text once; return the values, and what is said of them by position."""
    if not steps:
        return texts, {}
    codes, distinct = pd.factorize(texts)
    before: list[str] = distinct.tolist()
    after: list[str] = []
    said: dict[int, Refusal | Warned] = {}
    for at, text in enumerate(before):
        result = convert(text, steps)
        if not isinstance(result, str):
            said[at] = result
        if isinstance(result, Warned):
            after.append(result.text)
        else:
            after.append(text if isinstance(result, Refusal) else result)
    values = texts
    if after != before:
        values = pd.Series(pd.array(after, dtype="str").take(codes), index=texts.index)
    if not said:
        return values, {}
    marked = np.zeros(len(before), dtype=np.bool_)
    marked[list(said)] = True
    return values, {int(at): said[int(codes[at])] for at in np.flatnonzero(marked[codes])}


def _too_long(rule: Rule, values: pd.Series[str]) -> list[int]:
    """Return the positions to cut: none unless the mapping says so."""
    limit = rule.field.max_length
    if not rule.part.truncate or limit is None:
        return []
    found: list[int] = np.flatnonzero(values.str.len().to_numpy(dtype=np.int64) > limit).tolist()
    return found


def _together(
    sheet: Sheet, known: Field, pairs: list[tuple[Rule, _Given]], quiet: npt.NDArray[np.bool_]
) -> _Given:
    """Return what all rules of a field give: those under its first name come first.

    The vendor documents several names for some fields and not which one wins, so that two different
    values are a problem, never a choice of ours; only a value with ``if_invalid: omit`` gives way.
    """
    if not pairs:
        blank = [""] * len(sheet.frame)
        return _Given(pd.Series(blank, index=sheet.frame.index, dtype="str"), ())
    (_, given), *others = pairs
    for rule, other in others:
        given = _merged(sheet, known, given, other, quiet, spare=bool(rule.part.if_invalid))
    return given


def _merged(  # noqa: PLR0913 - what decides, each by its name
    sheet: Sheet,
    known: Field,
    one: _Given,
    other: _Given,
    quiet: npt.NDArray[np.bool_],
    *,
    spare: bool,
) -> _Given:
    ones, others = one.texts, other.texts
    blank = (ones == "").to_numpy(dtype=np.bool_)
    differ = ~blank & (others != "").to_numpy(dtype=np.bool_)
    differ &= (ones != others).to_numpy(dtype=np.bool_) & ~quiet
    differ[list(one.failed | other.failed)] = False
    clashes = []
    for at in np.flatnonzero(differ).tolist():
        where = other.columns_at(at) if spare else (*one.columns_at(at), *other.columns_at(at))
        clashes.append(
            _problem(
                sheet,
                at,
                known,
                _GAVE_WAY if spare else _TWO_VALUES,
                value=str((others if spare else ones)[at]),
                columns=where,
                severity=Severity.WARNING if spare else Severity.ERROR,
            )
        )
    chosen, second = one.by_position, other.by_position
    if chosen is not None:
        filled = (others != "").to_numpy(dtype=np.bool_)
        chosen = None if second is None else np.where(blank & filled, second, chosen)
    return _Given(
        ones.mask(blank, others),
        tuple(dict.fromkeys((*one.columns, *other.columns))),
        chosen,
        (*one.problems, *other.problems, *clashes),
        one.dropped | other.dropped,
    )


def _with_default(given: _Given, default: str | None) -> _Given:
    """Fill what is blank, but not what was left out for being invalid and not what has an error."""
    blank = (given.texts == "").to_numpy(dtype=np.bool_, copy=True)
    dropped = frozenset(at for at in given.dropped if blank[at])
    values = given.texts
    if default is not None:
        blank[list(dropped | given.failed)] = False
        values = values.mask(blank, default)
    return _Given(values, given.columns, given.chosen, given.problems, dropped)
