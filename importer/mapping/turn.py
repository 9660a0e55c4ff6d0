"""A rule's texts → the values of its field, and a problem where there is none."""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from importer.mapping.convert import Step, compile_steps, convert
from importer.mapping.refusal import Refusal
from importer.model import Problem, Severity

if TYPE_CHECKING:
    import numpy.typing as npt

    from importer.mapping.rules import Rule
    from importer.mapping.take import Taken
    from importer.model import Sheet
    from importer.schema import Field

_LEFT_OUT = "Until then the row goes without this field."


@dataclass(frozen=True, slots=True)
class Given:
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


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a cell has a problem, and which columns to mark."""

    columns: tuple[int, ...]
    refusal: Refusal
    code: int
    severity: Severity = Severity.ERROR


def problem_at(
    sheet: Sheet, position: int, known: Field | None, value: str, reason: Reason
) -> Problem:
    """Return a problem of one row; without a field it is one of the whole row."""
    return Problem(
        position=position,
        row=int(sheet.rows[position]),
        columns=reason.columns,
        field=None if known is None else known.name,
        value=value,
        code=reason.code,
        severity=reason.severity,
        message=reason.refusal.message,
        remedy=reason.refusal.remedy,
    )


def turn(
    rule: Rule,
    taken: Taken,
    sheet: Sheet,
    quiet: npt.NDArray[np.bool_],
    user_types: abc.Mapping[str, str] | None,
) -> Given:
    """Convert what a rule took.

    What cannot be converted has a problem and stays the cleaned text, or is left out where the rule
    says so. A cell with a flaw has that flaw's problem and no other.

    Args:
        rule: The rule.
        taken: Its texts.
        sheet: The sheet they come from.
        quiet: Positions that get no problem: no records, and records that are wrong as a whole.
        user_types: Name → id of OPSCOM's user types.
    """
    steps = compile_steps(
        rule.steps, rule.field, user_types=user_types, numbers=sheet.name is not None
    )
    values, refused = _convert_column(taken.texts, steps)
    reasons = _reasons(rule, taken, refused, quiet)
    cuts = {} if not rule.steps.truncate else _cuts(rule.field, taken, values, {*reasons})
    if not reasons and not cuts:
        return Given(values, taken.columns, taken.chosen)
    shown = taken.texts.tolist()
    kept = values.tolist()
    for at in reasons:
        kept[at] = "" if rule.omit_if_invalid else shown[at]
    for at in cuts:
        kept[at] = kept[at][: rule.field.max_length].rstrip()
    return Given(
        pd.Series(kept, index=values.index, dtype="str"),
        taken.columns,
        taken.chosen,
        tuple(
            problem_at(sheet, at, rule.field, shown[at], reason)
            for at, reason in (reasons | cuts).items()
        ),
        frozenset(reasons) if rule.omit_if_invalid else frozenset(),
    )


def _convert_column(
    texts: pd.Series[str], steps: tuple[Step, ...]
) -> tuple[pd.Series[str], dict[int, Refusal]]:
    """Convert each distinct text once; return the values, and the refusals by position."""
    if not steps:
        return texts, {}
    codes, distinct = pd.factorize(texts)
    before: list[str] = distinct.tolist()
    results = [convert(text, steps) for text in before]
    after = [
        text if isinstance(result, Refusal) else result
        for text, result in zip(before, results, strict=True)
    ]
    values = texts
    if after != before:
        values = pd.Series(pd.array(after, dtype="str").take(codes), index=texts.index)
    refusals = {at: result for at, result in enumerate(results) if isinstance(result, Refusal)}
    if not refusals:
        return values, {}
    refused = np.zeros(len(before), dtype=np.bool_)
    refused[list(refusals)] = True
    return values, {int(at): refusals[int(codes[at])] for at in np.flatnonzero(refused[codes])}


def _reasons(
    rule: Rule, taken: Taken, refused: dict[int, Refusal], quiet: npt.NDArray[np.bool_]
) -> dict[int, Reason]:
    reasons = {
        at: Reason(taken.columns_at(at), refusal, rule.field.invalid)
        for at, refusal in refused.items()
    }
    for at, flaws in taken.flaws.items():
        columns = tuple(flaw.column for flaw in flaws if flaw.column is not None)
        refusal = Refusal(flaws[0].message, flaws[0].remedy)
        reasons[at] = Reason(columns, refusal, rule.field.invalid)
    if rule.omit_if_invalid:
        reasons = {at: _milder(reason) for at, reason in reasons.items()}
    return {at: reasons[at] for at in sorted(reasons) if not quiet[at]}


def _milder(reason: Reason) -> Reason:
    refusal = Refusal(reason.refusal.message, f"{reason.refusal.remedy} {_LEFT_OUT}")
    return Reason(reason.columns, refusal, reason.code, Severity.WARNING)


def _cuts(known: Field, taken: Taken, values: pd.Series[str], told: set[int]) -> dict[int, Reason]:
    """Return a warning for each position whose value is longer than OPSCOM takes."""
    limit = known.max_length
    if limit is None:
        return {}
    lengths = values.str.len().to_numpy(dtype=np.int64)
    cuts: dict[int, Reason] = {}
    for at in np.flatnonzero(lengths > limit).tolist():
        if at not in told:
            message = (
                f"this has {lengths[at]} characters, OPSCOM takes {limit}; the rest was cut off."
            )
            refusal = Refusal(message, "Shorten it yourself where the rest matters.")
            columns = taken.columns_at(at)
            cuts[at] = Reason(columns, refusal, known.too_long, Severity.WARNING)
    return cuts
