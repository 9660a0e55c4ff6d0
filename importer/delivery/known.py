"""What the journal knows of a record, beside the record itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Signs = tuple[tuple[str, ...], ...]
ALIKE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "permits": (("permitNo",), ("plate", "startTime"))
}
"""Endpoint → groups of fields; a record that agrees with an earlier one on a whole group, filled, is
taken for the same thing, corrected."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the journal knows of one record."""

    digest: str = ""
    """Of the last accepted payload; empty where none was."""
    settled: str = ""
    """``pushed``, ``exists``, ``deleted``, or empty."""
    reference_id: str = ""
    unsettled: int = 0
    """Attempts after the last acceptance whose answer was lost."""
    last: str = ""
    """State of the last attempt."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A record that an earlier run created, or may have created."""

    identity: str
    reference_id: str
    unsettled: bool


@dataclass(frozen=True, slots=True)
class Witness:
    """What the journal can say of a sheet's rows beside their identity."""

    known: Mapping[str, Known]
    signs: Callable[[Mapping[str, str]], Signs] = lambda _: ()
    """The keyed digests of a payload's groups of ``ALIKE``, without blank ones."""
    alike: Mapping[tuple[str, ...], Earlier] = field(default_factory=dict)
    """Digests of a group → the record that an earlier run sent with them."""
    first: Mapping[int, str] = field(default_factory=dict)
    """Row of the first source → identity of what was last sent for it (results workbooks only)."""
