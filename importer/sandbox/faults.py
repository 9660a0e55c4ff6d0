"""What can go wrong on a bad day, and with which requests: the plan of a rehearsal or a test."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from importer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

HTML = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Soon back.</body></html>"
CARRIED_OUT: Mapping[str, bool] = MappingProxyType(
    {
        "answer": False,  # ``status``, ``headers`` and ``body``, or the error of ``code``
        "bad-json": False,  # 200 with JSON that ends too early, its length right
        "close": False,  # no byte of an answer, an orderly end
        "cut-body": True,  # the answer ends in the middle of its body
        "cut-headers": True,  # the answer ends in the middle of its headers
        "drip": True,  # the answer byte by byte, ``seconds`` between two
        "gone": False,  # no fault of ours: the client left within its request
        "empty": False,  # 200 without a body
        "hang": False,  # never an answer, until one side goes
        "hold": True,  # the answer after ``release`` was called
        "html": False,  # 200 with an HTML page
        "idle-close": True,  # a whole answer that promises to keep the connection, then its end
        "late": True,  # the answer after ``seconds``
        "lost": True,  # carried out, then an orderly end without a byte of an answer
        "raw": True,  # ``body`` byte for byte (latin-1), status line and all, then the end
        "refuse": True,  # a whole answer, then nobody listens until ``listen`` is called
        "reset": False,  # a reset; before reading, where the plan names a request or connection
        "reset-in-body": False,  # a reset with half of the body unread (as in ``reset``)
        "stale": False,  # ``close``, but only on a connection that has answered before
    }
)
"""Kind → whether the request is carried out unless the fault says otherwise."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with a request."""

    kind: str
    applied: bool | None = None
    """Whether the request is carried out; ``None`` for what the kind says."""
    status: int = 200
    code: int = 0
    """The ``ErrorCode`` of an ``answer``."""
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        """Refuse an unknown kind."""
        if self.kind not in CARRIED_OUT:
            raise ValueError(f"{self.kind} is not a fault.")

    @property
    def applies(self) -> bool:
        """Whether the request is carried out."""
        return CARRIED_OUT[self.kind] if self.applied is None else self.applied


Plan = dict[tuple[str, int], Fault]
"""(Key, number) → what goes wrong.

The key of a row is the ``unique_id`` of a user, the plate of a vehicle, the permit number (else the
plate) of a permit, the reference id of an update or delete, the plate of a plate query, and the call
itself of the others; the number is its attempt, counted from 1 for each call and key. Attempt 0 means
every attempt, the key ``*`` every row. ``#request`` and ``#connection`` with n are the n-th request or
connection in order of arrival, and ``#every`` with n is every n-th request; the former two hit before
the row is known.
"""

_PAGE = {"Content-Type": "text/html; charset=UTF-8"}


def parse_fault(text: str) -> Plan:
    """Read a fault from a command line: ``500:every=10``, ``lost:row=7``, ``slow:row=3:seconds=90``.

    Requests are counted from 1 in order of arrival, repeats included. Without ``every`` and ``row``
    every request is hit. ``seconds`` is 5 for ``slow`` and 1 for ``429`` unless it is given.

    Raises:
        UsageError: The text is none.
    """
    kind, *options = text.strip().split(":")
    numbers = {"every": 0, "row": 0, "seconds": {"slow": 5, "429": 1}.get(kind, 0)}
    for option in options:
        name, _, number = option.partition("=")
        whole = number.isascii() and number.isdigit() and int(number) > 0
        if not whole or not (name in {"every", "row"} or (name == "seconds" and numbers[name])):
            raise _unreadable(text)
        numbers[name] = int(number)
    seconds = numbers["seconds"]
    match kind:
        case "500":
            fault = Fault("answer", status=500, body=HTML, headers=_PAGE)
        case "429":
            wait = {"Retry-After": str(seconds)}
            fault = Fault("answer", status=429, body=HTML, headers={**_PAGE, **wait})
        case "close" | "html" | "lost":
            fault = Fault(kind)
        case "slow":
            fault = Fault("late", seconds=seconds)
        case _:
            raise _unreadable(text)
    if not (numbers["every"] or numbers["row"]):
        numbers["every"] = 1
    keys = (("#every", numbers["every"]), ("#request", numbers["row"]))
    return {key: fault for key in keys if key[1]}


def _unreadable(text: str) -> UsageError:
    return UsageError(
        f'"{text}" is not a fault of the sandbox.',
        hint="Write one of 500, 429, close, html, lost, slow, then :every=N or :row=N; slow and 429 also "
        "take :seconds=N.",
    )
