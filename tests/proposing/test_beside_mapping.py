"""What `map` makes beside a mapping that nearly fits, and of values that nobody asked about."""

from pathlib import Path

import pytest
from asking import STAFF, STRANGE
from commanding import called

from importer.text import quoted


def mapping_of(desk, fields, more="", endpoint="users"):
    """Write a mapping; return the option that names it."""
    given = ("login_source: {value: LDAP}",) * (endpoint == "users")
    head = f"version: 1\nname: Staff\nendpoint: {endpoint}\n{more}fields:\n"
    lines = "".join(f"  {line}\n" for line in (*given, *fields))
    return "--mapping", desk.write("mappings/staff.yaml", head + lines)


def test_columns_that_have_another_name_now_are_found_or_asked(desk):
    more = "match: {files: ['RH*']}\nduplicates: first\nskip_rows:\n  - {column: Nom, matches: 'Total.*'}\n"
    fields = ("unique_id: {column: Matricule, pad: 6}", "email: Mail", "user_type_id: {column: Genre, lookup: {Temps plein: '7'}}")  # fmt: skip
    assert desk.asks(desk.staff, *mapping_of(desk, fields, more)) == [
        (
            'Which user type of OPSCOM is "Temps partiel" in "Régime" (1 row)? '
            "`opscom-import pull user-types` brings the list of numbers."
        )
    ]
    made = desk.mapping()
    assert made["fields"] == {
        "login_source": {"value": "LDAP"}, "unique_id": {"column": "Matricule", "pad": "6"}, "email": "Courriel",
        "user_type_id": {"column": "Régime", "lookup": {"Temps plein": "7"}},
    }  # fmt: skip
    assert (made["name"], made["duplicates"], made["skip_rows"]) == (
        "Staff", "first", [{"column": "Nom", "matches": "Total.*"}],
    )  # fmt: skip


def test_beside_a_mapping_only_what_it_will_hold_is_said_to_be_sent_and_by_whom(desk):
    fields = ("unique_id: Matricule", "first_name: Prénom", "email: Mail")
    shape = desk.json(desk.staff, *mapping_of(desk, fields))
    assert {c["header"]: c["reason"] for c in shape["columns"] if c["field"]} == {
        "Matricule": "as before",
        "Prénom": "as before",
        "Courriel": "the header says so; all values are e-mail addresses",
    }
    assert {c["field"] for c in shape["columns"]} - {None} <= set(desk.mapping()["fields"])
    name = next(c for c in shape["columns"] if c["header"] == "Nom")
    assert (name["field"], name["confidence"], name["reason"]) == (
        None, "none", "new; Staff gives no last_name",
    )  # fmt: skip


def test_a_column_of_two_fields_stands_twice_beside_a_mapping_too(desk):
    fields = ("unique_id: Matricule", "employ_no: Matricule", "email: Mail")
    shape = desk.json(desk.staff, *mapping_of(desk, fields))
    twice = [(c["field"], c["reason"]) for c in shape["columns"] if c["header"] == "Matricule"]
    assert twice == [("unique_id", "as before"), ("employ_no", "as before")]


def test_the_command_for_what_is_open_names_the_mapping_and_the_sheet(desk):
    fields = ("unique_id: Matricule", "user_type_id: {column: Genre, lookup: {Temps plein: '7'}}")
    option, path = mapping_of(desk, fields)
    workbook = desk.save("staff.xlsx", People=[line.split(";") for line in STAFF.splitlines()])
    done = desk.map(workbook, option, path, "--sheet", "People")
    said = f"    opscom-import map {quoted(workbook)} --workbook --mapping {quoted(path)} --sheet People"
    assert done.err.splitlines()[-1] == said


def test_a_column_that_is_gone_is_asked_for(desk):
    mapping = mapping_of(desk, ("unique_id: Matricule", "driver_licence_num: Permis"))
    asked = 'The column of driver_licence_num ("Permis") is gone. Which column is it now?'
    assert desk.asks(desk.staff, *mapping) == [asked]


VEHICLES = "Plate,Make,Province,Plate Type\nABC 123,Ford,ON,PASS\nBXT 904,Kia,ON,COMM\nCCC 333,Kia,ON,PASS\n"  # fmt: skip


@pytest.mark.parametrize("beside", [True, False])
def test_an_answer_for_a_value_that_nobody_asked_is_used_and_so_is_the_glossary(desk, beside):
    path = desk.put("vehicles.csv", VEHICLES)
    prov = "prov: {column: Province, replace: {Ont: ON}}"
    fields = ("plate: Plate", "plateType: Plate Type", "make: Make", prov)
    mapping = mapping_of(desk, fields, endpoint="vehicles") if beside else ()
    cells = {f"Values!E{row}": to for row, to in ((2, "Passenger"), (3, "Commercial"), (4, "QC"))}
    made = desk.answer(path, cells, *mapping)["fields"]
    lookup = {"PASS": "Passenger", "COMM": "Commercial"}
    assert made["plateType"] == {"column": "Plate Type", "lookup": lookup}
    assert made["prov"]["replace"] == {**({"Ont": "ON"} if beside else {}), "ON": "QC"}
    (desk.mappings / "vehicles.yaml").unlink()
    desk.json(path, *mapping)
    assert desk.mapping("vehicles.yaml")["fields"] == made


def test_a_date_that_is_said_beside_a_mapping_leaves_the_other_dates_alone(desk):
    path = desk.put("permits.csv", STRANGE.format("Through"))
    start = "startTime: {column: Valid From, time: '00:00:00'}"
    end = "endTime: {column: Through, time: '23:59:59'}"
    mapping = mapping_of(desk, ("plate: Plate", start, end), endpoint="permits")
    desk.answer(path, {"end of term": "2026-12-31"}, *mapping)
    done = called("check", path, "--mapping", "permits.yaml", "--json")
    assert done.json["files"][0]["states"] == {"ready": 2}


FALL = "Student ID,First Name,Last Name,Email,Status\n9001,Ann,Roe,a@uni.example,Active\n9002,Jo,Poe,j@uni.example,Withdrawn\n"  # fmt: skip
WINTER = """\
Student ID,First Name,Last Name,Email,Status,Cell Phone,Mood
9001,Ann,Roe,a@uni.example,active,607-555-0114,x
9002,Jo,Poe,j@uni.example,Withdrawn,607-555-0115,y
9003,Al,Doe,d@uni.example,Deceased,607-555-0116,z
9004,Bo,Lee,b@uni.example,Deceased,607-555-0117,z
"""


@pytest.fixture
def fall(desk):
    """A mapping that was answered for the file of the fall: whose status is Withdrawn is not sent."""
    made = desk.answer(
        desk.put("stu fall.csv", FALL), {"login source": "OPSCOM", "to be sent?": "skip", "Status": "not sent"}
    )  # fmt: skip
    assert made["seen"] == {"Status": ["Active", "Withdrawn"]}
    return desk.mappings / "stu fall.yaml"


def test_what_is_new_in_the_next_file_is_said_by_check_and_asked_by_map(desk, fall):
    winter = desk.put("stu winter.csv", WINTER)
    said = (
        'New since stu fall.yaml was made: columns that are not sent ("Cell Phone", "Mood"); in "Status" "Deceased" '
        f"(2 rows). To decide on it: opscom-import map {quoted(winter)} --mapping {quoted('stu fall.yaml')}"
    )
    notes = called("check", winter, "--json").json["files"][0]["notes"]
    assert notes == [said]
    assert desk.asks(winter, "--mapping", fall) == [
        '"Status" is "Deceased" in 2 rows. Are these not to be sent?',
        'Is "Cell Phone" (607-555-0114, 607-555-0115, 607-555-0116) phone_cell? It is new since the mapping was made.',
    ]
    made = desk.answer(
        winter, {"to be sent?": "skip", "Cell Phone": "phone_cell"}, "--mapping", fall
    )
    assert made["fields"]["phone_cell"] == "Cell Phone"
    assert [rule["matches"] for rule in made["skip_rows"]] == [
        "(?i)(Withdrawn)",
        "(?i)(Deceased|Withdrawn)",
    ]
    assert called("check", winter, "--json").json["files"][0]["notes"] == []


def test_an_encoding_that_was_named_stands_in_the_mapping_and_counts_ever_after(desk):
    path = desk.folder / "people.csv"
    rows = "".join(f"9001{n},Zo\u00eb,Roe,a{n}@uni.example\n" for n in range(2))
    text = f"Student ID,First Name,Last Name,Email\n{rows}"
    path.write_bytes(text.encode("mac-roman"))
    told = desk.map(path, "--encoding", "mac-roman", "--workbook").err.splitlines()[-1]
    workbook = desk.folder / "results" / "people-mapping.xlsx"
    assert told == f"    opscom-import map {workbook} --encoding mac-roman"
    desk.fill(path, {"login source": "LDAP"}, book=workbook)
    done = desk.map(workbook, "--encoding", "mac-roman")
    assert "check: 2 rows ready, 0 held back, 0 passed over." in done.err.splitlines()
    anew = desk.map(path, "--mapping", "people.yaml", "--json").json
    assert [e["examples"] for e in anew["columns"] if e["field"] == "first_name"] == [["Zo\u00eb"]]
    assert desk.mapping(Path(anew["mapping"]).name)["encoding"] == "mac-roman"
