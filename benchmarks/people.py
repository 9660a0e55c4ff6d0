"""Invented people in files of any length: the same rows as a workbook and as delimited text.

The workbook is written part by part, with shared texts and cell styles as Excel writes them, because
no library keeps the texts of a million rows shared in little memory.
"""

from __future__ import annotations

import csv
import datetime as dt
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST = ("Ada", "Zoë", "Amélie", "Noah", "Priya", "Liam", "Chloé", "Omar", "Yuki", "Sofía")
LAST = ("Fictive", "Nobody", "O'Invent", "Null", "Beispiel", "Exemple", "True", "Inventado")
STREETS = ("Maple Ave", "King St W", "rue Principale", "Bay St", "Station Rd", "College Lane")
CITIES = (
    ("Toronto", "ON"),
    ("Montréal", "QC"),
    ("Halifax", "NS"),
    ("Calgary", "AB"),
    ("Buffalo", "NY"),
)
GENERAL, TEXT, NUMBER, PADDED, DAY, MONEY, PHONE = range(7)
"""How a column's cells are stored and shown: style 0 for the first three."""
STYLES = {PADDED: 1, DAY: 2, MONEY: 3, PHONE: 4}
COLUMNS = (
    ("STUDENT_ID", PADDED, "unique_id"),
    ("SOURCE", TEXT, "login_source"),
    ("FIRST_NAME", TEXT, "first_name"),
    ("LAST_NAME", TEXT, "last_name"),
    ("USER_NAME", TEXT, "user_name"),
    ("EMAIL", TEXT, "email"),
    ("STREET", TEXT, "street"),
    ("CITY", TEXT, "city"),
    ("PROVINCE", TEXT, "province"),
    ("POSTAL_CODE", TEXT, "postal_code"),
    ("BIRTH_DATE", DAY, "date_of_birth"),
    ("USER_TYPE", NUMBER, "user_type_id"),
    ("CELL_PHONE", PHONE, "phone_cell"),
    ("EMPLOYEE_NO", PADDED, "employ_no"),
    ("EMPLOYEE_PHONE", TEXT, "employee_phone"),
    ("STUDENT_NO", PADDED, "student_no"),
    ("STUDENT_PHONE", PHONE, "student_phone"),
    ("LICENCE", TEXT, "driver_licence_num"),
    ("LICENCE_PROV", TEXT, "driver_licence_prov"),
    ("STREET_2", TEXT, "street2"),
    ("CITY_2", TEXT, "city2"),
    ("PROVINCE_2", TEXT, "province2"),
    ("POSTAL_CODE_2", TEXT, "postal_code2"),
    ("BALANCE", MONEY, ""),
    ("START_DATE", DAY, ""),
)
"""Header, sort of its cells, and the field that it feeds."""
TEXT_COLUMNS = 20
"""How many of them the delimited text has."""
_EPOCH = dt.date(1899, 12, 30)


def rows(count: int) -> Iterator[tuple[str | float, ...]]:
    """Yield invented people: stored values in the order of ``COLUMNS``."""
    for n in range(count):
        city, province = CITIES[n % 5]
        postal = f"{'KHBTN'[n % 5]}{n % 9}{'ABCE'[n % 4]} {n % 8}X{n % 7}"
        street = f"{1 + n % 997} {STREETS[n % 6]}"
        yield (
            n + 1, "OPSCOM", FIRST[n * 7 % 10], LAST[n * 3 % 8], f"user{n}", f"user{n}@campus.example",
            street, city, province, postal, 29_000 + n % 9_000, 1 + n % 4, 4_165_550_000 + n % 9_999,
            700_000 + n % 90_000, f"x{n % 9_999}", n + 1, 9_055_550_000 + n % 9_999,
            f"L{n:07}" if n % 3 == 0 else "", "ON" if n % 3 == 0 else "",
            street[:20] if n % 2 else "", city if n % 2 else "", province if n % 2 else "",
            postal if n % 2 else "", n % 5_000 / 4, 44_000 + n % 2_000,
        )  # fmt: skip


def shown(value: str | float, sort: int) -> str:
    """Return what the workbook's cell shows."""
    if isinstance(value, str):
        return value
    whole = int(value)
    match sort:
        case 3:
            return f"{whole:09}"
        case 4:
            return (_EPOCH + dt.timedelta(days=whole)).isoformat()
        case 5:
            return f"{value:.2f}"
        case 6:
            return f"{whole // 10**7:03}-{whole // 10**4 % 1000:03}-{whole % 10**4:04}"
    return str(whole)


def write_text(path: Path, count: int) -> None:
    """Write the first columns as comma-separated text in UTF-8."""
    columns = COLUMNS[:TEXT_COLUMNS]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header for header, _, _ in columns)
        for row in rows(count):
            writer.writerow(
                shown(value, sort) for value, (_, sort, _) in zip(row, columns, strict=False)
            )


def write_mapping(path: Path, *, columns: int) -> None:
    """Write the mapping of the first columns."""
    lines = ["version: 1", "name: Benchmark", "endpoint: users", "fields:"]
    lines += [f"  {field}: {header}" for header, _, field in COLUMNS[:columns] if field]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_workbook(path: Path, count: int) -> None:
    """Write all columns as a workbook."""
    shared: dict[str, int] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as package:
        for name, data in _PARTS.items():
            package.writestr(name, _HEAD + data)
        with package.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(
                f'{_HEAD}<worksheet xmlns="{_MAIN}"><dimension ref="A1:Y{count + 1}"/>'
                "<sheetData>".encode()
            )
            headers = tuple(header for header, _, _ in COLUMNS)
            sheet.write(_row(1, headers, shared).encode())
            for number, row in enumerate(rows(count), start=2):
                sheet.write(_row(number, row, shared).encode())
            sheet.write(b"</sheetData></worksheet>")
        with package.open("xl/sharedStrings.xml", "w", force_zip64=True) as texts:
            texts.write(f'{_HEAD}<sst xmlns="{_MAIN}" uniqueCount="{len(shared)}">'.encode())
            for text in shared:
                texts.write(f"<si><t>{text}</t></si>".encode())
            texts.write(b"</sst>")


def _row(number: int, row: tuple[str | float, ...], shared: dict[str, int]) -> str:
    cells = []
    for letter, value, (_, sort, _) in zip("ABCDEFGHIJKLMNOPQRSTUVWXY", row, COLUMNS, strict=True):
        if isinstance(value, str):
            if value:
                place = shared.setdefault(value, len(shared))
                cells.append(f'<c r="{letter}{number}" t="s"><v>{place}</v></c>')
        else:
            style = f' s="{STYLES[sort]}"' if sort in STYLES else ""
            cells.append(f'<c r="{letter}{number}"{style}><v>{value}</v></c>')
    return f'<row r="{number}" spans="1:25">{"".join(cells)}</row>'


_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KIN = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPE}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_KIN}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_KIN}"><sheets>'
    '<sheet name="Students" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_KIN}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_KIN}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId3" Type="{_KIN}/sharedStrings" Target="sharedStrings.xml"/>'
    "</Relationships>",
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts count="3">'
    '<numFmt numFmtId="164" formatCode="000000000"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="166" formatCode="000\\-000\\-0000"/></numFmts>'
    "<fonts><font/></fonts><fills><fill><patternFill/></fill></fills><borders><border/></borders>"
    '<cellStyleXfs><xf/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/>'
    '<xf numFmtId="165"/><xf numFmtId="2"/><xf numFmtId="166"/></cellXfs></styleSheet>',
}
