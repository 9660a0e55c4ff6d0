"""What OPSCOM's answer to one row says.

The body decides, whatever the HTTP status: the vendor documents no status. A body that is neither an
error nor a success says nothing, and then nobody knows what happened.
"""

import json
from dataclasses import dataclass
from typing import Any

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


def read_answer(body: bytes) -> Accepted | Refused | Unreadable:
    """Read the body of an answer to a push, an update or a delete.

    Args:
        body: The whole body as it arrived. What is no UTF-8 (a name in a warning, say) is read as
            U+FFFD, so that one wrong letter does not lose a permit's id.

    Source: API documentation, "API Error Codes" (``ErrorCode``, ``ErrorMessage``) and the
    "Successful Response" of each push page (``status``).
    """
    found = object_or_refusal(body)
    if not isinstance(found, dict):
        return found
    if text_of(found.get("status")).casefold() != "success":
        return Unreadable()
    ids = (text_of(found.get(key)) for key in REFERENCE_KEYS)
    number, warnings = next(filter(None, ids), ""), _warnings(found.get("warnings"))
    if len(number) > LONGEST_ID:
        note = f"The id that OPSCOM named has {len(number):,} characters; the journal holds it."
        return Accepted("", (note, *warnings))
    return Accepted(number, warnings)


def understood(body: bytes) -> bool:
    """Whether an answer is OPSCOM's own: accepted or refused."""
    return not isinstance(read_answer(body), Unreadable)


def object_or_refusal(body: bytes) -> dict[str, Any] | Refused | Unreadable:
    """Return the JSON object that a body is, or the error that it names; U+FFFD for what is no UTF-8."""
    try:
        # Python reads NaN and Infinity, which are no JSON; as numbers they are none.
        found = json.loads(body.decode("utf-8-sig", "replace"), parse_constant=int)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return Unreadable()
    code = text_of(found.get("ErrorCode"))
    if code in {"", "0"}:
        return found
    known = len(code) <= LONGEST_CODE
    return Refused(code, text_of(found.get("ErrorMessage"))) if known else Unreadable()


def text_of(value: object) -> str:
    """Return a JSON text or number as text, without halves of characters, which no file can hold.

    Anything else says nothing.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).encode("utf-8", "replace").decode().strip()


def _warnings(value: object) -> tuple[str, ...]:
    found = list(value.values()) if isinstance(value, dict) else value
    each = found if isinstance(found, list) else [found]
    return tuple(text for one in each if (text := text_of(one) or (json.dumps(one) if one else "")))
