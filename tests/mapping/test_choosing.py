"""Which mapping a file takes, and which of its sheets."""

import pytest
from commanding import write_book

from importer.errors import InputError, MappingError
from importer.mapping import load_mapping
from importer.mapping.choosing import choose
from importer.reading import read_source
from schemas import TABLES

HEADER = ["Id", "First", "Last"]
ROWS = [HEADER, ["1", "Ada", "Quill"], ["2", "Bo", "Reed"]]
FIELDS = (
    "fields: {unique_id: Id, first_name: First, last_name: Last, login_source: {value: OPSCOM}}"
)


@pytest.fixture
def office(tmp_path):
    class Chooser:
        def mapping(self, name, *lines, endpoint="users", fields=FIELDS):
            path = tmp_path / f"{name}.yaml"
            text = "\n".join(["version: 1", f"endpoint: {endpoint}", *lines, fields])
            path.write_text(text + "\n", encoding="utf-8")
            return load_mapping(path)

        def text(self, text, name="roster.csv"):
            path = tmp_path / name
            path.write_text(text, encoding="utf-8")
            return read_source(path)

        def book(self, name="roster.xlsx", *, hidden=(), **sheets):
            sheets = {title.replace("_", " "): rows for title, rows in sheets.items()}
            return read_source(write_book(tmp_path / name, sheets, hidden=hidden))

    return Chooser()


def chosen(source, *mappings, named=False, sheet=None):
    found = choose(source, mappings, named=named, sheet=sheet)
    return found.mapping.path.stem, [taken.name for taken in found.sheets]


def refusal(source, *mappings, named=False, sheet=None):
    with pytest.raises(InputError) as told:
        choose(source, mappings, named=named, sheet=sheet)
    return str(told.value)


WAYS = "Correct the file or the mapping (docs/mappings.md says how)."


def anew(source, mapping=""):
    """Return the command that proposes a mapping, or what a mapping lacks."""
    return f"opscom-import map {source.path}" + (f" --mapping {mapping}" if mapping else "")


NEW = "Correct the file, or to have proposed what is new:"
CSV = "Id,First,Last\n1,Ada,Quill\n"
NOTHING = (
    "roster.csv: no mapping fits, and it looks like nothing that OPSCOM takes. The file has 2 columns, and no "
    "row of it holds headers that are known here."
)
MISNAMED = (
    "roster.csv has the columns of {}, but that mapping is for files of other names. Name one with --mapping, "
    "rename the file, or extend `match` in the mapping."
)
DELETED = (
    "ends.yaml would delete what it lists, and the file has more columns than that: it is taken only where you "
    "name it with --mapping."
)


# Mappings


FIT = {
    "by its name and headers": ({"a": ['match: {files: ["*roster*"]}'], "b": ['match: {files: ["*staff*"]}']}, "a"),
    "one that names files before one that does not": ({"any": [], "roster": ['match: {files: ["ROSTER*"]}']}, "roster"),
    "of two for the name the one whose headers are there": (
        {"a": ['match: {files: ["*"]}', FIELDS.replace("Last", "Surname")], "b": ['match: {files: ["*"]}']}, "b",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FIT)
def test_the_mapping_that_fits_is_taken(office, kind):
    mappings, taken = FIT[kind]
    found = [
        office.mapping(name, *lines[:1], fields=lines[1] if lines[1:] else FIELDS)
        for name, lines in mappings.items()
    ]
    assert chosen(office.text(CSV), *found) == (taken, [None])


def test_where_the_name_decides_between_two_that_fit_it_is_said_which_was_taken_and_why(office):
    any_file = office.mapping("any")
    roster = office.mapping("roster", 'match: {files: ["roster*"]}')
    assert choose(office.text(CSV), [any_file, roster], named=False).notes == (
        (
            "The columns fit any.yaml and roster.yaml: roster.yaml was taken, because its `match` names this "
            "file."
        ),
    )
    assert choose(office.text(CSV), [roster], named=False).notes == ()


DELETES = "fields: {referenceID: Permit id}"


def test_a_mapping_that_deletes_is_not_taken_for_a_file_of_more_columns_unless_it_is_named(office):
    ends = office.mapping("ends", endpoint="permit-deletes", fields=DELETES)
    source = office.text("Permit id,New End,Zone\nP-1,2027-01-01,A\n")
    assert refusal(source, ends).splitlines()[1:] == [DELETED]
    assert chosen(source, ends, named=True) == ("ends", [None])
    assert chosen(office.text("Permit id\nP-1\n"), ends) == ("ends", [None])


def test_beside_a_mapping_that_deletes_the_column_that_the_one_for_changes_lacks_is_said(office):
    ends = office.mapping("ends", endpoint="permit-deletes", fields=DELETES)
    changes = office.mapping(
        "changes",
        endpoint="permit-updates",
        fields="fields: {referenceID: Permit id, endTime: New End, plate: Plate}",
    )
    source = office.text("Permit id,New End,Zone\nP-1,2027-01-01,A\n")
    assert refusal(source, ends, changes).splitlines() == [
        (
            'roster.csv does not fit changes.yaml: this column is missing: "Plate". The file has the headers '
            f'"Permit id", "New End", "Zone". {NEW} {anew(source, "changes.yaml")}'
        ),
        DELETED,
    ]


def test_a_mapping_for_other_names_is_not_near_for_one_header_that_it_shares(office):
    staff = office.mapping(
        "staff",
        'match: {files: ["*staff*"]}',
        fields=FIELDS.replace("First", "A").replace("Last", "B"),
    )
    assert "no mapping fits." in refusal(office.text(CSV), staff)
    assert "does not fit staff.yaml" in refusal(office.text(CSV, "staff.csv"), staff)


def test_a_file_is_never_told_that_it_has_the_columns_of_a_mapping_that_would_delete_it(office):
    ends = office.mapping(
        "ends", 'match: {files: ["*ends*"]}', endpoint="permit-deletes", fields=DELETES
    )
    changes = office.mapping(
        "changes",
        'match: {files: ["*roster*"]}',
        endpoint="permit-updates",
        fields="fields: {referenceID: Permit id, endTime: End, plate: Plate, amount: Price}",
    )
    source = office.text("Permit id,Until\nP-1,2027-01-01\n")
    assert refusal(source, ends, changes) == (
        'roster.csv does not fit changes.yaml: these columns are missing: "End", "Plate", "Price". The file '
        f'has the headers "Permit id" and 1 more. {NEW} {anew(source, "changes.yaml")}'
    )


def test_a_mapping_with_open_questions_stops_only_the_file_that_would_use_it(office):
    asked = 'ask: [{question: "What is the login source?"}]'
    open_one = office.mapping("a", 'match: {files: ["roster*"]}', asked)
    other = office.mapping("b", 'match: {files: ["staff*"]}')
    assert chosen(office.text(CSV, "staff.csv"), open_one, other) == ("b", [None])
    with pytest.raises(MappingError) as told:
        choose(office.text(CSV), [open_one, other], named=False)
    assert str(told.value) == (
        "roster.csv fits a.yaml, in which 1 question stands open:\n"
        "a.yaml, line 4, ask[1]: this is not answered yet: What is the login source? Run `opscom-import "
        "map` with the file, or answer it here and remove the entry."
    )


def test_mappings_that_have_faults_are_named_where_none_of_the_others_fits(office):
    mapping = office.mapping("a", 'match: {files: ["*staff*"]}')
    for text, why in (("x,y\n1,2\n", NOTHING), (CSV, MISNAMED.format("a.yaml"))):
        with pytest.raises(InputError) as told:
            choose(office.text(text), [mapping], named=False, faulty=("b.yaml", "c.yaml"))
        assert str(told.value).splitlines() == [
            why,
            "Not tried, because of their faults: b.yaml, c.yaml.",
        ]


def test_two_that_fit_equally_are_an_error_that_names_both(office):
    a = office.mapping("a", 'match: {files: ["*"]}')
    b = office.mapping("b", 'match: {files: ["*roster*"]}')
    assert refusal(office.text(CSV), b, a) == (
        "roster.csv fits more than one mapping: a.yaml and b.yaml. "
        "Name one with --mapping, or narrow `match` in one of them."
    )


def test_a_missing_header_is_named_with_the_nearest(office):
    mapping = office.mapping("a")
    source = office.text("Id,Frist,Last\n1,Ada,Quill\n")
    assert refusal(source, mapping) == (
        'roster.csv does not fit a.yaml: this column is missing: "First" (the nearest is "Frist"). '
        f'The file has the headers "Id", "Frist", "Last". {NEW} {anew(source, "a.yaml")}'
    )
    assert refusal(source, mapping, named=True).endswith(
        f'The file has the headers "Id", "Frist", "Last". {WAYS}'
    )


def test_where_no_sheet_has_a_mapped_header_the_one_that_is_a_table_is_told_not_the_notes_before_it(
    office,
):
    mapping = office.mapping("a")
    people = [["Card", "Given", "Family"], ["S1", "Ada", "Quill"], ["S2", "Ben", "Reed"]]
    source = office.book(Notes=[["List for parking"]], People=people)
    assert refusal(source, mapping, named=True) == (
        "roster.xlsx does not fit a.yaml: People: none of the first 30 rows holds any of the mapped headers "
        f"(Id, First, Last). The file has 3 columns, and no row of it holds headers that are known here. {WAYS}"
    )


def test_of_several_that_do_not_fit_the_nearest_is_told(office):
    far = office.mapping("far", fields="fields: {unique_id: Key, login_source: Source}")
    near = office.mapping("near", fields=FIELDS.replace("Last", "Surname"))
    assert refusal(office.text(CSV), far, near, named=True) == (
        'roster.csv does not fit near.yaml: this column is missing: "Surname". The file has the headers "Id", '
        f'"First", "Last". {WAYS}'
    )


def test_a_file_that_fits_but_for_its_name_is_told_which_mapping_has_its_columns(office):
    mapping = office.mapping("banner", 'match: {files: ["*student*"]}')
    other = office.mapping("other", fields=FIELDS.replace("Last", "Surname"))
    assert refusal(office.text(CSV), mapping, other) == MISNAMED.format("banner.yaml")


def test_a_file_that_no_mapping_fits_is_told_in_one_line_what_it_seems_to_be_and_what_to_type(
    office,
):
    mapping = office.mapping("a", 'match: {files: ["*staff*"]}')
    source = office.text(
        "Stud. No.,Vorname,Nom,Prénom,E-mail,Hair\nS1,x,Quill,Ada,a@uni.example,red\n"
    )
    assert refusal(source, mapping) == (
        'roster.csv: no mapping fits. The file has the headers "Stud. No.", "Vorname", "Nom", "Prénom", '
        '"E-mail", "Hair". It looks like users (4 of 6 columns recognised). '
        f"To have a mapping proposed: {anew(source)}"
    )


def test_without_a_mapping_for_the_name_the_nearest_of_the_others_is_told(office):
    mappings = [
        office.mapping("near", 'match: {files: ["*staff*"]}', fields=FIELDS.replace("Last", "Sur")),
        office.mapping("far", 'match: {files: ["x"]}', fields="fields: {unique_id: Key}"),
    ]
    source = office.text(CSV)
    assert refusal(source, *mappings) == (
        "roster.csv does not fit near.yaml: "
        'this column is missing: "Sur". The file has the headers "Id", "First", "Last". '
        f"{NEW} {anew(source, 'near.yaml')}"
    )


def test_of_many_mappings_headers_and_columns_the_first_are_told_and_the_rest_counted(office):
    fields = [known.name for known in TABLES["users"].fields][1:23]
    wide = ", ".join(f"{name}: {name}" for name in fields)
    mappings = [
        office.mapping(f"m{n}", fields=f"fields: {{unique_id: {'Id' if n else 'Key'}, {wide}}}")
        for n in range(3)
    ]
    header = ",".join(["Id", "studentnr", *(letter * 9 for letter in "ghijklqvwxz!")])
    assert refusal(office.text(f"{header}\n1\n"), *mappings, named=True) == (
        'roster.csv does not fit m1.yaml: these columns are missing: "login_source", "first_name", '
        '"last_name", "user_name", "email", "street", "city", "province" and 14 more. The file has the '
        f'headers "Id" and 13 more. {WAYS}'
    )


# Header rows


@pytest.mark.parametrize(
    ("lines", "above", "row"),
    [((), [["Roster of fall"], [""]], 3), (("header_row: 2",), [["Id", "First", "Last", "of whom"]], 2)],
    ids=["found below a title", "named"],
)  # fmt: skip
def test_the_row_of_the_header(office, lines, above, row):
    source = office.book(People=[*above, *ROWS])
    (sheet,) = choose(source, [office.mapping("a", *lines)], named=False).sheets
    assert (sheet.header_row, sheet.rows.tolist()) == (row, [row + 1, row + 2])


def test_a_blank_header_row_of_one_mapping_does_not_keep_another_from_fitting(office):
    wrong = office.mapping("wrong", "header_row: 9")
    right = office.mapping("right")
    assert chosen(office.book(People=ROWS), wrong, right) == ("right", ["People"])
    assert "9" in refusal(office.book(People=ROWS), wrong)


# Sheets

NORTH_AND_SOUTH = {"North": ROWS, "South": ROWS}
TAKEN = {
    "every visible sheet that has all headers": ("", NORTH_AND_SOUTH | {"Notes": [["Made by hand"]]}, {}, ["North", "South"]),
    "no hidden sheet": ("", NORTH_AND_SOUTH, {"hidden": ["South"]}, ["North"]),
    "the mapping's sheet whatever its case": ("sheet: ' south '", NORTH_AND_SOUTH, {}, ["South"]),
    "the person's sheet before the mapping's": ("sheet: North", NORTH_AND_SOUTH, {"sheet": "SOUTH"}, ["South"]),
    "a text file, which has no sheets to name": ("sheet: North", CSV, {}, [None]),
    "headers whatever their case and blanks": ("", "\u00a0ID , first,LAST\u200b\n1,Ada,Quill\n", {}, [None]),
    "a file of another name where the person names the mapping": ('match: {files: ["*staff*"]}', CSV, {"named": True}, [None]),
}  # fmt: skip


@pytest.mark.parametrize("kind", TAKEN)
def test_what_is_taken(office, kind):
    lines, cells, more, sheets = TAKEN[kind]
    hidden, terms = more.get("hidden", ()), {key: more[key] for key in more.keys() - {"hidden"}}
    source = office.text(cells) if isinstance(cells, str) else office.book(hidden=hidden, **cells)
    assert chosen(source, office.mapping("a", lines), **terms) == ("a", sheets)


def test_a_sheet_that_nearly_fits_is_not_left_out_in_silence(office):
    mapping = office.mapping("a")
    source = office.book(North=ROWS, South=[["Id", "Frist", "Last"], ["3", "Cy", "Stone"]])
    found = choose(source, [mapping], named=False)
    assert [sheet.name for sheet in found.sheets] == ["North"]
    assert found.notes == ('The sheet South (1 row) was not imported: it lacks "First".',)


def test_the_reason_is_that_of_the_sheet_that_lacks_least(office):
    mapping = office.mapping("a")
    source = office.book(N=[["x"]], Longer_name=[["Id", "First"], ["1", "Ada"]])
    assert refusal(source, mapping) == (
        'roster.xlsx does not fit a.yaml: Longer name: this column is missing: "Last". '
        f'The file has the headers "Id", "First". {NEW} {anew(source, "a.yaml")}'
    )


def test_a_sheet_without_the_mappings_header_row_is_not_the_reason_where_another_lacks_a_column(
    office,
):
    mapping = office.mapping("a", "header_row: 2")
    source = office.book(Notes=[["x"]], People=[["People"], ["Id", "First"], ["1", "Ada"]])
    assert refusal(source, mapping).startswith(
        'roster.xlsx does not fit a.yaml: People: this column is missing: "Last".'
    )


def test_a_header_row_that_names_another_row_than_the_header_is_said(office):
    mapping = office.mapping("a", "header_row: 2")
    assert refusal(office.book(People=ROWS), mapping).startswith(
        "roster.xlsx does not fit a.yaml: People: its header is in row 1, and header_row in the mapping says 2."
    )


@pytest.mark.parametrize("lines", [(), ("sheet: South",)], ids=["option", "mapping"])
def test_a_hidden_sheet_that_is_named_is_an_error_that_lists_the_visible_ones(office, lines):
    mapping = office.mapping("a", *lines)
    source = office.book(North=ROWS, Notes=[["text"]], South=ROWS, hidden=["South"])
    assert refusal(source, mapping, sheet=None if lines else "South") == (
        "roster.xlsx does not fit a.yaml: the workbook has no visible sheet South "
        f"(it has North, Notes). {NEW} {anew(source, 'a.yaml')}"
    )


def test_all_sheets_that_a_mapping_lists_must_fit(office):
    mapping = office.mapping("a", "sheet: [North, South]")
    good = office.book(North=ROWS, South=ROWS, Other=ROWS)
    assert chosen(good, mapping) == ("a", ["North", "South"])
    bad = office.book(North=ROWS, South=[["Id", "First"], ["1", "Ada"]])
    assert refusal(bad, mapping).startswith(
        'roster.xlsx does not fit a.yaml: South: this column is missing: "Last".'
    )


def test_a_workbook_without_a_visible_cell_is_said(office):
    assert refusal(office.book(Empty=[]), office.mapping("a")) == (
        "roster.xlsx has no cells that can be seen. "
        "Export it again, or unhide the sheet that is to be imported, and save the file."
    )


# Results workbooks of ours

OURS = [
    "opscom_status", "opscom_reference_id", "opscom_error_code", "opscom_message", "opscom_answer",
    "opscom_row",
]  # fmt: skip
GIVEN_BACK = [OURS + HEADER, ["invalid", "", "9031", "", "", "7", "1", "Ada", "Quill"]]


def given_back(office, mapping="M", file="roster.csv", name="mine.xlsx"):
    facts = [["File", file], ["Mapping", mapping], ["Run", "7"], ["File's SHA-256", "a" * 64]]
    return office.book(name, Summary=facts, Rows=GIVEN_BACK)


def test_sheet_and_header_row_of_the_mapping_do_not_apply_to_a_results_workbook(office):
    mapping = office.mapping("a", "sheet: People", "header_row: 4")
    source = given_back(office, file="", name="roster-results.xlsx")
    (sheet,) = choose(source, [mapping], named=False).sheets
    assert (sheet.name, sheet.header_row, sheet.rows.tolist()) == ("Rows", 1, [7])


RETURNED = {
    "the mapping that its summary names": ("Roster of fall", {}, "a"),
    "whatever blanks and case": ("ROSTER  of fall", {"file": ""}, "a"),
    "of two of that name by the first file's name": ("Same", {}, "c"),
    "by the name of its first file where the mapping is gone": ("Gone", {}, "c"),
}


@pytest.mark.parametrize("kind", RETURNED)
def test_which_mapping_a_results_workbook_takes(office, kind):
    name, facts, taken = RETURNED[kind]
    roster, other = 'match: {files: ["roster*"]}', 'match: {files: ["mine-not*"]}'
    first = office.mapping("a", "name: Roster of fall", other)
    same = [office.mapping("b", "name: Same", other), office.mapping("c", "name: Same", roster)]
    assert chosen(given_back(office, name, **facts), first, *same) == (taken, ["Rows"])


def test_a_results_workbook_that_lacks_a_column_is_not_taken_for_another_mapping(office):
    first = office.mapping("a", "name: First", fields=FIELDS.replace("Last", "Surname"))
    other = office.mapping("b", "name: Other")
    assert refusal(given_back(office, "First"), other, first) == (
        'mine.xlsx does not fit a.yaml: Rows: this column is missing: "Surname". '
        f'The file has the headers "Id", "First", "Last". {WAYS}'
    )


def test_the_person_who_names_a_mapping_goes_before_the_summary(office):
    other = office.mapping("b", "name: Other")
    assert chosen(given_back(office, "First"), other, named=True) == ("b", ["Rows"])
