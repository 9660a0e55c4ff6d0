"""What the workbook says, sentence by sentence."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from importer.codes import code_of
from importer.model import Outcome, Problem, Sheet, State
from importer.report import Against
from importer.results.parts import EDITED, OUTDATED, RESENT, UNDECIDED, About, Kind, Page
from importer.text import count
from schemas import POLICIES

WHOLE_ROW = "Whole row"
_SENT = (State.READY, State.PUSHED, State.REJECTED, State.UNKNOWN, State.NOT_SENT)
"""States in which it is said whether a row is new."""

MEANINGS: Mapping[State, str] = {
    State.PUSHED: "{System} accepted the record.",
    State.UNCHANGED: "{System} accepted this very record in an earlier run; nothing was sent.",
    State.READY: "Nothing is wrong with it; a push would send it.",
    State.EXISTS: "{System} had this record already; nothing was created twice.",
    State.DUPLICATE: "It repeats another row, of this file or of a later one, which counts; nothing was sent.",
    State.INVALID: "Held back before sending; the marked cells or opscom_message say why.",
    State.REJECTED: "{System} refused the record; opscom_message says why.",
    State.UNKNOWN: "It was sent, but the answer was lost. {System} may or may not have it.",
    State.NOT_SENT: "The run stopped before this row; the same command goes on with it.",
    State.SKIPPED: "It is not a record: the mapping says so, or no mapped column holds anything.",
}

COLUMN_NOTES = {
    "opscom_status": "What became of the row. The sheet Summary explains the words.",
    "opscom_reference_id": "The id that OPSCOM gave the record.",
    "opscom_error_code": "OPSCOM's codes of what holds the row back, in the order of the columns.",
    "opscom_message": "Whether the row is new or what it changes; what is wrong and what to do about it.",
    "opscom_answer": "For you: on an unknown row write the id from OPSCOM, or yes (it is there), or "
    "no (it is not there, send it). On a row held back as a possible second permit: new, or update "
    "where the permit that is there is to change.",
    "opscom_row": "The row in the source file; empty for a row that was added here.",
}


def system(about: About) -> str:
    """Return who received the rows: a rehearsal must never read as if it had been OPSCOM."""
    return "the sandbox" if about.sandbox else "OPSCOM"


def headline(about: About, counts: Counter[Kind]) -> str:
    """Return the outcome in a line or two; its numbers add up to the rows.

    ``588 of 600 rows are in OPSCOM. 9 need a correction, 2 were already there, 1 got no answer.``
    """
    if not (rows := counts.total()):
        return "The file holds no rows."
    policy, settle = POLICIES[about.endpoint], about.command == "settle"
    done, kept = counts[State.READY], counts[State.UNCHANGED]
    one, many = "is ready to be sent", "are ready to be sent"
    none = one
    if about.command != "check":
        done, kept = counts[State.PUSHED] + kept, 0
        one, many = (f"{verb} {system(about)}" for verb in policy.done)
        # A record may be there with other values, from an earlier run, another mapping or a lost answer.
        none = f"is known to be {one[3:]}{'' if policy.of else ' as it stands here'}"
    wrong = counts[State.INVALID] + counts[State.REJECTED] + counts[UNDECIDED]
    lost = ("needs a look", "need a look") if policy.creates else ("got no answer", "got no answer")
    waits = ("waits for the next push", "wait for the next push")
    said = (
        (counts[EDITED], *_edited(about)),
        (wrong, "needs a correction", "need a correction"),
        (kept, "is there already, unchanged", "are there already, unchanged"),
        (counts[State.EXISTS], "was already there", "were already there"),
        (counts[State.UNKNOWN], *lost),
        (counts[RESENT], "got no answer", "got no answer"),
        (counts[State.NOT_SENT], *(waits if settle else ("was not sent", "were not sent"))),
        (counts[State.DUPLICATE], "repeats another row", "repeat other rows"),
        (counts[State.SKIPPED], "is no record", "are no records"),
        (counts[OUTDATED], "was changed by a later push", "were changed by a later push"),
    )
    others = ", ".join(f"{n:,} {single if n == 1 else plural}" for n, single, plural in said if n)
    first = f"{done:,} of {rows:,} rows {many if done > 1 else one}." if done else f"No row {none}."
    if done == rows:
        return f"All {rows:,} rows {many}." if rows > 1 else f"The only row {one}."
    return f"{first} {others}." if others else first


def _edited(about: About) -> tuple[str, str]:
    """Return what is said of one row, and of several, that were edited since they were pushed."""
    place = system(about)
    return f"was edited since it came into {place}", f"were edited since they came into {place}"


def next_steps(
    about: About, counts: Counter[Kind], columns: Sequence[str] = (), unnamed: int = 0
) -> list[str]:
    """Return what the person does now, one or two sentences a step.

    In ``columns`` the mapping is wrong; of ``unnamed`` rows OPSCOM named no id.
    """
    policy, place = POLICIES[about.endpoint], system(about)
    noun = policy.noun
    them = "this column" if len(columns) == 1 else "these columns"
    wrong = counts[State.INVALID] + counts[State.REJECTED]
    alike, edited, late = counts[UNDECIDED], counts[EDITED], counts[OUTDATED]
    lost, unsent, ready = counts[State.UNKNOWN], counts[State.NOT_SENT], counts[State.READY]
    second = f"a second {noun}" if alike == 1 else f"second {noun}s"
    change = f"a {noun} is changed in {place} itself."
    if policy.changed_by:
        change = f"where the {noun} is to change, write update into opscom_answer instead."
    by_hand = policy.by_hand and (ready or counts[State.EXISTS])
    changed = about.against.changed if about.against and by_hand else 0
    find_out = (
        f"Push the file again for {count(lost, 'row')} without an answer: sending these again changes "
        "nothing where the first one arrived."
    )
    if policy.creates:
        find_out = (
            f"Run opscom-import settle for {count(lost, 'row')} without an answer. Where it still does not "
            f"know, look the record up in {place}, write its id, or yes, or no, into opscom_answer, save this "
            "workbook and settle it."
        )
    go_on = f"Run the same command again for {count(unsent, 'row')} not yet sent."
    if about.command == "settle":
        go_on = f"Push this workbook to send {count(unsent, 'row')}."
    remap = (
        f"Change the mapping: most rows fail alike in {them}: {', '.join(columns)}. Problems below says "
        "how. Then check or push your file again."
    )
    correct = (
        f"Correct {count(wrong, 'row')}: the cells are marked, and opscom_message says what is wrong. "
        "Save this workbook and push it; what is settled is not sent again."
    )
    decide = (
        f"Decide about {count(alike, 'row')} that may be {second}: opscom_message names the first. Write "
        f"new into opscom_answer where a second {noun} is meant, or update where that one is to change, "
        "save this workbook and push it."
    )
    restore = (
        f"Restore {count(edited, 'row')} that {_edited(about)[edited > 1]}, save this workbook and push "
        f"it; {change} Nothing is created twice."
    )
    mend = (
        f"Change {count(changed, noun)} in OPSCOM by hand: there is no way through the API. "
        "opscom_message says which fields."
    )
    look = (
        f"Look at {count(late, 'row')} that a later push has changed since this workbook was written, "
        "and which stand here as before. Where the later values are right, delete them here; where "
        "these are, push this workbook with --again."
    )
    keep = (
        f"Look up the id of {count(unnamed, noun)} in {place}, which named none, write it into opscom_answer, and "
        f"push this workbook: whoever changes or deletes a {noun} needs its id."
    )
    resend = (
        f"Push this workbook again for {count(counts[RESENT], 'row')} whose update got no answer: sending it again "
        "changes nothing where the first one arrived."
    )
    push = f"Push the file, or this workbook, to send {count(ready, 'row')}."
    steps = (
        *((len(columns), remap), (wrong, correct), (alike, decide), (edited, restore)),
        *((changed, mend), (late, look), (lost, find_out)),
        *((counts[RESENT], resend), (unnamed, keep)),
        *((unsent, go_on), (ready, push)),
    )
    nothing = "Nothing. Every row is settled; keep this workbook as the record."
    return [text for number, text in steps if number] or [nothing]


def news_lines(page: Page, position: int) -> list[str]:
    """Return whether a row is new or what it changes, so that it can be filtered."""
    news, state = page.news.get(position), page.outcomes[position].state
    if not news:
        return ["new"] if news is not None and state in _SENT else []
    lines, policy = [f"changes {', '.join(news)}"], POLICIES[page.checked.batch.endpoint]
    if policy.by_hand and state in {State.READY, State.EXISTS}:
        lines.append(f"{policy.by_hand}: change {', '.join(news)} in OPSCOM by hand.")
    return lines


def row_message(
    outcome: Outcome,
    problems: Iterable[Problem],
    sheet: Sheet,
    earlier: str = "",
    news: Sequence[str] = (),
) -> str:
    """Return the text of ``opscom_message``, one line for each thing that is to be said.

    First the ``news_lines``; then the outcome, the problems in their order, and what earlier runs said.
    Places are headers, since the row is the one that is being read.
    """
    lines = [*news, *outcome_lines(outcome)]
    for problem in problems:
        place = headers(problem.columns, sheet) or problem.field or WHOLE_ROW
        kind = "" if problem.holds else " (warning)"
        lines.append(f"{place}{kind}: {problem.said} {problem.remedy}".strip())
    # Two fields that one column feeds have the same thing wrong with them: it is said once.
    return "\n".join(dict.fromkeys(filter(None, (*lines, earlier))))


def row_codes(outcome: Outcome, problems: Iterable[Problem]) -> str:
    """Return the text of ``opscom_error_code``: codes of errors, each once, in their order."""
    codes = [str(problem.code) for problem in problems if problem.holds and problem.code]
    # That a record is there already is no error.
    if outcome.code and outcome.state is not State.EXISTS:
        codes.append(outcome.code)
    return "; ".join(dict.fromkeys(codes))


def problem_note(problem: Problem) -> str:
    """Return what the comment of a marked cell says about one problem."""
    kind = "Error" if problem.holds else "Warning"
    code = "" if problem.code is None else f" {problem.code}"
    message = problem.said[:1].upper() + problem.said[1:]
    return f"{kind}{code}\n{message}\n{problem.remedy}".strip()


def outcome_note(about: About, outcome: Outcome) -> str:
    """Return what the comment of the status cell says about a row that OPSCOM refused."""
    answer = f" with {outcome.code}" if outcome.code else ""
    first = f"{_capital(system(about))} refused this row{answer}."
    return "\n".join((first, *outcome_lines(outcome)))


def outcome_lines(outcome: Outcome) -> list[str]:
    """Return what an outcome says, and what its code means and asks for, where OPSCOM gave it."""
    message, code = outcome.message, code_of(outcome.code)
    if outcome.state is State.EXISTS and outcome.code and outcome.code not in message:
        message = f"{message.removesuffix('.')} ({outcome.code}).".lstrip()
    lines = [message]
    # The message of a row held back says it all.
    if code is not None and outcome.state in {State.REJECTED, State.NOT_SENT}:
        advice = (code.means, code.remedy)
        lines.append(" ".join(text for text in advice if text not in outcome.message))
    elif outcome.state is State.REJECTED and outcome.code:
        lines.append(
            f"OPSCOM's documentation does not list the code {outcome.code}: ask OPSCOM what it means."
        )
    return list(filter(None, lines))


def headers(columns: Sequence[int], sheet: Sheet) -> str:
    """Return what a person calls these columns."""
    return " and ".join(sheet.columns[at].name for at in columns)


def header_note(fields: Sequence[str]) -> str:
    """Return what the comment of a source header says."""
    if not fields:
        return "Not sent: the mapping gives this column to no field."
    return f"Goes to {' and '.join(fields)}."


def meaning(about: About, state: State) -> str:
    """Return what a state means, in one sentence."""
    if state is State.NOT_SENT and about.command == "settle":
        return "Nothing has been sent for it, or it was not taken; the next push sends it."
    return MEANINGS[state].replace("{System}", _capital(system(about)))


def compared_with(about: About, against: Against) -> str:
    """Return what a file was compared with."""
    return (
        f"The last file with the mapping {about.mapping} was {against.source} with "
        f"{count(against.rows, 'row')}, pushed on {against.when}. Compared is what {system(about)} last "
        "accepted from us for each row."
    )


def differences(against: Against) -> list[tuple[str, int, str]]:
    """Return how a file differs from the last one: what, how many, which; nothing that is not there."""
    fields = ", ".join(f"{name} in {count(number, 'row')}" for name, number in against.fields)
    gone = "Brought by earlier files with this mapping, not in this one. Nothing is done."
    said = (
        ("new", against.new, "Never accepted from us before."),
        ("changed", against.changed, f"Not as last accepted: {fields}."),
        ("unchanged", against.unchanged, "Exactly what was last accepted."),
        ("not compared", against.others, "Held back, repeated, or no records."),
        ("gone", len(against.gone), gone),
    )
    return [line for line in said if line[1]]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
