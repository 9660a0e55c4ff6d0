"""Call ``opscom-import pull`` as a person does, and look into its workbooks with another library."""

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import openpyxl

from importer.cli import main

ROOT = Path(__file__).parents[1]
ANSWERS = Path(__file__).with_name("vendor_answers")
TOKEN = "token-of-this-test"
CLIENT = "OC_TEST"


def answer(name):
    """Return the bytes of one of the vendor's sample answers."""
    return (ANSWERS / f"{name}.json").read_bytes()


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Office:
    """A workspace, and somebody who types commands in it."""

    def __init__(self, folder, capsys, monkeypatch):
        self.folder = folder
        self._capsys = capsys
        monkeypatch.setenv("OPSCOM_API_TOKEN", TOKEN)
        (folder / "opscom.yaml").write_text(f"client: {CLIENT}\n", encoding="utf-8")

    @property
    def results(self):
        return self.folder / "results"

    def pull(self, *arguments):
        """Type a command and return what came of it."""
        self._capsys.readouterr()
        code = None
        try:
            main(["pull", *map(str, arguments), "--workspace", str(self.folder)])
        except SystemExit as end:
            code = end.code
        seen = self._capsys.readouterr()
        return Done(code, seen.out, seen.err)

    def start(self, *arguments, stdin=subprocess.DEVNULL):
        """Start a command as a process of its own."""
        environ = {**os.environ, "OPSCOM_API_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "importer", "pull", *map(str, arguments)),
                *("--workspace", str(self.folder)),
            ],
            env=environ,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def everything(self):
        """Return the bytes of all files in the workspace, workbooks unpacked."""
        parts = []
        for path in self.folder.rglob("*"):
            if path.suffix == ".xlsx":
                with zipfile.ZipFile(path) as archive:
                    parts += [archive.read(name) for name in archive.namelist()]
            elif path.is_file():
                parts.append(path.read_bytes())
        return b"\n".join(parts)


def rows_of(path, sheet):
    """Return the records of a sheet: header → value, blank cells left out."""
    book = openpyxl.load_workbook(path)
    header, *rows = book[sheet].iter_rows()
    names = [cell.value for cell in header]
    found = []
    for row in rows:
        pairs = zip(names, row, strict=True)
        found.append({name: cell.value for name, cell in pairs if cell.value is not None})
    book.close()
    return [row for row in found if row]


def texts_of(path, sheet="Summary"):
    """Return all texts of a sheet."""
    book = openpyxl.load_workbook(path)
    found = [cell for row in book[sheet].iter_rows(values_only=True) for cell in row if cell]
    book.close()
    return found


def raw_parts(path):
    """Return all that a workbook holds, unpacked."""
    with zipfile.ZipFile(path) as archive:
        return b"\n".join(archive.read(name) for name in archive.namelist())
