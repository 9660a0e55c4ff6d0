"""Questions on a real terminal, and that the other ways to answer give the same."""

import json

from asking import ANSWERS, STAFF, TALKED, answer_workbook, file_of, mapping_of, talk
from commanding import POSIX

pytestmark = POSIX


def test_on_a_terminal_one_question_comes_after_the_other_and_the_mapping_is_ready(office):
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


def test_ctrl_c_leaves_nothing_behind(office):
    before = sorted(office.rglob("*"))
    _, code = talk(office, ('In "Matricule"', ""), ('is "Temps plein"', "^C"))
    assert code == 3
    assert sorted(office.rglob("*")) == before


def test_the_three_faces_give_the_same_mapping_from_the_same_answers(office, run):
    talk(office, *TALKED, ("Save the mapping?", ""))
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


def test_the_next_file_of_the_system_asks_only_what_is_new(office, run):
    talk(office, *TALKED, ("Save the mapping?", ""))
    later = office / "inbox" / "RH-employés-2027-01-08.csv"
    later.write_text(
        STAFF + "001204;Gagné;Lise;l@uni.example;01/02/1990;QC;Occasionnel;x;\n", encoding="utf-8"
    )
    done = run(office, "map", str(later), "--json")
    assert [
        (ask["about"], ask["question"].split(" (")[0]) for ask in json.loads(done.out)["asks"]
    ] == [
        ("value", 'Which user type of OPSCOM is "Occasionnel" in "Régime"'),
    ]


def test_a_mapping_that_nearly_fits_is_kept_and_only_what_is_new_is_proposed(office, run):
    talk(office, *TALKED, ("Save the mapping?", ""))
    (office / "mappings" / "glossary.yaml").unlink()
    later = office / "inbox" / "later.csv"
    later.write_text(
        STAFF.replace("Courriel", "Adresse courriel").replace("001202;", "001202;"),
        encoding="utf-8",
    )
    old = mapping_of(office)["fields"]
    done = run(office, "map", str(later), "--mapping", "RH-employés-2026-09-01.yaml", "--json")
    assert done.code == 0, done.err
    new = mapping_of(office, "later.yaml")["fields"]
    assert new == {**old, "email": "Adresse courriel"}
