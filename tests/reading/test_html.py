"""Web pages that call themselves workbooks: known by their content, every cell as it shows."""

import pytest
from packages import read, texts

from importer.reading import faults, take_sheet


def test_a_table_of_a_web_page_keeps_what_the_person_sees(tmp_path):
    grid = read(
        tmp_path,
        "<html><head><style>td{color:red}</style><title>People</title></head><body><table>"
        "<tr><th> Student\n  ID </th><th>Name</th></tr>"
        "<tr><td>0012345</td><td>O&#39;Hara &amp;<br>Sons</td></tr>"
        "<tr><td>14.50<td>Null"
        "<tr><td>#N/A</td><td><p>a</p><p>b</p></td></tr>"
        "</table></body></html>",
    )
    assert grid.name == "people"
    assert texts(grid) == [
        ["Student ID", "Name"],
        ["0012345", "O'Hara &\nSons"],
        ["14.50", "Null"],
        ["#N/A", "a\nb"],
    ]
    assert grid.flaws == (faults.EXCEL_ERROR.at(3, 0),)


def test_text_above_a_table_takes_rows_as_in_excel(tmp_path):
    grid = read(tmp_path, "<body><h1>People</h1><p>Autumn</p><table><tr><td>id</table>")
    assert grid.rows.tolist() == [1, 2, 3]
    assert grid.frame[0].tolist() == ["People", "Autumn", "id"]


def test_a_cell_that_spans_rows_of_a_web_page_stands_in_all_of_them(tmp_path):
    grid = read(
        tmp_path,
        '<table><tr><td rowspan=2>a</td><td colspan="2">b</td><td>c</td></tr>'
        "<tr><td>d</td><td>e</td><td>f</td></tr><tr><td>g</td></tr></table>",
    )
    assert texts(grid) == [
        ["a", "b", "", "c"],
        ["a", "d", "e", "f"],
        ["g", "", "", ""],
    ]


def test_a_header_over_columns_of_a_web_page_names_the_one_that_is_filled(tmp_path):
    grid = read(
        tmp_path,
        "<table><tr><th>Id</th><th colspan=2>Plate</th></tr>"
        "<tr><td>1</td><td></td><td>ABC 123</td></tr></table>",
    )
    assert [column.header for column in take_sheet(grid, 1).columns] == ["Id", "", "Plate"]


SIGNS = {
    **dict.fromkeys(["\x0b", "\x1c", "\x1f", "&#11;"], "An\nn"), "\x0c": "An n", "\x00": "Ann",
    **dict.fromkeys(["\x01", "\x07", "\x1a", "&#7;", "\ufffe"], "An\ufffdn"),
}  # fmt: skip


@pytest.mark.parametrize("sign", SIGNS, ids=ascii)
def test_a_control_character_is_read_as_in_any_file(tmp_path, sign):
    page = f"<table><tr><td>ID<td>Name<tr><td>1<td>An{sign}n<tr><td>2<td>Bo</table>"
    grid = read(tmp_path, f'<meta charset="utf-8">{page}')
    assert grid.frame[1].tolist() == ["Name", SIGNS[sign], "Bo"]
    assert bool(grid.flaws) == ("\ufffd" in SIGNS[sign])


def test_the_encoding_that_a_page_declares_is_used_where_it_fits(tmp_path):
    for text, said, coding in (("Łódź", "iso-8859-2", "iso-8859-2"), ("Zoë", "ascii", "utf-8")):
        page = f'<html><meta charset="{said}"><table><tr><td>{text}</td></tr></table>'
        assert read(tmp_path, page.encode(coding)).frame.iloc[0, 0] == text


BEGINNINGS = {
    "rows": "", "body of a table": "<tbody>", "font": "<font face=Arial><table>", "text": "<b>People</b><table>",
    "style": "<style>td{mso-number-format:'@'}</style><table>", "long comment": f"<!-- {'x' * 9_000} --><table>",
    "prolog": '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><table>',
}  # fmt: skip


@pytest.mark.parametrize("before", BEGINNINGS.values(), ids=BEGINNINGS)
def test_a_page_is_known_whatever_it_begins_with(tmp_path, before):
    for coding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
        page = f"{before}<tr><td>id</td></tr><tr><td>0012</td></tr></table>"
        grid = read(tmp_path, page.encode(coding))
        assert grid.frame[0].tolist()[-2:] == ["id", "0012"]
