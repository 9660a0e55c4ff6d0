"""Whatever the rows hold, whatever goes wrong, wherever the journal fails: the promise holds."""

import itertools
import sqlite3
import tempfile
from pathlib import Path

from controller import Controller
from delivering import TOKEN, Through, permits, push
from hypothesis import given
from hypothesis import strategies as st
from proving import CASES, CREATES, ENDPOINTS, PAYLOADS, PREFIX, Trial, Witness

ROWS = 5
SLOW_ONES = {"100-megabytes", "gzip-bomb", "late"}
QUICK = [case for case in CASES if case.timeout > 1 and case.name not in SLOW_ONES]
PASSING = [case for case in QUICK if case.effect in {"lost", "throttled", "fine"}]
ENDING = [case for case in QUICK if case.effect in {"patience", "redirect", "foreign", "settings"}]
REFUSING = [case for case in QUICK if case.effect == "rejected"]
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    str.strip
)


@st.composite
def fates_of_a_row(draw):
    """What happens to one row: attempt → case."""
    if draw(st.integers(0, 9)) == 0:
        return {0: draw(st.sampled_from(REFUSING))}
    cases = draw(st.lists(st.sampled_from(PASSING), max_size=3))
    if draw(st.integers(0, 7)) == 0:
        cases.append(draw(st.sampled_from(ENDING)))
    return dict(enumerate(cases, start=1))


@st.composite
def plans(draw, endpoint):
    rows = draw(st.lists(fates_of_a_row(), min_size=ROWS, max_size=ROWS))
    return {
        (f"{PREFIX[endpoint]}{n}", attempt): case
        for n, fates in enumerate(rows)
        for attempt, case in fates.items()
    }


def breaking(statements, *, late):
    """Have everything fail from one statement on, as on a disk that broke; ``late``: it is still carried out."""
    count = itertools.count(1)

    def execute(connection, text, *values):
        number = next(count)
        if number < statements or (late and number == statements):
            done = connection.execute(text, *values)
        if number >= statements:
            raise sqlite3.OperationalError("disk I/O error")
        return done

    return lambda journal: Through(journal, execute)


@given(st.data())
def test_under_every_plan_what_is_said_is_true_and_the_next_runs_finish(data):
    endpoint = data.draw(st.sampled_from(ENDPOINTS), "endpoint")
    plan = data.draw(plans(endpoint), "plan")
    workers = data.draw(st.sampled_from([1, 4, 16]), "workers")
    values = data.draw(st.tuples(*[texts] * ROWS), "texts")
    rows = zip(PAYLOADS[endpoint](ROWS), values, strict=True)
    payloads = [row | {"free_text": text} for row, text in rows]
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.sqlite"
        with Witness(journal) as controller:
            trial = Trial(
                endpoint, journal, controller, plan, rows=ROWS, workers=workers, payloads=payloads
            )
            trial.run()
            trial.finish()
            for entry in controller.ledger:
                position = int(entry.key.removeprefix(PREFIX[endpoint]))
                assert entry.body == {"apiToken": TOKEN, **payloads[position]}


@given(st.data())
def test_wherever_the_journal_breaks_nothing_is_lost_and_nothing_is_sent_twice(data):
    endpoint = data.draw(st.sampled_from(ENDPOINTS), "endpoint")
    plan = data.draw(st.just({}) | plans(endpoint), "plan")
    workers = data.draw(st.sampled_from([1, 4]), "workers")
    statements = data.draw(st.integers(1, 60), "statements")
    late = data.draw(st.booleans(), "late")
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.sqlite"
        with Witness(journal) as controller:
            # Where the journal broke, the answer to a row may be lost on this side.
            trial = Trial(
                endpoint, journal, controller, plan, rows=ROWS, workers=workers, unread=True
            )
            first = trial.run(through=breaking(statements, late=late))
            if first.stopped is None:
                assert "not sent" not in first.states.values()
            second = trial.finish()
    for position, state in first.states.items():
        if state == "pushed":
            assert second.states[position] == "unchanged"
            before, now = first.outcomes[position], second.outcomes[position]
            assert before.reference_id == now.reference_id
        if state == "unknown" and endpoint not in CREATES:
            assert second.states[position] in {"pushed", "unchanged"}


def test_an_id_that_cannot_be_written_down_is_told_to_the_person(tmp_path):
    # BEGIN, intent, its record, COMMIT, BEGIN, and then the answer.
    with Controller() as controller:
        done = push(
            controller.url, tmp_path / "journal.sqlite", "permits", permits(2),
            through=breaking(6, late=False),
        )  # fmt: skip
        (entry,) = controller.ledger
    assert done.states == {0: "unknown", 1: "not sent"}
    assert done.outcomes[0].message == (
        f"OPSCOM took the row under the id {entry.reference_id}. "
        f"The journal {tmp_path / 'journal.sqlite'} cannot be written (disk I/O error)."
    )
    assert done.stopped.startswith("The journal ")
