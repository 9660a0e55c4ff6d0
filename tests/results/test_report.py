"""What a run comes to: exit codes and the object for other programs."""

from dataclasses import replace
from pathlib import Path

import pytest
from annotating import part_of, sheet_of

from importer.annotate import held_back
from importer.model import Outcome, State
from importer.report import Report, SheetReport, count_states

SETTLED = (State.PUSHED, State.UNCHANGED, State.READY, State.EXISTS, State.DUPLICATE, State.SKIPPED)
ROSTER, RESULTS = Path("inbox/roster.csv"), Path("results/roster-results.xlsx")


def sheet(*states):
    counts = count_states(Outcome(state) for state in states)
    return SheetReport(ROSTER, None, "Roster", "users", len(states), counts, RESULTS)


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
    names = ("source", "sheet", "mapping", "endpoint", "rows", "states", "results", "error")
    done = (
        str(ROSTER),
        None,
        "Roster",
        "users",
        3,
        {"pushed": 2, "invalid": 1},
        str(RESULTS),
        None,
    )
    failed = ("x.csv", None, None, None, 0, {}, None, "x.csv: why.")
    lists = {"notes": [], "problems": []}
    assert report.as_json() == {
        "run": "20260901-1",
        "exit_code": 5,
        "stopped": None,
        "files": [dict(zip(names, each, strict=True)) | lists for each in (done, failed)],
        "notes": [],
    }
    assert list(report.as_json()["files"][0]["states"]) == ["pushed", "invalid"]


SAID = {
    "error": "The same record as in {}.",
    "first": "{} has the same key, and the mapping says that the first one counts.",
    "last": "{} has the same key, and the mapping says that the last one counts.",
}


@pytest.mark.parametrize(("duplicates", "said"), SAID.items(), ids=SAID)
def test_a_repeated_row_says_which_one_counts_and_why(duplicates, said):
    checked = part_of(sheet_of(("a",), [("x",)] * 4)).checked
    batch = replace(checked.batch, duplicates=duplicates)
    found = held_back(replace(checked, batch=batch, repeats={1: 5}, elsewhere={2: "North, row 2"}))
    row = "row 5" if duplicates == "error" else "Row 5"
    assert found == {
        at: Outcome(State.DUPLICATE, message=said.format(place))
        for at, place in ((1, row), (2, "North, row 2"))
    }
