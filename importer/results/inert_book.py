"""A workbook under way: written row by row in constant memory, and no text in it ever comes alive."""

from __future__ import annotations

import contextlib
import tempfile
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xlsxwriter import Workbook


@contextlib.contextmanager
def inert_book(file: BinaryIO, properties: Mapping[str, str]) -> Iterator[Workbook]:
    """Open a workbook that is written to ``file`` at the end of the block, unless the block fails.

    Args:
        file: Open for writing; it stays open.
        properties: What the document says of itself, as XlsxWriter names it.

    Raises:
        OSError: The disk is full, or the scratch files cannot be written.
    """
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import FileCreateError

    with tempfile.TemporaryDirectory(
        prefix="opscom-import-", ignore_cleanup_errors=True
    ) as scratch:
        options = {
            "constant_memory": True,
            "tmpdir": scratch,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        book = Workbook(file, options)
        try:
            book.use_zip64()
            book.set_properties(dict(properties))
            yield book
            book.close()
        except FileCreateError as error:
            # What the system said of a full disk is inside.
            raise OSError(*error.args[0].args) from error
        finally:
            for sheet in book.worksheets():
                with contextlib.suppress(OSError):
                    sheet.row_data_fh.close()
