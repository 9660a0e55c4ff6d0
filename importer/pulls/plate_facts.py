"""What OPSCOM's answer to one plate says.

Source: API documentation, "Pull API: Plate Validation", table "Response Values" and "Response Samples".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.delivery.answers import Refused, Unreadable, text_of
from importer.delivery.questions import Found, object_or_refusal
from importer.pulls.cells import Record, as_text, flat, several

if TYPE_CHECKING:
    from importer.delivery.questions import Json

_NOTHING: tuple[Json, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class PlateFacts:
    """All that an answer says of one plate; texts as answered, empty where nothing was."""

    permits: tuple[dict[str, Json], ...] = ()
    """Flat, with the vendor's names and whatever else was answered."""
    notes: tuple[dict[str, Json], ...] = ()
    """The "do not ticket or tow" notes, in the same way."""
    alarm: str = ""
    response: str = ""
    """The same as one text, as handhelds show it."""
    more: str = ""
    """What else was answered, as JSON."""


def read_plate(body: bytes) -> Found | Refused | Unreadable:
    """Read the body of an answer: ``error`` 0 says success; what was found goes to ``plate_facts``."""
    found = object_or_refusal(body)
    if not isinstance(found, dict):
        return found
    code, data = text_of(found.get("error")), found.get("data")
    if code.strip("0"):
        return Refused(code, text_of(found.get("message")))
    whole = code and isinstance(data, dict) and {"responseJSON", "response"} & set(data)
    return Found(found) if whole else Unreadable()


def understands_plate(body: bytes) -> bool:
    """Whether an answer is OPSCOM's own."""
    return not isinstance(read_plate(body), Unreadable)


def answered_plate(found: Record) -> str:
    """Return the plate that an answer speaks of; empty where it names none."""
    data = found["data"]
    return text_of(data.get("plate")).strip() if isinstance(data, dict) else ""


def plate_facts(found: Record) -> PlateFacts:
    """Take the facts out of an answer that ``read_plate`` found."""
    rest = {name: each for name, each in found.items() if name not in {"error", "data"}}
    data = found["data"]
    rest |= data if isinstance(data, dict) else {}
    rest.pop("plate", None)
    details = rest.pop("responseJSON", None)
    rest |= details if isinstance(details, dict) else {"responseJSON": details}
    permits, notes = several(rest.pop("permits", None)), several(rest.pop("dntt", None))
    alarm, response = (text_of(rest.pop(name, None)).strip() for name in ("alarm", "response"))
    more = {name: each for name, each in rest.items() if each not in _NOTHING}
    return PlateFacts(
        tuple(map(flat, permits)),
        tuple(map(flat, notes)),
        alarm,
        response,
        as_text(more) if more else "",
    )
