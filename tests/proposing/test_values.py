"""What values become: dates, provinces, user types, amounts, ids; and which rows are no records."""

import openpyxl
import pytest
from openpyxl.styles import Font, PatternFill

from importer.mapping import load_mapping
from importer.proposing.answers import Answers
from importer.proposing.dating import read_dates
from importer.proposing.profiles import is_vin
from importer.proposing.propose import propose
from importer.proposing.sheets import look_at
from importer.proposing.vocabulary import user_type
from importer.proposing.yaml_files import mapping_text, pattern
from importer.reading import read_source
from importer.workspace import UserType

TYPES = tuple(
    UserType(number, name, "")
    for number, name in (
        ("1", "Full Time Student"),
        ("9", "Part Time Student"),
        ("7", "Full Time Staff"),
        ("10", "Exchange Student"),
    )
)
HEAD = "Student ID,First Name,Last Name,Email,{more}\n"


def people(more, *values):
    rows = [f"9001234{n},Ann{n},Roe{n},a{n}@uni.example,{value}" for n, value in enumerate(values)]
    return (
        HEAD.format(more=more)
        + "\n".join(rows).replace("Ann0", "Ann").replace("0,Roe", ",Roe")
        + "\n"
    )


def rule(proposal, field):
    return next((draft.rule for draft in proposal.drafts if draft.field == field), None)


@pytest.mark.parametrize(
    ("texts", "form", "proof"),
    [
        (("17/04/2002", "03/10/2000"), "%d/%m/%Y", 1),
        (("4/17/2002 0:00", "10/3/2000 0:00"), "%m/%d/%Y %H:%M", 1),
        (("03-FEB-2004", "17-APR-2001"), "%d-%b-%Y", 0),
        (("2002-04-17", "2000-10-03 00:00:00.000"), "", 0),
        (("20020417", "20001003"), "%Y%m%d", 0),
        (("17 avril 2002", "3 octobre 2000"), "%d %B %Y", 0),
        (("17 avr. 2002", "3 juil. 2000", "5 sept. 2001"), "%d %B %Y", 0),
        (("17-abr-2002", "03-ene-2000", "05-dic-2001"), "%d-%B-%Y", 0),
        (("17. Mai 2002", "3. Okt. 2000", "5. Dez. 2001"), "%d. %B %Y", 0),
        (("1er sept. 2026", "30 avril 2027"), "%d %B %Y", 0),
        (("5 de mayo de 2002", "30 de agosto de 2001"), "%d de %B de %Y", 0),
        (("9/2/2025 8:14:05 AM", "9/13/2025 9:40:00 PM"), "%m/%d/%Y %I:%M:%S %p", 1),
    ],
)
def test_the_form_of_dates_is_told_from_the_values(texts, form, proof):
    dates = read_dates(dict.fromkeys(texts, 1))
    assert (dates.form, dates.proof, dates.strange) == (form, proof, ())
    assert dates.other == ""


def test_dates_that_two_forms_read_are_asked_once_for_the_file(proposed):
    text = people("Date of Birth,Other Date", "03/04/2002,01/02/2020", "05/06/2001,03/04/2021")
    asked = [q for q in proposed(text).questions if q.key == ("fields", "dates")]
    assert [q.choices for q in asked] == [("the day first", "the month first")]
    month = proposed(text, {("fields", "dates"): "the month first"})
    assert rule(month, "date_of_birth") == {"column": "Date of Birth", "date": "%m/%d/%Y"}


def test_another_column_of_dates_decides_what_comes_first(proposed):
    found = proposed(
        people("Date of Birth,Hired", "03/04/2002,25/12/2020", "05/06/2001,03/04/2021")
    )
    assert rule(found, "date_of_birth") == {"column": "Date of Birth", "date": "%d/%m/%Y"}
    assert [q.key for q in found.questions] == [("fields", "login_source")]


def test_provinces_become_codes_and_what_is_none_is_asked(proposed):
    text = people("Province", "Ont.", "Qué.", "T.-N.-L.", "Atlantis")
    found = proposed(text)
    assert {v.value: v.becomes for v in found.values} == {
        "Ont.": "ON",
        "Qué.": "QC",
        "T.-N.-L.": "NL",
        "Atlantis": None,
    }
    assert [q.value for q in found.questions if q.about == "value"] == ["Atlantis"]
    assert rule(found, "province") == {
        "column": "Province",
        "convert": ["province"],
        "if_invalid": "omit",
    }
    said = proposed(text, {("values", "Province", "Atlantis"): "NB"})
    assert rule(said, "province") == {
        "column": "Province",
        "convert": ["province"],
        "replace": {"Atlantis": "NB"},
    }


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Full Time Student", "1"),
        ("exchange", "10"),
        ("10", "10"),
        ("FT", None),
        ("Part-time", "9"),
        ("Étudiant d'échange", None),
        ("x", None),
    ],
)
def test_a_value_names_a_user_type_where_one_alone_is_meant(text, number):
    found = user_type(text, TYPES)
    assert (found.id if found else None) == number


def test_user_types_are_asked_value_by_value_and_blank_where_a_person_says_so(proposed):
    text = people("User Type", "Part Time", "W", "Exchange")
    found = proposed(text, types=TYPES)
    assert [(q.value, q.choices[0]) for q in found.questions if q.field == "user_type_id"] == [
        ("W", "1 Full Time Student")
    ]
    said = proposed(text, {("values", "User Type", "W"): "leave blank"}, types=TYPES)
    assert rule(said, "user_type_id") == {
        "column": "User Type", "lookup": {"Part Time": "9", "Exchange": "10"}, "blank_if": ["W"],
    }  # fmt: skip


def test_permits_take_decimal_commas_free_ones_texts_for_dates_and_times_of_days(proposed):
    text = (
        "Permit #;Plate;Valid From;Valid To;Price\nP-1;ABC 123;2026-09-01;2027-04-30;14,50\n"
        "P-2;BXTA 904;2026-09-01;end of term;comp\nP-3;CCC 333;2026-09-01;2027-04-30;120,00\n"
    )
    found = proposed(text)
    assert rule(found, "amount") == {"column": "Price", "decimal": ",", "blank_if": ["comp"]}
    assert rule(found, "endTime") == {"column": "Valid To", "time": "23:59:59"}
    assert [q.text for q in found.questions] == [
        '"end of term" in "Valid To" is not a date (1 row). Which date is it?'
    ]
    said = proposed(text, {("values", "Valid To", "end of term"): "2027-04-30"})
    assert rule(said, "endTime") == {
        "column": "Valid To", "time": "23:59:59", "replace": {"end of term": "2027-04-30"},
    }  # fmt: skip


def test_what_openvehicles_lack_is_asked_for_all(proposed):
    found = proposed("Plate,Make,Model\nABC123,Ford,Focus\nBXT904,Kia,Rio\n")
    assert [q.key for q in found.questions] == [("fields", "plateType"), ("fields", "prov")]
    said = proposed(
        "Plate,Make\nABC123,Ford\nBXT904,Kia\n",
        {("fields", "plateType"): "Passenger", ("fields", "prov"): "ON"},
    )
    assert (rule(said, "plateType"), rule(said, "prov")) == (
        {"value": "Passenger"},
        {"value": "ON"},
    )
    assert said.questions == []


def test_a_year_before_a_make_gives_both(proposed):
    found = proposed(
        "Tag,Tag State,Vehicle\nABC123,ON,2015 Honda Civic\nBXT904,ON,2018 Ford Focus\n"
    )
    assert rule(found, "year")["extract"] == r"\b((?:19|20)[0-9]{2})\b"
    assert rule(found, "make")["extract"] == r"^(?:(?:19|20)[0-9]{2}\s+)?(\S+)"


def test_ids_that_lost_their_zeros_are_asked(proposed):
    text = (
        HEAD.format(more="X")
        + "001234567,A,B,a@u.example,x\n1234568,C,D,c@u.example,x\n001234569,E,F,e@u.example,x\n"
    )
    question = next(q for q in proposed(text).questions if q.key == ("fields", "Student ID zeros"))
    assert question.proposal == "fill up to 9 digits"
    assert rule(proposed(text, {question.key: question.proposal}), "unique_id") == {
        "column": "Student ID",
        "pad": 9,
    }


def test_totals_repeated_headers_and_sections_are_passed_over(proposed):
    lines = people("City", *["Elmira"] * 6).splitlines()
    lines.insert(4, "Section B,,,,")
    lines.insert(3, lines[0])
    found = proposed("\n".join([*lines, "Total: 6,,,,"]) + "\n")
    assert [(skip.why, len(skip.rows)) for skip in found.skips] == [
        ("the header, repeated", 1), ("totals", 1), ("one cell alone is filled: a title, a note or a section", 1),
    ]  # fmt: skip


def test_people_who_left_and_keys_that_repeat_are_always_asked(proposed):
    text = (
        people("Status", "Active", "tobedeleted", "Active")
        + "90012342,Ann2,Roe2,other@uni.example,Active\n"
    )
    keys = [q.key for q in proposed(text).questions]
    assert ("rows", "Status", "tobedeleted") in keys
    repeated = next(q for q in proposed(text).questions if q.key == ("rows", "repeated"))
    assert repeated.text == (
        '1 key stands in several rows (2 rows). They differ in "Email". Hold them (error), or send the first or the '
        "last of each?"
    )
    said = proposed(text, {("rows", "Status", "tobedeleted"): "skip", ("rows", "repeated"): "last"})
    assert [skip.rule for skip in said.skips] == [
        {"column": "Status", "matches": "(?i)(tobedeleted)"}
    ]
    assert said.duplicates == "last"


@pytest.mark.parametrize(
    ("name", "matched"),
    [
        ("HR_Extract_20260901_run12.csv", "HR_Extract_*"), ("Students Fall 2026 (final).xlsx", "Students *"),
        ("Étudiants automne 2026.xlsx", "Étudiants *"), ("t2-flex.csv", "t2-flex*"), ("20260901.csv", "20260901*"),
    ],
)  # fmt: skip
def test_the_pattern_of_a_name_leaves_out_what_changes(tmp_path, name, matched):
    assert pattern(tmp_path / name) == matched


def test_the_check_digit_tells_a_vin():
    assert is_vin("1M8GDM9AXKP042788")
    assert not is_vin("1M8GDM9A1KP042788")


def test_the_mapping_is_read_without_a_change(proposed, tmp_path):
    found = proposed(
        people("Province,User Type,DOB", "Ont.,F,17/04/2002", "NO,yes,03/10/2000"),
        {
            ("fields", "login_source"): "OPSCOM",
            ("values", "User Type", "F"): "1",
            ("values", "User Type", "yes"): "9",
        },
    )
    path = tmp_path / "made.yaml"
    path.write_text(mapping_text(found), encoding="utf-8")
    mapping = load_mapping(path)
    assert [rule.field.name for rule in mapping.rules] == [draft.field for draft in found.drafts]
    lookup = next(rule.part.lookup for rule in mapping.rules if rule.field.name == "user_type_id")
    assert lookup == {"F": "1", "yes": "9"}


def test_rows_struck_out_or_of_a_colour_that_the_sheet_explains_are_asked(tmp_path):
    path = tmp_path / "list.xlsx"
    book = openpyxl.Workbook()
    page = book.active
    page.append(["Roster, red = left"])
    page.append(["Student ID", "First Name", "Last Name", "Email"])
    for n in range(6):
        page.append([f"9001234{n}", "Ann", f"Roe{'abcdef'[n]}", f"a{n}@uni.example"])
    for cell in page[4]:
        cell.fill = PatternFill("solid", fgColor="FF0000")
    for cell in page[5]:
        cell.font = Font(strike=True)
    book.save(path)
    look = look_at(read_source(path))[0]
    found = propose(look, "users", Answers())
    assert [(q.key, q.text) for q in found.questions if q.about == "row"] == [
        (("rows", "struck out"), "Struck out: 1 row (5). Are these not to be sent?"),
        (
            ("rows", "background FF0000"),
            'Of the background FF0000, and the sheet says "Roster, red = left": 1 row (4). Are these not to be sent?',
        ),
    ]
    said = propose(
        look,
        "users",
        Answers({("rows", "struck out"): "skip", ("rows", "background FF0000"): "send"}),
    )
    assert [skip.rule for skip in said.skips] == [{"struck": True}]


def test_ends_at_midnight_are_asked_and_count_to_the_end_of_the_day(proposed):
    text = (
        "Permit #,Plate,Valid From,Valid To\nP-1,ABC 123,2026-09-01 00:00,2027-04-30 00:00\n"
        "P-2,BXTA 904,2026-09-01 08:00,2027-04-30 00:00\n"
    )
    assert [q.key for q in proposed(text).questions] == [("fields", "midnight")]
    said = proposed(text, {("fields", "midnight"): "to the end of that day"})
    assert rule(said, "endTime") == {"column": "Valid To", "time": "23:59:59", "midnight": "date"}
    assert (
        rule(proposed(text, {("fields", "midnight"): "it ends at 00:00"}), "endTime") == "Valid To"
    )
