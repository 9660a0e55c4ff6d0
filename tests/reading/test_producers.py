"""One table of about a hundred tricky cells, as 25 programs write it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from importer.model import EXCEL_ERRORS, UNCORRECTED
from importer.reading import read_source

FOLDER = Path(__file__).parents[1] / "fixtures" / "producers"
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
