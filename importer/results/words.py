"""What the workbook says, sentence by sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.model import State
from importer.text import count
from schemas import POLICIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from importer.codes import Code
    from importer.model import Outcome, Problem, Sheet
    from importer.results.parts import About, Against
    from importer.schema import Policy


WHOLE_ROW = "Whole row"
AT_FAULT = (State.REJECTED, State.NOT_SENT, State.INVALID)
"""States in which the code of an outcome says what is wrong with the row."""
_ADVISED = (State.REJECTED, State.NOT_SENT)
"""States in which the code's own advice is told; the message of a row held back says it all."""

MEANINGS: Mapping[State, str] = {
    State.PUSHED: "{System} accepted the record.",
    State.UNCHANGED: "{System} holds this very record from an earlier run; nothing was sent.",
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
    "opscom_message": "What is wrong and what to do about it.",
    "opscom_answer": "For you: on an unknown row write the id from OPSCOM, or yes (it is there), or "
    "no (it is not there, send it). On a row held back as a possible second permit: new, or update "
    "where the permit that is there is to change.",
    "opscom_row": "The row in the source file; empty for a row that was added here.",
}


def system(about: About) -> str:
    """Return who received the rows: a rehearsal must never read as if it had been OPSCOM."""
    return "the sandbox" if about.sandbox else "OPSCOM"


def headline(about: About, counts: Mapping[State, int], edited: int = 0, outdated: int = 0) -> str:
    """Return the outcome in a line or two.

    ``588 of 600 rows are in OPSCOM. 9 need a correction, 2 were already there, 1 needs a style.``

    Args:
        about: The run.
        counts: Rows by state.
        edited: Invalid rows that are in OPSCOM and were edited since.
        outdated: Invalid rows of which a later push brought other values.
    """
    rows = sum(counts.values())
    if not rows:
        return "The file holds no rows."
    wrong = counts.get(State.INVALID, 0) + counts.get(State.REJECTED, 0) - edited - outdated
    first, rest = _first_sentence(about, counts, edited, wrong)
    if outdated:
        rest.append(f"{outdated:,} {'was' if outdated == 1 else 'were'} changed by a later push")
    others = ", ".join(rest)
    return f"{first} {others}." if others else first


def _first_sentence(
    about: About, counts: Mapping[State, int], edited: int, wrong: int
) -> tuple[str, list[str]]:
    """Return what is said of the rows that are done, and what is left to be said of the others."""
    rows = sum(counts.values())
    if about.command == "check":
        one, many, done = "is ready to be sent", "are ready to be sent", counts.get(State.READY, 0)
    else:
        one, many = (f"{verb} {system(about)}" for verb in _policy(about).done)
        done = counts.get(State.PUSHED, 0) + counts.get(State.UNCHANGED, 0)
    rest = _others(about, counts, wrong)
    if edited:
        # A row that is in OPSCOM must not be among those of which the first sentence says that none is.
        if not done and about.command != "check":
            return _edited(about, edited, rows), rest
        more = " more" if about.command != "check" else ""
        rest.insert(0, f"{edited:,}{more} {_in_system(about, edited)}")
    if rows == 1:
        first = (
            f"The only row {one}." if done else f"The only row {one.replace('is ', 'is not ', 1)}."
        )
    elif done == rows:
        first = f"All {rows:,} rows {many}."
    elif done:
        first = f"{done:,} of {rows:,} rows {many if done > 1 else one}."
    else:
        first = f"None of the {rows:,} rows {one}."
    return first, rest


def _edited(about: About, edited: int, rows: int) -> str:
    """Return the first sentence where all that is in OPSCOM was edited since."""
    if rows == 1:
        who = "The only row"
    elif edited == rows:
        who = f"All {rows:,} rows"
    else:
        who = f"{edited:,} of {rows:,} rows"
    return f"{who} {_in_system(about, edited)}."


def _in_system(about: About, edited: int) -> str:
    one, two = ("is", "was") if edited == 1 else ("are", "were")
    return f"{one} in {system(about)} already but {two} edited since"


def next_steps(
    about: About,
    counts: Mapping[State, int],
    undecided: int,
    edited: int = 0,
    outdated: int = 0,
) -> list[str]:
    """Return what the person does now, one or two sentences a step.

    Args:
        about: The run.
        counts: Rows by state.
        undecided: Invalid rows that may be a second permit or vehicle.
        edited: Invalid rows that are in OPSCOM and were edited since.
        outdated: Invalid rows of which a later push brought other values.
    """
    wrong = counts.get(State.INVALID, 0) + counts.get(State.REJECTED, 0)
    wrong -= undecided + edited + outdated
    steps = []
    if wrong:
        steps.append(
            f"Correct {count(wrong, 'row')}: the cells are marked, and opscom_message says what is wrong. "
            "Save this workbook and push it; what is settled is not sent again."
        )
    if undecided:
        kind = _policy(about).noun
        steps.append(
            f"Decide about {count(undecided, 'row')} that may be "
            f"{f'a second {kind}' if undecided == 1 else f'second {kind}s'}: opscom_message "
            f"names the first. Write new into opscom_answer where a second {kind} is meant, or "
            "update where that one is to change, save this workbook and push it."
        )
    if edited:
        steps.append(_about_edited(about, edited))
    if outdated:
        steps.append(
            f"Look at {count(outdated, 'row')} that a later push has changed since this workbook was written, "
            "and which stand here as before. Where the later values are right, delete them here; where "
            "these are, push this workbook with --again."
        )
    if unknown := counts.get(State.UNKNOWN, 0):
        steps.append(_about_unknown(about, unknown))
    if unsent := counts.get(State.NOT_SENT, 0):
        steps.append(
            f"Push this workbook to send {count(unsent, 'row')}."
            if about.command == "settle"
            else f"Run the same command again for {count(unsent, 'row')} not yet sent."
        )
    if ready := counts.get(State.READY, 0):
        steps.append(f"Push the file, or this workbook, to send {count(ready, 'row')}.")
    if not steps:
        steps.append("Nothing. Every row is settled; keep this workbook as the record.")
    return steps


def change_mapping(columns: Sequence[str]) -> list[str]:
    """Return the step for columns that fail alike in most rows; none where there are none."""
    if not columns:
        return []
    them = "this column" if len(columns) == 1 else "these columns"
    step = (
        f"Change the mapping: most rows fail alike in {them}: {', '.join(columns)}. Problems below says how. "
        "Then check or push your file again."
    )
    return [step]


def row_message(
    outcome: Outcome, code: Code | None, problems: Iterable[Problem], sheet: Sheet, earlier: str
) -> str:
    """Return the text of ``opscom_message``, one line for each thing that is to be said.

    The outcome comes first, then the problems in their order, then what earlier runs said. Places
    are headers, since the row is the one that is being read.

    Args:
        outcome: What became of the row.
        code: What is known of the code of the outcome.
        problems: Those of the row to tell of.
        sheet: The source sheet.
        earlier: What earlier runs said, or empty.
    """
    lines = [*_outcome_lines(outcome, code)]
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


def outcome_note(about: About, outcome: Outcome, code: Code | None) -> str:
    """Return what the comment of the status cell says about a row that OPSCOM refused."""
    name = system(about)
    answer = f" with {outcome.code}" if outcome.code else ""
    lines = [f"{name[:1].upper()}{name[1:]} refused this row{answer}."]
    return "\n".join((*lines, *_outcome_lines(outcome, code)))


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
    name = system(about)
    return MEANINGS[state].replace("{System}", name[:1].upper() + name[1:])


def compared_with(about: About, against: Against) -> str:
    """Return what a file was compared with."""
    return (
        f"The last file with the mapping {about.mapping} was {against.source} with "
        f"{count(against.rows, 'row')}, pushed on {against.when}. Compared is what {system(about)} last "
        "accepted from us for each id."
    )


def differences(against: Against) -> list[tuple[str, int, str]]:
    """Return how a file differs from the last one: what, how many, which; nothing that is not there."""
    fields = ", ".join(f"{name} in {count(number, 'row')}" for name, number in against.fields)
    ids = ", ".join(against.gone_ids)
    if more := against.gone - len(against.gone_ids):
        ids += f" and {more:,} more"
    said = (
        ("new", against.new, "Ids that were never accepted from us before."),
        ("changed", against.changed, f"Other values than last accepted: {fields}."),
        ("unchanged", against.unchanged, "Exactly what was last accepted."),
        ("not compared", against.others, "Held back, repeated, or no records."),
        (
            "gone",
            against.gone,
            f"Brought by earlier files with this mapping, not in this one: {ids}. Nothing is done.",
        ),
    )
    return [line for line in said if line[1]]


def _outcome_lines(outcome: Outcome, code: Code | None) -> list[str]:
    """Return what an outcome says, and what its code means and asks for, where OPSCOM gave it."""
    message = outcome.message
    if outcome.state is State.EXISTS and outcome.code and outcome.code not in message:
        message = f"{message.removesuffix('.')} ({outcome.code}).".lstrip()
    lines = [message] if message else []
    if code is not None and outcome.state in _ADVISED:
        advice = " ".join(text for text in (code.means, code.remedy) if text not in outcome.message)
        lines += [advice] if advice else []
    elif outcome.state is State.REJECTED and outcome.code:
        lines.append(unlisted(outcome.code))
    return lines


def unlisted(code: str) -> str:
    """Say what to do about a code that the vendor does not document."""
    return f"OPSCOM's documentation does not list the code {code}: ask OPSCOM what it means."


def _others(about: About, counts: Mapping[State, int], wrong: int) -> list[str]:
    """Return what is to be said of the rows that are not simply done, nor edited or changed since."""
    asks = _policy(about).creates
    kept = counts.get(State.UNCHANGED, 0) if about.command == "check" else 0
    said = (
        (wrong, "needs a correction", "need a correction"),
        (kept, "is there already, unchanged", "are there already, unchanged"),
        (counts.get(State.EXISTS, 0), "was already there", "were already there"),
        (
            counts.get(State.UNKNOWN, 0),
            "needs a look" if asks else "got no answer",
            "need a look" if asks else "got no answer",
        ),
        (
            counts.get(State.NOT_SENT, 0),
            "waits for the next push" if about.command == "settle" else "was not sent",
            "wait for the next push" if about.command == "settle" else "were not sent",
        ),
        (counts.get(State.DUPLICATE, 0), "repeats another row", "repeat other rows"),
        (counts.get(State.SKIPPED, 0), "is no record", "are no records"),
    )
    return [f"{number:,} {one if number == 1 else many}" for number, one, many in said if number]


def _about_edited(about: About, edited: int) -> str:
    """Return the step for rows that are in OPSCOM and were edited since."""
    policy = _policy(about)
    change = (
        f"where the {policy.noun} is to change, write update into opscom_answer instead."
        if policy.changed_by
        else f"a {policy.noun} is changed in {system(about)} itself."
    )
    return (
        f"Restore {count(edited, 'row')} that {_in_system(about, edited)}, save this workbook and push it; "
        f"{change} Nothing is created twice."
    )


def _about_unknown(about: About, unknown: int) -> str:
    """Return the step for rows whose answer was lost."""
    if not _policy(about).creates:
        return (
            f"Push the file again for {count(unknown, 'row')} without an answer: sending these again "
            "changes nothing where the first one arrived."
        )
    return (
        f"Run opscom-import settle for {count(unknown, 'row')} without an answer. Where it still does not "
        f"know, look the record up in {system(about)}, write its id, or yes, or no, into "
        "opscom_answer, save this workbook and settle it."
    )


def _policy(about: About) -> Policy:
    """Return how the rows of a run are sent; one that no endpoint takes is told of like the first."""
    return POLICIES.get(about.endpoint) or next(iter(POLICIES.values()))
