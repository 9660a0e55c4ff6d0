"""Hostile texts in every place that takes one: asserted on the XML of the whole workbook."""

import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from annotating import HOSTILE, MAIN, about_of, part_of, problem, sheet_of
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.model import Outcome, Severity, State
from importer.pulls.book import Asked, Page, Summary, write_book
from importer.report import Against
from importer.results import write_workbook
from importer.results.inert import hold, sheet_name, with_mark

RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


def everywhere(text):
    """Return a run and its part with the text in every place that a stranger can fill."""
    sheet = replace(
        sheet_of((text, "marked", text), [(text, text, text)] * 5, name=text, dtype=object),
        source=Path("x"),
    )
    outcomes = [
        Outcome(State.REJECTED, text, text, text),
        Outcome(State.UNKNOWN, text, "", text),
        Outcome(State.INVALID, text, "9022", text),
        Outcome(State.PUSHED, text, "", text),
        Outcome(State.SKIPPED, message=text),
    ]
    found = [
        problem(sheet, 2, (1,), message=text, remedy=text, field=text, value=text),
        problem(sheet, 3, (0, 1), message=text, severity=Severity.WARNING, code=None),
        problem(sheet, 2, (), message=text, field=text),
    ]
    part = part_of(
        sheet,
        outcomes,
        found,
        origins={text: (0,), "unique_id": (1,)},
        notes=(text,),
        earlier=dict.fromkeys(range(5), text),
        news={0: (text,), 1: ()},
    )
    facts = ["digest", "mapping", "host", "client", "user", "stopped", "given", "deletes"]
    against = Against(text, 1, text, 1, 1, 1, 1, ((text, 1),), ((text, text),), (text,))
    about = about_of(
        **dict.fromkeys(facts, text), source=Path("name"), notes=(text,), against=against
    )
    return replace(about, source=NamedPath(text)), part


class NamedPath:
    """A path with a name that this system, unlike others, may not allow."""

    def __init__(self, name):
        self.name = name


def parse(path):
    """Return the parsed XML of every part; fails where a text has broken one."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        return {
            name: ET.fromstring(archive.read(name))  # noqa: S314 - our own file
            for name in names
            if name.endswith((".xml", ".rels", ".vml"))
        }


def assert_inert(path, text):
    parts = parse(path)
    assert not [name for name in parts if "externalLink" in name or "connection" in name]
    for name, root in parts.items():
        for relation in root.iter(RELATIONSHIP):
            assert relation.get("TargetMode") is None, name
        if name.startswith("xl/worksheets/sheet"):
            assert not list(root.iter(f"{MAIN}f")), name
            kinds = {cell.get("t") for cell in root.iter(f"{MAIN}c")}
            assert kinds <= {"inlineStr", "n", None}, name
            for link in root.iter(f"{MAIN}hyperlink"):
                assert name == "xl/worksheets/sheet1.xml"
                quoted = sheet_name(text, {"summary", "history"}).replace("'", "''")
                assert link.get("location").startswith(f"'{quoted}'!")
    sheets = [sheet.get("name") for sheet in parts["xl/workbook.xml"].iter(f"{MAIN}sheet")]
    assert sheets == ["Summary", sheet_name(text, {"summary", "history"})]


def assert_there(path, text):
    """Assert that the text stands where it was put, as a cell can hold it."""
    book = openpyxl.load_workbook(path)
    page = book.worksheets[1]
    held = hold(text).replace("\r", "\n") if "\r" in text else hold(text)
    used = with_mark(held) if "… [cut here: " in held else held
    for wanted, cells in (
        (held, [page.cell(2, 2), page.cell(2, 9), page.cell(1, 7)]),
        (used, [page.cell(2, 7)]),
    ):
        read = {str(cell.value).replace("_x000D_", "\n").replace("\r", "\n") for cell in cells}
        assert read == {wanted}
    book.close()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_stays_text_in_every_place_that_takes_one(tmp_path, text):
    about, part = everywhere(text)
    path = write_workbook(tmp_path / "x-results.xlsx", about, [part])
    assert_inert(path, text)
    if text != HOSTILE["an escape of Excel"]:  # openpyxl undoes an escape that means itself
        assert_there(path, text)


@settings(max_examples=25)
@given(st.text(st.characters(codec=None), min_size=1, max_size=40))
def test_any_text_in_every_place_makes_a_whole_workbook(tmp_path_factory, text):
    about, part = everywhere(text)
    path = write_workbook(tmp_path_factory.mktemp("any") / "x.xlsx", about, [part])
    assert_inert(path, text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_stays_text_in_the_workbook_of_a_pull(tmp_path, text):
    page, asked = Page(text, [text], [[text], ["x"]]), Asked(tmp_path, sandbox=False, host=text)
    summary = Summary(text, asked, [(text, text)], [text], text)
    path = write_book(tmp_path / "x.xlsx", [page], summary)
    assert_inert(path, text)
    [item, *_] = parse(path)["xl/worksheets/sheet2.xml"].iter(f"{MAIN}is")
    read = "".join(piece.text or "" for piece in item.iter(f"{MAIN}t")).replace("_x000D_", "\r")
    assert read.replace("_x005F_", "_").replace("\r", "\n") == hold(text).replace("\r", "\n")
