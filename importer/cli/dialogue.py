"""The questions of ``map`` on a terminal: one loop, one question at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from importer.cli.terminal import console, say
from importer.errors import plain
from importer.proposing.answers import COLUMNS
from importer.proposing.proposal import NOT_SENT, Confidence, Question
from importer.proposing.propose import rival
from importer.proposing.workbook import choices_of_fields
from importer.text import fold, nearest
from schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from importer.prepare import Job
    from importer.proposing.answers import Answers
    from importer.proposing.proposal import Proposal
    from importer.proposing.propose import Seen

BACK, ROWS = "b", "?"
_SHOWN, _LISTED = 5, 12


def choose_rows(seen: Sequence[Seen], *, sure: bool) -> tuple[Seen, str]:
    """Return the sheet and what its rows are; ask where two fit."""
    chosen = seen[0]
    if len(seen) > 1:
        names = tuple(each.look.sheet.name or "" for each in seen)
        text = "Several sheets hold rows that OPSCOM takes. Which is meant?"
        chosen = seen[names.index(_ask_plainly(text, names))]
    second = rival(chosen)
    endpoint = chosen.readings[0].endpoint
    if second is not None and not sure:
        endpoint = _ask_plainly("What are the rows?", (endpoint, second.endpoint))
    return chosen, endpoint


def _ask_plainly(text: str, choices: tuple[str, ...]) -> str:
    question = Question("row", ("rows", "rows"), text, choices, proposal=choices[0])
    while True:
        answer = _prompt(question)
        if answer in choices:
            return answer
        say("That is none of them.")


def converse(proposer: Callable[[Answers], Proposal], start: Answers) -> tuple[Answers, Proposal]:
    """Ask everything that is unsure; return the answers and the proposal that they make.

    Ctrl-C leaves nothing behind, because nothing is written here.
    """
    from importer.cli.mapping import counted, try_text

    _show_table(proposer(start))
    steps: list[Answers] = [start]
    passed: list[set[tuple[str, ...]]] = [set()]
    while True:
        proposal = proposer(steps[-1])
        question = _next(proposal, passed[-1])
        if question is not None:
            reply = _ask(question, proposal)
            if reply == BACK:
                if len(steps) > 1:
                    steps.pop()
                    passed.pop()
                continue
            steps.append(steps[-1].put(question.key, reply) if reply else steps[-1])
            passed.append({*passed[-1], question.key})
            continue
        job = try_text(proposal)
        _show_row(job)
        say(counted(job))
        save = Question("row", ("rows", "save"), "Save the mapping?", ("yes", BACK), proposal="yes")
        if _prompt(save) == "yes":
            return steps[-1], proposal
        if len(steps) > 1:
            steps.pop()
            passed.pop()


def _next(proposal: Proposal, passed: set[tuple[str, ...]]) -> Question | None:
    """Return the next thing to ask: what is open, then what is likely and to be confirmed."""
    for question in proposal.questions:
        if question.key not in passed:
            return question
    for place in proposal.places:
        header = proposal.look.headers[place.profile.column.position]
        key = (COLUMNS, header)
        simple = proposal.alone(place) and place.how not in {"join", "extract"}
        if place.confidence is Confidence.LIKELY and place.field and simple and key not in passed:
            text = f'"{header}" goes to {place.field} ({place.reason}). Is that right?'
            return Question(
                "column",
                key,
                text,
                (place.field, NOT_SENT),
                place.field,
                column=header,
                field=place.field,
            )
    return None


def _ask(question: Question, proposal: Proposal) -> str:
    """Ask until there is an answer that fits; ``b`` is to go back."""
    while True:
        answer = _prompt(question)
        if answer == ROWS:
            _show_rows(question, proposal)
        elif answer == BACK:
            return BACK
        elif not answer:
            if not question.held:
                return ""
            say("There is no proposal here. Choose, or type b to go back.")
        else:
            fault = _fault(question, answer, proposal)
            if fault is None:
                return answer
            say(fault)


def _fault(question: Question, answer: str, proposal: Proposal) -> str | None:
    """Return why an answer cannot be, ``None`` where it can."""
    if question.about == "column":
        fields = choices_of_fields(known.name for known in TABLES[proposal.endpoint].fields)
        if answer not in fields:
            near = nearest(answer, fields)
            return f"OPSCOM has no field {answer}." + (f" Did you mean {near}?" if near else "")
        return None
    if question.choices and not question.free and answer not in question.choices:
        return f"Answer one of: {', '.join(question.choices)}."
    return None


def _prompt(question: Question) -> str:
    """Show a question with its choices, numbered; return the answer as written in the choices."""
    say("")
    say(question.text)
    for at, choice in enumerate(question.choices[:_LISTED], 1):
        # Where a number may be the answer itself, choices have none.
        say(f"  {'-' if question.free else at}  {choice}")
    if len(question.choices) > _LISTED:
        say(f"     and {len(question.choices) - _LISTED} more; type a part of the name")
    shown = f" [{question.proposal}]" if question.proposal else ""
    typed = click.prompt(f">{shown}", prompt_suffix=" ", default="", show_default=False, err=True)
    reply = str(typed).strip()
    if not reply:
        return question.proposal
    if reply in {BACK, ROWS}:
        return reply
    choices = question.choices
    if not question.free and reply.isdigit() and 1 <= int(reply) <= min(len(choices), _LISTED):
        return choices[int(reply) - 1]
    exact = [c for c in choices if fold(c) == fold(reply) or fold(c).startswith(fold(reply) + " ")]
    part = [] if reply.isdigit() else [c for c in choices if fold(reply) in fold(c)]
    found = exact or part
    return found[0] if len(found) == 1 else reply


def _show_table(proposal: Proposal) -> None:
    """Show every column: examples, where it goes and why."""
    from rich.table import Table
    from rich.text import Text

    look = proposal.look
    say(
        f"{look.name}: {len(look.sheet.frame)} rows, which look like {proposal.endpoint}. The header is row {look.header_row}."
    )
    table = Table("Column", "Examples", "Goes to", "Why")
    for place in proposal.places:
        examples = "(never shown)" if place.secret else ", ".join(place.profile.examples)[:40]
        goes = place.field or "-"
        goes += {Confidence.ASK: " ?", Confidence.LIKELY: " (likely)"}.get(place.confidence, "")
        table.add_row(
            *(
                Text(plain(cell))
                for cell in (place.profile.column.header, examples, goes, place.reason)
            )
        )
    console().print(table)
    for skip in proposal.skips:
        say(f"Passed over: rows {', '.join(map(str, skip.rows[:8]))}: {skip.why}.")


def _show_rows(question: Question, proposal: Proposal) -> None:
    """Show some rows that a question is about, in the columns that are sent and its own."""
    look = proposal.look
    frame, shown = look.sheet.frame, {p.profile.column.position for p in proposal.places if p.used}
    secret = {p.profile.column.position for p in proposal.places if p.secret}
    position = next((p for p, header in look.headers.items() if header == question.column), None)
    if position is not None and position not in secret:
        texts = frame[position]
        frame = frame[texts.map(fold) == fold(question.value) if question.value else texts != ""]
        shown.add(position)
    for number, row in zip(look.sheet.rows[frame.index[:_SHOWN]], frame.itertuples(), strict=False):
        cells = [
            f"{c.header}: {row[c.position + 1]}" for c in look.sheet.columns if c.position in shown
        ]
        say(f"  row {number}  " + ", ".join(cell for cell in cells if not cell.endswith(": ")))


def _show_row(job: Job) -> None:
    """Show one row as it would be sent."""
    for sheet in job.sheets:
        ready = [
            at
            for at in range(len(sheet.batch.frame))
            if at not in sheet.held and not sheet.batch.skipped[at]
        ]
        if ready:
            row = sheet.batch.frame.iloc[ready[0]]
            say("")
            say("One row as it would be sent:")
            for name, text in row.items():
                if text:
                    say(f"  {name}: {text}")
            return
