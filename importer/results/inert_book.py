"""A workbook under way: written row by row in constant memory, and no text in it ever comes alive."""

from __future__ import annotations

import contextlib
import tempfile
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xlsxwriter import Workbook
    from xlsxwriter.format import Format

    from importer.results.lines import LineSheet

_TRIAL = ("0012", "", "=1+1", " Zoë\n", "<b> & _x000D_", "\r")


@contextlib.contextmanager
def inert_book(file: BinaryIO, properties: Mapping[str, str]) -> Iterator[Workbook]:
    """Open a workbook that is written to ``file`` at the end of the block, unless the block fails.

    Its worksheets take whole lines of text (``lines.LineSheet``).

    Args:
        file: Open for writing; it stays open.
        properties: What the document says of itself, as XlsxWriter names it.

    Raises:
        OSError: The disk is full, or the scratch files cannot be written.
    """
    from xlsxwriter.exceptions import FileCreateError

    from importer.results.lines import StreamedSheet

    with tempfile.TemporaryDirectory(
        prefix="opscom-import-", ignore_cleanup_errors=True
    ) as scratch:
        kind = tried(StreamedSheet, scratch)
        book = _new_book(file, scratch)
        book.worksheet_class = kind
        try:
            book.use_zip64()
            book.set_properties(dict(properties))
            yield book
            book.close()
        except FileCreateError as error:
            # What the system said of a full disk is inside.
            raise OSError(*error.args[0].args) from error
        finally:
            _let_go(book)


def tried(fast: type[LineSheet], scratch: str) -> type[LineSheet]:
    """Return a fast kind of worksheet if it writes what the plain kind writes, else the plain kind.

    The fast one knows how XlsxWriter keeps what it is writing. A later XlsxWriter may do that in
    another way; so a few lines are written both ways first (some milliseconds).

    Args:
        fast: The kind to try.
        scratch: A folder for temporary files.

    Raises:
        OSError: The disk is full, or the like.
    """
    from importer.results.lines import LineSheet

    book = _new_book(BytesIO(), scratch)
    try:
        formats = book.add_format({"num_format": "@"}), book.add_format({"quote_prefix": True})
        sheets = [book.add_worksheet(worksheet_class=kind) for kind in (fast, LineSheet)]
        one, other = (_rows_of_trial(sheet, *formats) for sheet in sheets)
    except (AttributeError, LookupError, TypeError, ValueError):
        return LineSheet
    finally:
        _let_go(book)
    return fast if one == other else LineSheet


def _rows_of_trial(sheet: LineSheet, plain: Format, quoted: Format) -> str:
    """Write lines of every kind that a workbook of ours has; return what is laid aside of them."""
    from importer.results.looks import Look

    text, mark = Look(plain, quoted), Look(quoted, plain)
    for column in range(len(_TRIAL) + 2):
        sheet.write_string(0, column, "header", quoted)
    sheet.set_lines(len(_TRIAL), 1, quoted, text)
    sheet.write_line(1, [(0, "a", mark)], 7, ["b"] * len(_TRIAL), {})
    sheet.set_row(2, 40)
    sheet.write_comment(2, 3, "c")
    sheet.write_line(2, [(0, "", mark)], None, _TRIAL, {3: mark, 4: mark})
    sheet.write_line(3, [(0, "d", text)], 123_456, ["<r>e</r>", *_TRIAL[1:]], {})
    sheet.write_line(5, [], None, ["", "f", *_TRIAL[2:]], {})
    sheet.write_line(6, [(0, "g", text)], 8, ["h"] * len(_TRIAL), {})
    # The first cell of a row has XlsxWriter lay aside all that stand above it.
    sheet.write_string(7, 0, "end", plain)
    sheet.row_data_fh.seek(0)
    return str(sheet.row_data_fh.read())


def _new_book(file: BinaryIO, scratch: str) -> Workbook:
    """Return a workbook that lays its rows aside in a folder and makes nothing of texts but texts."""
    from xlsxwriter import Workbook

    options = {
        "constant_memory": True,
        "tmpdir": scratch,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    return Workbook(file, options)


def _let_go(book: Workbook) -> None:
    """Close the files that rows are laid aside in, so that their folder can be removed anywhere."""
    for sheet in book.worksheets():
        with contextlib.suppress(OSError, AttributeError):
            sheet.row_data_fh.close()
