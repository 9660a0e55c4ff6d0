"""Mapping and sheet → batch: every field of every row, or the reason at its cell."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from checked import sheet_of
from packages import saved

from importer.errors import InputError
from importer.mapping import apply_mapping, load_mapping
from importer.model import RESULT_COLUMNS, CellType, Flaw


def sheet(headers, *rows, name="Students", **more):
    source = "students.xlsx" if name else "students.csv"
    return sheet_of(headers, rows, name=name, source=source, first=5, **more)


@pytest.fixture
def apply(tmp_path):
    """Apply the fields of a mapping (and more of its keys) to a sheet."""

    def applied(fields, over, *, endpoint="users", more="", user_types=None):
        head = f"version: 1\nname: M\nendpoint: {endpoint}\n{more}\n"
        mapping = load_mapping(saved(tmp_path, f"{head}fields: {fields}\n", "m.yaml"))
        return apply_mapping(mapping, over, user_types=user_types, today=dt.date(2026, 9, 1))

    return applied


OPTIONAL = (
    "{unique_id: ID, city: {column: Town, optional: true}, street: {join: [A, B], optional: true}}"
)
TAKEN = {
    "one column may serve several fields": ("{unique_id: ID, student_no: ID}", sheet(["ID"], ["7"]), [("7", "7")]),
    "a text that means blank leaves the place to the next column": (
        '{email: {first_of: [A, B], blank_if: "N/A"}}', sheet(["A", "B"], ["N/A", "b"], ["N/A", "N/A"], ["n/a", ""]), [("b",), ("",), ("n/a",)]
    ),
    "a default fills blanks and fields that no rule gives": (
        "{login_source: Source}", sheet(["Source"], ["LDAP"], [" "]), [("LDAP", "ON"), ("OPSCOM", "ON")],
        "defaults: {login_source: OPSCOM, state: on}",
    ),
    "joined columns leave blank parts out": (
        '{street: {join: [A, B], separator: ", "}}', sheet(["A", "B"], ["12 Main St ", "Unit 4"], ["", "Unit 4"], ["", ""]),
        [("12 Main St, Unit 4",), ("Unit 4",), ("",)],
    ),
    "a repeated header is told apart by its number": (
        '{phone_cell: "Phone#2", student_phone: "PHONE #3"}', sheet(["Phone", "Phone", "phone"], ["1", "2", "3"]), [("2", "3")]
    ),
    "a header that ends in a number sign itself is taken to the letter": (
        '{phone_cell: "Unit #2"}', sheet(["Unit", "Unit", "Unit #2"], ["1", "2", "3"]), [("3",)]
    ),
    "an optional header may be missing": (OPTIONAL, sheet(["ID", "B"], ["1", "12 Elm"]), [("1", "12 Elm")]),
    "a field whose optional header is missing still has its default": (
        OPTIONAL, sheet(["ID"], ["1"]), [("1", "Hull")], "defaults: {city: Hull}"
    ),
    "texts for blank at the top are for all fields but names": (
        "{unique_id: A, first_name: A, last_name: A, city: A}", sheet(["A"], ["NULL"]), [("", "NULL", "NULL", "")],
        "blank_if: 'NULL'",
    ),
    "a birth in two digits is of the century before where it would be in the future": (
        "{date_of_birth: {column: X, date: '%d/%m/%y'}}",
        sheet(["X"], ["03/02/58"], ["01/09/26"], ["02/09/26"], ["29/02/64"]),
        [("1958-02-03",), ("2026-09-01",), ("1926-09-02",), ("1964-02-29",)],
    ),
    "money is the stored number, not the one shown": (
        '{amount: {column: Price, blank_if: "-"}}',
        sheet(["Price"], ["15"], ["$1,014.50"], ["7"], ["-"], stored={0: {0: "14.5", 1: "1014.5", 3: "0"}}),
        [("14.50",), ("1014.50",), ("7.00",), ("",)], "", "permits",
    ),
    "an amount that means blank does so as it is told, too": (
        '{amount: {column: Price, blank_if: "0.00"}}', sheet(["Price"], ["$0"], ["0"], ["7"]), [("",), ("",), ("7.00",)], "", "permits",
    ),
    "a stored number is never read with the mapping's decimal comma": (
        '{amount: {column: Prix, decimal: ","}}',
        sheet(["Prix"], ["1 234,50 $"], ["1.234,50"], stored={0: {0: "1234.5"}}), [("1234.50",), ("1234.50",)], "", "permits",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", TAKEN)
def test_what_a_mapping_takes(apply, kind):
    fields, source, expected, *settings = TAKEN[kind]
    batch = apply(fields, source, **dict(zip(("more", "endpoint"), settings, strict=False)))
    assert [*batch.frame.itertuples(index=False, name=None)] == expected
    assert batch.problems == ()


def test_a_repeated_header_without_a_number_stops_the_file(apply):
    with pytest.raises(InputError) as caught:
        apply("{phone_cell: Phone}", sheet(["Phone", "ID", "Phone"], ["1", "2", "3"]))
    assert str(caught.value) == (
        'students.xlsx, Students, row 4: the header "Phone" stands over several columns (A, C). '
        'Write "Phone#1" for the first, "Phone#2" for the second, and so on, in the mapping m.yaml.'
    )


BORN = "{unique_id: ID, date_of_birth: Born}"
TWO_WAYS = "this date can be read in two ways."
ERROR, NO_VALUE = Flaw(0, 0, "this is an Excel error.", "x"), Flaw(0, 0, "it has no value.", "x")
SKIPPED_TIME = "the clocks of your zone skip this time."
LEFT_OUT = "It is left out, as the mapping says; correct the cell to have it sent."
UNKNOWN = "the mapping's `lookup` does not know this value; the only one known is \""
HULL = {"more": "defaults: {city: Hull}"}
TOLD = {
    "of columns the first filled one is marked": (
        "{date_of_birth: {first_of: [A, B]}}", sheet(["A", "B"], ["", "3/4/01"], ["3/4/01", ""]),
        ["3/4/01", "3/4/01"], [(0, (1,), 9033, "error", TWO_WAYS), (1, (0,), 9033, "error", TWO_WAYS)],
    ),
    "an end has its own code": (
        "{endTime: A}", sheet(["A"], ["2026-09-01"]), ["2026-09-01"], [(0, (0,), 9005, "error", "this date has no time of day.")],
        {"endpoint": "permits"},
    ),
    "what is too long is cut only on demand": (
        "{city: {column: City, truncate: true}}", sheet(["City"], ["x" * 49 + " and more"], ["y"]), ["x" * 49, "y"],
        [(0, (0,), 9030, "warning", "this has 58 characters, OPSCOM takes 50; the rest was cut off.")],
    ),
    "what no conversion makes right stays as the cell shows it": (
        "{state: S, province: P}", sheet(["P", "S"], ["Ontario", ""], ["on", ""], ["xx", ""]), ["Ontario", "ON", "XX"], [],
    ),
    "an error is not covered by a default": (
        "{city: City}", sheet(["City"], [""], flaws=(NO_VALUE,)), [""], [(0, (0,), 9033, "error", "it has no value.")],
        {"more": "defaults: {city: Ottawa}"},
    ),
    "a flaw of a mapped cell is its only problem": (
        "{date_of_birth: Born}", sheet(["Born", "Other"], ["#N/A", "#N/A"], flaws=[ERROR, replace(ERROR, column=1)]), ["#N/A"],
        [(0, (0,), 9033, "error", "this is an Excel error.")],
    ),
    "a flawed cell is not passed over for the next column": (
        "{email: {first_of: [A, B]}}", sheet(["A", "B"], ["", "b"], ["a", "#N/A"], flaws=[NO_VALUE, replace(ERROR, position=1, column=1)]),
        ["", "a"], [(0, (0,), 9033, "error", "it has no value.")],
    ),
    "a joined cell with a flaw is marked alone": (
        "{street: {join: [A, B]}}", sheet(["A", "B"], ["12 Main St", "#REF!"], flaws=[replace(ERROR, column=1)]),
        ["12 Main St #REF!"], [(0, (1,), 9033, "error", "this is an Excel error.")],
    ),
    "nor for cells that hold � for what could not be read, but for those that came with it": (
        "{unique_id: {column: X, as_shown: true}}",
        sheet(["X"], ["a\ufffdb"], ["c\ufffd"], flaws=[Flaw(0, 0, "it holds control characters.", "x")]),
        ["a\ufffdb", "c\ufffd"], [(0, (0,), 9033, "error", "it holds control characters.")],
    ),
    "whoever vouches for a column does not vouch for cells without a value": (
        "{unique_id: {column: X, as_shown: true}}",
        sheet(["X"], ["#N/A"], [""], ["1.2E+20"], flaws=[ERROR, replace(NO_VALUE, position=1), Flaw(2, 0, "digits are lost.", "x")]),
        ["#N/A", "", "1.2E+20"], [(0, (0,), 9033, "error", "this is an Excel error."), (1, (0,), 9033, "error", "it has no value.")],
    ),
    "two names of a field merge where they agree or one is blank": (
        "{state: S, province: P}", sheet(["P", "S"], ["on", "ON"], ["", "NY"], ["qc", ""], ["", ""]), ["ON", "NY", "QC", ""], [],
    ),
    "with different values they are an error at both cells": (
        "{province: P, state: S}", sheet(["P", "S"], ["on", "NY"]), ["ON"],
        [(0, (0, 1), 9033, "error", ("two columns give this field, and their values differ. Correct one of the cells, or say which "
          "column comes first with `first_of` in the mapping."))],
    ),
    "a value left out under one name gives way to the other name": (
        "{province: P, state: {column: S, lookup: {New York: NY}, if_invalid: omit}}", sheet(["P", "S"], ["on", "x"], ["", "x"]),
        ["ON", ""], [(at, (1,), 9033, "warning", f'{UNKNOWN}New York". {LEFT_OUT}') for at in (0, 1)], {"left_out": {1}},
    ),
    "an invalid value is left out and no default takes its place": (
        "{unique_id: ID, date_of_birth: {column: Born, if_invalid: omit}}",
        sheet(["ID", "Born"], ["1", "soon"], ["2", "2001-02-03"], ["3", ""]), ["", "2001-02-03", "1999-01-01"],
        [(0, (1,), 9033, "warning", f"this is not a date in the form yyyy-mm-dd. {LEFT_OUT}")],
        {"more": "defaults: {date_of_birth: 1999-01-01}", "left_out": {0}},
    ),
    "what a lookup does not list is kept where the mapping says so": ("{city: {column: C, lookup: {Staff: S}, else: keep}}", sheet(["C"], ["Guest"], ["staff"]), ["Guest", "S"], [], HULL),
    "or left out": (
        "{city: {column: C, lookup: {Staff: S}, else: omit}}", sheet(["C"], ["Guest"], ["staff"]), ["", "S"],
        [(0, (0,), 9033, "warning", f'{UNKNOWN}Staff". It is left out, as the mapping says.')], HULL | {"left_out": {0}},
    ),
    "what title guesses at is warned of": (
        "{last_name: {column: X, convert: [title]}}", sheet(["X"], ["MCDONALD"], ["SMITH III"], ["VAN DER BERG"], ["McKay"]),
        ["Mcdonald", "Smith Iii", "Van Der Berg", "McKay"],
        [(at, (0,), 9033, "warning", f"the capitals that `title` has given this are a guess. {guess}. Check it; this holds no row back.")
         for at, guess in enumerate(["`Mcdonald` in `Mcdonald`", "`Iii` in `Smith Iii`", "`Van Der` in `Van Der Berg`"])],
    ),
    "a user type is looked up in OPSCOM's own list": (
        "{user_type_id: {column: T, lookup: user-types}}", sheet(["T"], ["full time staff"], ["Visitor"], [""]), ["7", "Visitor", ""],
        [(1, (0,), 9033, "error", 'OPSCOM has no user type of this name; the only one known is "Full Time Staff".')],
        {"user_types": {"Full Time Staff": "7"}},
    ),
    "money that is below zero as shown and as stored is only below zero": (
        "{amount: X}", sheet(["X"], ["(14.50)"], stored={0: {0: "-14.5"}}), ["-14.5"],
        [(0, (0,), 9033, "error", "this amount is below zero.")], {"endpoint": "permits"},
    ),
    "a time that the clocks skip is warned of": (
        "{startTime: {column: X, timezone: America/Toronto}}",
        sheet(["X"], ["2026-03-08 02:30"], ["2026-03-08 03:30"], ["2026-03-08T07:30:00Z"]),
        ["2026-03-08T02:30:00", "2026-03-08T03:30:00", "2026-03-08T03:30:00"], [(0, (0,), 9007, "warning", SKIPPED_TIME)],
        {"endpoint": "permits"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", TOLD)
def test_what_is_wrong_is_told_at_its_cell(apply, kind):
    fields, source, values, problems, *more = TOLD[kind]
    terms = dict(*more)
    left_out = terms.pop("left_out", set())
    batch = apply(fields, source, **terms)
    name = batch.frame.columns[-1]
    assert batch.frame[name].tolist() == values
    assert batch.left_out == {(at, name) for at in left_out}
    for found, expected in zip(batch.problems, problems, strict=True):
        said = " ".join(filter(None, (found.message, found.detail, found.remedy)))
        where = (found.position, found.columns, found.code, found.severity.value)
        assert (*where, found.field) == (*expected[:4], name)
        assert expected[4] in {found.message, said}


def test_rows_that_are_no_records_are_marked_and_have_no_problems(apply):
    rows = [
        ["1", "2001-02-03"],
        ["\u00a0", "soon"],
        ["Total: 2", "soon"],
        ["Subtotal", "2001-02-03"],
    ]
    flaws = [Flaw(1, None, "this record has 3 cells.", "x"), replace(ERROR, position=2, column=1)]
    skip = "skip_rows: [{columns: [ID], blank: true}, {column: ID, matches: 'Total.*'}]"
    batch = apply(BORN, sheet(["ID", "Born"], *rows, flaws=flaws), more=skip)
    assert batch.skipped.tolist() == [False, True, True, False]
    assert batch.problems == ()


def test_a_row_is_blank_where_all_its_cells_are_and_a_flawed_one_is_not(apply):
    source = sheet(["A", "B"], ["", ""], ["", "b"], ["", ""], flaws=[replace(NO_VALUE, position=2)])
    assert apply("{city: A, street: B}", source).skipped.tolist() == [True, False, False]


def test_a_results_workbook_keeps_its_own_word_on_skipped_rows(apply):
    source = sheet(
        [*RESULT_COLUMNS, "ID"],
        ["Skipped", "", "", "", "", "5", "Count"],
        ["invalid", "", "", "", "", "6", "Total"],
    )
    batch = apply("{unique_id: ID}", source, more="skip_rows: [{column: ID, matches: 'Total'}]")
    assert batch.skipped.tolist() == [True, False]
    empty = sheet([*RESULT_COLUMNS, "ID"])
    assert apply("{unique_id: ID}", empty).skipped.tolist() == []


@pytest.mark.parametrize("key", ["matches", "extract"])
def test_an_expression_that_never_ends_stops_the_file(apply, key):
    source = sheet(["ID"], ["a" * 60 + "!"])
    skip = "skip_rows: [{column: ID, matches: '((?:a|aa)+)'}]" if key == "matches" else ""
    with pytest.raises(InputError) as caught:
        apply("{unique_id: {column: ID, extract: '^((?:a|aa)+)$'}}", source, more=skip)
    assert str(caught.value) == (
        f"the regular expression of `{key}` in the mapping takes too long. "
        "Write it without repetitions inside repetitions, such as (a+)+."
    )


def test_without_opscoms_list_a_lookup_of_user_types_stops_the_file(apply):
    with pytest.raises(InputError) as caught:
        apply("{user_type_id: {column: T, lookup: user-types}}", sheet(["T"], ["x"]))
    assert str(caught.value) == (
        "m.yaml: this mapping looks up user types, and their list is not here yet. "
        "Run `opscom-import pull user-types` first."
    )


DATE = "the spreadsheet program has made a date of it."
TIME = "the spreadsheet program has made a time of it."
TRUTH, PERCENT, DECIMALS = (
    "this cell is a truth value.",
    "this cell is a percentage.",
    "this cell is a number with decimals or a sign.",
)
CELLS_OF_TYPES = [
    ("users", "student_no", CellType.DATE, "2026-03-10", DATE), ("users", "first_name", CellType.DATE, "2026-03-10", DATE),
    ("permits", "amount", CellType.DATE, "1900-01-14", DATE), ("users", "date_of_birth", CellType.DATE, "2001-03-10", None),
    ("permits", "startTime", CellType.DATE, "2026-03-10 08:00", None), ("users", "city", CellType.TIME, "08:30:00", TIME),
    ("users", "unique_id", CellType.TIME, "08:30:00", TIME), ("vehicles", "plate", CellType.BOOLEAN, "TRUE", TRUTH),
    ("users", "unique_id", CellType.BOOLEAN, "TRUE", TRUTH), ("users", "first_name", CellType.BOOLEAN, "TRUE", None),
    ("vehicles", "plate", CellType.PERCENT, "50%", PERCENT), ("users", "student_no", CellType.PERCENT, "50%", PERCENT),
    ("users", "city", CellType.PERCENT, "50%", None), ("vehicles", "plate", CellType.NUMBER, "1234.5", DECIMALS),
    ("vehicles", "plate", CellType.NUMBER, "-123", DECIMALS), ("vehicles", "plate", CellType.NUMBER, "12345", None),
    ("vehicles", "plate", CellType.NUMBER, "TX 123", None), ("users", "unique_id", CellType.NUMBER, "012-34-5678", None),
    ("users", "unique_id", CellType.NUMBER, "100554.5", DECIMALS), ("users", "city", CellType.NUMBER, "12.5", None),
    ("vehicles", "plate", CellType.TEXT, "1234.5", None),
]  # fmt: skip


@pytest.mark.parametrize(("endpoint", "field", "kind", "text", "message"), CELLS_OF_TYPES)
def test_what_a_cell_is_decides_before_its_text(apply, endpoint, field, kind, text, message):
    source = sheet(["X"], [text], [""], types={0: np.array([kind, CellType.TEXT], np.int8)})
    found = apply(f"{{{field}: X}}", source, endpoint=endpoint).problems
    remedy = "Format the column as text and type the value."
    expected = [(0, message, remedy)] if message else []
    assert [(p.position, p.message, p.remedy) for p in found] == expected


def test_a_cell_that_is_no_text_goes_where_the_person_vouches_for_it_or_it_counts_as_blank(apply):
    kinds = np.array([CellType.DATE, CellType.BOOLEAN], np.int8)
    source = sheet(["X"], ["2026-03-10"], ["FALSE"], types={0: kinds})
    batch = apply("{unique_id: {column: X, as_shown: true}}", source)
    assert (batch.problems, batch.as_shown) == ((), {"unique_id"})
    batch = apply("{unique_id: {column: X, blank_if: ['2026-03-10', 'FALSE']}}", source)
    assert batch.problems == ()


@pytest.mark.parametrize(
    ("shown", "stored", "held"),
    [
        ("$14.50", "14.5", False), ("15", "14.5", False), ("$1,014.50", "1014.5", False), ("CAD 14.50", "14.5", False),
        ("1 014,50 $", "1014.5", True), ("14.50", "1450", True), ("14,50", "1450", True), ("1,450", "1450", False), ("(14.50)", "14.5", True), ("14.50CR", "14.5", True),
        ("14.50 €", "14.5", True), ("USD 14.50", "14.5", False), ("14.50", "-14.5", True), ("15", "14500", True),
    ],
)  # fmt: skip
def test_money_goes_where_the_cell_shows_what_it_stores(apply, shown, stored, held):
    batch = apply("{amount: X}", sheet(["X"], [shown], stored={0: {0: stored}}), endpoint="permits")
    assert [p.message for p in batch.problems] == (
        ["this cell shows another amount than the one that it stores."] if held else []
    )


def test_days_at_midnight_are_held_only_where_all_are_and_a_time_is_given(apply):
    fields = "{endTime: {column: X, time: '23:59:59'}}"
    one = sheet(["X"], ["2027-04-30 00:00"], ["2027-04-30 08:00"], [""])
    assert apply(fields, one, endpoint="permits").problems == ()
    days = sheet(["X"], ["2027-04-30"], ["2027-04-30 00:00"])
    assert [p.position for p in apply(fields, days, endpoint="permits").problems] == [1]
    midnight = sheet(["X"], ["2027-04-30 00:00"], ["2027-05-31T00:00:00.000"], [""])
    assert [p.position for p in apply(fields, midnight, endpoint="permits").problems] == [0, 1]
    start = "{startTime: {column: X, time: '00:00:00'}}"
    assert apply(start, midnight, endpoint="permits").problems == ()
    said = apply(fields, midnight, endpoint="permits", more="midnight: date")
    assert said.frame["endTime"].tolist()[:2] == ["2027-04-30T23:59:59", "2027-05-31T23:59:59"]
