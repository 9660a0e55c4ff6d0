"""What a number cell shows: the person's view of a stored number and its format."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.reading import faults
from importer.reading.display import show, show_iso
from importer.reading.number_format import parse, plain
from importer.reading.xlsx_package import BUILT_IN

PHONE = r"[<=9999999]###\-####;\(###\)\ ###\-####"
ACCOUNTING = BUILT_IN[44]

SHOWN = [
    ("12345", "General", "12345"),
    ("12345.0", "General", "12345"),
    ("123456789012", "General", "123456789012"),
    ("0.30000000000000004", "General", "0.3"),
    ("1e-05", "General", "0.00001"),
    ("-7", "General", "-7"),
    ("12", "@", "12"),
    ("12", 'General" km"', "12 km"),
    ("12345", "0000000", "0012345"),
    ("0", "000", "000"),
    ("-12", "0000", "-0012"),
    ("123456789", "000-00-0000", "123-45-6789"),
    ("1234567", r"000\-00\-0000", "001-23-4567"),
    ("4165550123", "000-000-0000", "416-555-0123"),
    ("4165550123", "(000) 000-0000", "(416) 555-0123"),
    ("4165550123", '"("000") "000-0000', "(416) 555-0123"),
    ("14165550123", "(000) 000-0000", "(1416) 555-0123"),
    ("5550123", PHONE, "555-0123"),
    ("4165550123", PHONE, "(416) 555-0123"),
    ("1234", '"P"0000', "P1234"),
    ("3", '0" days"', "3 days"),
    ("5", "?0", "5"),
    ("19.999", "0.00", "20.00"),
    ("2.675", "0.00", "2.68"),
    ("14.499999999999998", "0.00", "14.50"),
    ("1234567.891", "#,##0.0##", "1,234,567.891"),
    ("7", "0,000", "0,007"),
    ("999999.995", "#,##0.00", "1,000,000.00"),
    ("0", "#,##0", "0"),
    ("5", "0.#", "5."),
    ("0.5", ".00", ".50"),
    ("0.5", r"0\.0", "0.1"),
    ("1234567", "0,", "1235"),
    ("1234567", "0.0,,", "1.2"),
    ("12", "[>0]0", "12"),
    ("0.155", "0.0%", "15.5%"),
    ("1234.5", '"$"#,##0.00', "$1,234.50"),
    ("14.5", "[$$-1009]#,##0.00", "$14.50"),
    ("14.5", "0.00 €", "14.50 €"),
    ("1234.5", ACCOUNTING, "$1,234.50"),
    ("0", ACCOUNTING, "$-"),
    ("-3", ACCOUNTING, "$(3.00)"),
    ("-1234.5", BUILT_IN[8], "($1,234.50)"),
    ("-12", "[Red]-0", "--12"),
    ("-12", "0;[Red](0)", "(12)"),
    ("5", '"yes";"no"', "yes"),
    ("0", '0;-0;"none"', "none"),
    ("-5", "0;@", "-5"),
    ("-0.001", "0.00", "0.00"),
    ("-0.001", "0%", "0%"),
    ("-0.4", "00000", "00000"),
    ("-0.4", '"P5-"0', "P5-0"),
    ("-0.005", "0.00", "-0.01"),
    ("-0.001", "0.00;-0.00", "-0.00"),
    ("-0.001", '"x"', "-x"),
    ("36925", "yyyy-mm-dd", "2001-02-03"),
    ("36925", r"[$-F800]dddd\,\ mmmm\ dd\,\ yyyy", "2001-02-03"),
    ("36925", "[$-409]d-mmm-yy;@", "2001-02-03"),
    ("36925", "mmm-yy", "2001-02-03"),
    ("36925.6041666667", "yyyy-mm-dd", "2001-02-03"),
    ("36925.9999999653", "yyyy-mm-dd", "2001-02-03"),  # 23:59:59.997
    ("36925.9999999999", "yyyy-mm-dd", "2001-02-04"),
    ("36925.9999999653", "yyyy-mm-dd hh:mm", "2001-02-04T00:00:00"),
    ("42000", 'yyyy"年"m"月"d"日"', "2014-12-27"),
    ("36925", "m/d/yy h:mm", "2001-02-03T00:00:00"),
    ("36925.604166666664", "m/d/yy h:mm", "2001-02-03T14:30:00"),
    ("36925.604166666664", "yyyy-mm-ddThh:mm:ss", "2001-02-03T14:30:00"),
    ("0.604166666666667", "h:mm AM/PM", "14:30:00"),
    ("36925.604166666664", "hh:mm:ss", "14:30:00"),
    ("0.5", "mm:ss.0", "12:00:00"),
    ("59", "yyyy-mm-dd", "1900-02-28"),
    ("61", "yyyy-mm-dd", "1900-03-01"),
    ("2958465", "yyyy-mm-dd", "9999-12-31"),
    ("1.09375", "[h]:mm", "26:15"),
    ("1.09375", "[hh]:mm:ss", "26:15:00"),
    ("0.0625", "[mm]:ss", "90:00"),
    ("0.001", "[s]", "86"),
]


@pytest.mark.parametrize(
    ("raw", "code", "text"), SHOWN, ids=[f"{raw} as {code}" for raw, code, _ in SHOWN]
)
def test_a_number_is_shown_as_its_format_says(raw, code, text):
    shown = show(raw, parse(code))
    assert (shown.text, shown.fault) == (text, None)


FAULTY = [
    ("1234567890123456", "General", faults.TOO_MANY_DIGITS),
    ("1234567890123456", "0000000", faults.TOO_MANY_DIGITS),
    ("1e300", "0", faults.TOO_MANY_DIGITS),
    ("1", ";;;", faults.HIDDEN_BY_FORMAT),
    ("0", "#", faults.HIDDEN_BY_FORMAT),
    ("0", "0;-0;", faults.HIDDEN_BY_FORMAT),
    ("1.5", "# ?/?", faults.UNREADABLE_FORMAT),
    ("1234", "0.00E+00", faults.UNREADABLE_FORMAT),
    ("1234", "[DBNum1]0", faults.UNREADABLE_FORMAT),
    ("1234", "0 Kg", faults.UNREADABLE_FORMAT),
    ("-5", PHONE, faults.UNREADABLE_FORMAT),
    ("5", "[>10]0", faults.UNREADABLE_FORMAT),
    ("5", '[h]" hours"', faults.UNREADABLE_FORMAT),
    ("5", "yyyy 0", faults.UNREADABLE_FORMAT),
    ("5", "0###", faults.UNREADABLE_FORMAT),
    ("5", '0"kg', faults.UNREADABLE_FORMAT),
    ("5", "[Red0", faults.UNREADABLE_FORMAT),
    ("5", "0\\", faults.UNREADABLE_FORMAT),
    ("5", "0;0;0;@;0", faults.UNREADABLE_FORMAT),
    ("5", "@;0", faults.UNREADABLE_FORMAT),
    ("5", "0%%", faults.UNREADABLE_FORMAT),
    ("5", ".", faults.UNREADABLE_FORMAT),
    ("5", '"#".00', faults.UNREADABLE_FORMAT),
    ("5", "0 ,", faults.UNREADABLE_FORMAT),
    ("5", "0.?0", faults.UNREADABLE_FORMAT),
    ("500", "[<100]0;0.0;0.00", faults.UNREADABLE_FORMAT),
    ("0", "[>0]#;0.00", faults.UNREADABLE_FORMAT),
    ("nan", "0", faults.NO_NUMBER),
    ("abc", "0", faults.NO_NUMBER),
    ("0", "yyyy-mm-dd", faults.NO_SUCH_DATE),
    ("60", "yyyy-mm-dd", faults.NO_SUCH_DATE),
    ("-3", "yyyy-mm-dd", faults.NO_SUCH_DATE),
    ("-0.5", "[h]:mm", faults.NO_SUCH_DATE),
    ("2958466", "yyyy-mm-dd", faults.NO_SUCH_DATE),
    ("0.5", "yyyy-mm-dd hh:mm", faults.NO_SUCH_DATE),
]


@pytest.mark.parametrize(
    ("raw", "code", "fault"), FAULTY, ids=[f"{raw} as {code}" for raw, code, _ in FAULTY]
)
def test_what_cannot_be_shown_for_certain_is_a_fault(raw, code, fault):
    assert show(raw, parse(code)).fault is fault


STORED = [
    ("12345", "0000000", None),
    ("14.5", "0.00", None),
    ("19.999", "0.00", "19.999"),
    ("1234.5", "#,##0.00", "1234.5"),
    ("999.5", "#,##0.00", None),
    ("14.5", '"$"0.00', "14.5"),
    ("0.155", "0.0%", "0.155"),
    ("-3", "0;(0)", "-3"),
    ("36925", "yyyy-mm-dd", None),
    ("0.1", "General", None),
]


@pytest.mark.parametrize(
    ("raw", "code", "stored"), STORED, ids=[f"{raw} as {code}" for raw, code, _ in STORED]
)
def test_the_stored_number_is_kept_where_the_shown_text_says_another(raw, code, stored):
    assert show(raw, parse(code)).stored == stored


@pytest.mark.parametrize(
    ("raw", "day"), [("0", "1904-01-01"), ("60", "1904-03-01"), ("35463", "2001-02-03")]
)
def test_a_workbook_that_counts_from_1904_has_its_own_first_day(raw, day):
    assert show(raw, parse("yyyy-mm-dd"), since_1904=True).text == day


@given(st.integers(1, 2_958_465).filter(lambda day: day != 60))
def test_every_serial_number_is_the_day_that_excel_shows(day):
    first = date(1899, 12, 31) if day < 60 else date(1899, 12, 30)
    assert show(str(day), parse("d-mmm-yy")).text == (first + timedelta(days=day)).isoformat()


@given(st.datetimes(datetime.fromisoformat("1901-01-01"), datetime.fromisoformat("9999-12-31")))
def test_a_date_time_survives_its_way_through_a_double(moment):
    moment = moment.replace(microsecond=0)
    serial = (moment - datetime.fromisoformat("1899-12-30")) / timedelta(days=1)
    assert show(repr(serial), parse("yyyy-mm-dd hh:mm:ss")).text == moment.isoformat()


@given(st.integers(0, 10**15 - 1), st.integers(1, 12))
def test_padding_never_changes_the_number(number, width):
    text = show(str(number), parse("0" * width)).text
    assert int(text) == number
    assert len(text) == max(width, len(str(number)))


@given(st.decimals(-(10**9), 10**9, places=2))
def test_amounts_with_two_decimals_are_shown_exactly(amount):
    shown = show(repr(float(amount)), parse("#,##0.00"))
    assert Decimal(shown.text.replace(",", "")) == amount


@given(st.floats(-1e15, 1e15))
def test_plain_digits_have_no_exponent_and_mean_the_same_number(value):
    text = plain(value)
    assert "e" not in text.lower()
    assert math.isclose(float(text), value, rel_tol=1e-14, abs_tol=0)


@given(st.text(max_size=30))
def test_no_format_code_whatever_breaks_the_reading(code):
    assert parse(code).sections
    shown = show("12345.678", parse(code))
    assert shown.fault is not None or shown.text


@pytest.mark.parametrize("number", sorted(BUILT_IN), ids=str)
def test_every_built_in_format_is_understood_or_known_not_to_be(number):
    faulty = {show(raw, parse(BUILT_IN[number])).fault for raw in ("1.5", "0")}
    assert (faults.UNREADABLE_FORMAT in faulty) == (number in {11, 12, 13, 48})


ISO = [
    ("2001-02-03", "yyyy-mm-dd", "2001-02-03"),
    ("2001-02-03T00:00:00", "General", "2001-02-03"),
    ("2001-02-03T14:30:00", "yyyy-mm-dd", "2001-02-03"),
    ("2001-02-03T23:59:59.997", "yyyy-mm-dd", "2001-02-03"),
    ("2001-02-03T00:00:00", "yyyy-mm-dd hh:mm", "2001-02-03T00:00:00"),
    ("2001-02-03T14:30:00.000", "hh:mm", "14:30:00"),
    ("2001-02-03T14:29:59.999", "yyyy-mm-dd hh:mm", "2001-02-03T14:30:00"),
    ("2001-02-03T14:29:59.4Z", "General", "2001-02-03T14:29:59"),
    ("08:30:00", "h:mm", "08:30:00"),
    ("1899-12-31T08:30:00", "h:mm", "08:30:00"),
    ("1900-01-01T02:15:00", "[h]:mm", "26:15"),
    ("1900-01-15", "yyyy-mm-dd", "1900-01-15"),
    ("1900-03-01", "yyyy-mm-dd", "1900-03-01"),
]


@pytest.mark.parametrize(("raw", "code", "text"), ISO, ids=[f"{r} as {c}" for r, c, _ in ISO])
def test_a_date_stored_as_iso_text_is_shown_as_its_format_says(raw, code, text):
    assert show_iso(raw, parse(code)).text == text


def test_an_iso_date_that_is_none_is_a_fault():
    assert show_iso("2001-02-30", parse("yyyy-mm-dd")).fault is faults.NO_SUCH_DATE
