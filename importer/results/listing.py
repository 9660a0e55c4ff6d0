"""A plain workbook of texts: one sheet, a header, inert cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.results.files import put_in_place
from importer.results.inert import sheet_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import BinaryIO


def write_listing(
    path: Path, name: str, headers: Sequence[str], rows: Iterable[Sequence[str]]
) -> Path:
    """Write rows of texts under a header; return the path really written.

    Raises:
        InputError: It cannot be written.
    """

    def write(file: BinaryIO) -> None:
        import xlsxwriter

        from importer.results.looks import Look, put

        options = {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        with xlsxwriter.Workbook(file, options) as book:
            text, bold = (
                Look(book.add_format(every), book.add_format({**every, "quote_prefix": True}))
                for every in ({"num_format": "@"}, {"num_format": "@", "bold": True})
            )
            sheet = book.add_worksheet(sheet_name(name, ()))
            for line, cells in enumerate((headers, *rows)):
                for column, cell in enumerate(cells):
                    put(sheet, line, column, cell, text if line else bold)
            sheet.set_column(0, len(headers) - 1, 40)
            sheet.freeze_panes(1, 0)

    return put_in_place(path, write)
