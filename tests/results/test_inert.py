"""Source texts in a workbook: exactly as they were, and never a formula, a number, a link or markup."""

import re
import shutil

import pytest
from annotating import (
    HEADERS,
    HOSTILE,
    MAIN,
    ROWS,
    member,
    opened,
    part_of,
    problem,
    sheet_of,
    sheet_values,
    source_cells,
    written,
)
from hypothesis import given
from hypothesis import strategies as st
from returning import LIBREOFFICE, save_in_libreoffice

from importer.results.inert import given_back, hold, sheet_name


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'t Hooft"], ids=repr
)
def test_a_text_that_would_turn_live_when_edited_is_marked_as_text(tmp_path, text):
    sheet = sheet_of(("a", "b"), [(text, text)])
    page = opened(written(tmp_path, part_of(sheet, problems=[problem(sheet, 0, (1,))])))
    assert (page["G2"].quotePrefix, page["H2"].quotePrefix) == (True, True)


def test_every_source_cell_has_the_text_format_also_the_blank_ones(tmp_path):
    path = written(tmp_path, part_of(sheet_of(HEADERS, ROWS)))
    page = opened(path)
    formats = {cell.number_format for row in page.iter_rows(min_row=2, min_col=7) for cell in row}
    assert formats == {"@", "General"}
    assert {page[f"G{line}"].number_format for line in (2, 3, 4)} == {"@"}
    # A cell that is not there takes the format of its column when somebody types into it.
    styles = list(member(path, "xl/styles.xml").find(f"{MAIN}cellXfs"))
    columns = list(member(path, "xl/worksheets/sheet2.xml").iter(f"{MAIN}col"))[6:]
    assert {styles[int(column.get("style"))].get("numFmtId") for column in columns} == {"49"}


@pytest.mark.parametrize(
    ("shown", "stored", "back"),
    [
        ("$1,235", "1234.56", "1234.56"), ("$14.50", "14.5", "$14.50"), ("15%", "0.15", "0.15"), ("-", "0", "-"),
        ("14.51", "14.505", "14.51 [correct this]"), ("14.51", "14.510000000000002", "14.51"),
    ],
)  # fmt: skip
def test_a_money_cell_shows_the_very_amount_that_was_sent(shown, stored, back):
    assert given_back(shown, stored) == back


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec=None, exclude_characters="_")), min_size=2, max_size=2
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_text_comes_back_but_for_characters_that_no_workbook_can_hold(tmp_path_factory, rows):
    unheld = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
    folder = tmp_path_factory.mktemp("any")
    path = written(folder, part_of(sheet_of(("a", "b"), rows, dtype=object)))
    cells = [[*line[6:], "", ""][:2] for line in sheet_values(path, "Students")[1:]]
    assert cells == [[unheld.sub("\ufffd", text) for text in row] for row in rows]
    shutil.rmtree(folder)


def test_replaced_characters_are_counted_on_the_summary(tmp_path):
    path = written(tmp_path, part_of(sheet_of(("a",), [("x\x00y\x1f",), ("z\ufffe",)])))
    assert source_cells(path) == [("x\ufffdy\ufffd",), ("z\ufffd",)]
    said = (
        "•  3 characters that no workbook can hold: each stands here as \ufffd. Correct the cell here "
        "or in the file before you push this workbook."
    )
    assert said in [cell.value for cell in opened(path, "Summary")["A"]]


@pytest.mark.parametrize(
    ("text", "whole"),
    [("é" * 32_767, True), ("é" * 32_768, False), ("🚗" * 16_383, True), ("🚗" * 16_384, False)],
    ids=["at the limit", "one past", "pairs at the limit", "pairs past"],
)
def test_a_text_too_long_for_a_cell_is_cut_where_everybody_sees_it(tmp_path, text, whole):
    path = written(tmp_path, part_of(sheet_of(("a",), [(text,)])))
    [[cell]] = source_cells(path)
    assert len(cell.encode("utf-16-le")) // 2 <= 32_767
    assert (cell == text) is whole
    if not whole:
        assert cell.endswith(f"… [cut here: {len(text):,} characters do not fit into a cell]")
        summary = [str(cell.value) for cell in opened(path, "Summary")["A"]]
        assert (
            "•  1 text longer than a cell can hold (32,767 characters): cut here, which is said at "
            "the end. The file has the whole text." in summary
        )


@given(st.text(max_size=60), st.sets(st.text(max_size=40).map(str.casefold), max_size=5))
def test_any_title_gives_a_name_that_a_worksheet_can_have(title, taken):
    name = sheet_name(title, taken)
    assert 1 <= len(name.encode("utf-16-le")) // 2 <= 31
    assert not set(name) & set("[]:*?/\\")
    assert name.strip("'") == name
    assert name.casefold() not in taken


@pytest.mark.libreoffice
@pytest.mark.skipif(LIBREOFFICE is None, reason="LibreOffice is not installed")
def test_all_texts_survive_a_save_in_libreoffice(tmp_path):
    odd = ("=", "1E5", "12345678901234567890", "2001-02-03", "<r></r>", " = 1", "'t Hooft")
    texts = [text for text in HOSTILE.values() if hold(text) == text and "\r" not in text]
    rows = [(text, "x") for text in (*texts, *odd)]
    path = written(tmp_path, part_of(sheet_of(("a", "b"), rows)))
    assert source_cells(save_in_libreoffice(path, tmp_path)) == rows
