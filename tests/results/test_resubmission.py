"""A results workbook, edited as people do and given back: exactly the right rows are sent.

Each round trip is made as openpyxl saves the workbook and as LibreOffice saves it again.
"""

import datetime as dt
import re

import pytest
from commanding import ROSTER, payload, permit, user, write_book
from controller import Fault
from returning import (
    VEHICLES,
    as_saved,
    column,
    edited,
    line,
    needs_libreoffice,
    rows_of,
    sent,
    set_cell,
    sort_rows,
)

from importer.model import RESULT_COLUMNS

SAVERS = [
    pytest.param("openpyxl", id="openpyxl"),
    pytest.param("libreoffice", id="LibreOffice", marks=needs_libreoffice),
]
both = pytest.mark.parametrize("saver", SAVERS)


@both
def test_of_a_workbook_only_corrected_changed_and_new_rows_go(desk, controller, saver, tmp_path):
    people = [user(number) for number in range(8)]
    people[1]["Mail"] = "none"
    people[6]["Mail"] = "nothing"
    controller.plan["000003", 1] = Fault("answer", code=9019, applied=False)
    desk.push(desk.table("roster.csv", people), code=1)
    assert sent(controller) == ["000000", "000002", "000003", "000004", "000005", "000007"]
    path = desk.results("roster")
    with edited(path) as page:
        set_cell(page, "000001", "Mail", "user1@students.example")
        set_cell(page, "000004", "Last", "Changed")
        page.cell(1, page.max_column + 1).value = "Remarks"
        page.cell(3, page.max_column).value = "called them"
        sort_rows(page, "Id", reverse=True)
        page.delete_rows(line(page, "Id", "000000"))
        page.insert_cols(column(page, "Last"))
        page.cell(1, column(page, "First") + 1).value = "Seen by"
        added = page.max_row + 1
        for header, value in user(99).items():
            page.cell(added, column(page, header)).value = value
        page.auto_filter.add_filter_column(0, ["invalid"])
    before = len(controller.ledger)
    desk.push(as_saved(path, saver, tmp_path), code=1)
    assert sent(controller, before) == ["000001", "000003", "000004", "000099"]
    bodies = {entry.key: entry.body for entry in controller.ledger[before:]}
    assert bodies["000001"] == payload(1)
    assert bodies["000003"] == payload(3)
    assert bodies["000004"] == payload(4) | {"last_name": "Changed"}
    assert bodies["000099"] == payload(99)
    rows = desk.table_of("roster")
    assert {row["Id"]: row["opscom_status"] for row in rows} == {
        "000007": "unchanged",
        "000006": "invalid",
        "000005": "unchanged",
        "000004": "pushed",
        "000003": "pushed",
        "000002": "unchanged",
        "000001": "pushed",
        "000099": "pushed",
    }
    assert {row["Id"]: row["opscom_row"] for row in rows if row["Id"] != "000099"} == {
        f"{number:06}": str(number + 2) for number in range(1, 8)
    }
    assert list(rows[0]) == [*RESULT_COLUMNS, "Id", "First", "Seen by", "Last", "Mail", "Remarks"]
    assert [row["Remarks"] for row in rows if row["Id"] == "000001"] == ["called them"]


def test_a_permit_that_was_edited_is_not_created_again_and_the_message_says_how_to_change_it(desk):
    desk.push(desk.table("permits.csv", [permit(0), permit(1)]), code=0)
    number = desk.table_of("permits")[1]["opscom_reference_id"]
    desk.give_back("permits", ("PL1", "To", "2027-01-31T18:00:00"), code=1)
    first, second = desk.table_of("permits")
    assert (first["opscom_status"], second["opscom_status"]) == ("unchanged", "invalid")
    assert second["opscom_error_code"] == "9022"
    assert second["opscom_message"].splitlines()[1] == (
        f"This row is in OPSCOM already under {number}; it was edited since, and nothing is created "
        "twice. It differs in End Date. Where that permit is to change, write update into opscom_answer; "
        "then push this workbook."
    )


def test_a_vehicle_that_was_edited_is_not_created_again(desk, controller):
    desk.table("vehicles.csv", [{"Plate": "AAA1", "Prov": "ON"}, {"Plate": "AAA2", "Prov": "QC"}])
    desk.push("vehicles.csv", code=0)
    desk.give_back("vehicles", ("AAA2", "Prov", "ON"), code=1)
    assert sent(controller) == ["AAA1", "AAA2"]


def test_a_workbook_of_another_system_is_refused(desk, controller):
    desk.push(desk.roster(2, "roster.csv"), code=0)
    done = desk.do("push", "--sandbox", desk.results("roster"), code=5)
    [file] = done["files"]
    assert file["error"] == (
        f"roster-results.xlsx is a results workbook of {controller.url}, client code OC_TEST, and this "
        "run goes to the sandbox: its ids and states say nothing there. Push the file that the rows "
        "first came from, corrected there."
    )


CELLS = {
    "long number": ("unique_id", 12345678901234567, None, "000012"),
    "truth": ("plate", True, "TRUE [correct this]", "TRUE"),
    "fraction": ("plate", 1234.5, "1234.5 [correct this]", "1234S"),
    "date for a name": ("last_name", dt.date(2004, 2, 29), "2004-02-29", "Roy"),
    "date for an id": ("student_no", dt.date(2004, 2, 29), "2004-02-29", "12"),
}
"""A field, a cell that holds no value of it, what is shown of that, and what a person corrects it to."""


@pytest.mark.parametrize(
    ("case", "saver"),
    [
        pytest.param("long number", "libreoffice", marks=needs_libreoffice),
        *((case, "openpyxl") for case in CELLS),
    ],
)
def test_a_cell_without_a_trusted_value_is_held_until_it_is_corrected(
    desk, controller, tmp_path, case, saver
):
    """Excel keeps fifteen digits; and as text a truth value would pass for the plate that it never was."""
    field, cell, shown, right = CELLS[case]
    stem, mapping = ("vehicles", VEHICLES) if field == "plate" else ("roster", ROSTER)
    mapping = re.sub(f"  {field}: .*\n", "", mapping) + f"  {field}: Odd\n"
    path = desk.write(f"mappings/{stem}.yaml", mapping)
    row = user(1) | {"Plate": "ABC1", "Prov": "ON", "Odd": cell}
    path = write_book(desk.folder / f"{stem}.xlsx", {"List": [list(row), list(row.values())]})
    for _ in range(2):
        desk.push(path, code=1)
        path = as_saved(desk.results(stem), saver, tmp_path)
        [told] = rows_of(path, "List")
        assert told["Odd"] == shown or (shown is None and told["Odd"].endswith(" [correct this]"))
    assert controller.requests == 0
    desk.give_back(stem, ("000001", "Odd", right), sheet="List", code=0)
    assert controller.requests == 1


@both
def test_a_checked_workbook_sends_each_row_once_though_it_shows_them_twice(
    desk, controller, saver, tmp_path
):
    people = [payload(number) for number in range(4)]
    for person in people:
        del person["apiToken"]
    people[2]["email"] = "none"
    # The headers of this file are the very fields, as on the sheet that shows what would be sent.
    fields = "".join(f"  {name}: {name}\n" for name in people[0])
    desk.write("mappings/all.yaml", f"version: 1\nname: All\nendpoint: users\nfields:\n{fields}")
    desk.table("people.csv", people)
    desk.do("check", "people.csv", code=1)
    path = desk.results("people", "checked")
    with edited(path) as page:
        set_cell(page, "000002", "email", "user2@students.example")
    done = desk.push(as_saved(path, saver, tmp_path), code=0)
    assert [file["sheet"] for file in done["files"]] == ["Rows"]
    assert sent(controller) == [f"{number:06}" for number in range(4)]
    assert [entry.body for entry in sorted(controller.ledger, key=lambda one: one.key)] == [
        payload(number) for number in range(4)
    ]
    rows = desk.table_of("people")
    assert [row["opscom_row"] for row in rows] == ["2", "3", "4", "5"]
