"""What is told of a file: sheets that are left out, and headers, but never a person's values for headers."""

import openpyxl
import pytest
from commanding import ROSTER, Office, user, write_book

HEADER = ["Id", "First", "Last", "Mail"]


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


@pytest.fixture
def call(office, monkeypatch):
    return office.calling(monkeypatch)


def people(first, last, header=HEADER):
    return [
        header,
        *([user(n).get(name, n) for name in header] for n in range(first, last)),
    ]


def notes_of(done):
    return [file["notes"] for file in done.json["files"]]


SHEETS = {
    "one of four headers": (
        people(5, 54, ["Id", "Given", "Family", "Address"]), "49 rows", '"First", "Last", "Mail"',
    ),
    "no header row": (people(5, 7)[1:], "2 rows", '"Id", "First", "Last", "Mail"'),
}  # fmt: skip


@pytest.mark.parametrize("kind", SHEETS)
def test_every_visible_sheet_with_rows_that_is_not_imported_is_named(office, call, kind):
    rows, number, what = SHEETS[kind]
    write_book(office.inbox / "roster.xlsx", {"North": people(0, 2), "South": rows})
    note = f"The sheet South ({number}) was not imported: it lacks {what}."
    done = call("check", "--json")
    assert (done.code, notes_of(done)) == (0, [[note]])
    assert f"  Note: {note}" in done.err.splitlines()
    summary = openpyxl.load_workbook(office.folder / "results" / "roster-checked.xlsx")["Summary"]
    assert any(note in str(cell) for row in summary.iter_rows(values_only=True) for cell in row)


def test_sheets_without_rows_and_hidden_ones_are_not_told_as_left_out(office, call):
    sheets = {"North": people(0, 2), "Empty": [], "Header": [HEADER], "Hidden": people(3, 5)}
    write_book(office.inbox / "roster.xlsx", sheets, hidden=["Hidden"])
    assert notes_of(call("check", "--json"))[0] == ["Hidden sheets (Hidden) were not read."]
    # Nor are the pages of a workbook of ours that tell of the run.
    results = office.folder / "results" / "roster-checked.xlsx"
    assert not any(notes_of(call("check", results, "--json")))


@pytest.mark.parametrize("way", ["option", "mapping"])
def test_a_sheet_that_nobody_asked_for_is_named_too(office, call, way):
    write_book(office.inbox / "roster.xlsx", {"North": people(0, 2), "South": people(5, 9)})
    options = ["--sheet", "North"] if way == "option" else []
    if way == "mapping":
        office.write("mappings/roster.yaml", ROSTER + "sheet: North\n")
    note = "The sheet South (4 rows) was not imported: only North is asked for."
    assert notes_of(call("check", "--json", *options)) == [[note]]


RECORDS = {
    "words": "Mary,Smith,Pine Court\nBob,Jones,12 Oak Street\nAl,Reed,14 Oak Street\n",
    "one word that a header has": "Smith,City,Pine Court\nJones,Ottawa,12 Oak Street\nReed,Ottawa,14 Elm\n",
}


@pytest.mark.parametrize("named", [True, False], ids=["mapping named", "mapping to be found"])
@pytest.mark.parametrize("header_row", ["", "header_row: 1\n"], ids=["to be found", "given"])
@pytest.mark.parametrize("kind", RECORDS)
def test_the_first_record_of_a_file_without_a_header_row_is_never_told(
    office, call, kind, header_row, named
):
    office.write("mappings/roster.yaml", ROSTER + header_row)
    office.write("inbox/roster.csv", RECORDS[kind])
    more = ["--mapping", "roster.yaml"] if named else []
    done = call("check", "--json", *more)
    assert done.code == 5
    for value in ("Mary", "Smith", "Pine", "Visitor", "Bob", "Jones"):
        assert value not in done.err
        assert value not in done.out
    city = "City" in RECORDS[kind]
    has = 'the headers "City" and 2 more.' if city else "3 columns, and no row of it "
    assert not named or f"The file has {has}" in done.json["files"][0]["error"]


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
    office, call, header, told
):
    office.write("inbox/roster.csv", f"{header}\n1,2,3,4\n")
    (file,) = call("check", "--json", "--mapping", "roster.yaml").json["files"]
    assert ("The file has the headers" in file["error"]) is bool(told)
    assert told is None or f"The file has the headers {told}" in file["error"]
