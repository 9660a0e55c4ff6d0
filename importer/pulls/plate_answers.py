"""What OPSCOM's answer to one plate says, in both shapes that the vendor has used.

Source: API documentation, "Pull API: Plate Validation", table "Response Values" and "Response
Samples": an envelope of ``error``, ``data`` and ``message``, permits as a list. Older versions of that
page print the inside of ``data`` alone, with the one permit (``expires``, ``active``, ``type``,
``shortName``) directly under ``responseJSON``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from importer.delivery.answers import Refused, Unreadable
from importer.delivery.reads import Found, Json, parse_object, refusal, text_of

_PERMIT = ("type", "shortName", "expires", "active")
"""Of these ``active`` is in the older shape and, once, in a sample of the newer one."""
_NOTE = ("location", "start", "end", "notes")
_LOOSE_RE = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class Permit:
    """One permit of a plate; all texts as answered, empty where nothing was."""

    type: str = ""
    name: str = ""
    """The vendor's ``shortName``: the lot."""
    expires: str = ""
    active: str = ""
    more: str = ""
    """What else was answered of it, as JSON."""


@dataclass(frozen=True, slots=True)
class Note:
    """One "do not ticket or tow" note."""

    location: str = ""
    start: str = ""
    end: str = ""
    notes: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class PlateFacts:
    """All that an answer says of one plate."""

    plate: str
    """As OPSCOM answers it."""
    permits: tuple[Permit, ...] = ()
    notes: tuple[Note, ...] = ()
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
    found = parse_object(body)
    if found is None:
        return Unreadable()
    refused = refusal(found)
    if refused is not None:
        return refused
    if "error" in found and found["error"] is not None:
        code = text_of(found["error"])
        if not code:
            return Unreadable()
        if code.strip("0"):
            return Refused(code, text_of(found.get("message")))
        data = found.get("data")
    else:
        data = found.get("data", found)
    if not isinstance(data, dict) or not {"responseJSON", "response"} & set(data):
        return Unreadable()
    return Found(found)


def plate_facts(found: Mapping[str, Json]) -> PlateFacts:
    """Take the facts out of an answer that ``read_plate`` found."""
    inside = found.get("data", found)
    data = dict(inside) if isinstance(inside, dict) else {}
    outside = {} if inside is found else {k: v for k, v in found.items() if k != "data"}
    outside.pop("error", None)
    message = _take(outside or data, "message")
    plate, response = _take(data, "plate"), _take(data, "response")
    details = data.pop("responseJSON", None)
    data.pop("error", None)
    known = dict(details) if isinstance(details, dict) else {}
    if details and not known:
        data["responseJSON"] = details
    permits = [_permit(each) for each in _several(known.pop("permits", None))]
    notes = [_note(each) for each in _several(known.pop("dntt", None))]
    alarm = _take(known, "alarm")
    if any(known.get(name) for name in ("expires", "type", "shortName")):
        permits.append(_permit({name: known.pop(name, None) for name in _PERMIT}))
    active = _take(known, "active")
    more = {**{k: v for k, v in outside.items() if v}, **data, **known}
    return PlateFacts(
        plate,
        tuple(permits),
        tuple(notes),
        alarm.strip(),
        active,
        response,
        message,
        _rest({name: value for name, value in more.items() if value not in (None, "", [], {})}),
    )


def _several(value: Json) -> list[Json]:
    """Return the elements of a list; PHP writes a list with gaps as an object, an empty one as []."""
    if isinstance(value, dict):
        return list(value.values()) if all(key.isdigit() for key in value) else [value]
    if isinstance(value, list):
        return value
    return [] if value in (None, "") else [value]


def _permit(value: Json) -> Permit:
    fields, more = _fields(value, _PERMIT)
    kind, name, expires, active = fields
    return Permit(kind, name, expires, active, more)


def _note(value: Json) -> Note:
    fields, more = _fields(value, _NOTE)
    location, start, end, notes = fields
    return Note(location, start, end, notes, more)


def _fields(value: Json, names: tuple[str, ...]) -> tuple[list[str], str]:
    """Return the texts under these names, and all that is left as JSON."""
    if not isinstance(value, dict):
        return [""] * len(names), _rest(value)
    rest = dict(value)
    texts = [_take(rest, name) for name in names]
    return texts, _rest({name: each for name, each in rest.items() if each is not None})


def _take(fields: dict[str, Json], name: str) -> str:
    """Take a text out; what is no text stays where it is."""
    value = fields.get(name)
    if isinstance(value, dict | list) and value:
        return ""
    fields.pop(name, None)
    return (
        value if isinstance(value, str) else str(value).lower() if value is True else text_of(value)
    )


def _rest(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False) if value not in (None, "", {}, []) else ""


def _loose(plate: str) -> str:
    return _LOOSE_RE.sub("", plate).casefold()
