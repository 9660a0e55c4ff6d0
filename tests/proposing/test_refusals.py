"""What bad input gets: whole messages, and nothing written."""

import json

import openpyxl
import pytest
from asking import STAFF, answer_workbook, file_of, mapping_of

GLOSSARY = "glossary.yaml"
ZEROS = 'In "Matricule" 1 row has fewer than 6 digits. Has the export lost zeros at the left?'
LOGIN = (
    "What is the login source of these people in OPSCOM (as on their profiles, the same for all)?"
)
WORKBOOK = "RH-employés-2026-09-01-mapping.xlsx"


def left(folder):
    """Return every file of an office but the workspace's own."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.name not in {"opscom.yaml", file_of(folder).name}
    )


def refused(run, office, *words):
    """Return the message of a refusal that leaves nothing behind."""
    before = left(office)
    done = run(office, "map", *words)
    assert (done.code, done.out) == (5, "")
    assert left(office) == before
    return done.err.removeprefix("Error: ").strip()


def test_a_file_that_cannot_be_read_says_what_check_says(office, run):
    path = office / "inbox" / "list.xlsx"
    path.write_bytes(b"PK\x03\x04 cut off")
    said = refused(run, office, path)
    checked = run(office, "check", path, "--json")
    assert json.loads(checked.out)["files"][0]["error"] in said


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Item,Price\nHangtag,5.00\nDecal,2.00\n", 'list.csv has the columns "Item", "Price"'),
        (
            "Student,Course,Grade\nAnn Roe,MATH101,A\nJo Poe,MATH101,B\n",
            'list.csv has the columns "Student", "Course", "Grade"',
        ),
        ("1,2,3\n4,5,6\n", "no row looks like a header"),
    ],
)
def test_a_file_that_fits_nothing_says_what_was_seen_and_what_is_needed(office, run, text, seen):
    path = office / "inbox" / "list.csv"
    path.write_text(text, encoding="utf-8")
    assert refused(run, office, path) == (
        f"list.csv fits nothing that OPSCOM takes: {seen}. Needed are, in columns of their own, for users: a name, and an "
        "id or an e-mail address; vehicles: a plate, and a make, type, colour, year, province or VIN; permits: a plate, "
        "and a permit's number, zone, start or end."
    )
    shape = json.loads(run(office, "map", path, "--json").out)
    assert (shape["endpoint"], shape["exit_code"], shape["mapping"]) == (None, 5, None)


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(office, run):
    path = office / "inbox" / "list.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "People"
    book.active.append(["Student ID", "Last Name"])
    book.save(path)
    said = refused(run, office, path, "--sheet", "Staff")
    assert said == "list.xlsx has no visible sheet Staff (it has People)."


def test_a_mapping_that_is_there_is_not_overwritten(office, run):
    path = office / "mine.yaml"
    path.write_text("version: 1\n", encoding="utf-8")
    assert refused(run, office, file_of(office), "-o", path) == (
        f"{path} is there already. Name another file with -o; a mapping is never overwritten."
    )


def test_a_mapping_that_deletes_is_proposed_for_nothing(office, run):
    path = office / "mappings" / "gone.yaml"
    path.write_text(
        "version: 1\nname: Gone\nendpoint: permit-deletes\nfields: {referenceID: Reference ID}\n",
        encoding="utf-8",
    )
    assert refused(run, office, file_of(office), "--mapping", path) == (
        "gone.yaml deletes what a file lists; nothing is proposed for that. Correct the file or the mapping by hand "
        "(docs/mappings.md says how)."
    )


def test_a_mapping_of_other_columns_is_not_taken_for_one_that_nearly_fits(office, run):
    path = office / "mappings" / "cars.yaml"
    path.write_text(
        "version: 1\nname: Cars\nendpoint: vehicles\nfields: {plate: Tag, make: Car}\n",
        encoding="utf-8",
    )
    assert refused(run, office, file_of(office), "--mapping", path) == (
        f"{file_of(office).name} has nothing of cars.yaml. Leave --mapping out to have a mapping proposed."
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "version: 1\nusers:\n  column: {A: email}\n",
            "glossary.yaml, line 3: `users.column.A` is not in its place.",
        ),
        (
            "version: 1\nusers:\n  columns:\n    Courriel: e-mail\n",
            "glossary.yaml, line 4: OPSCOM has no field e-mail. Did you mean email?",
        ),
        (
            "version: 1\nstudents:\n  columns: {A: email}\n",
            "glossary.yaml, line 2: `students` is none of users, vehicles, permits, permit-updates, permit-deletes, plates.",
        ),
    ],
)
def test_a_glossary_that_somebody_broke_is_told_by_its_line(office, run, text, said):
    (office / "mappings" / GLOSSARY).write_text(text, encoding="utf-8")
    assert refused(run, office, file_of(office)) == (
        f"{said.removesuffix('.')}. Correct or remove the line; what is gone is asked again."
    )


def test_a_glossary_that_is_no_yaml_is_told_by_its_line(office, run):
    (office / "mappings" / GLOSSARY).write_text("users:\n  columns: {A: [email\n", encoding="utf-8")
    assert "glossary.yaml, line" in refused(run, office, file_of(office))


def filled(office, run, **cells):
    """Return a workbook of answers, with these cells (``Columns_G2``) written over."""
    run(office, "map", file_of(office), "--workbook")
    path = office / "results" / WORKBOOK
    answer_workbook(path, **{"login source": "OPSCOM", "lost zeros": "leave them as they are"})
    book = openpyxl.load_workbook(path)
    for place, text in cells.items():
        page, cell = place.split("_")
        book[page][cell] = text
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"Columns_G2": "unique"}, "Columns!G2: OPSCOM has no field unique. Did you mean unique_id?"),
        (
            {"Columns_G4": "last_name"},
            "Columns!G4: last_name is given by Columns!G3 already. Choose `not sent`, or another field.",
        ),
        ({"Columns_G5": ""}, "Columns!G5: this is not answered. Choose a field, or `not sent`."),
        ({"Values_E2": "Atlantis"}, 'Values!E2: "Atlantis" is not a postal abbreviation of two letters, such as ON or NY.'),
        ({"Values_E2": ""}, "Values!E2: this is not answered."),
        ({"Rows_D2": ""}, f"Rows!D2: this is not answered. {ZEROS}"),
        ({"Rows_D2": "perhaps"}, "Rows!D2: Answer one of: fill up to 6 digits, leave them as they are."),
    ],
)  # fmt: skip
def test_a_wrong_cell_of_the_workbook_is_named_and_nothing_written(office, run, cells, said):
    path = filled(office, run, Columns_G8="not sent", **cells)
    done = run(office, "map", path)
    assert done.code == 5
    assert done.err.splitlines() == [f"Error: {WORKBOOK}: nothing was written.", f"  {said}"]
    assert list((office / "mappings").iterdir()) == []


def test_every_wrong_cell_is_named_at_once(office, run):
    path = filled(office, run, Columns_G2="unique", Columns_G4="last_name", Rows_D3="")
    done = run(office, "map", path)
    assert done.err.splitlines()[1:] == [
        "  Columns!G2: OPSCOM has no field unique. Did you mean unique_id?",
        "  Columns!G4: last_name is given by Columns!G3 already. Choose `not sent`, or another field.",
        f"  Rows!D3: this is not answered. {LOGIN}",
    ]


def test_a_workbook_without_its_headings_is_refused_in_a_sentence(office, run):
    path = filled(office, run, Values_A1="Spalte")
    assert refused(run, office, path) == (
        f"{WORKBOOK}: the sheet Values does not have its headings in row 1 any more. Make the workbook again with "
        "`opscom-import map FILE --workbook`."
    )


def test_of_many_wrong_cells_the_first_are_named(office, run):
    text = STAFF.replace("Conjoint", ";".join(f"X{at}" for at in range(30)))
    file_of(office).write_text(text, encoding="utf-8")
    path = filled(office, run, **{f"Columns_G{row}": "none" for row in range(2, 30)})
    lines = refused(run, office, path).splitlines()
    assert lines[1] == "  Columns!G2: OPSCOM has no field none."
    assert (len(lines), lines[-1]) == (22, "  and 8 more")


@pytest.mark.parametrize("text", ["[" * 5000, "no list", "7", "[]", ""])
@pytest.mark.parametrize("cell", ["Rows!E2", "Values!G2", "Columns!J11"])
def test_a_line_whose_hidden_key_somebody_changed_is_told_by_its_cell(office, run, text, cell):
    added = {"Columns_A11": "added"} if "11" in cell else {}
    path = filled(office, run, **added, **{cell.replace("!", "_"): text})
    assert refused(run, office, path) == (
        f"{WORKBOOK}, {cell}: this cell must not be changed. Make the workbook again with `opscom-import map FILE --workbook`."
    )


@pytest.mark.parametrize("row", ["File", "Mapping"])
def test_a_workbook_that_names_no_file_that_can_be_is_refused_in_a_sentence(office, run, row):
    path = filled(office, run, Columns_G8="not sent")
    book = openpyxl.load_workbook(path)
    next(each for each in book["Source"] if each[0].value == row)[1].value = "x" * 9000
    book.save(path)
    said = refused(run, office, path)
    assert said.startswith("x" * 9000)
    assert "\n" not in said


def test_a_workbook_without_its_hidden_sheet_is_no_workbook_of_answers(office, run):
    path = filled(office, run)
    book = openpyxl.load_workbook(path)
    del book["Source"]
    book.save(path)
    assert "fits nothing that OPSCOM takes" in refused(run, office, path)


def test_an_answer_that_is_a_formula_counts_by_its_value_or_not_at_all(office, run):
    path = filled(office, run, Columns_G8="not sent", Rows_D2='=CONCATENATE("leave","them")')
    assert refused(run, office, path).splitlines()[1:] == [
        f"  Rows!D2: this is not answered. {ZEROS}"
    ]


FORMULA = '=HYPERLINK("http://example.com")'


def test_a_header_or_a_value_that_looks_like_a_formula_stays_text_wherever_it_is_written(
    office, run
):
    text = f'Student ID,First Name,Last Name,Email,Province,"{FORMULA.replace(chr(34), chr(34) * 2)}",+Plus,@At,-Minus\n'
    row = f'"{FORMULA.replace(chr(34), chr(34) * 2)}"'
    path = office / "inbox" / "people.csv"
    path.write_text(
        text + f"9001,Ann,Roe,a@uni.example,{row},{row},+1+1,@SUM(A1),-1-1\n", encoding="utf-8"
    )
    run(office, "map", path, "--workbook")
    book = openpyxl.load_workbook(office / "results" / "people-mapping.xlsx")
    cells = [cell for page in book for row in page.iter_rows() for cell in row if cell.value]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    looking = [cell for cell in cells if str(cell.value)[0] in "=+-@"]
    assert FORMULA in {cell.value for cell in looking}
    assert all(cell.quotePrefix for cell in looking)
    assert [cell for cell in cells if cell.comment] == []
    offers = [v.formula1 for page in book for v in page.data_validations.dataValidation]
    assert offers
    assert all(formula.startswith("Lists!$") for formula in offers)


SECRETS = {
    "Password": "Tulip77!x", "SIN": "046 454 286", "Direct Deposit Account": "00771-204", "Health Card": "4417-220-118",
}  # fmt: skip


def test_what_is_secret_is_named_as_never_sent_and_stands_nowhere(office, run):
    rows = [
        f"9001{n},Ann{'abc'[n]},Roe,a{n}@uni.example,{','.join(SECRETS.values())}" for n in range(3)
    ]
    path = office / "inbox" / "people.csv"
    path.write_text(
        "\n".join(["Student ID,First Name,Last Name,Email," + ",".join(SECRETS), *rows]) + "\n",
        encoding="utf-8",
    )
    shown = run(office, "map", path, "--workbook")
    said = (
        'Never sent, and shown nowhere: "Password", "SIN", "Direct Deposit Account", "Health Card".'
    )
    assert said in shown.err.splitlines()
    printed = run(office, "map", path, "--json")
    book = openpyxl.load_workbook(office / "results" / "people-mapping.xlsx")
    cells = [str(cell.value) for page in book for row in page.iter_rows() for cell in row]
    written = (office / "mappings" / "people.yaml").read_text(encoding="utf-8")
    everywhere = "\n".join([shown.err, printed.out, printed.err, written, *cells])
    assert [secret for secret in SECRETS.values() if secret in everywhere] == []
    for column in json.loads(printed.out)["columns"]:
        if column["header"] in SECRETS:
            assert (column["field"], column["confidence"], column["examples"]) == (None, "none", [])


def test_columns_that_have_another_name_now_are_found_or_asked(office, run):
    path = office / "mappings" / "staff.yaml"
    path.write_text(
        "version: 1\nname: Staff\nendpoint: users\nmatch: {files: ['RH*']}\nduplicates: first\n"
        "skip_rows:\n  - {column: Nom, matches: 'Total.*'}\n"
        "fields:\n  unique_id: {column: Matricule, pad: 6}\n  login_source: {value: LDAP}\n  email: Mail\n"
        "  user_type_id: {column: Genre, lookup: {Temps plein: '7'}}\n",
        encoding="utf-8",
    )
    done = run(office, "map", file_of(office), "--mapping", path, "--json")
    assert [ask["question"] for ask in json.loads(done.out)["asks"]] == [
        (
            'Which user type of OPSCOM is "Temps partiel" in "Régime" (1 row)? '
            "`opscom-import pull user-types` brings the list of numbers."
        )
    ]
    made = mapping_of(office)
    assert made["fields"] == {
        "unique_id": {"column": "Matricule", "pad": "6"}, "login_source": {"value": "LDAP"}, "email": "Courriel",
        "user_type_id": {"column": "Régime", "lookup": {"Temps plein": "7"}},
    }  # fmt: skip
    assert (made["name"], made["duplicates"], made["skip_rows"]) == (
        "Staff", "first", [{"column": "Nom", "matches": "Total.*"}],
    )  # fmt: skip


def test_a_column_that_is_gone_is_asked_for(office, run):
    path = office / "mappings" / "staff.yaml"
    path.write_text(
        "version: 1\nname: Staff\nendpoint: users\nfields:\n  unique_id: Matricule\n  login_source: {value: LDAP}\n"
        "  driver_licence_num: Permis\n",
        encoding="utf-8",
    )
    done = run(office, "map", file_of(office), "--mapping", path, "--json")
    asked = [ask["question"] for ask in json.loads(done.out)["asks"]]
    assert asked == ['The column of driver_licence_num ("Permis") is gone. Which column is it now?']


def test_a_workbook_made_beside_a_mapping_goes_on_with_that_mapping(office, run):
    path = office / "mappings" / "staff.yaml"
    path.write_text(
        "version: 1\nname: Staff\nendpoint: users\nduplicates: last\nfields:\n  unique_id: Matricule\n"
        "  login_source: {value: LDAP}\n  user_type_id: {column: Régime, lookup: {Temps plein: '7'}}\n",
        encoding="utf-8",
    )
    run(office, "map", file_of(office), "--mapping", path, "--workbook")
    workbook = office / "results" / WORKBOOK
    answer_workbook(workbook, **{"Temps partiel": "8"})
    done = run(office, "map", workbook)
    assert done.code == 0, done.err
    made = mapping_of(office)
    assert (made["duplicates"], list(made["fields"])) == (
        "last", ["unique_id", "login_source", "user_type_id"],
    )  # fmt: skip
    assert made["fields"]["user_type_id"]["lookup"] == {"Temps plein": "7", "Temps partiel": "8"}
