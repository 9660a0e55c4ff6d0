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
        ('is "Temps plein"', "7"),
        ('is "Temps partiel"', "8"),
        ("What is the login source", ""),
        ("What is the login source", "OPSCOM"),
        ('"Régime" goes to user_type_id', "nonsense"),
        ('"Régime" goes to user_type_id', ""),
        SAVE,
    )
    assert code == 0
    assert "check: 3 rows are ready, 0 are held back, 0 are no records." in said
    assert "OPSCOM has no field nonsense." in said
    assert "hunter2" not in said
    assert "Now see what would be sent:" in said
    made = desk.mapping()
    fields = made["fields"]
    assert fields["unique_id"] == {"column": "Matricule", "pad": "6"}
    assert fields["user_type_id"]["lookup"] == {"Temps plein": "7", "Temps partiel": "8"}
    assert fields["login_source"] == {"value": "OPSCOM"}
    assert fields["province"] == {"column": "Prov.", "convert": ["province"]}
    desk.forget()
    assert desk.answer(desk.staff, ANSWERS) == made
    # The glossary answers the third time, and what is written asks nothing.
    (desk.mappings / "RH-employés-2026-09-01.yaml").unlink()
    assert desk.asks(desk.staff) == []
    assert desk.mapping() == made


def test_ctrl_c_leaves_nothing_behind(desk):
    before = sorted(desk.folder.rglob("*"))
    _, code = desk.talk(('In "Matricule"', ""), ('is "Temps plein"', "^C"))
    assert code == 3
    assert sorted(desk.folder.rglob("*")) == before


def test_a_second_e_mail_is_offered_where_the_first_has_blanks(desk):
    path = desk.put(
        "people.csv",
        "Banner ID,First Name,Last Name,Work Email,Home Email\n9001,Ann,Roe,a@uni.example,a@mail.example\n"
        "9002,Jo,Poe,,jo@mail.example\n",
    )
    said, code = desk.talk(
        ("What is the login source", "LDAP"),
        ('"Work Email" goes to email', ""),
        ('"Home Email": a second column for email; "Work Email" is better known', "1"),
        SAVE,
        file=path,
    )
    assert code == 0, said
    made = desk.mapping("people.yaml")
    assert made["fields"]["email"] == {"first_of": ["Work Email", "Home Email"]}


def test_a_date_that_is_none_is_asked_again(desk):
    path = desk.put(
        "permits.csv",
        "Permit #,Plate,Valid From,Valid To\nP-1,ABC 123,2026-09-01,2027-04-30\nP-2,BXT 904,2026-09-01,end of term\n",
    )
    said, code = desk.talk(
        ('"end of term" in "Valid To"', "endTime"),
        ('"end of term" in "Valid To"', "2026-12-31"),
        ('"Valid To" goes to endTime', ""),
        SAVE,
        file=path,
    )
    assert code == 0, said
    assert '"endTime" is not a date. Write it as 2027-04-30.' in said
    assert desk.mapping("permits.yaml")["fields"]["endTime"]["lookup"] == {
        "end of term": "2026-12-31"
    }


def test_what_opscom_has_no_room_for_is_asked_again(desk):
    path = desk.put(
        "people.csv", "Banner ID,First Name,Last Name,Email\n9001,Ann,Roe,a@uni.example\n"
    )
    said, code = desk.talk(
        ("What is the login source", "the single sign-on of the college"),
        ("What is the login source", "SSO"),
        SAVE,
        file=path,
    )
    assert code == 0, said
    assert (
        '"the single sign-on of the college" has 33 characters, and OPSCOM takes 20.' in said
    )  # fmt: skip


def test_which_sheet_is_meant_comes_first_and_can_be_taken_back(desk):
    students = [["Banner ID", *PEOPLE[0][1:], "City"], *([*row, "Elmira"] for row in PEOPLE[1:])]
    path = desk.save("people.xlsx", Students=students, Staff=PEOPLE)
    said, code = desk.talk(
        ("Which is meant?", "Staff"),
        ("What is the login source", "b"),
        ("Which is meant?", "1"),
        ("What is the login source", "LDAP"),
        SAVE,
        file=path,
    )
    assert code == 0, said
    assert desk.mapping("people.yaml")["sheet"] == "Students"
