"""The problems of a run by code and column, and the rows that need a person: what Summary lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from importer.model import State
from importer.results.parts import is_outdated, needs_answer, was_edited
from importer.results.words import AT_FAULT, WHOLE_ROW, headers, where

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from importer.codes import Code
    from importer.model import Outcome, Problem
    from importer.results.parts import Page, Part, Spot

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


@dataclass(frozen=True, slots=True)
class _Finding:
    """One thing that is wrong with one row."""

    key: tuple[bool, str, str, str]
    """Whether it holds the row, the code, where it is, and for a row held back as a whole what to do."""
    spot: Spot
    message: str
    remedy: str


@dataclass(slots=True)
class _Heap:
    """What is gathered for a group."""

    first: _Finding
    remedies: dict[str, None] = field(default_factory=dict)
    rows: set[tuple[str, int]] = field(default_factory=set)


def group_problems(pages: Sequence[Page], codes: Mapping[int, Code]) -> list[Group]:
    """Group the problems by severity, code and column; a row counts once in each group.

    Args:
        pages: The sheets of the workbook.
        codes: OPSCOM's error codes.

    Returns:
        Errors first, then the most frequent first.
    """
    heaps: dict[tuple[bool, str, str, str], _Heap] = {}
    for page in pages:
        for finding in _findings(page):
            heap = heaps.setdefault(finding.key, _Heap(finding))
            heap.rows.add((page.name, finding.spot.position))
            if finding.remedy:
                heap.remedies[finding.remedy] = None
    groups = []
    for (holds, code, place, _), heap in heaps.items():
        known = codes.get(int(code)) if code.isdecimal() else None
        groups.append(
            Group(
                code=code,
                holds=holds,
                where=place,
                rows=len(heap.rows),
                first=heap.first.spot,
                example=heap.first.message,
                means=known.means if known else heap.first.message,
                remedy=_remedy(heap, known),
            )
        )
    return sorted(groups, key=lambda group: (not group.holds, -group.rows, group.code, group.where))


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
            reason = outcome.message or "The mapping's skip_rows says that this is no record."
            row = None if position in part.sheet.added else rows[position]
            reasons.setdefault(reason, []).append(row)
    return reasons


def _findings(page: Page) -> Iterator[_Finding]:
    """Yield everything that is wrong on a page, problems first, then what outcomes say."""
    sheet = page.part.sheet
    for problem in page.part.checked.problems:
        if page.start <= problem.position < page.stop:
            code = "" if problem.code is None else str(problem.code)
            key = (problem.holds, code, where(problem, sheet), "")
            message = problem.message[:1].upper() + problem.message[1:]
            yield _Finding(key, page.spot(problem.position, problem), message, problem.remedy)
    for position in range(page.start, page.stop):
        outcome = page.part.outcomes[position]
        if outcome.state in AT_FAULT and (outcome.code or is_outdated(outcome)):
            remedy = _own_remedy(outcome)
            place = headers(page.refused(position), sheet) or WHOLE_ROW
            key = (True, outcome.code, place, remedy)
            yield _Finding(key, page.spot(position), outcome.message, remedy)


def _own_remedy(outcome: Outcome) -> str:
    """Return what to do about a row that we held back as a whole; empty for what OPSCOM refused."""
    if outcome.state is not State.INVALID:
        return ""
    if was_edited(outcome):
        return (
            "Restore the row, or push the change as permit-updates; a vehicle is changed in OPSCOM "
            "itself."
        )
    if needs_answer(outcome):
        return (
            "Answer new where a second one is meant; where the first is to change, push the change "
            "as permit-updates."
        )
    if is_outdated(outcome):
        return "Delete the row where the later values are right; else push with --again."
    return "See opscom_message."


def _remedy(heap: _Heap, known: Code | None) -> str:
    """Return what to do about a group.

    What its problems advise is nearer to the cells than what the code advises for any field. Where they
    differ, it is that of the problem which is shown as the example.
    """
    if known is not None and not heap.remedies:
        return known.remedy
    if known is not None and len(heap.remedies) > 1 and heap.first.remedy:
        return f"{heap.first.remedy} For other rows see opscom_message."
    return " ".join(list(heap.remedies)[:3])
