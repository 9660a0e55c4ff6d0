"""The three ways to answer: a terminal, a workbook, a file with `ask:`; and what an office keeps."""

import io
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
import yaml

if sys.platform == "win32":
    pytest.skip("pexpect needs a terminal of POSIX", allow_module_level=True)

import pexpect

ROOT = Path(__file__).parents[2]
STAFF = """\
Matricule;Nom;Prénom;Courriel;Date de naissance;Prov.;Régime;Mot de passe;Conjoint
001201;Lacasse;Maëlle;m@uni.example;17/04/1982;Qué.;Temps plein;hunter2;Jo
001202;Pelchat;Océane;o@uni.example;03/10/1990;ON;Temps partiel;swordfish;Al
1203;Roy;Thierry;t@uni.example;26/01/1983;T.-N.-L.;Temps plein;qwerty;Bo
"""
TYPES = {
    "pulled": "2026-09-01T08:00:00-04:00", "host": "https://controller.example", "client": "OC_X",
    "types": [{"id": "7", "type_name": "Full Time Staff", "ext_info": ""}, {"id": "8", "type_name": "Part Time Staff", "ext_info": ""}],
}  # fmt: skip


@pytest.fixture
def office(tmp_path):
    """A workspace with an export that no mapping fits."""
    folder = tmp_path / "parking"
    for name in ("inbox", "mappings"):
        (folder / name).mkdir(parents=True)
    (folder / "opscom.yaml").write_text("client: OC_X\n", encoding="utf-8")
    (folder / "inbox" / "RH-employés-2026-09-01.csv").write_text(STAFF, encoding="utf-8")
    return folder


def run(folder, *words):
    return subprocess.run(
        [sys.executable, "-m", "importer", *words], cwd=folder, capture_output=True, text=True,
        encoding="utf-8", stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def file_of(folder):
    return folder / "inbox" / "RH-employés-2026-09-01.csv"


def mapping_of(folder, name="RH-employés-2026-09-01.yaml"):
    """Return the mapping as data: what it says, not how."""
    text = (folder / "mappings" / name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - no word is a number here


def answer_workbook(path, **answers):
    """Fill the yellow cells of a workbook, as a person does: by what stands beside them."""
    book = openpyxl.load_workbook(path)
    for page, asked, answer in (("Columns", 2, 7), ("Values", 3, 5), ("Rows", 2, 4)):
        for row in book[page].iter_rows(min_row=2):
            beside = str(row[asked - 1].value)
            found = next((said for word, said in answers.items() if word in beside), None)
            if found is not None and not row[answer - 1].value:
                row[answer - 1].value = found
    book.save(path)


ANSWERS = {
    "Régime": "user_type_id",
    "Temps plein": "7",
    "Temps partiel": "8",
    "login source": "OPSCOM",
    "lost zeros": "fill up to 6 digits",
}


def talk(folder, *replies):
    """Answer on a real terminal: (what it asks, what is typed)."""
    child = pexpect.spawn(
        sys.executable, ["-m", "importer", "map", str(file_of(folder))], cwd=str(folder), encoding="utf-8",
        timeout=60, dimensions=(50, 200), env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "dumb"},
    )  # fmt: skip
    child.logfile_read = log = io.StringIO()
    for asks, typed in replies:
        child.expect_exact(asks)
        child.expect("\n> ?(\\[[^\n]*\\])? ?$")
        if typed == "^C":
            child.sendintr()
        else:
            child.sendline(typed)
    child.expect(pexpect.EOF)
    child.close()
    return log.getvalue(), child.exitstatus


TALKED = (
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
)


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


def test_the_three_faces_give_the_same_mapping_from_the_same_answers(office):
    talk(office, *TALKED, ("Save the mapping?", ""))
    by_terminal = mapping_of(office)
    (office / "mappings" / "glossary.yaml").unlink()
    (office / "mappings" / "RH-employés-2026-09-01.yaml").unlink()

    done = run(office, "map", str(file_of(office)), "--workbook")
    assert done.returncode == 1, done.stderr
    workbook = office / "results" / "RH-employés-2026-09-01-mapping.xlsx"
    answer_workbook(workbook, **ANSWERS)
    done = run(office, "map", str(workbook))
    assert done.returncode == 0, done.stderr
    assert mapping_of(office) == by_terminal
    (office / "mappings" / "RH-employés-2026-09-01.yaml").unlink()

    # The glossary answers the third time, and what is written asks nothing.
    done = run(office, "map", str(file_of(office)), "--json")
    assert json.loads(done.stdout)["asks"] == []
    assert mapping_of(office) == by_terminal


@pytest.mark.libreoffice
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_a_workbook_saved_by_libreoffice_is_read(office, tmp_path):
    run(office, "map", str(file_of(office)), "--workbook")
    workbook = office / "results" / "RH-employés-2026-09-01-mapping.xlsx"
    answer_workbook(workbook, **ANSWERS)
    profile = (tmp_path / "profile").as_uri()
    command = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", "xlsx"]
    subprocess.run(
        [*command, "--outdir", tmp_path, workbook], check=True, capture_output=True, timeout=100
    )
    done = run(office, "map", str(tmp_path / workbook.name))
    assert done.returncode == 0, done.stderr
    assert mapping_of(office)["fields"]["login_source"] == {"value": "OPSCOM"}


def test_the_workbook_is_its_owners_alone_holds_no_secret_and_no_formula(office):
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


def test_a_workbook_with_wrong_doubled_and_empty_answers_is_told_cell_by_cell(office):
    run(office, "map", str(file_of(office)), "--workbook")
    path = office / "results" / "RH-employés-2026-09-01-mapping.xlsx"
    book = openpyxl.load_workbook(path)
    book["Columns"]["G2"], book["Columns"]["G3"] = "unique", "first_name"
    book.save(path)
    done = run(office, "map", str(path))
    assert done.returncode == 5
    lines = [line.strip() for line in done.stderr.splitlines()]
    assert "Columns!G2: OPSCOM has no field unique. Did you mean unique_id?" in lines
    assert (
        "Columns!G4: first_name is given by Columns!G3 already. Choose `not sent`, or another field."
        in lines
    )
    assert "Rows!D3: this is not answered." in lines
    assert list((office / "mappings").iterdir()) == []


def test_without_a_terminal_the_open_questions_stand_in_the_mapping_and_it_is_refused(office):
    done = run(office, "map", str(file_of(office)), "--json")
    shape = json.loads(done.stdout)
    assert (done.returncode, shape["exit_code"], shape["endpoint"], shape["rows"]) == (
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
    assert done.returncode == 5
    assert f"line {line}, ask[4]: this is not answered yet: What is the login source" in done.stderr


def test_a_mapping_is_never_written_over_another(office):
    first = run(office, "map", str(file_of(office)), "--json")
    second = run(office, "map", str(file_of(office)), "--json")
    assert json.loads(first.stdout)["mapping"] != json.loads(second.stdout)["mapping"]
    named = run(office, "map", str(file_of(office)), "-o", json.loads(first.stdout)["mapping"])
    assert named.returncode == 5
    assert (
        "is there already. Name another file with -o; a mapping is never overwritten."
        in named.stderr
    )


def test_the_next_file_of_the_system_asks_only_what_is_new(office):
    talk(office, *TALKED, ("Save the mapping?", ""))
    later = office / "inbox" / "RH-employés-2027-01-08.csv"
    later.write_text(
        STAFF + "001204;Gagné;Lise;l@uni.example;01/02/1990;QC;Occasionnel;x;\n", encoding="utf-8"
    )
    done = run(office, "map", str(later), "--json")
    assert [
        (ask["about"], ask["question"].split(" (")[0]) for ask in json.loads(done.stdout)["asks"]
    ] == [
        ("value", 'Which user type of OPSCOM is "Occasionnel" in "Régime"'),
    ]


def test_a_mapping_that_nearly_fits_is_kept_and_only_what_is_new_is_proposed(office):
    talk(office, *TALKED, ("Save the mapping?", ""))
    (office / "mappings" / "glossary.yaml").unlink()
    later = office / "inbox" / "later.csv"
    later.write_text(
        STAFF.replace("Courriel", "Adresse courriel").replace("001202;", "001202;"),
        encoding="utf-8",
    )
    old = mapping_of(office)["fields"]
    done = run(office, "map", str(later), "--mapping", "RH-employés-2026-09-01.yaml", "--json")
    assert done.returncode == 0, done.stderr
    new = mapping_of(office, "later.yaml")["fields"]
    assert new == {**old, "email": "Adresse courriel"}


def test_a_broken_glossary_is_told_by_its_line(office):
    (office / "mappings" / "glossary.yaml").write_text(
        "version: 1\nusers:\n  column: {A: email}\n", encoding="utf-8"
    )
    done = run(office, "map", str(file_of(office)), "--json")
    assert done.returncode == 5
    assert json.loads(done.stdout)["error"] == (
        "glossary.yaml, line 3: `users.column.A` is not in its place. Correct or remove the line; what is gone is asked again."
    )


def test_a_file_that_fits_nothing_says_what_was_seen_and_what_is_needed(office):
    prices = office / "inbox" / "prices.csv"
    prices.write_text("Item,Price\nHangtag,5.00\nDecal,2.00\n", encoding="utf-8")
    done = run(office, "map", str(prices), "--json")
    assert done.returncode == 5
    assert json.loads(done.stdout)["endpoint"] is None
    assert (
        'prices.csv fits nothing that OPSCOM takes: prices.csv has the columns "Item", "Price".'
        in done.stderr
    )


def test_user_types_of_opscom_answer_for_a_person(office):
    (office / "user-types.json").write_text(json.dumps(TYPES), encoding="utf-8")
    text = STAFF.replace("Régime", "Type d'usager").replace("Temps plein", "Full Time Staff")
    file_of(office).write_text(text, encoding="utf-8")
    shape = json.loads(run(office, "map", str(file_of(office)), "--json").stdout)
    assert {value["value"]: (value["becomes"], value["confidence"]) for value in shape["values"] if value["field"] == "user_type_id"} == {
        "Full Time Staff": ("7", "sure"), "Temps partiel": ("8", "likely"),
    }  # fmt: skip


def test_an_id_that_is_an_employees_number_too_stays_both_next_time(office):
    file_of(office).write_text(STAFF.replace("Matricule", "No employé"), encoding="utf-8")
    answers = ANSWERS | {"No employé": "unique_id"}
    for _ in range(2):
        run(office, "map", str(file_of(office)), "--workbook")
        workbook = office / "results" / "RH-employés-2026-09-01-mapping.xlsx"
        answer_workbook(workbook, **answers)
        done = run(office, "map", str(workbook))
        assert done.returncode == 0, done.stderr
        fields = mapping_of(office)["fields"]
        assert fields["unique_id"]["column"] == "No employé"
        assert fields["employ_no"] in ("No employé", {"column": "No employé", "pad": "6"})
        (office / "mappings" / "RH-employés-2026-09-01.yaml").unlink()


def test_of_a_column_that_gives_two_fields_one_can_be_left(office):
    file_of(office).write_text(STAFF.replace("Matricule", "No employé"), encoding="utf-8")
    run(office, "map", str(file_of(office)), "--workbook")
    path = office / "results" / "RH-employés-2026-09-01-mapping.xlsx"
    answer_workbook(path, **ANSWERS)
    book = openpyxl.load_workbook(path)
    assert [book["Columns"][cell].value for cell in ("G2", "G3")] == ["unique_id", "employ_no"]
    book["Columns"]["G3"] = "not sent"
    book.save(path)
    done = run(office, "map", str(path))
    assert done.returncode == 0, done.stderr
    assert "employ_no" not in mapping_of(office)["fields"]
    assert "unique_id" in mapping_of(office)["fields"]
