"""What values become: dates, provinces, user types, amounts, ids; and which rows are no records."""

import pytest
from commanding import write_book
from openpyxl.styles import Font, PatternFill
from returning import edited

from importer.proposing.answers import Answers
from importer.proposing.dating import read_dates
from importer.proposing.profiles import is_vin
from importer.proposing.propose import propose
from importer.proposing.sheets import look_at
from importer.proposing.yaml_files import pattern
from importer.reading import read_source
from importer.workspace import UserType

NAMES = ("1 Full Time Student", "9 Part Time Student", "7 Full Time Staff", "10 Exchange Student")
TYPES = tuple(UserType(*name.split(" ", 1), "") for name in NAMES)
HEAD = "Student ID,First Name,Last Name,Email,{}\n"


def people(more, *values):
    rows = [f"9001234{n},Ann,Roe{n},a{n}@uni.example,{value}" for n, value in enumerate(values)]
    return HEAD.format(more) + "\n".join(rows).replace("Roe0", "Roe") + "\n"


def permits(*rows):
    return "Permit #;Plate;Valid From;Valid To;Price\n" + "".join(f"{row}\n" for row in rows)


def rules(proposal):
    return {draft.field: draft.rule for draft in proposal.drafts}


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
    assert (dates.form, dates.proof, dates.strange, dates.other) == (form, proof, (), "")


@pytest.mark.parametrize(
    ("time", "midnight"),
    [
        ("T00:00", True), ("T00:00:00", True), (" 00:00:00.000", True), (" 0:00", True), (" 12:00:00 AM", True),
        ("T17:00:00", False), ("T08:12:00", False), (" 12:00", False), (" 12:00 PM", False), (" 10:00", False), ("", False),
    ],
)  # fmt: skip
def test_midnight_is_told_from_other_full_hours(time, midnight):
    date = "{}/04/2027" if time.startswith(" ") else "2027-04-{}"
    assert read_dates({date.format(day) + time: 1 for day in (29, 30)}).midnight is midnight


@pytest.mark.parametrize(
    ("others", "asked", "answer", "form"),
    [
        (("01/02/2020", "03/04/2021"), True, "the month first", "%m/%d/%Y"),
        (("01/02/2020", "03/04/2021"), True, "the day first", "%d/%m/%Y"),
        (("25/12/2020", "03/04/2021"), False, None, "%d/%m/%Y"),
    ],
)
def test_dates_that_two_forms_read_are_decided_by_another_column_or_asked_once(
    proposed, others, asked, answer, form
):
    births = ("03/04/2002", "05/06/2001")
    text = people("Date of Birth,Other Date", *map(",".join, zip(births, others, strict=True)))
    key = ("fields", "dates")
    choices = [q.choices for q in proposed(text).questions if q.key == key]
    assert choices == ([("the day first", "the month first")] if asked else [])
    made = proposed(text, {key: answer} if asked else {})
    draft = next(draft for draft in made.drafts if draft.field == "date_of_birth")
    assert draft.rule == {"column": "Date of Birth", "date": form}
    days = "2001-05-06 to 2002-03-04" if form == "%m/%d/%Y" else "2001-06-05 to 2002-04-03"
    how = "you said" if asked else "another column proves"
    assert draft.why.endswith(f"; in the form that {how}, {days}")


def test_us_postal_codes_that_lost_their_zero_get_it_back(proposed):
    found = rules(proposed(people("Zip", "2139", "07030", "10001", "60601")))
    assert found["postal_code"] == {"column": "Zip", "pad": 5}
    beside = people("State,Zip", "MA,2139", "NJ,7030", "CT,6511")
    assert rules(proposed(beside))["postal_code"] == {"column": "Zip", "pad": 5}
    assert rules(proposed(people("Zip", "02139", "07030", "K1A 0B1")))["postal_code"] == "Zip"


def test_provinces_become_codes_and_what_is_none_is_asked(proposed):
    text = people("Province", "Ont.", "Qué.", "T.-N.-L.", "Atlantis")
    found = proposed(text)
    became = {v.value: v.becomes for v in found.values}
    assert became == {"Ont.": "ON", "Qué.": "QC", "T.-N.-L.": "NL", "Atlantis": None}
    assert [q.value for q in found.questions if q.about == "value"] == ["Atlantis"]
    rule = {"column": "Province", "convert": ["province"], "if_invalid": "omit"}
    assert rules(found)["province"] == rule


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Full Time Student", "1"), ("exchange", "10"), ("10", "10"), ("Part-time", "9"), ("FT", None),
        ("Étudiant d'échange", None), ("x", None),
    ],
)  # fmt: skip
def test_a_value_becomes_a_user_type_where_one_alone_is_meant(proposed, text, number):
    made = proposed(people("User Type", text, text), types=TYPES)
    assert [value.becomes for value in made.values] == [number]


@pytest.mark.parametrize("text", ["FT", "Full-Time", "Temps plein"])
def test_where_several_user_types_may_be_meant_they_are_named_and_offered_first(proposed, text):
    made = proposed(people("User Type", text, text), types=TYPES)
    found = next(q for q in made.questions if q.field == "user_type_id")
    both = ("1 Full Time Student", "7 Full Time Staff")
    asked = f'Which user type of OPSCOM is "{text}" in "User Type" (2 rows)? It may be {" or ".join(both)}.'
    assert (found.text, found.choices) == (
        asked, (*both, "9 Part Time Student", "10 Exchange Student", "leave blank"),
    )  # fmt: skip


def test_seven_kinds_in_twelve_rows_may_be_user_types(proposed):
    kinds = [f"Kind {letter}" for letter in "ABCDEFGGGGGG"]
    made = proposed(people("User Type", *kinds), types=TYPES)
    assert "user_type_id" in {place.field for place in made.places if place.used}


def test_user_types_are_asked_value_by_value_and_blank_where_a_person_says_so(proposed):
    text = people("User Type", "Part Time", "W", "Exchange Student")
    found = proposed(text, types=TYPES)
    assert [v.confidence for v in found.values] == ["likely", "ask", "sure"]
    assert [(q.value, q.choices[0]) for q in found.questions if q.field == "user_type_id"] == [
        ("W", "1 Full Time Student")
    ]
    said = proposed(text, {("values", "User Type", "W"): "leave blank"}, types=TYPES)
    assert rules(said)["user_type_id"] == {
        "column": "User Type", "lookup": {"Part Time": "9", "Exchange Student": "10"}, "blank_if": ["W"],
    }  # fmt: skip


def test_permits_take_decimal_commas_and_texts_for_what_is_free_and_ends_last_the_day(proposed):
    text = permits(
        "P-1;ABC 123;2026-09-01;2027-04-30;14,50",
        "P-2;BXTA 904;2026-09-01;2027-04-30;comp",
        "P-3;CCC 333;2026-09-01;2027-04-30;120,00",
    )
    found = rules(proposed(text))
    assert found["amount"] == {"column": "Price", "decimal": ",", "blank_if": ["comp"]}
    assert found["endTime"] == {"column": "Valid To", "time": "23:59:59"}


@pytest.mark.parametrize(
    ("column", "values", "said", "became"),
    [
        ("Valid To", ("2027", "2027-05-01", "2027-06-01"), {"2027": "2027-12-31"}, ("2027-12-31T23:59:59", "2027-05-01T23:59:59", "2027-06-01T23:59:59")),
        ("Valid To", ("fin avril", "30 avril 2027", "1 mai 2027"), {"fin avril": "2027-04-29"}, ("2027-04-29T23:59:59", "2027-04-30T23:59:59", "2027-05-01T23:59:59")),
        ("Price", ("0 CAD", "10 CAD", "20 CAD"), {"0 CAD": "5"}, ("5.00", "10.00", "20.00")),
        ("Price", ("0.00", "10.00", "20.00"), {"0.00": "5"}, ("5.00", "10.00", "20.00")),
        ("Province", ("O", "ON", "o", "QC", "MB"), {"O": "ON"}, ("ON", "ON", "ON", "QC", "MB")),
        ("Plate Type", ("P", "PASS", "p"), {"P": "Passenger"}, ("Passenger", "PASS", "Passenger")),
        ("Plate Type", ("PASS", "TEMP", "MC"), {"TEMP": "hold the row", "MC": "Motorcycle"}, ("PASS", "TEMP", "Motorcycle")),
        ("Cur", ("CAD", "CA$", "US"), {"US": "hold the row"}, ("CAD", "CAD", "US")),
        ("Cur", ("CAD", "CAD", "US"), {"CAD": "USD"}, ("USD", "USD", "USD")),
    ],
)  # fmt: skip
def test_what_is_said_of_a_value_changes_no_other_that_holds_it(
    proposed, sent, column, values, said, became
):
    if column in {"Province", "Plate Type"}:
        given = {"Plate": "AB{n}12", "Make": "Ford", "Province": "ON", "Plate Type": "PASS"}
    else:
        given = {"Permit #": "P-{n}", "Plate": "AB{n}12", "Valid From": "2026-09-01", "Valid To": "2027-04-30", "Price": "9.00", "Cur": "CAD"}  # fmt: skip
    rows = [
        ",".join((given | {column: value}).values()).format(n=n) for n, value in enumerate(values)
    ]
    made = proposed("\n".join([",".join(given), *rows]) + "\n", {("values", column, v): to for v, to in said.items()})  # fmt: skip
    field = next(draft.field for draft in made.drafts if column in str(draft.rule))
    assert tuple(sent(made)[field]) == became


@pytest.mark.parametrize(
    ("columns", "became"),
    [
        ({"Address 1": ("1 Elm St", "2 Elm St"), "Address 2": ("Apt 3", "")}, {"street": ("1 Elm St, Apt 3", "2 Elm St")}),
        ({"City": ("Ajax", "A" * 120)}, {"city": ("Ajax", "A" * 50)}),
        ({"Cell Phone": ("613-555-0101", "+1 (613) 555-0102 extension 12")}, {"phone_cell": ("613-555-0101", "613-555-0102 x12")}),
        ({"Permit #": ("#77", "#78")}, {"permitNo": ("77", "78")}),
        ({"Permit #": ("'0077", "78.0")}, {"permitNo": ("0077", "78")}),
    ],
)  # fmt: skip
def test_what_the_cells_become_with_the_mapping(proposed, sent, columns, became):
    given = {"Banner ID": ("900121", "900122"), "Name": ("Ann Roe", "Jo Poe")}
    if "Permit #" in columns:
        days = {"Valid From": ("2026-09-01",) * 2, "Valid To": ("2027-04-30",) * 2}
        given = {"Plate": ("ABC123", "BXT904"), **days}
    given |= columns
    made = proposed("\n".join(map("\t".join, [tuple(given), *zip(*given.values(), strict=True)])))
    frame = sent(made)
    assert {field: tuple(frame[field]) for field in became} == became


def test_ends_at_midnight_are_asked_and_count_to_the_end_of_the_day(proposed):
    text = permits(
        "P-1;ABC 123;2026-09-01 00:00;2027-04-30 00:00;1",
        "P-2;BXTA 904;2026-09-01 08:00;2027-04-30 00:00;2",
    )
    key = ("fields", "midnight")
    assert [q.key for q in proposed(text).questions] == [key]
    whole = {"column": "Valid To", "time": "23:59:59", "midnight": "date"}
    assert rules(proposed(text, {key: "to the end of that day"}))["endTime"] == whole
    assert rules(proposed(text, {key: "it ends at 00:00"}))["endTime"] == "Valid To"


@pytest.mark.parametrize("form", ["{last}, {first}", "{first} {last}"])
@pytest.mark.parametrize("answers", [{}, {"Name": "first_name"}, {"Name": "last_name"}])
def test_of_whole_names_each_field_gets_its_part(proposed, sent, form, answers):
    people = [("Amelia", "Thornbury"), ("Desmond", "Okwuosa")]
    other = {"first_name": ",Last Name", "last_name": ",First Name"}.get(answers.get("Name"), "")
    rows = [
        f'S100{n},"{form.format(first=first, last=last)}",p{n}@u.example'
        + {"": "", ",Last Name": f",{last}", ",First Name": f",{first}"}[other]
        for n, (first, last) in enumerate(people)
    ]
    text = "\n".join([f"Student ID,Name,Email{other}", *rows]) + "\n"
    found = proposed(text, {("columns", name): field for name, field in answers.items()})
    frame = sent(found)
    assert list(zip(frame["first_name"], frame["last_name"], strict=True)) == people


@pytest.mark.parametrize(
    ("header", "values", "makes"),
    [
        ("Vehicle", ("2015 Honda Civic", "2018 Ford Focus"), ("Honda", "Ford")),
        ("Make/Model", ("Honda Civic", "LAND ROVER Defender"), ("Honda", "LAND ROVER")),
        ("Make & Model", ("Honda / Civic", "Mercedes-Benz C300"), ("Honda", "Mercedes-Benz")),
        ("Make", ("Honda", "Land Rover"), ("Honda", "Land Rover")),
    ],
)
def test_of_a_make_with_its_model_or_year_the_make_alone_is_sent(
    proposed, sent, header, values, makes
):
    found = proposed(f"Tag,Tag State,{header}\nABC123,ON,{values[0]}\nBXT904,ON,{values[1]}\n")
    frame = sent(found)
    assert tuple(frame["make"]) == makes
    if "2015" in values[0]:
        assert tuple(frame["year"]) == ("2015", "2018")


def test_a_make_that_stands_behind_other_words_is_asked(proposed):
    found = proposed(
        "Tag,Tag State,Make/Model\nABC123,ON,Red Honda Civic\nBXT904,ON,Blue Ford Focus\n"
    )
    assert [(q.column, q.field) for q in found.questions] == [
        ("Make/Model", "make"), ("", "plateType"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ids", "proposal"),
    [
        (("001234567", "1234568", "001234569"), "fill up to 9 digits"),
        (("101234567", "1234568", "101234569"), ""),
        # Longer ones are no sign of lost zeros.
        (("1234567", "1234568", "101234569"), None),
    ],
)
def test_ids_that_lost_their_zeros_are_asked(proposed, ids, proposal):
    text = "Student ID,First Name,Email\n" + "".join(f"{n},Ann,a{n}@u.example\n" for n in ids)
    asked = {q.key: q.proposal for q in proposed(text).questions}
    key = ("fields", "Student ID zeros")
    assert asked.get(key) == proposal
    if proposal:
        said = rules(proposed(text, {key: proposal}))
        assert said["unique_id"] == {"column": "Student ID", "pad": 9}


def test_times_that_name_a_zone_are_asked_for_that_of_the_campus(proposed):
    text = permits("P-1;ABC 123;2026-09-01T08:00:00Z;2027-04-30T08:00:00Z;1")
    asked = [q for q in proposed(text).questions if q.key == ("fields", "timezone")]
    assert [q.text for q in asked] == [
        'The times of "Valid From" name a zone. Which one is your campus in?'
    ]
    said = "Mars/Olympus is not a time zone, as America/Toronto is."
    assert asked[0].refusal("Mars/Olympus", "permits") == said
    made = rules(proposed(text, {asked[0].key: "America/Toronto"}))
    assert made["startTime"] == {"column": "Valid From", "timezone": "America/Toronto"}


@pytest.mark.parametrize(
    ("total", "matches"),
    [("Total: 6", "total"), ("Sous-total Arts", r"sous\-total"), ("Subtotal 6", "subtotal"), ("Grand total", r"grand\ total"), ("Zwischensumme", "zwischensumme")],
)  # fmt: skip
def test_totals_are_passed_over(proposed, total, matches):
    [skip] = proposed(people("City", *["Elmira"] * 6) + f"{total},,,,\n").skips
    rule = {"column": "Student ID", "matches": f"(?i)({matches})\\b.*"}
    assert (skip.why, len(skip.rows), skip.rule) == ("totals", 1, rule)


def test_subtotals_that_excel_has_named_are_passed_over(proposed):
    rows = people("City", *["Elmira"] * 12) + "Lot C Total,,,,\nLot D Total,,,,\nGrand Total,,,,\n"
    [skip] = proposed(rows).skips
    rule = {"matches": r"(?i)(grand\ total)\b.*|.+[ -](?:totals?|totaux|totales|count)"}
    assert (len(skip.rows), skip.rule) == (3, {"column": "Student ID", **rule})


@pytest.mark.parametrize(
    ("header", "values", "left"),
    [
        ("Status", ("A", "W"), "W"), ("Section", ("A", "W"), None), ("Active", ("Yes", "No"), "No"), ("Suspended", ("0", "1"), "1"),
        ("Deceased", ("", "Y"), "Y"), ("Inactif", ("", "X"), "X"), ("Newsletter", ("Yes", "No"), None), ("Tariff", ("Year", "Term"), None),
        ("Employee Type", ("E", "Term"), None), ("PER_IS_RETURNED", ("0", "1"), "1"), ("Is Active", ("T", "F"), "F"),
        ("accountEnabled", ("True", "False"), "False"), ("EnrollStatus", ("0", "2"), "2"),
        *(("Status", ("Active", word), word) for word in ("Returned", "Not Enrolled", "Désistement", "Remis", "Perdue", "Voided", "Mise à pied", "Despedido", "Dado de baja", "Ausgeschieden", "Not Employed")),
        ("Decd Ind", ("N", "Y"), "Y"), ("Aktiv", ("ja", "nein"), "nein"),
    ],
)  # fmt: skip
def test_who_left_is_told_by_a_word_or_by_a_sign_below_such_a_word(proposed, header, values, left):
    text = people(header, *values, values[0])
    questions = [q.text for q in proposed(text).questions if q.about == "row"]
    asked = f'"{header}" is "{left}" in 1 row. Are these not to be sent?'
    assert questions == ([asked] if left else [])


@pytest.mark.parametrize(
    ("header", "days", "rows"),
    [
        ("Withdrawal Date", ("", "2020-01-31", "2999-01-31"), "1 row"), ("Date de départ", ("", "2020-01-31", "2021-01-31"), "2 rows"),
        ("Voided Date", ("", "2020-01-31", "2020-02-28"), "2 rows"), ("Deactivated At", ("", "2020-01-31 10:00", "2999-01-31 10:00"), "1 row"),
        ("Exit Date", ("", "2020-01-31", "2999-01-31"), "1 row"), ("End Employment", ("", "2020-01-31", "2999-01-31"), "1 row"),
        *((header, ("", "2020-01-31", "2999-01-31"), "1 row") for header in ("Date de fin d'emploi", "Austrittsdatum", "Fecha de salida", "Date Left")),
        ("Term Date", ("", "2020-01-31", "2999-01-31"), "1 row"),
        # Everybody has a last day, or it is another day.
        ("Termination Date", ("2999-01-31", "2020-01-31", "2021-01-31"), None), ("Hire Date", ("", "2020-01-31", "2021-01-31"), None),
    ],
)  # fmt: skip
def test_a_day_of_leaving_that_has_passed_is_asked(proposed, header, days, rows):
    text = people(header, *days)
    asked = [q for q in proposed(text).questions if q.about == "row"]
    said = f'"{header}" is a day that has passed in {rows}. Are these not to be sent?'
    assert [q.text for q in asked] == ([said] if rows else [])
    if rows:
        skips = proposed(text, {asked[0].key: "skip"}).skips
        assert [len(skip.rows) for skip in skips] == [int(rows[0])]


def test_keys_that_repeat_are_asked(proposed):
    text = people("City", "Ajax", "Ajax") + "90012341,Ann,Roe1,other@uni.example,Ajax\n"
    key = ("rows", "repeated")
    assert {q.key: q.text for q in proposed(text).questions}[key] == (
        '1 key stands in several rows (2 rows). They differ in "Email". Hold them (error), or send the first or the '
        "last of each?"
    )
    assert proposed(text, {key: "last"}).duplicates == "last"


@pytest.mark.parametrize("legend", ["the sheet", "the sheet Legend"])
def test_rows_struck_out_or_of_a_colour_that_the_file_explains_are_asked(tmp_path, legend):
    said = [["Roster, red = left"]]
    rows = [[f"9001234{n}", "Ann", f"Roe{'abcdef'[n]}", f"a{n}@uni.example"] for n in range(6)]
    head = ["Student ID", "First Name", "Last Name", "Email"]
    sheets = {"Sheet": [*said, head, *rows]}
    if legend == "the sheet Legend":
        sheets = {"Sheet": [["Roster"], head, *rows], "Legend": said}
    path = write_book(tmp_path / "list.xlsx", sheets)
    with edited(path, "Sheet") as page:
        for red, struck in zip(page[4], page[5], strict=True):
            red.fill = PatternFill("solid", fgColor="FF0000")
            struck.font = Font(strike=True)
    look = look_at(read_source(path))[0]
    struck, red = ("rows", "struck out"), ("rows", "background FF0000")
    found = propose(look, "users", Answers())
    assert {q.key: q.text for q in found.questions if q.about == "row"} == {
        struck: "Struck out: 1 row (5). Are these not to be sent?",
        red: f'Of the background FF0000, and {legend} says "Roster, red = left": 1 row (4). Are these not to be sent?',
    }
    said = propose(look, "users", Answers({struck: "skip", red: "send"}))
    assert [skip.rule for skip in said.skips] == [{"struck": True}]


@pytest.mark.parametrize(
    ("name", "matched"),
    [
        ("HR_Extract_20260901_run12.csv", "HR_Extract_*"), ("Students Fall 2026 (final).xlsx", "Students *"),
        ("Étudiants automne 2026.xlsx", "Étudiants *"), ("t2-flex.csv", "t2-flex*"),
        ("permits_2025F.csv", "permits_*"), ("permits_2025FA.csv", "permits_*"), ("permits SP26.csv", "permits *"), ("permits wk35.csv", "permits *"),
        ("Lot 3A.csv", "Lot *A*"), ("students 2026Waitlist.csv", "students *Waitlist*"), ("20260901.csv", "20260901*"),
        ("Parkausweise WS26-27.xlsx", "Parkausweise *"), ("Liste (août).xlsx", "Liste *"), ("Liste des Véhicules.xlsx", "Liste des Véhicules*"),
    ],
)  # fmt: skip
def test_the_pattern_of_a_name_leaves_out_what_changes(tmp_path, name, matched):
    assert pattern(tmp_path / name) == matched


def test_the_check_digit_tells_a_vin():
    assert [is_vin(text) for text in ("1M8GDM9AXKP042788", "1M8GDM9A1KP042788")] == [True, False]
