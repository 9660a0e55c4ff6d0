"""The commands that are told are typed as they stand: they lead to the workspace that was named, and nowhere else."""

import re
import shlex

import pytest
from commanding import DELETES, PERMITS, ROSTER, Office, permit, user

LOOKED_UP = f'{ROSTER}  user_type_id: {{column: Type, lookup: {{FT: "1"}}}}\n'
SALES = {"permits": PERMITS, "roster": LOOKED_UP, "permit-cancellations": DELETES}


@pytest.fixture
def far(tmp_path, controller):
    """Another workspace than the one where the person is."""
    return Office(tmp_path / "it's far & (2)", controller.url, mappings=SALES)


def told(done):
    """Return the last command of what was told, as a shell reads it."""
    command = re.findall(r"opscom-import ([^;\n]+?)(?: \(or|\n|$)", done.err)[-1]
    return shlex.split(command)


@pytest.mark.parametrize(
    ("name", "row", "code"),
    [
        ("roster.csv", user(1) | {"Type": "PT"}, 1),
        ("roster.csv", user(1) | {"Kind": "FT"}, 5),
        ("staff.csv", {"Employee ID": "1", "First Name": "Ada", "Last Name": "Quill", "Email": "a@uni.example"}, 5),
    ],
    ids=["a value that the lookup lacks", "a column that is missing", "a file that no mapping fits"],
)  # fmt: skip
def test_a_mapping_is_proposed_for_the_workspace_that_was_named(office, far, call, name, row, code):
    file = office.table(name, [row])
    done = call("check", file, "--workspace", far.folder)
    assert done.code == code
    before = set((far.folder / "mappings").iterdir())
    assert call(*told(done)).code in {0, 1}
    assert set((far.folder / "mappings").iterdir()) > before
    assert [path.name for path in (office.folder / "mappings").iterdir()] == ["roster.yaml"]


def test_a_lost_journal_learns_in_the_workspace_that_was_named(office, far, call, controller):
    file = office.table("permits.csv", [permit(1)])
    push = ("push", "--yes", file, "--workspace", far.folder)
    assert call(*push).code == 0
    far.journal.unlink()
    learned = told(call(*push))
    assert call(*learned, "--yes").code == 0
    assert (call(*push).code, len(controller.ledger)) == (0, 1)
    assert not office.journal.exists()


@pytest.mark.parametrize("rehearsed", [False, True])
def test_permits_of_a_run_are_deleted_where_they_were_made(
    office, far, call, controller, rehearsed
):
    file, at = office.table("permits.csv", [permit(1)]), ("--workspace", far.folder)
    run = call("push", "--sandbox" if rehearsed else "--yes", "--json", file, *at).json["run"]
    listed = call("history", run, *at, "--as-deletes", "it's & undo.xlsx")
    deleted = call(*told(listed), "--yes", "--json")
    assert deleted.states == {"it's & undo.xlsx": {"pushed": 1}}
    assert [entry.call for entry in controller.ledger] == (
        [] if rehearsed else ["permits/push", "permits/delete"]
    )
    assert not office.journal.exists()
