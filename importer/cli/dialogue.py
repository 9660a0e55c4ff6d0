"""The questions of ``map`` on a terminal: one loop, one question at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from importer.cli.terminal import console, say
from importer.proposing.answers import COLUMNS, NOT_SENT, Answers, Question
from importer.proposing.proposal import Confidence
from importer.text import count, fold, plain, spans

if TYPE_CHECKING:
    from collections.abc import Callable

    from importer.prepare import Job
    from importer.proposing.answers import Key
    from importer.proposing.proposal import Proposal

BACK, ROWS = "b", "?"
_SHOWN, _LISTED, _LONG = 5, 12, 40
_CHOOSE = "There is no proposal here. Choose; `?` shows the rows, `b` goes back."
_SAVE = Question("row", ("rows", "save"), "Save the mapping? `b` goes back.", ("yes",), "yes")


def converse(
    proposer: Callable[[Answers], Proposal], check: Callable[[Proposal], tuple[Job, list[str]]]
) -> Proposal:
    """Ask everything that is unsure; return the proposal that the answers make.

    Ctrl-C leaves nothing behind, because nothing is written here.
    """
    looked_at = None
    steps: list[tuple[Answers, frozenset[Key]]] = [(Answers(), frozenset())]
    while True:
        said, passed = steps[-1]
        proposal = proposer(said)
        if (proposal.look, proposal.endpoint) != looked_at:
            looked_at = proposal.look, proposal.endpoint
            _show_table(proposal)
        question = _next(proposal, passed)
        if question is None:
            job, counted = check(proposal)
            _show_row(job)
            for line in counted:
                say(line)
        reply = _ask(question or _SAVE, proposal)
        if reply == BACK:
            steps = steps[:-1] or steps
        elif question is None:
            return proposal
        else:
            answers = Answers({question.key: reply}).over(said) if reply else said
            steps.append((answers, passed | {question.key}))


def _next(proposal: Proposal, passed: frozenset[Key]) -> Question | None:
    """Return the next thing to ask: what is open, then what is likely and to be confirmed or is offered."""
    questions = list(proposal.questions)
    blanks = {p.field for p in proposal.places if p.profile.filled < p.profile.rows}
    for place in proposal.places:
        header, goes = proposal.look.header(place), place.field
        taken, text = goes or "", f'"{header}" goes to {goes} ({place.reason}). Is that right?'
        if place.offered.partition(" (")[0] in blanks:
            goes, taken = place.offered, NOT_SENT
            text = f'"{header}": {place.reason}. Is it to be?'
        elif place.confidence is not Confidence.LIKELY or place.how in {"join", "extract"}:
            continue
        if goes and proposal.alone(place):
            key, choices = (COLUMNS, header), (goes, NOT_SENT)
            asked = Question("column", key, text, choices, taken, column=header, field=goes)
            questions.append(asked)
    return next((question for question in questions if question.key not in passed), None)


def _ask(question: Question, proposal: Proposal) -> str:
    """Ask until there is an answer that fits; ``b`` is to go back."""
    while (answer := _prompt(question)) != BACK:
        fault = _CHOOSE if question.held else ""
        if answer == ROWS:
            _show_rows(question, proposal)
            continue
        if answer.isdigit() and answer not in question.choices and _is_numbered(question):
            fault = f"There is no line {answer}."
        elif answer:
            fault = question.refusal(answer, proposal.endpoint)
        if not fault:
            return answer
        say(fault)
    return BACK


def _is_numbered(question: Question) -> bool:
    """Whether its choices are; where they begin with numbers of their own, those are typed."""
    own = question.free and question.field == "user_type_id"
    return bool(question.choices) and not own


def _prompt(question: Question) -> str:
    """Show a question with its choices, numbered; return the answer as written in the choices."""
    say("")
    say(question.text)
    choices = question.choices
    numbered = _is_numbered(question)
    for at, choice in enumerate(choices[:_LISTED], 1):
        say(f"  {at if numbered else '-'}  {choice}")
    if len(choices) > _LISTED:
        say(f"     and {len(choices) - _LISTED} more; type a part of the name")
    shown = f" [{question.proposal}]" if question.proposal else ""
    typed = click.prompt(f">{shown}", prompt_suffix=" ", default="", show_default=False, err=True)
    reply = str(typed).strip() or question.proposal
    if reply in {"", question.proposal, BACK, ROWS}:
        return reply
    if numbered and reply.isdigit() and 1 <= int(reply) <= min(len(choices), _LISTED):
        return choices[int(reply) - 1]
    meant = question.choice(reply)
    part = [choice for choice in choices if fold(reply) in fold(choice)]
    return part[0] if meant not in choices and len(part) == 1 and not reply.isdigit() else meant


def _show_table(proposal: Proposal) -> None:
    """Show every column: examples, where it goes and why."""
    from rich.table import Table
    from rich.text import Text

    look, lines = proposal.look, proposal.look.header_rows
    header = f"row {lines[0]}" if len(lines) == 1 else f"rows {lines[0]} and {lines[1]}"
    rows = count(len(look.sheet.frame), "row")
    say(f"{look.name}: {rows}, which look like {proposal.endpoint}. The header is {header}.")
    table = Table("Column", "Examples", "Goes to", "Why")
    marks = {Confidence.ASK: " ?", Confidence.LIKELY: " (likely)"}
    for place in proposal.places:
        examples = "(never shown)" if place.secret else ", ".join(place.examples)[:_LONG]
        goes = (place.field or "-") + marks.get(place.confidence, "")
        cells = (place.profile.column.header, examples, goes, place.reason)
        table.add_row(*(Text(plain(cell)) for cell in cells))
    console().print(table)
    for skip in proposal.skips:
        if skip.rows:
            say(f"Passed over: rows {spans(skip.rows, most=_LISTED)}: {skip.why}.")


def _show_rows(question: Question, proposal: Proposal) -> None:
    """Show some rows that a question is about, in the columns that are sent and its own."""
    look, frame = proposal.look, proposal.look.sheet.frame
    shown = {p.profile.column.position for p in proposal.places if p.used}
    secret = {p.profile.column.position for p in proposal.places if p.secret}
    for position, header in look.headers.items():
        if header == question.column and position not in secret:
            texts, value = frame[position], fold(question.value)
            frame = frame[texts.map(fold) == value if value else texts != ""]
            shown.add(position)
    numbers = look.sheet.rows[frame.index[:_SHOWN]]
    named = [column for column in look.sheet.columns if column.position in shown]
    for number, (_, row) in zip(numbers, frame.iterrows(), strict=False):
        cells = (f"{c.header}: {row[c.position]}" for c in named if row[c.position])
        say(f"  row {number}  {', '.join(cells)}")


def _show_row(job: Job) -> None:
    """Show one row as it would be sent."""
    for sheet in job.sheets:
        batch, held = sheet.batch, sheet.held
        ready = next((at for at, no in enumerate(batch.skipped) if not no and at not in held), None)
        if ready is not None:
            say("")
            say("One row as it would be sent:")
            for name, text in batch.frame.iloc[ready].items():
                say(f"  {name}: {text}") if text else None
            return
