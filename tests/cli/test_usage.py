"""What is said of a command line that is not one: what was most likely meant."""

import pytest
from commanding import POSIX

DRY = "`opscom-import check` is the dry run: it shows what a push would send, and sends nothing."
FILE = (
    "`opscom-import check students.xlsx` shows what would be sent; where no mapping fits the file, "
    "`opscom-import map students.xlsx` proposes one."
)
NAME = "Name the spreadsheet that a mapping is to be proposed for: `opscom-import map inbox/FILE`."


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("push --dry-run", DRY),
        ("--dry-run push", DRY),
        ("push --token abc", "The token is in no option: keep it with `opscom-import login`."),
        ("map", NAME),
        ("mapping list.csv", "Did you mean `opscom-import map`?"),
        ("imprt list.csv", "Did you mean `opscom-import push`?"),
        ("Check", "Did you mean `opscom-import check`?"),
        ("user-types", "Did you mean `opscom-import pull user-types`?"),
        ("overdue-violations", "Did you mean `opscom-import pull overdue-violations`?"),
        ("students.xlsx", FILE),
    ],
)
def test_a_person_is_told_what_was_most_likely_meant(call, typed, said):
    done = call(*typed.split(" "))
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1] == said
    assert call(*typed.split(" "), "--json").json["error"].endswith(said)


def test_a_word_that_is_like_no_command_is_only_called_so(call):
    assert call("zzz").err.splitlines()[-1] == "Error: No such command 'zzz'."


def test_help_is_a_command_to_everybody(call):
    assert call("help").out == call("--help").out
    assert call("help", "push").out == call("push", "--help").out


@POSIX
@pytest.mark.parametrize(
    ("command", "code"), [(("check",), 5), (("push", "--yes"), 5), (("map",), 2)], ids=str
)
def test_a_name_with_blanks_that_was_typed_without_quotes_is_named(office, call, command, code):
    office.roster(1, "inbox/fall roster 2026.csv")
    done = call(*command, "inbox/fall", "roster", "2026.csv")
    assert done.code == code
    assert done.err.splitlines()[-1] == (
        "Did you mean 'inbox/fall roster 2026.csv'? A name with blanks stands in quotes."
    )


@pytest.mark.parametrize("option", ["--timeout", "--rate"])
@pytest.mark.parametrize("number", ["inf", "nan", "1e10", "0", "-1", "x"])
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
    assert done.err.splitlines()[-1].endswith(
        ": this name is empty; most likely a variable is not set."
    )


def test_a_mapping_that_was_named_twice_is_one_mapping(office, call):
    office.roster(1)
    named = ("--mapping", str(office.folder / "mappings/roster.yaml")) * 2
    assert call("check", *named).code == 0
