"""The sheet of a checked workbook that shows what a push would send."""

from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
from annotating import part_of, sheet_of, written

from importer.model import Outcome, State

READY, INVALID = Outcome(State.READY), Outcome(State.INVALID)
FIELDS = {
    "unique_id": ["0012", "13", "14"],
    "first_name": ["=1+1", "", "Null"],
    "login_source": ["OPSCOM"] * 3,
}


def ready_part(outcomes, fields=FIELDS, **facts):
    """Return a part whose batch has these fields, a column of values each."""
    sheet = sheet_of(("Student ID", "Name", "Note"), [("0012", "x", "y")] * len(outcomes), **facts)
    part = part_of(sheet, outcomes, origins={"unique_id": (0,), "first_name": (1, 2)})
    batch = replace(part.checked.batch, frame=pd.DataFrame(fields, dtype="str"))
    return replace(part, checked=replace(part.checked, batch=batch))


def checked(tmp_path, *parts, command="check"):
    return openpyxl.load_workbook(written(tmp_path, *parts, command=command))


def test_every_ready_row_is_shown_as_it_would_be_sent_and_each_field_says_its_column(tmp_path):
    """A blank is a field that is left out; a row that a person added has no number."""
    book = checked(tmp_path, ready_part([READY, READY, INVALID], added={0}))
    assert book.sheetnames == ["Summary", "Students", "Would be sent"]
    page = book["Would be sent"]
    assert list(page.iter_rows(values_only=True)) == [
        ("opscom_row", "unique_id", "first_name", "login_source"),
        (None, "0012", "=1+1", "OPSCOM"),
        (6, "13", None, "OPSCOM"),
    ]
    assert [page[f"{letter}1"].comment.text for letter in "ABCD"] == [
        "The row in the source file.",
        "From Student ID.",
        "From Name and Note.",
        "The same for all rows: the mapping says so.",
    ]
    assert (page["C2"].data_type, page["C2"].quotePrefix) == ("s", True)
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
    book = checked(tmp_path, *parts, command="push" if case == "a push" else "check")
    assert book.sheetnames == ["Summary", *names]


def test_more_rows_than_are_taken_at_a_time_are_all_there(tmp_path):
    fields = {"unique_id": [str(at) for at in range(4_001)]}
    book = checked(tmp_path, ready_part([READY] * 4_001, fields))
    shown = list(book["Would be sent"].iter_rows(min_row=2, values_only=True))
    assert shown == [(at + 5, str(at)) for at in range(4_001)]
