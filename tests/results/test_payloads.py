"""The sheet of a checked workbook that shows what a push would send."""

from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
from annotating import MAIN, about_of, member, part_of, sheet_of

from importer.model import Outcome, State
from importer.results import write_workbook

READY, INVALID = Outcome(State.READY), Outcome(State.INVALID)
FIELDS = {
    "unique_id": ["0012", "13", "14"],
    "first_name": ["Zoë", "", "Null"],
    "login_source": ["OPSCOM"] * 3,
}


def ready_part(outcomes, fields=FIELDS, **facts):
    """Return a part whose batch has these fields, a column of values each."""
    sheet = sheet_of(("Student ID", "Name", "Note"), [("0012", "x", "y")] * len(outcomes), **facts)
    part = part_of(sheet, outcomes, origins={"unique_id": (0,), "first_name": (1, 2)})
    batch = replace(part.checked.batch, frame=pd.DataFrame(fields, dtype="str"))
    return replace(part, checked=replace(part.checked, batch=batch))


def checked(tmp_path, *parts, command="check"):
    path = write_workbook(tmp_path / "students-checked.xlsx", about_of(command=command), parts)
    return path, openpyxl.load_workbook(path)


def test_every_ready_row_is_shown_as_it_would_be_sent_and_each_field_says_its_column(tmp_path):
    """A blank is a field that is left out; a row that a person added has no number."""
    _, book = checked(tmp_path, ready_part([READY, READY, INVALID], added={0}))
    assert book.sheetnames == ["Summary", "Students", "Would be sent"]
    page = book["Would be sent"]
    assert list(page.iter_rows(values_only=True)) == [
        ("opscom_row", "unique_id", "first_name", "login_source"),
        (None, "0012", "Zoë", "OPSCOM"),
        (6, "13", None, "OPSCOM"),
    ]
    assert [page[f"{letter}1"].comment.text for letter in "ABCD"] == [
        "The row in the source file.",
        "From Student ID.",
        "From Name and Note.",
        "The same for all rows: the mapping says so.",
    ]
    assert page.sheet_properties.pageSetUpPr.fitToPage


SHEETS = {
    "each sheet has its own": (
        [("Fall", READY), ("Winter", READY), ("Empty", INVALID)],
        ["Fall", "Winter", "Empty", "Would be sent, Fall", "Would be sent, Winter"],
    ),
    "its name is taken": ([("Would be sent", READY)], ["Would be sent", "Would be sent (2)"]),
    "nothing would be sent": ([("Students", INVALID)], ["Students"]),
    "a push": ([("Students", Outcome(State.PUSHED))], ["Students"]),
}


@pytest.mark.parametrize("case", SHEETS)
def test_the_sheet_is_there_only_where_it_says_something(tmp_path, case):
    given, names = SHEETS[case]
    parts = [ready_part([outcome] * 3, name=name) for name, outcome in given]
    _, book = checked(tmp_path, *parts, command="push" if case == "a push" else "check")
    assert book.sheetnames == ["Summary", *names]


def test_what_would_be_sent_is_text_whatever_it_looks_like(tmp_path):
    texts = ["=1+1", "<r><t>=1</t></r>", "http://x.example"]
    path, book = checked(tmp_path, ready_part([READY] * 3, FIELDS | {"first_name": texts}))
    page = book["Would be sent"]
    assert [page[f"C{at}"].value for at in (2, 3, 4)] == texts
    assert page["C2"].quotePrefix
    root = member(path, "xl/worksheets/sheet3.xml")
    assert not [*root.iter(f"{MAIN}f"), *root.iter(f"{MAIN}hyperlink")]


def test_more_rows_than_are_taken_at_a_time_are_all_there(tmp_path):
    fields = {"unique_id": [str(at) for at in range(4_001)]}
    _, book = checked(tmp_path, ready_part([READY] * 4_001, fields))
    shown = list(book["Would be sent"].iter_rows(min_row=2, values_only=True))
    assert shown == [(at + 5, str(at)) for at in range(4_001)]
