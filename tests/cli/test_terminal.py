"""What a person reads at the end of a run: what to do next, in words that can be typed."""

import subprocess
from pathlib import Path

import pytest
from commanding import PERMITS, POSIX, permit
from controller import Fault

from importer.cli.options import Options
from importer.cli.terminal import show_report
from importer.model import State
from importer.report import Cause, Report, SheetReport
from importer.text import quoted

BOOK = Path("results/lots-results.xlsx")


def steps(capsys, endpoint, states, *, sandbox=False, results=BOOK, looked=False, problems=()):
    """Return what stands below the line of a sheet."""
    rows = sum(states.values())
    counts = tuple(states.items())
    sheet = SheetReport(
        *(Path("lots.csv"), None, "Lots", endpoint, rows, counts, results), problems=problems
    )
    options = Options(sandbox=sandbox)
    show_report(Report("run-1", (sheet,)), options, looked=looked, told=True)
    lines = capsys.readouterr().err.splitlines()[1:]
    return [line.strip() for line in lines if not line.startswith("  Workbook:")]


CORRECT = "Correct the marked cells in the workbook (opscom_message says what is wrong), save it, and push it."
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
ONCE_MORE = "To send the unknown rows once more take the workbook and push it."
UNKNOWN = {State.UNKNOWN: 1}
PLAYED = {"sandbox": True}


@pytest.mark.parametrize(
    ("endpoint", "states", "how", "said"),
    [
        ("users", {State.INVALID: 2}, {}, [CORRECT]),
        ("users", {State.REJECTED: 2}, {}, [CORRECT]),
        ("users", {State.PUSHED: 2}, {}, []),
        ("users", {State.INVALID: 3}, {"problems": (COLUMN,)}, [REMAP]),
        ("users", UNKNOWN, {}, [ONCE_MORE]),
        ("users", UNKNOWN, PLAYED, [f"{ONCE_MORE[:-1]} with --sandbox."]),
        *((endpoint, UNKNOWN, {}, [LOST, SETTLE]) for endpoint in ("vehicles", "permits")),
        (
            "permits",
            UNKNOWN | {State.NOT_SENT: 1},
            {"looked": True},
            [LOOK, SETTLE, "To send the rows that are not sent take the workbook and push it."],
        ),
        (
            "permits",
            UNKNOWN | {State.INVALID: 1},
            PLAYED,
            [f"{CORRECT[:-1]} with --sandbox.", LOST, f"{SETTLE} --sandbox"],
        ),
        ("permits", UNKNOWN, PLAYED | {"results": None}, [LOST, "opscom-import settle --sandbox"]),
    ],
)
def test_the_next_step_is_said_in_words_that_can_be_typed(capsys, endpoint, states, how, said):
    assert steps(capsys, endpoint, states, **how) == said


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("C:/parking/lots.xlsx", "C:/parking/lots.xlsx"),
        (r"C:\parking\lots-results.xlsx", r"C:\parking\lots-results.xlsx"),
        (r"C:\R&D\lots.xlsx", r'"C:\R&D\lots.xlsx"'),
        ("Lots (2).xlsx", '"Lots (2).xlsx"'),
        ("it's.xlsx", '"it\'s.xlsx"'),
        ("a;b.xlsx", '"a;b.xlsx"'),
        ("", '""'),
    ],
)
def test_on_windows_a_path_is_quoted_for_its_shells(name, typed):
    assert quoted(name, posix=False) == typed


@POSIX
def test_every_suggested_command_can_be_typed_as_it_stands(office, controller, call):
    controller.plan["N0000", 1] = Fault("lost")
    mapping = office.write("mappings/permits.yaml", PERMITS)
    office.table("it's & (2).csv", [permit(0)])
    lost = call("push", "it's & (2).csv", "--yes", "--mapping", mapping)
    office.table("other.csv", [permit(1)])
    done = call("push", "other.csv", "--yes", "--mapping", mapping, "--json")
    deletes = office.folder / "to be 'deleted' & gone.xlsx"
    listed = call("history", done.json["run"], "--as-deletes", deletes)
    lines = [*lost.err.splitlines(), *listed.err.splitlines()]
    suggested = [line.strip() for line in lines if line.strip().startswith("opscom-import ")]
    shell = 'opscom_import() { printf "%s\\n" "$@"; }\n'
    words = [
        subprocess.check_output(
            ["/bin/sh", "-c", shell + line.replace("opscom-import", "opscom_import")], text=True
        ).splitlines()[:2]
        for line in suggested
    ]
    results = office.folder / "results" / "it's & (2)-results.xlsx"
    assert words == [["settle", str(results)], ["push", str(deletes)]]


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
