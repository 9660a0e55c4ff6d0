"""A command line that is not one is refused before anything is sent."""

import pytest


@pytest.mark.parametrize("option", ["--timeout", "--rate"])
@pytest.mark.parametrize("number", ["inf", "nan", "0", "x"])
def test_a_pace_that_no_run_can_keep_is_wrong_usage_before_anything_is_sent(
    office, call, controller, option, number
):
    office.roster(1)
    done = call("push", "--yes", option, number)
    assert (done.code, controller.ledger) == (2, ())
    assert done.err.splitlines()[-1] == (
        f"Error: Invalid value for '{option}': this must be a number above 0 and at most 1,000,000."
    )


@pytest.mark.parametrize(
    "empty",
    [("",), ("--workspace", ""), ("--mapping", ""), ("--results", ""), ("--journal", "")],
    ids=str,
)
def test_an_empty_name_is_wrong_usage_and_never_the_folder_one_is_in(
    office, call, controller, empty
):
    office.roster(1)
    done = call("push", "--yes", *empty)
    assert (done.code, controller.ledger) == (2, ())
    said = ": this name is empty; most likely a variable is not set."
    assert done.err.splitlines()[-1].endswith(said)
