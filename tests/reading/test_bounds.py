"""Small files that unfold into much: each is read or refused in bounded time and memory."""

import tracemalloc

import pytest
from packages import UNPACKED, read, refusal, texts, with_sheet

from importer.reading.display import show
from importer.reading.number_format import parse


@pytest.mark.exhaustive
def test_a_million_formatted_empty_rows_cost_little_memory(tmp_path):
    empty = "".join([f'<row r="{row}"><c r="A{row}" s="1"/></row>' for row in range(2, 1_048_577)])
    data = with_sheet(f'<row r="1"><c r="A1"><v>1</v></c></row>{empty}')
    tracemalloc.start()
    try:
        assert texts(read(tmp_path, data)) == [["1"]]
        assert tracemalloc.get_traced_memory()[1] < len(data) + (64 << 20)
    finally:
        tracemalloc.stop()


TOO_LARGE = (
    "the table has more than 16,384 columns, 50,000,000 cells (blank ones counted), 2,000,000 merged cells or "
    "1,000,000,000 characters, too many to be read. Delete stray cells far to the right or take merges away, or "
    "split the file."
)


def many_rows(count, cell):
    return "".join(f'<row r="{n}">{cell.format(n)}</row>' for n in range(1, count + 1))


LONG = f"<si><t>{'x' * 100_000}</t></si>"
SHARED = '<c r="A{}" t="s"><v>0</v></c>'
MERGED = '<mergeCells><mergeCell ref="{}"/></mergeCells>'
TOO_DEEP = (
    "the tags of this page are nested too deeply for all of it to be read. "
    "Open it in Excel or LibreOffice and save it as an Excel workbook (.xlsx)."
)
UNFOLDING = {
    "few bytes of text that are millions of cells": (
        ("," * 16_000 + "x\n" + "1\n" * 4_000).encode, f"people.xlsx: {TOO_LARGE}",
    ),
    "a record wider than any sheet": (("," * 20_000 + "x").encode, f"people.xlsx: {TOO_LARGE}"),
    "few bytes of a page": (
        f"<table>{'<tr><td colspan=16000>a</td><td>b</td></tr>' * 4_000}</table>".encode,
        f"people.xlsx, people: {TOO_LARGE}",
    ),
    "a long text in many cells": (
        lambda: with_sheet(many_rows(10_001, SHARED), [LONG]), f"people.xlsx, S: {TOO_LARGE}",
    ),
    "a long text in a cell merged over rows": (
        lambda: with_sheet(
            many_rows(10_001, '<c r="B{}"><v>1</v></c>').replace("<c", f"{SHARED.format(1)}<c", 1),
            [LONG], after=MERGED.format("A1:A10001"),
        ),
        f"people.xlsx, S: {TOO_LARGE}",
    ),
    "a block of millions of merged cells": (
        lambda: with_sheet(
            many_rows(3_000, '<c r="A{0}"><v>1</v></c><c r="ALM{0}"><v>1</v></c>'),
            after=MERGED.format("B1:ALL3000"),
        ),
        f"people.xlsx, S: {TOO_LARGE}",
    ),
    "tags that nobody closes": (
        lambda: b"<table>" + b"<tr><td><font>x" * 3_000 + b"</table>", f"people.xlsx: {TOO_DEEP}",
    ),
    "blank spans over all rows of a page": pytest.param(
        f"<table><tr>{'<td rowspan=65000></td>' * 16_000}</tr>{'<tr><td></td></tr>' * 4_000}</table>".encode,
        f"people.xlsx, people: {TOO_LARGE}", marks=pytest.mark.exhaustive,
    ),
    "millions of elements before the rows": pytest.param(
        lambda: with_sheet("", before="<c/>" * 9_000_000), UNPACKED, marks=pytest.mark.exhaustive,
    ),
    "millions of elements in one row": pytest.param(
        lambda: with_sheet(f'<row r="1">{"<c/>" * 9_000_000}</row>'), UNPACKED, marks=pytest.mark.exhaustive,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "message"), UNFOLDING.values(), ids=UNFOLDING)
def test_what_would_fill_the_memory_or_lose_rows_is_refused(tmp_path, make, message):
    assert refusal(tmp_path, make()) == message


SLOW = {
    "phonetic help": f"<si><t>x</t>{'<rPh>' * 20_000}{'</rPh>' * 20_000}</si>",
    "escapes": f"<si><t>{'_x' * 100_000}</t></si>",
}


@pytest.mark.parametrize("shared", SLOW.values(), ids=SLOW)
def test_what_pattern_matching_would_take_minutes_for_is_read_at_once(tmp_path, shared):
    data = with_sheet('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', [shared])
    assert texts(read(tmp_path, data))[0][0]


@pytest.mark.parametrize("sign", ["[", '"', "\\", "_"], ids=str)
def test_a_format_code_of_a_hundred_thousand_signs_is_not_looked_at(sign):
    assert show("1234.5", parse(sign * 100_000)).fault is not None
