"""Whole lines of inert text in a worksheet: cell by cell, or as one piece of XML where that is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from importer.results.inert import LIVE
from importer.results.looks import is_markup, put

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xlsxwriter.format import Format

    from importer.results.looks import Look

_EDGES = "".join(filter(str.isspace, map(chr, range(0x3001)))) + LIVE
"""No text that needs no care begins or ends with one of these: every blank there is, and ``LIVE``."""
_ESCAPED = b"&<>" + bytes(range(32))
_ESCAPE = "_x"
"""Begins what stands for a control character in a workbook (``_x000D_``)."""


class LineSheet(Worksheet):  # type: ignore[misc]  # XlsxWriter is untyped
    """A worksheet in constant memory that takes a line at a time and writes it cell by cell."""

    def set_lines(self, columns: int, row: int, number: Format, text: Look) -> None:
        """Say once what all lines have in common.

        Args:
            columns: How many texts a line has.
            row: The column of the row number; the texts begin in the next one.
            number: The format of row numbers.
            text: The look of texts.
        """
        self._row_column, self._row_format, self._text_look = row, number, text
        self._cell_starts = [f'<c r="{xl_col_to_name(at)}' for at in range(row + 1 + columns)]
        self._text_starts = self._cell_starts[row + 1 :]

    def write_line(
        self,
        line: int,
        own: Sequence[tuple[int, str, Look]],
        number: int | None,
        texts: Sequence[str],
        marks: Mapping[int, Look],
    ) -> None:
        """Write a line, whole, below a header that is as wide.

        Its height and its comments are set before, since nothing can be set afterwards.

        Args:
            line: The worksheet's row, counted from 0, below all that were written.
            own: Column, text and look of the cells before the row number, in order.
            number: The row number; ``None`` for none.
            texts: The texts after it; blank ones without a mark make no cell. These and the texts
                of ``own`` are as a cell can hold them (``inert.hold``).
            marks: Column → another look than that of texts.
        """
        for column, text, look in own:
            put(self, line, column, text, look)
        if number is not None:
            self.write_number(line, self._row_column, number, self._row_format)
        for column, text in enumerate(texts, self._row_column + 1):
            if text or column in marks:
                put(self, line, column, text, marks.get(column, self._text_look))


class StreamedSheet(LineSheet):
    """The same with far less work: a line is one piece of XML, put where XlsxWriter lays rows aside.

    It rests on private names of XlsxWriter. So ``inert_book`` compares it with the other way before
    it takes it, and XlsxWriter itself writes or escapes whatever is not plain.
    """

    previous_row: int
    """XlsxWriter's: the row that it collects cells for; those above are written."""

    def write_line(
        self,
        line: int,
        own: Sequence[tuple[int, str, Look]],
        number: int | None,
        texts: Sequence[str],
        marks: Mapping[int, Look],
    ) -> None:
        """Write a line, whole: see ``LineSheet``."""
        if line > self.previous_row:
            self._write_single_row(line)
        held = [text for _, text, _ in own]
        careful = bool(marks) or not all(held)
        held += texts
        careful = careful or _needs_care(held)
        if (
            (careful and any(map(is_markup, held)))
            or not any(held)
            # The line is begun already, or above another one, or not on the worksheet.
            or self.table.get(line)
            or self._check_dimensions(line, 0)
        ):
            super().write_line(line, own, number, texts, marks)
            return
        cells = self._careful_cells if careful else self._plain_cells
        content = "".join(cells(str(line + 1), own, number, texts, marks))
        self._write_row(line, None, self.row_info.get(line))
        self.fh.write(f"{content}</row>")
        # XlsxWriter now takes the line for written and lets nothing more into it.
        self.previous_row = line + 1

    def _plain_cells(
        self,
        name: str,
        own: Sequence[tuple[int, str, Look]],
        number: int | None,
        texts: Sequence[str],
        _: Mapping[int, Look],
    ) -> Iterator[str]:
        """Yield the cells of a line with no text that needs care; ``name`` is the row's in the sheet."""
        starts = self._cell_starts
        for column, text, look in own:
            style = _style(look.plain)
            yield f'{starts[column]}{name}" s="{style}" t="inlineStr"><is><t>{text}</t></is></c>'
        yield self._number_cell(name, number)
        # The innermost loop of the whole workbook.
        middle = f'{name}" s="{_style(self._text_look.plain)}" t="inlineStr"><is><t>'
        yield "".join(
            [
                f"{start}{middle}{text}</t></is></c>"
                for start, text in zip(self._text_starts, texts, strict=True)
                if text
            ]
        )

    def _careful_cells(
        self,
        name: str,
        own: Sequence[tuple[int, str, Look]],
        number: int | None,
        texts: Sequence[str],
        marks: Mapping[int, Look],
    ) -> Iterator[str]:
        """Yield the cells of any other line."""
        for column, text, look in own:
            yield self._careful_cell(column, name, text, look)
        yield self._number_cell(name, number)
        middle = f'{name}" s="{_style(self._text_look.plain)}" t="inlineStr"><is><t>'
        for column, text in enumerate(texts, self._row_column + 1):
            if column in marks:
                yield self._careful_cell(column, name, text, marks[column])
            elif text.strip(_EDGES) != text or not text.isprintable() or _ESCAPE in text:
                yield self._careful_cell(column, name, text, self._text_look)
            elif text:
                start = self._cell_starts[column]
                yield f"{start}{middle}{self._escape_data(text)}</t></is></c>"

    def _careful_cell(self, column: int, name: str, text: str, look: Look) -> str:
        """Return one cell, its text escaped by XlsxWriter."""
        start = f'{self._cell_starts[column]}{name}" s="{_style(look.of(text))}"'
        if not text:
            return f"{start}/>"
        text = self._escape_control_characters(text)
        kept = ' xml:space="preserve"' if text != text.strip() else ""
        return f'{start} t="inlineStr"><is><t{kept}>{self._escape_data(text)}</t></is></c>'

    def _number_cell(self, name: str, number: int | None) -> str:
        """Return the cell of the row number, or nothing."""
        if number is None:
            return ""
        start = self._cell_starts[self._row_column]
        return f'{start}{name}" s="{_style(self._row_format)}"><v>{number}</v></c>'


def _style(look: Format) -> int:
    """Return the number by which cells name a format."""
    return look._get_xf_index()  # type: ignore[no-any-return]  # noqa: SLF001


def _needs_care(texts: list[str]) -> bool:
    """Whether one of the texts is not written as it is, or not with the plain form of its look."""
    whole = "".join(texts)
    data = whole.encode()
    return (
        len(data.translate(None, _ESCAPED)) < len(data)
        or _ESCAPE in whole
        or [text.strip(_EDGES) for text in texts] != texts
    )
