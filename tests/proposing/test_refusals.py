"""What bad input gets: whole messages, and nothing written."""

import openpyxl
import pytest
from asking import ANSWERS, LOGIN, PEOPLE
from commanding import called

from importer.proposing.values import PROVINCES

WORKBOOK = "RH-employés-2026-09-01-mapping.xlsx"
ZEROS = 'In "Matricule" 1 row has fewer than 6 digits. Has the export lost zeros at the left?'
TYPE = 'Which user type of OPSCOM is "{}" in "Régime" ({})? `opscom-import pull user-types` brings the list of numbers.'
AGAIN = "Make the workbook again with `opscom-import map FILE --workbook`."
NEEDED = (
    "Needed are, in columns of their own, for users: a name, and an id or an e-mail address; vehicles: a plate, and a make, type, "
    "colour, year, province or VIN; permits: a plate, and a permit's number, zone, start or end. A list of permits to delete is "
    "pushed with --mapping permit-cancellations.yaml, and `opscom-import pull plates` asks about plates."
)


def refused(desk, *words):
    """Return the message of a refusal that leaves nothing behind."""
    before = sorted(desk.folder.rglob("*"))
    done = desk.map(*words)
    assert (done.code, done.out) == (5, "")
    assert sorted(desk.folder.rglob("*")) == before
    return done.err.removeprefix("Error: ").strip()


def test_a_file_that_cannot_be_read_says_what_check_says(desk):
    path = desk.put("list.xlsx", "PK\x03\x04 cut off")
    checked = called("check", path, "--json")
    assert checked.json["files"][0]["error"] in refused(desk, path)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Item,Price\nHangtag,5.00\nDecal,2.00\n", 'list.csv has the columns "Item", "Price"'),
        ("1,2,3\n4,5,6\n", "no row looks like a header"),
    ],
)
def test_a_file_that_fits_nothing_says_what_was_seen_and_what_is_needed(desk, text, seen):
    path = desk.put("list.csv", text)
    assert refused(desk, path) == f"list.csv fits nothing that OPSCOM takes: {seen}. {NEEDED}"
    shape = desk.json(path)
    assert (shape["endpoint"], shape["exit_code"], shape["mapping"]) == (None, 5, None)


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(desk):
    path = desk.save("list.xlsx", People=PEOPLE)
    said = refused(desk, path, "--sheet", "Staff")
    assert said == "list.xlsx has no visible sheet Staff (it has People)."


def test_a_checked_workbook_is_no_new_file(desk):
    desk.answer(desk.staff, ANSWERS)
    called("check")
    (path,) = (desk.folder / "results").glob("*-checked.xlsx")
    said = f"{path.name} is a results workbook; it is imported with the mapping of its first file. Name the first file."
    assert refused(desk, path) == said


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("-o", "", "{} is there already. Name another file with -o; a mapping is never overwritten."),
        (
            "--mapping", "endpoint: permit-deletes\nfields: {referenceID: Reference ID}\n",
            "mine.yaml deletes what a file lists; nothing is proposed for that. Correct the file or the mapping by hand (docs/mappings.md says how).",
        ),
    ],
)  # fmt: skip
def test_a_mapping_that_is_in_the_way_or_of_another_kind_is_told(desk, option, text, said):
    path = desk.write("mappings/mine.yaml", f"version: 1\nname: Mine\n{text}")
    assert refused(desk, desk.staff, option, path) == said.format(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("column: {A: email}", "line 3: `users.column.A` is not in its place."),
        ("columns:\n    Courriel: e-mail", "line 4: OPSCOM has no field e-mail. Did you mean email?"),
        (
            "fields: {}\nstudents:\n  columns: {A: email}",
            "line 4: `students` is none of users, vehicles, permits, permit-updates, permit-deletes, plates.",
        ),
    ],
)  # fmt: skip
def test_a_glossary_that_somebody_broke_is_told_by_its_line(desk, text, said):
    desk.write("mappings/glossary.yaml", f"version: 1\nusers:\n  {text}\n")
    assert refused(desk, desk.staff) == (
        f"glossary.yaml, {said.removesuffix('.')}. Correct or remove the line; what is gone is asked again."
    )
    desk.write("mappings/glossary.yaml", "users:\n  columns: {A: [email\n")
    assert "glossary.yaml, line" in refused(desk, desk.staff)


def filled(desk, **cells):
    """Return a workbook of answers, with these cells (``Columns_G2``) written over."""
    said = {"login source": "OPSCOM", "lost zeros": "leave them as they are", "Columns!G8": "not sent"}  # fmt: skip
    return desk.fill(desk.staff, said | {at.replace("_", "!"): text for at, text in cells.items()})


@pytest.mark.parametrize(
    "wrong",
    [
        {
            "Columns_G2": ("unique", "OPSCOM has no field unique. Did you mean unique_id?"),
            "Columns_G4": ("last_name", "last_name is given by Columns!G3 already. Choose `not sent`, or another field."),
            "Columns_G5": ("", "this is not answered. Choose a field, or `not sent`."),
            "Columns_G6": ("", "this is not answered. Choose a field, or `not sent`."),
            "Values_E2": ("Atlantis", '"Atlantis" is not a postal abbreviation of two letters, such as ON or NY.'),
            "Rows_D2": ("perhaps", "Answer one of: fill up to 6 digits, leave them as they are."),
            "Rows_D3": ("", f"this is not answered. {LOGIN}"),
        },
        {
            "Columns_G8": ("user_type_id", ""),
            "Values_E5": ("Full time", '"Full time" is not the number of a record in OPSCOM, which has digits only. `opscom-import pull user-types` brings the list of numbers.'),
            "Values_E6": ("8", ""),
        },
        {"Columns_G10": ("email", "email is given by Columns!G5 already. Choose `not sent`, `email (second choice)`, or another field.")},
        {"Columns_G9": ("user_name", "this is never sent. Choose `not sent`.")},
        {"Rows_D3": ("the single sign-on of the college", '"the single sign-on of the college" has 33 characters, and OPSCOM takes 20.')},
        # What one answer opens is asked in the cell that is there.
        {"Columns_G8": ("user_type_id", ""), **{f"Values_E{row}": ("", f"this is not answered. {TYPE.format(*each)}") for row, each in ((5, ("Temps plein", "2 rows")), (6, ("Temps partiel", "1 row")))}},
        {"Values_E2": ("hold the row", f"Answer one of: {', '.join(PROVINCES)}, leave blank.")},
        {"Values_E2": ("", "this is not answered."), "Rows_D2": ('=CONCATENATE("leave","them")', f"this is not answered. {ZEROS}")},
    ],
)  # fmt: skip
def test_every_wrong_cell_of_the_workbook_is_named_and_nothing_written(desk, wrong):
    path = filled(desk, **{cell: text for cell, (text, _) in wrong.items()})
    assert refused(desk, path).splitlines() == [
        f"{WORKBOOK}: nothing was written.",
        *(f"  {cell.replace('_', '!')}: {said}" for cell, (_, said) in wrong.items() if said),
    ]


@pytest.mark.parametrize("page", ["Columns", "Values", "Rows"])
def test_a_workbook_that_lost_a_sheet_or_its_headings_is_refused_in_a_sentence(desk, page):
    path = filled(desk, Values_A1="Spalte") if page == "Values" else filled(desk)
    book = openpyxl.load_workbook(path)
    if page != "Values":
        del book[page]
    book.save(path)
    said = f"{WORKBOOK}: the sheet {page} does not have its headings in row 1 any more. {AGAIN}"
    assert refused(desk, path) == said


@pytest.mark.parametrize("text", ["[" * 5000, "no list", "7", "[]", ""])
@pytest.mark.parametrize("cell", ["Rows_E2", "Values_G2", "Columns_J11"])
def test_a_line_whose_hidden_key_somebody_changed_is_told_by_its_cell(desk, text, cell):
    added = {"Columns_A11": "added"} if "11" in cell else {}
    said = f"{WORKBOOK}, {cell.replace('_', '!')}: this cell must not be changed. {AGAIN}"
    assert refused(desk, filled(desk, **added, **{cell: text})) == said


@pytest.mark.parametrize("row", ["File", "Mapping", None])
def test_a_workbook_that_names_no_file_that_can_be_is_refused_in_a_sentence(desk, row):
    path = filled(desk)
    book = openpyxl.load_workbook(path)
    if row is None:
        del book["Source"]
    else:
        next(each for each in book["Source"] if each[0].value == row)[1].value = "x" * 9000
    book.save(path)
    said = refused(desk, path)
    assert said.startswith(f"{WORKBOOK} fits nothing that OPSCOM takes" if row is None else "x" * 9000)  # fmt: skip
    assert "\n" not in said
