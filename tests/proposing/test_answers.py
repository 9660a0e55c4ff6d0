"""Files as offices have them, answered in a workbook or in a file with `ask:`; and what an office keeps."""

import json
import os
import stat
from pathlib import Path

import openpyxl
import pytest
from asking import ANSWERS, END, LOGIN, PEOPLE, STAFF, STRANGE, TYPES
from commanding import ROOT, called
from returning import LIBREOFFICE, edited, save_in_libreoffice

LDAP = {"login source": "LDAP"}
PERMITS = [["No", "Lot", "Plate", "From", "To", "Amount", "Cur"]]
PERMITS += [[f"F26-{n}", "Gold", f"ABC {n}23", "2026-09-01", "2027-04-30", "412.00", "CAD"] for n in range(4)]  # fmt: skip


@pytest.mark.libreoffice
@pytest.mark.skipif(LIBREOFFICE is None, reason="LibreOffice is not installed")
def test_a_workbook_saved_by_libreoffice_is_read(desk, tmp_path):
    done = desk.map(save_in_libreoffice(desk.fill(desk.staff, ANSWERS), tmp_path))
    assert done.code == 0, done.err
    assert desk.mapping()["fields"]["login_source"] == {"value": "OPSCOM"}


def test_the_workbook_is_its_owners_alone_and_what_looks_like_a_formula_is_text_in_it(desk):
    formula = '=HYPERLINK("http://example.com")'
    quoted = f'"{formula.replace(chr(34), chr(34) * 2)}"'
    path = desk.put(
        "people.csv",
        f"Student ID,First Name,Last Name,Email,Province,{quoted},+Plus,@At,-Minus\n"
        f"9001,Ann,=1+1,a@uni.example,{quoted},{quoted},+1+1,@SUM(A1),-1-1\n",
    )
    workbook = desk.fill(path, {})
    if os.name == "posix":
        assert stat.S_IMODE(workbook.stat().st_mode) == 0o600
    book = openpyxl.load_workbook(workbook)
    cells = [cell for page in book for row in page.iter_rows() for cell in row if cell.value]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    looking = [cell for cell in cells if str(cell.value)[0] in "=+-@"]
    assert {formula, "=1+1"} <= {cell.value for cell in looking}
    assert all(cell.quotePrefix for cell in looking)
    assert [cell for cell in cells if cell.comment] == []
    offers = [v.formula1 for page in book for v in page.data_validations.dataValidation]
    assert offers
    assert all(formula.startswith("Lists!$") for formula in offers)


def test_what_is_secret_is_named_as_never_sent_and_stands_nowhere(desk):
    secrets = {
        "Password": "Tulip77!x", "SIN": "046 454 286", "Direct Deposit Account": "00771-204", "Health Card": "4417-220-118",
    }  # fmt: skip
    rows = [
        f"9001{n},Ann{'abc'[n]},Roe,a{n}@uni.example,{','.join(secrets.values())}" for n in range(3)
    ]
    head = ",".join(["Student ID,First Name,Last Name,Email", *secrets])
    path = desk.put("people.csv", "\n".join([head, *rows]))
    shown, printed = desk.map(path, "--workbook", "--json"), desk.map(path, "--json")
    said = 'Never sent, and shown nowhere: "Password", "SIN", "Direct Deposit Account", "Health Card".'  # fmt: skip
    assert said in shown.err.splitlines()
    book = openpyxl.load_workbook(shown.json["workbook"])
    cells = [str(cell.value) for page in book for row in page.iter_rows() for cell in row]
    written = (desk.mappings / "people.yaml").read_text(encoding="utf-8")
    everywhere = "\n".join([shown.err, shown.out, printed.out, printed.err, written, *cells])
    assert [secret for secret in secrets.values() if secret in everywhere] == []
    for column in printed.json["columns"]:
        if column["header"] in secrets:
            assert (column["field"], column["confidence"], column["examples"]) == (None, "none", [])


def test_without_a_terminal_the_open_questions_stand_in_the_mapping_and_it_is_refused(desk):
    done = desk.map(desk.staff, "--json")
    shape = done.json
    assert (done.code, shape["exit_code"], shape["endpoint"], shape["rows"]) == (1, 1, "users", 3)
    assert [ask["field"] for ask in shape["asks"]] == [
        "unique_id", "user_type_id", "user_type_id", "login_source",
    ]  # fmt: skip
    path = Path(shape["mapping"])
    lines = path.read_text(encoding="utf-8").splitlines()
    assert sum("# ASK:" in line for line in lines) == 4
    line = next(at for at, text in enumerate(lines, 1) if "login_source, question" in text)
    asked = f"line {line}, ask[4]: this is not answered yet: {LOGIN}"
    done = called("check", desk.staff, "--mapping", path)
    assert (done.code, asked in done.err) == (5, True)
    # Nor does a proposal of what is new lose the question, nor is it written over.
    anew = desk.map(desk.staff, "--mapping", path)
    assert (anew.code, asked in anew.err) == (5, True)
    assert desk.json(desk.staff)["mapping"] != str(path)


def test_of_a_number_that_is_id_and_employees_number_both_stay_or_one_is_left(desk):
    desk.put(desk.staff.name, STAFF.replace("Matricule", "No employé"))
    workbook = desk.fill(desk.staff, ANSWERS)
    page = openpyxl.load_workbook(workbook)["Columns"]
    assert [page[cell].value for cell in ("G2", "G3")] == ["unique_id", "employ_no"]
    for changes, left in (({}, True), ({}, True), ({"Columns!G3": "not sent"}, False)):
        fields = desk.answer(desk.staff, ANSWERS | changes)["fields"]
        assert fields["unique_id"]["column"] == "No employé"
        assert ("employ_no" in fields) is left
        (desk.mappings / "RH-employés-2026-09-01.yaml").unlink()


def test_a_person_may_answer_by_name_by_number_and_in_other_capitals(desk):
    (desk.folder / "user-types.json").write_text(json.dumps(TYPES), encoding="utf-8")
    text = STAFF.replace("Temps plein", "Zeta").replace("Temps partiel", "Omega")
    desk.put(desk.staff.name, text)
    answers = {"Zeta": "full time staff", "Omega": "8", "Régime": "User_Type_ID"}
    fields = desk.answer(desk.staff, {**answers, "login source": "Opscom", "lost zeros": "FILL"})["fields"]  # fmt: skip
    assert fields["user_type_id"]["lookup"] == {"Zeta": "7", "Omega": "8"}
    assert (fields["login_source"], fields["unique_id"]["pad"]) == ({"value": "OPSCOM"}, "6")


def test_the_next_file_of_the_system_asks_only_what_is_new(desk):
    glossary = desk.mappings / "glossary.yaml"
    glossary.mkdir()
    done = desk.map(desk.fill(desk.staff, ANSWERS))
    lost = "What you confirmed could not be kept in glossary.yaml (Is a directory); it will be asked again."
    assert (done.code, lost in done.err) == (0, True), done.err
    glossary.rmdir()
    desk.forget()
    desk.answer(desk.staff, ANSWERS)
    new = "001204;Gagné;Lise;l@uni.example;01/02/1990;QC;Occasionnel;x;\n"
    asks = desk.asks(desk.put("RH-employés-2027-01-08.csv", STAFF + new))
    assert [ask.split(" (")[0] for ask in asks] == [
        'Which user type of OPSCOM is "Occasionnel" in "Régime"'
    ]


def test_a_header_of_two_lines_is_proposed_and_its_rows_are_ready(desk):
    groups = ["Permit", "Permit", "Vehicle", "Valid", "Valid", "Paid", "Paid"]
    path = desk.save("permits.xlsx", Permits=[groups, *PERMITS])
    shape = desk.json(path)
    assert (shape["header_row"], shape["endpoint"], shape["asks"]) == ([1, 2], "permits", [])
    made = desk.mappings / "permits.yaml"
    mapping = desk.mapping("permits.yaml")
    assert mapping["header_row"] == ["1", "2"]
    assert mapping["fields"] == {
        "amount": "Paid Amount", "currency": "Paid Cur", "startTime": {"column": "Valid From", "time": "00:00:00"},
        "endTime": {"column": "Valid To", "time": "23:59:59"}, "plate": {"column": "Vehicle Plate", "convert": ["plate"]},
        "permitNo": "Permit No", "zone": "Permit Lot",
    }  # fmt: skip
    done = called("check", path, "--mapping", made, "--json")
    assert done.json["files"][0]["states"] == {"ready": 4}


@pytest.mark.parametrize(
    "above",
    [
        [["Permits of the fall", "printed", "2026-09-01"]],
        # What a report was asked for, whatever its words would make of the header below.
        [["Prompt: Organization", None, "Northmoor"]],
        [["Prompt: Organization", None, "Northmoor"], []],
        [["Organization", None, "Northmoor"], []],
        [["Report"], ["Term:", "Fall", "Owner:", "Roe"]],
        # RUN is the national id of Chile.
        [["Run Date", "08/14/2026"]],
        [["Run Date", "08/14/2026"], []],
    ],
)
def test_what_stands_above_the_header_is_no_line_of_it(desk, above):
    people = [["Banner No", "Family Name", "Given Names", "Univ. Email"], *PEOPLE[1:]]
    shape = desk.json(desk.save("people.xlsx", People=[*above, *people]))
    assert (shape["header_row"], shape["columns"][0]["field"]) == (len(above) + 1, "unique_id")
    rows = [*above, *PERMITS]
    assert desk.json(desk.save("permits.xlsx", Permits=rows))["header_row"] == len(above) + 1


def test_what_stands_in_rows_that_are_passed_over_is_neither_asked_nor_an_example(desk):
    head = ["Permit #", "Plate", "Lot", "Valid From", "Valid To", "Price", "Currency", "Note"]
    section, total = [["Faculty of Arts"]], [["Subtotal", None, None, None, "Total", "24.00"]]
    rows = [
        [f"P-{n}", f"ABC {n}23", "Gold", "2026-09-01", "2027-04-30", f"{n}2.00", "CAD", None]
        for n in range(1, 7)
    ]
    page = [head, *section, *rows[:3], head, *rows[3:], *total]
    path = desk.save("permits.xlsx", Permits=page)
    shape = desk.json(path)
    assert ([skip["rows"] for skip in shape["skip_rows"]], shape["asks"]) == ([[6], [10], [2]], [])
    values = {value["value"] for value in shape["values"]}
    shown = {example for column in shape["columns"] for example in column["examples"]}
    assert not (values | shown) & {*head, "Total", "Subtotal", "Faculty of Arts", "24.00"}
    # A person may have such rows sent after all.
    (desk.mappings / "permits.yaml").unlink()
    workbook = desk.fill(path, {})
    page = openpyxl.load_workbook(workbook)["Rows"]
    assert [page[cell].value for cell in ("B2", "A4", "B4", "C4", "D4")] == [
        "the header, repeated; rows 6", "skipped", "one cell alone is filled: a title, a note or a section; rows 2", "skip, send", "skip",
    ]  # fmt: skip
    made = desk.answer(path, {"Rows!D4": "send"}, book=workbook)
    assert len(made["skip_rows"]) == 2


def test_the_count_of_a_check_says_why_rows_are_held_back(desk):
    path = desk.put("permits.csv", STRANGE.format("Valid To"))
    done = desk.map(desk.fill(path, {"end of term": "hold the row"}))
    lines = done.err.splitlines()
    assert "check: 1 row ready, 1 held back, 0 passed over." in lines
    said = 'Error in 1 row (9005), first at permits.csv, row 3 "Valid To": '
    assert any(line.startswith(said) for line in lines)


def test_groups_tell_apart_what_the_header_below_repeats(desk):
    groups = [["Identification", None, None, "Contact", "Emergency", None]]
    head = ["Student No.", "Surname", "Given", "E-mail", "E-mail", "Phone"]
    rows = [[*row, "ida@mail.example", "613-555-0101"] for row in PEOPLE[1:]]
    path = desk.save("people.xlsx", People=[*groups, head, *rows])
    with edited(path, "People") as page:
        page.merge_cells("A1:C1")
        page.merge_cells("E1:F1")
    shape = desk.json(path)
    found = {c["header"]: c["field"] for c in shape["columns"]}
    mails = (found["Contact E-mail"], found["Emergency E-mail"], found["Emergency Phone"])
    assert (shape["header_row"], mails) == ([1, 2], ("email", None, None))
    assert found["Identification Surname"] == "last_name"


def test_sheets_with_the_same_headers_are_proposed_together(desk):
    later = [PEOPLE[0], ["900999", "Jo", "Poe", "jo@uni.example"]]
    path = desk.save("people.xlsx", Fall=PEOPLE, Winter=later, Notes=[["Ask Jo"]])
    done = desk.map(path, "--json")
    assert ([ask["question"] for ask in done.json["asks"]], done.json["rows"]) == ([LOGIN], 5)
    assert "people.xlsx, Fall, Winter: users, 5 rows, 4 of 4 columns recognised." in done.err
    assert "sheet" not in desk.mapping("people.yaml")


@pytest.mark.parametrize("other", ["Prices", "Old permits"])
def test_a_sheet_named_for_its_term_is_named_where_another_would_be_taken_too(desk, other):
    beside = {other: [["Lot", "Price"], ["Gold", "412.00"]]}
    if other == "Old permits":
        beside = {other: [[*PERMITS[0], "Note", "X"], *([*row, "old", 1] for row in PERMITS[1:])]}
    desk.staff.unlink()
    path = desk.save("Permits F26.xlsx", **{"Permits F26": PERMITS}, **beside)
    desk.map(path, "--sheet", "Permits F26", "--json")
    made = desk.mapping("Permits F26.yaml")
    assert (made["match"], made.get("sheet")) == (
        {"files": ["Permits *"]}, "Permits F26" if other == "Old permits" else None,
    )  # fmt: skip
    path.unlink()
    if other == "Prices":
        path = desk.save("Permits W27.xlsx", **{"Permits W27": PERMITS}, **beside)
        done = called("check", "--json")
        assert [file["states"] for file in done.json["files"]] == [{"ready": 4}]


def test_which_of_two_sheets_is_meant_is_asked_in_json_and_in_the_workbook(desk):
    other = [["Banner ID", "Given Name", "Surname", "E-mail", "City"]]
    other += [[*row, "Elmira"] for row in PEOPLE[1:]]
    path = desk.save("people.xlsx", Students=PEOPLE, Staff=other)
    text = "Several sheets hold rows that OPSCOM takes. Which is meant?"
    shape = desk.json(path)
    asked = {"about": "row", "column": None, "field": None, "question": text, "choices": ["Staff", "Students"]}  # fmt: skip
    assert (shape["asks"][0], shape["sheet"], shape["exit_code"]) == (asked, "Staff", 1)
    assert desk.mapping("people.yaml")["ask"][0]["question"] == text

    first = desk.fill(path, {})
    page = openpyxl.load_workbook(first)["Rows"]
    assert [page[cell].value for cell in ("B2", "C2", "D2")] == [text, "Staff, Students", "Staff"]
    # The other sheet has other columns, so that another workbook asks about those.
    done = desk.map(desk.fill(path, LDAP | {"Rows!D2": "Students"}, book=first))
    second = desk.folder / "results" / "people-mapping (2).xlsx"
    assert (done.code, f"Workbook: {second}" in done.err) == (1, True), done.err
    desk.answer(path, LDAP, book=second)
    made = desk.mapping("people.yaml")
    assert (made["sheet"], made["fields"]["login_source"]) == ("Students", {"value": "LDAP"})
    # The office said it once: the next file asks neither.
    assert desk.asks(desk.save("next.xlsx", Students=PEOPLE, Staff=other)) == []


def test_the_order_of_day_and_month_that_was_said_holds_for_columns_of_that_name_alone(desk):
    def write(name, header, birth):
        rows = [f"S{n},Ann,Roe{n},a{n}@u.example,{birth}" for n in range(2)]
        lines = [f"Student ID,First Name,Last Name,Email,{header}", *rows]
        return desk.put(name, "\n".join(lines) + "\n")

    desk.answer(write("a.csv", "DOB", "03/04/2002"), LDAP | {"Rows!D2": "the month first"})
    assert desk.asks(write("b.csv", "DOB", "05/06/2001")) == []
    [asked] = desk.asks(write("c.csv", "Birth Date", "05/06/2001"))
    assert asked.startswith('In the dates of "Birth Date" (05/06/2001), what comes first?')


@pytest.mark.parametrize(
    ("head", "tail"),
    [
        ("Permit #,Plate,Valid From,Valid To", (
            "P-1,ABC123,2026-09-01,2027-04-30", "P-2,BXT904,2026-09-01,2027-04-30",
        )),
        # Of people as of cars, either is whole, however much more is said of the other.
        ("Plate,Plate Prov,Plate Type,Make,Colour", ("ABC123,ON,PASS,Ford,Red", "BXT904,ON,PASS,Kia,Blue")),
        ("DOB,Street,City,Postal Code,Cell,Plate,Make,Colour", (
            "2001-02-03,1 Elm St,Ajax,K1A 0B1,613-555-0101,ABC123,Ford,Red", "2002-02-03,2 Elm St,Ajax,K1A 0B1,613-555-0102,BXT904,Kia,Blue",
        )),
    ],
)  # fmt: skip
def test_what_the_rows_are_is_asked_where_people_stand_beside_their_cars_or_permits(
    desk, head, tail
):
    path = desk.put(
        "both.csv",
        f"Student ID,First Name,Last Name,Email,{head}\n"
        f"90011,Ann,Roe,a@uni.example,{tail[0]}\n90012,Jo,Poe,j@uni.example,{tail[1]}\n",
    )
    asked = desk.json(path)["asks"][0]
    choices = ["permits", "users"] if "Permit" in head else ["users", "vehicles"]
    assert (asked["question"], sorted(asked["choices"])) == ("What are the rows?", choices)
    assert "What are the rows?" not in desk.asks(path, "--endpoint", "users")


BOTH = """\
Student ID,First Name,Last Name,Email,Plate,Make,Colour,Prov,Plate Type
90011,Ann,Roe,a@uni.example,ABC123,Ford,Red,ON,Passenger
"""


@pytest.mark.parametrize(
    ("text", "asked", "answer", "kept"),
    [
        (BOTH, "What are the rows?", "vehicles", "fleet endpoint: vehicles"),
        (
            "Plate,Make,Prov\nABC 123,Ford,ON\nBXT 904,Kia,ON\n",
            "No column gives the plate type. Which is it for all (as OPSCOM names it)?", "Passenger", "fleet plateType: Passenger",
        ),
    ],
)  # fmt: skip
def test_what_is_said_of_the_rows_of_one_list_is_asked_of_another(desk, text, asked, answer, kept):
    path = desk.put("fleet 2026.csv", text)
    assert asked in desk.asks(path)
    desk.answer(path, {asked: answer})
    assert asked not in desk.asks(desk.put("fleet_2027-01-11.csv", text))
    assert asked in desk.asks(desk.put("motorcycles.csv", text))
    assert kept in (desk.mappings / "glossary.yaml").read_text(encoding="utf-8")


def test_a_column_that_is_asked_has_a_cell_for_each_of_its_strange_values(desk):
    path = desk.put("permits.csv", STRANGE.format("To what"))
    made = desk.answer(path, {"To what": "endTime", "end of term": "2026-12-31"})
    assert made["fields"]["endTime"] == {
        "column": "To what", "time": "23:59:59", "lookup": {"end of term": "2026-12-31"}, "else": "keep",
    }  # fmt: skip


def test_what_an_answer_opens_is_asked_in_another_workbook_and_nothing_is_lost(desk):
    path = desk.put("permits.csv", STRANGE.format("Remark"))
    first = desk.fill(path, {"Columns!G5": "endTime", END: "2027-01-01"})
    done = desk.map(first)
    assert done.code == 1, done.err
    assert "What you answered asks for more. Your answers are kept in a new workbook." in done.err
    second = first.with_stem("permits-mapping (2)")
    made = desk.answer(path, {"end of term": "2026-12-31"}, book=second)
    assert made["fields"]["endTime"]["column"] == "Remark"


def test_a_date_that_is_none_is_refused_and_an_answered_date_is_not_kept(desk):
    path = desk.put("permits.csv", STRANGE.format("Through"))
    strange = '"end of term" in "Through" is not a date (1 row). Which date is it?'
    asked = desk.json(path)["asks"]
    assert [(a["about"], a["question"], a["choices"]) for a in asked] == [
        ("value", strange, ["hold the row"])
    ]
    workbook = desk.fill(path, {"end of term": "endTime"})
    assert desk.map(workbook).err.splitlines() == [
        "Error: permits-mapping.xlsx: nothing was written.",
        '  Values!E2: "endTime" is not a date. Write it as 2027-04-30.',
    ]
    desk.answer(path, {"Values!E2": "2026-12-31"}, book=workbook)
    assert "2026-12-31" not in (desk.mappings / "glossary.yaml").read_text(encoding="utf-8")
    assert desk.asks(path) == [strange]


def test_an_end_for_all_permits_is_a_date_and_asked_each_time(desk):
    path = desk.put("permits.csv", "Permit #,Plate,Lot,Valid From\nP-1,ABC 123,Gold,2026-09-01\n")
    made = desk.answer(path, {END: "2027-04-30"})
    assert made["fields"]["endTime"] == {"value": "2027-04-30T23:59:59"}
    assert desk.asks(path) == [END]


def test_what_to_do_with_repeated_keys_is_never_answered_beforehand(desk):
    path = desk.save("people.xlsx", People=[*PEOPLE, PEOPLE[1]])
    assert desk.map(desk.fill(path, LDAP)).err.splitlines()[1] == (
        "  Rows!D3: this is not answered. 1 key stands in several rows (2 rows). They are the same in every column that is "
        "sent. Hold them (error), or send the first or the last of each?"
    )


@pytest.mark.parametrize("touched", [False, True])
@pytest.mark.parametrize("before", [None, "OPSCOM"])
def test_a_mapping_that_map_wrote_gives_way_to_answers_unless_somebody_wrote_in_it(
    desk, before, touched
):
    """Be it that with the open questions or an answered one, the file is taken by one mapping at most."""
    desk.staff.unlink()
    path = desk.save("people.xlsx", People=PEOPLE)
    if before is None:
        desk.map(path, "--json")
    else:
        desk.answer(path, {"login source": before})
        (desk.mappings / "glossary.yaml").unlink()
    first = desk.mappings / "people.yaml"
    if touched:
        first.write_text(first.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    kept = first.read_bytes()
    done = desk.map(desk.fill(path, LDAP))
    made = sorted(each.name for each in desk.mappings.iterdir())
    assert made == ["glossary.yaml", *(["people (2).yaml"] if touched else []), "people.yaml"]
    assert (first.read_bytes() == kept) is touched
    said = "It replaces people.yaml, which nobody has changed since `map` wrote it."
    beside = "people.yaml fits this file already. The new mapping has no `match`, so that it is taken only where you name it."
    assert (beside if touched else said) in done.err.splitlines()
    new = desk.mapping(made[1])
    assert (new["fields"]["login_source"], "match" in new) == ({"value": "LDAP"}, not touched)
    done = called("check")
    assert done.code == (5 if touched and before is None else 0), done.err
    assert "more than one mapping" not in done.err


def test_where_a_mapping_fits_already_it_is_named_before_anything_is_asked(desk):
    desk.staff.unlink()
    desk.answer(desk.save("people 2026-09-01.xlsx", People=PEOPLE), LDAP)
    path = desk.save("people 2027-01-08.xlsx", People=PEOPLE)
    said = "people 2026-09-01.yaml fits this file already; `check` and `push` can take it as it is."
    assert said in desk.map(path, "--workbook").err.splitlines()
    desk.json(path)
    assert called("check").code == 0


def test_a_mapping_that_lacks_values_gets_them_where_map_wrote_it_and_nobody_changed_it(desk):
    desk.answer(desk.staff, ANSWERS)
    mapping = desk.mappings / f"{desk.staff.stem}.yaml"
    new = "001204;Gagné;Lise;l@uni.example;01/02/1990;QC;Occasionnel;x;\n"
    path = desk.put("RH-employés-2027-01-08.csv", STAFF + new)
    workbook = desk.fill(path, {"Occasionnel": "9"}, "--mapping", mapping)
    for _ in range(2):
        done = desk.map(workbook)
        assert done.code == 0, done.err
        lookup = desk.mapping()["fields"]["user_type_id"]["lookup"]
        assert lookup == {"Temps plein": "7", "Temps partiel": "8", "Occasionnel": "9"}
    assert desk.mapping()["match"] == {"files": ["RH-employés-*"]}
    assert sorted(each.suffix for each in desk.mappings.iterdir()) == [".yaml", ".yaml"]
    assert called("check").code == 0


def test_of_two_columns_of_one_name_each_is_answered_for_itself(desk):
    path = desk.put(
        "people.csv",
        "Banner ID,First Name,Last Name,Phone,Phone\n9001,Ann,Roe,613-555-0101,613-555-0202\n"
        "9002,Jo,Poe,613-555-0103,613-555-0204\n",
    )
    workbook = desk.fill(path, LDAP)
    page = openpyxl.load_workbook(workbook)["Columns"]
    assert [page[cell].value for cell in ("B5", "B6")] == ["Phone#1", "Phone#2"]
    cells = {"Columns!G5": "not sent", "Columns!G6": "employee_phone"}
    fields = desk.answer(path, cells, book=workbook)["fields"]
    phones = {name: rule for name, rule in fields.items() if "phone" in name}
    assert phones == {"employee_phone": "Phone#2"}


@pytest.mark.parametrize("headers", ["Work Email,Home Email", "Home Email,Work Email"])
def test_a_second_choice_counts_behind_the_first_wherever_it_stands_and_not_without_it(
    desk, headers
):
    path = desk.put(
        "people.csv",
        f"Banner ID,First Name,Last Name,{headers}\n9001,Ann,Roe,a@mail.example,a@uni.example\n",
    )
    work, home = ("Columns!G5", "Columns!G6")[:: 1 if headers.endswith("Home Email") else -1]
    workbook = desk.fill(path, LDAP | {work: "not sent"})
    # Where the first is declined, the second one stays out as it was shown.
    assert "email" not in desk.answer(path, {}, book=workbook)["fields"]
    made = desk.answer(path, {work: "email", home: "email (second choice)"}, book=workbook)
    assert made["fields"]["email"] == {"first_of": ["Work Email", "Home Email"]}


def test_a_workbook_given_back_with_other_answers_counts_more_than_what_was_confirmed_by_it(desk):
    states = ("Status", "Left", "Here", "Here", "Here")
    people = [[*row, state] for row, state in zip(PEOPLE, states, strict=True)]
    path = desk.save("people.xlsx", People=people)
    desk.answer(path, {'is "Left"': "send", "Columns!G7": "not sent", **LDAP})
    assert "skip_rows" not in desk.mapping("people.yaml")
    book = desk.folder / "results" / "people-mapping.xlsx"
    pages = openpyxl.load_workbook(book)
    for row in pages["Rows"].iter_rows(min_row=2):
        row[3].value = {"send": "skip", "LDAP": "SSO"}[row[3].value]
    pages.save(book)
    assert desk.map(book).code == 0
    made = desk.mapping("people.yaml")
    assert made["skip_rows"] == [{"column": "Status", "matches": "(?i)(Left)"}]
    assert made["fields"]["login_source"] == {"value": "SSO"}
    assert desk.asks(desk.save("people 2.xlsx", People=people)) == []


def test_a_column_that_numbers_the_rows_is_no_id_whatever_was_confirmed(desk):
    head = "ID,First Name,Last Name,Email"
    ids = "\n".join(f"1045{n},Ann,Roe,a{n}@uni.example" for n in range(4))
    desk.answer(desk.put("people.csv", f"{head}\n{ids}\n"), {"Columns!G2": "unique_id", **LDAP})
    rows = "\n".join(f"{n},Ann,Roe,a{n}@uni.example,0045{n}" for n in range(1, 5))
    path = desk.put("list.csv", f"{head},Employee Number\n{rows}\n")
    assert desk.asks(path) == []
    found = {each["header"]: each["field"] for each in desk.json(path)["columns"][:-1]}
    assert (found["ID"], found["Employee Number"]) == (None, "unique_id")


def test_where_map_makes_the_folder_of_mappings_the_shipped_ones_lie_beside_its_own(desk):
    """The commands that are told name the workspace, as it was named."""
    bare = desk.folder / "rehearsal"
    path = desk.save("folk.xlsx", People=PEOPLE)
    done = desk.map(path, "--workspace", bare, "--workbook")
    workbook = bare / "results" / "folk-mapping.xlsx"
    assert done.err.splitlines()[-1] == f"    opscom-import map {workbook} --workspace {bare}"
    desk.fill(path, LDAP, book=workbook)
    done = desk.map(workbook, "--workspace", bare)
    made = bare / "mappings" / "folk.yaml"
    check = f"    opscom-import check {path} --mapping {made} --workspace {bare}"
    assert done.err.splitlines()[-1] == check
    samples = ROOT / "samples" / "banner-students.xlsx"
    done = called("check", path, samples, "--workspace", bare, "--json")
    taken = [each["mapping"] for each in done.json["files"]]
    assert taken == ["folk", "Banner students"]


def test_what_a_value_means_is_asked_again_of_other_people(desk):
    head = "{},First Name,Last Name,Email,Type,Status\n"
    rows = "90011,Ann,Roe,a@uni.example,F,A\n90012,Jo,Poe,j@uni.example,P,L\n90013,Al,Doe,d@uni.example,F,A\n"
    students = desk.put("students.csv", head.format("Student ID") + rows)
    cells = {"Columns!G7": "user_type_id", "Values!E2": "7", "Values!E3": "8"}
    desk.answer(students, cells | {"login source": "OPSCOM", "to be sent?": "skip"})
    assert desk.asks(students, "-o", desk.folder / "again.yaml") == []
    staff = desk.put("staff.csv", head.format("Employee ID") + rows)
    assert desk.asks(staff) == [
        *(
            f"Which user type of OPSCOM is {text}? `opscom-import pull user-types` brings the list of numbers."
            for text in ('"F" in "Type" (2 rows)', '"P" in "Type" (1 row)')
        ),
        '"Status" is "L" in 1 row. Are these not to be sent?',
    ]
