"""What a run comes to: the first exit code that applies."""

from pathlib import Path

import pytest

from importer.model import Outcome, State
from importer.report import Report, SheetReport, count_states

SETTLED = (State.PUSHED, State.UNCHANGED, State.READY, State.EXISTS, State.DUPLICATE, State.SKIPPED)


def sheet(*states):
    counts = count_states(Outcome(state) for state in states)
    return SheetReport(Path("roster.csv"), rows=len(states), states=counts)


FAILED = SheetReport(Path("x.csv"), error="x.csv: why.")
CODES = {
    **{f"{state}": ([sheet(state)], None, 0) for state in SETTLED},
    "nothing": ([], None, 0),
    "no rows": ([sheet()], None, 0),
    "invalid": ([sheet(State.PUSHED, State.INVALID)], None, 1),
    "rejected": ([sheet(State.PUSHED, State.REJECTED)], None, 1),
    "unknown before corrections": ([sheet(State.INVALID, State.UNKNOWN)], None, 4),
    "stopped": ([sheet(State.PUSHED, State.NOT_SENT)], "why", 3),
    "stopped after the last row": ([sheet(State.UNKNOWN, State.INVALID)], "why", 3),
    "a file that could not start": ([sheet(State.PUSHED), FAILED], None, 5),
    "a file that could not start before a stop": ([sheet(State.NOT_SENT), FAILED], "why", 5),
}


@pytest.mark.parametrize(("sheets", "stopped", "code"), CODES.values(), ids=CODES)
def test_the_exit_code_tells_what_a_run_came_to(sheets, stopped, code):
    assert Report("run", sheets, stopped).exit_code == code
