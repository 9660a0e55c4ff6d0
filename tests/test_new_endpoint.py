"""A new endpoint is three files: its table, its line in ``schemas/__init__.py``, its page of the sandbox."""

import shutil

import pytest
from commanding import ROOT, Office, read_results

TABLE = """\
from importer.schema import Field, Kind, Need, Policy, Resend, Table

FINES = Table(
    endpoint="fines",
    path="/api/{{client}}/v1/fines/push",
    source="nowhere",
    fields=(
        Field("ticket", "Ticket", Kind.ID, Need.REQUIRED, 10),
        Field("plate", "Plate", Kind.PLATE, Need.REQUIRED, 25, missing=9006),
        Field("amount", "Amount", Kind.AMOUNT, Need.OPTIONAL, 9),
    ),
    key={key},
    alike=("ticket",),
    policy=Policy({policy}),
)
"""
UPSERT = TABLE.format(
    key='(("ticket",),)',
    policy='Resend.FREELY, "fine", done=("is recorded in", "are recorded in"), upsert=True',
)
CREATE = TABLE.format(
    key="()", policy='Resend.NEVER, "fine", creates=True, exists=frozenset({9022})'
)
PAGE = """\
    Page(
        "fines/push",
        (Attribute(("ticket",), 10), Attribute(("plate",), 25), Attribute(("amount",), 9, MONEY)),
        lambda store, values: {
            "status": "success",
            "reference_id": store.put("fines", str(uuid.uuid4()), values),
        },
    ),
"""
MAPPING = """\
version: 1
name: Fines
endpoint: fines
fields:
  ticket: Ticket
  plate: Plate
  amount: Amount
"""
ROWS = [{"Ticket": f"T{n}", "Plate": f"PL{n}", "Amount": f"{n}.50"} for n in range(1, 4)]


def add(path, before, text):
    whole = path.read_text(encoding="utf-8")
    assert whole.count(before) == 1
    path.write_text(whole.replace(before, text + before), encoding="utf-8")


@pytest.fixture
def office(tmp_path):
    """Give what makes an office whose program knows one endpoint more."""

    def make(table):
        program = tmp_path / "program"
        for part in ("importer", "schemas", "mappings"):
            shutil.copytree(ROOT / part, program / part)  # what is compiled already, too
        (program / "schemas" / "fines.py").write_text(table, encoding="utf-8")
        listed = program / "schemas" / "__init__.py"
        add(listed, "from schemas.permits import", "from schemas.fines import FINES\n")
        add(listed, "PLATES)", "FINES, ")
        add(program / "importer" / "sandbox" / "pages.py", ')\n"""Every call', PAGE)
        made = Office(tmp_path, mappings={"fines": MAPPING})
        made.environ = {"PYTHONPATH": str(program)}
        made.table("inbox/fines.csv", ROWS)
        return made

    return make


def states(office, *arguments):
    done = office.run(*arguments, "--json", environ=office.environ)
    assert done.code == 0, done.err
    return done.states["fines.csv"], done


def first_line(office):
    path = office.folder / "results" / "sandbox" / "fines-results.xlsx"
    (row,) = [row for row in read_results(path) if row["Ticket"] == "T1"]
    return row


@pytest.mark.parametrize("table", [UPSERT, CREATE], ids=["upsert", "create"])
def test_rows_of_a_new_endpoint_are_checked_pushed_and_known_again(office, table):
    office = office(table)
    assert states(office, "check")[0] == {"ready": 3}
    assert states(office, "push", "--sandbox")[0] == {"pushed": 3}
    assert first_line(office)["opscom_status"] == "pushed"
    assert states(office, "push", "--sandbox")[0] == {"unchanged": 3}
    shown = office.run("history", "--json", environ=office.environ).json
    assert shown["runs"][0]["files"][0]["endpoint"] == "fines"
    if table == UPSERT:  # what changed is sent again
        office.table("inbox/fines.csv", [{**ROWS[0], "Amount": "9.99"}, *ROWS[1:]])
        assert states(office, "push", "--sandbox")[0] == {"pushed": 1, "unchanged": 2}


def test_a_field_of_a_new_endpoint_is_shown_and_held_to_its_limit(office):
    office = office(UPSERT)
    shown = office.run("fields", "fines", "--json", environ=office.environ).json
    assert [field["name"] for field in shown["fines"]["fields"]] == ["ticket", "plate", "amount"]
    office.table("inbox/fines.csv", [{**ROWS[0], "Ticket": "T" * 11}])
    done = office.run("check", "--json", environ=office.environ)
    assert (done.code, done.states["fines.csv"]) == (1, {"invalid": 1})
