"""What OPSCOM's answer to one plate says, in both shapes that the vendor has used.

Source: API documentation, "Pull API: Plate Validation", table "Response Values" and "Response
Samples": an envelope of ``error``, ``data`` and ``message``, permits as a list. Older versions of that
page print the inside of ``data`` alone, with the one permit (``expires``, ``active``, ``type``,
``shortName``) directly under ``responseJSON``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.delivery.answers import Refused, Unreadable, read_object, text_of
from importer.delivery.questions import Found, refusal
from importer.pulls.cells import Record, as_text, flat, several

if TYPE_CHECKING:
    from importer.delivery.questions import Json

PERMIT = ("type", "shortName", "expires", "active")
"""Of these ``active`` is in the older shape and, once, in a sample of the newer one."""
NOTE = ("location", "start", "end", "notes")
_LOOSE_RE = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class PlateFacts:
    """All that an answer says of one plate; texts as answered, empty where nothing was."""

    plate: str
    """As OPSCOM answers it."""
    permits: tuple[dict[str, Json], ...] = ()
    """Flat, with the vendor's names (``PERMIT``) and whatever else was answered."""
    notes: tuple[dict[str, Json], ...] = ()
    """The "do not ticket or tow" notes, in the same way (``NOTE``)."""
    alarm: str = ""
    active: str = ""
    """Where it stands for itself, beside permits in a list or without any."""
    response: str = ""
    """The same as one text, as handhelds show it."""
    message: str = ""
    """The system's own."""
    more: str = ""
    """What else was answered, as JSON."""

    @property
    def empty(self) -> bool:
        """Whether OPSCOM knows nothing of the plate."""
        said = (self.alarm, self.response, self.active, self.more)
        return not (self.permits or self.notes or any(said))

    def is_for(self, plate: str) -> bool:
        """Whether this is about the plate asked for; blanks, dashes and capitals do not count."""
        return not self.plate or _loose(self.plate) == _loose(plate)


def read_plate(body: bytes) -> Found | Refused | Unreadable:
    """Read the body of an answer; what was found goes on to ``plate_facts``.

    ``error`` 0 says success; without ``error`` there must be the ``responseJSON`` of the older shape.
    """
    found = read_object(body)
    if found is None:
        return Unreadable()
    refused = refusal(found)
    if refused is not None:
        return refused
    if found.get("error") is None:
        data = found.get("data", found)
    else:
        code = text_of(found["error"])
        if not code:
            return Unreadable()
        if code.strip("0"):
            return Refused(code, text_of(found.get("message")))
        data = found.get("data")
    if not isinstance(data, dict) or not {"responseJSON", "response"} & set(data):
        return Unreadable()
    return Found(found)


def understands_plate(body: bytes) -> bool:
    """Whether an answer is OPSCOM's own."""
    return not isinstance(read_plate(body), Unreadable)


def plate_facts(found: Record) -> PlateFacts:
    """Take the facts out of an answer that ``read_plate`` found."""
    inside = found.get("data", found)
    data = dict(inside) if isinstance(inside, dict) else {}
    outside = {} if inside is found else {k: v for k, v in found.items() if k != "data"}
    message = _take(outside or data, "message")
    plate, response = _take(data, "plate"), _take(data, "response")
    details = data.pop("responseJSON", None)
    known = dict(details) if isinstance(details, dict) else {"responseJSON": details}
    permits = several(known.pop("permits", None))
    notes = several(known.pop("dntt", None))
    alarm = _take(known, "alarm")
    if any(known.get(name) for name in PERMIT if name != "active"):
        permits.append({name: known.pop(name) for name in PERMIT if name in known})
    active = _take(known, "active")
    more = {**outside, **data, **known}
    rest = {name: each for name, each in more.items() if each not in _NOTHING and name != "error"}
    return PlateFacts(
        plate,
        tuple(map(flat, permits)),
        tuple(map(flat, notes)),
        alarm.strip(),
        active,
        response,
        message,
        as_text(rest) if rest else "",
    )


_NOTHING: tuple[Json, ...] = (None, "", [], {})


def _take(fields: dict[str, Json], name: str) -> str:
    """Take a text out; what is no text stays where it is."""
    value = fields.get(name)
    if isinstance(value, dict | list) and value:
        return ""
    fields.pop(name, None)
    if isinstance(value, bool):
        return str(value).lower() if value else ""
    return value if isinstance(value, str) else text_of(value)


def _loose(plate: str) -> str:
    return _LOOSE_RE.sub("", plate).casefold()
