"""What we read from workbooks that LibreOffice saved is what LibreOffice itself shows."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from pathlib import Path

import pytest
from returning import LIBREOFFICE, save_in_libreoffice

from importer.reading import read_source, take_sheet

FOLDER = Path(__file__).parents[1] / "fixtures" / "libreoffice"
CELLS = 99
FORMS = {
    "shown.xlsx": "xlsx:Calc MS Excel 2007 XML",
    "shown.xls": "xls:MS Excel 97",
    # Comma, double quotes, UTF-8, from the first line, no column formats, no language, quotes only
    # where they are needed, cells as shown.
    "shown.csv": "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true",
}
"""How LibreOffice made the files of the folder of a workbook with a column of formats and one of cells."""
SHOWN_FORMS = {
    "dd/mm/yyyy": ("%d/%m/%Y", "%Y-%m-%d"),
    "m/d/yyyy": ("%m/%d/%Y", "%Y-%m-%d"),
    "yyyy-mm-dd hh:mm:ss": ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"),
    "dd.mm.yyyy hh:mm": ("%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%S"),
}
"""How LibreOffice shows a date, and how we write it, whatever its format."""
WORKBOOKS = ("shown.xlsx", "shown.xls")


def exported(folder):
    """Return LibreOffice's own export: format code and shown text of each cell."""
    with (folder / "shown.csv").open(encoding="utf-8", newline="") as file:
        return [(code, text) for code, text in csv.reader(file)][1:]


def as_we_write(code, text):
    if code in SHOWN_FORMS:
        shown, ours = SHOWN_FORMS[code]
        return dt.datetime.strptime(text, shown).strftime(ours)  # noqa: DTZ007 - cells have no zone
    return text


def read(folder, name):
    source = read_source(folder / name)
    sheet = take_sheet(source, source.grids[0], 1)
    assert sheet.flaws == ()
    return list(zip(*(sheet.frame[column].tolist() for column in (0, 1)), strict=True))


def agrees(folder, name):
    expected = [(code, as_we_write(code, text)) for code, text in exported(folder)]
    assert len(expected) == CELLS
    assert read(folder, name) == expected


@pytest.mark.parametrize("name", WORKBOOKS)
def test_every_cell_reads_as_libreoffice_shows_it(name):
    agrees(FOLDER, name)


def test_libreoffice_s_own_export_reads_as_it_is():
    assert read(FOLDER, "shown.csv") == exported(FOLDER)


@pytest.mark.libreoffice
@pytest.mark.skipif(LIBREOFFICE is None, reason="LibreOffice is not installed here")
def test_a_live_libreoffice_still_agrees(tmp_path):
    source = tmp_path / "shown.xlsx"
    shutil.copy(FOLDER / "shown.xlsx", source)
    for form in FORMS.values():
        save_in_libreoffice(source, tmp_path, form)
    saved = tmp_path / "saved"
    assert exported(saved) == exported(FOLDER)
    for name in WORKBOOKS:
        agrees(saved, name)
