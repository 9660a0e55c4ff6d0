"""The sheet of a checked workbook that shows what a push would send."""

from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from annotating import MAIN, about_of, member, part_of, sheet_of

from importer.model import Outcome, State
from importer.results import write_workbook

HEADERS = ("Student ID", "Name", "Note")
ROWS = (("0012", "Zoë", "x"), ("13", "", "y"), ("14", "Null", "z"))
READY, INVALID = Outcome(State.READY), Outcome(State.INVALID)


def ready_part(outcomes, fields, *, origins=None, rows=ROWS, **facts):
    """Return a part whose batch has these fields, a column of values each."""
    sheet = sheet_of(HEADERS, rows, **facts)
    part = part_of(sheet, outcomes, origins=origins or {"unique_id": (0,), "first_name": (1,)})
    batch = replace(
        part.checked.batch,
        frame=pd.DataFrame(fields, dtype="str"),
        skipped=np.zeros(len(outcomes), dtype=bool),
    )
    return replace(part, checked=replace(part.checked, batch=batch))


def checked(tmp_path, *parts, command="check"):
    path = write_workbook(tmp_path / "students-checked.xlsx", about_of(command=command), parts)
    return path, openpyxl.load_workbook(path)


FIELDS = {
    "unique_id": ["0012", "13", "14"],
    "first_name": ["Zoë", "", "Null"],
    "login_source": ["OPSCOM"] * 3,
}


def test_every_ready_row_is_shown_as_it_would_be_sent_blank_where_a_field_is_left_out(tmp_path):
    _, book = checked(tmp_path, ready_part([READY, READY, INVALID], FIELDS))
    assert book.sheetnames == ["Summary", "Students", "Would be sent"]
    assert list(book["Would be sent"].iter_rows(values_only=True)) == [
        ("opscom_row", "unique_id", "first_name", "login_source"),
        (5, "0012", "Zoë", "OPSCOM"),
        (6, "13", None, "OPSCOM"),
    ]


def test_each_field_says_which_column_it_comes_from(tmp_path):
    origins = {"unique_id": (0,), "first_name": (1, 2)}
    _, book = checked(tmp_path, ready_part([READY] * 3, FIELDS, origins=origins))
    page = book["Would be sent"]
    assert [page[f"{letter}1"].comment.text for letter in "ABCD"] == [
        "The row in the source file.",
        "From Student ID.",
        "From Name and Note.",
        "The same for all rows: the mapping says so.",
    ]


def test_several_sheets_each_have_their_own(tmp_path):
    parts = [ready_part([READY] * 3, FIELDS, name=name) for name in ("Fall", "Winter", "Empty")]
    parts[2] = ready_part([INVALID] * 3, FIELDS, name="Empty")
    _, book = checked(tmp_path, *parts)
    assert book.sheetnames[4:] == ["Would be sent, Fall", "Would be sent, Winter"]


@pytest.mark.parametrize(
    ("outcome", "name", "command", "sheets"),
    [
        (READY, "Would be sent", "check", ["Would be sent", "Would be sent (2)"]),
        (INVALID, "Students", "check", ["Students"]),
        (Outcome(State.PUSHED), "Students", "push", ["Students"]),
    ],
    ids=["its name is taken", "nothing would be sent", "a push"],
)
def test_the_sheet_is_there_only_where_it_says_something(tmp_path, outcome, name, command, sheets):
    _, book = checked(tmp_path, ready_part([outcome] * 3, FIELDS, name=name), command=command)
    assert book.sheetnames == ["Summary", *sheets]


def test_what_would_be_sent_is_text_whatever_it_looks_like(tmp_path):
    texts = ["=1+1", "<r><t>=1</t></r>", "http://x.example"]
    path, book = checked(tmp_path, ready_part([READY] * 3, FIELDS | {"first_name": texts}))
    page = book["Would be sent"]
    assert [page[f"C{at}"].value for at in (2, 3, 4)] == texts
    assert page["C2"].quotePrefix
    root = member(path, "xl/worksheets/sheet3.xml")
    assert not list(root.iter(f"{MAIN}f"))
    assert not list(root.iter(f"{MAIN}hyperlink"))


def test_more_rows_than_are_taken_at_a_time_are_all_there(tmp_path):
    count = 9_001
    fields = {"unique_id": [str(at) for at in range(count)]}
    part = ready_part([READY] * count, fields, rows=[("x", "y", "z")] * count)
    _, book = checked(tmp_path, part)
    shown = list(book["Would be sent"].iter_rows(min_row=2, values_only=True))
    assert shown == [(at + 5, str(at)) for at in range(count)]


def test_a_row_that_a_person_added_has_no_row_number_and_the_sheet_fits_the_paper(tmp_path):
    _, book = checked(tmp_path, ready_part([READY] * 3, FIELDS, added={1}))
    page = book["Would be sent"]
    assert [page[f"A{line}"].value for line in (2, 3, 4)] == [5, None, 7]
    assert page.sheet_properties.pageSetUpPr.fitToPage
