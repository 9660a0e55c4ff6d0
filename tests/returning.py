"""Push a file, edit the workbook that comes back, and push that: in this process, against a ledger."""

import contextlib
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest
from commanding import PERMITS, ROSTER, TOKEN, Office, called, lines_on, section
from commanding import read_results as rows_of

from importer.model import RESULT_COLUMNS

LIBREOFFICE = shutil.which("soffice")
needs_libreoffice = [
    pytest.mark.libreoffice,
    pytest.mark.skipif(LIBREOFFICE is None, reason="LibreOffice is not installed"),
]
STATUS, REFERENCE, CODE, MESSAGE, ANSWER, ROW = range(1, len(RESULT_COLUMNS) + 1)
VEHICLES = """\
version: 1
name: Vehicles
endpoint: vehicles
match: {files: ["*vehicle*"]}
fields:
  plate: Plate
  prov: Prov
  plateType: {value: Passenger}
"""


def states(said):
    """Return what became of the rows of the first sheet, as the object for other programs tells it."""
    return said["files"][0]["states"]


def sent(controller, since=0):
    """Return the keys of all requests after the first ``since``, sorted."""
    return sorted(entry.key for entry in controller.ledger[since:])


class Desk(Office):
    """An office whose commands run in this process; ``told`` is what the last one said to the person."""

    def __init__(self, folder, monkeypatch, url=None, **more):
        mappings = {"roster": ROSTER, "permits": PERMITS, "vehicles": VEHICLES}
        self.url = url
        super().__init__(folder, url, mappings=mappings, **more)
        monkeypatch.setenv("OPSCOM_API_TOKEN", TOKEN)
        monkeypatch.chdir(self.folder)

    def do(self, *arguments, code=None):
        """Run a command; return its JSON object. ``code`` is the exit code it must have."""
        done = called(*arguments, "--json")
        self.told = done.err
        assert code is None or done.code == code, (done.code, done.out)
        return done.json

    def push(self, path, *more, code=None):
        return self.do("push", path, "--yes", *more, code=code)

    def give_back(self, stem, *cells, sheet="Rows", code=None):
        """Correct cells of a results workbook, and push it."""
        return self.push(self.correct(stem, *cells, sheet=sheet), code=code)

    def correct(self, stem, *cells, sheet="Rows", kind="results"):
        """Correct cells of a workbook, each a key, a header and a value; return its path."""
        with edited(self.results(stem, kind), sheet) as page:
            for key, header, value in cells:
                set_cell(page, key, header, value)
        return self.results(stem, kind)

    def lose_journal(self):
        for path in self.folder.glob("journal.sqlite*"):
            path.unlink()

    def results(self, stem, kind="results", folder="results"):
        return self.folder / folder / f"{stem}-{kind}.xlsx"

    def table_of(self, stem, sheet="Rows", kind="results"):
        """Return the rows of a workbook, each under its headers, blank cells as empty text."""
        return rows_of(self.results(stem, kind), sheet)

    def summary(self, stem, kind="results", folder="results"):
        """Return the lines of the first sheet, blank cells left out."""
        return lines_on(openpyxl.load_workbook(self.results(stem, kind, folder))["Summary"])

    def facts(self, stem):
        """Return the lines of the first sheet that begin with a name: name → what follows."""
        return {line[0]: line[1] for line in self.summary(stem) if len(line) > 1}

    def section(self, stem, title, kind="results"):
        """Return the lines of the first sheet under a heading; ``None`` where it is not there."""
        return section(self.summary(stem, kind), title)


@contextlib.contextmanager
def edited(path, sheet="Rows"):
    """Give the sheet of a workbook to be edited, and save it in place."""
    book = openpyxl.load_workbook(path)
    yield book[sheet]
    book.save(path)
    book.close()


def column(page, header):
    return next(cell.column for cell in page[1] if cell.value == header)


def line(page, header, value):
    """Return the line of the row that has this text under this header."""
    at = column(page, header)
    return next(row for row in range(2, page.max_row + 1) if page.cell(row, at).value == value)


def set_cell(page, key, header, value):
    """Write into the row whose first source cell is ``key``."""
    first = page.cell(1, ROW + 1).value
    page.cell(line(page, first, key), column(page, header)).value = value


def sort_rows(page, header, *, reverse=False):
    """Sort the rows by a column, as the filter's menu does."""
    at = column(page, header) - 1
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=2)]
    rows.sort(key=lambda row: str(row[at]), reverse=reverse)
    for number, row in enumerate(rows, start=2):
        for place, value in enumerate(row, start=1):
            page.cell(number, place).value = value


def as_saved(path, saver, folder):
    """Return the file as ``saver`` leaves it: ``openpyxl`` has saved it, LibreOffice saves it again."""
    return path if saver == "openpyxl" else save_in_libreoffice(path, folder)


XLSX = "xlsx:Calc MS Excel 2007 XML"


def save_in_libreoffice(path: Path, folder: Path, form=XLSX) -> Path:
    """Open a workbook in LibreOffice and save it under its own name; in other forms into ``saved`` only.

    The tests of a run share one profile, since a new one takes longer than the saving.
    """
    out, profile = folder / "saved", folder.parent / "libreoffice"
    command = [
        LIBREOFFICE,
        f"-env:UserInstallation={profile.as_uri()}",
        "--headless",
        "--convert-to",
        form,
        "--outdir",
        out,
        path,
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    return shutil.copy(out / path.name, path) if form == XLSX else path
