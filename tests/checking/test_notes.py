"""What is said of whole columns: ids of two lengths, dates that the mapping gives.

False alarms counted: none in samples/ under the shipped mappings, none in the table of odd cells of 25
programs.
"""

import datetime as dt

import numpy as np
import pytest
from checked import batch_of, check
from commanding import PERMITS


def notes(field, cells, *, skipped=()):
    """Check one column and return what is said about it."""
    leave = np.zeros(len(cells), np.bool_)
    leave[list(skipped)] = True
    endpoint = "vehicles" if field == "plate" else "users"
    batch = batch_of(endpoint, [{field: cell} for cell in cells], skipped=leave)
    checked = check(batch, today=dt.date(2026, 1, 1))
    return [note for note in checked.notes if note.startswith("Column A")]


IDS = [f"{number}" for number in range(100_200_301, 100_200_331)]
PADDED = [f"{number:04d}" for number in range(3, 900, 50)]
NOTED = {
    "ids of two lengths": (
        "unique_id", [*IDS, "12345678", "99887766"],
        ("2 numbers have fewer digits than the 9 of the others (rows 32 to 33). If zeros at the front were lost, "
        "say `pad: 9` in the mapping."),
    ),
    "a number shorter than those with zeros": (
        "employ_no", [*PADDED, "73"],
        ("1 number has fewer digits than the 4 of the others (row 20). If zeros at the front were lost, say "
        "`pad: 4` in the mapping."),
    ),
    "ids of two lengths, the shorter ones most": (
        "unique_id", [*IDS[:2], "12345678", "99887766", "33221100", "55443322"],
        ("4 numbers have fewer digits than the 9 of the others (rows 4 to 7). If zeros at the front were lost, "
        "say `pad: 9` in the mapping."),
    ),
    "random numbers of six digits": (
        "employ_no", [str(100_000 + 449 * number % 900_000) for number in range(1, 1_990)] + ["1234", "12345"],
        ("2 numbers have fewer digits than the 6 of the others (rows 1991 to 1992). If zeros at the front were lost, "
        "say `pad: 6` in the mapping."),
    ),
    "plates in several spellings": (
        "plate", ["AB 123", "ab-123", "ZZ 1", "AB\u2011123", "CD.4", "CD4", "zz 1"],
        ("5 plates differ from others in blanks, dashes or points alone (rows 2 to 3, 5 to 7). To have them written "
        "alike, say `convert: [plate]` in the mapping."),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", NOTED)
def test_what_a_whole_column_tells_is_noted(kind):
    field, cells, said = NOTED[kind]
    assert notes(field, cells) == [f'Column A "{field}": {said}']


PROVES_NOTHING = {
    "every length": ("unique_id", [str(7**power) for power in range(20)]),
    "a counter": ("unique_id", [str(number) for number in range(1, 4_000, 13)]),
    "one that is longer than all others": ("unique_id", [*IDS, "12345678901234570"]),
    "letters": ("unique_id", ["A1", "B22", "C333", "12"]),
    "more zeros": ("employ_no", [*PADDED, "000731", "73"]),
}


@pytest.mark.parametrize("kind", PROVES_NOTHING)
def test_columns_that_prove_nothing_are_not_noted(kind):
    assert notes(*PROVES_NOTHING[kind]) == []


def test_skipped_rows_are_not_looked_at():
    assert notes("unique_id", [*IDS, "1234567"], skipped=[len(IDS)]) == []


def test_a_start_and_an_end_that_the_mapping_gives_all_rows_are_told(desk):
    mapping = PERMITS.replace("From", "{value: 2026-09-01 00:00}")
    mapping = mapping.replace("To\n", "{value: 2027-04-30 23:59:59}\n")
    desk.write("mappings/permits.yaml", mapping)
    path = desk.table("permits.csv", [{"Plate": f"AB{n}", "Number": f"N{n}"} for n in range(3)])
    [note] = desk.do("check", path)["files"][0]["notes"]
    assert note == (
        "The mapping gives all rows startTime 2026-09-01T00:00:00 and endTime 2027-04-30T23:59:59. Where that "
        "is of an earlier term, change it there."
    )
