"""What is told of a file: sheets that are left out, and headers, but never a person's values for headers."""

import pytest
from commanding import ROSTER, user, write_book

HEADER = ["Id", "First", "Last", "Mail"]


def people(first, last, header=HEADER):
    return [
        header,
        *([user(n).get(name, n) for name in header] for n in range(first, last)),
    ]


def notes(desk, *arguments):
    """Check the inbox, or what is named; return what is noted."""
    return [note for file in desk.do("check", *arguments)["files"] for note in file["notes"]]


SHEETS = {
    "one of four headers": (
        people(5, 54, ["Id", "Given", "Family", "Address"]), "49 rows", '"First", "Last", "Mail"',
    ),
    "no header row": (people(5, 7)[1:], "2 rows", '"Id", "First", "Last", "Mail"'),
}  # fmt: skip


@pytest.mark.parametrize("kind", SHEETS)
def test_every_visible_sheet_with_rows_that_is_not_imported_is_named(desk, kind):
    rows, number, what = SHEETS[kind]
    write_book(desk.inbox / "roster.xlsx", {"North": people(0, 2), "South": rows})
    note = f"The sheet South ({number}) was not imported: it lacks {what}."
    assert notes(desk) == [note]
    assert f"  Note: {note}" in desk.told.splitlines()
    assert any(note in str(line) for line in desk.summary("roster", "checked"))


def test_sheets_without_rows_and_hidden_ones_are_not_told_as_left_out(desk):
    sheets = {"North": people(0, 2), "Empty": [], "Header": [HEADER], "Hidden": people(3, 5)}
    write_book(desk.inbox / "roster.xlsx", sheets, hidden=["Hidden"])
    assert notes(desk) == ["Hidden sheets (Hidden) were not read."] * 2
    # Nor are the pages of a workbook of ours that tell of the run.
    assert notes(desk, desk.results("roster", "checked")) == []


@pytest.mark.parametrize("way", ["option", "mapping"])
def test_a_sheet_that_nobody_asked_for_is_named_too(desk, way):
    write_book(desk.inbox / "roster.xlsx", {"North": people(0, 2), "South": people(5, 9)})
    options = ["--sheet", "North"] if way == "option" else []
    if way == "mapping":
        desk.write("mappings/roster.yaml", ROSTER + "sheet: North\n")
    note = "The sheet South (4 rows) was not imported: only North is asked for."
    assert notes(desk, *options) == [note]


RECORDS = {
    "words": "Mary,Smith,Pine Court\nBob,Jones,12 Oak Street\nAl,Reed,14 Oak Street\n",
    "one word that a header has": "Smith,City,Pine Court\nJones,Ottawa,12 Oak Street\nReed,Ottawa,14 Elm\n",
}


@pytest.mark.parametrize("named", [True, False], ids=["mapping named", "mapping to be found"])
@pytest.mark.parametrize("header_row", ["", "header_row: 1\n"], ids=["to be found", "given"])
@pytest.mark.parametrize("kind", RECORDS)
def test_the_first_record_of_a_file_without_a_header_row_is_never_told(
    desk, kind, header_row, named
):
    desk.write("mappings/roster.yaml", ROSTER + header_row)
    desk.write("inbox/roster.csv", RECORDS[kind])
    more = ["--mapping", "roster.yaml"] if named else []
    (file,) = desk.do("check", *more, code=5)["files"]
    for value in ("Mary", "Smith", "Pine", "Visitor", "Bob", "Jones"):
        assert value not in desk.told + str(file)
    city = "City" in RECORDS[kind]
    has = 'the headers "City" and 2 more.' if city else "3 columns, and no row of it "
    assert not named or f"The file has {has}" in file["error"]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("Id,First,Surename,Mail", '"Id", "First", "Surename", "Mail".'),
        ("FIRST_NAME,Last name,Ottawa,Pine", '"FIRST_NAME", "Last name", "Ottawa", "Pine".'),
        ("SPRIDEN_ID,Pine,Oak,Elm", '"SPRIDEN_ID" and 3 more.'),
        ("Nummer,Wohnort", None),
    ],
)
def test_headers_are_told_where_a_mapping_or_the_vendor_knows_them_or_half_of_their_row(
    desk, header, told
):
    desk.write("inbox/roster.csv", f"{header}\n1,2,3,4\n")
    (file,) = desk.do("check", "--mapping", "roster.yaml")["files"]
    assert ("The file has the headers" in file["error"]) is bool(told)
    assert told is None or f"The file has the headers {told}" in file["error"]
