"""How fast a run goes and how long it tries: rate, pauses, retry budget, patience.

The retry budget works like that of the AWS SDKs: a run has a bucket of tokens, a retry takes some, an
accepted row gives one back, and an empty bucket means no more retries, so that an outage can never
become a storm. Pauses grow and carry full jitter, so that workers do not come back all at once.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import threading
import time
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

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
        """Start with a full bucket.

        Args:
            rate: Sends per second at most, retries included; ``None`` for no bound.
            clock: Seconds that only grow.
            random: Gives the jitter.
        """
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
        """Note that an attempt that began at ``started`` brought no whole answer.

        Returns:
            Why the run is to stop, where OPSCOM has been silent for too long; else ``None``.
        """
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

    def pause(self, attempt: int, told: str, *, now: dt.datetime) -> float | None:
        """Return the seconds to wait before the next attempt, ``None`` where it would be too long.

        A wait that OPSCOM tells holds for all rows of the run, not only for the one it was told to.

        Args:
            attempt: How often the row has been sent, 1 or more.
            told: The ``Retry-After`` header: seconds, a date, or empty.
            now: The time of day, for a date.
        """
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1))
        jitter = self._random.uniform(0, longest)
        asked = told_seconds(told, now=now)
        if asked is None:
            return jitter
        if asked > LONGEST_TOLD:
            return None
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + asked)
        return asked + min(jitter, 1.0)


def told_seconds(header: str, *, now: dt.datetime) -> float | None:
    """Read a ``Retry-After`` header: seconds from now, at least 0; ``None`` where it says nothing.

    >>> told_seconds("7", now=dt.datetime.now(dt.UTC))
    7.0
    """
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=dt.UTC)
    return max(0.0, (when - now).total_seconds())
