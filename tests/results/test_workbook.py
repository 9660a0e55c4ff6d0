"""The sheets of a results workbook: every row and cell of the source, inert, with what became of it."""

import openpyxl
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
    source_cells,
    written,
)
from commanding import lines_on
from returning import LIBREOFFICE, save_in_libreoffice

from importer.codes import CODES
from importer.errors import InputError
from importer.model import RESULT_COLUMNS, Outcome, Severity, State
from importer.prepare import prove_fitting
from importer.results.inert import hold
from importer.results.pages import MOST_COMMENTS

UNUSED = "EDEDED Not sent: the mapping gives this column to no field."
ANSWERED = f"OPSCOM refused this row with 9019. / Taken. / {CODES[9019].means} {CODES[9019].remedy}"
NO_DATE = '"32/13/2001" is no date. / Correct the cell.'
LINES = f"""\
opscom_status | opscom_reference_id | opscom_error_code | opscom_message | opscom_answer | opscom_row
pushed | 88123 |  |  |  | 5
invalid |  | 9030; 9017; 9033; 9031 | Student ID: "32/13/2001" is no date. Correct the cell. / Student ID: "32/13/2001" is too long. Correct the cell. / Phone and Phone#2: "32/13/2001" is no date. Correct the cell. / Column E (warning): "32/13/2001" is odd. Correct the cell. / Birth date (warning): "32/13/2001" lies before 1900. Correct the cell. / Birth date: "32/13/2001" is no date. Correct the cell. / user_type_id: "32/13/2001" is missing. Correct the cell. / Whole row: "32/13/2001": it has too many cells. Correct the cell. / Attempt 1: rejected with 9019. |  | 6
skipped |  |  | A total. |  | 
rejected |  | 9019 | Taken. / {CODES[9019].means} {CODES[9019].remedy} / Last name (warning): "32/13/2001" is no date. Correct the cell. |  | 8
rejected |  | 9999 | Go away. / OPSCOM's documentation does not list the code 9999: ask OPSCOM what it means. |  | 9
not sent |  |  | Birth date (warning): "32/13/2001" is no date. Correct the cell. |  | 10"""  # noqa: W291 - a blank cell
COMMENTS = f"""\
G1 CFE2F3 Goes to unique_id and student_no and employ_no.
H1 CFE2F3 Goes to email.
I1 {UNUSED}
J1 {UNUSED}
K1 {UNUSED}
L1 {UNUSED}
A3 FFCDD2 Error 9031 / "32/13/2001" is missing. / Correct the cell. /  / Error / "32/13/2001": it has too many cells. / Correct the cell.
G3 FFC7CE Error 9030 / {NO_DATE} /  / Error 9017 / "32/13/2001" is too long. / Correct the cell.
I3 FFC7CE Error 9033 / {NO_DATE}
J3 FFC7CE Error 9033 / {NO_DATE}
K3 FFEB9C Warning / "32/13/2001" is odd. / Correct the cell.
L3 FFC7CE Warning / "32/13/2001" lies before 1900. / Correct the cell. /  / Error 9033 / {NO_DATE}
A5 FFD9B8 {ANSWERED}
H5 FFD9B8 {ANSWERED} /  / Warning / {NO_DATE}
A6 FFD9B8 OPSCOM refused this row with 9999. / Go away. / OPSCOM's documentation does not list the code 9999: ask OPSCOM what it means.
L7 FFEB9C Warning / {NO_DATE}"""


def test_every_row_has_its_line_and_every_marked_cell_its_colour_and_comment(tmp_path):
    """Line by line the columns of ours, then the commented cells with fill and text, but for our six headers."""
    sheet = sheet_of(HEADERS, [*ROWS, *ROWS], added={2})
    warning = {"severity": Severity.WARNING, "code": None}
    found = [
        problem(sheet, 1, (0,), field="unique_id", code=9030),
        problem(sheet, 1, (0,), field="student_no", code=9030),
        problem(sheet, 1, (0,), field="employ_no", code=9017, message="this is too long."),
        problem(sheet, 1, (2, 3)),
        problem(sheet, 1, (4,), **warning, message="this is odd."),
        problem(sheet, 1, (5,), **warning, message="this lies before 1900."),
        problem(sheet, 1, (5,)),
        problem(sheet, 1, (), field="user_type_id", code=9031, message="this is missing."),
        problem(sheet, 1, (), field=None, code=None, message="it has too many cells."),
        problem(sheet, 3, (1,), **warning),
        problem(sheet, 5, (5,), **warning),
    ]
    outcomes = [
        Outcome(State.PUSHED, "88123"),
        Outcome(State.INVALID),
        Outcome(State.SKIPPED, message="A total."),
        Outcome(State.REJECTED, "", "9019", "Taken."),
        Outcome(State.REJECTED, "", "9999", "Go away."),
        Outcome(State.NOT_SENT),
    ]
    origins = {"unique_id": (0,), "student_no": (0,), "employ_no": (0,), "email": (1,)}
    earlier = {1: "Attempt 1: rejected with 9019."}
    path = written(tmp_path, part_of(sheet, outcomes, found, origins=origins, earlier=earlier))
    page = opened(path)
    assert source_cells(path) == [*ROWS, *ROWS]
    assert [cell.value or "" for cell in page[1]] == [*RESULT_COLUMNS, *HEADERS]
    rows = [["" if cell is None else str(cell) for cell in row[:6]] for row in page.values]
    assert "\n".join(" | ".join(row).replace("\n", " / ") for row in rows) == LINES
    told = [cell for row in page.iter_rows() for cell in row if cell.comment]
    assert {cell.comment.author for cell in told} == {"opscom-import"}
    assert [cell.coordinate for cell in told[:6]] == ["A1", "B1", "C1", "D1", "E1", "F1"]
    comments = (
        f"{cell.coordinate} {cell.fill.fgColor.rgb[2:]} {cell.comment.text}".replace("\n", " / ")
        for cell in told[6:]
    )
    assert "\n".join(comments) == COMMENTS
    error, warned, answer, plain = page["L3"], page["L7"], page["H5"], page["L2"]
    looks = [(cell.font.b, cell.font.i, cell.border.left.style) for cell in (error, warned, answer)]
    assert looks == [(True, False, "thin"), (False, True, "thin"), (True, True, "mediumDashed")]
    assert (plain.fill.fill_type, error.number_format, warned.number_format) == (None, "@", "@")
    first = [line for line in lines_on(opened(path, "Summary")) if line[-1:] == ["9019 error"]]
    assert [line[0] for line in first] == ["Last name"]


OUTCOMES = {
    "a possible second": (Outcome(State.INVALID, "", "9022", "Push it."), "9022", "Push it."),
    "edited since": (Outcome(State.INVALID, "r-1", "9022", "Push it."), "9022", "Push it."),
    "there already": (Outcome(State.EXISTS, "", "9012", "It is."), None, "It is (9012)."),
    "there, code told": (Outcome(State.EXISTS, "", "9022", "9022: it is."), None, "9022: it is."),
    "there, code alone": (Outcome(State.EXISTS, "", "9012"), None, "(9012)."),
    "there, no code": (Outcome(State.EXISTS, "", "", "It is."), None, "It is."),
}


@pytest.mark.parametrize(("outcome", "code", "message"), OUTCOMES.values(), ids=OUTCOMES)
def test_the_message_of_an_outcome_is_never_denied_by_its_code(tmp_path, outcome, code, message):
    page = opened(written(tmp_path, part_of(sheet_of(HEADERS, ROWS[:1]), [outcome])))
    assert (page["C2"].value, page["D2"].value) == (code, message)


def test_a_sheet_is_printed_as_wide_as_the_paper_and_its_header_and_states_stay_in_view(tmp_path):
    page = opened(written(tmp_path, part_of(sheet_of(HEADERS, ROWS))))
    assert (page.freeze_panes, page.auto_filter.ref) == ("C2", "A1:L4")
    assert page.sheet_properties.pageSetUpPr.fitToPage
    setup = page.page_setup
    assert (setup.orientation, setup.fitToWidth or 1, setup.fitToHeight) == ("landscape", 1, 0)


def test_a_sheet_too_wide_for_one_page_goes_on_to_the_next_beside_its_states_and_its_key(tmp_path):
    headers = tuple(f"A header of thirty letters {at:03}" for at in range(20))
    sheet = sheet_of(headers, [("x",) * 20])
    path = written(tmp_path, part_of(sheet))
    page = opened(path)
    assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (4, 0)
    assert page.page_setup.pageOrder == "overThenDown"
    assert (page.print_title_rows, page.print_title_cols) == ("$1:$1", "$A:$A")
    told = opened(written(tmp_path, part_of(sheet, origins={"unique_id": (0,)})))
    assert told.print_title_cols == "$A:$G"
    for name in ("Students", "Summary"):
        foot = opened(path, name).oddFooter
        assert foot.center.text == "OPSCOM import, run 2026-11-22-140509-a1b2"
        assert (foot.left.text, foot.right.text) == ("&A", "Page &P of &N")


def test_columns_and_rows_are_as_large_as_their_texts_but_never_too_large(tmp_path):
    sheet = sheet_of(("a", "b", "A header of its cells", "A header " * 12), [("x", "y" * 500, "z", "")] * 4)  # fmt: skip
    said = ["", "Short.", "A sentence of some length. " * 8, "Word. " * 2000]
    page = opened(written(tmp_path, part_of(sheet, [Outcome(State.REJECTED, "", "", m) for m in said])))  # fmt: skip
    widths = [round(page.column_dimensions[letter].width) for letter in "GHI"]
    assert widths == [9, 45, 26]
    assert page["J1"].alignment.wrap_text
    heights = [page.row_dimensions[line].height for line in range(1, 6)]
    assert heights[0] > 3 * 15
    assert heights[1] is None
    assert heights[2] < heights[3] < heights[4] < 201


def test_states_differ_in_colour_and_those_that_need_a_person_are_bold(tmp_path):
    outcomes = [Outcome(state) for state in State]
    sheet = sheet_of(("a",), [("x",)] * len(outcomes))
    page = opened(written(tmp_path, part_of(sheet, outcomes)))
    cells = [page[f"A{line}"] for line in range(2, 2 + len(outcomes))]
    assert len({cell.fill.fgColor.rgb for cell in cells}) == len(outcomes)
    assert [cell.value for cell in cells if cell.font.b] == ["invalid", "rejected", "unknown"]


def test_a_row_that_needs_an_answer_offers_its_answers_and_takes_an_id(tmp_path):
    lost, done = Outcome(State.UNKNOWN), Outcome(State.PUSHED)
    undecided, edited = (Outcome(State.INVALID, number, "9022") for number in ("", "r-1"))
    outcomes = [lost, lost, done, lost, undecided, edited, *[done, lost] * 200]
    sheet = sheet_of(("a",), [("x",)] * len(outcomes))
    page = opened(written(tmp_path, part_of(sheet, outcomes)))
    offered = {}
    for rule in page.data_validations.dataValidation:
        assert not rule.showErrorMessage
        for spot in rule.sqref.ranges:
            lines = range(spot.min_row, spot.max_row + 1)
            offered.setdefault(rule.formula1, []).extend(f"{spot.coord[0]}{at}" for at in lines)
    assert offered == {
        '"yes,no"': ["E2", "E3", "E5", *(f"E{line}" for line in range(9, 409, 2))],
        '"new"': ["E6"],
    }
    assert {page[f"E{line}"].value for line in range(2, 8)} == {None}


def test_sheets_of_one_file_stand_in_its_order_under_their_names(tmp_path):
    names = ("Students", "Summary", "history", "'A/B [1]:*?\\'", "x" * 40, "x" * 41, None, "")
    path = written(tmp_path, *(part_of(sheet_of(("a",), [("x",)], name=name)) for name in names))
    assert openpyxl.load_workbook(path).sheetnames == [
        *("Summary", "Students", "Summary (2)", "history (2)", "A_B _1_____"),
        *("x" * 31, "x" * 27 + " (2)", "Rows", "Rows (2)"),
    ]


def test_a_sheet_without_rows_or_without_columns_of_its_own_keeps_what_it_has(tmp_path):
    ours = sheet_of(("opscom_row",), [("5",), ("6",)], name="Ours")
    path = written(tmp_path, part_of(sheet_of(HEADERS, [])), part_of(ours))
    assert [cell or "" for row in opened(path).values for cell in row] == [
        *RESULT_COLUMNS,
        *HEADERS,
    ]
    rows = [(row[0], row[5]) for row in opened(path, "Ours").values]
    assert rows == [("opscom_status", "opscom_row"), ("pushed", 5), ("pushed", 6)]


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        (1_048_576, 3, "1,048,576 rows, and its results workbook can hold 1,048,575."),
        (1, 16_379, "16,379 columns, and its results workbook can hold 16,378."),
    ],
    ids=["rows", "columns"],
)
def test_more_than_a_worksheet_holds_is_refused_before_anything_is_sent(rows, columns, said):
    with pytest.raises(InputError, match=f"^a.csv has {said} Split the file into several.$"):
        prove_fitting("a.csv", rows, columns)
    prove_fitting("a.csv", 1_048_575, 16_378)


def test_too_many_comments_are_left_out_and_said(tmp_path):
    rows = MOST_COMMENTS + 2
    sheet = sheet_of(("a",), [("x",)] * rows)
    found = [problem(sheet, at, (0,)) for at in range(rows)]
    path = written(tmp_path, part_of(sheet, problems=found))
    comments = member(path, "xl/comments1.xml").iter(f"{MAIN}comment")
    assert sum(int(one.get("ref")[1:]) > 1 for one in comments) == MOST_COMMENTS
    said = (
        "•  2 marked cells without a comment: spreadsheet programs get slow with more than 10,000. The column "
        "opscom_message says the same."
    )
    assert [said] in lines_on(opened(path, "Summary"))


# Every text as it was, and never a formula, a number, a link or markup


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


def test_a_text_too_long_for_a_cell_is_cut_where_everybody_sees_it(tmp_path):
    texts = ("é" * 32_767, "🚗" * 16_383, "🚗" * 16_384)
    path = written(tmp_path, part_of(sheet_of(("a", "b", "c"), [texts])))
    [[*whole, cut]] = source_cells(path)
    assert tuple(whole) == texts[:2]
    assert len(cut.encode("utf-16-le")) // 2 <= 32_767
    assert cut.endswith("… [cut here: 16,384 characters do not fit into a cell]")
    said = (
        "•  1 text longer than a cell can hold (32,767 characters): cut here, which is said at the end. The file "
        "has the whole text."
    )
    assert [said] in lines_on(opened(path, "Summary"))


@pytest.mark.libreoffice
@pytest.mark.skipif(LIBREOFFICE is None, reason="LibreOffice is not installed")
def test_all_texts_survive_a_save_in_libreoffice(tmp_path):
    odd = ("=", "1E5", "12345678901234567890", "2001-02-03", "<r></r>", " = 1", "'t Hooft")
    texts = [text for text in HOSTILE.values() if hold(text) == text and "\r" not in text]
    rows = [(text, "x") for text in (*texts, *odd)]
    path = written(tmp_path, part_of(sheet_of(("a", "b"), rows)))
    assert source_cells(save_in_libreoffice(path, tmp_path)) == rows
