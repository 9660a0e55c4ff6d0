"""A workbook under way: written line by line in constant memory, and no text in it ever comes alive.

A line goes into XlsxWriter as one piece of XML, not cell by cell: a dozen seconds of every 100,000 rows.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from zipfile import ZipFile

from xlsxwriter import Workbook, workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from importer.files import clear_left
from importer.results.styles import Style, is_markup, put

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xlsxwriter.format import Format


class _Archive(ZipFile):
    """One that a full disk has left unfinished ends without a word of Python."""

    def __del__(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().__del__()


# XlsxWriter has no setting for it. The usual level takes twice as long, for a file smaller by an eighth.
workbook.ZipFile = partial(_Archive, compresslevel=3)

_TRIAL = ("0012", "", "x", " Zoë\n", "<b> & _x000D_", "-\r")
_PLAIN = re.compile(
    r"[^\s&<>_=+\-@'\x00-\x1f\ufffe\uffff](?:[^&<>_\x00-\x1f\ufffe\uffff]*[^\s&<>_\x00-\x1f\ufffe\uffff])?"
)
"""Text that XlsxWriter writes as it is, and that is not ``LIVE``. ``_x000D_`` stands for a control character."""


class LineSheet(Worksheet):  # type: ignore[misc]  # XlsxWriter is untyped
    """A worksheet in constant memory that takes a line at a time and writes it cell by cell."""

    def set_lines(self, columns: int, row: int, number: Format, text: Style) -> None:
        """Say once what all lines have in common: so many texts, which begin behind the column ``row``."""
        self._row_column, self._row_format, self._text_look = row, number, text
        self._cell_starts = [f'<c r="{xl_col_to_name(at)}' for at in range(row + 1 + columns)]

    def write_line(
        self,
        line: int,
        own: Sequence[tuple[int, str, Style]],
        number: int | None,
        texts: Sequence[str],
        marks: Mapping[int, Style],
    ) -> None:
        """Write a line, whole, below a header that is as wide and below all lines before.

        Its height and its comments are set before, since nothing can be set afterwards. First come ``own``, cells
        by column, text and style, then the row number, then the texts, all as a cell can hold them
        (``inert.hold``). Blank ones make no cell but where ``marks`` gives their column another style.
        """
        for column, text, style in own:
            put(self, line, column, text, style)
        if number is not None:
            self.write_number(line, self._row_column, number, self._row_format)
        for column, text in enumerate(texts, self._row_column + 1):
            if text or column in marks:
                put(self, line, column, text, marks.get(column, self._text_look))


class StreamedSheet(LineSheet):
    """The same with far less work: a line is one piece of XML, put where XlsxWriter lays rows aside.

    It rests on private names of XlsxWriter. So ``inert_book`` compares it with the other way before
    it takes it.
    """

    previous_row: int
    """XlsxWriter's: the row that it collects cells for; those above are written."""

    def write_line(
        self,
        line: int,
        own: Sequence[tuple[int, str, Style]],
        number: int | None,
        texts: Sequence[str],
        marks: Mapping[int, Style],
    ) -> None:
        """Write a line, whole: see ``LineSheet``."""
        if line > self.previous_row:
            self._write_single_row(line)
        markup = any(map(is_markup, texts)) or any(is_markup(text) for _, text, _ in own)
        if markup or self._check_dimensions(line, 0):
            super().write_line(line, own, number, texts, marks)
            return
        name, starts, look = line + 1, self._cell_starts, self._text_look
        start = f'<row r="{name}">'
        if line in self.row_info:
            self._write_row(line, None, self.row_info[line])
            start = ""
        cells = [self._cell(starts[column], name, text, style) for column, text, style in own]
        if number is not None:
            index = _index(self._row_format)
            cells.append(f'{starts[self._row_column]}{name}" s="{index}"><v>{number}</v></c>')
        # The innermost loop of the whole workbook.
        plain = f'{name}" s="{_index(look.plain)}" t="inlineStr"><is><t>'
        first = self._row_column + 1
        for column, (start_of_cell, text) in enumerate(
            zip(starts[first:], texts, strict=True), first
        ):
            if column in marks:
                cells.append(self._cell(start_of_cell, name, text, marks[column]))
            elif text and _PLAIN.fullmatch(text):
                cells.append(f"{start_of_cell}{plain}{text}</t></is></c>")
            elif text:
                cells.append(self._cell(start_of_cell, name, text, look))
        self.fh.write(f"{start}{''.join(cells)}</row>")
        # XlsxWriter now takes the line for written and lets nothing more into it.
        self.previous_row = name

    def _cell(self, start: str, name: int, text: str, style: Style) -> str:
        """Return a cell of text; ``name`` is the row's in the sheet."""
        start = f'{start}{name}" s="{_index(style.of(text))}"'
        if not text:
            return f"{start}/>"
        text = self._escape_data(self._escape_control_characters(text))
        keep = ' xml:space="preserve"' if text != text.strip() else ""
        return f'{start} t="inlineStr"><is><t{keep}>{text}</t></is></c>'


def _index(form: Format) -> int:
    return form._get_xf_index()  # type: ignore[no-any-return]  # noqa: SLF001


_SCRATCH = "opscom-import-"
"""How a folder for temporary files begins."""


@contextlib.contextmanager
def inert_book(file: BinaryIO, properties: Mapping[str, str]) -> Iterator[Workbook]:
    """Open a workbook that is written to ``file`` at the end of the block, unless the block fails.

    Its worksheets take whole lines of text (``LineSheet``). ``properties`` is what the document says of itself.

    Raises:
        OSError: The disk is full, or the scratch files cannot be written.
    """
    clear_left(Path(tempfile.gettempdir()), f"{_SCRATCH}*")
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, ignore_cleanup_errors=True) as scratch:
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
    """
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
    text, mark = Style(plain, quoted), Style(quoted, plain)
    sheet.write_row(0, 0, ["header"] * (len(_TRIAL) + 2), quoted)
    sheet.set_lines(len(_TRIAL), 1, quoted, text)
    sheet.write_line(1, [(0, "a", mark)], 7, _TRIAL, {})
    sheet.set_row(2, 40)
    sheet.write_comment(2, 3, "c")
    sheet.write_line(2, [(0, "", mark)], None, _TRIAL, {3: mark, 4: mark})
    sheet.write_line(3, [(0, "d", text)], 123_456, ["<r>e</r>", *_TRIAL[1:]], {})
    sheet.set_row(5, 40)
    sheet.write_line(5, [], 8, _TRIAL, {})
    # The first cell of a row has XlsxWriter lay aside all that stand above it.
    sheet.write_string(6, 0, "end", plain)
    sheet.row_data_fh.seek(0)
    return str(sheet.row_data_fh.read())


def _new_book(file: BinaryIO, scratch: str) -> Workbook:
    """Return a workbook that lays its rows aside in a folder and makes nothing of texts but texts."""
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
