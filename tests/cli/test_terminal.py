"""What a person reads at the end of a run: what to do next, in words that can be typed."""

from pathlib import Path

import pytest

from importer.cli.options import Options
from importer.cli.terminal import show_report
from importer.model import State
from importer.report import Cause, Report, SheetReport
from importer.text import quoted

BOOK = Path("results/lots-results.xlsx")


def steps(capsys, endpoint, states, *, sandbox=False, looked=False, problems=()):
    """Return what stands below the line of a sheet."""
    facts = (Path("lots.csv"), None, "Lots", endpoint, sum(states.values()), tuple(states.items()))
    report = Report("run-1", (SheetReport(*facts, BOOK, problems=problems),))
    show_report(report, Options(sandbox=sandbox), looked=looked, told=True)
    lines = capsys.readouterr().err.splitlines()[1:]
    return [line.strip() for line in lines if not line.startswith("  Workbook:")]


CORRECT = "Correct the marked cells in the workbook, or answer in it, as opscom_message says, save it, and push it."
COLUMN = Cause("Kind", "prov", "9033", True, "m", "r", 3, (), "p", (0, 0, "cell"), by_mapping=True)
REMAP = (
    f"Change the mapping where it is wrong about a column, and run this again; else c{CORRECT[1:]}"
)
LOST = "Of unknown rows nobody knows whether OPSCOM has them, and they are not sent again. To find out:"
LOOK = (
    "What is still unknown only a person can find out. Look each row up in OPSCOM, write the id, yes or no "
    "into opscom_answer of the workbook, save it, and then:"
)
SETTLE = f"opscom-import settle {BOOK}"
PUSH = "To send the rows that are not settled take the workbook and push it."
UNKNOWN = {State.UNKNOWN: 1}
PLAYED = {"sandbox": True}


@pytest.mark.parametrize(
    ("endpoint", "states", "how", "said"),
    [
        ("users", {State.REJECTED: 2}, {}, [CORRECT]),
        ("users", {State.PUSHED: 2}, {}, []),
        ("users", {State.INVALID: 3}, {"problems": (COLUMN,)}, [REMAP]),
        ("users", UNKNOWN, {}, [PUSH]),
        ("users", UNKNOWN, PLAYED, [f"{PUSH[:-1]} with --sandbox."]),
        ("vehicles", UNKNOWN, {}, [LOST, SETTLE]),
        ("permits", UNKNOWN | {State.NOT_SENT: 1}, {"looked": True}, [LOOK, SETTLE, PUSH]),
        (
            "permits",
            UNKNOWN | {State.INVALID: 1},
            PLAYED,
            [f"{CORRECT[:-1]} with --sandbox.", LOST, f"{SETTLE} --sandbox"],
        ),
    ],
)
def test_the_next_step_is_said_in_words_that_can_be_typed(capsys, endpoint, states, how, said):
    assert steps(capsys, endpoint, states, **how) == said


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        (r"C:\parking\lots-results.xlsx", r"C:\parking\lots-results.xlsx"),
        (r"C:\R&D\lots.xlsx", r'"C:\R&D\lots.xlsx"'),
        ("Lots (2).xlsx", '"Lots (2).xlsx"'),
        ("it's.xlsx", '"it\'s.xlsx"'),
        ("", '""'),
    ],
)
def test_on_windows_a_path_is_quoted_for_its_shells(name, typed):
    assert quoted(name, posix=False) == typed


def test_the_next_command_keeps_what_says_where_rows_go_and_are_remembered():
    assert Options().for_next == ""
    named = Options(
        workspace=Path("parking"), mapping=(Path("a.yaml"), Path("b.yaml")), sheet="North",
        results=Path("out"), journal=Path("j.sqlite"), as_json=True, client="OC_X",
        host="https://opscom.example", encoding="cp1252", sandbox=True,
    )  # fmt: skip
    assert named.for_next == (
        "--workspace parking --mapping a.yaml --mapping b.yaml --results out --journal j.sqlite "
        "--host https://opscom.example --client OC_X --sandbox"
    )
