"""Run the command as an office does: real processes, workspaces, workbooks, and a terminal."""

import contextlib
import csv
import datetime as dt
import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from importer.cli import main

ROOT = Path(__file__).parents[1]
TOKEN = "token-Of-This-Test-77"
CLIENT = "OC_TEST"
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX terminal")
KEPT = ("PYTHON_KEYRING_BACKEND", "PATH", "SYSTEMROOT", "TEMP", "TMP", "LANG", "LC_ALL")
"""Variables of this machine that a process needs; all others are named by the test."""

ROSTER = """\
version: 1
name: Roster
endpoint: users
match: {files: ["*roster*"]}
fields:
  unique_id: Id
  login_source: {value: OPSCOM}
  first_name: First
  last_name: Last
  email: Mail
"""
PERMITS = """\
version: 1
name: Permits
endpoint: permits
match: {files: ["*permit*"]}
fields:
  plate: Plate
  startTime: From
  endTime: To
  permitNo: Number
"""
DELETES = """\
version: 1
name: Cancellations
endpoint: permit-deletes
match: {files: ["*cancel*"]}
fields:
  referenceID: Reference ID
"""

ENDS = """\
version: 1
name: Ends
endpoint: permit-updates
match: {files: ["*ends*"]}
fields: {referenceID: Id, endTime: To}
"""


@dataclass(frozen=True)
class Done:
    """What a process came to."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """The one object on standard output; fails where there is anything else."""
        return json.loads(self.out)

    @property
    def states(self):
        """Source name → states."""
        return {Path(file["source"]).name: file["states"] for file in self.json["files"]}


def called(*arguments):
    """Run the command inside this process."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main(list(map(str, arguments)))
    return Done(ended.value.code, out.getvalue(), err.getvalue())


class Keyboard(io.StringIO):
    """Standard input of a person."""

    def isatty(self):
        return True


class Office:
    """A workspace with mappings of its own, and nothing of the person's real folders."""

    def __init__(self, folder, url=None, *, token=TOKEN, client=CLIENT, mappings=None):
        self.home = folder / "home"
        self.folder = folder / "office"
        for name in ("inbox", "mappings", "results", "archive"):
            (self.folder / name).mkdir(parents=True)
        self.home.mkdir()
        given = {"roster": ROSTER} if mappings is None else mappings
        for name, text in given.items():
            (self.folder / "mappings" / f"{name}.yaml").write_text(text, encoding="utf-8")
        settings = [f"client: {client}"] if client else ["# nothing yet"]
        settings += [f"host: {url}"] if url else []
        self.write("opscom.yaml", "\n".join(settings) + "\n")
        self.token = token

    @property
    def inbox(self):
        return self.folder / "inbox"

    @property
    def journal(self):
        return self.folder / "journal.sqlite"

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def roster(self, count, name="inbox/roster.csv", *, start=0, **cells):
        """Write users to a CSV; ``cells`` replaces a column, ``{"Mail": "none"}`` say."""
        return self.table(name, [user(start + n) | cells for n in range(count)])

    def table(self, name, rows):
        path = self.folder / name
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        path.write_text(text.getvalue(), encoding="utf-8", newline="")
        return path

    def everything(self):
        """Return the bytes of all files of this office, workbooks unpacked."""
        files = [path for path in self.folder.parent.rglob("*") if path.is_file()]
        return b"\n".join(
            raw_parts(path) if path.suffix == ".xlsx" else path.read_bytes() for path in files
        )

    def environment(self, **more):
        """Return the whole environment of a process of this office."""
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        home = {
            name: str(self.home)
            for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_DATA_HOME")
        }
        token = {"OPSCOM_API_TOKEN": self.token} if self.token else {}
        given = {
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "NO_COLOR": "1",
            "LOGNAME": "registrar",
        }
        return kept | home | given | token | more

    def start(self, *arguments, code=None, environ=None, **more):
        """Start ``python -m importer`` (or ``code``) in the workspace's folder."""
        program = ["-m", "importer"] if code is None else ["-c", code]
        streams = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "encoding": "utf-8",
        }
        return subprocess.Popen(
            [sys.executable, *program, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment(**(environ or {})),
            **streams | more,
        )

    def run(self, *arguments, **more):
        with self.start(*arguments, **more) as process:
            out, err = process.communicate(timeout=100)
        return Done(process.returncode, out, err)

    def calling(self, monkeypatch):
        """Return a function like ``run`` that stays inside this process, which is quicker.

        ``typed`` are the lines of a person at a terminal; without them nobody is there.
        """

        def call(*arguments, typed=None, **environ):
            with monkeypatch.context() as here:
                if typed is not None:
                    here.setattr(sys, "stdin", Keyboard("".join(f"{line}\n" for line in typed)))
                here.chdir(self.folder)
                here.delenv("OPSCOM_API_TOKEN", raising=False)
                for name, value in (self.environment() | environ).items():
                    here.setenv(name, value)
                return called(*arguments)

        return call


def user(number):
    return {
        "Id": f"{number:06}",
        "First": f"First{number}",
        "Last": f"Last{number}",
        "Mail": f"user{number}@students.example",
    }


def permit(number):
    return {
        "Plate": f"PL{number}",
        "From": "2026-09-01T08:00:00",
        "To": "2026-12-20T18:00:00",
        "Number": f"N{number:04}",
    }


def payload(number):
    """Return what OPSCOM gets of ``user(number)``."""
    cells = user(number)
    return {
        "apiToken": TOKEN,
        "unique_id": cells["Id"],
        "login_source": "OPSCOM",
        "first_name": cells["First"],
        "last_name": cells["Last"],
        "email": cells["Mail"],
    }


def write_book(path, sheets, *, hidden=()):
    """Write a workbook: sheet name → rows of cells; dates become true dates, (12, "000") the number 12 as 012."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            for at, cells in enumerate(rows):
                for column, value in enumerate(cells):
                    if isinstance(value, dt.date):
                        moment = dt.datetime.combine(value, dt.time())
                        sheet.write_datetime(at, column, moment, date)
                    elif isinstance(value, tuple):
                        number, form = value
                        look = book.add_format({"num_format": form})
                        sheet.write_number(at, column, number, look)
                    elif value != "":
                        sheet.write(at, column, value)
    return path


def read_results(path, sheet="Rows"):
    """Return the rows of a results workbook as dictionaries, blank cells as empty text."""
    book = openpyxl.load_workbook(path)
    header, *rows = book[sheet].iter_rows(values_only=True)
    book.close()
    return [
        {n: "" if cell is None else str(cell) for n, cell in zip(header, row, strict=True) if n}
        for row in rows
    ]


def raw_parts(path):
    """Return all that a workbook holds, unpacked."""
    with zipfile.ZipFile(path) as archive:
        return b"\n".join(archive.read(name) for name in archive.namelist())


def lines_on(page):
    """Return the lines of a sheet of openpyxl, blank cells left out."""
    return [[cell for cell in row if cell is not None] for row in page.iter_rows(values_only=True)]


def section(lines, title):
    """Return the lines under a heading, up to the blank line that ends it; ``None`` where it is not there."""
    if [title] not in lines:
        return None
    rest = lines[lines.index([title]) + 1 :]
    return rest[: rest.index([])] if [] in rest else rest


class Terminal:
    """A process on a real terminal of its own (POSIX); ``screen`` is what a person has seen."""

    def __init__(self, office, *arguments):
        import pexpect

        self._child = pexpect.spawn(
            sys.executable, ["-m", "importer", *arguments], cwd=str(office.folder), encoding="utf-8",
            env=office.environment(TERM="xterm"), timeout=100,
        )  # fmt: skip
        self._child.logfile_read = self._seen = io.StringIO()

    @property
    def screen(self):
        return self._seen.getvalue().replace("\r\n", "\n")

    def wait_for(self, text):
        self._child.expect_exact(text)

    def type(self, text):
        self._child.sendline(text)

    def press_ctrl_c(self, until):
        """Interrupt until the screen shows a text.

        An interrupt that comes in the moment before the process begins to wait for a key is only
        noticed with the next one, as with any program.
        """
        import pexpect

        for _ in range(10):
            self._child.sendintr()
            if self._child.expect_exact([until, pexpect.TIMEOUT], timeout=2) == 0:
                return
        raise AssertionError(f"ten interrupts did nothing: {self.screen}")

    def end(self):
        """Read to the end and return the exit code."""
        import pexpect

        self._child.expect_exact(pexpect.EOF)
        self._child.close()
        return self._child.exitstatus

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self._child.close(force=True)
