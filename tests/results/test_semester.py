"""The next semester: which rows are new, what the others change, and who is gone, by name."""

from pathlib import Path

import pytest
from commanding import ENDS, permit, user
from returning import VEHICLES, rows_of

AGAINST = "This file against the last one"
LEFT = "Brought by earlier files with this mapping, not in this one. Nothing is done."


def fall(desk):
    """Push the list of the first semester: 000000 to 000004."""
    desk.push(desk.roster(5, "roster-fall.csv"), code=0)
    assert {row["opscom_message"] for row in desk.table_of("roster-fall")} == {""}
    assert " new, " not in desk.told
    assert desk.section("roster-fall", AGAINST) is None


def winter(desk):
    """Write that of the second: two changed, one as it was, one held back, one new, two gone."""
    people = [user(number) for number in range(2, 7)]
    people[0]["Mail"] = "other@students.example"
    people[1] |= {"Mail": "another@students.example", "Last": "Married"}
    people[3]["Mail"] = "none"
    return desk.table("roster.csv", people)


def messages(desk, kind):
    rows = desk.table_of("roster", kind=kind)
    return {row["Id"]: (row["opscom_status"], row["opscom_message"].split("\n")[0]) for row in rows}


@pytest.mark.parametrize(
    ("command", "kind", "done"),
    [(("check",), "checked", "ready"), (("push", "--yes"), "results", "pushed")],
    ids=["check", "push"],
)
def test_each_row_says_whether_it_is_new_or_what_it_changes(desk, command, kind, done):
    fall(desk)
    desk.do(*command, winter(desk), code=1)
    found = messages(desk, kind)
    assert found.pop("000005")[0] == "invalid"
    assert found == {
        "000002": (done, "changes email"),
        "000003": (done, "changes last_name, email"),
        "000004": ("unchanged", ""),
        "000006": (done, "new"),
    }
    assert "  1 new, 2 changed, 1 unchanged, 2 gone since roster-fall.csv\n" in desk.told
    assert desk.section("roster", AGAINST, kind)[2:] == [
        ["new", 1, "Never accepted from us before."],
        ["changed", 2, "Not as last accepted: email in 2 rows, last_name in 1 row."],
        ["unchanged", 1, "Exactly what was last accepted."],
        ["not compared", 1, "Held back, repeated, or no records."],
        ["gone", 2, LEFT],
    ]
    assert desk.section("roster", "Rows that change", kind) == [
        ["Row", "Sheet", "Fields that change"],
        ["row 2", "Rows", "email"],
        ["row 3", "Rows", "last_name, email"],
    ]
    assert desk.section("roster", "Gone", kind) == [
        ["Id", "Name in the last results workbook"],
        ["000000", "First0 Last0"],
        ["000001", "First1 Last1"],
    ]


def test_a_results_workbook_that_says_what_changed_is_understood_when_it_comes_back(desk):
    fall(desk)
    desk.push(winter(desk), code=1)
    desk.give_back("roster", ("000005", "Mail", "right@students.example"), code=0)
    assert messages(desk, "results") == {
        "000002": ("unchanged", ""),
        "000003": ("unchanged", ""),
        "000004": ("unchanged", ""),
        "000005": ("pushed", "new"),
        "000006": ("unchanged", ""),
    }
    assert desk.section("roster", AGAINST) is None


ZEROS = (
    "3 new ids are those of rows before but for zeros at the front, and would be other records in OPSCOM. Where "
    "the zeros were lost, say `pad: 6` in the mapping."
)
BLANKS = (
    "3 new plates are those of rows before but for blanks and dashes, and would be other records in OPSCOM. "
    "To have them written alike, say `convert: [plate]` in the mapping."
)


@pytest.mark.parametrize(
    ("stem", "row", "other", "said"),
    [
        ("roster", user, lambda n: {"Id": str(n)}, ZEROS),
        ("vehicles", lambda n: {"Plate": f"ABC-{n}", "Prov": "ON"}, lambda n: {"Plate": f"ABC {n}"}, BLANKS),
    ],
    ids=["ids without their zeros", "plates without their dashes"],
)  # fmt: skip
def test_keys_that_are_written_otherwise_than_before_are_told(desk, stem, row, other, said):
    desk.push(desk.table(f"{stem}.csv", [row(n) for n in range(3)]), code=0)
    later = desk.table(f"{stem}.csv", [row(n) | other(n) for n in range(3)])
    (file,) = desk.do("check", later, code=0)["files"]
    assert file["notes"] == [said]


def test_who_is_gone_is_told_by_id_alone_where_no_results_workbook_is_left(desk):
    fall(desk)
    desk.results("roster-fall").unlink()
    desk.push(winter(desk), code=1)
    assert desk.section("roster", "Gone")[1:] == [["000000"], ["000001"]]


def test_gone_permits_are_listed_with_their_ids_and_a_workbook_of_deletes_is_made(desk, controller):
    desk.push(desk.table("permits-fall.csv", [permit(number) for number in range(4)]), code=0)
    ids = [row["opscom_reference_id"] for row in desk.table_of("permits-fall")]
    changed = permit(2) | {"To": "2027-04-30T18:00:00"}
    desk.push(desk.table("permits.csv", [permit(1), changed, permit(7)]), code=1)
    rows = desk.table_of("permits")
    assert [(row["opscom_status"], row["opscom_message"].split("\n")[0]) for row in rows] == [
        ("unchanged", ""),
        ("invalid", "changes endTime"),
        ("pushed", "new"),
    ]
    assert "  1 new, 1 changed, 1 unchanged, 2 gone since permits-fall.csv\n" in desk.told
    assert desk.section("permits", "Gone") == [
        [
            (
                "Nothing is done with these. To delete them in OPSCOM make a workbook of deletes, look "
                "through it and push it: opscom-import history --gone "
                f"{desk.results('permits')} --as-deletes permits-to-delete.xlsx"
            )
        ],
        ["Reference id", "Name in the last results workbook"],
        [ids[0], "PL0 N0000"],
        [ids[3], "PL3 N0003"],
    ]
    desk.do("history", "--gone", desk.results("permits"), "--as-deletes", "gone.xlsx", code=0)
    assert desk.told == (
        "2 permits are listed in gone.xlsx. To delete:\n"
        "  opscom-import push gone.xlsx --mapping permit-cancellations.yaml\n"
    )
    listed = rows_of("gone.xlsx", "Permits")
    assert {(row["Reference ID"], row["Created from"], row["Row"]) for row in listed} == {
        (ids[0], "permits-fall.csv", "2"),
        (ids[3], "permits-fall.csv", "5"),
    }
    desk.push("gone.xlsx", "--mapping", "permit-cancellations.yaml", code=0)
    desk.push(desk.table("permits.csv", [permit(1), permit(7)]), code=0)
    assert desk.section("permits", "Gone")[2:] == [[ids[2], "PL2 N0002"]]


def test_a_workbook_without_anything_gone_makes_no_list_of_deletes(desk):
    desk.push(desk.table("permits.csv", [permit(0)]), code=0)
    book = desk.results("permits")
    desk.do("history", "--gone", book, "--as-deletes", "gone.xlsx", code=2)
    assert desk.told == (
        f"Error: {book} lists nothing as gone. An older workbook of its name, with a time in the name, may list it.\n"
    )
    assert not Path("gone.xlsx").exists()


def test_a_permit_that_an_update_has_changed_is_not_gone(desk, controller):
    desk.push(desk.table("permits-fall.csv", [permit(0), permit(1)]), code=0)
    changed = permit(1) | {"To": "2027-04-30T18:00:00"}
    desk.push(desk.table("permits.csv", [permit(0), changed]), code=1)
    assert desk.section("permits", "Gone") is None
    desk.give_back("permits", ("PL1", "opscom_answer", "update"), code=0)
    desk.push(desk.table("permits.csv", [permit(0), changed]), code=0)
    assert desk.section("permits", "Gone") is None
    desk.push(desk.table("permits.csv", [permit(0)]), code=0)
    assert [line[1] for line in desk.section("permits", "Gone")[2:]] == ["PL1 N0001"]


def test_an_update_of_a_permit_is_never_told_as_new(desk):
    desk.write("mappings/ends.yaml", ENDS)
    desk.push(desk.table("permits.csv", [permit(0), permit(1)]), code=0)
    first, second = [row["opscom_reference_id"] for row in desk.table_of("permits")]
    desk.push(desk.table("ends.csv", [{"Id": first, "To": "2027-01-31T18:00:00"}]), code=0)
    ends = [{"Id": number, "To": "2027-02-28T18:00:00"} for number in (first, second)]
    desk.push(desk.table("ends.csv", ends), code=0)
    assert [row["opscom_message"] for row in desk.table_of("ends")] == ["changes endTime", ""]


def test_names_are_found_where_the_folder_of_results_has_moved(desk):
    fall(desk)
    (desk.folder / "results").rename(desk.folder / "elsewhere")
    desk.push(winter(desk), "--results", desk.folder / "elsewhere", code=1)
    assert ["000000", "First0 Last0"] in desk.summary("roster", folder="elsewhere")


TERMS = {
    "two semesters": [
        ("roster", range(5), "", None),
        ("roster", range(2, 7), "", "0 1"),
        ("roster", range(4, 9), "", "0 1 2 3"),
        ("roster", range(5), "", "5 6 7 8"),
    ],
    "another list": [
        ("permits-staff", range(10, 14), "", None),
        ("permits-students", range(4), "", None),
        ("permits-students winter", range(1, 5), "1 new, 0 changed, 3 unchanged, 1 gone since permits-students.csv", "0"),
        ("permits-staff", range(12, 15), "1 new, 0 changed, 2 unchanged, 2 gone since permits-staff.csv", "10 11"),
    ],
    "one record in common": [
        ("permits-staff", range(10, 14), "", None),
        ("permits-students", (0, 1, 2, 10), "3 new, 0 changed, 1 unchanged, 0 gone since permits-staff.csv", None),
    ],
    "the last of its own list": [
        ("students-roster", range(4), "", None),
        ("staff-roster", range(50, 53), "", None),
        ("students-roster", range(1, 4), "0 new, 0 changed, 3 unchanged, 1 gone since students-roster.csv", "0"),
    ],
    "pushed again": [
        ("roster-fall", range(4), "", None),
        ("roster-winter", range(1, 5), "1 new, 0 changed, 3 unchanged, 1 gone since roster-fall.csv", "0"),
        ("roster-winter", range(1, 5), "0 new, 0 changed, 4 unchanged, 1 gone since roster-fall.csv", "0"),
    ],
}  # fmt: skip
"""What is pushed term after term: a file, its records, what the terminal says, and who is gone, by name."""


@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
def test_each_file_is_compared_with_the_one_before_it_of_its_list(desk, terms):
    for stem, numbers, told, gone in terms:
        make, name = (permit, "PL{0} N{0:04}") if "permit" in stem else (user, "First{0} Last{0}")
        desk.push(desk.table(f"{stem}.csv", [make(number) for number in numbers]), code=0)
        assert f"  {told}" in desk.told
        lines = [line for line in desk.section(stem, "Gone") or () if len(line) == 2][1:]
        wanted = [name.format(int(number)) for number in (gone or "").split()]
        assert [line[1] for line in lines] == wanted


def test_what_changes_of_a_vehicle_is_to_be_changed_in_opscom_by_hand(desk):
    desk.write("mappings/vehicles.yaml", VEHICLES + "  colour: Colour\n")
    was = {"Plate": "ABC123", "Prov": "ON", "Colour": "blue"}
    desk.push(desk.table("vehicles.csv", [was, was | {"Plate": "ABC124"}]), code=0)
    later = desk.table("vehicles.csv", [was | {"Colour": "red"}, was | {"Plate": "ABC124"}])
    by_hand = "OPSCOM has no way to change a vehicle through the API: change {} in OPSCOM by hand."
    hand = f"changes colour\n{by_hand.format('colour')}"
    step = (
        "1.  Change 1 vehicle in OPSCOM by hand: there is no way through the API. opscom_message says which "
        "fields."
    )
    done = desk.do("check", later, code=0)
    rows = desk.table_of("vehicles", kind="checked")
    assert [row["opscom_message"] for row in rows] == [hand, ""]
    note = "1 vehicle holds other values (colour) than last accepted. "
    assert done["files"][0]["notes"] == [note + by_hand.format("these")]
    assert desk.section("vehicles", "What to do", "checked") == [
        [step],
        ["2.  Push the file, or this workbook, to send 1 row."],
    ]
    desk.push(later, code=0)
    there = f"{hand}\nOPSCOM has this record already (9012)."
    assert [row["opscom_message"] for row in desk.table_of("vehicles")] == [there, ""]
    assert desk.section("vehicles", "What to do") == [[step]]
    desk.push(desk.table("vehicles.csv", [was]), code=0)
    assert desk.section("vehicles", "Gone") == [
        ["Vehicle", "Name in the last results workbook"],
        ["ABC124, ON, PASSENGER", "ABC124"],
    ]


def test_a_cell_that_was_emptied_is_told_as_what_opscom_keeps(desk, controller):
    people = [user(number) for number in range(3)]
    desk.push(desk.table("roster.csv", people), code=0)
    people[0] |= {"Last": "Married", "Mail": ""}
    people[1] |= {"Mail": ""}
    desk.push(desk.table("roster.csv", people), code=0)
    kept = "email (blank now, so OPSCOM keeps the old value)"
    assert [row["opscom_message"].split("\n")[0] for row in desk.table_of("roster")] == [
        f"changes last_name, {kept}",
        f"changes {kept}",
        "",
    ]
    assert ["changed", 2, f"Not as last accepted: {kept} in 2 rows, last_name in 1 row."] in (
        desk.section("roster", AGAINST)
    )
