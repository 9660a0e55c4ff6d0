"""The problems of a run by cause, and the rows that need a person by reason: what Summary lists."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from importer.causes import told_values
from importer.model import State
from importer.results import parts
from importer.results.parts import code_of, kind_of
from importer.results.words import WHOLE_ROW, headers, row_message
from importer.text import count, spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from importer.causes import Cause
    from importer.model import Outcome, Problem
    from importer.results.parts import Page, Spot

_NO_RECORD = (
    "The mapping's skip_rows says that this is not a record, or no mapped column holds anything."
)
_URGENT = (State.UNKNOWN, State.REJECTED, State.INVALID)
"""States of the rows that need a person, in the order of the list."""
_WORD = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Group:
    """Problems of one kind with one column."""

    where: str
    """The header, or the field, or that it is the whole row."""
    rows: int
    said: str
    """What is wrong, with the value of the first one, or with all values of a column of few."""
    remedy: str
    first: Spot
    """Where the first one is."""
    code: str
    """Empty where OPSCOM documents none."""
    holds: bool


def group_problems(pages: Sequence[Page], causes: Sequence[Cause]) -> list[Group]:
    """Group what is wrong, the causes and the outcomes of rows: errors first, then the most frequent first."""
    # Two fields that one column feeds have the same thing wrong with them: it is one line.
    found = [_of_cause(cause, pages) for cause in causes]
    groups = list({(g.where, g.said, g.remedy, g.code, g.rows): g for g in found}.values())
    refused: dict[tuple[str, str, str], list[Spot]] = {}
    for page, position, outcome in _rows(pages):
        held = outcome.state in {State.REJECTED, State.NOT_SENT, State.INVALID}
        if held and (outcome.code or kind_of(outcome) == parts.OUTDATED):
            place = headers(page.refused(position), page.sheet) or WHOLE_ROW
            key = (outcome.code, place, _own_remedy(outcome))
            refused.setdefault(key, []).append(page.spot(position))
    for (code, place, remedy), spots in refused.items():
        outcome = spots[0].outcome
        known = None if remedy else code_of(outcome)
        said = [_shared([spot.outcome for spot in spots]), known.means if known else ""]
        text = "\n".join(dict.fromkeys(filter(None, said)))
        advice = known.remedy if known else remedy
        groups.append(Group(place, len(spots), text, advice, spots[0], code, holds=True))
    return sorted(groups, key=lambda group: (not group.holds, -group.rows, group.code, group.where))


def _of_cause(cause: Cause, pages: Sequence[Page]) -> Group:
    assert cause.first is not None  # noqa: S101 - that of a refusal is none, and those are not here
    sheet, problem = cause.first
    several = len(cause.values) > 1
    said = f"{told_values(cause.values)}: {cause.message}" if several else problem.said
    return Group(
        where=cause.column or cause.field or WHOLE_ROW,
        rows=cause.rows,
        said=said[:1].upper() + said[1:],
        remedy=cause.remedy,
        first=pages[sheet].spot(problem.position, problem),
        code=cause.code,
        holds=cause.holds,
    )


def _alike(text: str) -> str:
    """Return a sentence without what differs where the same is said of several rows: ids, numbers, dates."""
    return _WORD.sub(lambda word: "…" if any(map(str.isdigit, word[0])) else word[0], text)


def _shared(outcomes: Sequence[Outcome]) -> str:
    """Return what some outcomes say in one sentence; where they differ, of an id say three dots are left."""
    first = outcomes[0].message
    return first if all(each.message == first for each in outcomes) else _alike(first)


@dataclass(frozen=True, slots=True)
class Urgent:
    """Rows that need a person for one and the same reason."""

    first: Spot
    label: str
    rows: int
    message: str


def urgent_rows(pages: Sequence[Page]) -> list[Urgent]:
    """Return the rows that need a person, a line a reason, those without an answer first."""
    reasons: dict[object, tuple[Page, list[int]]] = {}
    for state in _URGENT:
        for page, position, outcome in _rows(pages):
            if outcome.state is state:
                holding = _holding(page, position)
                why = tuple((p.code, p.columns, _alike(p.message), p.remedy) for p in holding)
                key = (page.name, state, outcome.code, _alike(outcome.message), why)
                reasons.setdefault(key, (page, []))[1].append(position)
    found = []
    for page, positions in reasons.values():
        holding = _holding(page, positions[0])
        first = page.spot(positions[0], next(iter(holding), None))
        outcome = replace(first.outcome, message=_shared([page.outcomes[at] for at in positions]))
        message = row_message(outcome, holding, page.sheet, "")
        label = told_rows(page, positions, most=3)
        found.append(Urgent(first, label, len(positions), message))
    return found


def _holding(page: Page, position: int) -> tuple[Problem, ...]:
    return tuple(p for p in page.problems.get(position, ()) if p.holds)


def _rows(pages: Sequence[Page]) -> Iterator[tuple[Page, int, Outcome]]:
    for page in pages:
        for position, outcome in enumerate(page.outcomes):
            yield page, position, outcome


def skipped_rows(page: Page) -> dict[str, list[int]]:
    """Return the positions of rows that are no records by reason."""
    reasons: dict[str, list[int]] = {}
    for position, outcome in enumerate(page.outcomes):
        if outcome.state is State.SKIPPED:
            reasons.setdefault(outcome.message or _NO_RECORD, []).append(position)
    return reasons


def told_rows(page: Page, positions: Iterable[int], *, most: int = 40) -> str:
    """Return what a person calls some rows; those that a person added have no number in the source."""
    rows = [int(page.sheet.rows[at]) for at in positions if at not in page.sheet.added]
    said = [f"row{'s' if len(rows) > 1 else ''} {spans(sorted(rows), most=most)}"] if rows else []
    if added := sum(at in page.sheet.added for at in positions):
        said.append(count(added, "added row"))
    return " and ".join(said)


def _own_remedy(outcome: Outcome) -> str:
    """Return what to do about a row that we held back as a whole; empty for what OPSCOM refused."""
    update = outcome.may_update
    match kind_of(outcome):
        case parts.EDITED:
            if update:
                return "Restore the row, or write update into opscom_answer where the permit is to change."
            return "Restore the row, or change the record as opscom_message says."
        case parts.UNDECIDED:
            how = "push the change as permit-updates"
            if update or outcome.differs:
                how = "answer update" if update else "do as opscom_message says"
            return f"Answer new where a second one is meant; where the first is to change, {how}."
        case parts.OUTDATED:
            return "Delete the row where the later values are right; else push with --again."
        case State.INVALID:
            return "See opscom_message."
        case _:
            return ""
