"""Questions on a real terminal, and that the other ways to answer give the same."""

from asking import ANSWERS, PEOPLE
from commanding import POSIX

pytestmark = POSIX
SAVE = ("Save the mapping?", "")


def test_one_question_comes_after_the_other_and_the_other_ways_to_answer_give_the_same(desk):
    said, code = desk.talk(
        ('In "Matricule"', "?"),
        ('In "Matricule"', ""),
        ('Which user type of OPSCOM is "Temps plein"', "b"),
        ('In "Matricule"', "fill"),
        ('is "Temps plein"', "1"),
        ('is "Temps partiel"', "8"),
        ("What is the login source", ""),
        ("What is the login source", "8"),
        ("What is the login source", "1"),
        ('"Régime" goes to user_type_id', "nonsense"),
        ('"Régime" goes to user_type_id', ""),
        SAVE,
    )
    assert code == 0
    assert "check: 3 rows ready, 0 held back, 0 passed over." in said
    assert "OPSCOM has no field nonsense." in said
    assert "There is no line 8." in said
    assert "There is no proposal here. Choose; `?` shows the rows, `b` goes back." in said
    assert said.count("check: 3 rows") == 1
    assert "hunter2" not in said
    assert "Now see what would be sent:" in said
    made = desk.mapping()
    fields = made["fields"]
    assert fields["unique_id"] == {"column": "Matricule", "pad": "6"}
    assert fields["user_type_id"]["lookup"] == {"Temps plein": "1", "Temps partiel": "8"}
    assert fields["login_source"] == {"value": "OPSCOM"}
    assert fields["province"] == {"column": "Prov.", "convert": ["province"]}
    desk.forget()
    assert desk.answer(desk.staff, ANSWERS | {"Temps plein": "1"}) == made


def test_ctrl_c_leaves_nothing_behind(desk):
    before = sorted(desk.folder.rglob("*"))
    _, code = desk.talk(('In "Matricule"', ""), ('is "Temps plein"', "^C"))
    assert code == 3
    assert sorted(desk.folder.rglob("*")) == before


def test_the_sheet_comes_first_and_a_second_e_mail_is_offered_where_the_first_has_blanks(desk):
    head = ["Banner ID", "First Name", "Last Name", "Work Email", "Alternate E-mail"]
    rows = [["9001", "Ann", "Roe", "a@uni.example", "a@mail.example"], ["9002", "Jo", "Poe", None, "jo@mail.example"]]  # fmt: skip
    path = desk.save("people.xlsx", Students=[head, *rows, ["End of the list"]], Staff=PEOPLE)
    said, code = desk.talk(
        ("Which is meant?", "Staff"),
        ("What is the login source", "b"),
        ("Which is meant?", "stud"),
        ("What is the login source", "LDAP"),
        ('"Alternate E-mail": a second column for email; "Work Email" is better known', "1"),
        SAVE,
        file=path,
    )
    assert code == 0, said
    passed = "Passed over: rows 4: one cell alone is filled: a title, a note or a section."
    assert passed in said
    made = desk.mapping("people.yaml")
    assert made["sheet"] == "Students"
    assert made["fields"]["email"] == {"first_of": ["Work Email", "Alternate E-mail"]}


def test_of_more_choices_than_are_listed_a_part_of_the_name_is_typed(desk):
    path = desk.put("cars.csv", "Plate,Make,Plate Type\nABC 123,Ford,PASS\nBXT 904,Kia,PASS\n")
    said, code = desk.talk(("the province or state", "Q"), SAVE, file=path)
    assert code == 0, said
    assert "     and 1 more; type a part of the name" in said
    assert desk.mapping("cars.yaml")["fields"]["prov"] == {"value": "QC"}
