"""The problems of a run by code and column, and the rows that need a person: what Summary lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.causes import told_values
from importer.model import State
from importer.results.parts import is_outdated, needs_answer, was_edited
from importer.results.words import AT_FAULT, WHOLE_ROW, headers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from importer.causes import Cause
    from importer.codes import Code
    from importer.model import Outcome, Problem
    from importer.results.parts import Page, Part, Spot

_NO_RECORD = (
    "The mapping's skip_rows says that this is not a record, or no mapped column holds anything."
)
_URGENT = (State.UNKNOWN, State.REJECTED, State.INVALID)
"""States of the rows that need a person, in the order of the list."""


@dataclass(frozen=True, slots=True)
class Group:
    """Problems of one kind with one column."""

    code: str
    """Empty where OPSCOM documents none."""
    holds: bool
    where: str
    """The header, or the field, or that it is the whole row."""
    rows: int
    first: Spot
    """Where the first one is."""
    example: str
    """What is said of the first one."""
    means: str
    """What OPSCOM means by the code; what is said of the first one, where it has none."""
    remedy: str


def group_problems(
    pages: Sequence[Page], causes: Sequence[Cause], codes: Mapping[int, Code]
) -> list[Group]:
    """Group what is wrong: the causes, then the outcomes of rows by code and cells.

    Args:
        pages: The sheets of the workbook.
        causes: Of the pages' sheets, together.
        codes: OPSCOM's error codes.

    Returns:
        Errors first, then the most frequent first.
    """
    groups = [_of_cause(cause, pages, codes) for cause in causes]
    refused: dict[tuple[str, str, str], list[Spot]] = {}
    for page in pages:
        for position in range(page.start, page.stop):
            outcome = page.part.outcomes[position]
            if outcome.state in AT_FAULT and (outcome.code or is_outdated(outcome)):
                place = headers(page.refused(position), page.part.sheet) or WHOLE_ROW
                key = (outcome.code, place, _own_remedy(outcome))
                refused.setdefault(key, []).append(page.spot(position))
    for (code, place, remedy), spots in refused.items():
        known = codes.get(int(code)) if code.isdecimal() else None
        message = spots[0].outcome.message
        means = known.means if known else message
        advice = remedy or (known.remedy if known else "")
        groups.append(
            Group(
                code=code,
                holds=True,
                where=place,
                rows=len(spots),
                first=spots[0],
                example=message,
                means=means,
                remedy=advice,
            )
        )
    return sorted(groups, key=lambda group: (not group.holds, -group.rows, group.code, group.where))


def _of_cause(cause: Cause, pages: Sequence[Page], codes: Mapping[int, Code]) -> Group:
    sheet, problem = cause.first if cause.first is not None else (0, None)
    known = codes.get(int(cause.code)) if cause.code else None
    parts = list(dict.fromkeys(id(page.part) for page in pages))
    position = 0 if problem is None else problem.position
    page = next(
        page
        for page in pages
        if id(page.part) == parts[sheet] and page.start <= position < page.stop
    )
    message = cause.message[:1].upper() + cause.message[1:]
    example = f"{message} {told_values(cause.values)}" if cause.values else message
    return Group(
        code=cause.code,
        holds=cause.holds,
        where=cause.column or cause.field or WHOLE_ROW,
        rows=cause.rows,
        first=page.spot(position, problem),
        example=example,
        means=known.means if known else message,
        remedy=cause.remedy,
    )


@dataclass(frozen=True, slots=True)
class Urgent:
    """Rows that need a person for one and the same reason."""

    first: Spot
    rows: int
    holding: tuple[Problem, ...]
    """What holds the first of them back."""


def urgent_rows(pages: Sequence[Page], *, most: int) -> tuple[list[Urgent], int]:
    """Return the rows that need a person, a line a reason, those without an answer first.

    Args:
        pages: The sheets of the workbook.
        most: Reasons to list.

    Returns:
        The reasons, and how many rows have others.
    """
    problems = {page.name: page.part.problems() for page in pages}
    reasons: dict[object, list[tuple[Page, int]]] = {}
    for state in _URGENT:
        for page in pages:
            for position in range(page.start, page.stop):
                outcome = page.part.outcomes[position]
                if outcome.state is state:
                    holding = [p for p in problems[page.name].get(position, ()) if p.holds]
                    why = tuple((p.code, p.columns, p.message, p.remedy) for p in holding)
                    told = page.part.earlier.get(position, "")
                    key = (page.name, state, outcome.code, outcome.message, told, why)
                    reasons.setdefault(key, []).append((page, position))
    found = []
    for (page, position), *others in list(reasons.values())[:most]:
        holding = [p for p in problems[page.name].get(position, ()) if p.holds]
        spot = page.spot(position, next(iter(holding), None))
        found.append(Urgent(spot, 1 + len(others), tuple(holding)))
    return found, sum(map(len, reasons.values())) - sum(one.rows for one in found)


def skipped_rows(part: Part) -> dict[str, list[int | None]]:
    """Return the rows that are no records: reason → row numbers, ``None`` for rows that were added."""
    reasons: dict[str, list[int | None]] = {}
    rows = part.sheet.rows.tolist()
    for position, outcome in enumerate(part.outcomes):
        if outcome.state is State.SKIPPED:
            reason = outcome.message or _NO_RECORD
            row = None if position in part.sheet.added else rows[position]
            reasons.setdefault(reason, []).append(row)
    return reasons


def _own_remedy(outcome: Outcome) -> str:
    """Return what to do about a row that we held back as a whole; empty for what OPSCOM refused."""
    if outcome.state is not State.INVALID:
        return ""
    update = outcome.may_update
    if was_edited(outcome):
        if update:
            change = "write update into opscom_answer where the permit is to change."
        else:
            change = "push the change as permit-updates; a vehicle is changed in OPSCOM itself."
        return f"Restore the row, or {change}"
    if needs_answer(outcome):
        how = "answer update" if update else "push the change as permit-updates"
        return f"Answer new where a second one is meant; where the first is to change, {how}."
    if is_outdated(outcome):
        return "Delete the row where the later values are right; else push with --again."
    return "See opscom_message."
