"""One text → one value: dates, amounts, provinces and the other steps, in their fixed order."""

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from importer.mapping import conversions
from importer.mapping.amounts import parse_amount
from importer.mapping.convert import compile_steps, convert
from importer.mapping.dates import compile_format, parse_date, parse_datetime, read_turned
from importer.mapping.model import RulePart
from importer.model import Refusal
from importer.schema import Field, Kind, Need
from schemas.provinces import province

TORONTO = ZoneInfo("America/Toronto")


def field(kind=Kind.TEXT):
    return Field("it", "It", kind, Need.OPTIONAL)


def run(text, kind=Kind.TEXT, **steps):
    user_types = steps.pop("user_types", None)
    return convert(
        text, compile_steps(RulePart.model_construct(**steps), field(kind), user_types=user_types)
    )


def formats(*texts):
    return [compile_format(text) for text in texts]


READ = {
    "%d/%m/%Y": {"03/02/2001": "2001-02-03", "3/2/2001": "2001-02-03", "2001-02-03": "2001-02-03"},
    "%m/%d/%Y": {"02/03/2001": "2001-02-03"},
    "%d-%b-%Y": {"03-FEB-2001": "2001-02-03", "03-Sept-2001": "2001-09-03", "03-FÉVR.-2001": "2001-02-03"},
    "%d %B %Y": {"3 février 2001": "2001-02-03"},
    "%d %b %Y": {"1er août 2001": "2001-08-01", "24 déc. 2001": "2001-12-24"},
    "%d %B %Y à %H:%M": {"3 février 2001 à 00:00": "2001-02-03"},
    "%a %d %b %Y": {"Sat 3 Feb 2001": "2001-02-03", "Sun 3 Feb 2001": None},
    "%d.%m.%y": {"03.02.69": "1969-02-03", "03.02.68": "2068-02-03"},
    "%Y%m%d": {"20010203": "2001-02-03"},
    "%d/%m/%Y %H:%M": {"03/02/2001 00:00": "2001-02-03", "03/02/2001 14:30": None},
    "100%% %d %m %Y": {"100% 3 2 2001": "2001-02-03"},
    "%d %m %Y": {"3\u00a0 2 2001": "2001-02-03"},
    "%m/%d/%Y|%d/%m/%Y": {
        "04/03/2001": "2001-04-03", "13/03/2001": "2001-03-13", "2001/02/03": None, "3/2/01": None, "03/02/2001 x": None,
    },
    "": {
        **dict.fromkeys(["2001-02-03", "2001-02-03 00:00", "2001-02-03T00:00:00", "2001-02-03t00:00:00.000"], "2001-02-03"),
        **dict.fromkeys(["03.04.01", "13/04/2001", "04/04/2001", "2001-2-3", "٢٠٠١-٠٢-٠٣", "0000-01-01"]),
    },
}  # fmt: skip
"""Forms → text → day; ``None`` where it is refused. In which words: see ``test_remedies``."""


@pytest.mark.parametrize("forms", READ)
def test_a_date_is_read_by_the_first_form_that_gives_a_day(forms):
    read = {
        text: parse_date(text, formats(*filter(None, forms.split("|")))) for text in READ[forms]
    }
    assert {text: None if isinstance(day, Refusal) else day for text, day in read.items()} == READ[
        forms
    ]


@given(
    st.dates(min_value=dt.date(1000, 1, 1)),
    st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%m-%d-%Y", "%d%m%Y", "%B %d, %Y", "%d-%b-%Y", "%A %d %m %Y"]),
)  # fmt: skip
def test_every_day_is_read_as_python_writes_it(day, form):
    assert parse_date(day.strftime(form), formats(form)) == day.isoformat()


MOMENTS = {
    **dict.fromkeys(["2018-07-02T09:00:00", "2018-07-02 09:00", "2018-07-02T09:00:00.000"], "2018-07-02T09:00:00"),
    "02/07/2018 9:05 pm": "2018-07-02T21:05:00", "02/07/2018 12:05 A.M.": "2018-07-02T00:05:00",
    "02/07/2018 12:05 PM": "2018-07-02T12:05:00", "02/07/2018 13:00 PM": None, "02/07/2018 09:00": None,
    "2018-07-02T13:00:00Z": "2018-07-02T09:00:00", "2018-01-02T13:00:00Z": "2018-01-02T08:00:00",
    "2018-07-02T13:00:00+02:00": "2018-07-02T07:00:00", "2018-07-02T01:00:00+0530": "2018-07-01T15:30:00",
    "2018-07-02T13:00:00-04": "2018-07-02T13:00:00", "2018-07-02T13:00:00+99:00": None,
    "9999-12-31T23:59:59": "9999-12-31T23:59:59", "0001-01-01T00:00:00": "0001-01-01T00:00:00", "0001-01-01T00:00:00Z": None, "9999-12-31T23:59:59-14:00": None,
}  # fmt: skip


@pytest.mark.parametrize("text", MOMENTS)
def test_a_date_time_gets_the_documented_form_in_the_mappings_zone(text):
    read = parse_datetime(text, formats("%d/%m/%Y %I:%M %p"), timezone=TORONTO)
    assert (None if isinstance(read, Refusal) else read) == MOMENTS[text]


AMOUNTS = {
    ".": {
        "14.50": ["14.5", "14.500000000000000001", "14.49999999999999"], "14.00": ["14"], "0.50": [".5"], "0.00": ["0"],
        "1014.50": ["$1,014.50", "1 014.50 $"], "1014.00": ["1,014", "1\u00a0014\u202f$"], "1234567.00": ["1234567.00"],
        None: ["1,01", "1,014,50", "1 014,000", "14.", "\u0665", "9" * 41, "14.50000001", "-5", "$-5.00", "(5.00)", "1E3", "$5$",
               "14.50 CAD", "$"],
    },
    ",": {"14.50": ["14,50", "14.50"], "1014.50": ["1.014,5", "1 014,50 $"], "1014.00": ["1.014"], "14.00": ["14"]},
}  # fmt: skip


@pytest.mark.parametrize("decimal", AMOUNTS)
def test_an_amount_gets_two_decimals_or_is_refused_and_nothing_is_rounded(decimal):
    for expected, texts in AMOUNTS[decimal].items():
        read = {text: parse_amount(text, decimal=decimal) for text in texts}
        assert {
            text: None if isinstance(amount, Refusal) else amount for text, amount in read.items()
        } == dict.fromkeys(texts, expected)


@given(st.decimals(0, 999999, places=2))
def test_every_amount_survives_being_grouped(amount):
    assert parse_amount(f"${amount:,.2f}") == f"{amount:.2f}"
    swapped = f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
    assert parse_amount(swapped, decimal=",") == f"{amount:.2f}"


@given(st.floats(0, 999999))
def test_a_stored_number_is_its_cents_or_refused(number):
    stored = format(Decimal(repr(number)), "f")
    read = parse_amount(stored)
    if not isinstance(read, Refusal):
        assert abs(Decimal(read) - Decimal(stored)) <= Decimal("1e-9")


STEPS = [
    ({"blank_if": frozenset({"N/A"})}, {"N/A": "", "n/a": "n/a"}),
    ({"extract": regex.compile(r"^(\d+)-")}, {"0042-X": "0042"}),
    ({"extract": regex.compile(r"(.*)@")}, {" ab @x": "ab"}),
    ({"replace": {"a": "b", "b": "c"}}, {"ab": "bc"}),
    ({"replace": {"St": "Saint", "Ste": "Sainte"}}, {"Ste Anne": "Sainte Anne"}),
    ({"replace": {".": ""}}, {"a.b*": "ab*"}),
    ({"convert": ("digits", "upper", "unwrap")}, {"1 (2)": "12", "'0042": "0042"}),
    ({"lookup": {"full time": "1", "visitor": ""}}, {"FULL\u00a0 Time": "1", "Visitor": ""}),
    ({"lookup": {"x": "7"}, "pad": 3, "convert": ("lower",), "replace": {"Y": "X"}}, {"Y": "007"}),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "cells"), STEPS, ids=ascii)
def test_a_step_does_what_it_says_in_the_fixed_order(steps, cells):
    assert {text: run(text, **steps) for text in cells} == cells


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        pytest.param({"extract": regex.compile(r"v(\d)?")}, "this has not the form that `extract` in the mapping looks for.", id="extract of nothing"),
        pytest.param({"lookup": dict.fromkeys(["Staff", "Student", "Guest"], "1")}, "the mapping's `lookup` does not know this value; 3 are known.", id="lookup of many"),
        pytest.param({"lookup": "user-types", "user_types": {}}, "OPSCOM has no user type of this name; none is known.", id="no user types"),
        pytest.param({"lookup": "user-types", "user_types": {"value": "7", "VALUE": "8"}}, "OPSCOM has more than one user type of this name.", id="two user types"),
    ],
)  # fmt: skip
def test_a_step_never_guesses_and_never_blanks_in_silence(steps, message):
    refused = run("value", **steps)
    assert isinstance(refused, Refusal)
    assert refused.message == message


def test_where_opscoms_list_lacks_a_name_the_remedy_says_how_to_translate_or_get_it():
    names = {"Full Time Student": "1", "Full Time Staff": "7", "Contractor": "9"}
    assert run("full-time studnet", lookup="user-types", user_types=names) == Refusal(
        'OPSCOM has no user type of this name; the nearest of the 3 known is "Full Time Student".',
        "Correct the cell, or translate your names with a table, like `lookup: {Undergraduate: "
        '"1"}`, in the mapping; if the type is new, run `opscom-import pull user-types`.',
    )


def converted(name, text, kind=Kind.TEXT):
    """Return what a conversion makes of a text: its value, or ``None`` and what is left over."""
    made = conversions.of(name, kind)(text)
    if isinstance(made, Refusal):
        return None, made.detail
    return made if isinstance(made, str) else made.text


TAKEN_OFF = {
    "unwrap": {
        "204411.0": "204411", "204411.00": "204411", "204,411": "204411", "204\u00a0411": "204411", "204'411": "204411", "1\u202f204\u202f411": "1204411", "1,204,411.00": "1204411", "'0004411": "0004411",
        '="0004411"': "0004411", "=0004411": "0004411", "O&#39;Brien": "O'Brien", "O&amp;#039;Brien": "O'Brien", "‘0004411": "0004411", "Zo&euml;": "Zoë", "Smith &amp; Roy": "Smith & Roy",
        "&nbsp;": "", "1.000": "1.000", "204411.5": "204411.5", "A,1": "A,1", "O'Brien": "O'Brien", "007": "007",
    },
    "phone": {
        "(613) 555-0142": "613-555-0142", "+1 613 555 0142": "613-555-0142", "613.555.0142": "613-555-0142",
        "1-613-555-0142": "613-555-0142", "613-555-0142 ext. 12": "613-555-0142 x12", "613-555-0142, local 5": "613-555-0142 x5",
        "613-555-0142 poste 159": "613-555-0142 x159", "613-555-0142x234": "613-555-0142 x234",
        "613\u2011555\u20110142": "613-555-0142", "\uff16\uff11\uff13\u2013555\u22120142 x\uff15": "613-555-0142 x5",
        "011 44 20 7946 0958": "+44 20 7946 0958", "+33 1 44 55 66 77": "+33 1 44 55 66 77", "+354 555 1234": "+354 555 1234",
    },
    "email": dict.fromkeys(
        ["ann@b.ca", "Ann Roy <ann@b.ca>", "mailto:ann@b.ca", "<mailto:ann@b.ca>", '"ann@b.ca"', "'ann@b.ca'", '"Roy, Ann" <ann@b.ca>'],
        "ann@b.ca",
    ),
    "plate": {
        "cekr 412": "CEKR412", "CEKR\u2212412": "CEKR412", "CEKR\u2011412": "CEKR412", "CEKR\u2014412": "CEKR412", "CEKR.412": "CEKR412",
        "CEKR·412": "CEKR412", "ＣEKR４１２": "CEKR412", "CEKR\u00a0412": "CEKR412", "ab\u00a0c\u201312-3·é": "ABC123É", "ON-KJR221": "ONKJR221", "null": "NULL", "true": "TRUE",
    },
    "upper": {"zoë": "ZOË"},
    "lower": {"ZOË": "zoë"},
    "title": {
        "SEAN O'BRIEN-SMITH": "Sean O'Brien-Smith", "d\u2019angelo": "D\u2019Angelo", "JOHN'S": "John's",
        "élise côté": "Élise Côté", "3RD AVENUE 12A": "3rd Avenue 12A",
    },
    "digits": {"(613) \u0665\u0665\u0665-0142": "6135550142", "+1.613.555.0142": "16135550142", "613/555/0142": "6135550142"},
}  # fmt: skip
LEFT_OVER = {
    "plate": {"ABC 123 / DEF 456": "/ DEF 456", "ABC*123": "*", '"ABC123"': '"', "ABC 123 - Toyota": "- Toyota"},
    "digits": {"613-555-0142 x234": "x234", "613-555-0142 / 613-555-0143": "613-555-0143", "call 555": "call 555", "12*": "*"},
    "phone": {"613-555-0142 (after 5)": "after 5)", "cell 613-555-0142": "cell 613-555-0142"},
    "email": {"ann@b.ca (home)": "(home)", "ann@b.ca>": ">", "mailto:ann@b.ca?subject=x": "mailto:?subject=x"},
    "unwrap": {
        "'0004411'": "'", '="0004411': '="0004411', "0,551": "0,551", "''0004": "'0004", "=A1": "=A1", "=1+2": "=1+2", "'0004411\"": '"',
    },
}  # fmt: skip
KINDS = {"plate": Kind.PLATE, "phone": Kind.PHONE, "email": Kind.EMAIL, "digits": Kind.PHONE}


@pytest.mark.parametrize("name", TAKEN_OFF)
def test_a_conversion_drops_the_signs_that_it_names(name):
    made = {text: converted(name, text, KINDS.get(name, Kind.ID)) for text in TAKEN_OFF[name]}
    assert made == TAKEN_OFF[name]


@pytest.mark.parametrize("name", LEFT_OVER)
def test_what_is_left_over_is_refused_and_named(name):
    for text, left in LEFT_OVER[name].items():
        kind = Kind.ID if text in {"call 555", "12*"} else KINDS.get(name, Kind.ID)
        assert converted(name, text, kind) == (None, f"`{left}` is left over.")


def test_zeros_are_put_before_digits_alone():
    for text in ("1234567", "A12345", "A1B2"):
        assert conversions.pad(6, text) == text
    assert conversions.pad(6, "42") == "000042"
    for text in ("N/A", "Total", "1,005", "42.0", "-5", "12 345", "1.2E+05", "１２"):
        assert isinstance(conversions.pad(6, text), Refusal)


@pytest.mark.parametrize("name", ["upper", "lower", "title"])
@given(text=st.text(st.sampled_from("İIıiŞşĞğßŉaBé' ") | st.characters(), max_size=12))
def test_no_conversion_makes_a_letter_that_was_not_there_and_capitals_are_all_that_changes(
    name, text
):
    made = converted(name, text)
    assert made == (None, "") or (len(made) == len(text) and made.casefold() == text.casefold())


@given(text=st.text(st.sampled_from("AB12 -./()+x,;é\u2212\uff21"), max_size=14))
def test_no_letter_and_no_digit_is_ever_dropped(text):
    solid = [c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum()]
    made = converted("plate", text, Kind.PLATE)
    assert isinstance(made, tuple) or list(made) == solid
    made = converted("digits", text)
    assert isinstance(made, tuple) or list(made) == solid
    made = converted("phone", text, Kind.PHONE)
    if not isinstance(made, tuple):
        ours, theirs = (re.sub("[^0-9]", "", each) for each in (made, text))
        assert ours.endswith(theirs.lstrip("01")) or theirs.endswith(ours)


FRENCH = {
    "N.-B.": "NB", "N.-É.": "NS", "N.É.": "NS", "T.-N.": "NL", "T.-N.-L.": "NL", "C.-B.": "BC", "Î.-P.-É.": "PE",
    "Î.P.É.": "PE", "T.N.-O.": "NT", "Qué.": "QC", "P.Q.": "QC", "PQ": "QC", "NF": "NL", "Nfld.": "NL", "YK": "YT",
    "N.-É": "NS", "N\u2011É": "NS", "Alb.": "AB", "N.-L.": "NL",
}  # fmt: skip
ENGLISH = {
    "B.C.": "BC", "N.Y.": "NY", "D.C.": "DC", "N. B.": "NB", "N.W.T.": "NT", "P.E.I.": "PE", "Ont.": "ON", "Calif.": "CA",
    "Mass.": "MA", "Prince Edward Is.": "PE", "Newfoundland & Labrador": "NL", "Washington, D.C.": "DC", "ON - Ontario": "ON",
    "Ontario (ON)": "ON", "Ontario, Canada": "ON", "CA-ON": "ON", "US-NY": "NY", "Armed Forces Europe": "AE",
    "Ontario": "ON", "québec": "QC", "Quebec": "QC", "Colombie-Britannique": "BC", "NEWFOUNDLAND AND LABRADOR": "NL",
    "Île-du-Prince-Édouard": "PE", "New York": "NY", "massachusetts": "MA", "on": "ON", "N.B.": "NB", "zz": "ZZ",
    "U.S. Virgin Islands": "VI", "saskatchewan": "SK", "Pa.": "PA", "CALIFORNIA, USA": "CA",
}  # fmt: skip


def test_a_name_or_short_form_gets_its_code_and_what_may_be_another_or_none_is_refused():
    known = FRENCH | ENGLISH
    assert {name: province(name) for name in known} == known
    # No letter loses its accent.
    for text in ("N.E.", "T.N.", "N E", "Ó.N.", "Other", "Bavaria", "ON/QC", "Ontario (QC)", "--"):
        assert isinstance(province(text), Refusal)


def test_a_province_of_a_vehicle_may_be_a_name_of_elsewhere_and_is_warned_of():
    made = conversions.of("province", Kind.TEXT)("Bavaria")
    assert (made.text, made.refusal.message) == (
        "Bavaria",
        "this is not the name of a province of Canada or a state of the US.",
    )
    assert conversions.of("province", Kind.TEXT)("Ont.") == "ON"
    assert isinstance(conversions.of("province", Kind.PROVINCE)("Bavaria"), Refusal)


@pytest.mark.parametrize(
    ("forms", "texts"),
    [
        (["%d/%m/%Y"], ["25/12/1999", "03/04/2000"]),
        (["%d/%m/%Y", "%Y-%m-%d"], ["25/12/1999", "03/04/2000", "2000-12-25"]),
        (["%y/%m/%d"], ["26/09/13", "11/09/01", "01/11/09"]),
        (["%m/%d/%Y"], ["03/04/2000", "05/05/2000", "soon", ""]),
    ],
)
def test_dates_that_their_form_reads_all_alike_are_not_taken_for_turned_ones(forms, texts):
    assert read_turned(texts, formats(*forms)) == {}
