"""One table of about a hundred tricky cells, as 25 programs write it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from importer.model import EXCEL_ERRORS, UNCORRECTED
from importer.reading import faults, read_source, take_sheet

FOLDER = Path(__file__).parents[1] / "fixtures" / "producers"
FAULTS = FOLDER / "faults"
SHOWN = json.loads((FOLDER / "shown.json").read_text(encoding="utf-8"))
"""File → case → what a person sees in the column ``value``; cells without a trusted value are marked."""
STAND_INS = {
    "java-poi-hssf.xls": {"f_none"},
    "py-pandas-xlsxwriter.xlsx": {"t_eq"},
}
"""Formulas that no program has calculated yet: 0 or nothing stands in for their value."""


@pytest.mark.parametrize("name", SHOWN)
def test_every_cell_of_every_program_reads_as_a_person_sees_it(name):
    grid = read_source(FOLDER / "usual" / name).grids[0]
    flawed = {flaw.position for flaw in grid.flaws if flaw.column == 1}
    cases, values = grid.frame[0].tolist()[1:], grid.frame[1].tolist()[1:]
    found = {
        case: f"{value} {UNCORRECTED}".strip()
        if position in flawed and value not in EXCEL_ERRORS
        else value
        for position, (case, value) in enumerate(zip(cases, values, strict=True), start=1)
    }
    stand_ins = dict.fromkeys(STAND_INS.get(name, ()), UNCORRECTED)
    assert found == SHOWN[name] | stand_ins


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
