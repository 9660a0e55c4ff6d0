"""What a person reads at the end of a run: what to do next, in words that can be typed."""

import subprocess
from pathlib import Path

import pytest
from commanding import PERMITS, POSIX, Office, permit
from controller import Controller, Fault

from importer.cli.options import Options
from importer.cli.terminal import show_report
from importer.model import State
from importer.report import Report, SheetReport
from importer.text import quoted

BOOK = Path("results/lots-results.xlsx")


def steps(capsys, endpoint, states, *, sandbox=False, results=BOOK, looked=False):
    """Return what stands below the line of a sheet."""
    rows = sum(states.values())
    counts = tuple(states.items())
    sheet = SheetReport(Path("lots.csv"), None, "Lots", endpoint, rows, counts, results)
    show_report(Report("run-1", (sheet,)), Options(sandbox=sandbox), looked=looked)
    lines = capsys.readouterr().err.splitlines()[1:]
    return [line.strip() for line in lines if not line.startswith("  Workbook:")]


CORRECT = "Correct the marked cells in the workbook (opscom_message says what is wrong), save it, and push it."


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({State.INVALID: 2}, [CORRECT]),
        ({State.REJECTED: 2}, [CORRECT]),
        ({State.PUSHED: 2}, []),
        (
            {State.INVALID: 3},
            [
                "Every row is held back. Where Summary shows one problem in all of them, change the mapping and "
                "run this again; else c" + CORRECT[1:]
            ],
        ),
    ],
    ids=["held back", "refused", "settled", "every row"],
)
def test_what_is_to_be_corrected_is_said_after_the_mapping_where_every_row_is_held(
    capsys, states, said
):
    assert steps(capsys, "users", states) == said


LOST = "Of unknown rows nobody knows whether OPSCOM has them, and they are not sent again. To find out:"


@pytest.mark.parametrize("endpoint", ["vehicles", "permits"])
def test_unknown_vehicles_and_permits_are_settled_by_the_command_that_is_shown(capsys, endpoint):
    assert steps(capsys, endpoint, {State.UNKNOWN: 1}) == [LOST, f"opscom-import settle {BOOK}"]


@pytest.mark.parametrize("endpoint", ["vehicles", "permits"])
def test_what_settle_could_not_find_out_a_person_is_asked_for(capsys, endpoint):
    states = {State.UNKNOWN: 1, State.NOT_SENT: 1}
    look = (
        "What is still unknown only a person can find out. Look each row up in OPSCOM, write the id, "
        "yes or no into opscom_answer of the workbook, save it, and then:"
    )
    assert steps(capsys, endpoint, states, looked=True) == [
        look,
        f"opscom-import settle {BOOK}",
        "To send the rows that are not sent take the workbook and push it.",
    ]


def test_where_no_workbook_was_written_settle_looks_into_the_journal(capsys):
    said = steps(capsys, "permits", {State.UNKNOWN: 1}, results=None, sandbox=True)
    assert said == [LOST, "opscom-import settle --sandbox"]


@POSIX
def test_a_workbook_with_a_blank_in_its_name_is_quoted(capsys):
    said = steps(capsys, "permits", {State.UNKNOWN: 1}, results=Path("lots north-results.xlsx"))
    assert said[1] == "opscom-import settle 'lots north-results.xlsx'"


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
def test_every_suggested_command_can_be_typed_as_it_stands(tmp_path, calling):
    with Controller({("N0000", 1): Fault("lost")}) as controller:
        office = Office(tmp_path, controller.url, mappings={"permits": PERMITS})
        call = calling(office)
        office.table("it's & (2).csv", [permit(0)])
        mapping = office.folder / "mappings" / "permits.yaml"
        lost = call("push", "it's & (2).csv", "--yes", "--mapping", mapping)
        office.table("other.csv", [permit(1)])
        done = call("push", "other.csv", "--yes", "--mapping", mapping, "--json")
    deletes = office.folder / "to be 'deleted' & gone.xlsx"
    listed = call("history", done.json["run"], "--as-deletes", deletes)
    suggested = [
        line.strip()
        for said in (lost, listed)
        for line in said.err.splitlines()
        if line.startswith("  ") and line.strip().startswith("opscom-import ")
    ]
    assert len(suggested) == 2
    words = [
        subprocess.run(
            ["/bin/sh", "-c", f'opscom_import() {{ printf "%s\\n" "$@"; }}\n{command}'],
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout.splitlines()
        for command in (each.replace("opscom-import", "opscom_import") for each in suggested)
    ]
    results = office.folder / "results" / "it's & (2)-results.xlsx"
    assert words[0][:2] == ["settle", str(results)]
    assert words[1][:2] == ["push", str(deletes)]


def test_unknown_users_are_sent_once_more_with_their_workbook(capsys):
    assert steps(capsys, "users", {State.UNKNOWN: 1}) == [
        "To send the unknown rows once more take the workbook and push it."
    ]


def test_after_a_rehearsal_every_advice_stays_in_the_sandbox(capsys):
    states = {State.INVALID: 1, State.UNKNOWN: 1}
    assert steps(capsys, "permits", states, sandbox=True) == [
        f"{CORRECT[:-1]} with --sandbox.",
        LOST,
        f"opscom-import settle {BOOK} --sandbox",
    ]
    assert steps(capsys, "users", states, sandbox=True)[1] == (
        "To send the unknown rows once more take the workbook and push it with --sandbox."
    )


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
