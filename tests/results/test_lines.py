"""Lines written at once: byte for byte what XlsxWriter makes of the same cells, or not taken at all."""

import sys
import zipfile
from io import BytesIO
from itertools import zip_longest

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from importer.results.inert import hold
from importer.results.stream import Line, LineSheet, StreamedSheet, tried
from importer.results.styles import Style

ROW = 2
"""The column of the row number; two cells of ours stand before it."""
ODD = (
    *" \x85\n\r\t\"'-\x7fé🚗\ufeff\x00\x1f\ud800\ufffe",
    *("a ", "\xa0a", "a\u3000", "a\nb", "a\rb", "_x000D_", "_x000d_a_x", "_xZZZZ_"),
    *("a&b", "&amp;", "<r>", "</r>", "<r>a</r> ", "]]>"),
    *("=1", "+1", "@a", "'t Hooft"),
    *("x" * 32_767, "x" * 32_768, "🚗" * 16_384),
)
texts = (st.just("") | st.sampled_from(ODD) | st.text(st.characters(codec=None), max_size=8)).map(
    hold
)
rows = st.tuples(
    st.tuples(texts, texts),
    st.none() | st.integers(1, 1_048_576),
    st.lists(texts, min_size=4, max_size=4),
    st.sets(st.integers(ROW + 1, ROW + 4), max_size=2),
    st.sampled_from([None, 15, 40, 200.5]),
    st.booleans(),
    st.integers(1, 3),
)
"""Cells of ours, the row number, texts, marked columns, height, whether with a comment, rows from the line before to it, where it
is the first of those written together."""


def both_ways(pieces):
    """Return the XML of a worksheet written cell by cell, and of one written line by line."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        number_format = book.add_format({"align": "center"})
        text, own, mark = (
            Style(book.add_format(every), book.add_format({**every, "quote_prefix": True}))
            for every in ({"num_format": "@"}, {"bold": True}, {"italic": True})
        )
        for kind in (LineSheet, StreamedSheet):
            sheet, line = book.add_worksheet(worksheet_class=kind), 0
            sheet.select()  # as the first one of a book is
            sheet.write_row(0, 0, ["header"] * (ROW + 5))
            sheet.set_lines(4, ROW, number_format, text)
            for together in pieces:
                line += together[0][-1]
                for at, (*_, tall, said, _) in enumerate(together, line):
                    if tall is not None:
                        sheet.set_row(at, tall)
                    if said:
                        sheet.write_comment(at, ROW + 1, "said")
                beside = [
                    Line([(0, one, own), (1, two, text)], number, dict.fromkeys(marked, mark))
                    for (one, two), number, _, marked, *_ in together
                ]
                columns = list(zip(*(cells for _, _, cells, *_ in together), strict=True))
                sheet.write_lines(line, beside, columns)
                line += len(together) - 1
    with zipfile.ZipFile(file) as archive:
        return [archive.read(f"xl/worksheets/sheet{at}.xml") for at in (1, 2)]


def first_difference(xml, expected):
    """Return the first row that is not the same, both ways; whole worksheets make endless messages."""
    pairs = zip_longest(xml.split(b"<row "), expected.split(b"<row "))
    return next((pair for pair in pairs if pair[0] != pair[1]), None)


@given(st.lists(st.lists(rows, min_size=1, max_size=3), max_size=4))
def test_any_lines_are_byte_for_byte_what_xlsxwriter_makes_of_their_cells(lines):
    cells, fast = both_ways(lines)
    assert first_difference(fast, cells) is None


def test_one_odd_text_in_a_line_is_written_as_xlsxwriter_writes_it():
    characters = {*map(chr, range(0x80)), *filter(str.isspace, map(chr, range(sys.maxunicode + 1)))}
    around = [text for one in characters for text in (one, f"{one}a", f"a{one}a", f"a{one}")]
    lines = [
        (("a", "b"), 1, ["c", hold(text), "d", "e"], set(), None, False, 1)
        for text in (*ODD, *sorted(around))
    ]
    expected, fast = both_ways([[line] for line in lines])
    assert first_difference(fast, expected) is None


class Wanting(StreamedSheet):
    """As on an XlsxWriter that no longer has a name."""

    def write_lines(self, *lines):
        raise AttributeError


class Other(StreamedSheet):
    """As on an XlsxWriter that writes cells in another way."""

    def write_lines(self, *lines):
        super().write_lines(*lines)
        self.fh.write(" ")


@pytest.mark.parametrize(
    ("kind", "taken"),
    [(StreamedSheet, StreamedSheet), (Wanting, LineSheet), (Other, LineSheet)],
    ids=["as it is", "a name is gone", "cells look different"],
)
def test_lines_go_cell_by_cell_where_xlsxwriter_has_changed(tmp_path, kind, taken):
    assert tried(kind, str(tmp_path)) is taken
