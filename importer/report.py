"""What a run came to: states, exit code, and the object that ``--json`` prints."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.model import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from importer.causes import Cause
    from importer.results import Against

STOPPED, UNKNOWN, PROBLEMS, NOTHING_STARTED, SETTLED = 3, 4, 1, 5, 0
RANKING = (2, NOTHING_STARTED, STOPPED, UNKNOWN, PROBLEMS, SETTLED)
"""Exit codes, the first that applies."""


@dataclass(frozen=True, slots=True)
class SheetReport:
    """What became of one sheet, or why one file could not be read."""

    source: Path
    sheet: str | None = None
    mapping: str | None = None
    endpoint: str | None = None
    rows: int = 0
    states: tuple[tuple[State, int], ...] = ()
    """Only states that occur, in the order of ``State``; the counts add up to ``rows``."""
    results: Path | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()
    problems: tuple[Cause, ...] = ()
    against: Against | None = None
    """The whole file against the last one of its mapping."""

    def exit_code(self, *, stopped: bool) -> int:
        """Return the exit code of this sheet alone."""
        if self.error is not None:
            return NOTHING_STARTED
        counts = dict(self.states)
        if stopped and counts.get(State.NOT_SENT):
            return STOPPED
        if counts.get(State.UNKNOWN):
            return UNKNOWN
        return PROBLEMS if counts.get(State.INVALID) or counts.get(State.REJECTED) else SETTLED

    def as_json(self) -> dict[str, object]:
        """Return the entry under ``files``."""
        return {
            "source": str(self.source),
            "sheet": self.sheet,
            "mapping": self.mapping,
            "endpoint": self.endpoint,
            "rows": self.rows,
            "states": {state.value: count for state, count in self.states},
            "results": None if self.results is None else str(self.results),
            "error": self.error,
            "notes": list(self.notes),
            "problems": [cause.as_json() for cause in self.problems],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What a run came to."""

    run: str
    sheets: tuple[SheetReport, ...]
    stopped: str | None = None
    """Why the run ended before its last row."""
    notes: tuple[str, ...] = ()
    """What a person should be told besides: files passed over, names changed."""
    unknown: int = 0
    """Rows that are unknown and in no file of this run."""

    @property
    def exit_code(self) -> int:
        """Return the first exit code that applies."""
        codes = {sheet.exit_code(stopped=self.stopped is not None) for sheet in self.sheets}
        if self.stopped is not None:
            codes.add(STOPPED)
        if self.unknown:
            codes.add(UNKNOWN)
        return next((code for code in RANKING if code in codes), SETTLED)

    def as_json(self) -> dict[str, object]:
        """Return the object that ``--json`` prints."""
        return {
            "run": self.run,
            "exit_code": self.exit_code,
            "stopped": self.stopped,
            "files": [sheet.as_json() for sheet in self.sheets],
            "notes": list(self.notes),
        }


def count_states(outcomes: Iterable[Outcome]) -> tuple[tuple[State, int], ...]:
    """Count outcomes by state, in the order of ``State``, without those that do not occur."""
    counts = Counter(outcome.state for outcome in outcomes)
    return tuple((state, counts[state]) for state in State if counts[state])


def check_sum(outcomes: Sequence[Outcome | None], rows: int) -> tuple[Outcome, ...]:
    """Return the outcomes, proved to be one a row.

    Raises:
        AssertionError: A row has none. This program keeps no run that does not add up.
    """
    found = tuple(outcome for outcome in outcomes if outcome is not None)
    if len(found) != rows:
        raise AssertionError(f"{rows - len(found)} of {rows} rows have no outcome")
    return found
