"""An office with an export that no mapping fits, and how it answers."""

from pathlib import Path

import openpyxl
import yaml
from commanding import Office, Terminal, called, write_book

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
STRANGE = "Permit #,Plate,Valid From,{}\nP-1,ABC 123,2026-09-01,2027-04-30\nP-2,BXT 904,2026-09-01,end of term\n"  # fmt: skip
END = "No column says when the permits end. When do they all end (yyyy-mm-dd hh:mm:ss)?"
LOGIN = (
    "What is the login source of these people in OPSCOM (as on their profiles, the same for all)?"
)


class Desk(Office):
    """An office whose export no mapping fits, with the command inside this process and without a terminal."""

    def __init__(self, folder, monkeypatch):
        super().__init__(folder, client="OC_X", mappings={})
        monkeypatch.chdir(self.folder)
        self.mappings = self.folder / "mappings"
        self.staff = self.put("RH-employés-2026-09-01.csv", STAFF)

    def put(self, name, text):
        return self.write(f"inbox/{name}", text)

    def save(self, name, **sheets):
        """Write a workbook: sheet → rows."""
        return write_book(self.inbox / name, sheets)

    def map(self, file, *words):
        return called("map", file, *words)

    def json(self, file, *words):
        return self.map(file, "--json", *words).json

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
        with Terminal(self, "map", str(file or self.staff)) as terminal:
            for asks, typed in replies:
                terminal.wait_for(asks)
                if typed == "^C":
                    terminal.press_ctrl_c(until="Interrupted. Run the same command again.")
                else:
                    terminal.type(typed)
            code = terminal.end()
            return terminal.screen, code
