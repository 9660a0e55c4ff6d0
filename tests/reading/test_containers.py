"""What kind of file it is, by content; and the two kinds that call themselves ``.xls``."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from old_excel import compound, workbook
from packages import DAMAGED, read, refusal, with_sheet, zipped

from importer.errors import InputError
from importer.reading import is_lock_file, read_source

AS_XLSX = "Open it in Excel or LibreOffice and save it as an Excel workbook (.xlsx)."
AGAIN = "Export or download it again."
MEND = "Save it again in Excel, or export or download it again."
ITSELF = "Choose the spreadsheet itself (.xlsx, .xls or .csv)."


XLSX = with_sheet(
    '<row r="1"><c r="A1" t="str"><v>id</v></c><c r="B1" t="str"><v>name</v></c></row>'
)
XLS = workbook([("S", 0, {(0, 0): "id"})])
EMPTY = f"the file is empty. {AGAIN}"
PASSWORD = (
    "the workbook is protected by a password. Open it in Excel and take the password away "
    "(File, Info, Protect Workbook, Encrypt with Password)."
)
BROKEN = f"the workbook is damaged or was cut off. {MEND}"
COMPRESSED = f"this is a compressed file, not a spreadsheet. {ITSELF}"
XML = f"this is an XML file, not a spreadsheet. {AS_XLSX}"
REFUSED = {
    "nothing": (b"", EMPTY),
    "a mark only": (b"\xef\xbb\xbf", EMPTY),
    "blanks": (b" \r\n\x1a", EMPTY),
    "password": (compound({"EncryptionInfo": b"x", "EncryptedPackage": b"x"}), PASSWORD),
    "old password": (workbook([("S", 0, {})], extra=b"\x2f\x00\x02\x00\x01\x00"), PASSWORD),
    "Visio": (
        compound({"VisioDocument": b"x"}),
        f"this Office document holds no workbook, or it was cut off. {ITSELF}",
    ),
    "picture": (b"\x89PNG\r\n\x1a\n", f"this is a picture, not a spreadsheet. {ITSELF}"),
    "xz": (b"\xfd7zXZ\x00\x00", COMPRESSED),
    "gzip": (b"\x1f\x8b\x08\x00", COMPRESSED),
    "pdf": (b"%PDF-1.7\n", f"this is a PDF document, not a spreadsheet. {ITSELF}"),
    "Access": (b"\x00\x01\x00\x00Standard ACE DB\x00", f"this is a database, not a spreadsheet. {ITSELF}"),
    "web archive": (
        (b"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\nContent-Type: multipart/related;\r\n"
        b'\tboundary="x"\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<table><tr><td>id'),
        f"this is an e-mail or a web archive (.mht), not a spreadsheet. {AS_XLSX}",
    ),
    "JSON": (b' [\n {"id": "1", "name": "A"}]', f"this is a JSON file, not a spreadsheet. {AS_XLSX}"),
    "broken xls": (compound({"Workbook": b"\x09\x08\x10\x00junk"}), BROKEN),
    "SYLK": (
        b'ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K"id"\r\nE\r\n',
        f"this is a symbolic link (.slk, SYLK), not a spreadsheet. {AS_XLSX}",
    ),
    "DIF": (
        b'TABLE\r\n0,1\r\n"EXCEL"\r\nVECTORS\r\n0,2\r\n""\r\n',
        f"this is a file of data interchange (.dif), not a spreadsheet. {AS_XLSX}",
    ),
    "fixed width": (
        b"ID       Name   City     \r\n001234   Ann    Truro    \r\n001235   Bob    Digby    \r\n",
        ("this is text in columns of fixed width (.prn), without a delimiter. "
        "Export it as an Excel workbook (.xlsx) or as a CSV file."),
    ),
    "Excel 4": (
        b"\x09\x04\x06\x00\x00\x00\x10\x00\x00\x00", f"this workbook is older than Excel 97. {AS_XLSX}",
    ),
    "cut off": (XLSX[:-300], BROKEN),
    "xlsb": (
        zipped({"[Content_Types].xml": "x", "xl/workbook.bin": "x"}),
        f"binary workbooks (.xlsb) are not read. {AS_XLSX}",
    ),
    "ods": (
        zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}, zipfile.ZIP_STORED),
        f"OpenDocument spreadsheets (.ods) are not read. {AS_XLSX}",
    ),
    "Numbers": (
        zipped({"Index/Document.iwa": "x"}),
        "Numbers spreadsheets are not read. Export it from Numbers as an Excel workbook (.xlsx).",
    ),
    "zip": (
        zipped({"people.csv": "id"}),
        ("this is a document or a compressed file (.zip) without a workbook in it. "
        "Unpack it and give the spreadsheet itself."),
    ),
    "xml": (b'<?xml version="1.0"?><people/>', XML),
    "xml without prolog": (b"<people><person/></people>", XML),
    "noise": (bytes(range(256)) * 9, f"this is neither a workbook nor text. {ITSELF}"),
    "page of frames": (
        b"<html><head></head><frameset><frame src=people_files/sheet001.htm></frameset></html>",
        f"this web page only frames others, and the rows are in those. {AS_XLSX}",
    ),
    "page without table": (
        b"<html><body><form>Sign in</form></body></html>",
        ("this is a web page without a table. Open it in a browser: "
        "it may be a login page or a message of the other system."),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "why"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("name", ["people.xlsx", "people.csv"])
def test_what_cannot_be_read_is_refused_with_cause_and_remedy_whatever_its_name(
    tmp_path, name, data, why
):
    assert refusal(tmp_path, data, name) == f"{name}: {why}"


STILL_TEXT = {
    "angle brackets": (b"<id>,<name>\n1,A\n", "<id>"),
    "markup in cells": (b"<b>id</b>,name\n1,A\n", "<b>id</b>"),
    "an id and a semicolon": (b"ID;Plate\nP;ABC\nC;XYZ\n", "ID"),
    "one column with blanks": (b"Name  of person\nAnn  Roy\nBob  Lee\n", "Name  of person"),
    "square brackets": (b"[id],[name]\n1,A\n", "[id]"),
    "colons": (b"From: a,To: b\n1,2\n", "From: a"),
    "a table in quotes": (b'"note","id"\n"\n<table>x</table>",1\n', "note"),
    "headers of mail without an end": (b"a:\n b\n" * 500 + b"c", "a:"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "first"), STILL_TEXT.values(), ids=STILL_TEXT)
def test_a_text_file_that_begins_nearly_like_something_else_is_read(tmp_path, data, first):
    path = tmp_path / "people.csv"
    path.write_bytes(data)
    source = read_source(path)
    assert (source.container, source.grids[0].frame.iloc[0, 0]) == ("text", first)


ACCEPTED = {
    "xlsx": ("xlsx", XLSX),
    "xls": ("xls", XLS),
    "html": ("html", b"\xef\xbb\xbf \n<!-- x -->\n<TABLE><tr><td>id</td></tr></TABLE>"),
    "text": ("text", b"id\tname\n"),
}


@pytest.mark.parametrize(("container", "data"), ACCEPTED.values(), ids=ACCEPTED)
@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".csv", ""], ids=str)
def test_the_name_of_a_file_does_not_matter(tmp_path, suffix, container, data):
    path = tmp_path / f"people{suffix}"
    path.write_bytes(data)
    source = read_source(path)
    assert (source.container, source.grids[0].frame.iloc[0, 0]) == (container, "id")


def read_or_refused(path):
    """Return what a person is told or given, which must be something."""
    try:
        source = read_source(path)
    except InputError as error:
        return error.hint
    return source.grids or source.notes


@given(st.binary(max_size=400))
def test_bytes_of_any_kind_are_read_or_refused(tmp_path, data):
    for start in (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<table>"):
        (tmp_path / "people").write_bytes(start + data)
        assert read_or_refused(tmp_path / "people")


@pytest.mark.exhaustive
def test_no_byte_of_the_directory_of_a_workbook_can_make_its_sheets_vanish(tmp_path):
    path = tmp_path / "people.xlsx"
    whole = bytearray(XLSX)
    for at in range(whole.index(b"PK\x01\x02"), len(whole)):
        damaged = whole.copy()
        damaged[at] ^= 1
        path.write_bytes(damaged)
        try:
            cells = [grid.frame.to_numpy().tolist() for grid in read_source(path).grids]
        except InputError:
            continue
        assert cells == [[["id", "name"]]], at


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
@settings(derandomize=True)
@given(st.data())
def test_a_damaged_workbook_is_read_or_refused(tmp_path, kind, data):
    whole = bytearray(ACCEPTED[kind][1])
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=8)):
        whole[place] ^= data.draw(st.integers(1, 255))
    (tmp_path / "people.xlsx").write_bytes(whole)
    assert read_or_refused(tmp_path / "people.xlsx")


NO_WORKBOOK = f"people.xlsx: this Office document holds no workbook, or it was cut off. {ITSELF}"
CUT_OFF = (
    "people.xlsx: the page ends in the middle of its table, so it was probably cut off. " + AGAIN[:-1]
    + ". If it always ends like this, open it in Excel, look at its last rows, and save it as an Excel "
    "workbook (.xlsx)."
)  # fmt: skip
SHOWN = Path(__file__).parents[1] / "fixtures" / "libreoffice" / "shown"
PAGE = "<table><tr>{}</tr></table>\n".format(
    "</tr><tr>".join(f"<td>{row}</td>" for row in range(99))
)
WHOLE = {
    "xlsx": (SHOWN.with_suffix(".xlsx").read_bytes(), DAMAGED),
    "xls": (SHOWN.with_suffix(".xls").read_bytes(), NO_WORKBOOK),
    "page": (PAGE.encode(), CUT_OFF),
    "page in UTF-16": (PAGE.encode("utf-16"), CUT_OFF),
}


@pytest.mark.parametrize("tenths", range(1, 10), ids=lambda tenths: f"{tenths}0 %")
@pytest.mark.parametrize(("data", "message"), WHOLE.values(), ids=WHOLE)
def test_a_file_that_was_cut_off_is_refused(tmp_path, data, message, tenths):
    assert len(read(tmp_path, data).rows)
    assert refusal(tmp_path, data[: len(data) * tenths // 10 // 2 * 2]) == message


def test_a_lock_file_is_refused(tmp_path):
    assert refusal(tmp_path, b"\x05Ann".ljust(165), "~$people.xlsx") == (
        "~$people.xlsx: this is only a lock file, a sign that the workbook is open elsewhere. "
        "Close the workbook and give its own name."
    )
    found = [name for name in (".~lock.people.xlsx#", "people~$.xlsx") if is_lock_file(Path(name))]
    assert found == [".~lock.people.xlsx#"]


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path):
    with pytest.raises(InputError) as caught:
        read_source(tmp_path / "people.xlsx")
    assert str(caught.value) == (
        "people.xlsx: there is no such file. Look at the name and the folder."
    )
    with pytest.raises(InputError):
        read_source(tmp_path)
