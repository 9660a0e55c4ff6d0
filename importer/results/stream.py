"""A workbook under way: written line by line in constant memory, and no text in it ever comes alive.

A line goes into XlsxWriter as one piece of XML, not cell by cell: a dozen seconds of every 100,000 rows.
"""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zipfile import ZipFile

from xlsxwriter import Workbook, workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from importer.files import clear_left
from importer.results.inert import LIVE
from importer.results.styles import Style, put


class _Archive(ZipFile):
    """One that a full disk has left unfinished ends without a word of Python."""

    def __del__(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().__del__()


# XlsxWriter has no setting for it. The usual level takes twice as long, for a file smaller by an eighth.
workbook.ZipFile = partial(_Archive, compresslevel=3)

_TRIAL = ("0012", "", "x", " Zoë\n", "<b> & _x000D_", "-\r")
_ODD = ("&", "<", ">", "_x", "\r")
"""What XlsxWriter does not write as it is. ``_x000D_`` stands for a control character."""


class Line(NamedTuple):
    """What a line holds beside its texts."""

    own: Sequence[tuple[int, str, Style]]
    """Cells before the row number: column, text and style."""
    number: int | None
    """The row number."""
    marks: Mapping[int, Style]
    """Column → style of its text, where that is another than that of all texts."""


class LineSheet(Worksheet):  # type: ignore[misc]  # XlsxWriter is untyped
    """A worksheet in constant memory that takes whole lines and writes them cell by cell."""

    def set_lines(self, columns: int, row: int, number: Format, text: Style) -> None:
        """Say once what all lines have in common: so many texts, which begin behind the column ``row``."""
        self._row_column, self._row_format, self._text_look = row, number, text
        self._cell_starts = [f'<c r="{xl_col_to_name(at)}' for at in range(row + 1 + columns)]

    def write_lines(
        self, first: int, lines: Sequence[Line], columns: Sequence[Sequence[str]]
    ) -> None:
        """Write lines, whole, below a header that is as wide and below all lines before.

        Their heights and comments are set before, since nothing can be set afterwards. Of each come its own cells,
        the row number, then its texts. Blank texts make no cell but where they are marked.

        Args:
            first: Where the first one stands.
            lines: What each holds beside its texts.
            columns: The texts, column by column. All texts are as a cell can hold them (``inert.hold``).
        """
        for at, line in enumerate(lines):
            row = first + at
            for column, text, style in line.own:
                put(self, row, column, text, style)
            if line.number is not None:
                self.write_number(row, self._row_column, line.number, self._row_format)
            for column, texts in enumerate(columns, self._row_column + 1):
                if texts[at] or column in line.marks:
                    put(self, row, column, texts[at], line.marks.get(column, self._text_look))


class StreamedSheet(LineSheet):
    """The same with far less work: a line is one piece of XML, put where XlsxWriter lays rows aside.

    It rests on private names of XlsxWriter. So ``inert_book`` compares it with the other way before
    it takes it.
    """

    previous_row: int
    """XlsxWriter's: the row that it collects cells for; those above are written."""

    def write_lines(
        self, first: int, lines: Sequence[Line], columns: Sequence[Sequence[str]]
    ) -> None:
        """Write lines, whole: see ``LineSheet``."""
        self._check_dimensions(first, 0)
        self._check_dimensions(first + len(lines) - 1, 0)
        starts, left = self._cell_starts, self._row_column + 1
        names = [str(row + 1) for row in range(first, first + len(lines))]
        cells = [
            self._column(start, names, texts)
            for start, texts in zip(starts[left:], columns, strict=True)
        ]
        marks = ((at, *mark) for at, line in enumerate(lines) for mark in line.marks.items())
        for at, column, style in marks:
            tail = self._tail(columns[column - left][at], style)
            cells[column - left][at] = f"{starts[column]}{names[at]}{tail}"
        rows = map("".join, zip(*cells, strict=True)) if cells else [""] * len(lines)
        said = {cell[1:] for line in lines for cell in line.own}
        tails = {(text, style): self._tail(text, style) for text, style in said}
        number = f'{starts[left - 1]}%s" s="{_index(self._row_format)}"><v>%d</v></c>'
        for at, (line, name, row) in enumerate(zip(lines, names, rows, strict=True), first):
            if at > self.previous_row:
                self._write_single_row(at)
            start = f'<row r="{name}">'
            if at in self.row_info:
                self._write_row(at, None, self.row_info[at])
                start = ""
            own = [f"{starts[each]}{name}{tails[text, style]}" for each, text, style in line.own]
            if line.number is not None:
                own.append(number % (name, line.number))
            self.fh.write(f"{start}{''.join(own)}{row}</row>")
            # XlsxWriter now takes the line for written and lets nothing more into it.
            self.previous_row = at + 1

    def _column(self, start: str, names: Sequence[str], texts: Sequence[str]) -> list[str]:
        """Return the cells of a column of texts; ``names`` are the rows' in the sheet.

        The innermost loops of the whole workbook.
        """
        look, whole = self._text_look, "".join(texts)
        odd = any(sign in whole for sign in _ODD) or [*map(str.strip, texts)] != [*texts]
        if odd or not {text[:1] for text in texts}.isdisjoint(LIVE):
            tails = {text: self._tail(text, look) for text in set(texts)} | {"": ""}
            pairs = zip(names, texts, strict=True)
            return [f"{start}{name}{tails[text]}" if text else "" for name, text in pairs]
        plain = f'" s="{_index(look.plain)}" t="inlineStr"><is><t>'
        return [
            f"{start}{name}{plain}{text}</t></is></c>" if text else ""
            for name, text in zip(names, texts, strict=True)
        ]

    def _tail(self, text: str, style: Style) -> str:
        """Return a cell of text, from behind its row's name on."""
        start = f'" s="{_index(style.of(text))}"'
        if not text:
            return f"{start}/>"
        text = self._escape_data(self._escape_control_characters(text))
        keep = ' xml:space="preserve"' if text != text.strip() else ""
        return f'{start} t="inlineStr"><is><t{keep}>{text}</t></is></c>'


def _index(form: Format) -> int:
    return form._get_xf_index()  # type: ignore[no-any-return]  # noqa: SLF001


_SCRATCH = ".opscom-import.rows-"
"""How a folder for temporary files begins; nobody gives a folder of their own such a name."""


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
    sheet.set_row(0, 24)
    sheet.write_row(0, 0, ["header"] * (len(_TRIAL) + 2), quoted)
    sheet.set_lines(len(_TRIAL), 1, quoted, text)
    sheet.set_row(2, 40)
    sheet.write_comment(2, 3, "c")
    lines = [
        Line([(0, "a", mark)], 7, {}),
        Line([(0, "", mark)], None, {3: mark, 4: mark}),
        Line([(0, "d", text)], 123_456, {}),
    ]
    columns = [[each, each, each] for each in _TRIAL]
    sheet.write_lines(1, lines, columns)
    sheet.set_row(5, 40)
    sheet.write_lines(5, [Line([], 8, {})], [[each] for each in _TRIAL])
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
