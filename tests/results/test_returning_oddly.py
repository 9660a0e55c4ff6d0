"""Results workbooks that come back in odd forms: renamed, copied, hidden, saved as something else, outdated.

What is sent is looked up in the controller's ledger, never in our own words.
"""

import re
import shutil
import zipfile

import openpyxl
import pytest
from commanding import ROSTER, permit, user, write_book
from controller import Fault
from returning import (
    LIBREOFFICE,
    ROW,
    edited,
    rows_of,
    save_in_libreoffice,
    sent,
    set_cell,
    states,
)

from importer.model import RESULT_COLUMNS


def hide(book):
    book["Summary"].sheet_state = "hidden"
    book.active = 1


def put_notes_into(book):
    page = book["Summary"]
    for merged in list(page.merged_cells.ranges):
        page.unmerge_cells(str(merged))
    page.insert_cols(1, 2)
    page.insert_rows(1, 3)
    page["A1"] = "Looked through by the dean"


def put_last(book):
    book.move_sheet("Summary", 5)


def put_a_title_above_the_rows(book):
    for page in book.worksheets[1:]:
        page.insert_rows(1, 2)
        page["A1"] = "My corrections"


def swap_names(book):
    book["Summary"].title = "Overview"
    book["Summary (2)"].title = "Summary"


ODD = [hide, put_notes_into, put_last, put_a_title_above_the_rows, swap_names]


@pytest.mark.parametrize("change", ODD, ids=lambda change: change.__name__)
def test_a_workbook_changed_like_this_is_known_by_its_rows_and_loses_none(desk, controller, change):
    """The source's sheets bear the names that no results workbook can give to a source's sheet."""
    head = ["Id", "First", "Last", "Mail"]
    sheets = {
        "Summary": [head, *(list(user(n).values()) for n in range(4))],
        "History": [head, *(list(user(n).values()) for n in range(10, 14))],
    }
    sheets["Summary"][2][3] = "none"
    write_book(desk.folder / "roster.xlsx", sheets)
    for key in ("000002", "000012"):
        controller.plan[key, 1] = Fault("answer", code=9019, applied=False)
    desk.push("roster.xlsx", code=1)
    path = desk.results("roster")
    digest = desk.facts("roster")["File's SHA-256"]
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    before = len(controller.ledger)
    done = desk.push(path, code=1)
    assert sent(controller, before) == ["000002", "000012"]
    assert [(file["rows"], file["states"]) for file in done["files"]] == [
        (4, {"pushed": 1, "unchanged": 2, "invalid": 1}),
        (4, {"pushed": 1, "unchanged": 3}),
    ]
    [first, second] = openpyxl.load_workbook(path).sheetnames[1:]
    for sheet, line in ((first, 2), (second, 2)):
        row = desk.table_of("roster", sheet)[line]
        assert row["opscom_message"].startswith("new\nAttempt 1 on ")
        assert row["opscom_row"] == "4"
    told = desk.facts("roster")
    assert (told["File"], told["File's SHA-256"]) == ("roster.xlsx", digest)


def push_and_correct(desk, more=()):
    """Push four people, one of them with a fault, which is corrected in the workbook."""
    people = [user(number) | dict(more) for number in range(4)]
    people[1]["Mail"] = "none"
    desk.push(desk.table("roster.csv", people), code=1)
    desk.correct("roster", ("000001", "Mail", "user1@students.example"))


@pytest.mark.libreoffice
@pytest.mark.skipif(LIBREOFFICE is None, reason="LibreOffice is not installed")
def test_a_workbook_saved_as_xls_is_the_same_input(desk, controller, tmp_path):
    controller.plan["000002", 1] = Fault("answer", code=9019, applied=False)
    push_and_correct(desk, {"First": "Zoë"})
    digest = desk.facts("roster")["File's SHA-256"]
    save_in_libreoffice(desk.results("roster"), tmp_path, "xls:MS Excel 97")
    [saved] = (tmp_path / "saved").glob("*.xls")
    before = len(controller.ledger)
    desk.push(saved, code=0)
    assert sent(controller, before) == ["000001", "000002"]
    assert {entry.body["first_name"] for entry in controller.ledger} == {"Zoë"}
    [stem] = {path.name for path in desk.folder.glob("results/*-results.xlsx")}
    rows = rows_of(desk.folder / "results" / stem)
    assert rows[2]["opscom_message"].startswith("new\nAttempt 1 on ")
    told = desk.facts(stem.removesuffix("-results.xlsx"))
    assert (told["File"], told["File's SHA-256"]) == ("roster.csv", digest)


def test_a_workbook_as_google_sheets_exports_it_is_the_same_input(desk, controller):
    """Numbers have a decimal point, styles are few, and a thousand rows are there whether filled or not."""
    push_and_correct(desk)
    path = desk.results("roster")
    desk.correct("roster", ("000002", "Last", "Changed"))
    exported = desk.folder / "roster-results - exported.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(exported, "w") as copy:
        for name in source.namelist():
            text = source.read(name)
            if name == "xl/worksheets/sheet2.xml":
                text = re.sub(rb'(<c r="F\d+")[^>]*>(<v>\d+)</v>', rb'\1 s="0">\2.0</v>', text)
                blank = b"".join(
                    b'<row r="%d"><c r="A%d" s="0"/></row>' % (n, n) for n in range(6, 1001)
                )
                text = text.replace(b"</sheetData>", blank + b"</sheetData>")
            copy.writestr(name, text)
    before = len(controller.ledger)
    done = desk.push(exported, code=0)
    assert sent(controller, before) == ["000001", "000002"]
    assert done["files"][0]["rows"] == 4
    assert [row["opscom_row"] for row in desk.table_of("roster")] == ["2", "3", "4", "5"]


def leave(name):
    """Delete all columns of ours but one."""

    def change(page):
        set_cell(page, "PL1", "To", "2027-01-31T18:00:00")
        for at in range(len(RESULT_COLUMNS), 0, -1):
            if page.cell(1, at).value != name:
                page.delete_cols(at)

    return change


def move_ours_behind(page):
    for plate in ("PL1", "PL2"):
        set_cell(page, plate, "To", "2027-01-31T18:00:00")
        for name in ("Number", "Plate"):
            set_cell(page, plate, name, f"{name}{plate}")
    for cells in page.iter_rows():
        values = [cell.value for cell in cells]
        for cell, value in zip(cells, values[6:] + values[:6], strict=True):
            cell.value = value


LAYOUTS = {
    **{f"{name} alone is left": leave(name) for name in RESULT_COLUMNS},
    "ours behind": move_ours_behind,
}


@pytest.mark.parametrize("change", LAYOUTS.values(), ids=LAYOUTS)
def test_however_our_columns_are_cut_or_moved_no_permit_is_created_twice(desk, controller, change):
    controller.plan["N0002", 1] = Fault("close")
    desk.push(desk.table("permits.csv", [permit(number) for number in range(3)]), code=4)
    with edited(desk.results("permits")) as page:
        change(page)
    done = desk.push(desk.results("permits"), code=4)
    assert len(controller.ledger) == 3
    assert states(done) == {"unchanged": 1, "invalid": 1, "unknown": 1}


def test_a_row_copied_to_add_another_permit_is_held_until_its_id_is_emptied(desk, controller):
    desk.push(desk.table("permits.csv", [permit(number) for number in range(2)]), code=0)
    path = desk.results("permits")
    with edited(path) as page:
        page.append([cell.value for cell in page[3]])
        for at, value in ((1, "PL9"), (4, "N0009")):
            page.cell(4, ROW + at).value = value
    desk.push(path, code=1)
    assert len(controller.ledger) == 2
    [_, _, third] = desk.table_of("permits")
    assert third["opscom_status"] == "invalid"
    emptied = (("PL9", f"opscom_{name}", None) for name in ("reference_id", "row"))
    desk.give_back("permits", *emptied, code=0)
    assert sent(controller) == ["N0000", "N0001", "N0009"]


def test_an_outdated_workbook_does_not_bring_old_values_back(desk, controller):
    """Only what a person edited in it goes; what a later run changed stays as it is in OPSCOM."""
    desk.push(desk.roster(4, "roster.csv"), code=0)
    old = desk.folder / "old roster.xlsx"
    shutil.copy(desk.results("roster"), old)
    desk.give_back("roster", ("000001", "Last", "Later"), code=0)
    with edited(old) as page:
        set_cell(page, "000002", "Last", "Edited")
    before = len(controller.ledger)
    desk.push(old, code=1)
    assert sent(controller, before) == ["000002"]
    row = desk.table_of("roster")[1]
    assert (row["Id"], row["opscom_status"], row["opscom_error_code"]) == ("000001", "invalid", "")
    assert row["opscom_message"] == (
        "A later push brought other values for this record, and this row is still as it was before: "
        "sending it would undo them. Where the later values are right, delete the row here; where these "
        "are, push with --again."
    )
    # The workbook that this push wrote is the newest, and holds the old row all the same.
    desk.push(desk.results("roster"), code=1)
    assert sent(controller, before) == ["000002"]
    desk.push(desk.results("roster"), "--again", code=0)
    assert sent(controller, before + 1) == [f"00000{number}" for number in range(4)]


def test_a_checked_workbook_from_before_a_later_push_is_outdated_too(desk, controller):
    desk.roster(3, "roster.csv")
    desk.do("check", "roster.csv", code=0)
    desk.push("roster.csv", code=0)
    desk.give_back("roster", ("000001", "Last", "Later"), code=0)
    done = desk.push(desk.results("roster", "checked"), code=1)
    assert len(controller.ledger) == 4
    assert states(done) == {"unchanged": 2, "invalid": 1}


def test_a_results_workbook_in_which_all_names_are_others_is_no_wrong_file(desk):
    desk.push(desk.roster(20, "roster.csv"), code=0)
    names = ("First", "Last")
    corrections = [(user(n)["Id"], name, f"Corrected{n}") for n in range(20) for name in names]
    assert states(desk.give_back("roster", *corrections, code=0)) == {"pushed": 20}


def test_a_value_that_a_person_sets_back_in_the_newest_workbook_goes(desk, controller):
    desk.push(desk.roster(2, "roster.csv"), code=0)
    for name in ("Changed", "Last1"):
        desk.give_back("roster", ("000001", "Last", name), code=0)
    assert [entry.body["last_name"] for entry in controller.entries("000001")] == [
        "Last1",
        "Changed",
        "Last1",
    ]


def test_what_no_workbook_can_hold_is_not_sent_in_another_form(desk, controller):
    people = [user(number) for number in range(3)]
    people[1]["First"] = "A\x01B\uffff"
    people[2]["Street"] = "x" * 40_000
    people = [{"Street": "", **person} for person in people]
    desk.write("mappings/roster.yaml", ROSTER + "  street: Street\n")
    desk.push(desk.table("roster.csv", people), code=1)
    assert sent(controller) == ["000000"]
    assert desk.table_of("roster")[2]["opscom_message"].endswith(
        "is longer than the 32,767 characters that a cell of a workbook holds. Shorten it."
    )
    desk.push(desk.results("roster"), code=1)
    assert len(controller.ledger) == 1
    first, second, third = desk.table_of("roster")
    states = [row["opscom_status"] for row in (first, second, third)]
    assert states == ["unchanged", "invalid", "invalid"]
    assert second["First"] == "A\ufffdB\ufffd [correct this]"
    assert len(third["Street"]) == 32_767
    cut = "x… [cut here: 40,000 characters do not fit into a cell] [correct this]"
    assert third["Street"].endswith(cut)
    assert second["opscom_message"] == (
        'First: "A\ufffdB\ufffd": this cell was marked in the results workbook and is not corrected yet. Type '
        "the right value over it, without [correct this]."
    )


def test_a_cell_copied_with_our_mark_into_a_list_of_its_own_is_held(desk, controller):
    desk.table("roster.csv", [user(1), {**user(2), "First": "Zo [correct this]"}])
    desk.push("roster.csv", code=1)
    assert sent(controller) == ["000001"]
    (file,) = desk.push(desk.results("roster"), code=1)["files"]
    assert file["states"] == {"unchanged": 1, "invalid": 1}


@pytest.mark.parametrize("answer", ["yes", "no", "new", "update", "PERMIT-17"])
def test_a_word_beside_a_fault_of_the_cells_stands_in_the_next_workbook_too(desk, answer):
    desk.push(desk.table("permits.csv", [permit(0) | {"To": "soon"}]), code=1)
    desk.give_back("permits", ("PL0", "opscom_answer", answer), code=1)
    assert [row["opscom_answer"] for row in desk.table_of("permits")] == [answer]
