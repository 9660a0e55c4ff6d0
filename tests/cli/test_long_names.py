"""Names of files at the edge of what a file system holds: every row that goes has its workbook."""

import pytest
from returning import rows_of

LONGEST = 255
"""Bytes of a name on the usual file systems."""


def long_name(letter, count):
    """Return the name of a CSV of at most so many bytes."""
    stem = f"a roster {letter * LONGEST}".encode()[: count - 4]
    return f"{stem.decode(errors='ignore')}.csv"


@pytest.mark.parametrize(
    ("letter", "count"), [("a", LONGEST), ("a", 228), ("ü", 240), ("🅿", LONGEST)]
)
def test_a_long_name_has_its_newest_workbook_an_older_one_and_an_archived_file(
    office, controller, call, letter, count
):
    name = long_name(letter, count)
    office.roster(3, f"inbox/{name}")
    office.roster(1, "inbox/roster z.csv", start=50)
    first = call("push", "--yes", "--json")
    assert (first.code, "open in another program" in first.err) == (0, False)
    assert len(controller.ledger) == 4
    book, other = (file["results"] for file in first.json["files"])
    assert (len(rows_of(book)), len(rows_of(other))) == (3, 1)
    archived = len(list(office.folder.glob("archive/*")))
    assert (archived, list(office.inbox.iterdir())) == (2, [])

    office.roster(3, f"inbox/{name}", Last="New")
    second = call("push", "--yes", "--json")
    assert (second.code, "open in another program" in second.err) == (0, False)
    assert second.json["files"][0]["states"] == {"pushed": 3}
    assert second.json["files"][0]["results"] == book
    assert {row["Last"] for row in rows_of(book)} == {"New"}
    assert len(list(office.folder.glob("results/*.xlsx"))) == 3
    # Of the whole folder only the newest of each counts.
    third = call("push", office.folder / "results", "--yes", "--json")
    assert sorted(file["rows"] for file in third.json["files"]) == [1, 3]
    assert len(controller.ledger) == 7


@pytest.mark.parametrize("lock", ["", "~$", ".~lock."], ids=["a folder", "Excel", "LibreOffice"])
def test_only_a_workbook_that_is_open_is_called_open_and_it_is_left_alone(office, call, lock):
    name, why = "roster-results.xlsx", "could not be replaced (Is a directory)"
    book = office.folder / "results" / name
    if lock:
        why = "is open in another program"
        book.with_name(f"{lock}{name}{'#' if lock[0] == '.' else ''}").touch()
        book.write_bytes(b"old")
    else:
        book.mkdir()
    office.roster(1)
    done = call("push", "--yes")
    assert (done.code, book.is_dir() or book.read_bytes()) == (0, b"old" if lock else True)
    assert f"{name} {why}, so roster-results (2).xlsx was written." in done.err.splitlines()
    assert len(rows_of(office.folder / "results" / "roster-results (2).xlsx")) == 1


def test_a_workbook_that_cannot_be_made_is_said_before_its_first_row_and_the_others_go(
    office, controller, call
):
    """A path that is too long as a whole, as one is on Windows from 260 characters on."""
    deep = office.folder
    while len(str(deep).encode()) < 4096 - 150:
        deep = deep / ("d" * 100)
    office.roster(1, "inbox/roster b.csv", start=50)
    office.roster(3, f"inbox/{long_name('a', 240)}")
    done = call("push", "--yes", "--json", "--results", deep)
    assert (done.code, [file["error"] for file in done.json["files"]].count(None)) == (5, 1)
    assert [entry.key for entry in controller.ledger] == ["000050"]
    [error] = [file["error"] for file in done.json["files"] if file["error"]]
    assert error.endswith(
        ": this workbook cannot be written: File name too long. Nothing of its file was sent. Name "
        "another folder with --results, or get the right to write into this one."
    )
