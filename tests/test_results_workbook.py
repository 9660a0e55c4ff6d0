"""The sheets of a results workbook: every row and cell of the source, inert, with what became of it."""

import re
import shutil
import subprocess
import zipfile
from itertools import pairwise

import openpyxl
import pytest
from annotating import MAIN, about_of, member, part_of, problem, sheet_of
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from importer.model import RESULT_COLUMNS, Outcome, Severity, State
from importer.results import write_workbook
from importer.results.pages import MOST_COMMENTS
from importer.results.parts import Part, plan_pages

HEADERS = ("Student ID", "Last name", "Phone", "Phone", "", "Birth date")
ROWS = (
    ("0012345", "O'Neill", "555 0100", "", "x", "2001-02-03"),
    ("12", "Null", "", "555 0101", "", "32/13/2001"),
    ("1E5", "Nguyễn 🚗", "", "", "", ""),
)
INJECTIONS = (
    '=HYPERLINK("http://evil.example","click")',
    "=1+1",
    "==",
    "=",
    "{=1}",
    "+1 555 0100",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "#N/A",
    "http://x.example/a b",
    "mailto:a@b.example",
    "internal:Summary!A1",
    "TRUE",
    "0012345",
    "1E5",
    "12345678901234567890",
    "2001-02-03",
    "<r></r>",
    "<r><t>=1</t></r>",
    "</t></is></c>",
    "_x003D_1",
    " = 1",
    "'t Hooft",
    "]]>",
    "&amp;",
)


def written(tmp_path, *parts, **facts):
    return write_workbook(tmp_path / "students-results.xlsx", about_of(**facts), parts)


def opened(path, sheet="Students"):
    return openpyxl.load_workbook(path)[sheet]


def source_cells(path, sheet="Students"):
    """Return what an independent reader finds right of the six columns, below the header."""
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet).to_python()
    return [tuple(row[6:]) for row in rows[1:]]


def test_the_six_columns_stand_before_all_source_columns_under_their_own_headers(tmp_path):
    page = opened(written(tmp_path, part_of(sheet_of(HEADERS, ROWS))))
    header = [cell.value or "" for cell in page[1]]
    assert header == [*RESULT_COLUMNS, *HEADERS]


def test_every_source_row_has_its_line_in_order_with_its_row_number(tmp_path):
    outcomes = [
        Outcome(State.PUSHED, "88123"),
        Outcome(State.SKIPPED, message="The mapping skips it."),
        Outcome(State.NOT_SENT),
    ]
    page = opened(written(tmp_path, part_of(sheet_of(HEADERS, ROWS), outcomes)))
    lines = [[cell.value for cell in row[:6]] for row in page.iter_rows(min_row=2)]
    assert lines == [
        ["pushed", "88123", None, None, None, 5],
        ["skipped", None, None, "The mapping skips it.", None, 6],
        ["not sent", None, None, None, None, 7],
    ]


def test_source_cells_come_back_exactly(tmp_path):
    assert source_cells(written(tmp_path, part_of(sheet_of(HEADERS, ROWS)))) == list(ROWS)


def test_columns_that_an_earlier_results_workbook_added_are_left_out(tmp_path):
    headers = ("opscom_status", "OPSCOM_Answer ", "Student ID", "opscom_row")
    sheet = sheet_of(headers, [("invalid", "yes", "0012345", "5")])
    found = problem(sheet, 0, (1,))
    page = opened(written(tmp_path, part_of(sheet, problems=[found])))
    assert [cell.value for cell in page[1]] == [*RESULT_COLUMNS, "Student ID"]
    assert page["G2"].value == "0012345"
    assert page["A2"].comment is not None


@pytest.mark.parametrize("text", INJECTIONS, ids=repr)
def test_a_text_that_looks_like_something_else_stays_that_text(tmp_path, text):
    sheet = sheet_of((text, "marked"), [(text, text)])
    outcome = Outcome(State.REJECTED, text, "9033", text)
    found = [problem(sheet, 0, (1,), message=text)]
    path = written(tmp_path, part_of(sheet, [outcome], found, earlier={0: text}))
    assert source_cells(path) == [(text, text)]
    for name in zipfile.ZipFile(path).namelist():
        if name.startswith("xl/worksheets/sheet"):
            root = member(path, name)
            assert not list(root.iter(f"{MAIN}f"))
            assert {cell.get("t") for cell in root.iter(f"{MAIN}c")} <= {"inlineStr", "n", None}
    links = member(path, "xl/worksheets/sheet1.xml").iter(f"{MAIN}hyperlink")
    assert all(link.get("location").startswith("'Students'!") for link in links)
    assert not list(member(path, "xl/worksheets/sheet2.xml").iter(f"{MAIN}hyperlink"))


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
    columns = [page.column_dimensions[letter] for letter in "GHIJKL"]
    assert formats == {"@", "General"}
    assert {column.number_format for column in columns} == {"@"}
    assert {page[f"G{line}"].number_format for line in (2, 3, 4)} == {"@"}


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
    page = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Students").to_python()
    cells = [[*line[6:], "", ""][:2] for line in page[1:]]
    assert cells == [[unheld.sub("\ufffd", text) for text in row] for row in rows]
    shutil.rmtree(folder)


def test_replaced_characters_are_counted_on_the_summary(tmp_path):
    path = written(tmp_path, part_of(sheet_of(("a",), [("x\x00y\x1f",), ("z\ufffe",)])))
    assert source_cells(path) == [("x\ufffdy\ufffd",), ("z\ufffd",)]
    doubts = [cell.value for cell in opened(path, "Summary")["A"] if "\ufffd" in str(cell.value)]
    assert doubts == [
        "•  3 characters that no workbook can hold: each stands here as \ufffd. Correct the cell here "
        "or in the file before you push this workbook."
    ]


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


def test_messages_name_the_header_and_never_the_value(tmp_path):
    sheet = sheet_of(HEADERS, ROWS)
    found = [
        problem(sheet, 1, (5,)),
        problem(sheet, 1, (4,), code=None, severity=Severity.WARNING, message="this is odd."),
        problem(sheet, 1, (), field="user_type_id", code=9031, message="this is missing."),
        problem(sheet, 1, (), field=None, code=None, message="it has too many cells."),
    ]
    earlier = {1: "Attempt 1: rejected with 9019."}
    page = opened(written(tmp_path, part_of(sheet, problems=found, earlier=earlier)))
    assert page["D3"].value == (
        "Birth date: this is no date. Correct the cell.\n"
        "Column E (warning): this is odd. Correct the cell.\n"
        "user_type_id: this is missing. Correct the cell.\n"
        "Whole row: it has too many cells. Correct the cell.\n"
        "Attempt 1: rejected with 9019."
    )


def test_the_message_of_a_refusal_also_says_what_its_code_asks_for(tmp_path):
    outcomes = [Outcome(State.REJECTED, "", "9019", "Duplicate email.")]
    page = opened(written(tmp_path, part_of(sheet_of(HEADERS, ROWS[:1]), outcomes)))
    from importer.codes import CODES

    assert page["D2"].value == f"Duplicate email.\n{CODES[9019].means} {CODES[9019].remedy}"


def test_error_codes_are_those_of_errors_each_once_in_the_order_of_the_columns(tmp_path):
    sheet = sheet_of(HEADERS, ROWS)
    found = [
        problem(sheet, 0, (0,), code=9030),
        problem(sheet, 0, (1,), code=9017, severity=Severity.WARNING),
        problem(sheet, 0, (2,), code=None),
        problem(sheet, 0, (5,), code=9033),
        problem(sheet, 0, (5,), code=9030),
        problem(sheet, 1, (1,), code=9017, severity=Severity.WARNING),
    ]
    outcomes = [Outcome(State.INVALID), Outcome(State.PUSHED), Outcome(State.REJECTED, "", "9999")]
    page = opened(written(tmp_path, part_of(sheet, outcomes, found)))
    assert [page[f"C{line}"].value for line in (2, 3, 4)] == ["9030; 9033", None, "9999"]


def test_marked_cells_are_filled_and_commented_and_warnings_look_different(tmp_path):
    sheet = sheet_of(HEADERS, ROWS)
    found = [
        problem(sheet, 1, (5,)),
        problem(
            sheet, 1, (5,), code=None, message="this lies before 1900.", severity=Severity.WARNING
        ),
        problem(sheet, 2, (5,), code=9031, severity=Severity.WARNING, message="this is missing."),
    ]
    page = opened(written(tmp_path, part_of(sheet, problems=found)))
    error, warning, plain = page["L3"], page["L4"], page["L2"]
    assert error.comment.text == (
        "Error 9033\nThis is no date.\nCorrect the cell.\n\n"
        "Warning\nThis lies before 1900.\nCorrect the cell."
    )
    assert warning.comment.text == "Warning 9031\nThis is missing.\nCorrect the cell."
    assert {error.comment.author, warning.comment.author} == {"opscom-import"}
    assert (error.fill.fgColor.rgb, error.font.b, error.font.i) == ("FFFFC7CE", True, False)
    assert (warning.fill.fgColor.rgb, warning.font.b, warning.font.i) == ("FFFFEB9C", False, True)
    assert (plain.fill.fill_type, plain.comment) == (None, None)
    assert (error.value, error.number_format) == ("32/13/2001", "@")
    assert (warning.value, warning.number_format) == (None, "@")


def test_an_error_and_a_warning_in_one_cell_look_like_an_error_whichever_comes_first(tmp_path):
    sheet = sheet_of(HEADERS, ROWS)
    found = [problem(sheet, 0, (5,), severity=Severity.WARNING), problem(sheet, 0, (5,))]
    page = opened(written(tmp_path, part_of(sheet, problems=found)))
    assert page["L2"].fill.fgColor.rgb == "FFFFC7CE"


def test_a_problem_of_several_columns_marks_them_all(tmp_path):
    sheet = sheet_of(HEADERS, ROWS)
    page = opened(written(tmp_path, part_of(sheet, problems=[problem(sheet, 0, (2, 3))])))
    assert page["D2"].value == "Phone and Phone: this is no date. Correct the cell."
    assert page["I2"].comment.text == page["J2"].comment.text != ""


def test_a_refusal_by_opscom_is_told_at_the_status_cell(tmp_path):
    outcomes = [Outcome(State.REJECTED, "", "9999", "Go away.")]
    page = opened(written(tmp_path, part_of(sheet_of(HEADERS, ROWS[:1]), outcomes)))
    assert page["A2"].comment.text == "OPSCOM refused this row with 9999.\nGo away."
    assert page["A2"].fill.fgColor.rgb == "FFFFD9B8"


def test_states_differ_in_colour_and_those_that_need_a_person_are_bold(tmp_path):
    outcomes = [Outcome(state) for state in State]
    sheet = sheet_of(("a",), [("x",)] * len(outcomes))
    page = opened(written(tmp_path, part_of(sheet, outcomes)))
    cells = [page[f"A{line}"] for line in range(2, 2 + len(outcomes))]
    assert len({cell.fill.fgColor.rgb for cell in cells}) == len(outcomes)
    assert [cell.value for cell in cells if cell.font.b] == ["invalid", "rejected", "unknown"]


def test_an_unknown_row_offers_yes_and_no_and_takes_an_id(tmp_path):
    lost, done = Outcome(State.UNKNOWN), Outcome(State.PUSHED)
    outcomes = [lost, lost, done, lost, Outcome(State.INVALID, code="9022")]
    page = opened(written(tmp_path, part_of(sheet_of(("a",), [("x",)] * 5), outcomes)))
    rules = {rule.formula1: rule for rule in page.data_validations.dataValidation}
    assert {formula: str(rule.sqref) for formula, rule in rules.items()} == {
        '"yes,no"': "E2:E3 E5",
        '"new"': "E6",
    }
    assert not any(rule.showErrorMessage for rule in rules.values())
    assert {page[f"E{line}"].value for line in range(2, 7)} == {None}


def test_many_scattered_unknown_rows_each_offer_their_answers(tmp_path):
    outcomes = [Outcome(State.UNKNOWN if at % 2 else State.PUSHED) for at in range(450)]
    page = opened(written(tmp_path, part_of(sheet_of(("a",), [("x",)] * 450), outcomes)))
    offered = {
        row
        for rule in page.data_validations.dataValidation
        for spot in rule.sqref.ranges
        for row in range(spot.min_row, spot.max_row + 1)
    }
    assert offered == set(range(3, 452, 2))


def test_headers_say_where_a_column_goes(tmp_path):
    origins = {"unique_id": (0,), "student_no": (0,), "phone_cell": (3,)}
    page = opened(written(tmp_path, part_of(sheet_of(HEADERS, ROWS), origins=origins)))
    unused = "Not used: no field of OPSCOM takes this column."
    assert [page.cell(1, column).comment.text for column in range(7, 13)] == [
        "Goes to unique_id and student_no.",
        unused,
        unused,
        "Goes to phone_cell.",
        unused,
        unused,
    ]
    assert page["G1"].fill.fgColor.rgb != page["H1"].fill.fgColor.rgb
    assert all(page.cell(1, column).comment.text for column in range(1, 7))


def test_the_header_and_the_states_stay_in_view_and_can_be_filtered(tmp_path):
    page = opened(written(tmp_path, part_of(sheet_of(HEADERS, ROWS))))
    assert page.freeze_panes == "C2"
    assert page.auto_filter.ref == "A1:L4"


def test_columns_are_as_wide_as_their_text_but_never_too_wide(tmp_path):
    sheet = sheet_of(("a", "b", "A header longer than its cells"), [("x", "y" * 500, "z")])
    page = opened(written(tmp_path, part_of(sheet)))
    widths = [round(page.column_dimensions[letter].width) for letter in "GHI"]
    assert widths == [9, 61, 35]


def test_sheets_of_one_file_stand_in_its_order_under_their_names(tmp_path):
    names = ("Students", "Summary", "history", "'A/B [1]:*?\\'", "x" * 40, "x" * 41, None, "")
    parts = [part_of(sheet_of(("a",), [("x",)], name=name)) for name in names]
    path = written(tmp_path, *parts)
    assert openpyxl.load_workbook(path).sheetnames == [
        "Summary",
        "Students",
        "Summary (2)",
        "history (2)",
        "A_B _1_____",
        "x" * 31,
        "x" * 27 + " (2)",
        "Rows",
        "Rows (2)",
    ]


@given(st.lists(st.text(max_size=40), max_size=6))
def test_any_sheet_names_can_be_held(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("names")
    path = written(folder, *(part_of(sheet_of(("a",), [("x",)], name=name)) for name in names))
    held = CalamineWorkbook.from_path(str(path)).sheet_names
    assert len(held) == len(names) + 1
    assert len({name.casefold() for name in held}) == len(held)
    assert all(1 <= len(name.encode("utf-16-le")) // 2 <= 31 for name in held)
    shutil.rmtree(folder)


def test_a_sheet_without_rows_still_has_its_header(tmp_path):
    page = opened(written(tmp_path, part_of(sheet_of(HEADERS, []))))
    assert [cell.value or "" for cell in page[1]] == [*RESULT_COLUMNS, *HEADERS]
    assert page.max_row == 1


def test_a_sheet_of_nothing_but_our_columns_keeps_its_rows(tmp_path):
    page = opened(written(tmp_path, part_of(sheet_of(("opscom_row",), [("5",), ("6",)]))))
    assert [page["A2"].value, page["A3"].value, page["F3"].value] == ["pushed", "pushed", 6]


def test_more_rows_than_a_worksheet_holds_go_on_in_the_next():
    part = part_of(sheet_of(("a",), [("x",)] * 7, name=None))
    pages = plan_pages([part], most_rows=3)
    assert [(page.name, page.start, page.stop) for page in pages] == [
        ("Rows", 0, 3),
        ("Rows (2)", 3, 6),
        ("Rows (3)", 6, 7),
    ]
    assert [page.line(page.start) for page in pages] == [1, 1, 1]
    assert all(one.stop == other.start for one, other in pairwise(pages))


def test_too_many_comments_are_left_out_and_said(tmp_path):
    rows = MOST_COMMENTS + 2
    sheet = sheet_of(("a",), [("x",)] * rows)
    found = [problem(sheet, at, (0,)) for at in range(rows)]
    path = written(tmp_path, part_of(sheet, problems=found))
    comments = member(path, "xl/comments1.xml").iter(f"{MAIN}comment")
    assert sum(not one.get("ref").endswith("1") or len(one.get("ref")) > 2 for one in comments) == (
        MOST_COMMENTS
    )
    page = opened(path)
    last = page.cell(rows + 1, 7)
    assert (last.fill.fgColor.rgb, last.comment) == ("FFFFC7CE", None)
    summary = [str(cell.value) for cell in opened(path, "Summary")["A"]]
    assert (
        "•  2 marked cells without a comment: spreadsheet programs get slow with more than 10,000. "
        "The column opscom_message says the same." in summary
    )


def test_outcomes_that_do_not_fit_the_rows_are_refused():
    part = part_of(sheet_of(("a",), [("x",), ("y",)]))
    with pytest.raises(ValueError, match="^1 outcomes for 2 rows$"):
        Part(part.checked, part.outcomes[:1])


@pytest.mark.libreoffice
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_all_texts_survive_a_save_in_libreoffice(tmp_path):
    rows = [(text, "x") for text in INJECTIONS]
    path = written(tmp_path, part_of(sheet_of(("a", "b"), rows)))
    profile = (tmp_path / "profile").as_uri()
    command = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", "xlsx"]
    out = tmp_path / "saved"
    subprocess.run([*command, "--outdir", out, path], check=True, capture_output=True, timeout=100)
    assert source_cells(out / path.name) == rows
