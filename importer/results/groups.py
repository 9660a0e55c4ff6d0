"""The problems of a run by cause, and the rows that need a person by reason: what Summary lists."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from importer.causes import told_values
from importer.codes import code_of
from importer.model import State
from importer.results.parts import EDITED, OUTDATED, UNDECIDED, kind_of
from importer.results.styles import Link
from importer.results.words import WHOLE_ROW, headers, row_message
from importer.text import count, spans

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from importer.causes import Cause
    from importer.model import Outcome, Problem
    from importer.results.parts import Page, Spot
    from importer.results.styles import Cell

_NO_RECORD = (
    "The mapping's skip_rows says that this is not a record, or no mapped column holds anything."
)
_URGENT = (State.UNKNOWN, State.REJECTED, State.INVALID)
"""States of the rows that need a person, in the order of the list."""
_LONGEST = 400
"""Characters of a message in the list of these rows."""
_WORD = re.compile(r"[\w-]+")


def problem_lines(pages: Sequence[Page], causes: Sequence[Cause]) -> list[list[Cell]]:
    """Return what is wrong, the causes and the outcomes of rows: errors first, then the most frequent first.

    Each line is column, rows, what is wrong with the value or all values, what to do, the first place and code.
    """
    lines = [_of_cause(cause, pages) for cause in causes]
    refused: dict[tuple[str, str, str], list[Spot]] = {}
    for page, position, outcome in _rows(pages):
        held = outcome.state in {State.REJECTED, State.NOT_SENT, State.INVALID}
        if held and (outcome.code or kind_of(outcome) == OUTDATED):
            place = headers(page.refused(position), page.sheet) or WHOLE_ROW
            key = (outcome.code, place, _own_remedy(outcome))
            refused.setdefault(key, []).append(page.spot(position))
    for (code, place, remedy), spots in refused.items():
        known = None if remedy else code_of(spots[0].outcome.code)
        said = [_shared([spot.outcome for spot in spots]), known.means if known else ""]
        text = "\n".join(dict.fromkeys(filter(None, said)))
        advice = known.remedy if known else remedy
        lines.append([place, len(spots), text, advice, _place(spots[0]), f"{code} error".strip()])
    # Two fields that one column feeds have the same thing wrong with them: it is one line.
    once = {(*line[:4], line[5]): line for line in lines}
    return [once[key] for key in sorted(once, key=_rank)]


def _rank(line: tuple[Cell, ...]) -> tuple[bool, int, str, str]:
    where, rows, _, _, code = line
    return str(code).endswith("warning"), -int(str(rows)), str(code), str(where)


def _of_cause(cause: Cause, pages: Sequence[Page]) -> list[Cell]:
    assert cause.first is not None  # noqa: S101 - that of a refusal is none, and those are not here
    sheet, problem = cause.first
    several = len(cause.values) > 1
    said = f"{told_values(cause.values)}: {cause.message}" if several else problem.said
    return [
        cause.column or cause.field or WHOLE_ROW,
        cause.rows,
        said[:1].upper() + said[1:],
        cause.remedy,
        _place(pages[sheet].spot(problem.position, problem)),
        f"{cause.code} {'error' if cause.holds else 'warning'}".strip(),
    ]


def _place(spot: Spot) -> Link:
    return Link(spot, f"{spot.page.name}, {spot.label}")


def urgent_lines(pages: Sequence[Page]) -> list[tuple[int, list[Cell]]]:
    """Return the rows that need a person, a line a reason, those without an answer first.

    Each is the number of rows, and: which rows, their state, their sheet, what is wrong and what to do.
    """
    reasons: dict[object, tuple[Page, list[int]]] = {}
    for state in _URGENT:
        for page, position, outcome in _rows(pages):
            if outcome.state is state:
                holding = _holding(page, position)
                why = tuple((p.code, p.columns, _alike(p.message), p.remedy) for p in holding)
                key = (page.name, state, outcome.code, _alike(outcome.message), why)
                reasons.setdefault(key, (page, []))[1].append(position)
    lines: list[tuple[int, list[Cell]]] = []
    for page, positions in reasons.values():
        holding = _holding(page, positions[0])
        first = page.spot(positions[0], next(iter(holding), None))
        outcome = replace(first.outcome, message=_shared([page.outcomes[at] for at in positions]))
        message = row_message(outcome, holding, page.sheet, "")
        if len(message) > _LONGEST:
            message = message[:_LONGEST] + "… (more in the sheet)"
        link = Link(first, told_rows(page, positions, most=3))
        lines.append((len(positions), [link, outcome.state, page.name, message]))
    return lines


def _alike(text: str) -> str:
    """Return a sentence without what differs where the same is said of several rows: ids, numbers, dates."""
    return _WORD.sub(lambda word: "…" if any(map(str.isdigit, word[0])) else word[0], text)


def _shared(outcomes: Sequence[Outcome]) -> str:
    """Return what some outcomes say in one sentence; where they differ, of an id say three dots are left."""
    first = outcomes[0].message
    return first if all(each.message == first for each in outcomes) else _alike(first)


def _holding(page: Page, position: int) -> tuple[Problem, ...]:
    return tuple(p for p in page.problems.get(position, ()) if p.holds)


def _rows(pages: Sequence[Page]) -> Iterator[tuple[Page, int, Outcome]]:
    for page in pages:
        for position, outcome in enumerate(page.outcomes):
            yield page, position, outcome


def skipped_lines(pages: Sequence[Page]) -> list[list[Cell]]:
    """Return which rows are no records, and why."""
    reasons: dict[tuple[str, str], tuple[Page, list[int]]] = {}
    for page, position, outcome in _rows(pages):
        if outcome.state is State.SKIPPED:
            key = (page.name, outcome.message or _NO_RECORD)
            reasons.setdefault(key, (page, []))[1].append(position)
    return [
        [f"{page.sheet.title}, {told_rows(page, positions)}", reason]
        for (_, reason), (page, positions) in reasons.items()
    ]


def told_rows(page: Page, positions: Collection[int], *, most: int = 40) -> str:
    """Return what a person calls some rows; those that a person added have no number in the source."""
    rows = sorted(int(page.sheet.rows[at]) for at in positions if at not in page.sheet.added)
    said = [f"row{'s' if len(rows) > 1 else ''} {spans(rows, most=most)}"] if rows else []
    if added := len(positions) - len(rows):
        said.append(count(added, "added row"))
    return " and ".join(said)


def _own_remedy(outcome: Outcome) -> str:
    """Return what to do about a row that we held back as a whole; empty for what OPSCOM refused."""
    update, kind = outcome.may_update, kind_of(outcome)
    if kind == EDITED:
        if update:
            return (
                "Restore the row, or write update into opscom_answer where the permit is to change."
            )
        return "Restore the row, or change the record as opscom_message says."
    if kind == UNDECIDED:
        how = "answer update" if update else "do as opscom_message says"
        return f"Answer new where a second one is meant; where the first is to change, {how}."
    if kind == OUTDATED:
        return "Delete the row where the later values are right; else push with --again."
    return "See opscom_message." if kind == State.INVALID else ""
