"""Rows of several sheets of one file: what is said where, and what is sent once."""

import json

import openpyxl
import pytest
import xlsxwriter
from controller import Controller

from importer.cli import main

HEADERS = ["unique_id", "login_source", "first_name", "email"]


def write(path, **sheets):
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for line, cells in enumerate([HEADERS, *rows]):
                for column, cell in enumerate(cells):
                    sheet.write_string(line, column, cell)
    return path


@pytest.fixture
def push(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OPSCOM_API_TOKEN", "token-of-the-office")

    def run(path, url, duplicates="error"):
        mapping = tmp_path / "users.yaml"
        fields = "".join(f"  {name}: {name}\n" for name in HEADERS)
        mapping.write_text(
            f"version: 1\nname: U\nendpoint: users\nduplicates: {duplicates}\nfields:\n{fields}",
            encoding="utf-8",
        )
        with pytest.raises(SystemExit):
            main(
                ["push", str(path), "--workspace", str(tmp_path), "--mapping", str(mapping), "--host",
                 url, "--client", "OC", "--yes", "--json", "--workers", "1"]
            )  # fmt: skip
        said = json.loads(capsys.readouterr().out)
        book = openpyxl.load_workbook(said["files"][0]["results"])
        return {
            (sheet.title, row[5]): (row[0], row[2], row[3])
            for sheet in book.worksheets[1:]
            for row in sheet.iter_rows(min_row=2, values_only=True)
        }

    return run


def row(number, name, mail=None):
    return [number, "OPSCOM", name, mail or f"{name}@x.example"]


def test_one_id_on_two_sheets_with_different_content_is_an_error_on_the_later(tmp_path, push):
    path = write(tmp_path / "b.xlsx", North=[row("1", "ann")], South=[row("1", "bob")])
    with Controller() as controller:
        said = push(path, controller.url)
        assert controller.requests == 1
    assert said["North", 2][0] == "pushed"
    message = (
        'unique_id: "1": North, row 2 has the same "Unique ID", and the two rows differ. Keep one of the two '
        "rows, or say with `duplicates` in the mapping which one counts."
    )
    assert said["South", 2] == ("invalid", "9022", message)


def test_the_very_same_record_on_two_sheets_is_sent_once(tmp_path, push):
    path = write(tmp_path / "b.xlsx", North=[row("1", "ann")], South=[row("1", "ann")])
    with Controller() as controller:
        said = push(path, controller.url)
        assert controller.requests == 1
    assert said["South", 2] == ("duplicate", None, "The same record as in North, row 2.")


def test_one_email_under_two_ids_on_two_sheets_is_an_error_on_the_later(tmp_path, push):
    path = write(
        tmp_path / "b.xlsx", North=[row("1", "ann")], South=[row("2", "bob", "ANN@x.example")]
    )
    with Controller() as controller:
        said = push(path, controller.url)
        assert controller.requests == 1
    assert said["South", 2][:2] == ("invalid", "9019")


@pytest.mark.parametrize(
    ("which", "states"),
    [("first", ["pushed", "duplicate"]), ("last", ["duplicate", "pushed"])],
    ids=["first", "last"],
)
def test_the_mapping_says_which_of_two_sheets_counts(tmp_path, push, which, states):
    path = write(tmp_path / "b.xlsx", North=[row("1", "ann")], South=[row("1", "bob")])
    with Controller() as controller:
        said = push(path, controller.url, duplicates=which)
        assert controller.requests == 1
    assert [said["North", 2][0], said["South", 2][0]] == states


def test_a_row_that_is_not_a_record_has_one_problem_on_each_of_two_sheets(tmp_path, push):
    end = ["End of list", "", "", ""]
    path = write(
        tmp_path / "b.xlsx", North=[row("1", "ann"), end], South=[row("2", "bob"), end], West=[end]
    )
    with Controller() as controller:
        said = push(path, controller.url)
        assert controller.requests == 2
    for sheet in ("North", "South"):
        status, _, message = said[sheet, 3]
        assert (status, len(message.splitlines())) == ("invalid", 1)


def test_of_three_sheets_every_later_row_is_compared_with_the_first(tmp_path, push):
    sheets = {"A": [row("1", "ann")], "B": [row("1", "bob")], "C": [row("1", "ann")]}
    with Controller() as controller:
        said = push(write(tmp_path / "b.xlsx", **sheets), controller.url)
        assert controller.requests == 1
    assert [said[name, 2][0] for name in sheets] == ["pushed", "invalid", "duplicate"]
    assert said["C", 2][2] == "The same record as in A, row 2."
