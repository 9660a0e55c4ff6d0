"""How fast a run goes, how long it tries, and when it ends before its last row.

The retry budget works like that of the AWS SDKs: a run has a bucket of tokens, a retry takes some, an
accepted row gives one back, and an empty bucket means no more retries, so that an outage can never
become a storm. Pauses grow and carry full jitter, so that workers do not come back all at once.
"""

import threading
import time
from collections.abc import Callable
from random import Random

from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from importer.codes import CODES, NOT_PARSED
from importer.delivery.policy import LOOK_AFTER
from importer.model import Outcome, State

BUDGET = 500
"""Tokens in a fresh bucket."""
RETRY_COST = 5
TIMEOUT_COST = 10
"""A retry after a time-out costs more: it has held a worker for a minute."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
"""Seconds of the first and of the longest pause, before jitter."""
LONGEST_TOLD = 60.0
"""The longest ``Retry-After`` that is waited for, in seconds; a longer one stops the run."""
PATIENCE = 45.0
"""Seconds without one answer from OPSCOM that settles a row, after which a failing run stops."""


class Pace:
    """One run's rate and patience, shared by its workers."""

    def __init__(
        self,
        *,
        rate: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        random: Random | None = None,
    ) -> None:
        """Start with a full bucket; ``rate`` is sends per second at most, retries included."""
        self._clock = clock
        self._random = random or Random()  # noqa: S311 - jitter is no secret
        self._interval = 1.0 / rate if rate else 0.0
        self._lock = threading.Lock()
        self._next = clock()
        self._held_until = clock()
        self._tokens = BUDGET
        self._last_answer = clock()
        self._failing_since: float | None = None

    def turn(self) -> float:
        """Take the next place in the queue; return the seconds to wait until it comes."""
        with self._lock:
            now = self._clock()
            start = max(now, self._held_until)
            if self._interval:
                start = max(start, self._next)
                self._next = start + self._interval
        return start - now

    def answered(self, *, accepted: bool) -> None:
        """Note that OPSCOM gave a whole answer."""
        with self._lock:
            self._failing_since = None
            self._last_answer = self._clock()
            if accepted and self._tokens < BUDGET:
                self._tokens += 1

    def failed(self, started: float) -> str | None:
        """Note that an attempt brought no whole answer; return why the run is to stop, if it is."""
        with self._lock:
            if self._failing_since is None:
                self._failing_since = max(started, self._last_answer)
            silent = self._clock() - self._failing_since
        if silent < PATIENCE:
            return None
        return f"OPSCOM has given no usable answer for {round(silent)} seconds."

    def may_retry(self, *, timed_out: bool) -> bool:
        """Take a retry out of the budget; whether there was one left."""
        cost = TIMEOUT_COST if timed_out else RETRY_COST
        with self._lock:
            if self._tokens < cost:
                return False
            self._tokens -= cost
        return True

    def pause(self, attempt: int, told: str) -> float | None:
        """Return the seconds to wait before the next attempt, ``None`` where it would be too long.

        A wait that OPSCOM tells (``Retry-After``: seconds, a date, or empty) holds for all rows of the run.
        """
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1))
        jitter = self._random.uniform(0, longest)
        asked = told_seconds(told)
        if asked is None:
            return jitter
        if asked > LONGEST_TOLD:
            return None
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + asked)
        return asked + min(jitter, 1.0)


def told_seconds(header: str) -> float | None:
    """Read a ``Retry-After`` header: seconds from now, at least 0; ``None`` where it says nothing.

    >>> told_seconds("7")
    7.0
    """
    try:
        return float(Retry().parse_retry_after(header))
    except (InvalidHeader, ValueError, TypeError, IndexError, OverflowError):
        return None


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
        """Take an interrupt of the person: the first stops the run, the second abandons it."""
        # A signal's handler calls this in the middle of anything the main thread does, so it takes no lock.
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
