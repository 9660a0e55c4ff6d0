"""Old workbooks (``.xls``): cells as Excel shows them, whatever program wrote them."""

import struct

import pytest
from old_excel import SECTOR, workbook
from packages import DAMAGED, FAULTS, FIXTURES, read, refusal, texts

from importer.reading import faults, read_source


def test_old_workbooks_may_count_their_days_from_1904(tmp_path):
    data = workbook({(0, 0): (35463.0, 0)}, ["yyyy-mm-dd"], since_1904=True)
    assert texts(read(tmp_path, data)) == [["2001-02-03"]]


def test_an_old_workbook_tells_as_much():
    """The file is xlwt's: a strike, a red cell, a merge over rows, a formula, a hidden row and column."""
    grid = read_source(FIXTURES / "producers" / "xlwt-looks.xls").grids[0]
    assert texts(grid) == [["id", "fee"], ["1", "3.5"], ["m", "x"], ["m", "y"], ["f", ""]]
    assert (grid.struck, grid.fills) == ({(1, 0)}, {1: ((1, "FF0000"),)})
    assert grid.flaws == (faults.NOT_CALCULATED.at(4, 1),)
    assert grid.notes == (
        "Hidden rows (1) are read like all others.",
        "Hidden columns (B) are read like all others.",
    )


CELLS = {(0, 0): "id", (1, 0): (7.0, 0)}
SHOWN = [["id"], ["007"]]


@pytest.mark.parametrize("function", [0, 169, 344], ids=["COUNT", "COUNTA", "SUBTOTAL"])
def test_a_row_whose_formula_counts_others_is_a_flaw_as_a_whole(tmp_path, function):
    count = b"\x25\0\0\1\0\0\xc0\0\xc0" + b"\x42\1" + function.to_bytes(2, "little")
    cells = {(0, 0): "a", (1, 0): "b", (2, 0): (2, None, count), (2, 1): (8, None, b"\x1e\x08\0")}
    grid = read(tmp_path, workbook(cells))
    assert texts(grid)[2] == ["2", "8"]
    assert grid.flaws == (faults.TALLY.at(2, 0),)


def test_the_name_of_an_old_workbooks_stream_ends_at_its_nul(tmp_path):
    data = workbook(CELLS, ["000"])
    name = "Workbook".encode("utf-16-le") + b"\0\0"
    place = data.index(name)
    for rest, length in ((b"\0", 64), (b"x\0y\0", 18), (b"R\0", 22)):
        entry = (name + rest).ljust(64, b"\0") + length.to_bytes(2, "little")
        assert texts(read(tmp_path, data[:place] + entry + data[place + 66 :])) == SHOWN


def test_an_old_workbook_whose_table_claims_a_sector_twice_is_read(tmp_path):
    """Web exports write the root's place of small streams into the workbook's own sectors."""
    data = bytearray(workbook(CELLS, ["000"]))
    root = 2 * SECTOR
    struct.pack_into("<IQ", data, root + 116, 3, SECTOR)
    assert texts(read(tmp_path, bytes(data))) == SHOWN


def test_a_stray_cell_in_the_last_corner_of_an_old_workbook_costs_nothing(tmp_path):
    cells = {**CELLS, (65_535, 255): "x"}
    grid = read(tmp_path, workbook(cells, ["000"]))
    assert grid.rows.tolist() == [1, 2, 65_536]
    assert grid.frame[0].tolist() == ["id", "007", ""]
    assert grid.frame[255].tolist() == ["", "", "x"]


def test_dates_that_old_workbooks_know_by_number_alone_are_dates(tmp_path):
    """Japanese, Chinese, Korean and Thai Excel write number 31 or 71 and no code."""
    data = workbook({(0, 0): (36925.0, 0), (0, 1): (36925.0, 1)}, ["x", "y"])
    styles = [struct.pack("<HHH", 0, number, 1) for number in (164, 165)]
    for style, number in zip(styles, (31, 71), strict=True):
        assert data.count(style) == 1
        data = data.replace(style, struct.pack("<HHH", 0, number, 1))
    assert texts(read(tmp_path, data)) == [["2001-02-03", "2001-02-03"]]


def bytes_of(name, sign, value):
    """Return a workbook whose byte behind this sign is another."""
    data = bytearray((FAULTS / name).read_bytes())
    data[data.index(sign) + len(sign)] = value
    return bytes(data)


COLUMN = b"\1\0\xff"
CHANGED = {
    "a column that none has": workbook({(1, 255): "x"}).replace(COLUMN + b"\0", COLUMN + b"\xff"),
    "small sectors in a ring": bytes_of("poi-city.xls", b"\x1b\0\0\0", 4),
    "a font that is not there": bytes_of("perl-city.xls", b"\xe0\0\x14\0", 99),
}  # fmt: skip


@pytest.mark.parametrize("data", CHANGED.values(), ids=CHANGED)
def test_an_old_workbook_with_a_changed_byte_is_damaged(tmp_path, data):
    assert refusal(tmp_path, data) == DAMAGED
