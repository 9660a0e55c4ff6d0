"""Which mapping a file takes, and which of its sheets."""

import pytest
from commanding import write_book
from packages import saved

from importer.errors import InputError, MappingError
from importer.mapping import load_mapping
from importer.mapping.choosing import choose
from importer.reading import read_source

HEADER = ["Id", "First", "Last"]
ROWS = [HEADER, ["1", "Ada", "Quill"], ["2", "Bo", "Reed"]]
FIELDS = (
    "fields: {unique_id: Id, first_name: First, last_name: Last, login_source: {value: OPSCOM}}"
)


@pytest.fixture
def office(tmp_path):
    class Chooser:
        def mapping(self, name, *lines, endpoint="users", fields=FIELDS):
            text = "\n".join(["version: 1", f"endpoint: {endpoint}", *lines, fields])
            return load_mapping(saved(tmp_path, text + "\n", f"{name}.yaml"))

        def text(self, text, name="roster.csv"):
            return read_source(saved(tmp_path, text, name))

        def book(self, name="roster.xlsx", *, hidden=(), **sheets):
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
NEW = "Correct the file, or to have proposed what is new:"
CSV = "Id,First,Last\n1,Ada,Quill\n"
MISNAMED = (
    "roster.csv has the columns of {}, but by `match` that is for files of other names. Name one with --mapping, "
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
    "one whose optional header is missing": ({"a": ["", FIELDS.replace("Last", "Last, city: {column: Town, optional: true}")]}, "a"),
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


DELETES = "fields: {referenceID: Permit id}"


def test_a_mapping_that_deletes_is_not_taken_for_a_file_of_more_columns_unless_it_is_named(office):
    ends = office.mapping("ends", endpoint="permit-deletes", fields=DELETES)
    source = office.text("Permit id,New End,Zone\nP-1,2027-01-01,A\n")
    assert refusal(source, ends).splitlines()[1:] == [DELETED]
    assert chosen(source, ends, named=True) == ("ends", [None])
    assert chosen(office.text("Permit id\nP-1\n"), ends) == ("ends", [None])


def test_a_mapping_for_other_names_is_not_near_for_one_header_that_it_shares(office):
    staff = office.mapping(
        "staff",
        'match: {files: ["*staff*"]}',
        fields=FIELDS.replace("First", "A").replace("Last", "B"),
    )
    assert "no mapping fits." in refusal(office.text(CSV), staff)
    assert "does not fit staff.yaml" in refusal(office.text(CSV, "staff.csv"), staff)


def test_a_mapping_with_open_questions_stops_only_the_file_that_would_use_it(office):
    asked = 'ask: [{question: "What is the login source?"}]'
    open_one = office.mapping("a", 'match: {files: ["roster*"]}', asked)
    other = office.mapping("b", 'match: {files: ["staff*"]}')
    assert chosen(office.text(CSV, "staff.csv"), open_one, other) == ("b", [None])
    with pytest.raises(MappingError) as told:
        choose(office.text(CSV), [open_one, other], named=False)
    assert str(told.value) == (
        "roster.csv fits a.yaml, in which questions stand open:\n"
        "a.yaml, line 4, ask[1]: this is not answered yet: What is the login source? Run `opscom-import "
        "map` with the file, or answer it here and remove the entry."
    )


PEOPLE = [["Card", "Given", "Family"], ["S1", "Ada", "Quill"], ["S2", "Ben", "Reed"]]
REFUSED = {
    "two that fit equally": (
        {"b": ('match: {files: ["*roster*"]}',), "a": ('match: {files: ["*"]}',)}, CSV,
        ("roster.csv fits more than one mapping: a.yaml and b.yaml. Name one with --mapping, or narrow `match` in one of "
         "them."),
    ),
    "a missing header with the nearest": (
        {"a": ()}, "Id,Frist,Last\n1,Ada,Quill\n",
        ('roster.csv does not fit a.yaml: this column is missing: "First" (the nearest is "Frist"). The file has the headers '
         '"Id", "Frist", "Last". {new} --mapping a.yaml'),
    ),
    "one that fits but for the name": (
        {"banner": ('match: {files: ["*student*"]}',), "other": ("", FIELDS.replace("Last", "Surname"))}, CSV,
        MISNAMED.format("banner.yaml"),
    ),
    "none that fits: what it seems to be and what to type": (
        {"a": ('match: {files: ["*staff*"]}',)}, "Stud. No.,Vorname,Nom,Prénom,E-mail,Hair\nS1,x,Quill,Ada,a@uni.example,red\n",
        ('roster.csv: no mapping fits. The file has the headers "Stud. No.", "Vorname", "Nom", "Prénom", "E-mail", "Hair". It '
         "looks like users (4 of 6 columns recognised). To have a mapping proposed: {map}"),
    ),
    "none that fits, and nothing that OPSCOM takes": (
        {"a": ('match: {files: ["*staff*"]}',)}, "x,y\n1,2\n",
        ("roster.csv: no mapping fits, and it looks like nothing that OPSCOM takes. The file has 2 columns, and no row of it "
         "holds headers that are known here."),
    ),
    "a header row that is another than the mapping says": (
        {"a": ("header_row: 2",)}, {"People": ROWS},
        ("roster.xlsx does not fit a.yaml: People: its header is in row 1, and header_row in the mapping says 2. The file has "
         'the headers "Id", "First", "Last". {new} --mapping a.yaml'),
    ),
    "a hidden sheet that the mapping names": (
        {"a": ("sheet: Later",)}, {"North": ROWS, "Notes": [["text"]], "Later": ROWS},
        ("roster.xlsx does not fit a.yaml: the workbook has no visible sheet Later (it has North, Notes). "
         "{new} --mapping a.yaml"),
    ),
    "a workbook without a visible cell": (
        {"a": ()}, {"Empty": []},
        ("roster.xlsx has no cells that can be seen. Export it again, or unhide the sheet that is to be imported, and save the "
         "file."),
    ),
    # The mapping is named.
    "of sheets without a mapped header the table, not the notes before it": (
        {"a": ()}, {"Notes": [["List for parking"]], "People": PEOPLE},
        ('roster.xlsx does not fit a.yaml: People: these columns are missing: "Id", "First", "Last". '
         f"The file has 3 columns, and no row of it holds headers that are known here. {WAYS}"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_that_no_mapping_fits_is_told_what_is_wrong_and_what_to_do(office, kind):
    given, cells, said = REFUSED[kind]
    mappings = [
        office.mapping(name, *lines[:1], fields=[*lines[1:], FIELDS][0])
        for name, lines in given.items()
    ]
    source = (
        office.text(cells) if isinstance(cells, str) else office.book(hidden=["Later"], **cells)
    )
    command = f"opscom-import map {source.path}"
    expected = said.replace("{new}", f"{NEW} {command}").replace("{map}", command)
    assert refusal(source, *mappings, named=said.endswith(WAYS)) == expected


# Sheets

NORTH_AND_SOUTH = {"North": ROWS, "South": ROWS}
TAKEN = {
    "every visible sheet that has all headers": ("", NORTH_AND_SOUTH | {"Notes": [["Made by hand"]]}, {}, ["North", "South"]),
    "no hidden sheet": ("", NORTH_AND_SOUTH, {"hidden": ["South"]}, ["North"]),
    "the mapping's sheet whatever its case": ("sheet: ' south '", NORTH_AND_SOUTH, {}, ["South"]),
    "the person's sheet before the mapping's": ("sheet: North", NORTH_AND_SOUTH, {"sheet": "SOUTH"}, ["South"]),
    "a text file, which has no sheets to name": ("sheet: North", CSV, {}, [None]),
    "a file of another name where the person names the mapping": ('match: {files: ["*staff*"]}', CSV, {"named": True}, [None]),
}  # fmt: skip


@pytest.mark.parametrize("kind", TAKEN)
def test_what_is_taken(office, kind):
    lines, cells, more, sheets = TAKEN[kind]
    hidden, terms = more.get("hidden", ()), {key: more[key] for key in more.keys() - {"hidden"}}
    source = office.text(cells) if isinstance(cells, str) else office.book(hidden=hidden, **cells)
    assert chosen(source, office.mapping("a", lines), **terms) == ("a", sheets)


# Results workbooks of ours

OURS = [
    "opscom_status", "opscom_reference_id", "opscom_error_code", "opscom_message", "opscom_answer",
    "opscom_row",
]  # fmt: skip
GIVEN_BACK = [OURS + HEADER, ["invalid", "", "9031", "", "", "7", "1", "Ada", "Quill"]]


def given_back(office, mapping="M", file="roster.csv"):
    facts = [["File", file], ["Mapping", mapping], ["Run", "7"], ["File's SHA-256", "a" * 64]]
    return office.book("mine.xlsx", Summary=facts, Rows=GIVEN_BACK)


def test_sheet_and_header_row_of_the_mapping_do_not_apply_to_a_results_workbook(office):
    mapping = office.mapping("a", "sheet: People", "header_row: 4")
    (sheet,) = choose(given_back(office, file=""), [mapping], named=False).sheets
    assert (sheet.name, sheet.header_row, sheet.rows.tolist()) == ("Rows", 1, [7])


@pytest.mark.parametrize(
    ("name", "taken"),
    [("Roster of fall", "a"), ("Same", "c"), ("Gone", "c")],
    ids=["that its summary names", "of two of that name by its first file", "by that where it is gone"],
)  # fmt: skip
def test_which_mapping_a_results_workbook_takes(office, name, taken):
    roster, other = 'match: {files: ["roster*"]}', 'match: {files: ["mine-not*"]}'
    first = office.mapping("a", "name: Roster of fall", other)
    same = [office.mapping("b", "name: Same", other), office.mapping("c", "name: Same", roster)]
    assert chosen(given_back(office, name), first, *same) == (taken, ["Rows"])


def test_a_results_workbook_that_lacks_a_column_is_not_taken_for_another_mapping(office):
    first = office.mapping("a", "name: First", fields=FIELDS.replace("Last", "Surname"))
    other = office.mapping("b", "name: Other")
    assert refusal(given_back(office, "First"), other, first) == (
        'mine.xlsx does not fit a.yaml: Rows: this column is missing: "Surname". '
        f'The file has the headers "Id", "First", "Last". {WAYS}'
    )


def test_a_results_workbook_whose_mapping_is_gone_is_told_its_name(office):
    other = office.mapping("b", "name: Other", fields=FIELDS.replace("Last", "Surname"))
    assert refusal(given_back(office, "First"), other) == (
        "mine.xlsx was made with the mapping First, which is not here, and no other fits. "
        "Copy that mapping into the workspace's mappings, or name it with --mapping."
    )
