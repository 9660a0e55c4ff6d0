"""Files made by hand: the parts of a package and the XML of its sheet as a test wants them; and what is read of them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from importer.errors import InputError
from importer.reading import read_source, take_sheet

FIXTURES = Path(__file__).parent / "fixtures"
FAULTS = FIXTURES / "producers" / "faults"
DAMAGED = (
    "people.xlsx: the workbook is damaged or was cut off. "
    "Save it again in Excel, or export or download it again."
)
UNPACKED = (
    "people.xlsx: unpacked, the workbook would be too large to be a spreadsheet. "
    "Copy the rows into a new workbook and save that."
)
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_KIN = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _relations(**targets):
    """Return the part that names these targets, by their type."""
    each = enumerate(targets.items(), start=1)
    return "<Relationships>{}</Relationships>".format(
        "".join(
            f'<Relationship Id="rId{n}" Type="{_KIN}/{kind}" Target="{to}"/>'
            for n, (kind, to) in each
        )
    )


def with_sheet(rows, shared=(), *, before="", after=""):
    """Return a workbook whose sheet S holds this XML in, before and after ``sheetData``; style 1 is ``000``."""
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": _relations(officeDocument="xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_KIN}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            worksheet="worksheets/sheet1.xml", styles="styles.xml", sharedStrings="sharedStrings.xml"
        ),
        "xl/styles.xml": f'<styleSheet {_MAIN}><numFmts><numFmt numFmtId="164" formatCode="000"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f"<sst {_MAIN}>{''.join(shared)}</sst>",
        "xl/worksheets/sheet1.xml": f"<worksheet {_MAIN}>{before}<sheetData>{rows}</sheetData>{after}</worksheet>",
    }  # fmt: skip
    return zipped(
        {name: f'<?xml version="1.0" encoding="UTF-8"?>{part}' for name, part in parts.items()}
    )


def zipped(parts, how=zipfile.ZIP_DEFLATED):
    """Return a package of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return out.getvalue()


def unzipped(data):
    """Return the parts of a package."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def rewritten(data, change):
    """Return a package, each part as ``change(name, bytes)`` says."""
    return zipped({name: change(name, part) for name, part in unzipped(data).items()})


def saved(folder, data, name="people.xlsx"):
    """Write a file of these bytes, or of this text in UTF-8; return its path."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def read(folder, data, name="people.xlsx"):
    """Return the first grid of such a file."""
    return read_source(saved(folder, data, name)).grids[0]


def table(path, header_row=1):
    """Return the first sheet of a file, below its header."""
    return take_sheet(read_source(path).grids[0], header_row)


def refusal(folder, data, name="people.xlsx"):
    """Return the words with which a file of these bytes is refused."""
    with pytest.raises(InputError) as caught:
        read(folder, data, name)
    return str(caught.value)


def texts(grid):
    """Return the cells of a grid."""
    return grid.frame.to_numpy().tolist()
