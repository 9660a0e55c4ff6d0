"""Workbooks made by hand: the parts of a package, and the XML of its sheet, as a test wants them."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
import xlsxwriter

from importer.errors import InputError
from importer.reading import read_source

DAMAGED = (
    "people.xlsx: the workbook is damaged or was cut off. "
    "Save it again in Excel, or export or download it again."
)


def rewritten(data, change):
    """Return a package, each part as ``change(name, bytes)`` says."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()


def written(folder, fill, name="people.xlsx", **options):
    """Write a workbook with XlsxWriter and read it."""
    path = folder / name
    with xlsxwriter.Workbook(str(path), options) as book:
        fill(book)
    return read_source(path)


def rewrite(path, change):
    """Write a workbook again, each part as ``change(name, bytes)`` says."""
    path.write_bytes(rewritten(path.read_bytes(), change))


def read(folder, data, name="people.xlsx"):
    """Return the first grid of these bytes."""
    path = folder / name
    path.write_bytes(data)
    return read_source(path).grids[0]


def refusal(folder, data, name="people.xlsx"):
    """Return the words with which a file of these bytes is refused."""
    with pytest.raises(InputError) as caught:
        read(folder, data, name)
    return str(caught.value)


def texts(grid):
    """Return the cells of a grid."""
    return grid.frame.to_numpy().tolist()


def packed(fill, **options):
    """Return a workbook whose one sheet ``fill(book, sheet)`` writes with XlsxWriter."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, options) as book:
        fill(book, book.add_worksheet("S"))
    return out.getvalue()


def with_sheet(rows, shared=()):
    """Return a workbook whose sheet holds this XML between ``sheetData``; style 1 is ``000``."""
    data = packed(lambda book, sheet: sheet.write(0, 0, 1, book.add_format({"num_format": "000"})))
    texts = "".join(shared)

    def change(name, part):
        if "worksheets/sheet" in name:
            return re.sub(
                rb"<sheetData>.*</sheetData>", f"<sheetData>{rows}</sheetData>".encode(), part
            )
        if name == "xl/_rels/workbook.xml.rels" and shared and b"sharedStrings" not in part:
            kind = (
                "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
            )
            link = f'<Relationship Id="rId9" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'
            return part.replace(b"</Relationships>", link.encode())
        return part

    data = rewritten(data, change)
    if shared:
        out = io.BytesIO(data)
        with zipfile.ZipFile(out, "a") as package:
            main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
            package.writestr(
                "xl/sharedStrings.xml", f'<?xml version="1.0"?><sst xmlns="{main}">{texts}</sst>'
            )
        return out.getvalue()
    return data
