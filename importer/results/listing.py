"""A plain workbook of texts: one sheet, a header, inert cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.results.files import put_in_place

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

        options = {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        with xlsxwriter.Workbook(file, options) as book:
            text = book.add_format({"num_format": "@"})
            bold = book.add_format({"bold": True, "num_format": "@"})
            sheet = book.add_worksheet(name)
            for line, cells in enumerate((headers, *rows)):
                for column, cell in enumerate(cells):
                    sheet.write_string(line, column, cell, text if line else bold)
            sheet.set_column(0, len(headers) - 1, 40)
            sheet.freeze_panes(1, 0)

    return put_in_place(path, write)
