"""The sheets of a results workbook: every row and cell of the source, inert, with what became of it."""

import openpyxl
import pytest
from annotating import (
    HEADERS,
    MAIN,
    ROWS,
    member,
    opened,
    part_of,
    problem,
    sheet_of,
    sheet_values,
    source_cells,
    texts_on,
    written,
)

from importer.codes import CODES
from importer.errors import InputError
from importer.model import RESULT_COLUMNS, Outcome, Severity, State
from importer.prepare import prove_fitting
from importer.results.pages import MOST_COMMENTS


def test_every_source_row_has_its_line_in_order_the_six_columns_before_its_own(tmp_path):
    outcomes = [
        Outcome(State.PUSHED, "88123"),
        Outcome(State.SKIPPED, message="The mapping skips it."),
        Outcome(State.NOT_SENT),
    ]
    path = written(tmp_path, part_of(sheet_of(HEADERS, ROWS), outcomes))
    head, *rows = opened(path).iter_rows(values_only=True)
    assert [name or "" for name in head] == [*RESULT_COLUMNS, *HEADERS]
    assert source_cells(path) == list(ROWS)
    lines = [list(row[:6]) for row in rows]
    assert lines == [
        ["pushed", "88123", None, None, None, 5],
        ["skipped", None, None, "The mapping skips it.", None, 6],
        ["not sent", None, None, None, None, 7],
    ]


def test_columns_that_an_earlier_results_workbook_added_are_left_out(tmp_path):
    headers = ("opscom_status", "OPSCOM_Answer ", "Student ID", "opscom_row")
    sheet = sheet_of(headers, [("invalid", "yes", "0012345", "5")])
    found = problem(sheet, 0, (1,))
    page = opened(written(tmp_path, part_of(sheet, problems=[found])))
    assert [cell.value for cell in page[1]] == [*RESULT_COLUMNS, "Student ID"]
    assert page["G2"].value == "0012345"
    assert page["A2"].comment is not None


def test_messages_name_the_header_and_the_value(tmp_path):
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
        'Birth date: "32/13/2001" is no date. Correct the cell.\n'
        'Column E (warning): "32/13/2001" is odd. Correct the cell.\n'
        'user_type_id: "32/13/2001" is missing. Correct the cell.\n'
        'Whole row: "32/13/2001": it has too many cells. Correct the cell.\n'
        "Attempt 1: rejected with 9019."
    )


MEANT = f"Duplicate email.\n{CODES[9019].means} {CODES[9019].remedy}"
OUTCOMES = {
    "a refusal, and what its code asks for": (
        Outcome(State.REJECTED, "", "9019", "Duplicate email."),
        "9019",
        MEANT,
    ),
    "a possible second": (Outcome(State.INVALID, "", "9022", "Push it."), "9022", "Push it."),
    "edited since": (Outcome(State.INVALID, "r-1", "9022", "Push it."), "9022", "Push it."),
    "there already": (Outcome(State.EXISTS, "", "9012", "It is."), None, "It is (9012)."),
    "there, code told": (Outcome(State.EXISTS, "", "9022", "9022: it is."), None, "9022: it is."),
    "there, code alone": (Outcome(State.EXISTS, "", "9012"), None, "(9012)."),
    "there, no code": (Outcome(State.EXISTS, "", "", "It is."), None, "It is."),
}


@pytest.mark.parametrize(("outcome", "code", "message"), OUTCOMES.values(), ids=OUTCOMES)
def test_the_message_of_an_outcome_is_not_contradicted_by_its_code(
    tmp_path, outcome, code, message
):
    page = opened(written(tmp_path, part_of(sheet_of(HEADERS, ROWS[:1]), [outcome])))
    assert (page["C2"].value, page["D2"].value) == (code, message)


def test_a_row_that_a_person_added_has_no_row_number(tmp_path):
    sheet = sheet_of(HEADERS, ROWS, added={1})
    page = opened(written(tmp_path, part_of(sheet)))
    assert [page[f"F{line}"].value for line in (2, 3, 4)] == [5, None, 7]
    assert page["G3"].value == "12"


def test_a_sheet_is_printed_as_wide_as_the_paper_and_its_header_and_states_stay_in_view(tmp_path):
    page = opened(written(tmp_path, part_of(sheet_of(HEADERS, ROWS))))
    assert (page.freeze_panes, page.auto_filter.ref) == ("C2", "A1:L4")
    assert page.sheet_properties.pageSetUpPr.fitToPage
    setup = page.page_setup
    assert (setup.orientation, setup.fitToWidth or 1, setup.fitToHeight) == ("landscape", 1, 0)


def test_a_sheet_too_wide_for_one_page_goes_on_to_the_next_beside_its_states(tmp_path):
    headers = tuple(f"A header of thirty letters {at:03}" for at in range(20))
    sheet = sheet_of(headers, [("x",) * 20])
    path = written(tmp_path, part_of(sheet), run="20261122-140509-a1&G b2")
    page = opened(path)
    assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (4, 0)
    assert page.page_setup.pageOrder == "overThenDown"
    assert (page.print_title_rows, page.print_title_cols) == ("$1:$1", "$A:$A")
    for name in ("Students", "Summary"):
        foot = opened(path, name).oddFooter
        assert (foot.left.text, foot.center.text, foot.right.text) == (
            "&A",
            "OPSCOM import, run 20261122-140509-a1G b2",
            "Page &P of &N",
        )


def test_a_long_header_is_wrapped_in_a_row_as_high_as_it_needs(tmp_path):
    sheet = sheet_of(("a", "A header " * 12), [("x", "y")])
    page = opened(written(tmp_path, part_of(sheet)))
    assert page["H1"].alignment.wrap_text
    assert page.row_dimensions[1].height > 3 * 15
    [plain] = [opened(written(tmp_path, part_of(sheet_of(("a",), [("x",)]))))]
    assert plain.row_dimensions[1].height == 24


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
        'Error 9033\n"32/13/2001" is no date.\nCorrect the cell.\n\n'
        'Warning\n"32/13/2001" lies before 1900.\nCorrect the cell.'
    )
    assert warning.comment.text == 'Warning 9031\n"32/13/2001" is missing.\nCorrect the cell.'
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
    assert page["D2"].value == 'Phone and Phone#2: "32/13/2001" is no date. Correct the cell.'
    assert page["I2"].comment.text == page["J2"].comment.text != ""


def test_a_refusal_by_opscom_is_told_at_the_status_cell(tmp_path):
    outcomes = [Outcome(State.REJECTED, "", "9999", "Go away.")]
    page = opened(written(tmp_path, part_of(sheet_of(HEADERS, ROWS[:1]), outcomes)))
    assert page["A2"].comment.text == (
        "OPSCOM refused this row with 9999.\nGo away.\n"
        "OPSCOM's documentation does not list the code 9999: ask OPSCOM what it means."
    )
    assert page["A2"].fill.fgColor.rgb == "FFFFD9B8"


def test_the_cell_that_opscoms_answer_is_about_looks_like_no_finding_of_ours(tmp_path):
    sheet = sheet_of(("Id", "Mail", "Phone"), [("1", "a@b.example", "x")] * 4)
    outcomes = [
        Outcome(State.REJECTED, "", "9019", "Taken."),
        Outcome(State.REJECTED, "", "9019", "Taken."),
        Outcome(State.REJECTED, "", "9999", "Go away."),
        Outcome(State.INVALID, "", "9019"),
    ]
    origins = {"unique_id": (0,), "email": (1,)}
    warned = problem(sheet, 1, (1,), severity=Severity.WARNING, code=None)
    ours = problem(sheet, 3, (1,))
    path = written(tmp_path, part_of(sheet, outcomes, [warned, ours], origins=origins))
    page = opened(path)
    answer = (
        "OPSCOM refused this row with 9019.\nTaken.\nAnother user has this e-mail address. Find out "
        "whose address it is and correct the other row, or the other user in OPSCOM."
    )
    assert page["H2"].comment.text == page["A2"].comment.text == answer
    assert page["H3"].comment.text == (
        f'{answer}\n\nWarning\n"32/13/2001" is no date.\nCorrect the cell.'
    )
    assert (page["H4"].comment, page["G2"].comment) == (None, None)
    told, both, found = page["H2"], page["H3"], page["H5"]
    assert told.fill.fgColor.rgb == both.fill.fgColor.rgb == "FFFFD9B8"
    assert (told.font.b, told.font.i, told.border.left.style) == (True, True, "mediumDashed")
    assert (found.font.b, found.font.i, found.border.left.style) == (True, False, "thin")
    lines = [line for line in texts_on(opened(path, "Summary")) if line[-1] == "9019 error"]
    assert [line[0] for line in lines] == ["Mail", "Whole row"]
    links = [
        cell.hyperlink.location for row in opened(path, "Summary") for cell in row if cell.hyperlink
    ]
    assert "'Students'!H2" in links


def test_states_differ_in_colour_and_those_that_need_a_person_are_bold(tmp_path):
    outcomes = [Outcome(state) for state in State]
    sheet = sheet_of(("a",), [("x",)] * len(outcomes))
    page = opened(written(tmp_path, part_of(sheet, outcomes)))
    cells = [page[f"A{line}"] for line in range(2, 2 + len(outcomes))]
    assert len({cell.fill.fgColor.rgb for cell in cells}) == len(outcomes)
    assert [cell.value for cell in cells if cell.font.b] == ["invalid", "rejected", "unknown"]


def test_an_unknown_row_offers_yes_and_no_and_takes_an_id(tmp_path):
    lost, done = Outcome(State.UNKNOWN), Outcome(State.PUSHED)
    undecided, edited = (Outcome(State.INVALID, number, "9022") for number in ("", "r-1"))
    outcomes = [lost, lost, done, lost, undecided, edited]
    page = opened(written(tmp_path, part_of(sheet_of(("a",), [("x",)] * 6), outcomes)))
    rules = {rule.formula1: rule for rule in page.data_validations.dataValidation}
    assert {formula: str(rule.sqref) for formula, rule in rules.items()} == {
        '"yes,no"': "E2:E3 E5",
        '"new"': "E6",
    }
    assert not any(rule.showErrorMessage for rule in rules.values())
    assert {page[f"E{line}"].value for line in range(2, 8)} == {None}


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


def test_columns_are_as_wide_as_their_text_but_never_too_wide(tmp_path):
    sheet = sheet_of(("a", "b", "A header longer than its cells"), [("x", "y" * 500, "z")])
    page = opened(written(tmp_path, part_of(sheet)))
    widths = [round(page.column_dimensions[letter].width) for letter in "GHI"]
    assert widths == [9, 45, 35]


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


def test_a_sheet_without_rows_still_has_its_header(tmp_path):
    page = opened(written(tmp_path, part_of(sheet_of(HEADERS, []))))
    assert [cell.value or "" for cell in page[1]] == [*RESULT_COLUMNS, *HEADERS]
    assert page.max_row == 1


def test_a_sheet_of_nothing_but_our_columns_keeps_its_rows(tmp_path):
    page = opened(written(tmp_path, part_of(sheet_of(("opscom_row",), [("5",), ("6",)]))))
    assert [page["A2"].value, page["A3"].value, page["F3"].value] == ["pushed", "pushed", 6]


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
    summary = [str(line[0]) for line in sheet_values(path, "Summary")]
    assert (
        "•  2 marked cells without a comment: spreadsheet programs get slow with more than 10,000. "
        "The column opscom_message says the same." in summary
    )


def test_what_two_fields_of_one_column_have_wrong_is_said_once(tmp_path):
    sheet = sheet_of(HEADERS, ROWS)
    found = [problem(sheet, 0, (0,), field=name) for name in ("unique_id", "student_no")]
    found.append(problem(sheet, 0, (0,), field="employ_no", message="this is too long."))
    origins = dict.fromkeys(("unique_id", "student_no", "employ_no"), (0,))
    page = opened(written(tmp_path, part_of(sheet, problems=found, origins=origins)))
    assert page["D2"].value == (
        'Student ID: "32/13/2001" is no date. Correct the cell.\n'
        'Student ID: "32/13/2001" is too long. Correct the cell.'
    )
    assert page["G2"].comment.text == (
        'Error 9033\n"32/13/2001" is no date.\nCorrect the cell.\n\n'
        'Error 9033\n"32/13/2001" is too long.\nCorrect the cell.'
    )
    assert page["G1"].comment.text == "Goes to unique_id and student_no and employ_no."


def test_a_row_is_as_high_as_its_message_but_not_endless(tmp_path):
    sheet = sheet_of(("a",), [("x",)] * 4)
    said = ["", "Short.", "A sentence of some length. " * 8, "Word. " * 2000]
    outcomes = [Outcome(State.REJECTED, "", "", message) for message in said]
    page = opened(written(tmp_path, part_of(sheet, outcomes)))
    heights = [page.row_dimensions[line].height for line in range(2, 6)]
    assert heights[0] is None
    assert heights[1] < heights[2] < heights[3] < 201
