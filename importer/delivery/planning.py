"""Which rows are to be sent, in which order, and which are settled already: the journal decides.

A permit has no key in OPSCOM. The journal knows it by all that was sent, so a permit that somebody
corrected looks like a new one. Three things betray it: the row still holds a reference id, the journal
remembers what stood in that row of the first source, or the permit agrees with an earlier one on its
number, or on plate and start. ``_weigh`` is the last guard against a second permit or vehicle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from importer.codes import EXISTS, NOT_FOUND
from importer.delivery.evidence import CHANGED, CHANGING, Becomes, Changes, Evidence
from importer.delivery.known import Known
from importer.model import Outcome, Record, Resubmitted, State
from importer.records import ANSWERS, may_be_id

DELETED = "deleted"
FIRST_UNKNOWN = "This journal does not know the first one."
"""Says of a row that only the workbook of another journal calls a possible second permit."""
FOUND_OUT = "A person found out."
OF_ANOTHER = (
    "opscom_answer holds an id that another row has, and only one of them can have it. Look them up again, and "
    "correct it."
)
WAITING = Outcome(
    State.UNKNOWN,
    message="Another run sent this row and its answer is not here, so it is not sent again. Where that run has "
    "ended, look it up in OPSCOM and write the id, yes or no into opscom_answer.",
)
OVERTAKEN = (
    "A later push brought other values for this record, and this row is still as it was before: sending "
    "it would undo them. Where the later values are right, delete the row here; where these are, push with "
    "--again."
)

SETTLED = frozenset({State.PUSHED, State.EXISTS, State.UNCHANGED})
Found = tuple[str, str, Outcome]
"""Endpoint and identity of a record whose answer was lost, and what a person found out about it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One row that is to be sent."""

    record: Record
    identity: str
    digest: str
    lost_before: bool = False
    """Whether an earlier run sent a record of this key and lost the answer."""
    becomes: Becomes | None = None
    """For the update of a record: what the row itself is once it is accepted."""

    def told(self, outcome: Outcome) -> Outcome:
        """Return what the workbook says of the row; a person's answer stands there until it is carried out."""
        if self.becomes is None:
            waits = outcome.state in {State.READY, State.NOT_SENT, State.REJECTED}
            if self.record.told.answer == "new" and waits:
                return replace(outcome, answer="new")
            return _heard(outcome, self.record.told)
        number, changed = self.becomes.reference_id, self.becomes.changed
        if outcome.state is State.PUSHED:
            message = f"The permit {number} was changed: {changed}."
            return replace(outcome, reference_id=number, message=message)
        return replace(outcome, reference_id=number, answer="update")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a push would do with a sheet's rows."""

    send: tuple[Planned, ...]
    """In the order of sending: rows never tried first, rows that were rejected before last, so that
    a run that stops never stops at the same place again."""
    settled: Mapping[int, Outcome]
    """Position → outcome of each row that needs no sending."""
    found: tuple[Found, ...] = ()
    """Answers of a person that the journal is to remember before anything is sent."""
    updates: tuple[Planned, ...] = ()
    """Changes of records that are there, to be sent after these, to the endpoint that changes them."""
    unknown: frozenset[str] = frozenset()
    """Identities of the rows that are unknown, and of what was sent for them before they were edited."""

    @property
    def rows(self) -> tuple[Planned, ...]:
        """All that is to be sent, in its order."""
        return (*self.send, *self.updates)


def plan(
    records: Iterable[Record],
    evidence: Evidence,
    *,
    again: bool = False,
    keep: Callable[[Record], Record] = lambda record: record,
) -> Plan:
    """Compare the records of one sheet, in file order and without repeated keys, with the journal.

    ``again`` sends upserts even where nothing has changed; ``keep`` says what to keep of a row until it is sent.
    """
    policy, changes = evidence.policy, evidence.changes
    decide = _weigh if policy.creates else _changed
    send: list[tuple[tuple[int, int], Planned]] = []
    updates: dict[str, Planned] = {}
    settled: dict[int, Outcome] = {}
    found: dict[int, Found] = {}
    unknown: set[str] = set()
    for record in records:
        digest = evidence.digest(record.payload)
        identity = record.key or f"#{digest}"
        past = evidence.past(identity)
        anyway = policy.upsert and again
        verdict = SEND if anyway else decide(record, past, digest, evidence)
        if verdict.found is not None:
            found[record.position] = verdict.found
        update, outcome = verdict.update, verdict.outcome
        if update is not None and changes is not None:
            if update.key not in updates:
                becomes = changes.becomes(update, record, identity, digest)
                made, lost = evidence.digest(update.payload), changes.lost(update.key) is not None
                updates[update.key] = Planned(update, update.key, made, lost, becomes)
                continue
            row = updates[update.key].record.row
            outcome = _invalid(f"Row {row} says update for the same permit already.")
        if outcome is not None:
            heard = outcome if verdict.found else _heard(outcome, record.told)
            settled[record.position] = heard
            if heard.state is State.UNKNOWN:
                unknown |= {identity, evidence.first.get(record.row, identity)}
        else:
            lost = not policy.creates and past.unsettled > 0
            send.append((_rank(past), Planned(keep(record), identity, digest, lost)))
    ids = Counter(outcome.reference_id.casefold() for *_, outcome in found.values())
    for at, (*_, outcome) in list(found.items()):
        if outcome.reference_id and ids[outcome.reference_id.casefold()] > 1:
            state = settled[at].state
            open_ = state in {State.PUSHED, State.INVALID}
            settled[at] = Outcome(State.UNKNOWN if open_ else state, message=OF_ANOTHER)
            del found[at]
    send.sort(key=lambda ranked: ranked[0])
    rows = tuple(planned for _, planned in send)
    return Plan(rows, settled, tuple(found.values()), tuple(updates.values()), frozenset(unknown))


def _rank(past: Known) -> tuple[int, int]:
    """Return the place of a row: never tried, lost, rejected; within these the longest ago first."""
    if not past.last:
        return 0, 0
    kind = {State.REJECTED.value: 2, State.UNKNOWN.value: 1, "sent": 1}.get(past.last, 0)
    return kind, past.attempt


def _changed(record: Record, past: Known, digest: str, evidence: Evidence) -> Verdict:
    """Decide whether an update or a delete is sent: not where it is what was last accepted.

    A row of an older results workbook would undo what a later run brought.
    """
    settled = record.told.status in SETTLED
    if past.settled != State.PUSHED:
        return _told(record.told) if settled and evidence.unheard else SEND
    if past.digest == digest:
        return SEND if past.unsettled else Verdict(Outcome(State.UNCHANGED, past.reference_id))
    if evidence.records is None or not (evidence.returned and evidence.policy.upsert):
        return SEND
    later = evidence.records.accepted_after(past.identity, digest)
    held = record.told.status == State.INVALID
    if settled and evidence.foreign:
        if past.identity in evidence.own:
            return Verdict(Outcome(State.UNCHANGED, past.reference_id))
        later = past.attempt
    if later and (held or evidence.written is None or later > evidence.written):
        return Verdict(Outcome(State.INVALID, past.reference_id, message=OVERTAKEN))
    return SEND


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to happen to a row; without an outcome it is sent, or ``update`` instead of it."""

    outcome: Outcome | None = None
    found: Found | None = None
    update: Record | None = None


SEND = Verdict()


def _weigh(record: Record, past: Known, digest: str, evidence: Evidence) -> Verdict:
    """Decide whether a row of vehicles or permits is sent; ``past`` is what is known of its very record."""
    changes, told = evidence.changes, record.told
    if past.there and past.digest == digest and (changes is None or not changes.open(past)):
        return _known(record, past, evidence)
    if past.unsettled:
        return _with_changes(_answered(told, past, evidence), record, past, changes)
    if changes is not None and (past.there or past.settled in {CHANGING, CHANGED}):
        return _changed_since(record, past, evidence, changes)
    verdict = _returned(record, told, past, evidence)
    return _created(told, evidence) if verdict == SEND else verdict


def _known(record: Record, past: Known, evidence: Evidence) -> Verdict:
    """Decide on a row whose very record is there: nothing is sent, but its id may be told yet."""
    number, changes, records = record.told.answer, evidence.changes, evidence.records
    if past.settled == State.EXISTS:
        note = "OPSCOM said in an earlier run that it has this record already."
        there = Outcome(State.EXISTS, past.reference_id, message=note)
    else:
        since = changes.since(past, record.payload) if changes else ""
        there = Outcome(State.UNCHANGED, past.reference_id, message=since)
    if records is None or past.reference_id or not may_be_id(number):
        return Verdict(there)
    if evidence.is_of_another(number, past):
        return Verdict(replace(there, message=OF_ANOTHER))
    outcome = replace(there, reference_id=number, message="A person found its id in OPSCOM.")
    found = Outcome(State(past.settled), number, message=FOUND_OUT)
    return Verdict(outcome, (records.endpoint, past.identity, found))


def _with_changes(
    verdict: Verdict, record: Record, past: Known, changes: Changes | None
) -> Verdict:
    """Say of a record that a person found what updates have made of it since."""
    found = verdict.outcome
    if changes is None or found is None or found.state is not State.PUSHED:
        return verdict
    since = changes.since(replace(past, reference_id=found.reference_id), record.payload)
    return replace(verdict, outcome=replace(found, message=f"{found.message} {since}".strip()))


def _changed_since(record: Record, past: Known, evidence: Evidence, changes: Changes) -> Verdict:
    """Decide on a row whose permit an update made another, or may have."""
    told, number, lost = record.told, past.reference_id, changes.lost(past.reference_id)
    if told.answer == "new" and not past.there:
        return SEND
    if told.answer == "yes" and lost is not None and told.status == State.UNKNOWN:
        verdict = _answered(replace(told, answer="yes"), lost, evidence)
        if verdict.outcome is None or verdict.found is None:
            return verdict
        found = (evidence.policy.changed_by, *verdict.found[1:])
        return Verdict(replace(verdict.outcome, reference_id=number), found)
    what = f"The permit {number} is in OPSCOM with other values than this row's."
    if changes.open(past):
        what = f"An update of the permit {number} was sent and its answer was lost."
    held = _invalid(what, number if past.there else "")
    return _held(record, past if past.there else evidence.under(number), evidence, held)


def _returned(  # noqa: PLR0911 - one return a case, in the order of their weight
    record: Record, told: Resubmitted, past: Known, evidence: Evidence
) -> Verdict:
    """Decide on a row of a results workbook whose very record the journal does not know as settled."""
    since = evidence.written is not None and past.attempt > evidence.written
    if past.settled == DELETED and since:
        what = (
            "This permit was created after this workbook was written, and deleted in OPSCOM since. Where it is to "
            "be created again, push it in the workbook or the list of now."
        )
        return Verdict(_invalid(what, "", NOT_FOUND))
    before = evidence.first.get(record.row, "") if told.row_known else ""
    other = before != past.identity
    earlier = evidence.past(before)
    if other and earlier.unsettled:
        return _answered(told, earlier, evidence, edited=True)
    if evidence.unheard and tells_of_record(told):
        return _told(told)
    if told.reference_id:
        if past.settled == DELETED:
            what = (
                f"The permit {told.reference_id} was deleted in OPSCOM through this program. To create it "
                "again, empty opscom_reference_id."
            )
            return Verdict(_invalid(what, told.reference_id, NOT_FOUND))
        there = evidence.under(told.reference_id)
        return _held(record, there, evidence, _edited(told.reference_id, evidence))
    if other and earlier.there and told.answer != "new":
        return _held(record, earlier, evidence, _edited(earlier.reference_id, evidence))
    nothing_known = not evidence.known.keys() & {before, past.identity}
    if nothing_known and told.status == State.UNKNOWN and told.answer != "no":
        # The workbook says that it was sent, and this journal knows nothing of it.
        return Verdict(WAITING)
    return _not_alike(record, past.identity, evidence)


def _told(told: Resubmitted) -> Verdict:
    note = "This workbook says that OPSCOM has this record; the journal does not know its run."
    state = State.EXISTS if told.status == State.EXISTS else State.UNCHANGED
    return Verdict(Outcome(state, told.reference_id, message=note))


def tells_of_record(told: Resubmitted) -> bool:
    """Whether a row of a results workbook says that OPSCOM has its record."""
    return bool(told.reference_id) or told.status in SETTLED


def _created(told: Resubmitted, evidence: Evidence) -> Verdict:
    """Hold a row of a results workbook that would go as new, where it says something else."""
    noun, what = evidence.policy.noun, ""
    if told.answer not in {"", "no", "new"}:
        what = "It was not sent."
    elif told.answer != "new":
        held = evidence.foreign and told.said.startswith(EXISTS) and told.status == State.INVALID
        if held or FIRST_UNKNOWN in told.said:
            what = f"Its workbook says that this row may be a second {noun}. {FIRST_UNKNOWN}"
    new = f"Where this is another {noun}, write new into opscom_answer and push this workbook."
    # The word stands in the new workbook: without it the row would go with the next push.
    return Verdict(replace(_invalid(f"{what} {new}"), answer=told.answer)) if what else SEND


def _answered(
    told: Resubmitted, past: Known, evidence: Evidence, *, edited: bool = False
) -> Verdict:
    """Decide on a row whose answer an earlier run lost, by what a person says of it."""
    if told.answer in {"", "new", "update"}:
        return Verdict(WAITING)
    speaks = told.status == State.UNKNOWN and (
        evidence.records is not None and evidence.records.sent_once(past.identity)
    )
    endpoint = evidence.records.endpoint if evidence.records else ""
    late = not speaks if evidence.written is None else past.attempt > evidence.written
    if late:
        why = (
            "What opscom_answer says may be of an earlier attempt than the one whose answer was lost last. "
            "Look it up again, and answer in the workbook that is written now."
        )
    elif told.answer == "no":
        found = Outcome(State.NOT_SENT, message=FOUND_OUT)
        return Verdict(None, (endpoint, past.identity, found))
    elif told.answer != "yes" and not may_be_id(told.answer):
        why = "opscom_answer holds neither an id nor yes nor no. Correct it."
    elif evidence.is_of_another(told.answer, past):
        why = OF_ANOTHER
    else:
        number = "" if told.answer == "yes" else told.answer
        there = Outcome(State.PUSHED, number, message="A person found it in OPSCOM.")
        found = Outcome(State.PUSHED, number, message=FOUND_OUT)
        outcome = _edited(number, evidence) if edited else there
        return Verdict(outcome, (endpoint, past.identity, found))
    return Verdict(Outcome(State.UNKNOWN, message=why))


def _heard(outcome: Outcome, told: Resubmitted) -> Outcome:
    """Say of a word in ``opscom_answer`` that it is no answer to its row."""
    answer = told.answer
    if outcome.state is State.INVALID:
        # Where update would do, or would not, the message says so.
        new = answer == "new" and not outcome.reference_id
        fits = new or (answer == "update" and " update" in outcome.message)
    elif outcome.state is State.UNKNOWN:
        fits = answer not in {"new", "update"}
    elif told.status in SETTLED:
        # Nothing was asked.
        fits = answer == "yes" or answer.casefold() == outcome.reference_id.casefold()
    else:
        fits = answer in ANSWERS or may_be_id(answer)
    if fits or not answer:
        return outcome
    what = f'"{answer}" in opscom_answer is no answer to this row.'
    return replace(outcome, message=f"{what} {outcome.message}".strip())


def _not_alike(record: Record, identity: str, evidence: Evidence) -> Verdict:
    """Hold a permit back that looks like an earlier one, corrected."""
    if record.told.answer == "new":
        return SEND
    verdicts, changes = [], evidence.changes
    for earlier in evidence.alike(record.payload).values():
        # A row that was refused as a second ``update`` of one permit is no new one because the first went.
        made = changes is not None and changes.made(earlier)
        stands = earlier.identity in evidence.standing and not made
        # Two permits of one number are possible: a file that was stopped between them comes to its end.
        if earlier.identity == identity or (stands and evidence.standing[earlier.identity]):
            continue
        number = earlier.reference_id
        same = "the same number, or the same plate and start"
        what = f"{f'The permit {number}' if number else 'A permit'} of an earlier run has {same}."
        if earlier.unsettled:
            what = f"A permit with {same}, was sent by an earlier run and its answer was lost."
        # What still stands in the file was not corrected into this row: no update goes to it.
        held = _held(record, None if stands else earlier, evidence, _invalid(what))
        verdicts.append((number, held))
    there = [each for _, each in verdicts if each.outcome and each.outcome.state is State.UNCHANGED]
    updates = {number: each for number, each in verdicts if each.update is not None}
    if len(updates) > 1 and not there:
        why = f"{' and '.join(updates)} look like this permit, so update does not say which is to change."
        return Verdict(_invalid(f"{why} Push the change as permit-updates."))
    every = (*there, *updates.values(), *(each for _, each in verdicts))
    return next(iter(every), SEND)


def _edited(reference_id: str, evidence: Evidence) -> Outcome:
    which = f" under {reference_id}" if reference_id else ""
    what = (
        f"This row is in OPSCOM already{which}; it was edited since, and nothing is created twice."
    )
    if not evidence.policy.changed_by:
        what = f"{what} A {evidence.policy.noun} is changed in OPSCOM itself."
    return _invalid(what, reference_id)


def _held(record: Record, earlier: Known | None, evidence: Evidence, held: Outcome) -> Verdict:
    """Hold a row that seems to be an earlier record, edited, unless a person says ``update``.

    ``held`` says what it seems to be; ``earlier`` is ``None`` where the journal does not know that.
    """
    changes, told, own = evidence.changes, record.told, bool(held.reference_id)
    if changes is None:
        return Verdict(held)
    another = "; where this is another permit, write new"
    new = "" if own else f"{another} into opscom_answer and push this workbook"
    names: tuple[str, ...] = ()
    may_update = False
    if earlier is not None and earlier.unsettled:
        ways = (
            "Settle that one first: run opscom-import settle, or write its id, yes or no into opscom_answer in the "
            "workbook of that run and push that; where that run was killed and wrote none, push the file as it was "
            f"then for one. Then push this row again{new}."
        )
    elif earlier is None or not earlier.reference_id:
        lost = "" if earlier is None else "Its id is not known here: look it up in OPSCOM. "
        ways = f"{lost}Where that permit is to change, push the change as permit-updates{new}."
    elif not (names := changes.differing(earlier, record.payload)):
        return Verdict(Outcome(State.UNCHANGED, earlier.reference_id))
    elif fixed := changes.fixed(record, names):
        ways = (
            f"It differs in {changes.titles(names)}. An update cannot change {changes.titles(fixed)} to that: to "
            f"replace that permit, delete it as one of the permit-deletes, then push this row again{new}."
        )
    else:
        may_update = True
        ways = (
            f"It differs in {changes.titles(names)}. Where that permit is to change, write update into "
            f"opscom_answer{'' if own else another}; then push this workbook."
        )
        # What no answer came to is sent again where a person says that it did not arrive.
        again = told.answer == "no" and told.status == State.UNKNOWN
        if told.answer == "update" or again:
            update = changes.update(earlier, record, names)
            if not changes.overtaken(update, earlier):
                return Verdict(update=update)
            ways = (
                "It was changed again after this workbook was written, and update would undo that. Answer in "
                "the workbook that is written now."
            )
    message = f"{held.message} {ways}"
    return Verdict(replace(held, message=message, differs=names, may_update=may_update))


def _invalid(message: str, reference_id: str = "", code: str = EXISTS) -> Outcome:
    return Outcome(State.INVALID, reference_id, code, message)
