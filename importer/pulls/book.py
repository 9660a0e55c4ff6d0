"""What OPSCOM answered, or any list → a workbook that only its owner can read: records made flat, secrets left out."""

import datetime as dt
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeAlias

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from importer.delivery.journal_file import person
from importer.delivery.questions import Json
from importer.files import put_in_place
from importer.results.inert import hold, sheet_name
from importer.results.stream import inert_book
from importer.results.styles import Column, Head, Layout, Styles, begin_table, fit, make_styles, put
from importer.text import count

SECRETS = frozenset({"salt", "encid", "password", "passwd", "pwd", "password_hash", "secret"})
"""Keys of OPSCOM's answers whose values are in no workbook, beside all that end in ``token``."""
_NUMBER_RE = re.compile(r"-?(0|[1-9]\d{0,9})(\.\d{1,10})?", re.ASCII)
"""A number that a spreadsheet shows as it is; ids of more digits stay text."""
_SAMPLE = 300
"""Rows that the width of a column is taken from."""
_WIDEST = 60

Cell: TypeAlias = "str | bool | int | float | None"
Record: TypeAlias = "dict[str, Json]"


@dataclass(frozen=True, slots=True)
class Asked:
    """Where, when and by whom something was asked, and where its workbook goes."""

    folder: Path
    sandbox: bool
    host: str = ""
    client: str = ""
    person: str = field(default_factory=person)
    when: dt.datetime = field(default_factory=lambda: dt.datetime.now().astimezone())


@dataclass(frozen=True, slots=True)
class Summary:
    """What the sheet Summary tells of a pull."""

    title: str
    asked: Asked
    facts: Sequence[tuple[str, str]] = ()
    """Name and value, a line each; those without a value are left out."""
    notes: Sequence[str] = ()
    """What a person should know, a sentence each."""
    banner: str = ""
    """The one thing to know first, where the call changed something in OPSCOM."""


@dataclass(slots=True)
class Page:
    """One worksheet: a header and rows of cells."""

    name: str
    headers: Sequence[str]
    rows: list[Sequence[Cell]] = field(default_factory=list)


def without_secrets(record: Record) -> Record:
    """Return an object of an answer without what no workbook may show, at any depth."""

    def clean(value: Json) -> Json:
        if isinstance(value, dict):
            return without_secrets(value)
        return [clean(each) for each in value] if isinstance(value, list) else value

    return {
        name: clean(value)
        for name, value in record.items()
        if name.casefold() not in SECRETS and not name.casefold().endswith("token")
    }


def flat(record: Record) -> Record:
    """Return all that an object of an answer holds under one name each; lists stay lists.

    ``pandas.json_normalize`` turns whole numbers into floating ones where a record lacks the name, so
    that long ids lose digits.

    >>> flat({"make": {"MakeName": "Ford"}, "ids": [1, 2]})
    {'make.MakeName': 'Ford', 'ids': [1, 2]}
    """
    found: Record = {}
    for name, value in record.items():
        if isinstance(value, dict):
            found |= {f"{name}.{inner}": each for inner, each in flat(value).items()}
        else:
            found[name] = value
    return found


def several(value: Json) -> list[Record]:
    """Return the objects of a list, or of what stands in its place; what is none stands under ``value``.

    >>> several([{"a": 1}, "b"]), several({"a": 1}), several("")
    ([{'a': 1}, {'value': 'b'}], [{'a': 1}], [])
    """
    listed = value if isinstance(value, list) else [value] if value else []
    return [each if isinstance(each, dict) else {"value": each} for each in listed]


def records_of(content: Record, key: str) -> list[Record]:
    """Return the records that an answer holds under a key, flat, secrets left out."""
    return [flat(without_secrets(each)) for each in several(content.get(key))]


def cell(value: Json, *, number: bool = False) -> Cell:
    """Return a value of a flat record as a cell: a number where a spreadsheet keeps and shows all its digits.

    Args:
        value: Dates and times are texts of the form ``2031-01-02 03:04:05``, and stay so.
        number: Whether a text that is a number counts as one (amounts, totals).
    """
    if isinstance(value, str) and number and _NUMBER_RE.fullmatch(value):
        return float(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False) if value else None
    shown = isinstance(value, str | bool | None) or _NUMBER_RE.fullmatch(str(value))
    return value if shown else str(value)


def page_of(
    name: str, records: Sequence[Record], first: Sequence[str], money: Collection[str] = ()
) -> Page:
    """Lay flat records out: a row each, a column for every name that occurs, those of ``first`` in front.

    Args:
        name: Of the worksheet.
        records: What it holds.
        first: Names that there may be, in their order; the columns where there is no record.
        money: Names of amounts and totals, which are numbers also where the answer says them as text.
    """
    named = dict.fromkeys(name for record in records for name in record)
    headers = list(dict.fromkeys([n for n in first if n in named] + list(named))) or list(first)
    rows = [[cell(each.get(h), number=h in money) for h in headers] for each in records]
    return Page(name, headers, list(rows))


def write_book(path: Path, pages: Sequence[Page], summary: Summary | None = None) -> Path:
    """Write a workbook, whole or not at all. Texts are inert whatever they look like.

    Summary, where there is one, stands first. An older workbook of that name is kept beside the new one with its
    time in its name.

    Returns:
        The path really written: another one where the wanted file is open in a program.

    Raises:
        InputError: The workbook could not be written; nothing was changed.
    """

    def write(file: BinaryIO) -> None:
        with inert_book(file, {"title": hold(summary.title if summary else pages[0].name)}) as book:
            styles = make_styles(book)
            if summary:
                layout = Layout(book.add_worksheet("Summary"), styles)
                _write_summary(layout, summary, pages)
            top = book.add_format({"valign": "top"})
            names = ["summary", "history"]
            for page in pages:
                name = sheet_name(page.name, names)
                names.append(name.casefold())
                _write_page(book.add_worksheet(name), page, styles, top)

    return put_in_place(path, write)


def _write_summary(layout: Layout, summary: Summary, pages: Sequence[Page]) -> None:
    asked = summary.asked
    layout.across(summary.title, "title", size=18)
    if asked.sandbox:
        layout.across("Rehearsal: these are invented records of the sandbox.", "rehearsal", size=12)
    elif summary.banner:
        layout.across(summary.banner, "live", size=12)
    for note in summary.notes:
        layout.across(note, "stopped", size=12)
    layout.section("Facts")
    facts = (
        ("Asked", asked.when.isoformat(" ", "seconds")),
        ("Host", asked.host),
        ("Client code", asked.client),
        ("Person", asked.person),
        *summary.facts,
        *((page.name, count(len(page.rows), "row")) for page in pages),
    )
    columns = (Column("", "AB", "label"), Column("", "CF", "fact"))
    layout.table(columns, [fact for fact in facts if fact[1]])


def _write_page(sheet: Worksheet, page: Page, styles: Styles, top: Format) -> None:
    heads = []
    for column, header in enumerate(page.headers):
        cells = (row[column] for row in page.rows[:_SAMPLE])
        width = fit(header, ("" if each is None else str(each) for each in cells), _WIDEST)
        heads.append(Head(header, "head ours", width))
    begin_table(sheet, heads, len(page.rows), styles)
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    for line, row in enumerate(page.rows, start=1):
        for column, content in enumerate(row):
            if isinstance(content, str) and content:
                # A spreadsheet's own line break is one character; the other would show as a box.
                text = content.replace("\r\n", "\n")
                put(sheet, line, column, text, styles["long" if "\n" in text else "text"])
            elif isinstance(content, bool):
                sheet.write_boolean(line, column, content, top)
            elif isinstance(content, int | float):
                sheet.write_number(line, column, content, top)
