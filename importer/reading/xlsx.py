"""Workbooks (``.xlsx``, ``.xlsm``).

Sheets that are written as programs usually write them are read straight from their XML, all others
cell by cell.
"""

from __future__ import annotations

from functools import cache
from typing import IO, TYPE_CHECKING

from importer.reading.doubts import about_sheets, hidden_parts
from importer.reading.resubmitted import hidden_summary
from importer.reading.xlsx_careful import read_carefully
from importer.reading.xlsx_direct import Manner, read_directly
from importer.reading.xlsx_package import (
    damage_is_refused,
    open_package,
    read_workbook,
    refuse_document_type,
)
from importer.reading.xlsx_scan import Unusual
from importer.reading.xlsx_texts import shared_texts

if TYPE_CHECKING:
    import zipfile
    from pathlib import Path

    import pyarrow as pa

    from importer.model import Grid
    from importer.reading.xlsx_package import SheetPart


def read_xlsx(data: bytes, path: Path) -> tuple[tuple[Grid, ...], tuple[str, ...]]:
    """Return the visible sheets of a workbook, and doubts about the whole file.

    Of a results workbook of ours a hidden summary is returned too: it says where the rows are from.

    Raises:
        InputError: The workbook is damaged, dangerous or too large.
    """
    name = path.name
    with open_package(data, name) as package:
        workbook = read_workbook(package, name)
        sheets = [sheet for sheet in workbook.sheets if sheet.rows]

        @cache
        def texts() -> pa.Array:
            return shared_texts(package.read(workbook.texts) if workbook.texts else b"")

        manner = Manner(workbook.codes, workbook.since_1904, texts)
        grids = tuple(
            _read_sheet(package, sheet, manner, path) for sheet in sheets if sheet.visible
        )
        summary = hidden_summary(grids, [sheet.name for sheet in sheets if not sheet.visible])
        grids += tuple(
            _read_sheet(package, sheet, manner, path) for sheet in sheets if sheet.name == summary
        )
    hidden = [sheet.name for sheet in sheets if not sheet.visible and sheet.name != summary]
    return grids, about_sheets(hidden)


def _read_sheet(package: zipfile.ZipFile, sheet: SheetPart, manner: Manner, path: Path) -> Grid:
    """Read a sheet the quick way or, where its XML is unusual, cell by cell."""

    def open_part() -> IO[bytes]:
        return package.open(sheet.part)

    place = f"{path.name}, {sheet.name}"
    with damage_is_refused(path.name):
        with open_part() as stream:
            refuse_document_type(stream.read(1024), path.name)
        try:
            direct = read_directly(open_part, manner, place)
            blocks, around = direct.blocks, direct.around
        except Unusual:
            blocks, around = read_carefully(open_part, manner, place)
    grid = blocks.grid(path, sheet.name)
    return hidden_parts(grid, around.hidden_rows, around.hidden_columns, filtered=around.filtered)
