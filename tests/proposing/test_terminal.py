"""Questions on a real terminal, and that the other ways to answer give the same."""

import json

import openpyxl
from asking import ANSWERS, TALKED, answer_workbook, file_of, mapping_of, talk
from commanding import POSIX

pytestmark = POSIX


def test_one_question_comes_after_the_other_and_the_other_ways_to_answer_give_the_same(office, run):
    said, code = talk(office, *TALKED, ("Save the mapping?", ""))
    assert code == 0
    assert "check: 3 rows are ready, 0 are held back, 0 are no records." in said
    assert "OPSCOM has no field nonsense." in said
    assert "hunter2" not in said
    assert "Now see what would be sent:" in said
    fields = mapping_of(office)["fields"]
    assert fields["unique_id"] == {"column": "Matricule", "pad": "6"}
    assert fields["user_type_id"] == {
        "column": "Régime",
        "lookup": {"Temps plein": "7", "Temps partiel": "8"},
    }
    assert fields["login_source"] == {"value": "OPSCOM"}
    assert fields["province"] == {"column": "Prov.", "convert": ["province"]}

    by_terminal = mapping_of(office)
    (office / "mappings" / "glossary.yaml").unlink()
    (office / "mappings" / "RH-employés-2026-09-01.yaml").unlink()

    done = run(office, "map", str(file_of(office)), "--workbook")
    assert done.code == 1, done.err
    workbook = office / "results" / "RH-employés-2026-09-01-mapping.xlsx"
    answer_workbook(workbook, **ANSWERS)
    done = run(office, "map", str(workbook))
    assert done.code == 0, done.err
    assert mapping_of(office) == by_terminal
    (office / "mappings" / "RH-employés-2026-09-01.yaml").unlink()

    # The glossary answers the third time, and what is written asks nothing.
    done = run(office, "map", str(file_of(office)), "--json")
    assert json.loads(done.out)["asks"] == []
    assert mapping_of(office) == by_terminal


def test_ctrl_c_leaves_nothing_behind(office):
    before = sorted(office.rglob("*"))
    _, code = talk(office, ('In "Matricule"', ""), ('is "Temps plein"', "^C"))
    assert code == 3
    assert sorted(office.rglob("*")) == before


def test_a_second_e_mail_is_offered_where_the_first_has_blanks_and_a_workbook_gives_the_same(
    office, run
):
    path = office / "inbox" / "people.csv"
    path.write_text(
        "Banner ID,First Name,Last Name,Work Email,Home Email\n9001,Ann,Roe,a@uni.example,a@mail.example\n"
        "9002,Jo,Poe,,jo@mail.example\n",
        encoding="utf-8",
    )
    said, code = talk(
        office,
        ("What is the login source", "LDAP"),
        ('"Work Email" goes to email', ""),
        ('"Home Email": a second column for email; "Work Email" is better known', "1"),
        ("Save the mapping?", ""),
        file=path,
    )
    assert code == 0, said
    by_terminal = mapping_of(office, "people.yaml")
    assert by_terminal["fields"]["email"] == {"first_of": ["Work Email", "Home Email"]}
    for made in (office / "mappings").iterdir():
        made.unlink()
    run(office, "map", path, "--workbook")
    workbook = office / "results" / "people-mapping.xlsx"
    answer_workbook(workbook, **{"login source": "LDAP"})
    book = openpyxl.load_workbook(workbook)
    book["Columns"]["G6"] = "email (second choice)"
    book.save(workbook)
    assert run(office, "map", workbook).code == 0
    assert mapping_of(office, "people.yaml") == by_terminal


def test_the_second_choice_counts_where_it_stands_left_of_the_first_too(office, run):
    path = office / "inbox" / "people.csv"
    path.write_text(
        "Banner ID,First Name,Last Name,Home Email,Work Email\n9001,Ann,Roe,a@mail.example,a@uni.example\n",
        encoding="utf-8",
    )
    run(office, "map", path, "--workbook")
    workbook = office / "results" / "people-mapping.xlsx"
    answer_workbook(workbook, **{"login source": "LDAP"})
    book = openpyxl.load_workbook(workbook)
    book["Columns"]["G5"] = "email (second choice)"
    book.save(workbook)
    assert run(office, "map", workbook).code == 0
    made = mapping_of(office, "people.yaml")
    assert made["fields"]["email"] == {"first_of": ["Work Email", "Home Email"]}


def test_a_date_that_is_none_is_asked_again(office):
    path = office / "inbox" / "permits.csv"
    path.write_text(
        "Permit #,Plate,Valid From,Valid To\nP-1,ABC 123,2026-09-01,2027-04-30\n"
        "P-2,BXT 904,2026-09-01,end of term\n",
        encoding="utf-8",
    )
    said, code = talk(
        office,
        ('"end of term" in "Valid To"', "endTime"),
        ('"end of term" in "Valid To"', "2026-12-31"),
        ('"Valid To" goes to endTime', ""),
        ("Save the mapping?", ""),
        file=path,
    )
    assert code == 0, said
    assert '"endTime" is not a date. Write it as 2027-04-30.' in said
    assert mapping_of(office, "permits.yaml")["fields"]["endTime"]["replace"] == {
        "end of term": "2026-12-31"
    }


def test_which_sheet_is_meant_comes_first_and_can_be_taken_back(office):
    path = office / "inbox" / "people.xlsx"
    book = openpyxl.Workbook()
    for name, head in (("Students", "Student ID"), ("Staff", "Banner ID")):
        page = book.create_sheet(name)
        page.append(
            [head, "First Name", "Last Name", "Email", "City"][: 4 if name == "Staff" else 5]
        )
        page.append(["9001", "Ann", "Roe", "a@uni.example", "Elmira"][: page.max_column])
    book.save(path)
    said, code = talk(
        office,
        ("Which is meant?", "Staff"),
        ("What is the login source", "b"),
        ("Which is meant?", "1"),
        ("What is the login source", "LDAP"),
        ("Save the mapping?", ""),
        file=path,
    )
    assert code == 0, said
    assert mapping_of(office, "people.yaml")["sheet"] == "Students"
