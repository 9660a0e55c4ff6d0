"""The form of a mapping file against its model, and pydantic's faults in our words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from importer.mapping.faults import did_you_mean
from importer.mapping.model import MappingFile, MatchPart, RulePart, SkipPart

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from importer.mapping.document import Document, Value
    from importer.mapping.faults import Fault, Place

_STAND_INS: dict[str, Value] = {"version": "1", "endpoint": "users", "fields": {"-": "-"}}
_SENTENCES = {
    "string_type": "one text is wanted here, no list and no keys.",
    "tuple_type": "a list is wanted here, like [A, B].",
    "dict_type": "keys with values are wanted here, like {a: b}.",
    "model_type": "keys with values are wanted here, like {a: b}.",
    "too_short": "this is empty. Fill it or remove it.",
}


_FORMS = {"<text>": "one text", "<list>": "a list like [A, B]", "<keys>": "keys like {a: b}"}


def validate(document: Document) -> tuple[MappingFile | None, list[Fault], set[Place]]:
    """Hold a document against the format.

    Returns:
        The file (where parts are wrong, what is left without them, so that the rest can be looked at
        too; ``None`` where nothing sound is left), all faults of form, and the places that have one.
    """
    faults = list(_nothings(document, document.data, ()))
    try:
        return MappingFile.model_validate(document.data), faults, set()
    except ValidationError as error:
        details = error.errors()
    rest: Value = dict(document.data)
    broken: set[Place] = set()
    for detail in details:
        place = _place(detail)
        broken.add(place)
        missing = detail["type"] == "missing"
        rest = _without(rest, place[:-1] if missing else place)
        if missing:
            faults.append(document.fault(place[:-1], f"`{place[-1]}` is missing. Add it."))
        elif detail["input"] is not None and not _counts_only_the_sound(detail):
            faults.append(document.fault(place, _sentence(detail, place)))
    try:
        sound = {**_STAND_INS, **rest} if isinstance(rest, dict) else rest
        return MappingFile.model_validate(sound), faults, broken
    except ValidationError:
        return None, faults, broken


def _counts_only_the_sound(detail: ErrorDetails) -> bool:
    """Whether a list is said to be empty because its entries are wrong, which is told already."""
    return detail["type"] == "too_short" and bool(detail["input"])


def _nothings(document: Document, value: Value, place: Place) -> list[Fault]:
    """Return a fault for each key and list entry that has no value."""
    if value is None:
        message = "nothing stands here. Write a value, or remove it."
        return [document.fault(place, message)]
    inner: list[tuple[str | int, Value]] = []
    if isinstance(value, list):
        inner.extend(enumerate(value))
    elif isinstance(value, dict):
        inner.extend(value.items())
    return [fault for key, item in inner for fault in _nothings(document, item, (*place, key))]


def _without(value: Value, place: Place) -> Value:
    """Return a copy without the key that a place leads to, or the key of the list that it is in."""
    if place and isinstance(place[-1], int):
        return _without(value, place[:-1])
    key, *rest = place or ("",)
    if isinstance(value, dict) and isinstance(key, str) and key in value:
        if rest:
            return {**value, key: _without(value[key], tuple(rest))}
        return {name: item for name, item in value.items() if name != key}
    if isinstance(value, list) and isinstance(key, int) and rest:
        return [_without(item, tuple(rest)) if at == key else item for at, item in enumerate(value)]
    return value


def _place(detail: ErrorDetails) -> Place:
    """Return where pydantic found a fault, without the names of its own forms (``<list>``)."""
    ours = [part for part in detail["loc"] if not str(part).startswith("<")]
    return tuple(ours[:-1] if ours[-1:] == ["[key]"] else ours)


def _sentence(detail: ErrorDetails, place: Place) -> str:
    match detail["type"]:
        case "extra_forbidden":
            return f"there is no such key.{did_you_mean(str(place[-1]), _keys(place))}"
        case "literal_error":
            known = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", "")))
            if place[-1:] == ("lookup",):
                known.append('a table like {Full Time: "1"}')
            offer = did_you_mean(str(detail["input"]), known) if known[1:] else ""
            return f"this must be {_either(known)}.{offer}"
        case "union_tag_invalid":
            tags = str(detail.get("ctx", {}).get("expected_tags", ""))
            return f"this must be {_either([form for tag, form in _FORMS.items() if tag in tags])}."
        case "value_error":
            return str(detail.get("ctx", {}).get("error", "this is wrong."))
        case kind:
            return _SENTENCES.get(kind, "this is wrong here.")


def _either(names: list[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def _keys(place: Place) -> list[str]:
    """Return the keys that stand beside the last one of a place in the format."""
    part: type[BaseModel]
    match place:
        case ("match", _):
            part = MatchPart
        case ("skip_rows", _, _):
            part = SkipPart
        case ("fields", _, _):
            part = RulePart
        case _:
            part = MappingFile
    return list(part.model_fields)
