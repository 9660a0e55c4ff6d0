"""The same record in several files of one run: what is sent, what is said, and that nothing flips."""

import pytest
from commanding import ENDS, PERMITS, permit, read_results, user

KINDS = {
    "roster": (user, "First", "Other"),
    "permits": (lambda n: permit(n) | {"Price": "10.00"}, "Price", "12.00"),
    "ends": (lambda n: {"Id": f"R{n}", "To": "2026-12-20T18:00"}, "To", "2027-01-20T18:00"),
}


@pytest.fixture
def lay(desk):
    """Write a CSV of one kind: number of the record → whether it has other values than the usual."""
    desk.write("mappings/ends.yaml", ENDS)
    desk.write("mappings/permits.yaml", f"{PERMITS}  amount: Price\n")

    def write(kind, name, numbers):
        make, header, other = KINDS[kind]
        rows = [make(n) | ({header: other} if differs else {}) for n, differs in numbers.items()]
        return desk.table(f"inbox/{kind} {name}.csv", rows)

    return write


def both(first, second, records):
    return (
        f"{first} and {second} hold {records} with different values: {second} is the later file and "
        "counts; the other values are not sent."
    )


def of(done):
    return [(file["states"], file["notes"]) for file in done["files"]]


def push(desk, *more, code=0):
    return desk.do("push", "--yes", "--keep", *more, code=code)


@pytest.mark.parametrize("kind", KINDS)
def test_the_later_of_two_files_counts_and_a_second_push_sends_nothing(desk, controller, lay, kind):
    lay(kind, "a", {1: False, 2: False, 3: False})
    lay(kind, "b", {2: True, 3: False, 4: True})
    note = both(f"{kind} a.csv", f"{kind} b.csv", "1 record")
    first = push(desk)
    [(states, notes), (later, later_notes)] = of(first)
    assert (states, notes, later_notes) == ({"pushed": 2, "duplicate": 1}, [note], [note])
    assert (later["pushed"], sum(later.values())) == (2, 3)
    row = read_results(first["files"][0]["results"])[1]
    why = "The later file {} b.csv holds this record with other values, and that one counts."
    assert (row["opscom_status"], row["opscom_message"]) == ("duplicate", why.format(kind))
    assert controller.requests == 4
    [(states, notes), (later, later_notes)] = of(push(desk))
    assert (notes, later_notes) == ([note], [note])
    assert states["duplicate"] == 1
    assert (sum(states.values()), sum(later.values())) == (3, 3)
    assert controller.requests == 4


def test_what_a_check_says_is_what_a_push_does_also_with_a_limit(desk, controller, lay):
    lay("roster", "a", {1: False, 2: False})
    lay("roster", "b", {1: True, 2: True})
    note = both("roster a.csv", "roster b.csv", "2 records")
    assert of(desk.do("check", code=0)) == [({"duplicate": 2}, [note]), ({"ready": 2}, [note])]
    assert any(note in str(cell) for line in desk.summary("roster a", "checked") for cell in line)
    for code, later in ((3, {"pushed": 1, "not sent": 1}), (0, {"pushed": 1, "unchanged": 1})):
        states = [states for states, _ in of(push(desk, "--limit", "1", code=code))]
        assert states == [{"duplicate": 2}, later]
    assert {entry.body["first_name"] for entry in controller.ledger} == {"Other"}


def test_of_three_files_the_last_counts_and_a_row_that_agrees_with_it_is_no_contradiction(
    desk, controller, lay
):
    for name, numbers in {"a": {1: True, 2: True}, "b": {1: False}, "c": {1: True}}.items():
        lay("roster", name, numbers)
    [(first, notes), (second, more), (third, last)] = of(push(desk))
    assert (first, second, third) == ({"pushed": 2}, {"duplicate": 1}, {"unchanged": 1})
    assert (notes, more, last) == ([], [both("roster b.csv", "roster c.csv", "1 record")], more)
    states = [states for states, _ in of(push(desk))]
    assert states == [{"unchanged": 2}, {"duplicate": 1}, {"unchanged": 1}]
    assert controller.requests == 2


@pytest.mark.parametrize(
    ("row", "code", "states"),
    [
        (user(1) | {"Mail": "none at all"}, 1, [{"pushed": 1}, {"invalid": 1}]),
        ({"Id": "000001", "First": "Other"}, 5, [{}, {"pushed": 1}]),
    ],
    ids=["a row held back", "a file in error"],
)
def test_what_is_not_sent_overrules_nothing(desk, controller, lay, row, code, states):
    lay("roster", "a", {1: False})
    desk.table("inbox/roster b.csv", [row])
    assert of(push(desk, code=code)) == [(each, []) for each in states]
    assert controller.requests == 1


def test_a_row_that_is_settled_keeps_its_state_beside_a_later_file(desk, controller, lay):
    lay("roster", "a", {1: False})
    push(desk)
    lay("roster", "b", {1: True})
    assert [states for states, _ in of(push(desk))] == [{"unchanged": 1}, {"pushed": 1}]
    assert [states for states, _ in of(push(desk))] == [{"duplicate": 1}, {"unchanged": 1}]
    assert controller.requests == 2


def test_what_was_corrected_in_a_workbook_counts_more_and_both_are_archived(desk, controller, lay):
    lay("roster", "a", {1: False, 2: False})
    push(desk)
    path = desk.correct("roster a", (user(1)["Id"], "First", "Corrected"))
    (desk.inbox / path.name).write_bytes(path.read_bytes())
    push(desk)
    desk.do("push", "--yes", code=0)
    assert controller.requests == 3
    assert controller.ledger[-1].body["first_name"] == "Corrected"
    archived = len(list(desk.folder.glob("archive/*")))
    assert (list(desk.inbox.iterdir()), archived) == ([], 2)
