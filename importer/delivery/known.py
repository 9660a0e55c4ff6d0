"""What the journal knows of a record, beside the record itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from importer.model import Record

Signs = tuple[tuple[str, ...], ...]


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
    attempt: int = 0
    """The journal's number of the last attempt; later ones have greater numbers."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A record that an earlier run created, or may have created."""

    identity: str
    reference_id: str
    unsettled: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the journal can say of a sheet's rows beside their identity."""

    known: Mapping[str, Known]
    signs: Callable[[Mapping[str, str]], Signs] = lambda _: ()
    """The keyed digests of a payload's groups of ``Policy.alike``, without blank ones."""
    alike: Mapping[tuple[str, ...], Sequence[Earlier]] = field(default_factory=dict)
    """Digests of a group → the records that earlier runs sent with them."""
    first: Mapping[int, str] = field(default_factory=dict)
    """Row of the first source → identity of what was last sent for it (results workbooks only)."""
    standing: frozenset[str] = frozenset()
    """Identities of all rows of this run: what still stands in a file was not corrected away."""
    written: int | None = None
    """The last attempt that a results workbook can speak of; ``None`` where that is not known."""
    overtaken: Callable[[Record, str, str], bool] = lambda *_: False
    """Whether a row of a results workbook, its identity and digest, is as it was before a later acceptance
    (updates only)."""
    sent_once: Callable[[str], bool] = lambda _: False
    """Whether a record was sent exactly once, ever."""
    unheard: bool = False
    """Whether the journal does not know the run that wrote this results workbook."""
    under_way: bool = False
    """Whether a run is under way beside this look, so that what it has sent may still be answered."""
