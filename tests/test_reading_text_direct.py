"""Delimited text the quick way: the cells are those that the ``csv`` module finds, or it is asked."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importer.errors import InputError
from importer.reading import read_source
from importer.reading.blocks import Blocks
from importer.reading.delimited_direct import Place, read_plainly


def grid_of(folder, data):
    path = folder / "people.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_source(path).grids[0]


def found_by_csv(text, start=1):
    """Return number and cells of every record that is not empty; ``None`` where csv refuses one."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [(at, record) for at, record in enumerate(reader, start=start) if record]
    except csv.Error:
        return None


def found_by_us(folder, text):
    try:
        grid = grid_of(folder, f"sep=,\n{text}")
    except InputError:
        return None
    rows = grid.frame.to_numpy().tolist()
    lengths = [] if grid.lengths is None else grid.lengths.tolist()
    return [
        (at, row[:length])
        for at, row, length in zip(grid.rows.tolist(), rows, lengths, strict=True)
    ]


@given(st.text(st.sampled_from('aé",\n\r= '), max_size=40))
@example('a,"b ""c"" d"\r\n\r\n"","",\n')
@example('"a\r\nb",c\n"""",""""""\n')
@example('a,b\n"a""b","c"d\n')
@example('a,b\n1,5" pipe\n"x",y\n')
@example("a\rb\n")
@example('a,"b')
@example('""')
def test_every_text_gives_the_cells_that_the_csv_module_finds(tmp_path_factory, text):
    assert found_by_us(tmp_path_factory.mktemp("t"), text) == found_by_csv(text)


NAME = "Ann-Sofie " * 10
LONG = {
    "plain": f"1,{NAME},x\n",
    "windows": f"1,{NAME},\r\n",
    "quoted": f'"1","{NAME}""the"" é","Line\r\nbreak, and more"\r\n',
    "ragged": f"1\n1,{NAME},3,4\n\n1,2\n",
}


@pytest.mark.parametrize("record", LONG.values(), ids=LONG)
def test_records_over_the_end_of_a_piece_stay_whole(tmp_path, record):
    text = "a,b,c,d\n" + record * (2_200_000 // len(record))
    assert found_by_us(tmp_path, text) == found_by_csv(text)


def test_the_quick_way_goes_as_far_as_the_text_is_usual_and_says_where_csv_goes_on():
    usual = b"1,Ann\n\n" * 300_000
    blocks = Blocks(0)
    place = read_plainly(usual + b'2,5" pipe\n' + b"x" * (1 << 20), 0, ",", blocks, 100)
    assert 0 < place.byte <= len(usual)
    assert usual[: place.byte].count(b"\n") == place.records
    assert read_plainly(usual, 0, ",", Blocks(0), 100) == Place(len(usual), 600_000)


def test_a_quote_inside_a_cell_far_below_is_a_character_and_no_record_is_lost(tmp_path):
    text = "a,b\n" + f"1,{NAME}\n\n" * 15_000 + '2,5" pipe\n' + '"3","Bo"\n' * 5
    assert found_by_us(tmp_path, text) == found_by_csv(text)


def test_a_quote_that_is_never_closed_far_below_is_named_by_its_record(tmp_path):
    with pytest.raises(InputError) as caught:
        grid_of(tmp_path, "a,b\n" + f"1,{NAME}\n\n" * 15_000 + '2,"Bo\n')
    assert str(caught.value) == (
        "people.csv, record 30002: a double quote is opened and not closed where its cell ends. "
        "Correct the quotes of this record, or export the file again."
    )


def test_one_wide_record_among_many_short_ones_does_not_fill_the_memory():
    blocks = Blocks(0)
    data = b"," * 9_999 + b"\n" + b"1\n" * 500_000
    assert read_plainly(data, 0, ",", blocks, 16_384) == Place(0, 0)
    assert blocks.width == 0


ENCODINGS = {"utf-16": "utf-16", "windows-1252": "cp1252", "byte order mark": "utf-8-sig"}


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
def test_texts_in_other_encodings_go_the_same_way(tmp_path, encoding):
    text = 'sep=;\r\nid;"na;me"\r\n1;"Zoë ""Z"""\r\n'
    grid = grid_of(tmp_path, text.encode(encoding))
    assert grid.frame.to_numpy().tolist() == [["id", "na;me"], ["1", 'Zoë "Z"']]
    assert grid.rows.tolist() == [1, 2]
