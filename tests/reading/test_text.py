"""Delimited text: what a CSV holds, whatever its encoding, delimiter and line ends."""

import contextlib
import csv
import io
import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packages import read, refusal, saved, table, texts

from importer.errors import InputError
from importer.model import Flaw
from importer.reading import faults, read_source
from importer.reading.delimited import read_delimited

TEXT = 'id;name\r\n1;Zoë "Z" O\u2019Hara\r\n'
ENCODED = {
    "utf-8 with mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "utf-16 big end first": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "utf-16 without mark": TEXT.encode("utf-16-le"),
    "utf-16 big end first without mark": TEXT.encode("utf-16-be"),
    "windows-1252": TEXT.encode("cp1252"),
}


@pytest.mark.parametrize("data", ENCODED.values(), ids=ENCODED)
def test_every_common_encoding_is_read(tmp_path, data):
    grid = read(tmp_path, data)
    assert texts(grid) == [["id", "name"], ["1", 'Zoë "Z" O\u2019Hara']]


def test_windows_1252_is_a_note_that_names_the_line(tmp_path):
    grid = read(tmp_path, "id,name\n1,Ann\n2,Zoë\n".encode("cp1252"))
    assert grid.notes == (
        (
            "The file is not in UTF-8; it was read as Windows-1252. "
            "Compare letters with accents with the source, the first on line 3."
        ),
    )


@pytest.mark.parametrize("stray", [b"Montr\xe9al", b"\xff", b"caf\xc3"])
def test_a_few_stray_bytes_make_no_other_encoding_of_a_text_in_utf_8(tmp_path, stray):
    data = "id,name\n1,Zoë\n2,O\u2019Hara\n3,".encode() + stray + "\n4,Renée\n".encode()
    grid = read(tmp_path, data)
    assert grid.frame[1].tolist() == [
        *("name", "Zoë", "O\u2019Hara", stray.decode("utf-8", "replace"), "Renée")
    ]
    assert grid.notes == (
        (
            "The file is in UTF-8 but for a few bytes, the first on line 4: what they stood for is lost, and "
            "\ufffd stands in its place. Type those letters, or export the file again as UTF-8."
        ),
    )


ACCENTS = ["Zoé", "Montréal", "François", "Jérôme", "Élodie", "Noël"]
DOS, MAC = "a code page of DOS", "Mac Roman"


@pytest.mark.parametrize(("codec", "label"), [("cp850", DOS), ("mac-roman", MAC)])
def test_letters_that_windows_1252_does_not_explain_are_held_until_the_encoding_is_said(
    tmp_path, codec, label
):
    lines = ["id,name", *(f"{n},{name}" for n, name in enumerate(ACCENTS)), "9,Ann"]
    data = "\r\n".join(lines).encode(codec)
    grid = read(tmp_path, data)
    assert grid.flaws == tuple(
        faults.other_encoding(label, codec).at(row, 1) for row in range(1, len(ACCENTS) + 1)
    )
    assert grid.notes == (
        (
            f"The file is not in UTF-8 and looks like {label}. Rows with accents are held back until encoding "
            f"in the mapping, or --encoding, says what it is ({codec}, for example)."
        ),
    )


GIVEN_AWAY = {
    "cp850": ["Pâquet Hébert Québec", "Hâlé", "López", "BENOÎT", "Sánchez"], "cp863": ["NOËL"],
    "mac-roman": ["Éric Pâquet", "Hâlé", "BEAUPRÉ", "O’Neil", "Zoë", "García", "Raphaël", "BÉLANGER CÔTÉ", "Müller"],
}  # fmt: skip


@pytest.mark.parametrize("codec", GIVEN_AWAY)
def test_one_name_gives_away_another_encoding(tmp_path, codec):
    fault = faults.other_encoding(MAC if codec == "mac-roman" else DOS, codec)
    for text in GIVEN_AWAY[codec]:
        grid = read(tmp_path, f"id,name\n1,{text}\n".encode(codec))
        assert (text, grid.flaws) == (text, (fault.at(1, 1),))


@pytest.mark.parametrize(
    ("name", "codec"), [("Noël", "cp850"), ("Sánchez", "mac-roman"), ("López", "mac-roman")]
)
def test_where_two_encodings_fit_equally_well_both_are_named(tmp_path, name, codec):
    grid = read(tmp_path, f"id,name\n1,{name}\n".encode(codec))
    fault = faults.other_encoding(f"{DOS} or {MAC}", "cp850 or mac-roman")
    assert grid.flaws == (fault.at(1, 1),)


WESTERN = [
    "Hawai\u2018i", "called\u2014no answer", "John\xa0Smith", "O\u2019Brien", "Smith\u2013Jones", "Zo\u00eb\u2026", "\u0160imic \u017d",
    "Tom\u00e1\u0161", "\u00abCAF\u00c9\u00bb", "c\u0153ur", "N\u00b0 5", "1\u00bd", "caf\u00e9\u2122", "\u20ac5",
]  # fmt: skip


def test_signs_that_windows_1252_texts_do_hold_are_no_other_encoding(tmp_path):
    for last in [*WESTERN, "\n".join(["Zo\u00eb"] * 20 + ["Ren\u017de"])]:
        grid = read(tmp_path, f"name\n{last}\n".encode("cp1252"))
        assert (grid.frame[0].tolist()[1:], grid.flaws) == (last.split("\n"), ())


@pytest.mark.parametrize("name", ["klingon", "hex", "rot13"])
def test_an_encoding_that_nobody_knows_is_refused(tmp_path, name):
    with pytest.raises(InputError) as caught:
        read_source(saved(tmp_path, "id\n1\n"), encoding=name)
    assert str(caught.value) == (
        f"{name}: there is no encoding of this name. Common names: utf-8, cp1252."
    )


PEOPLE = [["id", "name"], ["1", "Ann"], ["2", "Bo"]]
READ = {
    "semicolon with decimal commas": (
        "id;fee\n1;14,50\n2;15,20\n", [["id", "fee"], ["1", "14,50"], ["2", "15,20"]],
    ),
    "bar": ("id|fee\n1|2,3\n2|2,3\n", [["id", "fee"], ["1", "2,3"], ["2", "2,3"]]),
    "title above": ("People of autumn, winter\n\nid;fee\n1;2\n2;3\n", [
        ["People of autumn, winter", ""], ["id", "fee"], ["1", "2"], ["2", "3"],
    ]),
    "another one in quotes": ('id;name\n"1\n2";"a\tb"\n', [["id", "name"], ["1\n2", "a\tb"]]),
    "quotes within cells": (
        'id\tname\n1\t5" or 6"\n2\t7", 8"\n', [["id", "name"], ["1", '5" or 6"'], ["2", '7", 8"']],
    ),
    "quoted delimiters": ('id;n\n"1,2";"3,4"\n"5,6";"7,8"\n', [["id", "n"], ["1,2", "3,4"], ["5,6", "7,8"]]),
    "the one of two that leaves quotes whole": ('id\n"1\n2"|"a\tb"\n', [["id", ""], ["1\n2", "a\tb"]]),
    "a single column": ("id\n1\n2\n", [["id"], ["1"], ["2"]]),
    "a blank before quotes": ('id, name\n1, "Roy, Ann"\n2, "Bo"\n', [["id", "name"], ["1", "Roy, Ann"], ["2", "Bo"]]),
    "a backslash before quotes": (
        'id,name\n1,"Ann \\"Nan\\" Roy"\n2,"Bo"\n', [["id", "name"], ["1", 'Ann "Nan" Roy'], ["2", "Bo"]],
    ),
    "both": (
        'id, name\n1, "Roy, \\"Nan\\""\n2, "Bo"\n', [["id", "name"], ["1", 'Roy, "Nan"'], ["2", "Bo"]],
    ),
    "blanks behind quotes": (
        '"id" ,"name"\n"1" ,"Roy, ""Nan"" , Ann"  \n2 , "Bo" ', [["id", "name"], ["1", 'Roy, "Nan" , Ann'], ["2 ", "Bo"]],
    ),
    "a backslash that is one": ('id,name\n1,"C:\\"\n2,"a""b"\n', [["id", "name"], ["1", "C:\\"], ["2", 'a"b']]),
    "a delimiter that is named": ("sep=;\r\nid;name\r\n1;a,b\r\n", [["id", "name"], ["1", "a,b"]]),
    "named in quotes": ('"sep=;"\r\nid;name\r\n1;a,b\r\n', [["id", "name"], ["1", "a,b"]]),
    "a line break in quotes": ('id,s\n1,"12 Main St\nUnit 4"\n', [["id", "s"], ["1", "12 Main St\nUnit 4"]]),
    "what only looks like line ends": ("id,s\n1,a\u2028b\x0bc\x85d\n", [["id", "s"], ["1", "a\u2028b\nc\x85d"]]),
    "zeros kept by a formula": ('id,name\n="0012345",Ann\n', [["id", "name"], ["0012345", "Ann"]]),
    **{
        f"control Z, {end!r} before": (f"id,name\r\n1,Ann\r\n2,Bo{end}", PEOPLE)
        for end in ("\x1a", "\r\n\x1a", "\r\n\x1a\r\n")
    },
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_text_is_read_as_its_program_wrote_it(tmp_path, text, expected):
    assert texts(read(tmp_path, text)) == expected


LINES = {
    **{
        repr(end): (end.join(["id,name", "", "1,Ann", "2,Bo", ""]), [1, 3, 4])
        for end in ("\n", "\r\n", "\r")
    },
    "a line that names the delimiter": ("sep=,\nid,name\n1,Ann\n2,Bo\n", [1, 2, 3]),
    "a return too many": ("id,name\r\r\n1,Ann\r\r\n2,Bo\r\r\n", [1, 3, 5]),
    "returns in the wrong order": ("id,name\n\r1,Ann\n\r2,Bo", [1, 3, 5]),
    "mixed": ("id,name\r\n1,Ann\r2,Bo\n", [1, 2, 3]),
    "mixed with quotes": ('"id","name"\r\n"1","Ann"\r"2","Bo"\n', [1, 2, 3]),
}


@pytest.mark.parametrize(("text", "rows"), LINES.values(), ids=LINES)
def test_every_line_end_is_read_and_blank_lines_count(tmp_path, text, rows):
    grid = read(tmp_path, text)
    assert (texts(grid), grid.rows.tolist()) == (PEOPLE, rows)


def test_a_control_character_is_a_flaw_of_its_cell_and_what_breaks_lines_elsewhere_a_line_break(
    tmp_path,
):
    for sign in "\0\x01\x1b":
        grid = read(tmp_path, f"id,name\n1,Ann\n2,B{sign}o and more text\n")
        assert texts(grid)[2] == ["2", "B\ufffdo and more text"]
        assert grid.flaws == (faults.HOLDS_CONTROLS.at(2, 1),)
    for sign in "\x0b\x0c\x1c\x1d\x1e\x1f":
        grid = read(tmp_path, f"id,street\n1,12 Main St{sign}Unit 4\n")
        assert (texts(grid)[1], grid.flaws) == (["1", "12 Main St\nUnit 4"], ())


ERRORS = [
    "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", " #N/A ", "#SPILL!", "#CALC!",
    "#BUSY!", "#FIELD!", "#GETTING_DATA", "#VALEUR!", "#NOM?", "#WERT!", "#NV", "#¡DIV/0!", "#¿NOMBRE?",
    "#BAŞV!", "#ZÉRÓOSZTÓ!", "#ССЫЛКА!", "#Н/Д", "#DĚLENÍ_NULOU!", "#NENÍ_K_DISPOZICI", "#ERROR!",
    "Loading...", "Err:502", "#######", "#NOMBRE!", "#BEZUG!", "#¡VALOR!", "#ÜBERLAUF!", "Err :504", "##", "#VALEUR !",
    "#Num!", "#Deleted", "#HIÁNYZIK", "#YOK", "#PUUTTUU!", "#DIVISION/0!",
]  # fmt: skip
NAMES = [
    "#12", "#", "#1 Elm St", "#1 Elm!", "#B", "# 3 Elm St", "Err, no", "#Ann!", "C#!", "Err: 502", "Loading dock", "N/A", "##a",
]  # fmt: skip


def test_the_text_of_an_excel_error_is_a_flaw_and_what_only_looks_like_one_is_none(tmp_path):
    cause, remedy = "this is an Excel error, not a value.", "Correct the formula or type the value."
    grid = read(tmp_path, "\n".join(["name", *ERRORS, *NAMES]))
    assert grid.flaws == tuple(Flaw(at, 0, cause, remedy) for at in range(1, len(ERRORS) + 1))


UNCLOSED = (
    "a double quote is opened and not closed where its cell ends. "
    "Correct the quotes of this record, or export the file again."
)
REFUSED = {
    "open to the end": ('id,name\n1,Ann\n2,"Bo\n3,Cy\n', f"row 3: {UNCLOSED}"),
    "closed too early": ('id,name\n1,Ann\n2,"Bo"by\n3,Cy\n', f"row 3: {UNCLOSED}"),
    "an end within a letter": (
        "id,name\n1,Zoë\n2,Zoë".encode()[:-1],
        "line 3: the file ends in the middle of a letter, so it was cut off. Export or download it again.",
    ),
    "a byte order mark that lies": (
        b"\xef\xbb\xbfid\nZo\xeb\n", "line 2: these bytes are no text in UTF-8. Export it again as UTF-8.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_for_certain_stops_the_reading_at_its_place(tmp_path, data, message):
    assert refusal(tmp_path, data) == f"people.xlsx, {message}"


REMEDY = (
    "Put a value that holds the delimiter or a line break in double quotes, "
    "and give the record as many cells as the header."
)


def test_records_longer_or_shorter_than_the_header_are_flaws_as_a_whole(tmp_path):
    text = "Title\na,b,c\n1,2,3\n1,2,3,4\n1\n\n1,2,3\n1,2,3, ,\n"
    sheet = table(saved(tmp_path, text), 2)
    assert (sheet.header_row, sheet.rows.tolist()) == (2, [3, 4, 5, 7, 8])
    assert sheet.place(7) == "people.xlsx, row 7"
    assert sheet.flaws == (
        Flaw(1, None, "this record has 4 cells where the header has 3.", REMEDY),
        Flaw(2, None, "this record has 1 cell where the header has 3.", REMEDY),
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("between", [0, 5], ids=lambda count: f"{count} between")
def test_a_record_that_swallows_those_after_it_is_a_flaw_as_a_whole(tmp_path, between, end):
    people = [f"{row}\tRoy, Ann\t{row} Elm St\tTruro" for row in range(20)]
    first, last = '98\tLee, Kim\t"The Oaks\tTruro', '99\tLee, Bo\tThe Elms"\tTruro'
    held = [first, *people[2 : 2 + between], last]
    text = end.join(["id\tname\tstreet\tcity", *people[:2], *held, people[9]])
    sheet = table(saved(tmp_path, text))
    assert sheet.frame[0].tolist() == ["0", "1", "98", "9"]
    cause = "a cell of this record holds tabs and line breaks, as if whole records had got into it."
    remedy = "Remove the stray double quote in the source, and export the file again."
    assert sheet.flaws == (Flaw(2, None, cause, remedy),)


def test_a_note_with_tabs_and_lines_is_no_flaw(tmp_path):
    text = 'id\tname\tnote\n1\tAnn\t"a\tb\nc"\n2\tBo\t"one\ntwo"\n'
    sheet = table(saved(tmp_path, text))
    assert texts(sheet) == [["1", "Ann", "a\tb\nc"], ["2", "Bo", "one\ntwo"]]
    assert sheet.flaws == ()


HARMLESS = {
    "at the end of each record but the header": "a,b\n1,2,\n3,4,\n",
    "at the end of each line": "a,b,\n1,2,\n3,4,\n",
    "at the end of the header": "a,b,\n1,2\n3,4\n",
    "at the end of some": "a,b\n1,2,,,\n3,4\n",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_a_delimiter_too_many_is_no_flaw(tmp_path, text):
    sheet = table(saved(tmp_path, text))
    assert [column.header for column in sheet.columns] == ["a", "b"]
    assert texts(sheet) == [["1", "2"], ["3", "4"]]
    assert sheet.flaws == ()


# --- Whatever the csv module writes --------------------------------------------------------------------


PIECES = [
    "a", "0012", "Zoë", '"', '""', ",", ";", "\t", "\n", "\r\n", "\r\r\n", " ", "\u2028", "🚗",
]  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from(["utf-8", "utf-16"]))
def test_text_of_any_shape_is_read_as_the_csv_module_reads_it_or_refused(pieces, encoding):
    text = "a,b\n" + "".join(pieces)
    try:
        grid = read_delimited(text.encode(encoding), Path("people.csv"))
    except InputError:
        return
    assert grid.lengths is not None
    cells = zip(grid.frame.to_numpy().tolist(), grid.lengths.tolist(), strict=True)
    found = dict(zip(grid.rows.tolist(), (row[:length] for row, length in cells), strict=True))
    blanks_behind_quotes = re.search(r'" +(?:[,;\t|\r\n]|\Z)', text)
    assert any(found == records for records in oracles(text)) or (
        blanks_behind_quotes
        and any(trimmed(found) == trimmed(records) for records in oracles(text, strict=False))
    )


def trimmed(records):
    cells = {row: [cell.strip(" ") for cell in record] for row, record in records.items()}
    return {row: record for row, record in cells.items() if any(record)}


def oracles(text, *, strict=True):
    """Yield what the csv module reads with each delimiter: cells by the number of the record."""
    for delimiter, skipping in itertools.product(",;\t|", (False, True)):
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=delimiter,
            strict=strict,
            skipinitialspace=skipping,
        )
        with contextlib.suppress(csv.Error):
            yield {number: record for number, record in enumerate(reader, start=1) if any(record)}
