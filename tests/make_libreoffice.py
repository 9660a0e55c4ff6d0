"""Write ``tests/fixtures/libreoffice/``: workbooks that LibreOffice saved, and what it shows in them.

Run ``python tests/make_libreoffice.py`` where LibreOffice is installed; the files are committed, so
that the tests need it only to make sure that a live LibreOffice still agrees.
"""

import datetime as dt
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl

FOLDER = Path(__file__).parent / "fixtures" / "libreoffice"
FILTERS = {
    "shown.xlsx": "xlsx:Calc MS Excel 2007 XML",
    "shown.xls": "xls:MS Excel 97",
    # Comma, double quotes, UTF-8, from the first line, no column formats, no language, quotes only
    # where they are needed, cells as shown.
    "shown.csv": "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true",
}
NUMBERS = {
    "General": [0, 7, -7, 1234567, 0.5, -12.25, 123456789, 0.1],
    "0": [0, 7.4, 7.5, 12345, -3],
    "00000": [0, 7, 12345, 123456],
    "000000000": [1, 987654321],
    "0.00": [0, 14.5, 19.999, 2.675, -3.1],
    "#,##0": [0, 999, 1000, 1234567],
    "#,##0.00": [0.5, 1234.5, -9876543.21],
    '"$"#,##0.00': [3, 1234.5],
    "0%": [0.15, 1, 0.155],
    "0.0%": [0.155, 0.5],
    "000-00-0000": [123456789, 12345678, 0],
    "000-000-0000": [4165550100],
    '"A"0000': [12, 98765],
    '0" days"': [3],
    "0.###": [1.5, 1.23456],
    "#.##": [1.5, 0.25],
    "0;(0)": [5, -5],
    '0;-0;"none"': [5, -5, 0],
    "0000 0000": [1234567, 12345678],
    "00.00": [7.5, -12.345],
    "00000;[Red]-00000": [42, -42],
    "[Blue]0.0": [1.25],
    "[$-409]#,##0.00": [1234.5],
    "[$€-407] 0.00": [14.5],
    "0.0,": [1234567],
    '[<100]0" of 100";0': [42, 420],
    '0;-0;"-"': [0],
    "#,##0.000": [-0.0001],
    "0.00;-0.00": [-0.001],
    "@": ["0012345", "1E5", "TRUE", "-", "#5"],
}
DATES = {
    "yyyy-mm-dd": dt.date(2001, 2, 3),
    "dd/mm/yyyy": dt.date(2001, 2, 3),
    "m/d/yyyy": dt.date(1999, 12, 31),
    "yyyy-mm-dd hh:mm:ss": dt.datetime.fromisoformat("2001-02-03T14:30:05"),
    "dd.mm.yyyy hh:mm": dt.datetime.fromisoformat("2001-02-03T14:30"),
    "hh:mm:ss": dt.time(14, 30, 5),
    "[h]:mm": dt.timedelta(hours=26, minutes=15),
}
TEXTS = [
    "Zoë", "Null", "NA", "nan", " two  blanks ", "line\nbreak", 'say "hi"', "a,b", "=1+1", "'0012",
    "日本", "🚗", "Ω & <tag>", "1-2", "MAR10", "+15550100",
]  # fmt: skip


def write_source(path):
    """Write the workbook that LibreOffice opens: a column of formats, a column of cells."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Shown"
    sheet.append(["format", "cell"])
    for code, value in cases():
        sheet.append([code])
        cell = sheet.cell(sheet.max_row, 2, value)
        if isinstance(value, str):
            cell.data_type = "s"
        cell.number_format = code
    for value in (True, False):
        sheet.append(["truth", value])
    book.save(path)


def cases():
    """Return number formats and values, row by row."""
    numbers = [(code, value) for code, values in NUMBERS.items() for value in values]
    return [*numbers, *DATES.items(), *(("General", text) for text in TEXTS)]


def make(folder):
    """Have LibreOffice save the workbook in all forms into a folder."""
    soffice = shutil.which("soffice")
    if soffice is None:
        raise SystemExit("LibreOffice (soffice) is not installed.")
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "shown.xlsx")
        write_source(source)
        for name, form in FILTERS.items():
            profile = Path(scratch, "profile").as_uri()
            subprocess.run(
                [soffice, f"-env:UserInstallation={profile}", "--headless", "--convert-to", form,
                 "--outdir", str(folder), str(source)],
                check=True, capture_output=True, timeout=100,
            )  # fmt: skip
            if not Path(folder, name).exists():
                raise SystemExit(f"LibreOffice did not write {name}.")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    make(FOLDER)
    sys.stdout.write(f"Wrote {FOLDER}\n")
