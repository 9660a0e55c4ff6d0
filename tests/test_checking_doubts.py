"""What is said about whole columns that Excel, or an export, has probably damaged."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from importer.checking import check
from importer.model import Batch, Column, Sheet
from schemas import TABLES

TODAY = dt.date(2026, 1, 1)


def doubts(field, cells, *, mapped=None, endpoint="users", header="HEADER", name="S", skipped=()):
    """Check one column and return what is said about it."""
    frame = pd.DataFrame({0: cells}, dtype="str")
    rows = np.arange(2, len(cells) + 2)
    sheet = Sheet(Path("people.xlsx"), "0", name, 1, (Column(0, header),), frame, rows)
    leave = np.zeros(len(cells), np.bool_)
    leave[list(skipped)] = True
    values = pd.DataFrame({field: mapped or cells}, dtype="str")
    batch = Batch(sheet, endpoint, "m", values, {field: (0,)}, leave)
    checked = check(batch, TABLES[endpoint], today=TODAY)
    return [doubt for doubt in checked.doubts if doubt.startswith("Column A")]


IDS = [f"{number}" for number in range(100_200_301, 100_200_331)]


def test_ids_that_are_shorter_than_most_have_probably_lost_zeros():
    assert doubts("unique_id", [*IDS, "1234567", "99887766"]) == [
        (
            'Column A "HEADER": 2 numbers are shorter than the 9 digits that most have (rows 32 and 33). '
            "Zeros at the front were probably lost; if so, say `pad: 9` in the mapping."
        )
    ]


def test_ids_of_one_length_or_of_every_length_are_not_doubted():
    assert doubts("unique_id", IDS) == []
    assert doubts("unique_id", [str(7**power) for power in range(20)]) == []
    assert doubts("city", [*IDS, "1234567"]) == []


def test_a_counter_that_has_grown_by_a_digit_is_not_doubted():
    assert doubts("unique_id", [str(number) for number in range(99_800, 100_400)]) == []


def test_short_numbers_of_many_lengths_or_of_a_few_digits_are_not_doubted():
    assert doubts("unique_id", [*IDS, "12345678", "1234567", "123456"]) == []
    assert doubts("unique_id", [*IDS, "99"]) == []


NEVER_PADDED = {
    "employees 1 to 4,000": range(1, 4_000, 13),
    "employees 1 to 40,000": range(7, 40_000, 131),
    "employees 8,000 to 32,000": range(8_000, 32_000, 79),
    "employees 1 to 250,000": range(3, 250_000, 811),
}


@pytest.mark.parametrize("numbers", NEVER_PADDED.values(), ids=NEVER_PADDED)
def test_small_numbers_that_were_counted_up_are_not_doubted(numbers):
    assert doubts("employ_no", [str(number) for number in numbers]) == []


@pytest.mark.parametrize("width", [6, 7, 8, 9], ids=str)
@pytest.mark.parametrize("size", [60, 3_000], ids=str)
def test_padded_ids_that_lost_their_zeros_are_doubted_in_files_of_any_size(width, size):
    step = 10**width // size
    ids = [str(number) for number in range(step // 3, 10**width, step + 1)]
    (said,) = doubts("unique_id", ids)
    assert f"shorter than the {width} digits that most have" in said
    assert said.endswith(f"say `pad: {width}` in the mapping.")


def test_one_number_typed_without_its_zeros_among_padded_ones_is_doubted_by_their_length():
    padded = [f"{number:04d}" for number in range(3, 900, 50)]
    assert doubts("employ_no", [*padded, "73"]) == [
        (
            'Column A "HEADER": one number is shorter than the 4 digits that those with zeros at the front '
            "have (row 20). Zeros at the front were probably lost; if so, say `pad: 4` in the mapping."
        )
    ]


def test_zeros_at_the_front_of_numbers_of_several_lengths_tell_nothing():
    padded = [f"{number:04d}" for number in range(3, 900, 50)]
    assert doubts("employ_no", [*padded, "000731", "73"]) == []
    assert doubts("employ_no", ["0042", "43", "44", "45"]) == []


def test_zip_codes_without_their_zero_are_doubted():
    (said,) = doubts("postal_code", ["14201", "14202", "14203", "14204", "14205", "2138"])
    assert said.startswith('Column A "HEADER": one number is shorter than the 5 digits')
    assert "(row 7)" in said


def test_skipped_rows_are_not_looked_at():
    assert doubts("unique_id", [*IDS, "1234567"], skipped=[len(IDS)]) == []


def test_numbers_in_scientific_notation_are_doubted():
    assert doubts("student_no", ["1.23457E+11", "4.5e+5", "1E5", "12E"]) == [
        (
            'Column A "HEADER": 2 numbers are written like 1.2E+11 (rows 2 and 3), so that digits are '
            "lost. Format the column as a number without decimals in the source and export it again."
        )
    ]


def test_long_numbers_that_all_end_in_zeros_were_rounded():
    rounded = ["1234567890123450", "9876543210987650", "12345678901234500"]
    assert doubts("student_no", rounded, name=None) == [
        (
            'Column A "HEADER": 3 long numbers are zero after the first 15 digits (records 2, 3 and 4). '
            "Excel probably rounded them; export the column as text from the system that it comes from."
        )
    ]
    assert doubts("student_no", [*rounded, "1234567890123456"]) == []


@pytest.mark.parametrize("garbled", ["ZoÃ«", "AmÃ©lie", "CafÃ‰", "Â\u00a012", "itâ€™s"], ids=ascii)
def test_letters_of_a_wrong_encoding_are_doubted(garbled):
    assert doubts("first_name", ["Zoë", garbled, "SÃO", "Ânia"]) == [
        (
            'Column A "HEADER": one value holds signs such as Ã© in the place of letters with accents '
            "(row 3). The file was probably read in a wrong encoding before; export it again as UTF-8."
        )
    ]


def test_lost_letters_are_doubted():
    assert doubts("last_name", ["Nu\ufffdez", "Nuñez"]) == [
        (
            'Column A "HEADER": one value has \ufffd in the place of a letter (row 2). '
            "The letter is lost in this file; export it again as UTF-8."
        )
    ]


def test_values_that_pile_up_at_one_length_were_probably_cut():
    streets = [f"{number} " + "Long Invented Street Name"[: number % 20] for number in range(60)]
    cut = [f"{number:02} An Invented Avenue Tha" for number in range(30)]
    said = doubts("street", [*[street for street in streets if len(street) < 20], *cut[:12]])
    assert len(said) == 1
    assert "12 values have exactly 25 characters, and none has more (rows " in said[0]
    assert said[0].endswith("The export probably cut them off; look at how they end.")
    assert doubts("street", streets) == []
    assert doubts("phone_cell", ["416-555-0100"] * 9 + ["905-555-010"]) == []


def test_a_value_as_long_as_a_cell_can_be_is_doubted():
    (said,) = doubts("street", ["x" * 255, "y"])
    assert "one value has exactly 255 characters, and none has more (row 2)." in said


@pytest.mark.parametrize("shape", ["2026-03-10", "10-Mar", "Mar-10"])
def test_plates_that_excel_read_as_dates_are_doubted(shape):
    assert doubts("plate", ["ABC 123", shape, "MAR10", "1-2"], endpoint="vehicles") == [
        (
            'Column A "HEADER": one of the plates is a date (row 3). Excel probably made it of a text '
            "such as MAR10; type it again in a column that is formatted as text."
        )
    ]


# --- Dates --------------------------------------------------------------------------------------


def test_dates_read_the_other_way_round_than_their_column_proves_are_doubted():
    cells = ["25/12/1999", "03/04/2000", "05/05/2000"]
    assert doubts("date_of_birth", cells, mapped=["25/12/1999", "2000-03-04", "2000-05-05"]) == [
        (
            'Column A "HEADER": one date can only have the day first (row 2) and none the month, but one '
            "date of the others was read the other way round (row 3). "
            "The form in the mapping is probably `%d/%m/%Y`."
        )
    ]
    assert doubts("date_of_birth", cells, mapped=["1999-12-25", "2000-04-03", "2000-05-05"]) == []


def test_a_column_whose_order_is_not_told_yet_proves_it():
    (said,) = doubts("date_of_birth", ["12/25/1999", "03/04/2000", "04/05/2000"])
    assert said.endswith(
        "2 dates of the others were read not at all, because their order is not told (rows 3 and 4). "
        "The form in the mapping is probably `%m/%d/%Y`."
    )


def test_a_column_that_contradicts_itself_is_doubted():
    assert doubts("date_of_birth", ["25/12/1999", "12/25/1999", "03/04/2000"]) == [
        (
            'Column A "HEADER": one date can only have the day first (row 2), and one date only the month '
            "(row 3), so that nobody can tell what the others mean. "
            "Export the column again as yyyy-mm-dd."
        )
    ]


def test_true_dates_beside_texts_that_would_be_a_thirteenth_month_were_turned_round():
    true = [f"2000-{month:02}-{day:02}" for month, day in ((1, 2), (3, 4), (5, 6), (7, 8), (9, 10))]
    (said,) = doubts("date_of_birth", [*true, "25/12/1999", "13/01/2000"])
    assert said.startswith(
        'Column A "HEADER": 5 dates of Excel never have a day after the 12th, and 2 dates stayed text '
        "(rows 7 and 8). Excel probably turned days and months round"
    )
    assert doubts("date_of_birth", [*true, "2000-01-31", "25/12/1999"]) == []


def test_day_numbers_in_the_place_of_dates_are_doubted():
    assert doubts("date_of_birth", ["36925", "2001-02-03", "36926"]) == [
        (
            'Column A "HEADER": 2 cells are each a number of five digits (rows 2 and 4), probably Excel\'s '
            "number of a day. Format the column as a date and save or export it again."
        )
    ]


def test_a_column_of_true_dates_is_not_doubted():
    assert doubts("date_of_birth", ["2001-02-03", "1999-12-31", ""]) == []


def test_no_doubt_holds_a_value():
    secret = ["Secretperson" + "x" * number for number in range(9)]
    assert not any("Secret" in said for said in doubts("last_name", [*secret, "ZoÃ«Secret"]))
