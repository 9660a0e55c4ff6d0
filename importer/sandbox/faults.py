"""Misbehaviour on demand: how a rehearsal learns what a bad day looks like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from importer.errors import UsageError


class Kind(StrEnum):
    """What goes wrong with a request."""

    SERVER_ERROR = "500"
    """An HTML page with status 500; nothing is stored."""
    TOO_MANY = "429"
    """An HTML page with status 429 and ``Retry-After``; nothing is stored."""
    CLOSE = "close"
    """The connection is closed without an answer; nothing is stored."""
    HTML = "html"
    """An HTML page with status 200; nothing is stored."""
    LOST = "lost"
    """The request is carried out, then the connection is closed without an answer."""
    SLOW = "slow"
    """The request is carried out, the answer comes late."""

    @property
    def carried_out(self) -> bool:
        """Whether the controller does what it was asked before it misbehaves."""
        return self in {Kind.LOST, Kind.SLOW}


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """One thing that goes wrong with some of the requests.

    Requests are all calls of the nine endpoints, counted from 1 in order of arrival, those included
    that a client sends a second time: so ``lost:row=7`` hits once, and the next attempt gets through.
    """

    kind: Kind
    every: int = 0
    """Every how many requests; 0 for none but ``row``."""
    row: int = 0
    """The number of the one request that is hit; 0 for none but ``every``."""
    seconds: float = 0.0
    """``slow``: how much later the answer comes. ``429``: what ``Retry-After`` says, in whole seconds."""

    def hits(self, number: int) -> bool:
        """Say whether the request of this number is hit."""
        return number == self.row or (self.every > 0 and number % self.every == 0)


_SECONDS = {Kind.SLOW: 5.0, Kind.TOO_MANY: 1.0}


def parse_misbehaviour(text: str) -> Misbehaviour:
    """Read a misbehaviour from a command line: ``500:every=10``, ``lost:row=7``, ``slow:row=3:seconds=90``.

    Without ``every`` and ``row`` every request is hit. ``seconds`` is 5 for ``slow`` and 1 for ``429``
    unless it is given.

    Raises:
        UsageError: The text is none.
    """
    kind, *options = text.strip().split(":")
    try:
        known = Kind(kind)
    except ValueError:
        raise _unreadable(text) from None
    every, row, seconds = 0, 0, _SECONDS.get(known, 0.0)
    for option in options:
        name, _, number = option.partition("=")
        if name == "every":
            every = _whole(number, text)
        elif name == "row":
            row = _whole(number, text)
        elif name == "seconds" and known in _SECONDS:
            seconds = float(_whole(number, text))
        else:
            raise _unreadable(text)
    return Misbehaviour(known, every if every or row else 1, row, seconds)


def _whole(number: str, text: str) -> int:
    if not (number.isascii() and number.isdigit()) or int(number) == 0:
        raise _unreadable(text)
    return int(number)


def _unreadable(text: str) -> UsageError:
    return UsageError(
        f'"{text}" is no misbehaviour of the sandbox.',
        hint=f"Write one of {', '.join(Kind)}, then :every=N or :row=N; slow and 429 also take :seconds=N.",
    )
