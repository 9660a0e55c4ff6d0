"""One text → one value: dates, amounts, provinces and the other steps, in their fixed order."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import string
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
from importer.mapping.dates import compile_format, parse_date, parse_datetime
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
    "%d/%m/%Y": {"03/02/2001": "2001-02-03", "3/2/2001": "2001-02-03"},
    "%m/%d/%Y": {"02/03/2001": "2001-02-03"},
    "%d-%b-%Y": {
        "03-FEB-2001": "2001-02-03",
        "03-Sept-2001": "2001-09-03",
        "03-FÉVR.-2001": "2001-02-03",
    },
    "%d %B %Y": {"3 février 2001": "2001-02-03"},
    "%d %b %Y": {"1er août 2001": "2001-08-01", "24 déc. 2001": "2001-12-24"},
    "%d %B %Y à %H:%M": {"3 février 2001 à 00:00": "2001-02-03"},
    "%B %d, %Y": {"february 3, 2001": "2001-02-03"},
    "%a %d %b %Y": {"Sat 3 Feb 2001": "2001-02-03"},
    "%d.%m.%y": {"03.02.69": "1969-02-03", "03.02.68": "2068-02-03"},
    "%Y%m%d": {"20010203": "2001-02-03"},
    "%d/%m/%Y %H:%M": {"03/02/2001 00:00": "2001-02-03"},
    "100%% %d %m %Y": {"100% 3 2 2001": "2001-02-03"},
    "%d %m %Y": {"3\u00a0 2 2001": "2001-02-03"},
}
NO_DATE = {
    "this date can be read in two ways.": [("03/04/2001",), ("03.04.01",)],
    "this is not a date in the form yyyy-mm-dd.": [("13/04/2001",), ("04/04/2001",), ("2001-2-3",), ("soon",), ("٢٠٠١-٠٢-٠٣",)],
    "this has a time of day, and the field takes a date alone.": [("03/02/2001 14:30", "%d/%m/%Y %H:%M")],
    "there is no such day or time.": [
        ("2001-02-30",), ("0000-01-01",), ("30/02/2001", "%d/%m/%Y"), ("Sun 3 Feb 2001", "%a %d %b %Y"),
    ],
    "this date has none of the forms that the mapping names.": [
        ("2001/02/03", "%d/%m/%Y"), ("3/2/01", "%d/%m/%Y"), ("03/02/2001 x", "%d/%m/%Y"),
    ],
    "this is a number, not a date.": [("36925", "%d/%m/%Y")],
}  # fmt: skip
FORMS = {
    "a date format needs year, month and day, each once, and beside a time of day its hour (%H, or %I with %p).": [
        "%d/%m", "%d/%Y", "%m/%Y", "%d/%d/%Y", "%d/%m/%Y %I:%M", "%d/%m/%Y %M",
    ],
    "this date format reads yyyy-mm-dd in another way than the calendar's.": ["%Y-%d-%m"],
    "% is not a part of a date format here; known are %Y %y %m %d %H %I %M %S %f %b %B %a %A %p %z.": ["%d/%m/%Y %"],
    "%x is not a part of a date format here; known are %Y %y %m %d %H %I %M %S %f %b %B %a %A %p %z.": ["%x"],
    "a date format is written with % codes, like %d/%m/%Y.": ["dd/mm/yyyy"],
}  # fmt: skip


def each(table):
    """Return the cases of a table by what is expected of them: (case, expected)."""
    return [
        pytest.param(case, expected, id=ascii(case))
        for expected, cases in table.items()
        for case in cases
    ]


class TestDates:
    @pytest.mark.parametrize(("text", "form"), each(READ))
    def test_a_date_is_read_by_the_format_given(self, text, form):
        assert parse_date(text, formats(form)) == READ[form][text]

    @pytest.mark.parametrize(
        "text",
        ["2001-02-03", "2001-02-03 00:00", "2001-02-03T00:00:00", "2001-02-03t00:00:00.000"],
        ids=str,
    )
    def test_an_iso_date_needs_no_format_also_beside_a_given_one(self, text):
        assert parse_date(text) == parse_date(text, formats("%d/%m/%Y")) == "2001-02-03"

    def test_the_first_format_that_gives_a_day_counts(self):
        both = formats("%m/%d/%Y", "%d/%m/%Y")
        assert [parse_date(text, both) for text in ("04/03/2001", "13/03/2001")] == [
            "2001-04-03",
            "2001-03-13",
        ]

    @pytest.mark.parametrize(("case", "message"), each(NO_DATE))
    def test_what_is_no_date_is_refused(self, case, message):
        text, *forms = case
        assert parse_date(text, formats(*forms)).message == message

    @pytest.mark.parametrize(("form", "message"), each(FORMS))
    def test_an_unusable_format_is_refused(self, form, message):
        with pytest.raises(ValueError, match=re.escape(message)) as caught:
            compile_format(form)
        assert str(caught.value) == message

    @given(
        st.dates(min_value=dt.date(1000, 1, 1)),
        st.sampled_from(
            ["%Y-%m-%d", "%d/%m/%Y", "%m-%d-%Y", "%d%m%Y", "%B %d, %Y", "%d-%b-%Y", "%A %d %m %Y"]
        ),
    )
    def test_every_day_is_read_as_python_writes_it(self, day, form):
        assert parse_date(day.strftime(form), formats(form)) == day.isoformat()

    @given(st.text(max_size=25), st.sampled_from([(), ("%d/%m/%Y",), ("%d%m%y", "%b %d %Y %H:%M")]))
    def test_any_text_is_a_day_of_the_calendar_or_refused(self, text, forms):
        read = parse_date(text, formats(*forms))
        assert isinstance(read, Refusal) or dt.date.fromisoformat(read).isoformat() == read


MOMENTS = {
    "2018-07-02T09:00:00": ["2018-07-02T09:00:00", "2018-07-02 09:00", "2018-07-02T09:00:00.000"],
    "2018-07-02T21:05:00": ["02/07/2018 9:05 pm"],
    "2018-07-02T00:05:00": ["02/07/2018 12:05 A.M."],
    "2018-07-02T12:05:00": ["02/07/2018 12:05 PM"],
}
ZONED = {
    "2018-07-02T09:00:00": ["2018-07-02T13:00:00Z"],
    "2018-01-02T08:00:00": ["2018-01-02T13:00:00Z"],
    "2018-07-02T07:00:00": ["2018-07-02T13:00:00+02:00"],
    "2018-07-01T15:30:00": ["2018-07-02T01:00:00+0530"],
    "2018-07-02T13:00:00": ["2018-07-02T13:00:00-04", "2018-07-02T13:00:00"],
}
NO_MOMENT = {
    "there is no such day or time.": ["2018-07-02T13:00:00+99:00"],
    "this date has none of the forms that the mapping names.": ["02/07/2018 13:00 PM", "02/07/2018 09:00"],
}  # fmt: skip


class TestDateTimes:
    @pytest.mark.parametrize(("text", "expected"), each(MOMENTS))
    def test_a_date_time_gets_the_documented_form(self, text, expected):
        assert parse_datetime(text, formats("%d/%m/%Y %I:%M %p")) == expected

    @pytest.mark.parametrize(("text", "expected"), each(ZONED))
    def test_a_time_with_a_zone_is_converted_to_the_mappings_zone(self, text, expected):
        assert parse_datetime(text, timezone=TORONTO) == expected

    @pytest.mark.parametrize(("text", "message"), each(NO_MOMENT))
    def test_what_has_no_documented_form_is_refused(self, text, message):
        assert parse_datetime(text, formats("%d/%m/%Y %I:%M %p")).message == message

    @pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"], ids=str)
    def test_the_ends_of_the_calendar_are_refused_not_crashed_over(self, text):
        assert parse_datetime(text, timezone=TORONTO).message == "there is no such day or time."

    @given(st.datetimes(), st.integers(-14 * 60 + 1, 14 * 60 - 1))
    def test_a_converted_time_is_the_same_moment(self, local, minutes):
        moment = local.replace(microsecond=0, tzinfo=dt.timezone(dt.timedelta(minutes=minutes)))
        read = parse_datetime(moment.isoformat(), timezone=ZoneInfo("UTC"))
        if not isinstance(read, Refusal):
            assert dt.datetime.fromisoformat(read).replace(tzinfo=dt.UTC) == moment


AMOUNTS = {
    ".": {
        "14.50": ["14.5", "14.500000000000000001", "14.49999999999999"], "14.00": ["14"], "0.50": [".5"], "0.00": ["0"],
        "1014.50": ["$1,014.50", "1 014.50 $"], "1014.00": ["1,014", "1\u00a0014\u202f$"], "1234567.00": ["1234567.00"],
    },
    ",": {"14.50": ["14,50", "14.50"], "1014.50": ["1.014,5", "1 014,50 $"], "1014.00": ["1.014"], "14.00": ["14"]},
}  # fmt: skip
NO_AMOUNT = {
    "a comma stands before the cents of this amount.": ["14,50", "1,01"],
    "this is not an amount in dollars and cents.": ["1,014,50", "1 014,000", "14.", "\u0665", "9" * 41],
    "this amount has parts of a cent, and money is never rounded here.": ["14.505", "14.50000001"],
    "this amount is below zero.": ["-5", "$-5.00", "(5.00)"],
    "this holds more than an amount.": ["1E3", "$5$"],
    "CAD stands beside this amount.": ["14.50 CAD"],
    "this is a word or a sign in the place of an amount.": ["$"],
}  # fmt: skip


class TestAmounts:
    @pytest.mark.parametrize(
        ("decimal", "text", "expected"),
        [(sign, *case.values) for sign, table in AMOUNTS.items() for case in each(table)],
    )
    def test_an_amount_gets_two_decimals(self, decimal, text, expected):
        assert parse_amount(text, decimal=decimal) == expected

    @pytest.mark.parametrize(("text", "message"), each(NO_AMOUNT))
    def test_what_is_no_amount_is_refused_and_nothing_is_rounded(self, text, message):
        assert parse_amount(text).message == message

    @given(st.decimals(0, 999999, places=2))
    def test_every_amount_survives_being_grouped(self, amount):
        assert parse_amount(f"${amount:,.2f}") == f"{amount:.2f}"
        swapped = f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
        assert parse_amount(swapped, decimal=",") == f"{amount:.2f}"

    @given(st.floats(0, 999999))
    def test_a_stored_number_is_its_cents_or_refused(self, number):
        stored = format(Decimal(repr(number)), "f")
        read = parse_amount(stored)
        if not isinstance(read, Refusal):
            assert abs(Decimal(read) - Decimal(stored)) <= Decimal("1e-9")

    @given(st.text(st.sampled_from("0123456789.,$ -"), max_size=12), st.sampled_from([".", ","]))
    def test_any_text_is_an_amount_of_two_decimals_or_refused(self, text, decimal):
        read = parse_amount(text, decimal=decimal)
        assert isinstance(read, Refusal) or re.fullmatch(r"[0-9]+\.[0-9]{2}", read)


class TestSteps:
    @pytest.mark.parametrize(
        ("steps", "text", "expected"),
        [
            pytest.param({"blank_if": frozenset({"N/A"})}, "N/A", "", id="blank_if"),
            pytest.param({"blank_if": frozenset({"N/A"})}, "n/a", "n/a", id="blank_if as written"),
            pytest.param({"extract": regex.compile(r"^(\d+)-")}, "0042-X", "0042", id="extract"),
            pytest.param({"extract": regex.compile(r"(.*)@")}, " ab @x", "ab", id="extract trims"),
            pytest.param({"replace": {"a": "b", "b": "c"}}, "ab", "bc", id="replace once"),
            pytest.param({"replace": {"St": "Saint", "Ste": "Sainte"}}, "Ste Anne", "Sainte Anne", id="replace the longest"),
            pytest.param({"replace": {".": ""}}, "a.b*", "ab*", id="replace takes no pattern"),
            pytest.param({"convert": ("digits", "upper")}, "1 (2)", "12", id="conversions in order"),
            pytest.param({"lookup": {"full time": "1"}}, "FULL\u00a0 Time", "1", id="lookup folds"),
            pytest.param({"lookup": {"visitor": ""}}, "Visitor", "", id="lookup to a blank"),
            pytest.param({"lookup": {"x": "7"}, "pad": 3, "convert": ("lower",), "replace": {"Y": "X"}}, "Y", "007", id="the fixed order"),
        ],
    )  # fmt: skip
    def test_a_step_does_what_it_says(self, steps, text, expected):
        assert run(text, **steps) == expected

    @pytest.mark.parametrize(
        ("steps", "message"),
        [
            pytest.param({"extract": regex.compile(r"(\d+)")}, "this has not the form that `extract` in the mapping looks for.", id="extract"),
            pytest.param({"extract": regex.compile(r"v(\d)?")}, "this has not the form that `extract` in the mapping looks for.", id="extract of nothing"),
            pytest.param({"convert": ("digits",)}, "this holds more than digits, blanks and + ( ) . - /.", id="digits"),
            pytest.param({"lookup": {"full time": "1"}}, "the mapping's `lookup` does not know this value; the only one known is \"full time\".", id="lookup"),
            pytest.param({"lookup": dict.fromkeys(["Staff", "Student", "Guest"], "1")}, "the mapping's `lookup` does not know this value; 3 are known.", id="lookup of many"),
            pytest.param({"lookup": "user-types", "user_types": {}}, "OPSCOM has no user type of this name; none is known.", id="no user types"),
            pytest.param({"lookup": "user-types", "user_types": {"value": "7", "VALUE": "8"}}, "OPSCOM has more than one user type of this name.", id="two user types"),
        ],
    )  # fmt: skip
    def test_a_step_never_guesses_and_never_blanks_in_silence(self, steps, message):
        refused = run("value", **steps)
        assert isinstance(refused, Refusal)
        assert refused.message == message

    def test_where_opscoms_list_lacks_a_name_the_remedy_says_how_to_translate_or_get_it(self):
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
        '="0004411"': "0004411", "=0004411": "0004411", "O&#39;Brien": "O'Brien", "Zo&euml;": "Zoë", "Smith &amp; Roy": "Smith & Roy",
        "&nbsp;": "", "1.000": "1.000", "204411.5": "204411.5", "A,1": "A,1", "O'Brien": "O'Brien", "007": "007",
    },
    "phone": {
        "(613) 555-0142": "613-555-0142", "+1 613 555 0142": "613-555-0142", "613.555.0142": "613-555-0142",
        "1-613-555-0142": "613-555-0142", "613-555-0142 ext. 12": "613-555-0142 x12", "613-555-0142, local 5": "613-555-0142 x5",
        "613-555-0142 poste 159": "613-555-0142 x159", "613-555-0142x234": "613-555-0142 x234",
        "011 44 20 7946 0958": "+44 20 7946 0958", "+33 1 44 55 66 77": "+33 1 44 55 66 77",
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


class TestConversions:
    """Each drops the signs that it names and no others; what is left over is named."""

    @pytest.mark.parametrize(("text", "name"), each(TAKEN_OFF))
    def test_a_conversion_does_what_it_says(self, name, text):
        assert converted(name, text, KINDS.get(name, Kind.ID)) == TAKEN_OFF[name][text]

    @pytest.mark.parametrize(("text", "name"), each(LEFT_OVER))
    def test_what_is_left_over_is_refused_and_named(self, name, text):
        kind = Kind.ID if text in {"call 555", "12*"} else KINDS.get(name, Kind.ID)
        assert converted(name, text, kind) == (None, f"`{LEFT_OVER[name][text]}` is left over.")

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("42", "000042"), ("1234567", "1234567"), ("A12345", "A12345"), ("A1B2", "A1B2"), ("N/A", None), ("Total", None),
            ("1,005", None), ("42.0", None), ("-5", None), ("12 345", None), ("1.2E+05", None), ("１２", None),
        ],
        ids=ascii,
    )  # fmt: skip
    def test_zeros_are_put_before_digits_alone(self, text, value):
        made = conversions.pad(text, 6)
        assert (None if isinstance(made, Refusal) else made) == value

    @pytest.mark.parametrize("name", ["upper", "lower", "title"])
    @given(text=st.text(st.sampled_from("İIıiŞşĞğßŉaBé' ") | st.characters(), max_size=12))
    def test_no_conversion_makes_a_letter_that_was_not_there_and_capitals_are_all_that_changes(
        self, name, text
    ):
        made = converted(name, text)
        assert made == (None, "") or (len(made) == len(text) and made.casefold() == text.casefold())

    @given(text=st.text(st.sampled_from("AB12 -./()+x,;é\u2212\uff21"), max_size=14))
    def test_no_letter_and_no_digit_is_ever_dropped(self, text):
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


class TestProvinces:
    """One table, English, French, old and dotted forms."""

    @pytest.mark.parametrize(("name", "code"), (FRENCH | ENGLISH).items(), ids=ascii)
    def test_a_name_or_short_form_gets_its_code(self, name, code):
        assert province(name) == code

    @pytest.mark.parametrize(
        "text",
        ["N.E.", "T.N.", "N E", "Other", "Bavaria", "ON/QC", "Ontario (QC)", "Ottawa", "--"],
        ids=str,
    )
    def test_what_may_be_another_or_none_is_refused(self, text):
        assert isinstance(province(text), Refusal)

    def test_no_signs_make_a_code_that_the_table_does_not_have(self):
        """All pairs of letters with points, dashes and accents; ``N.-É.`` was Nebraska once."""
        told = {squeezed(name): code for name, code in FRENCH.items()}
        for first, second in itertools.product(string.ascii_uppercase, repeat=2):
            for accent in ("\u0301", "\u0302"):
                for form in ("{}.-{}.", "{}-{}", "{}.{}", "{} {}"):
                    text = unicodedata.normalize("NFC", form.format(first, second + accent))
                    if not text.isascii():
                        made = province(text)
                        assert isinstance(made, Refusal) or made == told.get(squeezed(text))
            dotted = province(f"{first}.{second}.")
            code, old = first + second, {"NF": "NL", "PQ": "QC", "YK": "YT", "YN": "YT", "CB": "BC"}
            assert isinstance(dotted, Refusal) or dotted == old.get(code, code)
            assert dotted != "NE"


def squeezed(text):
    bare = unicodedata.normalize("NFKD", text)
    return "".join(c for c in bare if c.isalpha()).upper()


def test_a_province_of_a_vehicle_may_be_a_name_of_elsewhere_and_is_warned_of():
    made = conversions.of("province", Kind.TEXT)("Bavaria")
    assert (made.text, made.refusal.message) == (
        "Bavaria",
        "this is not the name of a province of Canada or a state of the US.",
    )
    assert conversions.of("province", Kind.TEXT)("Ont.") == "ON"
    assert isinstance(conversions.of("province", Kind.PROVINCE)("Bavaria"), Refusal)
