"""What is said of whole columns: ids of two lengths, dates of two orders.

False alarms counted: none in samples/ under the shipped mappings, none in the table of odd cells of 25
programs.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from checked import batch_of, check

from schemas import TABLES

TODAY = dt.date(2026, 1, 1)


def notes(field, cells, *, mapped=None, endpoint="users", header="HEADER", name="S", skipped=()):
    """Check one column and return what is said about it."""
    leave = np.zeros(len(cells), np.bool_)
    leave[list(skipped)] = True
    values = pd.DataFrame({field: mapped or cells}, dtype="str")
    shown = pd.DataFrame({field: cells}, dtype="str")
    batch = batch_of(endpoint, shown, sheet=name, headers=[header], frame=values, skipped=leave)
    checked = check(batch, TABLES[endpoint], today=TODAY)
    return [note for note in checked.notes if note.startswith("Column A")]


IDS = [f"{number}" for number in range(100_200_301, 100_200_331)]


def test_ids_of_two_lengths_have_probably_lost_zeros():
    assert notes("unique_id", [*IDS, "12345678", "99887766"]) == [
        (
            'Column A "HEADER": 2 numbers have fewer digits than the 9 of the others (rows 32 and 33). '
            "If zeros at the front were lost, say `pad: 9` in the mapping."
        )
    ]
    assert notes("unique_id", [*IDS, "1234567"], mapped=[*IDS, "001234567"]) == []


@pytest.mark.parametrize(
    "cells",
    [
        IDS,
        [str(7**power) for power in range(20)],
        [*IDS, "1234567", "12345678"],
        ["1", "2", "3", "44", "55"],
        [str(number) for number in range(1, 4_000, 13)],
        ["A1", "B22", "C333", "12"],
    ],
    ids=["one", "every", "three", "more of the shorter", "a counter", "letters"],
)
def test_ids_of_one_length_or_of_many_are_not_noted(cells):
    assert notes("unique_id", cells) == []


def test_numbers_shorter_than_those_with_zeros_at_the_front_are_noted():
    padded = [f"{number:04d}" for number in range(3, 900, 50)]
    assert notes("employ_no", [*padded, "73"], name=None) == [
        (
            'Column A "HEADER": 1 number has fewer digits than the 4 of the others (row 20). If zeros at the '
            "front were lost, say `pad: 4` in the mapping."
        )
    ]
    assert len(notes("employ_no", [*padded, "73", "7", "107"])) == 1
    assert notes("employ_no", [*padded, "000731", "73"]) == []


def test_skipped_rows_are_not_looked_at():
    assert notes("unique_id", [*IDS, "1234567"], skipped=[len(IDS)]) == []


def test_long_numbers_that_all_end_in_zeros_were_rounded():
    rounded = ["1234567890123450", "9876543210987650"]
    assert notes("student_no", rounded) == [
        (
            'Column A "HEADER": 2 long numbers, all zero after the first 15 digits (rows 2 and 3). Excel '
            "probably rounded them; export the column as text from the system that it comes from."
        )
    ]
    assert notes("student_no", [*rounded, "1234567890123456"]) == []


def test_dates_read_the_other_way_round_than_their_column_proves_are_noted():
    cells = ["25/12/1999", "03/04/2000", "05/05/2000"]
    assert notes("date_of_birth", cells, mapped=["25/12/1999", "2000-03-04", "2000-05-05"]) == [
        (
            'Column A "HEADER": 1 date can only have the day first (row 2) and none the month, but 1 date of '
            "the others was read the other way round (row 3). "
            "The form in the mapping is probably `%d/%m/%Y`."
        )
    ]
    assert notes("date_of_birth", cells, mapped=["1999-12-25", "2000-04-03", "2000-05-05"]) == []


def test_a_column_that_contradicts_itself_is_noted():
    cells = ["25/12/1999", "12/25/1999", "03/04/2000", *["26/12/1999"] * 4]
    assert notes("date_of_birth", cells) == [
        (
            'Column A "HEADER": 5 dates can only have the day first (rows 2, 5, 6 and others), and 1 date only '
            "the month (row 3), so that nobody can tell what the others mean. "
            "Export the column again as yyyy-mm-dd."
        )
    ]


def test_a_column_of_true_dates_is_not_noted():
    assert notes("date_of_birth", ["2001-02-03", "1999-12-31", ""]) == []
