"""Titles, totals, footers and repeated headers are not sent as records."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from importer.checking import check
from importer.model import Batch, Column, Sheet
from schemas import TABLES

HEADERS = ("Student ID", "Last Name", "First Name", "City", "Cell Phone", "Postal Code")
FIELDS = {"unique_id": 0, "last_name": 1, "first_name": 2, "city": 3}
LOOKS = (
    "this row looks like a title, a total or a footer and not like a record: little of it is filled, "
    "and this cell is unlike all others above and below."
)
FILL = "Delete the row, or name it under skip_rows in the mapping; if it is a record, fill in the rest of it."
LIKE_NONE = (LOOKS, FILL)
REPEATED = (
    "this row repeats the header.",
    "Delete the row, or name it under skip_rows in the mapping.",
)


def people(count=8, ids="A00{}"):
    return [
        (ids.format(100_200 + at), f"Last{at}", "Ann", "Ottawa", "6135550100", "K1A 0A1")
        for at in range(count)
    ]


def checked(rows, *, headers=HEADERS, fields=None, endpoint="users", skipped=()):
    fields = FIELDS if fields is None else fields
    frame = pd.DataFrame([[*row, *[""] * (len(headers) - len(row))] for row in rows], dtype="str")
    columns = tuple(Column(at, header) for at, header in enumerate(headers))
    numbers = np.arange(2, len(rows) + 2)
    sheet = Sheet(Path("people.xlsx"), "0", "S", 1, columns, frame, numbers)
    leave = np.zeros(len(rows), np.bool_)
    leave[list(skipped)] = True
    values = pd.DataFrame({name: frame[column] for name, column in fields.items()}, dtype="str")
    origins = {name: (column,) for name, column in fields.items()}
    batch = Batch(sheet, endpoint, "m", values, origins, leave)
    return check(batch, TABLES[endpoint], today=dt.date(2026, 1, 1))


def held(rows, **options):
    """Check some rows; return what holds any of them back, by position."""
    return {
        problem.position: (problem.message, problem.remedy)
        for problem in checked(rows, **options).problems
        if problem.holds and problem.message in {LIKE_NONE[0], REPEATED[0]}
    }


@pytest.mark.parametrize(
    "row",
    [
        ("Fall 2026 roster",),
        ("Program: Nursing", "", "", "", "", "page 2"),
        ("Total", "8"),
        ("Grand total: 8",),
        ("Totaux",),
        ("Sous-total", "8", "", "", "8"),
        ("Report generated 2026-09-01 by the registrar",),
        ("END",),
    ],
    ids=lambda row: row[0],
)
def test_a_row_of_a_report_that_is_no_record_is_held_back(row):
    assert held([*people(), row]) == {8: LIKE_NONE}
    assert held([row, *people()]) == {0: LIKE_NONE}


def test_a_header_that_each_page_repeats_is_held_back():
    again = ("STUDENT ID ", "Last\nName", "First Name", "City", "", "Postal Code")
    headers = ("Student ID", "Last Name", *HEADERS[2:])
    assert held([*people(), again, *people(3, "B{}")], headers=headers) == {8: REPEATED}


def test_the_problem_stands_at_the_key_with_its_row():
    rows = [*people(), ("Total", "Lee", "Ann")]
    (problem,) = (found for found in checked(rows).problems if found.message == LOOKS)
    assert (problem.row, problem.columns, problem.field) == (10, (0,), "unique_id")
    assert (problem.value, problem.code) == ("Total", None)


@pytest.mark.parametrize(
    "row",
    [
        ("A00999999",),
        ("999",),
        ("visitor desk", "Desk", "Front", "Ottawa"),
        ("Total", "Ahmed", "Ann", "Ottawa"),
        ("Student ID", "Last Name", "Ann", "Ottawa"),
    ],
    ids=str,
)
def test_a_record_that_only_looks_a_little_odd_is_not_held_back(row):
    assert held([*people(), row]) == {}


def test_where_ids_are_names_a_sparse_row_is_like_the_others():
    assert held([*people(8, "ann lee{}"), ("bob ray",)]) == {8: LIKE_NONE}
    rows = [(f"{name} lee", *people(1)[0][1:]) for name in ("ann", "bob", "cy")]
    assert held([*rows, ("dee lee",)]) == {}
    assert held([*rows, ("Total: 3",)]) == {3: LIKE_NONE}


def test_a_list_of_little_more_than_keys_has_no_sparse_rows():
    rows = [(f"R-{at}", "x") for at in range(5)]
    options = {"headers": ("Reference", "Note"), "fields": {"referenceID": 0}}
    assert held([*rows, ("withdrawn",)], endpoint="permit-deletes", **options) == {}


def test_columns_of_a_results_workbook_fill_no_row():
    ours = ("opscom_status", "opscom_message", "opscom_row")
    rows = [(*row, "invalid", "m", "5") for row in [*people(), ("Total", "", "", "", "", "")]]
    assert held(rows, headers=(*HEADERS, *ours)) == {8: LIKE_NONE}


def test_rows_that_the_mapping_skips_are_neither_looked_at_nor_counted():
    rows = [*people(3), *[("Total", "8")] * 9]
    assert held(rows, skipped=range(3, 12)) == {}
    assert held(rows, skipped=range(4, 12)) == {3: LIKE_NONE}


# --- values beside their header -------------------------------------------------------------------

SHIFTED = ("Student ID", "Last Name", "First Name", "City", "", "Postal Code")


def beside(headers, rows):
    return [doubt for doubt in checked(rows, headers=headers).doubts if "beside it" in doubt]


@pytest.mark.parametrize(("city", "letters"), [(3, "DE"), (5, "FE")], ids=["right", "left"])
def test_values_that_stand_beside_their_header_are_doubted(city, letters):
    headers = ["Student ID", "Last Name", "First Name", "", "", ""]
    headers[city] = "City"
    rows = [(f"A{at}", "Lee", "Ann", "", "Ottawa", "") for at in range(4)]
    found = checked(rows, headers=tuple(headers), fields={**FIELDS, "city": city}).doubts
    assert [doubt for doubt in found if doubt.startswith("Column")] == [
        (
            f'Column {letters[0]} "City" is blank in every row, and column {letters[1]} beside it has '
            "values and no header. They probably belong together: move the header over the values, "
            "and check again."
        )
    ]


def test_a_blank_column_beside_others_with_headers_is_not_doubted():
    rows = [(f"A{at}", "Lee", "Ann", "", "6135550100", "") for at in range(4)]
    assert beside(HEADERS, rows) == []


def test_a_column_with_any_value_is_where_its_values_are():
    rows = [(f"A{at}", "Lee", "Ann", "Ottawa" if at else "", "x") for at in range(4)]
    assert beside(SHIFTED, rows) == []
