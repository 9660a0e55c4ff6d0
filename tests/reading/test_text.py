"""Delimited text: what a CSV holds, whatever its encoding, delimiter and line ends."""

from __future__ import annotations

import csv
import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import InputError
from importer.model import Flaw
from importer.reading import faults, read_source, take_sheet


def source_of(folder, data, name="people.csv"):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_source(path)


def cells(grid):
    return grid.frame.to_numpy().tolist()


def refusal(folder, data, name="people.csv"):
    with pytest.raises(InputError) as caught:
        source_of(folder, data, name)
    return str(caught.value)


def test_a_text_file_is_one_grid_without_a_name(tmp_path):
    data = b"id,name\r\n0012,Null\r\n"
    source = source_of(tmp_path, data)
    (grid,) = source.grids
    assert (source.container, source.notes, grid.name, grid.notes) == ("text", (), None, ())
    assert source.digest == hashlib.sha256(data).hexdigest()
    assert cells(grid) == [["id", "name"], ["0012", "Null"]]
    assert [str(kind) for kind in grid.frame.dtypes] == ["str", "str"]


TEXT = 'id;name\r\n1;Zoë "Z" O\u2019Hara\r\n'
ENCODED = {
    "utf-8": TEXT.encode(),
    "utf-8 with mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "utf-16 little end first": b"\xff\xfe" + TEXT.encode("utf-16-le"),
    "utf-16 big end first": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "utf-16 without mark": TEXT.encode("utf-16-le"),
    "utf-16 big end first without mark": TEXT.encode("utf-16-be"),
    "windows-1252": TEXT.encode("cp1252"),
}


@pytest.mark.parametrize("data", ENCODED.values(), ids=ENCODED)
def test_every_common_encoding_is_read(tmp_path, data):
    grid = source_of(tmp_path, data).grids[0]
    assert cells(grid) == [["id", "name"], ["1", 'Zoë "Z" O\u2019Hara']]


def test_windows_1252_is_a_note_that_names_the_line(tmp_path):
    grid = source_of(tmp_path, "id,name\n1,Ann\n2,Zoë\n".encode("cp1252")).grids[0]
    assert grid.notes == (
        (
            "The file is not in UTF-8; it was read as Windows-1252. "
            "Compare letters with accents with the source, the first on line 3."
        ),
    )


def test_a_capital_accent_before_a_quotation_mark_is_still_windows_1252(tmp_path):
    grid = source_of(tmp_path, "id,name\n1,«CAFÉ»\n".encode("cp1252")).grids[0]
    assert cells(grid)[1] == ["1", "«CAFÉ»"]


def test_a_text_that_ends_within_a_letter_is_refused(tmp_path):
    assert refusal(tmp_path, "id,name\n1,Zoë\n2,Zoë".encode()[:-1]) == (
        "people.csv, line 3: the file ends in the middle of a letter, so it was cut off. "
        "Export or download it again."
    )


ACCENTS = ["Zoé", "Montréal", "François", "Jérôme", "Élodie", "Noël"]


@pytest.mark.parametrize(
    ("codec", "label"), [("cp850", "a code page of DOS"), ("mac-roman", "Mac Roman")]
)
def test_letters_that_windows_1252_does_not_explain_are_held_until_the_encoding_is_said(
    tmp_path, codec, label
):
    lines = ["id,name", *(f"{n},{name}" for n, name in enumerate(ACCENTS)), "9,Ann"]
    data = "\r\n".join(lines).encode(codec)
    grid = source_of(tmp_path, data).grids[0]
    assert grid.flaws == tuple(
        faults.other_encoding(label, codec).at(row, 1) for row in range(1, len(ACCENTS) + 1)
    )
    assert grid.notes == (
        (
            f"The file is not in UTF-8 and looks like {label}. Rows with accents are held back until encoding "
            f"in the mapping, or --encoding, says what it is ({codec}, for example)."
        ),
    )
    told = read_source(tmp_path / "people.csv", encoding=codec).grids[0]
    assert (told.frame[1].tolist()[1:], told.flaws) == ([*ACCENTS, "Ann"], ())


WESTERN = [
    "O\u2019Brien", "Smith\u2013Jones", "Zo\u00eb\u2026", "\u0160imi\u0107 \u017d".replace("\u0107", "c"),
    "Tom\u00e1\u0161", "\u00abCAF\u00c9\u00bb", "c\u0153ur", "N\u00b0 5", "1\u00bd", "caf\u00e9\u2122", "\u20ac5",
]  # fmt: skip


@pytest.mark.parametrize("text", WESTERN, ids=ascii)
def test_signs_that_windows_1252_texts_do_hold_are_no_other_encoding(tmp_path, text):
    grid = source_of(tmp_path, f"id,name\n1,{text}\n".encode("cp1252")).grids[0]
    assert (cells(grid)[1], grid.flaws) == (["1", text], ())


def test_one_odd_sign_among_many_accents_is_no_other_encoding(tmp_path):
    lines = ["id,name", *(f"{n},Zo\u00eb" for n in range(20)), "99,Ren\u017de"]
    grid = source_of(tmp_path, "\n".join(lines).encode("cp1252")).grids[0]
    assert grid.flaws == ()


def test_a_byte_order_mark_that_lies_is_refused(tmp_path):
    assert refusal(tmp_path, b"\xef\xbb\xbfid\nZo\xeb\n") == (
        "people.csv, line 2: these bytes are no text in UTF-8. Export it again as UTF-8."
    )


def test_a_named_encoding_is_used(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes("id,name\n1,Łukasz\n".encode("cp1250"))
    grid = read_source(path, encoding="cp1250").grids[0]
    assert (cells(grid)[1], grid.notes) == (["1", "Łukasz"], ())


def test_an_encoding_that_nobody_knows_is_refused(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(b"id\n1\n")
    with pytest.raises(InputError) as caught:
        read_source(path, encoding="klingon")
    assert str(caught.value) == (
        "klingon: there is no encoding of this name. Common names: utf-8, cp1252."
    )


DELIMITED = {
    "comma": "id,amount\n1,a;b\n2,c\n",
    "semicolon with decimal commas": "id;amount\n1;14,50\n2;15,20\n",
    "tab": "id\tamount\n1\ta, b, c\n2\td, e, f\n",
    "bar": "id|amount\n1|2,3\n2|2,3\n",
    "title above": "Students of autumn, winter\n\nid;amount\n1;2\n2;3\n",
    "another one in quotes": 'id;amount\n"1\n2";"a\tb"\n',
    "quotes within cells": 'id\tamount\n1\t5" or 6"\n2\t7", 8"\n',
    "quoted delimiters": 'id;amount\n"1,2";"3,4"\n"5,6";"7,8"\n',
}


@pytest.mark.parametrize("text", DELIMITED.values(), ids=DELIMITED)
def test_the_delimiter_is_the_one_on_which_most_records_agree(tmp_path, text):
    grid = source_of(tmp_path, text).grids[0]
    assert ["id", "amount"] in cells(grid)


def test_of_two_delimiters_the_one_that_leaves_quotes_whole_is_taken(tmp_path):
    assert cells(source_of(tmp_path, 'id\n"1\n2"|"a\tb"\n').grids[0]) == [
        ["id", ""],
        ["1\n2", "a\tb"],
    ]


QUOTED = {
    "blank before": ('id, name\n1, "Roy, Ann"\n2, "Bo"\n', ["Roy, Ann", "Bo"]),
    "backslash": ('id,name\n1,"Ann \\"Nan\\" Roy"\n2,"Bo"\n', ['Ann "Nan" Roy', "Bo"]),
    "both": ('id, name\n1, "Roy, \\"Nan\\""\n2, "Bo"\n', ['Roy, "Nan"', "Bo"]),
    "a backslash that is one": ('id,name\n1,"C:\\"\n2,"a""b"\n', ["C:\\", 'a"b']),
    "a blank in a cell": ('id,name\n1," Ann"\n2,"Bo"\n', [" Ann", "Bo"]),
}


@pytest.mark.parametrize(("text", "names"), QUOTED.values(), ids=QUOTED)
def test_quotes_are_read_as_the_program_wrote_them(tmp_path, text, names):
    assert source_of(tmp_path, text).grids[0].frame[1].tolist()[1:] == names


def test_a_single_column_needs_no_delimiter(tmp_path):
    assert cells(source_of(tmp_path, "id\n1\n2\n").grids[0]) == [["id"], ["1"], ["2"]]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"], ids=["bare", "quoted", "capital"])
def test_a_line_that_names_the_delimiter_is_no_record(tmp_path, first):
    grid = source_of(tmp_path, f"{first}\r\nid;name\r\n1;a,b\r\n").grids[0]
    assert cells(grid) == [["id", "name"], ["1", "a,b"]]
    assert grid.rows.tolist() == [1, 2]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_every_line_end_is_read_and_blank_lines_count(tmp_path, end):
    grid = source_of(tmp_path, end.join(["id,name", "", "1,Ann", "2,Bo", ""])).grids[0]
    assert cells(grid) == [["id", "name"], ["1", "Ann"], ["2", "Bo"]]
    assert grid.rows.tolist() == [1, 3, 4]


LINES = {
    "a return too many": ("id,name\r\r\n1,Ann\r\r\n2,Bo\r\r\n", [1, 3, 5]),
    "returns in the wrong order": ("id,name\n\r1,Ann\n\r2,Bo", [1, 3, 5]),
    "mixed": ("id,name\r\n1,Ann\r2,Bo\n", [1, 2, 3]),
    "mixed with quotes": ('"id","name"\r\n"1","Ann"\r"2","Bo"\n', [1, 2, 3]),
}


@pytest.mark.parametrize(("text", "rows"), LINES.values(), ids=LINES)
def test_odd_line_ends_lose_no_record(tmp_path, text, rows):
    grid = source_of(tmp_path, text).grids[0]
    assert cells(grid) == [["id", "name"], ["1", "Ann"], ["2", "Bo"]]
    assert grid.rows.tolist() == rows


def test_a_line_break_in_quotes_is_part_of_its_cell_and_of_one_record(tmp_path):
    grid = source_of(tmp_path, 'id,street\n1,"12 Main St\nUnit 4"\n2,x\n').grids[0]
    assert cells(grid)[1] == ["1", "12 Main St\nUnit 4"]
    assert grid.rows.tolist() == [1, 2, 3]


def test_only_line_ends_end_a_line(tmp_path):
    grid = source_of(tmp_path, "id,name\n1,a\u2028b\x0bc\x85d\n").grids[0]
    assert cells(grid)[1] == ["1", "a\u2028b\nc\x85d"]


@pytest.mark.parametrize("end", [b"\x1a", b"\r\n\x1a", b"\r\n\x1a\r\n"], ids=repr)
def test_a_control_z_at_the_end_is_no_record(tmp_path, end):
    assert len(source_of(tmp_path, b"id,name\r\n1,Ann" + end).grids[0].rows) == 2


@pytest.mark.parametrize("cell", ['="0012345"', '"=""0012345"""'], ids=["bare", "quoted"])
def test_the_trick_that_keeps_leading_zeros_in_excel_is_undone(tmp_path, cell):
    assert cells(source_of(tmp_path, f"id,name\n{cell},Ann\n").grids[0])[1] == ["0012345", "Ann"]


@pytest.mark.parametrize("sign", ["\0", "\x01", "\x1b"], ids=ascii)
def test_a_control_character_is_a_flaw_of_its_cell(tmp_path, sign):
    grid = source_of(tmp_path, f"id,name\n1,Ann\n2,B{sign}o and more text\n").grids[0]
    assert cells(grid)[2] == ["2", "B\ufffdo and more text"]
    assert grid.flaws == (faults.HOLDS_CONTROLS.at(2, 1),)


@pytest.mark.parametrize("sign", "\x0b\x0c\x1c\x1d\x1e\x1f", ids=ascii)
def test_what_other_programs_break_lines_with_is_a_line_break(tmp_path, sign):
    grid = source_of(tmp_path, f"id,street\n1,12 Main St{sign}Unit 4\n").grids[0]
    assert (cells(grid)[1], grid.flaws) == (["1", "12 Main St\nUnit 4"], ())


ERRORS = [
    "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", " #N/A ", "#SPILL!", "#CALC!",
    "#BUSY!", "#FIELD!", "#GETTING_DATA", "#VALEUR!", "#NOM?", "#WERT!", "#NV", "#¡DIV/0!", "#¿NOMBRE?",
    "#BAŞV!", "#ZÉRÓOSZTÓ!", "#ССЫЛКА!", "#Н/Д", "#DĚLENÍ_NULOU!", "#NENÍ_K_DISPOZICI", "#ERROR!",
    "Loading...", "Err:502", "#######",
]  # fmt: skip
NAMES = ["#12", "#", "#1 Elm St", "#Ann!", "C#!", "Err: 502", "Loading dock", "N/A", "##a"]


@pytest.mark.parametrize("text", ERRORS)
def test_the_text_of_an_excel_error_is_a_flaw(tmp_path, text):
    grid = source_of(tmp_path, f"id,name\n1,{text}\n2,#12\n").grids[0]
    assert grid.flaws == (
        Flaw(
            1,
            1,
            "this is an Excel error, not a value.",
            "Correct the formula or type the value.",
        ),
    )


@pytest.mark.parametrize("text", NAMES)
def test_what_only_looks_like_an_error_is_none(tmp_path, text):
    assert source_of(tmp_path, f"id,name\n1,{text}\n").grids[0].flaws == ()


UNCLOSED = {
    "to the end": 'id,name\n1,Ann\n2,"Bo\n3,Cy\n',
    "closed too early": 'id,name\n1,Ann\n2,"Bo"by\n3,Cy\n',
    "longer than any cell": 'id,name\n1,Ann\n2,"' + "x\n" * 70_000,
}


@pytest.mark.parametrize("text", UNCLOSED.values(), ids=UNCLOSED)
def test_a_quote_that_is_not_closed_stops_the_reading_at_its_record(tmp_path, text):
    assert refusal(tmp_path, text) == (
        "people.csv, row 3: a double quote is opened and not closed where its cell ends. "
        "Correct the quotes of this record, or export the file again."
    )


def test_an_open_quote_between_tabs_hides_no_tab(tmp_path):
    people = [f"{row}\tRoy, Ann\t{row} Elm St" for row in range(30)]
    text = "\n".join(["id\tname\tstreet", '100\tLee, Kim\t"The Pines', *people])
    assert refusal(tmp_path, text) == (
        "people.csv, row 2: a double quote is opened and not closed where its cell ends. "
        "Correct the quotes of this record, or export the file again."
    )


def test_a_record_wider_than_any_sheet_is_refused(tmp_path):
    assert refusal(tmp_path, "id,name\n" + "," * 20_000 + "\n") == (
        "people.csv, row 2: it has 20,001 cells, more than any spreadsheet has columns. "
        "Export the file again with a delimiter that no value holds."
    )


REMEDY = (
    "Put a value that holds the delimiter or a line break in double quotes, "
    "and give the record as many cells as the header."
)


def sheet_of(folder, text, header_row=1):
    source = source_of(folder, text)
    return take_sheet(source, source.grids[0], header_row)


def test_records_longer_or_shorter_than_the_header_are_flaws_as_a_whole(tmp_path):
    sheet = sheet_of(tmp_path, "Title\na,b,c\n1,2,3\n1,2,3,4\n1\n\n1,2,3\n", header_row=2)
    assert (sheet.header_row, sheet.rows.tolist()) == (2, [3, 4, 5, 7])
    assert sheet.place(7) == "people.csv, row 7"
    assert sheet.flaws == (
        Flaw(1, None, "this record has 4 cells where the header has 3.", REMEDY),
        Flaw(2, None, "this record has 1 cell where the header has 3.", REMEDY),
    )


SWALLOWED = (
    "a cell of this record holds tabs and line breaks, as if whole records had got into it.",
    "Remove the stray double quote in the source, and export the file again.",
)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("between", [0, 1, 5], ids=lambda count: f"{count} between")
def test_a_record_that_swallows_those_after_it_is_a_flaw_as_a_whole(tmp_path, between, end):
    people = [f"{row}\tRoy, Ann\t{row} Elm St\tTruro" for row in range(20)]
    first, last = '98\tLee, Kim\t"The Oaks\tTruro', '99\tLee, Bo\tThe Elms"\tTruro'
    lines = [
        "id\tname\tstreet\tcity",
        *people[:2],
        first,
        *people[2 : 2 + between],
        last,
        people[9],
    ]
    sheet = sheet_of(tmp_path, end.join(lines))
    assert sheet.frame[0].tolist() == ["0", "1", "98", "9"]
    assert sheet.flaws == (Flaw(2, None, *SWALLOWED),)


def test_a_note_with_tabs_and_lines_is_no_flaw(tmp_path):
    sheet = sheet_of(tmp_path, 'id\tname\tnote\n1\tAnn\t"a\tb\nc"\n2\tBo\t"one\ntwo"\n')
    assert cells(sheet) == [["1", "Ann", "a\tb\nc"], ["2", "Bo", "one\ntwo"]]
    assert sheet.flaws == ()


HARMLESS = {
    "at the end of each record but the header": "a,b\n1,2,\n3,4,\n",
    "at the end of each line": "a,b,\n1,2,\n3,4,\n",
    "at the end of the header": "a,b,\n1,2\n3,4\n",
    "at the end of some": "a,b\n1,2,,,\n3,4\n",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_a_delimiter_too_many_is_no_flaw(tmp_path, text):
    sheet = sheet_of(tmp_path, text)
    assert [column.header for column in sheet.columns] == ["a", "b"]
    assert cells(sheet) == [["1", "2"], ["3", "4"]]
    assert sheet.flaws == ()


def test_a_wide_record_far_below_does_not_lose_its_cells(tmp_path):
    text = "a,b\n" + "1,2\n" * 9_000 + "1,2,3\n"
    grid = source_of(tmp_path, text).grids[0]
    assert grid.frame.shape == (9_002, 3)
    assert grid.frame.iloc[-1].tolist() == ["1", "2", "3"]
    assert grid.lengths.tolist()[-2:] == [2, 3]


CELL = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="#\x00"), max_size=8
)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=6))
def test_whatever_the_csv_module_writes_is_read_back(tmp_path_factory, records):
    out = io.StringIO()
    header = ["id", "first", "last"]
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([header, *records])
    grid = source_of(tmp_path_factory.mktemp("csv"), out.getvalue()).grids[0]
    undone_records = [[undone(cell) for cell in record] for record in records]
    assert cells(grid) == [header, *filter(any, undone_records)]


def undone(cell):
    trick = cell.startswith('="') and cell.endswith('"') and len(cell) > 2
    return cell[2:-1] if trick and '"' not in cell[2:-1] else cell
