"""The first sheet: the outcome, what to do, states that add up, problems by code, rows for a person."""

from collections import Counter
from datetime import timedelta

import openpyxl
import pytest
from annotating import STARTED, about_of, opened, part_of, problem, sheet_of, texts_on, written
from hypothesis import given
from hypothesis import strategies as st

from importer.codes import CODES
from importer.model import Outcome, Severity, State
from importer.report import Against, Gone
from importer.results import write_workbook
from importer.results.parts import EDITED as E
from importer.results.parts import UNDECIDED
from importer.results.words import headline, next_steps, unlisted
from importer.text import spans


def summary(tmp_path, *parts, **facts):
    path = write_workbook(tmp_path / "students-results.xlsx", about_of(**facts), parts)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[0] == "Summary"
    return book["Summary"]


def section(page, title):
    """Return the lines under a heading, up to the blank line that ends the section."""
    lines = [[cell for cell in row if cell is not None] for row in page.iter_rows(values_only=True)]
    start = lines.index([title]) + 1
    return lines[start : lines.index([], start) if [] in lines[start:] else None]


def links(page):
    """Return where the links of a sheet lead, by their text."""
    return {cell.value: cell.hyperlink.location for row in page for cell in row if cell.hyperlink}


def part_in(counts):
    outcomes = [Outcome(state) for state, number in counts.items() for _ in range(number)]
    return part_of(sheet_of(("a",), [("x",)] * len(outcomes)), outcomes)


P, U, R, X = State.PUSHED, State.UNCHANGED, State.READY, State.EXISTS
HEADLINES = {
    "as in the handbook": (
        {},
        {P: 560, U: 28, X: 2, State.INVALID: 5, State.REJECTED: 4, State.UNKNOWN: 1},
        "588 of 600 rows are in OPSCOM. 9 need a correction, 2 were already there, 1 got no answer.",
    ),
    "a lost permit": (
        {"endpoint": "permits"},
        {P: 1, State.UNKNOWN: 1},
        "1 of 2 rows is in OPSCOM. 1 needs a look.",
    ),
    "all": ({}, {P: 1_200}, "All 1,200 rows are in OPSCOM."),
    "none": (
        {},
        {State.NOT_SENT: 3},
        "None of the 3 rows is in OPSCOM as it stands here. 3 were not sent.",
    ),
    "none known": (
        {"endpoint": "permits"},
        {State.UNKNOWN: 2},
        "None of the 2 rows is known to be in OPSCOM. 2 need a look.",
    ),
    "no update": (
        {"endpoint": "permit-updates"},
        {State.NOT_SENT: 3},
        "None of the 3 rows is up to date in OPSCOM. 3 were not sent.",
    ),
    "there before": ({"endpoint": "vehicles"}, {X: 2}, "All 2 rows were in OPSCOM already."),
    "some there before": (
        {"endpoint": "vehicles"},
        {X: 1, State.INVALID: 2},
        "1 of 3 rows was in OPSCOM already. 2 need a correction.",
    ),
    "one row": ({}, {P: 1}, "The only row is in OPSCOM."),
    "one bad row": (
        {},
        {State.INVALID: 1},
        "The only row is not in OPSCOM as it stands here. 1 needs a correction.",
    ),
    "no row": ({}, {}, "The file holds no rows."),
    "a rehearsal": ({"sandbox": True}, {P: 2}, "All 2 rows are in the sandbox."),
    "updates": ({"endpoint": "permit-updates"}, {P: 2}, "All 2 rows are up to date in OPSCOM."),
    "deletes": (
        {"endpoint": "permit-deletes"},
        {P: 2, State.SKIPPED: 1},
        "2 of 3 rows are deleted from OPSCOM. 1 is no record.",
    ),
    "a check": (
        {"command": "check"},
        {R: 2, U: 1, State.DUPLICATE: 2},
        "2 of 5 rows are ready to be sent. 1 is there already, unchanged, 2 repeat other rows.",
    ),
    "some edited since": (
        {"endpoint": "permits"},
        {P: 4, E: 2, State.INVALID: 1, X: 1},
        (
            "4 of 8 rows are in OPSCOM. 2 more are in OPSCOM already but were edited since, "
            "1 needs a correction, 1 was already there."
        ),
    ),
    "one edited beside one": (
        {"endpoint": "permits"},
        {P: 1, E: 1},
        "1 of 2 rows is in OPSCOM. 1 more is in OPSCOM already but was edited since.",
    ),
    "nothing but edited": (
        {"endpoint": "permits", "sandbox": True},
        {E: 3},
        "All 3 rows are in the sandbox already but were edited since.",
    ),
    "edited and others": (
        {"endpoint": "permits"},
        {E: 1, State.INVALID: 2, State.NOT_SENT: 1},
        "1 of 4 rows is in OPSCOM already but was edited since. 2 need a correction, 1 was not sent.",
    ),
    "one edited row": (
        {"endpoint": "permits"},
        {E: 1},
        "The only row is in OPSCOM already but was edited since.",
    ),
    "a check of edited rows": (
        {"endpoint": "permits", "command": "check"},
        {R: 2, E: 2},
        "2 of 4 rows are ready to be sent. 2 are in OPSCOM already but were edited since.",
    ),
    "settle": (
        {"endpoint": "permits", "command": "settle"},
        {P: 3, State.UNKNOWN: 1, State.NOT_SENT: 2},
        "3 of 6 rows are in OPSCOM. 1 needs a look, 2 wait for the next push.",
    ),
}


@pytest.mark.parametrize(("facts", "counts", "said"), HEADLINES.values(), ids=HEADLINES)
def test_the_first_sentence_tells_the_outcome(facts, counts, said):
    assert headline(about_of(**facts), Counter(counts)) == said


@given(
    st.dictionaries(st.sampled_from(State), st.integers(1, 2000)),
    st.sampled_from(["check", "push"]),
    st.data(),
)
def test_the_numbers_of_the_first_sentence_add_up_to_the_rows(counts, command, data):
    done = {"check": (R,), "push": (P, U)}[command]
    about = about_of(command=command)
    edited = data.draw(st.integers(0, counts.get(State.INVALID, 0)))
    kinds = Counter(counts) + Counter({E: edited}) - Counter({State.INVALID: edited})
    first, *others = headline(about, kinds).replace(",", "").split(". ")
    total = sum(counts.values())
    if command == "push" and not any(counts.get(state) for state in done):
        others.append(str(edited or counts.get(X, 0)))
    said = sum(
        int(word) for piece in others for word in piece.rstrip(".").split() if word.isdecimal()
    )
    told = sum(counts.get(state, 0) for state in done)
    # What a push never has, a check never has: neither is in the sentence of the other.
    foreign = counts.get(R if command == "push" else P, 0)
    assert said == total - told - foreign
    if total > 1:
        assert str(total) in first


def test_the_outcome_stands_first_and_under_it_the_live_system_and_why_the_run_stopped(tmp_path):
    page = summary(tmp_path, part_in({P: 2}), stopped="OPSCOM answers 9001.")
    assert page["A1"].value == "All 2 rows are in OPSCOM."
    assert page["A3"].value == "  The run stopped before its end. OPSCOM answers 9001."
    assert page["A2"].value == "  LIVE SYSTEM: controller.example, client OC_TEST"
    assert page["A2"].fill.fgColor.rgb == "FFB3261E"


@pytest.mark.parametrize(
    ("facts", "said", "fill"),
    [
        ({"sandbox": True}, "  SANDBOX, a rehearsal: nothing reached OPSCOM.", "FF1565C0"),
        (
            {"command": "check"},
            "  CHECK ONLY: nothing was sent. A push goes to controller.example, client OC_TEST.",
            "FF546E7A",
        ),
        (
            {"command": "check", "host": "", "client": ""},
            "  CHECK ONLY: nothing was sent. A push goes to no host set.",
            "FF546E7A",
        ),
        (
            {"command": "check", "client": ""},
            "  CHECK ONLY: nothing was sent. A push goes to controller.example.",
            "FF546E7A",
        ),
    ],
    ids=["sandbox", "check", "check without a host", "check without a client code"],
)
def test_a_rehearsal_and_a_check_cannot_be_taken_for_the_live_system(tmp_path, facts, said, fill):
    page = summary(tmp_path, part_in({R: 1}), **facts)
    assert (page["A2"].value, page["A2"].fill.fgColor.rgb) == (said, fill)


def test_what_to_do_names_a_step_for_each_kind_of_row():
    counts = {State.INVALID: 3, UNDECIDED: 2, State.REJECTED: 4, State.UNKNOWN: 1}
    counts = Counter(counts | {State.NOT_SENT: 7, R: 2})
    assert next_steps(about_of(), counts) == [
        (
            "Correct 7 rows: the cells are marked, and opscom_message says what is wrong. Save this "
            "workbook and push it; what is settled is not sent again."
        ),
        (
            "Decide about 2 rows that may be second users: opscom_message names the first. Write new "
            "into opscom_answer where a second user is meant, or update where that one is to change, save this workbook and "
            "push it."
        ),
        (
            "Push the file again for 1 row without an answer: sending these again changes nothing where "
            "the first one arrived."
        ),
        "Run the same command again for 7 rows not yet sent.",
        "Push the file, or this workbook, to send 2 rows.",
    ]


HELD = {"alike": Outcome(State.INVALID, "", "9022", "It may be a second one. Write new."), "edited": Outcome(State.INVALID, "r-1", "9022", "It is there under r-1; it was edited since.")}  # fmt: skip


@pytest.mark.parametrize(
    ("endpoint", "change"),
    [
        ("permits", "where the permit is to change, write update into opscom_answer instead."),
        ("vehicles", "a vehicle is changed in OPSCOM itself."),
    ],
    ids=["permits", "vehicles"],
)
def test_rows_edited_since_and_possible_second_ones_each_have_their_step(
    tmp_path, endpoint, change
):
    outcomes = [Outcome(P), HELD["edited"], HELD["edited"], HELD["alike"], Outcome(State.INVALID)]
    part = part_of(sheet_of(("a",), [("x",)] * 5), outcomes)
    page = summary(tmp_path, part, endpoint=endpoint)
    kind = endpoint.removesuffix("s")
    assert section(page, "What to do") == [
        [
            (
                "1.  Correct 1 row: the cells are marked, and opscom_message says what is wrong. Save "
                "this workbook and push it; what is settled is not sent again."
            )
        ],
        [
            (
                f"2.  Decide about 1 row that may be a second {kind}: opscom_message names the first. "
                f"Write new into opscom_answer where a second {kind} is meant, or update where that one is to "
                "change, save this workbook and push it."
            )
        ],
        [
            (
                "3.  Restore 2 rows that are in OPSCOM already but were edited since, save this workbook "
                f"and push it; {change} Nothing is created twice."
            )
        ],
    ]
    assert page["A1"].value == (
        "1 of 5 rows is in OPSCOM. 2 more are in OPSCOM already but were edited since, "
        "2 need a correction."
    )


def test_the_two_kinds_of_repeated_records_are_two_problems_with_a_remedy_each(tmp_path):
    outcomes = [HELD["edited"], HELD["edited"], HELD["alike"]]
    page = summary(tmp_path, part_of(sheet_of(("a",), [("x",)] * 3), outcomes), endpoint="permits")
    assert section(page, "Problems")[1:] == [
        ["Whole row", 2, HELD["edited"].message, "Restore the row, or change the record as opscom_message says.", "Students, row 5", "9022 error"],
        ["Whole row", 1, HELD["alike"].message, "Answer new where a second one is meant; where the first is to change, do as opscom_message says.", "Students, row 7", "9022 error"],
    ]  # fmt: skip
    lines = section(page, "Rows that need a person")
    assert [(line[0], line[3]) for line in lines[1:]] == [
        ("rows 5 to 6", HELD["edited"].message),
        ("row 7", HELD["alike"].message),
    ]


def test_rows_that_a_person_added_are_not_told_by_a_number(tmp_path):
    skipped = Outcome(State.SKIPPED)
    outcomes = [Outcome(State.INVALID), skipped, skipped, skipped]
    sheet = sheet_of(("a",), [("x",)] * 4, added={0, 2, 3})
    page = summary(tmp_path, part_of(sheet, outcomes, [problem(sheet, 0, (0,))]))
    assert section(page, "Problems")[1][-2] == "Students, added row"
    assert section(page, "Rows that need a person")[1][0] == "1 added row"
    [line] = section(page, "Rows that are no records")
    assert line[0] == "Students, row 6 and 2 added rows"


def test_rows_that_a_later_push_has_changed_are_told_apart_from_those_to_correct(tmp_path):
    late = Outcome(State.INVALID, "7", message="A later push brought other values.")
    outcomes = [Outcome(State.PUSHED), Outcome(State.INVALID), late, late]
    sheet = sheet_of(("a",), [("x",)] * 4)
    part = part_of(sheet, outcomes, [problem(sheet, 1, (0,))])
    lines = list(texts_on(opened(written(tmp_path, part), "Summary")))
    assert lines[0] == [
        "1 of 4 rows is in OPSCOM. 1 needs a correction, 2 were changed by a later push."
    ]
    assert [
        (
            "2.  Look at 2 rows that a later push has changed since this workbook was written, and which "
            "stand here as before. Where the later values are right, delete them here; where these are, push "
            "this workbook with --again."
        )
    ] in lines
    assert [
        "Whole row",
        2,
        "A later push brought other values.",
        "Delete the row where the later values are right; else push with --again.",
        "Students, row 7",
        "error",
    ] in lines


def test_where_all_is_settled_there_is_nothing_to_do(tmp_path):
    page = summary(tmp_path, part_in({P: 1, X: 1, State.SKIPPED: 1, State.DUPLICATE: 1}))
    assert section(page, "What to do") == [
        ["1.  Nothing. Every row is settled; keep this workbook as the record."]
    ]


@pytest.mark.parametrize("states", [[], [P], list(State)], ids=["none", "one", "all"])
def test_the_states_add_up_to_the_rows(tmp_path, states):
    counts = {state: number for number, state in enumerate(states, 1)}
    page = summary(tmp_path, part_in(counts))
    _, *lines, total, _blank = [*section(page, "What became of the rows"), []]
    assert {line[0]: line[1] for line in lines} == {state.value: n for state, n in counts.items()}
    assert total == ["all rows", sum(counts.values())]


def test_the_states_of_all_sheets_are_counted_together(tmp_path):
    page = summary(tmp_path, part_in({P: 2}), part_in({P: 1, State.UNKNOWN: 1}))
    lines = section(page, "What became of the rows")
    assert [line[:2] for line in lines[1:]] == [["pushed", 3], ["unknown", 1], ["all rows", 4]]


def test_the_chart_draws_the_numbers_of_the_table(tmp_path):
    page = summary(tmp_path, part_in({P: 5, State.INVALID: 2, State.UNKNOWN: 1}))
    [chart] = page._charts
    series = chart.series[0]
    names, numbers = series.cat.strRef, series.val.numRef
    assert [[cell.value for cell in row] for row in page[numbers.f.split("!")[1]]] == [
        [5],
        [2],
        [1],
    ]
    assert [[cell.value for cell in row] for row in page[names.f.split("!")[1]]] == [
        ["pushed"],
        ["invalid"],
        ["unknown"],
    ]
    assert [float(point.v) for point in numbers.numCache.pt] == [5, 2, 1]


def test_a_file_without_rows_has_no_chart(tmp_path):
    page = summary(tmp_path, part_in({}))
    assert page["A1"].value == "The file holds no rows."
    assert not page._charts


def test_the_facts_say_what_was_imported_when_by_whom_and_where(tmp_path):
    parts = [
        part_of(sheet_of(("a",), [("x",)] * 2)),
        part_of(sheet_of(("a",), [("x",)], name=None, header_row=1)),
    ]
    lines = texts_on(summary(tmp_path, *parts))
    facts = lines[lines.index(["File", "students.xlsx"]) :]
    assert facts[:13] == [
        ["File", "students.xlsx"],
        ["Sheet", "Students: 2 rows, header in row 4"],
        ["Sheet", "a text file: 1 row, header in row 1"],
        ["Mapping", "Banner students"],
        ["Endpoint", "users"],
        ["Host", "controller.example"],
        ["Client", "OC_TEST"],
        ["Command", "push"],
        ["By", "mwilson"],
        ["Started", "2026-11-22 14:05:09+00:00"],
        ["Ended", "2026-11-22 14:17:43+00:00 (12 min 34 s)"],
        ["Run", "2026-11-22-140509-a1b2"],
        ["File's SHA-256", "ab" * 32],
    ]


def test_a_short_run_is_told_in_seconds(tmp_path):
    page = summary(tmp_path, part_in({P: 1}), ended=STARTED + timedelta(seconds=7.4))
    assert ["Ended", "2026-11-22 14:05:16+00:00 (7 s)"] in texts_on(page)


def test_problems_are_grouped_by_code_and_column_with_a_link_to_the_first_cell(tmp_path):
    sheet = sheet_of(("ID", "Birth date", "E-mail"), [("1", "x", "y")] * 6)
    found = [
        problem(sheet, 1, (1,)),
        problem(sheet, 1, (2,), message="this has no @.", remedy="Write it as name@example.ca."),
        problem(sheet, 2, (1,)),
        problem(sheet, 2, (1,), message="this lies in the future."),
        problem(
            sheet,
            3,
            (2,),
            code=None,
            severity=Severity.WARNING,
            message="this is odd.",
            remedy="Look.",
        ),
    ]
    outcomes = [Outcome(State.PUSHED)] * 5 + [Outcome(State.REJECTED, "", "9019", "Email in use.")]
    for position in (1, 2):
        outcomes[position] = Outcome(State.INVALID)
    page = summary(tmp_path, part_of(sheet, outcomes, found))
    assert section(page, "Problems") == [
        ["Column", "Rows", "What is wrong", "What to do", "First place", "Code"],
        ["Birth date", 2, '"32/13/2001" is no date.', "Correct the cell.", "Students, row 6", "9033 error"],
        ["Whole row", 1, f"Email in use.\n{CODES[9019].means}", CODES[9019].remedy, "Students, row 10", "9019 error"],
        ["Birth date", 1, '"32/13/2001" lies in the future.', "Correct the cell.", "Students, row 7", "9033 error"],
        ["E-mail", 1, '"32/13/2001" has no @.', "Write it as name@example.ca.", "Students, row 6", "9033 error"],
        ["E-mail", 1, '"32/13/2001" is odd.', "Look.", "Students, row 8", "warning"],
    ]  # fmt: skip
    assert links(page)["Students, row 10"] == "'Students'!A7"
    assert links(page)["Students, row 8"] == "'Students'!I5"


def test_a_code_that_nobody_documents_is_told_in_opscoms_own_words(tmp_path):
    outcomes = [Outcome(State.REJECTED, "", "9999", "Teapot.")]
    lines = section(summary(tmp_path, part_of(sheet_of(("a",), [("x",)]), outcomes)), "Problems")
    assert lines[1] == ["Whole row", 1, "Teapot.", "Students, row 5", "9999 error"]


def test_links_reach_sheets_with_an_apostrophe_in_the_name(tmp_path):
    outcomes = [Outcome(State.UNKNOWN)]
    page = summary(tmp_path, part_of(sheet_of(("a",), [("x",)], name="Dean's list"), outcomes))
    assert links(page) == {"row 5": "'Dean''s list'!A2"}


def test_rows_that_need_a_person_are_listed_those_without_an_answer_first(tmp_path):
    sheet = sheet_of(("ID", "Birth date"), [("1", "x")] * 4)
    outcomes = [Outcome(State.PUSHED), Outcome(State.INVALID), Outcome(State.REJECTED, "", "9999", "No."), Outcome(State.UNKNOWN, message="Lost.")]  # fmt: skip
    found = [problem(sheet, 1, (0,), severity=Severity.WARNING), problem(sheet, 1, (1,))]
    page = summary(tmp_path, part_of(sheet, outcomes, found))
    assert section(page, "Rows that need a person") == [
        ["Row", "State", "Sheet", "What is wrong, and what to do"],
        ["row 8", "unknown", "Students", "Lost."],
        ["row 7", "rejected", "Students", f"No.\n{unlisted('9999')}"],
        ["row 6", "invalid", "Students", 'Birth date: "32/13/2001" is no date. Correct the cell.'],
    ]
    assert links(page)["row 6"] == "'Students'!H3"


def test_rows_that_need_a_person_for_one_reason_are_one_line(tmp_path):
    page = summary(tmp_path, part_in({State.UNKNOWN: 98, P: 1, State.REJECTED: 1}))
    assert [line[:2] for line in section(page, "Rows that need a person")[1:]] == [
        ["rows 5 to 102", "unknown"],
        ["row 104", "rejected"],
    ]


def test_rows_that_are_held_back_for_one_reason_are_one_line_whatever_their_ids(tmp_path):
    said = "The permit {} of an earlier run has the same number. It differs in {}."
    outcomes = [
        Outcome(State.INVALID, "", "9022", said.format(f"a{at}f-4e", "End" if at != 4 else "Plate"))
        for at in range(0, 80, 2)
    ]
    rows = [("x",)] * 40
    page = summary(tmp_path, part_of(sheet_of(("a",), rows, added={3}), outcomes))
    assert [[line[0], line[3]] for line in section(page, "Rows that need a person")[1:]] == [
        ["rows 5 to 6, 9 to 44 and 1 added row", said.format("…", "End")],
        ["row 7", said.format("a4f-4e", "Plate")],
    ]
    assert section(page, "Problems")[1][1:3] == [40, said.format("…", "End")]
    assert opened(tmp_path / "students-results.xlsx")["D8"].value == said.format("a12f-4e", "End")


def test_the_summary_begins_with_what_a_reader_wants_first_and_ends_with_the_record(tmp_path):
    sheet = sheet_of(("a",), [("x",)] * 2, notes=("Rows are hidden.",))
    outcomes = [Outcome(State.INVALID), Outcome(State.SKIPPED)]
    against = Against("fall.xlsx", 5_000, "2026-09-01", 0, 1, 0, 0, (), (Gone("0007"),))
    part = part_of(sheet, outcomes, [problem(sheet, 0, (0,))], news={0: ("email",)})
    page = summary(tmp_path, part, against=against)
    titles = [row[0].value for row in page.iter_rows() if row[0].value and row[0].font.size == 13]
    assert [title for title in titles if not title.startswith("  ")] == [
        "What to do",
        "Problems",
        "Rows that need a person",
        "Notes",
        "What became of the rows",
        "This file against the last one",
        "Rows that change",
        "Gone",
        "Rows that are no records",
        "Record of this run",
    ]


def test_a_long_list_ends_with_how_many_more_there_are(tmp_path):
    outcomes = [Outcome(State.UNKNOWN, message=f"Lost{chr(300 + at)}.") for at in range(303)]
    page = summary(tmp_path, part_of(sheet_of(("a",), [("x",)] * 303), outcomes))
    lines = section(page, "Rows that need a person")
    assert len(lines) == 1 + 300 + 1
    assert lines[-1] == ["3 more rows: filter opscom_status in the sheets that follow."]


def test_skipped_rows_are_told_by_reason(tmp_path):
    outcomes = [Outcome(State.SKIPPED)] * 3 + [
        Outcome(State.PUSHED),
        Outcome(State.SKIPPED, message="A total."),
    ]
    page = summary(tmp_path, part_of(sheet_of(("a",), [("x",)] * 5), outcomes))
    assert section(page, "Rows that are no records") == [
        [
            "Students, rows 5 to 7",
            "The mapping's skip_rows says that this is not a record, or no mapped column holds anything.",
        ],
        ["Students, row 9", "A total."],
    ]


def test_notes_of_run_sheet_and_check_are_each_told_once(tmp_path):
    one = part_of(sheet_of(("a",), [("x",)], notes=("Rows are hidden.",)), notes=("Odd.",))
    two = part_of(sheet_of(("a",), [("x",)], name="Staff", notes=("The run knows.",)))
    page = summary(tmp_path, one, two, notes=("The run knows.", "Old file."))
    assert section(page, "Notes") == [
        ["•  The run knows."],
        ["•  Old file."],
        ["•  Students: Rows are hidden."],
        ["•  Students: Odd."],
    ]


def test_sections_that_have_nothing_to_say_are_left_out(tmp_path):
    lines = texts_on(summary(tmp_path, part_in({P: 3})))
    titles = {"Problems", "Notes", "Rows that need a person", "Rows that are no records"}
    assert not titles & {line[0] for line in lines}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], ""),
        ([4], "4"),
        ([4, 5, 6, 9], "4 to 6, 9"),
        (list(range(0, 100, 2)), "0, 2, 4 and 47 more"),
    ],
    ids=["none", "one", "runs", "many"],
)
def test_row_numbers_are_folded(rows, said):
    assert spans(rows, most=3) == said


@given(st.sets(st.integers(1, 60)))
def test_folded_row_numbers_name_every_row_once(rows):
    said = Counter()
    for piece in filter(None, spans(sorted(rows), most=100).split(", ")):
        first, _, last = piece.partition(" to ")
        said.update(range(int(first), int(last or first) + 1))
    assert said == Counter(rows)


SETTLED = Counter({P: 3, State.UNKNOWN: 1, State.NOT_SENT: 2})
LOOK_UP = (
    "Run opscom-import settle for {} without an answer. Where it still does not know, look the record up "
    "in OPSCOM, write its id, or yes, or no, into opscom_answer, save this workbook and settle it."
)


@pytest.mark.parametrize(
    ("command", "counts", "steps"),
    [
        ("push", {State.UNKNOWN: 2}, [LOOK_UP.format("2 rows")]),
        ("settle", SETTLED, [LOOK_UP.format("1 row"), "Push this workbook to send 2 rows."]),
    ],
    ids=["push", "settle"],
)
def test_a_lost_permit_is_looked_up_by_a_person(command, counts, steps):
    assert next_steps(about_of(command=command, endpoint="permits"), Counter(counts)) == steps


def test_settle_explains_its_states_in_its_own_words(tmp_path):
    page = summary(tmp_path, part_in(SETTLED), command="settle", endpoint="permits", sandbox=True)
    assert page["A2"].value == "  SANDBOX, a rehearsal: nothing reached OPSCOM."
    lines = texts_on(page)
    assert [
        "not sent",
        2,
        "Nothing has been sent for it, or it was not taken; the next push sends it.",
    ] in lines
    assert ["Command", "settle, in the sandbox"] in lines


def test_the_last_file_is_told_and_only_what_differs(tmp_path):
    against = Against("fall.xlsx", 5_000, "2026-09-01", 2, 0, 4_100, 0)
    page = summary(tmp_path, part_in({P: 2}), against=against)
    assert section(page, "This file against the last one") == [
        [
            (
                "The last file with the mapping Banner students was fall.xlsx with 5,000 rows, pushed on "
                "2026-09-01. Compared is what OPSCOM last accepted from us for each row."
            )
        ],
        ["Rows", "Number", "Which"],
        ["new", 2, "Never accepted from us before."],
        ["unchanged", 4_100, "Exactly what was last accepted."],
    ]


def test_changed_rows_are_listed_each_a_link_and_who_is_gone_by_name(tmp_path):
    gone = (Gone("000007", "Ada Example"), Gone("000008"))
    against = Against("fall.xlsx", 5, "2026-09-01", 1, 2, 0, 0, (("email", 2),), gone)
    news = {0: (), 1: ("email", "street"), 2: ("email",)}
    part = part_of(sheet_of(("a",), [("x",)] * 3), news=news)
    page = summary(tmp_path, part, against=against)
    assert section(page, "Rows that change") == [
        ["Row", "Sheet", "Fields that change"],
        ["row 6", "Students", "email, street"],
        ["row 7", "Students", "email"],
    ]
    assert links(page) == {"row 6": "'Students'!A3", "row 7": "'Students'!A4"}
    assert section(page, "Gone") == [
        ["Id", "Name in the last results workbook"],
        ["000007", "Ada Example"],
        ["000008"],
    ]


def test_many_changed_rows_are_counted_and_the_first_are_listed(tmp_path):
    against = Against("fall.xlsx", 5, "2026-09-01", 0, 303, 0, 0)
    news = dict.fromkeys(range(303), ("email",))
    page = summary(tmp_path, part_of(sheet_of(("a",), [("x",)] * 303), news=news), against=against)
    lines = section(page, "Rows that change")
    assert len(lines) == 1 + 300 + 1
    assert lines[-1] == ["3 more rows: filter opscom_message for changes."]


def test_gone_permits_are_told_with_the_command_that_lists_them_for_deletion(tmp_path):
    against = Against("fall.xlsx", 5, "2026-09-01", 0, 0, 5, 0, (), (Gone("P-7", "ABC 1"),))
    command = "opscom-import history --gone permits-results.xlsx --as-deletes gone-permits.xlsx"
    page = summary(tmp_path, part_in({U: 5}), against=against, endpoint="permits", deletes=command)
    assert section(page, "Gone") == [
        [
            (
                "Nothing is done with these. To delete them in OPSCOM make a workbook of deletes, look "
                f"through it and push it: {command}"
            )
        ],
        ["Reference id", "Name in the last results workbook"],
        ["P-7", "ABC 1"],
    ]


def test_a_problem_names_its_values_before_its_cause_and_one_line_is_enough_for_two_fields(
    tmp_path,
):
    sheet = sheet_of(("Province",), [("Ontari",), ("Ontari",), ("Quebek",)])
    said = {"message": "this is not the name of a province.", "code": 9033}
    found = [
        problem(sheet, at, (0,), field=field, value=sheet.frame.iat[at, 0], **said)
        for at in range(3)
        for field in ("province", "province2")
    ]
    page = summary(tmp_path, part_of(sheet, problems=found))
    assert section(page, "Problems")[1:] == [
        [
            "Province",
            3,
            '"Ontari" (2 rows), "Quebek" (1 row): this is not the name of a province.',
            "All 3 rows fail alike, so change the mapping, not the cells.",
            "Students, row 5",
            "9033 error",
        ]
    ]
