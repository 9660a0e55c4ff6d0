"""An office with an export that no mapping fits, and how it answers."""

import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
ANSWERS = {
    "Régime": "user_type_id", "Temps plein": "7", "Temps partiel": "8", "login source": "OPSCOM", "lost zeros": "fill up to 6 digits",
}  # fmt: skip
PEOPLE = [["Student ID", "First Name", "Last Name", "Email"]]
PEOPLE += [[f"90012{n}", "Ann", f"Roe{'abcd'[n]}", f"a{n}@uni.example"] for n in range(4)]
END = "No column says when the permits end. When do they all end (yyyy-mm-dd hh:mm:ss)?"
LOGIN = (
    "What is the login source of these people in OPSCOM (as on their profiles, the same for all)?"
)


@dataclass
class Desk:
    """An office's folder, and what calls the command in it."""

    folder: Path
    call: Any

    @property
    def staff(self):
        """The export that no mapping fits."""
        return self.folder / "inbox" / "RH-employés-2026-09-01.csv"

    @property
    def mappings(self):
        return self.folder / "mappings"

    def put(self, name, text):
        path = self.folder / "inbox" / name
        path.write_text(text, encoding="utf-8")
        return path

    def save(self, name, merges=(), **sheets):
        """Write a workbook: sheet → rows."""
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            page = book.create_sheet(title)
            for row in rows:
                page.append(row)
            for cells in merges:
                page.merge_cells(cells)
        book.save(self.folder / "inbox" / name)
        return self.folder / "inbox" / name

    def map(self, file, *words):
        return self.call(self.folder, "map", file, *words)

    def json(self, file, *words):
        return json.loads(self.map(file, "--json", *words).out)

    def asks(self, file, *words):
        return [ask["question"] for ask in self.json(file, *words)["asks"]]

    def fill(self, file, answers, *words, book=None):
        """Make the workbook of a file, or take one, and fill it as a person does: by cell, or by what stands beside."""
        path = book or self.folder / "results" / f"{Path(file).stem}-mapping.xlsx"
        if book is None:
            self.map(file, "--workbook", *words)
        pages = openpyxl.load_workbook(path)
        for page, asked, answer in (("Columns", 2, 7), ("Values", 3, 5), ("Rows", 2, 4)):
            for row in pages[page].iter_rows(min_row=2):
                beside = str(row[asked - 1].value)
                found = next((said for word, said in answers.items() if word in beside), None)
                if found is not None and not row[answer - 1].value:
                    row[answer - 1].value = found
        for place, text in answers.items():
            if "!" in place:
                page, cell = place.split("!")
                pages[page][cell] = text
        pages.save(path)
        return path

    def answer(self, file, answers, *words, book=None):
        """Make a mapping by a workbook that is filled in so; return it as data."""
        done = self.map(self.fill(file, answers, *words, book=book))
        assert done.code == 0, done.err
        return self.mapping(Path(file).with_suffix(".yaml").name)

    def mapping(self, name="RH-employés-2026-09-01.yaml"):
        """Return a mapping as data: what it says, not how."""
        text = (self.mappings / name).read_text(encoding="utf-8")
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - no word is a number here

    def forget(self):
        """Remove every mapping and the glossary."""
        for path in self.mappings.iterdir():
            path.unlink()

    def talk(self, *replies, file=None):
        """Answer on a real terminal: (what it asks, what is typed)."""
        import pexpect

        child = pexpect.spawn(
            sys.executable, ["-m", "importer", "map", str(file or self.staff)], cwd=str(self.folder), encoding="utf-8",
            timeout=60, dimensions=(50, 200), env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "dumb"},
        )  # fmt: skip
        child.logfile_read = log = io.StringIO()
        for asks, typed in replies:
            child.expect_exact(asks)
            child.expect("\n> ?(\\[[^\n]*\\])? ?$")
            if typed != "^C":
                child.sendline(typed)
        # An interrupt that comes right before a program begins to wait is noticed with the next one.
        for _ in range(10) if replies[-1][1] == "^C" else ():
            child.sendintr()
            if child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=2) == 0:
                break
        else:
            child.expect(pexpect.EOF)
        child.close()
        return log.getvalue(), child.exitstatus
