"""What a run comes to: exit codes and the object for other programs."""

from dataclasses import replace
from pathlib import Path

import pytest
from annotating import part_of, sheet_of
from hypothesis import given
from hypothesis import strategies as st

from importer.annotate import held_back
from importer.model import Outcome, State
from importer.report import Report, SheetReport, count_states

SETTLED = (State.PUSHED, State.UNCHANGED, State.READY, State.EXISTS, State.DUPLICATE, State.SKIPPED)


def sheet(*states, error=None):
    return SheetReport(
        Path("inbox/roster.csv"),
        None,
        "Roster",
        "users",
        len(states),
        count_states(Outcome(state) for state in states),
        Path("results/roster-results.xlsx"),
        error,
    )


FAILED = SheetReport(Path("x.csv"), error="x.csv: why.")
CODES = {
    **{f"{state}": ([sheet(state)], None, 0) for state in SETTLED},
    "nothing": ([], None, 0),
    "no rows": ([sheet()], None, 0),
    "invalid": ([sheet(State.PUSHED, State.INVALID)], None, 1),
    "rejected": ([sheet(State.PUSHED, State.REJECTED)], None, 1),
    "unknown before corrections": ([sheet(State.INVALID, State.UNKNOWN)], None, 4),
    "stopped": ([sheet(State.PUSHED, State.NOT_SENT)], "why", 3),
    "stopped after the last row": ([sheet(State.UNKNOWN, State.INVALID)], "why", 3),
    "a file that could not start": ([sheet(State.PUSHED), FAILED], None, 5),
    "a file that could not start before a stop": ([sheet(State.NOT_SENT), FAILED], "why", 5),
}


@pytest.mark.parametrize(("sheets", "stopped", "code"), CODES.values(), ids=CODES)
def test_the_exit_code_tells_what_a_run_came_to(sheets, stopped, code):
    assert Report("run", sheets, stopped).exit_code == code


def test_the_object_for_other_programs():
    report = Report("20260901-1", (sheet(State.INVALID, State.PUSHED, State.PUSHED), FAILED))
    found = report.as_json()
    assert {key: found[key] for key in ("run", "exit_code", "stopped")} == {
        "run": "20260901-1",
        "exit_code": 5,
        "stopped": None,
    }
    shape = ("source", "sheet", "mapping", "endpoint", "rows", "states", "results", "error")
    assert [[file[key] for key in shape] for file in found["files"]] == [
        [
            str(Path("inbox/roster.csv")),
            None,
            "Roster",
            "users",
            3,
            {"pushed": 2, "invalid": 1},
            str(Path("results/roster-results.xlsx")),
            None,
        ],
        ["x.csv", None, None, None, 0, {}, None, "x.csv: why."],
    ]


@given(st.lists(st.sampled_from(State)))
def test_counts_add_up_and_stand_in_the_order_of_states(states):
    counts = count_states(Outcome(state) for state in states)
    assert sum(count for _, count in counts) == len(states)
    assert [state for state, _ in counts] == [state for state in State if state in states]


SAID = {
    "error": ("The same record as in row 5.", "The same record as in North, row 2."),
    "first": (
        "Row 5 has the same key, and the mapping says that the first one counts.",
        "North, row 2 has the same key, and the mapping says that the first one counts.",
    ),
    "last": (
        "Row 5 has the same key, and the mapping says that the last one counts.",
        "North, row 2 has the same key, and the mapping says that the last one counts.",
    ),
}


@pytest.mark.parametrize(("duplicates", "said"), SAID.items(), ids=SAID)
def test_a_repeated_row_says_which_one_counts_and_why(duplicates, said):
    checked = part_of(sheet_of(("a",), [("x",)] * 4)).checked
    batch = replace(checked.batch, duplicates=duplicates)
    repeats = {"repeats": {1: 5}, "elsewhere": {2: "North, row 2"}}
    found = held_back(replace(checked, batch=batch, **repeats))
    assert found == {
        at: Outcome(State.DUPLICATE, message=message)
        for at, message in zip((1, 2), said, strict=True)
    }
