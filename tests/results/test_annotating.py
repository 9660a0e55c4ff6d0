"""The end of the line: what held rows say, and what a workbook is called and tells of its source."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from annotating import part_of, sheet_of, texts_on

from importer.annotate import Annotator, Place, held_back
from importer.delivery.memory import System
from importer.model import Origin, Outcome, State
from importer.prepare import PUSH, Job, Past, Request

SHEET = sheet_of(("a",), [("x",)] * 4)


def checked_with(duplicates, **changes):
    checked = part_of(SHEET).checked
    return replace(checked, batch=replace(checked.batch, duplicates=duplicates), **changes)


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
    found = held_back(checked_with(duplicates, repeats={1: 5}, elsewhere={2: "North, row 2"}))
    assert found == {
        at: Outcome(State.DUPLICATE, message=message)
        for at, message in zip((1, 2), said, strict=True)
    }


def annotated(tmp_path, path, checked, outcomes, origin=None):
    """Return the report of a file and the lines of its Summary."""
    request = Request(PUSH, (), (), named=False, results=tmp_path, today=dt.date(2026, 11, 22))
    past = Past(System("https://opscom.example", "OC_TEST"))
    place = Place("https://opscom.example", "OC_TEST")
    annotator = Annotator("run-1", request, place, past)
    job = Job(Path(path), "ab" * 32, None, (checked,), (), origin)
    [report] = annotator.write(job, [outcomes], stopped=None)
    book = openpyxl.load_workbook(report.results)
    lines = texts_on(book["Summary"])
    book.close()
    return report, lines


PUSHED = (Outcome(State.PUSHED),) * 4
ORIGIN = Origin("https://opscom.example", "OC_TEST", sandbox=False, run="run-0", digest="cd" * 32)


@pytest.mark.parametrize(
    ("path", "origin", "file", "workbook"),
    [
        ("in/fall.csv", None, "fall.csv", "fall-results.xlsx"),
        ("in/Copy of it.xlsx", replace(ORIGIN, file="fall.csv"), "fall.csv", "fall-results.xlsx"),
        ("in/fall-results.xlsx", ORIGIN, "fall-results.xlsx", "fall-results.xlsx"),
    ],
    ids=["first source", "renamed workbook", "workbook without facts"],
)
def test_the_summary_and_the_name_of_the_workbook_tell_of_the_first_source(
    tmp_path, path, origin, file, workbook
):
    report, lines = annotated(tmp_path, path, part_of(SHEET).checked, PUSHED, origin)
    assert ["File", file] in lines
    assert (report.source, report.results) == (Path(path), tmp_path / workbook)
