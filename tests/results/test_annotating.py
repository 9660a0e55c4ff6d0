"""The end of the line: what held rows say."""

from dataclasses import replace

import pytest
from annotating import part_of, sheet_of

from importer.annotate import held_back
from importer.model import Outcome, State

SHEET = sheet_of(("a",), [("x",)] * 4)


def checked_with(duplicates, **changes):
    checked = part_of(SHEET).checked
    return replace(checked, batch=replace(checked.batch, duplicates=duplicates), **changes)


SAID = {
    "error": ("The same record as in row 5.", "The same record as in North, row 2."),
    "first": (
        "Row 5 has the same key, and the mapping says that the first one counts.",
        "North, row 2 has the same key, and the mapping says that the first one counts.",
    ),
    "last": (
        "Row 5 has the same key, and the mapping says that the last one counts.",
        "North, row 2 has the same key, and the mapping says that the last one counts.",
    ),
}


@pytest.mark.parametrize(("duplicates", "said"), SAID.items(), ids=SAID)
def test_a_repeated_row_says_which_one_counts_and_why(duplicates, said):
    found = held_back(checked_with(duplicates, repeats={1: 5}, elsewhere={2: "North, row 2"}))
    assert found == {
        at: Outcome(State.DUPLICATE, message=message)
        for at, message in zip((1, 2), said, strict=True)
    }
