"""Workbooks as programs write them: every cell reads as a person sees it there.

One table of about a hundred tricky cells as 25 programs write it, the faults of some of them, and a table of
number formats as LibreOffice itself shows it.
"""

import csv
import datetime as dt
import json

import pytest
from packages import FAULTS, FIXTURES, table

from importer.model import EXCEL_ERRORS, UNCORRECTED
from importer.reading import faults, read_source

FOLDER = FIXTURES / "producers"
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


CALCULATED_LATER = {
    **dict.fromkeys(["poi-city.xlsx", "poi-city.xls", "perl-city.xls", "jxl-city.xls", "xlsxwriter-city.xlsx"], "City"),
    "pandas-xlsxwriter.xlsx": "City", "jxl-permits.xls": "Price",
}  # fmt: skip


@pytest.mark.parametrize("name", CALCULATED_LATER)
def test_what_stands_in_for_the_value_of_a_formula_is_held(name):
    sheet = table(FAULTS / name)
    (at,) = [each.position for each in sheet.columns if each.header == CALCULATED_LATER[name]]
    assert sheet.flaws == tuple(
        faults.NOT_CALCULATED.at(row, at) for row in range(len(sheet.frame))
    )


HIDDEN = {
    **dict.fromkeys(["hidden-first-attr.xlsx", "hidden-last-attr.xlsx"], "Hidden columns (B) are read like all others."),
    "row-height-0.xlsx": "Hidden rows (1) are read like all others.",
}  # fmt: skip


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_hidden_in_any_way_is_told(name):
    assert read_source(FAULTS / name).grids[0].notes == (HIDDEN[name],)


def test_no_date_becomes_a_percentage_by_a_format_of_another_cell():
    assert set(table(FAULTS / "dxf-permits.xlsx").frame[1]) == {"2026-09-01T14:05:00"}


# --- LibreOffice -----------------------------------------------------------------------------------

SAVED = FIXTURES / "libreoffice"
# LibreOffice made both from one workbook with a column of formats and one of cells, and the text with
# comma, double quotes, UTF-8, from the first line, no column formats, no language, quotes only where they
# are needed, cells as shown.
SHOWN_FORMS = {
    "dd/mm/yyyy": ("%d/%m/%Y", "%Y-%m-%d"),
    "m/d/yyyy": ("%m/%d/%Y", "%Y-%m-%d"),
    "yyyy-mm-dd hh:mm:ss": ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"),
    "dd.mm.yyyy hh:mm": ("%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%S"),
}
"""How LibreOffice shows a date, and how we write it, whatever its format."""


def as_we_write(code, text):
    if code in SHOWN_FORMS:
        shown, ours = SHOWN_FORMS[code]
        return dt.datetime.strptime(text, shown).strftime(ours)  # noqa: DTZ007 - cells have no zone
    return text


@pytest.mark.parametrize("name", ["shown.xlsx", "shown.xls", "shown.csv"])
def test_every_cell_reads_as_libreoffice_shows_it(name):
    with (SAVED / "shown.csv").open(encoding="utf-8", newline="") as file:
        shown = [(code, text) for code, text in csv.reader(file)][1:]
    assert len(shown) == 99
    if name != "shown.csv":
        shown = [(code, as_we_write(code, text)) for code, text in shown]
    sheet = table(SAVED / name)
    assert [*zip(sheet.frame[0], sheet.frame[1], strict=True)] == shown
    assert sheet.flaws == ()
