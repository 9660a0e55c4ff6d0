"""Call ``opscom-import pull`` as a person does, and look into its workbooks with another library."""

import json
import zipfile
from pathlib import Path

import commanding
import openpyxl
from controller import Controller, Fault

ANSWERS = Path(__file__).with_name("vendor_answers")


def answer(name):
    """Return the bytes of one of the vendor's sample answers."""
    return (ANSWERS / f"{name}.json").read_bytes()


def body(text):
    """Return the fault that is none: this text, or this object, as the whole answer."""
    return Fault("answer", True, body=text if isinstance(text, str) else json.dumps(text))


def sample(name):
    return body(answer(name).decode())


NOT_FOUND = (
    "The host answers HTTP 404 without an OPSCOM error code: most likely the client code or the host is "
    "wrong. Compare both with what OPSCOM gave you: `client:` and `host:` in opscom.yaml, OPSCOM_CLIENT and "
    "OPSCOM_HOST, --client and --host."
)


class Office(commanding.Office):
    """A workspace, and somebody who pulls in it."""

    def __init__(self, folder, monkeypatch):
        super().__init__(folder, mappings={})
        self._call = self.calling(monkeypatch)

    @property
    def results(self):
        return self.folder / "results"

    def pull(self, *arguments, **more):
        """Type a command and return what came of it."""
        return self._call("pull", *arguments, **more)

    def ask(self, plan, *arguments, option="--host"):
        """Type a command whose host answers by a plan, or with a fault; return what came of it and the ledger."""
        plan = plan if isinstance(plan, dict) else {("*", 0): plan}
        with Controller(plan) as controller:
            done = self.pull(*arguments, option, controller.url, "--json")
            return done, controller.ledger

    def start(self, *arguments, **more):
        """Start a command as a process of its own."""
        return super().start("pull", *arguments, **more)

    def everything(self):
        """Return the bytes of all files in the workspace, workbooks unpacked."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return b"\n".join(
            raw_parts(path) if path.suffix == ".xlsx" else path.read_bytes() for path in files
        )


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
    page = openpyxl.load_workbook(path)[sheet]
    return [cell for line in commanding.lines_on(page) for cell in line]


def raw_parts(path):
    """Return all that a workbook holds, unpacked."""
    with zipfile.ZipFile(path) as archive:
        return b"\n".join(archive.read(name) for name in archive.namelist())
