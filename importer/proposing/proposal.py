"""The nouns of a proposal: what was looked at, what is proposed, and what a person is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias

from importer.model import Sheet, Source
from importer.proposing.answers import Answers, Question
from importer.proposing.profiles import Profile
from importer.text import count
from importer.workspace import UserType
from schemas import TABLES

Rule: TypeAlias = "str | Mapping[str, Any]"
"""What a mapping file says of a field."""
ABOUT: Final = "it is about "
"""How the reason begins of a column that is somebody else's or something else."""
RIVAL: Final = "a second column for "
"""How it begins of a column that gives way to another."""
_NEAR, _WHOLE = 0.8, 3.0
_HOWS: Final = ("first_of", "join", "date", "lookup", "extract", "convert")


class Confidence(StrEnum):
    """How sure a proposal is: used, used and shown to be confirmed, not used until a person answers, not sent."""

    SURE = "sure"
    LIKELY = "likely"
    ASK = "ask"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column goes: one field and how, or nowhere."""

    profile: Profile
    field: str | None = None
    how: str = "none"
    """``direct``, ``split``, ``join``, ``first_of``, ``extract`` or ``none``."""
    confidence: Confidence = Confidence.NONE
    reason: str = ""
    """One sentence in the office's words."""
    strength: float = 0.0
    secret: bool = False
    """Whether its values are shown nowhere."""
    ordinal: int = 1
    offered: str = ""
    """What a column that is not sent could give: ``email (second choice)``."""
    grade: int = 0
    """1 where its header says that it is the better of two columns of one field, -1 the worse."""

    def nowhere(self, reason: str) -> Place:
        """Return the column as one that is not sent."""
        return replace(self, field=None, how="none", confidence=Confidence.NONE, reason=reason)

    @property
    def rank(self) -> tuple[int, float]:
        """How good a claim it is, for comparing."""
        return list(Confidence)[::-1].index(self.confidence), self.strength

    @property
    def used(self) -> bool:
        """Whether the proposal uses it."""
        return self.field is not None and self.confidence in {Confidence.SURE, Confidence.LIKELY}

    @property
    def examples(self) -> tuple[str, ...]:
        """Three of the values, as they may be shown."""
        return () if self.secret else self.profile.examples


@dataclass(frozen=True, slots=True)
class Reading:
    """A sheet read as the rows of one endpoint."""

    endpoint: str
    places: tuple[Place, ...]
    score: float
    """0 where what the endpoint cannot do without is not there."""


@dataclass(frozen=True, slots=True)
class Look:
    """One sheet of a file as it was looked at; made once, whatever is answered."""

    source: Source
    sheet: Sheet
    header_rows: tuple[int, ...]
    """As the spreadsheet shows them; of a text file the record's number from its top."""
    profiles: tuple[Profile, ...]
    headers: Mapping[int, str]
    """Column position → the name that a mapping uses."""
    also: tuple[str, ...] = ()
    """Other sheets with the same headers, whose rows are looked at with these."""
    readings: tuple[Reading, ...] = ()
    """The endpoints that it fits, the best first."""

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The best endpoint and those that fit nearly as well, or are whole: people beside their cars or permits."""
        best, *others = self.readings
        found = [best.endpoint]
        for other in others:
            holders = "users" in {best.endpoint, other.endpoint}
            if other.score >= min(_NEAR * best.score, _WHOLE if holders else best.score):
                found.append(other.endpoint)
        return tuple(found)

    def header(self, place: Place) -> str:
        """Return the name that a mapping uses for a column."""
        return self.headers[place.profile.column.position]

    @property
    def only_sheet(self) -> str | None:
        """The sheet that is meant, ``None`` where all with these headers are."""
        return None if self.also else self.sheet.name

    @property
    def name(self) -> str:
        """The file and its sheets, for people."""
        return ", ".join(filter(None, (self.source.path.name, self.sheet.name, *self.also)))

    def recognised(self, places: Sequence[Place]) -> str:
        """Say how many columns have a field."""
        known = {place.profile.column.position for place in places if place.field}
        return f"{len(known)} of {count(len(self.profiles), 'column')} recognised"


@dataclass(frozen=True, slots=True)
class Value:
    """What one value of a column becomes."""

    column: str
    field: str
    value: str
    rows: int
    becomes: str | None
    confidence: Confidence
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """One field of the proposed mapping."""

    field: str
    rule: Rule
    why: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Rows that are no records."""

    rule: Mapping[str, object]
    rows: tuple[int, ...]
    """Their numbers as the spreadsheet shows them."""
    why: str


@dataclass
class Proposal:
    """A proposed mapping and everything that is unsure about it; it grows from the columns to the rows."""

    look: Look
    endpoint: str
    answers: Answers
    """What the person and the office said, from which it is made."""
    places: tuple[Place, ...]
    types: Sequence[UserType] = ()
    """OPSCOM's user types, as kept."""
    drafts: list[Draft] = field(default_factory=list)
    """In the vendor's order."""
    values: list[Value] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    """Those that are open, in the order in which a person would be asked."""
    seen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The columns that are not sent, with their values where those tell who is still there."""
    duplicates: str = "error"
    kept: Mapping[str, object] = field(default_factory=dict)
    """What another mapping says beside its fields, where that one nearly fits."""
    like: Path | None = None
    """That mapping's file."""

    @cached_property
    def mapped(self) -> list[int]:
        """Positions of the columns that are sent."""
        return list(dict.fromkeys(p.profile.column.position for p in self.places if p.used))

    @cached_property
    def told_by(self) -> list[int]:
        """Positions of the columns by which OPSCOM knows a record, in the order of its key."""
        used = [(place.field, place.profile.column.position) for place in self.places if place.used]
        names = {name for name, _ in used}
        keys = [next(filter(names.__contains__, part), "") for part in TABLES[self.endpoint].key]
        return [position for key in keys for name, position in used if name == key]

    @property
    def held(self) -> tuple[Question, ...]:
        """The questions without whose answer the mapping may not be used."""
        return tuple(question for question in self.questions if question.held)

    def alone(self, place: Place) -> bool:
        """Whether a column gives this field and no other."""
        return sum(other.profile is place.profile for other in self.places) == 1


def as_json(proposal: Proposal, mapping: Path | None, exit_code: int) -> dict[str, object]:
    """Return a proposal as ``--json`` prints it."""
    look, rows = proposal.look, proposal.look.header_rows
    columns = [
        _picked(place.profile.column, "header", "letter")
        | _picked(place, "field", "confidence", "reason", "examples")
        | {"how": _how(proposal, place)}
        for place in proposal.places
    ]
    of_value = ("column", "field", "value", "rows", "becomes", "confidence")
    asks = [
        {name: text or None for name, text in _picked(q, "about", "column", "field").items()}
        | {"question": q.text, "choices": q.choices}
        for q in proposal.questions
    ]
    return {
        "file": str(look.source.path),
        "sheet": look.sheet.name,
        "header_row": rows[0] if len(rows) == 1 else rows,
        "endpoint": proposal.endpoint,
        "rows": len(look.sheet.frame),
        "columns": columns,
        "values": [_picked(value, *of_value) for value in proposal.values],
        "skip_rows": [_picked(skip, "rule", "rows", "why") for skip in proposal.skips],
        "asks": asks,
        "mapping": None if mapping is None else str(mapping),
        "exit_code": exit_code,
    }


def nothing(file: Path, why: str, exit_code: int) -> dict[str, object]:
    """Return what ``--json`` prints of a file for which there is no proposal."""
    lists = dict.fromkeys(("columns", "values", "skip_rows", "asks"), ())
    none = dict.fromkeys(("sheet", "header_row", "endpoint", "mapping"))
    return {"file": str(file), "rows": 0, **none, **lists, "exit_code": exit_code, "error": why}


def _picked(thing: object, *names: str) -> dict[str, object]:
    return {name: getattr(thing, name) for name in names}


def _how(proposal: Proposal, place: Place) -> str:
    """Return in one word how a column gives its field."""
    rule = next((draft.rule for draft in proposal.drafts if draft.field == place.field), "")
    how = "lookup" if place.field == "user_type_id" else "direct"
    if isinstance(rule, Mapping):
        how = next((name for name in _HOWS if name in rule), "direct")
    return how if place.how == "direct" else place.how
