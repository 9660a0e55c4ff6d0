"""The first sheet: the outcome, what to do, states that add up, problems by code, rows for a person."""

from collections import Counter
from datetime import timedelta

import commanding
import openpyxl
import pytest
from annotating import STARTED, about_of, opened, part_of, problem, sheet_of, written
from commanding import lines_on
from hypothesis import given
from hypothesis import strategies as st

from importer.codes import CODES
from importer.model import Outcome, Severity, State
from importer.report import Against
from importer.results.parts import EDITED
from importer.results.words import headline, next_steps
from importer.text import spans

PUSHED, INVALID = Outcome(State.PUSHED), Outcome(State.INVALID)
WARNING = {"severity": Severity.WARNING, "code": None}


def summary(tmp_path, *parts, **facts):
    book = openpyxl.load_workbook(written(tmp_path, *parts, **facts))
    assert book.sheetnames[0] == "Summary"
    return book["Summary"]


def section(page, title):
    return commanding.section(lines_on(page), title)


def links(page):
    """Return where the links of a sheet lead, by their text."""
    return {cell.value: cell.hyperlink.location for row in page for cell in row if cell.hyperlink}


def part_in(counts):
    outcomes = [Outcome(state) for state, number in counts.items() for _ in range(number)]
    return part_of(sheet_of(("a",), [("x",)] * len(outcomes)), outcomes)


def counted(text):
    """Return the counts of ``2 pushed, 1 not sent``."""
    pairs = (each.split(" ", 1) for each in text.split(", ") if each)
    return Counter({kind: int(number) for number, kind in pairs})


HEADLINES = """\
push users|560 pushed, 28 unchanged, 2 exists, 5 invalid, 4 rejected, 1 unknown|588 of 600 rows are in OPSCOM. 9 need a correction, 2 were already there, 1 got no answer.
push permits|1 pushed, 1 unknown|1 of 2 rows is in OPSCOM. 1 needs a look.
push users|1200 pushed|All 1,200 rows are in OPSCOM.
push permit-updates|3 not sent|No row is known to be up to date in OPSCOM. 3 were not sent.
push vehicles|2 exists, 1 invalid|No row is known to be in OPSCOM as it stands here. 1 needs a correction, 2 were already there.
push users|1 pushed|The only row is in OPSCOM.
push users||The file holds no rows.
sandbox users|2 pushed|All 2 rows are in the sandbox.
push permit-updates|2 pushed|All 2 rows are up to date in OPSCOM.
push permit-deletes|2 pushed, 1 skipped|2 of 3 rows are deleted from OPSCOM. 1 is no record.
check users|2 ready, 1 unchanged, 2 duplicate|2 of 5 rows are ready to be sent. 1 is there already, unchanged, 2 repeat other rows.
check users|2 invalid|No row is ready to be sent. 2 need a correction.
sandbox permits|1 edited|No row is known to be in the sandbox as it stands here. 1 was edited since it came into the sandbox.
check permits|2 ready, 2 edited|2 of 4 rows are ready to be sent. 2 were edited since they came into OPSCOM.
settle permits|3 pushed, 1 unknown, 2 not sent|3 of 6 rows are in OPSCOM. 1 needs a look, 2 wait for the next push.
push users|1 pushed, 1 invalid, 2 outdated|1 of 4 rows is in OPSCOM. 1 needs a correction, 2 were changed by a later push."""


@pytest.mark.parametrize("line", HEADLINES.splitlines(), ids=lambda line: line.rpartition("|")[0])
def test_the_first_sentence_tells_the_outcome(line):
    run, kinds, said = line.split("|")
    command, endpoint = run.split(" ")
    about = about_of(command=command, endpoint=endpoint, sandbox=command == "sandbox")
    assert headline(about, counted(kinds)) == said


@given(
    st.dictionaries(st.sampled_from(State), st.integers(1, 2000)),
    st.sampled_from(["check", "push"]),
    st.data(),
)
def test_the_numbers_of_the_first_sentence_add_up_to_the_rows(counts, command, data):
    # What a push never has, a check never has: neither is in the sentence of the other.
    counts.pop(State.READY if command == "push" else State.PUSHED, None)
    edited = data.draw(st.integers(0, counts.get(State.INVALID, 0)))
    kinds = Counter(counts) + Counter({EDITED: edited}) - Counter({State.INVALID: edited})
    first, *others = headline(about_of(command=command), kinds).replace(",", "").split(". ")
    settled = [State.READY] if command == "check" else [State.PUSHED, State.UNCHANGED]
    done, total = sum(counts.get(state, 0) for state in settled), sum(counts.values())
    numbers = [int(word) for word in " ".join(others).split() if word.isdecimal()]
    assert done + sum(numbers) == total
    if done and total > 1:
        assert str(total) in first


DRY = "CHECK ONLY: nothing was sent. A push goes to {}."
NO_CLIENT = {"command": "check", "client": ""}
PLACES = {
    "live": ({}, "LIVE SYSTEM: controller.example, client OC_TEST", "B3261E"),
    "sandbox": ({"sandbox": True}, "SANDBOX, a rehearsal: nothing reached OPSCOM.", "1565C0"),
    "check": ({"command": "check"}, DRY.format("controller.example, client OC_TEST"), "546E7A"),
    "check without a host": (NO_CLIENT | {"host": ""}, DRY.format("no host set"), "546E7A"),
    "check without a client code": (NO_CLIENT, DRY.format("controller.example"), "546E7A"),
}


@pytest.mark.parametrize(("facts", "said", "fill"), PLACES.values(), ids=PLACES)
def test_a_rehearsal_and_a_check_cannot_be_taken_for_the_live_system(tmp_path, facts, said, fill):
    page = summary(tmp_path, part_in({State.PUSHED: 2}), **facts, stopped="OPSCOM answers 9001.")
    assert (page["A2"].value, page["A2"].fill.fgColor.rgb) == (f"  {said}", f"FF{fill}")
    assert page["A3"].value == "  The run stopped before its end. OPSCOM answers 9001."


CORRECT = (
    "Correct {}: the cells are marked, and opscom_message says what is wrong. Save this workbook and push "
    "it; what is settled is not sent again."
)
STEPS = f"""\
push users|3 invalid, 2 undecided, 4 rejected, 1 unknown, 7 not sent, 2 ready
{CORRECT.format("7 rows")}
Decide about 2 rows that may be second users: opscom_message names the first. Write new into opscom_answer where a second user is meant, or update where that one is to change, save this workbook and push it.
Push the file again for 1 row without an answer: sending these again changes nothing where the first one arrived.
Run the same command again for 7 rows not yet sent.
Push the file, or this workbook, to send 2 rows.

push permits|1 undecided, 2 edited
Decide about 1 row that may be a second permit: opscom_message names the first. Write new into opscom_answer where a second permit is meant, or update where that one is to change, save this workbook and push it.
Restore 2 rows that were edited since they came into OPSCOM, save this workbook and push it; where the permit is to change, write update into opscom_answer instead. Nothing is created twice.

push vehicles|1 edited
Restore 1 row that was edited since it came into OPSCOM, save this workbook and push it; a vehicle is changed in OPSCOM itself. Nothing is created twice.

push users|2 outdated
Look at 2 rows that a later push has changed since this workbook was written, and which stand here as before. Where the later values are right, delete them here; where these are, push this workbook with --again.

push permits|2 unknown
Run opscom-import settle for 2 rows without an answer. Where it still does not know, look the record up in OPSCOM, write its id, or yes, or no, into opscom_answer, save this workbook and settle it.

settle permits|3 pushed, 2 not sent
Push this workbook to send 2 rows.

push users|1 pushed, 1 exists, 1 skipped, 1 duplicate
Nothing. Every row is settled; keep this workbook as the record."""


@pytest.mark.parametrize("case", STEPS.split("\n\n"), ids=lambda case: case.partition("\n")[0])
def test_what_to_do_names_a_step_for_each_kind_of_row(case):
    rows, *steps = case.splitlines()
    run, kinds = rows.split("|")
    command, endpoint = run.split(" ")
    assert next_steps(about_of(command=command, endpoint=endpoint), counted(kinds)) == steps


def test_the_whole_summary_in_the_order_of_a_reader(tmp_path):
    rows = [("1", "x", "y", "Ontari"), ("2", "x", "y", "Quebek"), ("3", "x", "y", "Ontari")]
    sheet = sheet_of(
        ("ID", "Birth date", "E-mail", "Province"), rows * 3, name="O'Hara", notes=("Hidden rows.",)
    )
    lost, refused = Outcome(State.UNKNOWN, message="Lost."), State.REJECTED
    outcomes = [
        *(INVALID, INVALID, INVALID, PUSHED, lost),
        *(Outcome(refused, "", "9019", "Email in use."), Outcome(refused, "", "9999", "Teapot.")),
        *(Outcome(State.SKIPPED), Outcome(State.SKIPPED, message="A total.")),
    ]
    province = {"message": "this is not the name of a province."}
    found = [
        problem(sheet, 0, (1,)),
        problem(sheet, 1, (1,)),
        problem(sheet, 1, (1,), message="this lies in the future."),
        problem(sheet, 3, (2,), message="this is odd.", remedy="Look.", **WARNING),
        *(
            problem(sheet, at, (3,), field=field, value=sheet.frame.iat[at, 3], **province)
            for at in range(3)
            for field in ("province", "province2")
        ),
    ]
    against = Against(
        *("fall.xlsx", 5_000, "2026-09-01", 2, 3, 4_100, 0),
        *((("email", 2), ("street", 1)), (("0007", "Ada Example"), ("0008", ""))),
    )
    news = {0: (), 3: ("email", "street"), 5: ("email",)}
    part = part_of(sheet, outcomes, found, news=news, notes=("Odd.",))
    page = summary(tmp_path, part, against=against, notes=("Old file.",))
    lines = (
        " | ".join(map(str, line)).replace("\n", " / ") for line in filter(None, lines_on(page))
    )
    assert "\n".join(lines) == WHOLE
    found = links(page)
    assert (found["O'Hara, row 10"], found["row 5"]) == ("'O''Hara'!A7", "'O''Hara'!H2")
    assert (found["O'Hara, row 8"], found["row 8"]) == ("'O''Hara'!I5", "'O''Hara'!A5")


WHOLE = f"""\
1 of 9 rows is in OPSCOM. 5 need a correction, 1 got no answer, 2 are no records.
  LIVE SYSTEM: controller.example, client OC_TEST
What to do
1.  {CORRECT.format("5 rows")}
2.  Push the file again for 1 row without an answer: sending these again changes nothing where the first one arrived.
Problems
Column | Rows | What is wrong | What to do | First place | Code
Province | 3 | "Ontari" (2 rows), "Quebek" (1 row): this is not the name of a province. | Correct the cell. | O'Hara, row 5 | 9033 error
Birth date | 2 | "32/13/2001" is no date. | Correct the cell. | O'Hara, row 5 | 9033 error
Birth date | 1 | "32/13/2001" lies in the future. | Correct the cell. | O'Hara, row 6 | 9033 error
Whole row | 1 | Email in use. / {CODES[9019].means} | {CODES[9019].remedy} | O'Hara, row 10 | 9019 error
Whole row | 1 | Teapot. / OPSCOM refused the record. | See opscom_message in the workbook. | O'Hara, row 11 | 9999 error
E-mail | 1 | "32/13/2001" is odd. | Look. | O'Hara, row 8 | warning
Rows that need a person
Row | State | Sheet | What is wrong, and what to do
row 9 | unknown | O'Hara | Lost.
row 10 | rejected | O'Hara | Email in use. / {CODES[9019].means} {CODES[9019].remedy}
row 11 | rejected | O'Hara | Teapot. / OPSCOM's documentation does not list the code 9999: ask OPSCOM what it means.
row 5 | invalid | O'Hara | Birth date: "32/13/2001" is no date. Correct the cell. / Province: "Ontari" is not the name of a province. Correct the cell.
row 6 | invalid | O'Hara | Birth date: "32/13/2001" is no date. Correct the cell. / Birth date: "32/13/2001" lies in the future. Correct the cell. / Province: "Quebek" is not the name of a province. Correct the cell.
row 7 | invalid | O'Hara | Province: "Ontari" is not the name of a province. Correct the cell.
Notes
•  Old file.
•  Hidden rows.
•  Odd.
What became of the rows
State | Rows | Meaning
pushed | 1 | OPSCOM accepted the record.
invalid | 3 | Held back before sending; the marked cells or opscom_message say why.
rejected | 2 | OPSCOM refused the record; opscom_message says why.
unknown | 1 | It was sent, but the answer was lost. OPSCOM may or may not have it.
skipped | 2 | It is not a record: the mapping says so, or no mapped column holds anything.
all rows | 9
This file against the last one
The last file with the mapping Banner students was fall.xlsx with 5,000 rows, pushed on 2026-09-01. Compared is what OPSCOM last accepted from us for each row.
Rows | Number | Which
new | 2 | Never accepted from us before.
changed | 3 | Not as last accepted: email in 2 rows, street in 1 row.
unchanged | 4100 | Exactly what was last accepted.
gone | 2 | Brought by earlier files with this mapping, not in this one. Nothing is done.
Rows that change
Row | Sheet | Fields that change
row 8 | O'Hara | email, street
row 10 | O'Hara | email
Gone
Id | Name in the last results workbook
0007 | Ada Example
0008
Rows that are no records
O'Hara, row 12 | The mapping's skip_rows says that this is not a record, or no mapped column holds anything.
O'Hara, row 13 | A total.
Record of this run
File | students.xlsx
Sheet | O'Hara: 9 rows, header in row 4
Mapping | Banner students
Endpoint | users
Host | controller.example
Client | OC_TEST
Command | push
By | mwilson
Started | 2026-11-22 14:05:09+00:00
Ended | 2026-11-22 14:17:43+00:00 (12 min 34 s)
Run | 2026-11-22-140509-a1b2
File's SHA-256 | {"ab" * 32}"""


def test_what_says_nothing_is_left_out_and_a_short_run_is_told_in_seconds(tmp_path):
    part = part_of(sheet_of(("a",), [("x",)], name=None, header_row=1))
    more, ended = part_in({State.PUSHED: 1, State.READY: 3}), STARTED + timedelta(seconds=7.4)
    page = summary(tmp_path, part, more, ended=ended, command="settle", sandbox=True)
    lines = lines_on(page)
    assert [line[0] for line in lines if len(line) == 1][2:] == [
        "What to do",
        "1.  Push the file, or this workbook, to send 3 rows.",
        "What became of the rows",
        "Record of this run",
    ]
    for line in (
        ["pushed", 2, "The sandbox accepted the record."],
        ["all rows", 5],
        ["Sheet", "a text file: 1 row, header in row 1"],
        ["Command", "settle, in the sandbox"],
        ["Ended", "2026-11-22 14:05:16+00:00 (7 s)"],
    ):
        assert line in lines


def test_what_holds_rows_back_is_one_problem_with_its_remedy_whatever_their_ids(tmp_path):
    there, alike = "It is there under {}. Restore it.", "It may be a second one. Write new."
    late = "A later push came. Delete the row."
    outcomes = [
        *(Outcome(State.INVALID, id_, "9022", there.format(id_)) for id_ in ("r-1", "a1f-4e")),
        Outcome(State.INVALID, "", "9022", alike),
        Outcome(State.INVALID, "7", message=late),
        *(Outcome(State.REJECTED, "", "9019", f"{name} has it.") for name in ("Ann", "Bob")),
    ]
    page = summary(tmp_path, part_of(sheet_of(("a",), [("x",)] * 6), outcomes), endpoint="permits")
    assert page["A1"].value == (
        "No row is known to be in OPSCOM as it stands here. 2 were edited since they came into OPSCOM, 3 "
        "need a correction, 1 was changed by a later push."
    )
    problems = [" | ".join(map(str, line)) for line in section(page, "Problems")[1:]]
    assert problems == [
        "Whole row | 2 | It is there under …. | Restore it. | Students, row 5 | 9022 error",
        f"Whole row | 2 | {CODES[9019].means} | {CODES[9019].remedy} | Students, row 9 | 9019 error",
        "Whole row | 1 | It may be a second one. | Write new. | Students, row 7 | 9022 error",
        "Whole row | 1 | A later push came. | Delete the row. | Students, row 8 | error",
    ]
    lines = section(page, "Rows that need a person")
    assert [(line[0], line[3]) for line in lines[3:]] == [
        ("rows 5 to 6", there.format("…")),
        ("row 7", alike),
        ("row 8", late),
    ]
    assert opened(tmp_path / "students-results.xlsx")["D3"].value == there.format("a1f-4e")


def test_rows_that_a_person_added_are_not_told_by_a_number(tmp_path):
    skipped = Outcome(State.SKIPPED)
    sheet = sheet_of(("a",), [("x",)] * 4, added={0, 2, 3})
    part = part_of(sheet, [INVALID, skipped, skipped, skipped], [problem(sheet, 0, (0,))])
    page = summary(tmp_path, part)
    assert section(page, "Problems")[1][-2] == "Students, added row"
    assert section(page, "Rows that need a person")[1][0] == "1 added row"
    [line] = section(page, "Rows that are no records")
    assert line[0] == "Students, row 6 and 2 added rows"


@pytest.mark.parametrize("states", [[], list(State)], ids=["none", "all"])
def test_the_states_add_up_to_the_rows_and_the_chart_draws_them(tmp_path, states):
    counts = {state: number for number, state in enumerate(states, 1)}
    page = summary(tmp_path, part_in(counts))
    _, *lines, total = section(page, "What became of the rows")
    assert [line[:2] for line in lines] == [[state.value, n] for state, n in counts.items()]
    assert total == ["all rows", sum(counts.values())]
    assert len(page._charts) == bool(states)
    head = next(cell.row for cell in page["A"] if cell.value == "State")
    for chart in page._charts:
        series, last = chart.series[0], head + len(states)
        assert series.cat.strRef.f == f"Summary!$A${head + 1}:$A${last}"
        assert series.val.numRef.f == f"Summary!$B${head + 1}:$B${last}"
        assert [float(point.v) for point in series.val.numRef.numCache.pt] == [*counts.values()]


def test_a_long_list_ends_with_how_many_more_there_are(tmp_path):
    outcomes = [Outcome(State.UNKNOWN, message=f"Lost{chr(300 + at)}.") for at in range(303)]
    news = dict.fromkeys(range(303), ("email",))
    part = part_of(sheet_of(("a",), [("x",)] * 303), outcomes, news=news)
    page = summary(tmp_path, part, against=Against("fall.xlsx", 5, "2026-09-01", 0, 303, 0, 0))
    for title, column in (
        ("Rows that need a person", "opscom_status in the sheets that follow"),
        ("Rows that change", "opscom_message for changes"),
    ):
        lines = section(page, title)
        assert len(lines) == 1 + 300 + 1
        assert lines[-1] == [f"3 more rows: filter {column}."]


def test_notes_of_run_sheet_and_check_are_each_told_once(tmp_path):
    one = part_of(sheet_of(("a",), [("x",)], notes=("Rows are hidden.",)), notes=("Odd.",))
    two = part_of(sheet_of(("a",), [("x",)], name="Staff", notes=("The run knows.",)))
    page = summary(tmp_path, one, two, notes=("The run knows.", "Old file."))
    notes = ["The run knows.", "Old file.", "Students: Rows are hidden.", "Students: Odd."]
    assert section(page, "Notes") == [[f"•  {note}"] for note in notes]


@given(st.sets(st.integers(1, 60)))
def test_folded_row_numbers_name_every_row_once(rows):
    said = Counter()
    for piece in filter(None, spans(sorted(rows), most=100).split(", ")):
        first, _, last = piece.partition(" to ")
        said.update(range(int(first), int(last or first) + 1))
    assert said == Counter(rows)
    assert spans(range(0, 100, 2), most=3) == "0, 2, 4 and 47 more"
