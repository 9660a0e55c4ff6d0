"""What the workbook says, sentence by sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.codes import code_of
from importer.model import State
from importer.results.parts import EDITED, OUTDATED, UNDECIDED
from importer.text import count
from schemas import POLICIES

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping, Sequence

    from importer.model import Outcome, Problem, Sheet
    from importer.report import Against
    from importer.results.parts import About, Kind, Page
    from importer.schema import Policy

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
    """Return the outcome in a line or two.

    ``588 of 600 rows are in OPSCOM. 9 need a correction, 2 were already there, 1 needs a style.``
    """
    if not (rows := counts.total()):
        return "The file holds no rows."
    counts, policy = counts.copy(), policy_of(about)
    edited, tail = counts.pop(EDITED, 0), ""
    if about.command == "check":
        done, one, many = counts[State.READY], "is ready to be sent", "are ready to be sent"
    else:
        done = counts[State.PUSHED] + counts[State.UNCHANGED]
        one, many = (f"{verb} {system(about)}" for verb in policy.done)
        # A record may be there with other values, from an earlier run or another mapping.
        tail = "" if policy.of else " as it stands here"
        # A row that is in OPSCOM must not be among those of which it is said that none is.
        if not done and edited:
            done, one, many = edited, _in_system(about, 1), _in_system(about, 2)
            edited = 0
        elif not done and (done := counts.pop(State.EXISTS, 0)):
            one, many = (f"{verb} in {system(about)} already" for verb in ("was", "were"))
        elif not done and counts[State.UNKNOWN]:
            one, tail = one.replace("is ", "is known to be ", 1), ""
    rest = _others(about, counts)
    if edited:
        more = "" if about.command == "check" else " more"
        rest.insert(0, f"{edited:,}{more} {_in_system(about, edited)}")
    others = ", ".join(rest)
    first = _share(done, rows, one, many, tail)
    return f"{first} {others}." if others else first


def _share(done: int, rows: int, one: str, many: str, tail: str) -> str:
    """Say how many rows are done; ``tail`` limits what is said where none is."""
    if rows == 1:
        return f"The only row {one if done else one.replace('is ', 'is not ', 1) + tail}."
    if done == rows:
        return f"All {rows:,} rows {many}."
    if done:
        return f"{done:,} of {rows:,} rows {many if done > 1 else one}."
    return f"None of the {rows:,} rows {one}{tail}."


def _in_system(about: About, edited: int) -> str:
    one, two = ("is", "was") if edited == 1 else ("are", "were")
    return f"{one} in {system(about)} already but {two} edited since"


def _others(about: About, counts: Counter[Kind]) -> list[str]:
    """Return what is to be said of the rows that are not simply done, nor edited since."""
    creates, settle = policy_of(about).creates, about.command == "settle"
    wrong = counts[State.INVALID] + counts[State.REJECTED] + counts[UNDECIDED]
    kept = counts[State.UNCHANGED] if about.command == "check" else 0
    lost = ("needs a look", "need a look") if creates else ("got no answer", "got no answer")
    waits = ("waits for the next push", "wait for the next push")
    said = (
        (wrong, "needs a correction", "need a correction"),
        (kept, "is there already, unchanged", "are there already, unchanged"),
        (counts[State.EXISTS], "was already there", "were already there"),
        (counts[State.UNKNOWN], *lost),
        (counts[State.NOT_SENT], *(waits if settle else ("was not sent", "were not sent"))),
        (counts[State.DUPLICATE], "repeats another row", "repeat other rows"),
        (counts[State.SKIPPED], "is no record", "are no records"),
        (counts[OUTDATED], "was changed by a later push", "were changed by a later push"),
    )
    return [f"{number:,} {one if number == 1 else many}" for number, one, many in said if number]


def next_steps(about: About, counts: Counter[Kind], columns: Sequence[str] = ()) -> list[str]:
    """Return what the person does now, one or two sentences a step; in ``columns`` the mapping is wrong."""
    rows = {kind: count(number, "row") for kind, number in counts.items() if number}
    kind = policy_of(about).noun
    steps = []
    if columns:
        them = "this column" if len(columns) == 1 else "these columns"
        steps.append(
            f"Change the mapping: most rows fail alike in {them}: {', '.join(columns)}. Problems below "
            "says how. Then check or push your file again."
        )
    if wrong := counts[State.INVALID] + counts[State.REJECTED]:
        steps.append(
            f"Correct {count(wrong, 'row')}: the cells are marked, and opscom_message says what is wrong. "
            "Save this workbook and push it; what is settled is not sent again."
        )
    if UNDECIDED in rows:
        second = f"a second {kind}" if counts[UNDECIDED] == 1 else f"second {kind}s"
        steps.append(
            f"Decide about {rows[UNDECIDED]} that may be {second}: opscom_message names the first. Write "
            f"new into opscom_answer where a second {kind} is meant, or update where that one is to change, "
            "save this workbook and push it."
        )
    if EDITED in rows:
        steps.append(
            f"Restore {rows[EDITED]} that {_in_system(about, counts[EDITED])}, save this workbook and "
            f"push it; {_change(about)} Nothing is created twice."
        )
    if about.against and about.against.by_hand and rows.keys() & {State.READY, State.EXISTS}:
        steps.append(
            f"Change {count(about.against.changed, kind)} in OPSCOM by hand: there is no way through the "
            "API. opscom_message says which fields."
        )
    if OUTDATED in rows:
        steps.append(
            f"Look at {rows[OUTDATED]} that a later push has changed since this workbook was written, "
            "and which stand here as before. Where the later values are right, delete them here; where "
            "these are, push this workbook with --again."
        )
    if State.UNKNOWN in rows:
        steps.append(_find_out(about, rows[State.UNKNOWN]))
    if State.NOT_SENT in rows:
        unsent = rows[State.NOT_SENT]
        again = f"Run the same command again for {unsent} not yet sent."
        steps.append(
            f"Push this workbook to send {unsent}." if about.command == "settle" else again
        )
    if State.READY in rows:
        steps.append(f"Push the file, or this workbook, to send {rows[State.READY]}.")
    return steps or ["Nothing. Every row is settled; keep this workbook as the record."]


def _change(about: About) -> str:
    policy = policy_of(about)
    if policy.changed_by:
        return f"where the {policy.noun} is to change, write update into opscom_answer instead."
    return f"a {policy.noun} is changed in {system(about)} itself."


def _find_out(about: About, rows: str) -> str:
    """Return the step for rows whose answer was lost."""
    if not policy_of(about).creates:
        return (
            f"Push the file again for {rows} without an answer: sending these again changes nothing "
            "where the first one arrived."
        )
    return (
        f"Run opscom-import settle for {rows} without an answer. Where it still does not know, look the "
        f"record up in {system(about)}, write its id, or yes, or no, into opscom_answer, save this "
        "workbook and settle it."
    )


def policy_of(about: About) -> Policy:
    """Return how the rows of a run are sent; one that no endpoint takes is told of like the first."""
    return POLICIES.get(about.endpoint) or next(iter(POLICIES.values()))


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
    earlier: str,
    news: Sequence[str] = (),
) -> str:
    """Return the text of ``opscom_message``, one line for each thing that is to be said.

    First the ``news_lines``; then the outcome, the problems in their order, and what earlier runs said.
    Places are headers, since the row is the one that is being read.
    """
    lines = list(news)
    lines += outcome_lines(outcome)
    for problem in problems:
        kind = "" if problem.holds else " (warning)"
        text = f"{where(problem, sheet)}{kind}: {problem.said} {problem.remedy}"
        lines.append(text.strip())
    if earlier:
        lines.append(earlier)
    # Two fields that one column feeds have the same thing wrong with them: it is said once.
    return "\n".join(dict.fromkeys(lines))


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
    lines = [message] if message else []
    # The message of a row held back says it all.
    if code is not None and outcome.state in {State.REJECTED, State.NOT_SENT}:
        advice = " ".join(text for text in (code.means, code.remedy) if text not in outcome.message)
        lines += [advice] if advice else []
    elif outcome.state is State.REJECTED and outcome.code:
        lines.append(unlisted(outcome.code))
    return lines


def unlisted(code: str) -> str:
    """Say what to do about a code that the vendor does not document."""
    return f"OPSCOM's documentation does not list the code {code}: ask OPSCOM what it means."


def where(problem: Problem, sheet: Sheet) -> str:
    """Return the headers that a problem is about, or the field, or that it is the whole row."""
    return headers(problem.columns, sheet) or problem.field or WHOLE_ROW


def headers(columns: Sequence[int], sheet: Sheet) -> str:
    """Return what a person calls these columns."""
    return " and ".join(sheet.columns[at].name for at in columns)


def header_note(fields: Sequence[str]) -> str:
    """Return what the comment of a source header says."""
    if not fields:
        return "Not used: no field of OPSCOM takes this column."
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
