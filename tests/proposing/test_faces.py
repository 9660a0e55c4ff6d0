"""Answers in a workbook and in a file with `ask:`; and what an office keeps."""

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import openpyxl
import pytest
from asking import ANSWERS, STAFF, TYPES, answer_workbook, file_of, mapping_of


def answered(office, run):
    """Make the mapping by a workbook; return what was said."""
    run(office, "map", file_of(office), "--workbook")
    path = office / "results" / "RH-employés-2026-09-01-mapping.xlsx"
    answer_workbook(path, **ANSWERS)
    return run(office, "map", path)


@pytest.mark.libreoffice
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_a_workbook_saved_by_libreoffice_is_read(office, tmp_path, run):
    run(office, "map", str(file_of(office)), "--workbook")
    workbook = office / "results" / "RH-employés-2026-09-01-mapping.xlsx"
    answer_workbook(workbook, **ANSWERS)
    profile = (tmp_path / "profile").as_uri()
    command = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", "xlsx"]
    subprocess.run(
        [*command, "--outdir", tmp_path, workbook], check=True, capture_output=True, timeout=100
    )
    done = run(office, "map", str(tmp_path / workbook.name))
    assert done.code == 0, done.err
    assert mapping_of(office)["fields"]["login_source"] == {"value": "OPSCOM"}


def test_the_workbook_is_its_owners_alone_holds_no_secret_and_no_formula(office, run):
    file_of(office).write_text(STAFF.replace("Lacasse", "=1+1"), encoding="utf-8")
    run(office, "map", str(file_of(office)), "--workbook")
    path = office / "results" / "RH-employés-2026-09-01-mapping.xlsx"
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    cells = [
        cell for page in openpyxl.load_workbook(path) for row in page.iter_rows() for cell in row
    ]
    assert not any(cell.data_type == "f" for cell in cells)
    texts = {cell.value for cell in cells}
    assert "=1+1" in texts
    assert not {"hunter2", "swordfish", "qwerty"} & texts


def test_without_a_terminal_the_open_questions_stand_in_the_mapping_and_it_is_refused(office, run):
    done = run(office, "map", str(file_of(office)), "--json")
    shape = json.loads(done.out)
    assert (done.code, shape["exit_code"], shape["endpoint"], shape["rows"]) == (
        1,
        1,
        "users",
        3,
    )
    assert [ask["field"] for ask in shape["asks"]] == [
        "unique_id",
        "user_type_id",
        "user_type_id",
        "login_source",
    ]
    secret = next(column for column in shape["columns"] if column["header"] == "Mot de passe")
    assert (secret["examples"], secret["confidence"], secret["reason"]) == (
        [],
        "none",
        "this is a password: it is never sent",
    )
    path = Path(shape["mapping"])
    text = path.read_text(encoding="utf-8")
    assert text.count("# ASK:") == 4
    line = (
        text.splitlines().index(
            next(each for each in text.splitlines() if "login_source, question" in each)
        )
        + 1
    )
    done = run(office, "check", str(file_of(office)), "--mapping", str(path))
    assert done.code == 5
    asked = f"line {line}, ask[4]: this is not answered yet: What is the login source"
    assert asked in done.err
    # Nor does a proposal of what is new lose the question.
    anew = run(office, "map", str(file_of(office)), "--mapping", str(path))
    assert (anew.code, asked in anew.err) == (5, True)


def test_a_mapping_is_never_written_over_another(office, run):
    first = run(office, "map", str(file_of(office)), "--json")
    second = run(office, "map", str(file_of(office)), "--json")
    assert json.loads(first.out)["mapping"] != json.loads(second.out)["mapping"]


def test_user_types_of_opscom_answer_for_a_person(office, run):
    (office / "user-types.json").write_text(json.dumps(TYPES), encoding="utf-8")
    text = STAFF.replace("Régime", "Type d'usager").replace("Temps plein", "Full Time Staff")
    file_of(office).write_text(text, encoding="utf-8")
    shape = json.loads(run(office, "map", str(file_of(office)), "--json").out)
    assert {value["value"]: (value["becomes"], value["confidence"]) for value in shape["values"] if value["field"] == "user_type_id"} == {
        "Full Time Staff": ("7", "sure"), "Temps partiel": ("8", "likely"),
    }  # fmt: skip


def test_an_id_that_is_an_employees_number_too_stays_both_next_time(office, run):
    file_of(office).write_text(STAFF.replace("Matricule", "No employé"), encoding="utf-8")
    answers = ANSWERS | {"No employé": "unique_id"}
    for _ in range(2):
        run(office, "map", str(file_of(office)), "--workbook")
        workbook = office / "results" / "RH-employés-2026-09-01-mapping.xlsx"
        answer_workbook(workbook, **answers)
        done = run(office, "map", str(workbook))
        assert done.code == 0, done.err
        fields = mapping_of(office)["fields"]
        assert fields["unique_id"]["column"] == "No employé"
        assert fields["employ_no"] in ("No employé", {"column": "No employé", "pad": "6"})
        (office / "mappings" / "RH-employés-2026-09-01.yaml").unlink()


def test_of_a_column_that_gives_two_fields_one_can_be_left(office, run):
    file_of(office).write_text(STAFF.replace("Matricule", "No employé"), encoding="utf-8")
    run(office, "map", str(file_of(office)), "--workbook")
    path = office / "results" / "RH-employés-2026-09-01-mapping.xlsx"
    answer_workbook(path, **ANSWERS)
    book = openpyxl.load_workbook(path)
    assert [book["Columns"][cell].value for cell in ("G2", "G3")] == ["unique_id", "employ_no"]
    book["Columns"]["G3"] = "not sent"
    book.save(path)
    done = run(office, "map", str(path))
    assert done.code == 0, done.err
    assert "employ_no" not in mapping_of(office)["fields"]
    assert "unique_id" in mapping_of(office)["fields"]


def test_a_person_may_answer_by_name_by_number_and_in_other_capitals(office, run):
    (office / "user-types.json").write_text(json.dumps(TYPES), encoding="utf-8")
    text = STAFF.replace("Temps plein", "Zeta").replace("Temps partiel", "Omega")
    file_of(office).write_text(text, encoding="utf-8")
    run(office, "map", file_of(office), "--workbook")
    path = office / "results" / "RH-employés-2026-09-01-mapping.xlsx"
    answers = {"Zeta": "full time staff", "Omega": "8", "Régime": "User_Type_ID"}
    answer_workbook(path, **answers, **{"login source": "Opscom", "lost zeros": "FILL"})
    done = run(office, "map", path)
    assert done.code == 0, done.err
    fields = mapping_of(office)["fields"]
    assert fields["user_type_id"]["lookup"] == {"Zeta": "7", "Omega": "8"}
    assert (fields["login_source"], fields["unique_id"]["pad"]) == ({"value": "OPSCOM"}, "6")


def test_the_next_file_of_the_system_asks_only_what_is_new(office, run):
    answered(office, run)
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
    answered(office, run)
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
