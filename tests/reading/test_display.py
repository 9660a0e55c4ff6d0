"""What a cell shows: the person's view of what is stored and its format.

The common formats are in the workbooks of LibreOffice and of 25 programs: see ``test_producers``.
"""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.reading import faults
from importer.reading.display import Looks, Style, show, show_iso
from importer.reading.number_format import parse
from importer.reading.xlsx_package import BUILT_IN

PHONE = r"[<=9999999]###\-####;\(###\)\ ###\-####"
SHOWN = {
    "General": {
        "12345.0": "12345", "123456789012": "123456789012", "0.30000000000000004": "0.3", "1e-05": "0.00001",
    },
    'General" km"': {"12": "12 km"},
    "0000": {"-12": "-0012", "0": "0000"},
    r"000\-00\-0000": {"1234567": "001-23-4567"},
    '"("000") "000-0000': {"4165550123": "(416) 555-0123", "14165550123": "(1416) 555-0123"},
    PHONE: {"5550123": "555-0123", "4165550123": "(416) 555-0123"},
    "?0": {"5": "5"},
    "0.00": {"14.499999999999998": "14.50", "-0.001": "0.00", "-0.005": "-0.01"},
    "#,##0.0##": {"1234567.891": "1,234,567.891"},
    "0,000": {"7": "0,007"},
    "#,##0.00": {"999999.995": "1,000,000.00"},
    "0.#": {"5": "5."},
    ".00": {"0.5": ".50"},
    r"0\.0": {"0.5": "0.1"},
    "0.0,,": {"1234567": "1.2"},
    "[>0]0": {"12": "12"},
    "[$$-1009]#,##0.00": {"14.5": "$14.50"},
    "0.00 €": {"14.5": "14.50 €"},
    BUILT_IN[8]: {"-1234.5": "($1,234.50)"},
    "[Red]-0": {"-12": "--12"},
    '"yes";"no"': {"5": "yes", "0": "yes"},
    "0;@": {"-5": "-5"},
    "0%": {"-0.001": "0%"},
    "00000": {"-0.4": "00000"},
    '"P5-"0': {"-0.4": "P5-0"},
    '"x"': {"-0.001": "-x"},
    "yyyy-mm-dd": {
        "36925.6041666667": "2001-02-03", "36925.9999999653": "2001-02-03",  # 23:59:59.997
        "36925.9999999999": "2001-02-04", "59": "1900-02-28", "61": "1900-03-01", "2958465": "9999-12-31",
    },
    "m/d/yy h:mm": {
        "36925": "2001-02-03T00:00:00", "36925.604166666664": "2001-02-03T14:30:00",
        "36925.9999999653": "2001-02-04T00:00:00",
    },
    "yyyy-mm-ddThh:mm:ss": {"36925.604166666664": "2001-02-03T14:30:00"},
    "mm:ss.0": {"0.5": "12:00:00"},
    "[hh]:mm:ss": {"1.09375": "26:15:00"},
    "[mm]:ss": {"0.0625": "90:00"},
    "[s]": {"0.001": "86"},
}  # fmt: skip


@pytest.mark.parametrize("code", SHOWN)
def test_a_number_is_shown_as_its_format_says(code):
    found = {raw: show(raw, parse(code)) for raw in SHOWN[code]}
    assert {raw: shown.text for raw, shown in found.items()} == SHOWN[code]
    assert {shown.fault for shown in found.values()} == {None}


TEXTS = {
    '"ID-"@': "ID-abc", "@": "abc", "0;-0;0;_(@_)": "abc", '0;@" x"': "abc x", '0;0;0;"n/a"': "n/a", '"a"@@': "aabcabc",
    "0;;;General": "abc", "0": "abc", ";;": "abc", '0"kg"': "abc", "[lost]": "abc", "0;0;0;0": "abc",
    ";;;": faults.HIDDEN_BY_FORMAT, "0;0;0;": faults.HIDDEN_BY_FORMAT,
}  # fmt: skip


@pytest.mark.parametrize("code", TEXTS)
@pytest.mark.parametrize("kind", ["s", "str", "inlineStr"])
def test_a_text_is_shown_as_the_section_for_texts_says(kind, code):
    look = Looks({"1": Style(code)})[kind, "1"]
    shown = look.show("abc") if look else None
    assert TEXTS[code] == (shown.fault or shown.text if shown else "abc")


FAULTY = {
    faults.TOO_MANY_DIGITS: {"General": "1234567890123456", "0000000": "1234567890123456", "0": "1e300"},
    faults.HIDDEN_BY_FORMAT: {";;;": "1", "#": "0", "0;-0;": "0"},
    faults.UNREADABLE_FORMAT: {
        "# ?/?": "1.5", "0.00E+00": "1234", PHONE: "-5", "[<100]0;0.0;0.00": "500", "[>0]#;0.00": "0",
        **dict.fromkeys(
            ["[DBNum1]0", "0 Kg", "[>10]0", '[h]" hours"', "yyyy 0", "0###", '0"kg', "[Red0", "0\\", "0;0;0;@;0", "@;0",
             "0%%", ".", '"#".00', "0 ,", "0.?0"], "5",
        ),
    },
    faults.NO_NUMBER: {"0": "nan", "000": "abc"},
    faults.NO_SUCH_DATE: {
        "yyyy-mm-dd": "0", "yyyy-mm-d": "60", "d/m/yy": "-3", "[h]:mm": "-0.5", "d-m-yy": "2958466", "yyyy-mm-dd hh:mm": "0.5",
    },
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTY, ids=lambda fault: fault.message)
def test_what_cannot_be_shown_for_certain_is_a_fault(fault):
    found = {code: show(raw, parse(code)).fault for code, raw in FAULTY[fault].items()}
    assert found == dict.fromkeys(FAULTY[fault], fault)


STORED = {
    "0000000": ("12345", None), "0.00": ("14.5", None), "0.0": ("19.999", "19.999"), "#,##0.00": ("1234.5", "1234.5"),
    "#,##0.0": ("999.5", None), '"$"0.00': ("14.5", "14.5"), "0.0%": ("0.155", "0.155"), "0;(0)": ("-3", "-3"),
    "yyyy-mm-dd": ("36925", None), "General": ("0.1", None),
}  # fmt: skip


def test_the_stored_number_is_kept_where_the_shown_text_says_another():
    for code, (raw, stored) in STORED.items():
        assert (code, show(raw, parse(code)).stored) == (code, stored)


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


@given(st.text(max_size=30))
def test_no_format_code_whatever_breaks_the_reading(code):
    assert parse(code).sections
    shown = show("12345.678", parse(code))
    assert shown.fault is not None or shown.text


@pytest.mark.parametrize("number", sorted(BUILT_IN), ids=str)
def test_every_built_in_format_is_understood_or_known_not_to_be(number):
    faulty = {show(raw, parse(BUILT_IN[number])).fault for raw in ("1.5", "0")}
    assert (faults.UNREADABLE_FORMAT in faulty) == (number in {11, 12, 13, 48})


ISO = {
    "yyyy-mm-dd": {
        "2001-02-03": "2001-02-03", "2001-02-03T23:59:59.997": "2001-02-03", "1900-01-15": "1900-01-15",
        "1900-03-01": "1900-03-01",
    },
    "General": {"2001-02-03T00:00:00": "2001-02-03", "2001-02-03T14:29:59.4Z": "2001-02-03T14:29:59"},
    "yyyy-mm-dd hh:mm": {
        "2001-02-03T00:00:00": "2001-02-03T00:00:00", "2001-02-03T14:29:59.999": "2001-02-03T14:30:00",
    },
    "h:mm": {"2001-02-03T14:30:00.000": "14:30:00", "08:30:00": "08:30:00", "1899-12-31T08:30:00": "08:30:00"},
    "[h]:mm": {"1900-01-01T02:15:00": "26:15"},
}  # fmt: skip


@pytest.mark.parametrize("code", ISO)
def test_a_date_stored_as_iso_text_is_shown_as_its_format_says(code):
    assert {raw: show_iso(raw, parse(code)).text for raw in ISO[code]} == ISO[code]


def test_an_iso_date_that_is_none_is_a_fault():
    assert show_iso("2001-02-30", parse("yyyy-mm-dd")).fault is faults.NO_SUCH_DATE
