"""A new endpoint is three files: its table, its line in ``schemas/__init__.py``, its page of the sandbox."""

import shutil

import pytest
from commanding import ROOT, Office

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


@pytest.mark.parametrize("table", [UPSERT, CREATE], ids=["upsert", "create"])
def test_rows_of_a_new_endpoint_are_checked_pushed_and_known_again(tmp_path, table):
    program = tmp_path / "program"
    for part in ("importer", "schemas", "mappings"):
        shutil.copytree(ROOT / part, program / part)  # what is compiled already, too
    (program / "schemas" / "fines.py").write_text(table, encoding="utf-8")
    listed = program / "schemas" / "__init__.py"
    add(listed, "from schemas.permits import", "from schemas.fines import FINES\n")
    add(listed, "PLATES)", "FINES, ")
    add(program / "importer" / "sandbox" / "pages.py", ')\n"""Every call', PAGE)
    office = Office(tmp_path, mappings={"fines": MAPPING})

    def call(*command, code=0):
        done = office.run(*command, "--json", environ={"PYTHONPATH": str(program)})
        assert done.code == code, done.err
        return done

    def states(rows, *command, code=0):
        office.table("inbox/fines.csv", rows)
        return call(*command, code=code).states["fines.csv"]

    shown = call("fields", "fines").json["fines"]["fields"]
    assert [field["name"] for field in shown] == ["ticket", "plate", "amount"]
    assert states([{**ROWS[0], "Ticket": "T" * 11}], "check", code=1) == {"invalid": 1}
    assert states(ROWS, "check") == {"ready": 3}
    assert states(ROWS, "push", "--sandbox") == {"pushed": 3}
    assert states(ROWS, "push", "--sandbox") == {"unchanged": 3}
    assert call("history").json["runs"][0]["files"][0]["endpoint"] == "fines"
    if table == UPSERT:  # what changed is sent again
        changed = [{**ROWS[0], "Amount": "9.99"}, *ROWS[1:]]
        assert states(changed, "push", "--sandbox") == {"pushed": 1, "unchanged": 2}
