"""Files as offices have them: headers in two lines, several sheets, and what asks more once it is answered."""

import json

import openpyxl
import pytest
import yaml
from asking import answer_workbook

from importer.mapping import load_mapping

PERMITS = [["No", "Lot", "Plate", "From", "To", "Amount", "Cur"]]
PERMITS += [[f"F26-{n}", "Gold", f"ABC {n}23", "2026-09-01", "2027-04-30", "412.00", "CAD"] for n in range(4)]  # fmt: skip
GROUPS = ["Permit", None, "Vehicle", "Valid", None, "Paid", None]
PEOPLE = [["Student ID", "First Name", "Last Name", "Email"]]
PEOPLE += [[f"90012{n}", "Ann", f"Roe{'abcd'[n]}", f"a{n}@uni.example"] for n in range(4)]


def save(path, merges=(), **sheets):
    """Write a workbook: sheet → rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
        for cells in merges:
            page.merge_cells(cells)
    book.save(path)
    return path


def read(path):
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506


def asked(done):
    return [(a["about"], a["question"], a["choices"]) for a in json.loads(done.out)["asks"]]


@pytest.mark.parametrize("merges", [(), ("A1:B1", "D1:E1", "F1:G1")], ids=["plain", "merged"])
def test_a_header_of_two_lines_is_proposed_and_its_rows_are_ready(office, run, merges):
    groups = GROUPS if merges else ["Permit", "Permit", "Vehicle", "Valid", "Valid", "Paid", "Paid"]
    path = save(office / "inbox" / "permits.xlsx", merges, Permits=[groups, *PERMITS])
    shape = json.loads(run(office, "map", path, "--json").out)
    assert (shape["header_row"], shape["endpoint"], shape["asks"]) == ([1, 2], "permits", [])
    made = office / "mappings" / "permits.yaml"
    assert load_mapping(made).file.header_row == (1, 2)
    assert read(made)["fields"] == {
        "amount": "Paid Amount", "currency": "Paid Cur", "startTime": {"column": "Valid From", "time": "00:00:00"},
        "endTime": {"column": "Valid To", "time": "23:59:59"}, "plate": {"column": "Vehicle Plate", "convert": ["plate"]},
        "permitNo": "Permit No", "zone": "Permit Lot",
    }  # fmt: skip
    done = run(office, "check", path, "--mapping", made, "--json")
    assert json.loads(done.out)["files"][0]["states"] == {"ready": 4}


def test_a_title_above_the_header_is_no_line_of_it(office, run):
    rows = [["Permits of the fall", "printed", "2026-09-01"], *PERMITS]
    path = save(office / "inbox" / "permits.xlsx", Permits=rows)
    assert json.loads(run(office, "map", path, "--json").out)["header_row"] == 2


def test_sheets_with_the_same_headers_are_proposed_together(office, run):
    later = [PEOPLE[0], ["900999", "Jo", "Poe", "jo@uni.example"]]
    path = save(office / "inbox" / "people.xlsx", Fall=PEOPLE, Winter=later, Notes=[["Ask Jo"]])
    done = run(office, "map", path, "--json")
    assert [text for _, text, _ in asked(done)] == [
        "What is the login source of these people in OPSCOM (as on their profiles, the same for all)?"
    ]
    assert json.loads(done.out)["rows"] == 5
    assert "people.xlsx, Fall, Winter: users, 5 rows, 4 of 4 columns recognised." in done.err
    assert "sheet" not in read(office / "mappings" / "people.yaml")


OTHER = [["Banner ID", "Given Name", "Surname", "E-mail", "City"], *([*row, "Elmira"] for row in PEOPLE[1:])]  # fmt: skip


def test_which_of_two_sheets_is_meant_is_asked_in_json_and_in_the_workbook(office, run):
    path = save(office / "inbox" / "people.xlsx", Students=PEOPLE, Staff=OTHER)
    done = run(office, "map", path, "--json")
    which = (
        "row",
        "Several sheets hold rows that OPSCOM takes. Which is meant?",
        ["Staff", "Students"],
    )
    assert asked(done)[0] == which
    assert (done.code, json.loads(done.out)["sheet"]) == (1, "Staff")
    assert read(office / "mappings" / "people.yaml")["ask"][0]["question"] == which[1]

    run(office, "map", path, "--workbook")
    first = office / "results" / "people-mapping.xlsx"
    book = openpyxl.load_workbook(first)
    assert [book["Rows"][cell].value for cell in ("B2", "C2", "D2")] == [
        which[1], "Staff, Students", "Staff",
    ]  # fmt: skip
    answer_workbook(first, **{"login source": "LDAP"})
    book = openpyxl.load_workbook(first)
    book["Rows"]["D2"] = "Students"
    book.save(first)

    # The other sheet has other columns, so that another workbook asks about those.
    done = run(office, "map", first)
    second = office / "results" / "people-mapping (2).xlsx"
    assert (done.code, f"Workbook: {second}" in done.err) == (1, True), done.err
    answer_workbook(second, **{"login source": "LDAP"})
    done = run(office, "map", second)
    assert done.code == 0, done.err
    made = read(office / "mappings" / "people (2).yaml")
    assert (made["sheet"], made["fields"]["login_source"]) == ("Students", {"value": "LDAP"})
    # The office said it once: the next file asks neither.
    again = save(office / "inbox" / "next.xlsx", Students=PEOPLE, Staff=OTHER)
    assert asked(run(office, "map", again, "--json")) == []


def test_what_the_rows_are_is_asked_where_two_endpoints_fit_equally(office, run):
    path = office / "inbox" / "both.csv"
    path.write_text(
        "Student ID,First Name,Last Name,Email,Plate,Make,Colour\n"
        "90011,Ann,Roe,a@uni.example,ABC123,Ford,Red\n90012,Jo,Poe,j@uni.example,BXT904,Kia,Blue\n",
        encoding="utf-8",
    )
    done = run(office, "map", path, "--json")
    about, text, choices = asked(done)[0]
    assert (about, text, sorted(choices)) == ("row", "What are the rows?", ["users", "vehicles"])
    done = run(office, "map", path, "--json", "--endpoint", "users")
    assert "What are the rows?" not in [text for _, text, _ in asked(done)]


END = "Permit #,Plate,Valid From,Through\nP-1,ABC 123,2026-09-01,2027-04-30\nP-2,BXT 904,2026-09-01,end of term\n"  # fmt: skip
STRANGE = '"end of term" in "Through" is not a date (1 row). Which date is it?'


def test_a_column_that_is_asked_has_a_cell_for_each_of_its_strange_values(office, run):
    path = office / "inbox" / "permits.csv"
    path.write_text(END.replace("Through", "To what"), encoding="utf-8")
    run(office, "map", path, "--workbook")
    workbook = office / "results" / "permits-mapping.xlsx"
    answer_workbook(workbook, **{"To what": "endTime", "end of term": "2026-12-31"})
    done = run(office, "map", workbook)
    assert done.code == 0, done.err
    assert read(office / "mappings" / "permits.yaml")["fields"]["endTime"] == {
        "column": "To what", "time": "23:59:59", "replace": {"end of term": "2026-12-31"},
    }  # fmt: skip


def test_what_an_answer_opens_is_asked_in_another_workbook_and_nothing_is_lost(office, run):
    path = office / "inbox" / "permits.csv"
    path.write_text(END.replace("Through", "Remark"), encoding="utf-8")
    run(office, "map", path, "--workbook")
    first = office / "results" / "permits-mapping.xlsx"
    book = openpyxl.load_workbook(first)
    assert [row[2].value for row in book["Values"].iter_rows(min_row=2)] == []
    book["Columns"]["G5"] = "endTime"
    answers = [row for row in book["Rows"].iter_rows(min_row=2) if "end" in str(row[1].value)]
    answers[0][3].value = "2027-01-01"
    book.save(first)
    done = run(office, "map", first)
    assert done.code == 1, done.err
    assert "What you answered asks for more. Your answers are kept in a new workbook." in done.err
    second = office / "results" / "permits-mapping (2).xlsx"
    answer_workbook(second, **{"end of term": "2026-12-31"})
    done = run(office, "map", second)
    assert done.code == 0, done.err
    assert read(office / "mappings" / "permits.yaml")["fields"]["endTime"]["column"] == "Remark"


def test_a_date_that_is_none_is_refused_and_an_answered_date_is_not_kept(office, run):
    path = office / "inbox" / "permits.csv"
    path.write_text(END, encoding="utf-8")
    done = run(office, "map", path, "--json")
    assert asked(done) == [("value", STRANGE, ["hold the row"])]
    (office / "mappings" / "permits.yaml").unlink()
    run(office, "map", path, "--workbook")
    workbook = office / "results" / "permits-mapping.xlsx"
    answer_workbook(workbook, **{"end of term": "endTime"})
    done = run(office, "map", workbook)
    assert done.err.splitlines() == [
        "Error: permits-mapping.xlsx: nothing was written.",
        '  Values!E2: "endTime" is not a date. Write it as 2027-04-30.',
    ]
    book = openpyxl.load_workbook(workbook)
    book["Values"]["E2"] = "2026-12-31"
    book.save(workbook)
    done = run(office, "map", workbook)
    assert done.code == 0, done.err
    kept = (office / "mappings" / "glossary.yaml").read_text(encoding="utf-8")
    assert "2026-12-31" not in kept
    assert asked(run(office, "map", path, "--json")) == [("value", STRANGE, ["hold the row"])]


def test_an_end_for_all_permits_is_a_date_and_asked_again_next_year(office, run):
    path = office / "inbox" / "permits.csv"
    path.write_text(
        "Permit #,Plate,Lot,Valid From\nP-1,ABC 123,Gold,2026-09-01\n", encoding="utf-8"
    )
    question = "No column says when the permits end. When do they all end (yyyy-mm-dd hh:mm:ss)?"
    run(office, "map", path, "--workbook")
    workbook = office / "results" / "permits-mapping.xlsx"
    answer_workbook(workbook, **{question: "next spring"})
    done = run(office, "map", workbook)
    assert done.err.splitlines()[1:] == [
        '  Rows!D2: "next spring" is not a date. Write it as 2027-04-30.'
    ]
    book = openpyxl.load_workbook(workbook)
    book["Rows"]["D2"] = "2027-04-30"
    book.save(workbook)
    assert run(office, "map", workbook).code == 0
    made = read(office / "mappings" / "permits.yaml")
    assert made["fields"]["endTime"] == {"value": "2027-04-30T23:59:59"}
    assert [text for _, text, _ in asked(run(office, "map", path, "--json"))] == [question]


def test_within_a_term_the_end_that_was_said_is_offered_for_the_next_file(office, run):
    text = "Permit #,Plate,Lot,Valid From\nP-1,ABC 123,Gold,2026-09-01\n"
    question = "No column says when the permits end. When do they all end (yyyy-mm-dd hh:mm:ss)?"
    offered = []
    for name, end in (("first", "2999-04-30"), ("second", "2001-04-30"), ("third", "2999-04-30")):
        path = office / "inbox" / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        run(office, "map", path, "--workbook")
        workbook = office / "results" / f"{name}-mapping.xlsx"
        book = openpyxl.load_workbook(workbook)
        assert book["Rows"]["B2"].value == question
        offered.append(book["Rows"]["D2"].value)
        book["Rows"]["D2"] = end
        book.save(workbook)
        assert run(office, "map", workbook).code == 0
    assert offered == [None, "2999-04-30", None]


def test_what_to_do_with_repeated_keys_is_never_answered_beforehand(office, run):
    path = save(office / "inbox" / "people.xlsx", People=[*PEOPLE, PEOPLE[1]])
    run(office, "map", path, "--workbook")
    workbook = office / "results" / "people-mapping.xlsx"
    answer_workbook(workbook, **{"login source": "LDAP"})
    done = run(office, "map", workbook)
    assert done.err.splitlines()[1] == (
        "  Rows!D3: this is not answered. 1 key stands in several rows (2 rows). They are the same in every column that is "
        "sent. Hold them (error), or send the first or the last of each?"
    )


@pytest.mark.parametrize("touched", [False, True])
def test_a_mapping_with_questions_gives_way_to_the_answered_one_unless_somebody_wrote_in_it(
    office, run, touched
):
    path = save(office / "inbox" / "people.xlsx", People=PEOPLE)
    run(office, "map", path, "--json")
    asking = office / "mappings" / "people.yaml"
    if touched:
        asking.write_text(asking.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    run(office, "map", path, "--workbook")
    workbook = office / "results" / "people-mapping.xlsx"
    answer_workbook(workbook, **{"login source": "LDAP"})
    assert run(office, "map", workbook).code == 0
    made = sorted(each.name for each in asking.parent.iterdir())
    assert made == ["glossary.yaml", *(["people (2).yaml"] if touched else []), "people.yaml"]
    assert ("ask" in read(asking)) is touched


def test_one_row_is_called_one_row(office, run):
    path = office / "inbox" / "one.csv"
    path.write_text(
        "Student ID,First Name,Last Name,Email,Status\n9001,Ann,Roe,a@uni.example,inactive\n",
        encoding="utf-8",
    )
    done = run(office, "map", path, "--json")
    assert '"Status" is "inactive" in 1 row. Are these not to be sent?' in [
        text for _, text, _ in asked(done)
    ]
    assert "one.csv: users, 1 row, " in done.err
    assert "1 rows" not in done.err + done.out + (office / "mappings" / "one.yaml").read_text(encoding="utf-8")  # fmt: skip


def test_of_two_columns_of_one_name_each_is_answered_for_itself(office, run):
    path = office / "inbox" / "people.csv"
    path.write_text(
        "Banner ID,First Name,Last Name,Phone,Phone\n9001,Ann,Roe,613-555-0101,613-555-0202\n"
        "9002,Jo,Poe,613-555-0103,613-555-0204\n",
        encoding="utf-8",
    )
    run(office, "map", path, "--workbook")
    workbook = office / "results" / "people-mapping.xlsx"
    answer_workbook(workbook, **{"login source": "LDAP"})
    book = openpyxl.load_workbook(workbook)
    assert [book["Columns"][cell].value for cell in ("B5", "B6")] == ["Phone#1", "Phone#2"]
    book["Columns"]["G5"], book["Columns"]["G6"] = "not sent", "employee_phone"
    book.save(workbook)
    done = run(office, "map", workbook)
    assert done.code == 0, done.err
    fields = read(office / "mappings" / "people.yaml")["fields"]
    assert {name: rule for name, rule in fields.items() if "phone" in name} == {
        "employee_phone": "Phone#2"
    }
