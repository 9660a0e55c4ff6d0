"""What OPSCOM's answer to one row says.

The body decides, whatever the HTTP status: the vendor documents no status. A body that is neither an
error nor a success says nothing, and then nobody knows what happened.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

LONGEST_CODE, LONGEST_ID = 50, 255
"""Characters. What is longer is no code, and no id that a cell or a person could use."""
REFERENCE_KEYS = ("reference_id", "InternalReferenceID", "vehicle_id_id", "vehicle_id")
"""Where an id may stand. Source: API documentation, "Successful Response" of User Create/Update
(``reference_id``), Permit Create (both first) and Vehicle Create (``vehicle_id_id``)."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """OPSCOM says that it took the row."""

    reference_id: str
    """Opaque text; empty where the answer names no id."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """OPSCOM answers an error code."""

    code: str
    """As answered, mostly four digits."""
    message: str
    """The server's own sentence, for the workbook."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The body is neither: a web page, cut off, empty, some other JSON."""


Answer = Accepted | Refused | Unreadable


def read_answer(body: bytes) -> Answer:
    """Read the body of an answer to a push, an update or a delete.

    Args:
        body: The whole body as it arrived. What is no UTF-8 (a name in a warning, say) is read as
            U+FFFD, so that one wrong letter does not lose a permit's id.

    Source: API documentation, "API Error Codes" (``ErrorCode``, ``ErrorMessage``) and the
    "Successful Response" of each push page (``status``).
    """
    try:
        found = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return Unreadable()
    if not isinstance(found, dict):
        return Unreadable()
    code = _text(found.get("ErrorCode"))
    if code not in {"", "0"} and len(code) <= LONGEST_CODE:
        return Refused(code, _text(found.get("ErrorMessage")))
    if code not in {"", "0"} or _text(found.get("status")).casefold() != "success":
        return Unreadable()
    ids = (_text(found.get(key)) for key in REFERENCE_KEYS)
    number, warnings = next((text for text in ids if text), ""), _warnings(found.get("warnings"))
    if len(number) > LONGEST_ID:
        note = f"The id that OPSCOM named has {len(number):,} characters; the journal holds it."
        return Accepted("", (note, *warnings))
    return Accepted(number, warnings)


def understood(body: bytes) -> bool:
    """Whether an answer is OPSCOM's own: accepted or refused."""
    return not isinstance(read_answer(body), Unreadable)


def _text(value: object) -> str:
    """Return a JSON text or number as text; anything else says nothing."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _whole(str(value)).strip() if isinstance(value, str | int | float) else ""


def _whole(text: str) -> str:
    """Return a text without halves of characters, which JSON can name and no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _warnings(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value.strip() else ()
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return ()
    texts = (
        _text(each) or (_whole(json.dumps(each, ensure_ascii=False)) if each else "")
        for each in value
    )
    return tuple(text for text in texts if text)
