"""Files in the shape of public bug reports: what stands in them is read for what it is, or held."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from importer.reading import faults, read_source, take_sheet

FAULTS = Path(__file__).parents[1] / "fixtures" / "producers" / "faults"


def read(name, header_row=1):
    source = read_source(FAULTS / name)
    return take_sheet(source, source.grids[0], header_row)


def column(sheet, header):
    (found,) = [column.position for column in sheet.columns if column.header == header]
    return found


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("poi-city.xlsx", "City"),
        ("poi-city.xls", "City"),
        ("perl-city.xls", "City"),
        ("jxl-city.xls", "City"),
        ("jxl-permits.xls", "Price"),
        ("xlsxwriter-city.xlsx", "City"),
        ("pandas-xlsxwriter.xlsx", "City"),
    ],
)
def test_what_stands_in_for_the_value_of_a_formula_is_held(name, header):
    sheet = read(name)
    at = column(sheet, header)
    assert sheet.flaws == tuple(
        faults.NOT_CALCULATED.at(row, at) for row in range(len(sheet.frame))
    )


def test_a_calculated_value_is_no_stand_in():
    grid = read_source(FAULTS.parent / "usual" / "java-poi-hssf.xls").grids[0]
    shown = dict(zip(grid.frame[0], grid.frame[1], strict=True))
    assert (shown["f_num"], shown["f_text"], shown["f_pad"]) == ("42", "00123", "001234567")


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("hidden-first-attr.xlsx", "Column B is hidden; it is read like all others."),
        ("hidden-last-attr.xlsx", "Column B is hidden; it is read like all others."),
        ("row-height-0.xlsx", "One row is hidden; it is read like all others."),
    ],
)
def test_what_is_hidden_in_any_way_is_told(name, note):
    assert read_source(FAULTS / name).grids[0].notes == (note,)


def test_no_date_becomes_a_percentage_by_a_format_of_another_cell():
    sheet = read("dxf-permits.xlsx")
    assert all(re.fullmatch(r"2026-09-01T14:05:00", text) for text in sheet.frame[1])
