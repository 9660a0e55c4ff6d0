"""Call ``opscom-import pull`` as a person does, and look into its workbooks with another library."""

import json
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


def rows_of(path, sheet):
    """Return the records of a sheet: header → value, blank cells left out."""
    header, *rows = openpyxl.load_workbook(path)[sheet].values
    pairs = (zip(header, row, strict=True) for row in rows)
    found = [{name: cell for name, cell in row if cell is not None} for row in pairs]
    return [row for row in found if row]


def texts_of(path, sheet="Summary"):
    """Return all texts of a sheet."""
    page = openpyxl.load_workbook(path)[sheet]
    return [cell for line in commanding.lines_on(page) for cell in line]
