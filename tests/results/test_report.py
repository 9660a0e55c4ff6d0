"""What a run comes to: exit codes and the object for other programs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.model import Outcome, State
from importer.report import Report, SheetReport, check_sum, count_states

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


def code(*sheets, stopped=None):
    return Report("run", sheets, stopped).exit_code


@pytest.mark.parametrize("state", SETTLED, ids=str)
def test_settled_rows_are_0(state):
    assert code(sheet(state)) == 0


@pytest.mark.parametrize("state", [State.INVALID, State.REJECTED], ids=str)
def test_rows_that_need_a_correction_are_1(state):
    assert code(sheet(State.PUSHED, state)) == 1


def test_unknown_rows_are_4_and_go_before_corrections():
    assert code(sheet(State.INVALID, State.UNKNOWN)) == 4


def test_a_run_that_stopped_is_3_whatever_became_of_its_rows():
    assert code(sheet(State.PUSHED, State.NOT_SENT), stopped="why") == 3
    assert code(sheet(State.UNKNOWN, State.INVALID), stopped="why") == 3


def test_a_file_that_could_not_start_goes_before_all_others():
    failed = SheetReport(Path("x.csv"), error="x.csv: why.")
    assert code(sheet(State.PUSHED), failed) == 5
    assert code(sheet(State.NOT_SENT), failed, stopped="why") == 5


def test_no_rows_and_no_sheets_are_0():
    assert code(sheet()) == code() == 0


RANK = [5, 3, 4, 1, 0]


@given(st.lists(st.lists(st.sampled_from(State), max_size=4), max_size=4), st.booleans())
def test_the_code_of_a_run_is_the_highest_ranking_one_of_its_sheets(states, stopped):
    sheets = [sheet(*each) for each in states]
    reason = "why" if stopped else None
    codes = [each.exit_code(stopped=stopped) for each in sheets] + ([3] if stopped else [0])
    assert code(*sheets, stopped=reason) == min(codes, key=RANK.index)


def test_the_object_for_other_programs():
    failed = SheetReport(Path("x.csv"), error="x.csv: why.")
    report = Report("20260901-1", (sheet(State.INVALID, State.PUSHED, State.PUSHED), failed))
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


def test_a_row_without_an_outcome_is_never_reported():
    outcome = Outcome(State.PUSHED)
    assert check_sum([outcome, outcome], 2) == (outcome, outcome)
    with pytest.raises(AssertionError, match="1 of 2 rows have no outcome"):
        check_sum([outcome, None], 2)
