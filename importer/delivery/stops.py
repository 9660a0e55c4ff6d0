"""When a run ends before its last row: asked to, or because going on would do harm or nothing."""

from __future__ import annotations

import threading
import time

from importer.codes import CODES, NOT_PARSED
from importer.delivery.policy import LOOK_AFTER
from importer.model import Outcome, State

EQUAL_REJECTIONS = 20
"""Rejections with one and the same code, before any acceptance, that stop a run."""
UNKNOWN_IN_A_ROW = 5
NOT_PARSED_IN_A_ROW = 3
INTERRUPTED = "The run was interrupted."
LOOK_UP_SECONDS = 0.25
"""How often whoever waits looks whether a person has interrupted the run."""


class Stopper:
    """The one place where a run learns that it is to stop; the first reason counts."""

    def __init__(self) -> None:
        """Start with nothing against the run."""
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._reason: str | None = None
        self._interrupted = False
        self.abandoned = False
        """Whether not even the rows under way are waited for."""

    def interrupt(self) -> None:
        """Take an interrupt of the person: the first stops the run, the second abandons it.

        A signal's handler calls this in the middle of anything the main thread does, itself
        included, so it takes no lock; whoever looks next does the rest.
        """
        if self._interrupted:
            self.abandoned = True
        self._interrupted = True

    def stop(self, reason: str) -> None:
        """End the run after the rows that are under way."""
        with self._lock:
            if self._reason is None:
                self._reason = reason
        self._event.set()

    @property
    def reason(self) -> str | None:
        """Why the run is to stop; ``None`` where it is not."""
        return self._reason if self.stopped else None

    @property
    def stopped(self) -> bool:
        """Whether the run is to stop."""
        if self._interrupted and not self._event.is_set():
            self.stop(INTERRUPTED)
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait, but hardly longer than until the run is to stop; return whether it is."""
        end = time.monotonic() + seconds
        while not self.stopped:
            left = end - time.monotonic()
            if left <= 0:
                return False
            self._event.wait(min(left, LOOK_UP_SECONDS))
        return True


class Breaker:
    """Watches outcomes in the order in which they arrive and stops a run that fails throughout."""

    def __init__(self, stopper: Stopper) -> None:
        """Stop the run through ``stopper``."""
        self._stopper = stopper
        self._lock = threading.Lock()
        self._accepted = False
        self._code = ""
        self._equal = 0
        self._unknown = 0
        self._not_parsed = 0

    def note(self, outcome: Outcome) -> None:
        """Take one more outcome."""
        with self._lock:
            self._unknown = self._unknown + 1 if outcome.state is State.UNKNOWN else 0
            self._not_parsed = self._not_parsed + 1 if outcome.code == NOT_PARSED else 0
            if outcome.state in {State.PUSHED, State.EXISTS}:
                self._accepted = True
            if outcome.state is State.REJECTED:
                self._equal = self._equal + 1 if outcome.code == self._code else 1
                self._code = outcome.code
            reason = self._reason()
        if reason:
            self._stopper.stop(reason)

    def _reason(self) -> str | None:
        if self._unknown >= UNKNOWN_IN_A_ROW:
            return f"The answers to {self._unknown} rows in a row were lost. {LOOK_AFTER}"
        if self._not_parsed >= NOT_PARSED_IN_A_ROW:
            return (
                f"OPSCOM could not parse {self._not_parsed} rows in a row (9003): "
                "most likely the host or something between is wrong. Check the host."
            )
        if not self._accepted and self._equal >= EQUAL_REJECTIONS:
            return (
                f"OPSCOM refused the first {self._equal} rows with one and the same code "
                f"({self._code}): most likely the whole file has this fault. {_remedy(self._code)}"
            )
        return None


def _remedy(code: str) -> str:
    known = CODES.get(int(code)) if code.isdecimal() else None
    return "Ask OPSCOM what the code means." if known is None else known.remedy
