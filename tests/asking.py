"""An office with an export that no mapping fits, and its answers."""

import io
import os
import sys

import openpyxl
import yaml
from commanding import ROOT

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


def talk(folder, *replies, file=None):
    """Answer on a real terminal: (what it asks, what is typed)."""
    import pexpect

    child = pexpect.spawn(
        sys.executable, ["-m", "importer", "map", str(file or file_of(folder))], cwd=str(folder), encoding="utf-8",
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
