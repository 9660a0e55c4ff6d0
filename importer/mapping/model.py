"""The mapping file's format: its keys, what they take, its faults in our words, and a JSON Schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    WithJsonSchema,
)

from importer.mapping.document import did_you_mean
from schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

    from importer.mapping.document import Document, Fault, Place, Value

_MOST_DIGITS = 6

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | tuple[JsonValue, ...] | dict[str, JsonValue] | None"


def _shape(value: object) -> str:
    """Name the form of a value for pydantic; the brackets keep these names out of our messages."""
    if isinstance(value, list | tuple):
        return "<list>"
    return "<keys>" if isinstance(value, dict | BaseModel) else "<text>"


def _flag(value: object) -> object:
    if isinstance(value, str) and value in {"true", "false"}:
        return value == "true"
    raise ValueError("write true or false here.")


def _count(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(
        rf"0*[1-9][0-9]{{0,{_MOST_DIGITS}}}", value, re.ASCII
    ):
        return int(value)
    raise ValueError("write a whole number from 1 here.")


# Editors read `pad: 9` and `value: NO` as a number and a boolean; the product reads them as text.
Text = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean"]})]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
Count = Annotated[
    int, BeforeValidator(_count), WithJsonSchema({"type": ["integer", "string"], "minimum": 1})
]
List = Annotated[tuple[Text, ...], Field(min_length=1)]
Texts = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[List, Tag("<list>")], Discriminator(_shape)
]
Pairs = Annotated[dict[str, Text], Field(min_length=1)]
Lookup = Annotated[
    Annotated[Literal["user-types"], Tag("<text>")] | Annotated[Pairs, Tag("<keys>")],
    Discriminator(_shape),
]
Rows = Annotated[
    Annotated[Count, Tag("<text>")]
    | Annotated[tuple[Count, ...], Field(min_length=1), Tag("<list>")],
    Discriminator(_shape),
]
Conversion = Literal[
    "upper", "lower", "title", "digits", "plate", "phone", "email", "province", "unwrap"
]
Midnight = Literal["date", "time"]
if TYPE_CHECKING:
    Endpoint: TypeAlias = str
else:
    Endpoint = Literal[*TABLES]


Item = TypeVar("Item", str, int)


def listed(items: Item | tuple[Item, ...] | None) -> tuple[Item, ...]:
    """Return one item, or several, or none, as a tuple."""
    if items is None:
        return ()
    return items if isinstance(items, tuple) else (items,)


class Part(BaseModel):
    """Keys of a file of ours; others are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MatchPart(Part):
    """Which files a mapping is for."""

    files: Texts = Field(
        description="Patterns of file names, like `*student*`; case does not count."
    )


class SkipPart(Part):
    """Rows that are no records."""

    columns: List | None = Field(
        default=None, description="Headers of the columns that are all blank."
    )
    column: Text | None = Field(default=None, description="Header of one column.")
    blank: Flag | None = Field(
        default=None, description="`true`: the row is passed over where all are blank."
    )
    matches: Text | None = Field(
        default=None, description="A regular expression for the whole cell."
    )
    struck: Flag | None = Field(
        default=None, description="`true`: rows whose mapped cells are struck out."
    )
    fill: Text | None = Field(
        default=None, description="Rows with this colour behind their cells: RRGGBB."
    )


class RulePart(Part):
    """Where one field comes from, and what is done to its text, in this order."""

    column: Text | None = Field(
        default=None, description="A header; `Phone#2` is the second of that header."
    )
    first_of: List | None = Field(
        default=None, description="Headers; the first that is filled counts."
    )
    join: List | None = Field(default=None, description="Headers; what is filled is joined.")
    separator: Text | None = Field(
        default=None, description="Between joined parts; a blank by default."
    )
    optional: Flag = Field(default=False, description="`true`: the header may be missing.")
    value: Text | None = Field(default=None, description="The same for every row.")
    blank_if: Texts | None = Field(default=None, description="Texts of a cell that mean blank.")
    extract: Text | None = Field(
        default=None, description="A regular expression with one group ( ); the group is taken."
    )
    replace: Pairs | None = Field(
        default=None, description="Pieces of text and what stands for them instead."
    )
    convert: (
        Annotated[
            Annotated[Conversion, Tag("<text>")]
            | Annotated[tuple[Conversion, ...], Field(min_length=1), Tag("<list>")],
            Discriminator(_shape),
        ]
        | None
    ) = Field(default=None, description="Conversions, in their order.")
    lookup: Lookup | None = Field(
        default=None,
        description="Names and what to send for them, or `user-types` for OPSCOM's own list.",
    )
    otherwise: Literal["keep", "omit"] | None = Field(
        default=None,
        alias="else",
        description="What becomes of a value that `lookup` does not list: sent as it is, or left out.",
    )
    pad: Count | None = Field(
        default=None, description="Digits to fill up to with zeros at the left."
    )
    date: Texts | None = Field(
        default=None, description="Forms of the dates, like `%d/%m/%Y`, tried in order."
    )
    time: Text | None = Field(
        default=None, description="Time of day for dates that have none, `hh:mm:ss`."
    )
    midnight: Midnight | None = Field(
        default=None,
        description="Whether a time of 00:00:00 is a `time` or stands for a `date` alone.",
    )
    timezone: Text | None = Field(
        default=None, description="Zone for times with an offset: America/Toronto."
    )
    decimal: Literal[".", ","] | None = Field(
        default=None, description="The character before the cents."
    )
    as_shown: Flag = Field(
        default=False, description="`true`: send what looks ruined; you vouch for it."
    )
    truncate: Flag = Field(
        default=False, description="`true`: cut what is too long, with a warning."
    )
    if_invalid: Literal["omit"] | None = Field(
        default=None,
        description="`omit`: leave an invalid value out, with a warning; optional fields only.",
    )


FieldRule = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[RulePart, Tag("<keys>")], Discriminator(_shape)
]


class AskPart(Part):
    """A question of `map` that nobody answered yet."""

    field: Text | None = Field(default=None, description="The field that it is about.")
    column: Text | None = Field(default=None, description="The column that it is about.")
    question: Text = Field(description="What a person is asked.")
    choices: List | None = Field(default=None, description="What may be answered.")


class MappingFile(Part):
    """How a spreadsheet's columns become the fields of an OPSCOM endpoint."""

    version: Annotated[Literal["1"], WithJsonSchema({"enum": [1, "1"]})] = Field(
        description="The format of this file."
    )
    name: Text | None = Field(
        default=None, description="What people call it; the file's name by default."
    )
    endpoint: Endpoint = Field(description="What the rows are in OPSCOM.")
    match: MatchPart | None = Field(
        default=None, description="Which files it is for without --mapping."
    )
    sheet: Texts | None = Field(
        default=None, description="Sheets by name; else all with the mapped headers."
    )
    encoding: Text | None = Field(
        default=None, description="The encoding of text files: utf-8, windows-1252, mac-roman."
    )
    header_row: Rows | None = Field(
        default=None,
        description="The header's row, or rows that make it together; else it is searched.",
    )
    skip_rows: Annotated[tuple[SkipPart, ...], Field(min_length=1)] | None = Field(
        default=None, description="Rows that are no records; blank rows never are."
    )
    defaults: Pairs | None = Field(
        default=None, description="Fields and values for rows that have none."
    )
    blank_if: Texts | None = Field(
        default=None, description="Texts that mean blank in all fields but names."
    )
    midnight: Midnight | None = Field(
        default=None, description="The same as beside a field, for all its times."
    )
    duplicates: Literal["error", "first", "last"] = Field(
        default="error", description="What to do with a repeated key."
    )
    blanks: Literal["omit", "send"] = Field(
        default="omit", description="Whether blank cells are sent."
    )
    fields: Annotated[dict[str, FieldRule], Field(min_length=1)] = Field(
        description="OPSCOM's fields, each with a header or a rule."
    )
    ask: tuple[AskPart, ...] | None = Field(
        default=None,
        description="What `map` could not know; a mapping with open questions is not used.",
    )


def json_schema() -> dict[str, JsonValue]:
    """Return the format as a JSON Schema (draft 2020-12) for editors.

    Beyond the keys it knows, by endpoint, the field names that ``fields`` and ``defaults`` take.
    """
    from schemas import TABLES

    schema: dict[str, JsonValue] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    for key, value in MappingFile.model_json_schema().items():
        schema[key] = _tidy(value)
    schema["title"] = "OPSCOM import mapping"
    by_endpoint: list[JsonValue] = []
    for endpoint, table in TABLES.items():
        names: JsonValue = {"propertyNames": {"enum": list(table.names)}}
        fields: JsonValue = {"properties": {"fields": names, "defaults": names}}
        chosen: JsonValue = {"properties": {"endpoint": {"const": endpoint}}}
        by_endpoint.append({"if": chosen, "then": fields})
    schema["allOf"] = by_endpoint
    return schema


def _tidy(value: JsonValue) -> JsonValue:
    """Return a part of the schema without what only Python needs.

    A key that may be missing is written ``T | None`` in the model, but a file must not hold it
    without a value; and titles made from keys say nothing.
    """
    if isinstance(value, list):
        return [_tidy(item) for item in value if item != {"type": "null"}]
    if not isinstance(value, dict):
        return value
    kept = {
        key: _tidy(item)
        for key, item in value.items()
        if not (key == "title" and isinstance(item, str))
        and not (key == "default" and item is None)
    }
    match kept.get("anyOf"):
        case [dict(only)]:
            return {**only, **{key: item for key, item in kept.items() if key != "anyOf"}}
        case _:
            return kept


STAND_INS: Mapping[str, Value] = {
    "version": "1",
    "endpoint": next(iter(TABLES)),
    "fields": {"-": "-"},
}
"""Stand for what a mapping lacks, so that the rest can be looked at too."""
Form = TypeVar("Form", bound=Part)
_SENTENCES = {
    "string_type": "one text is wanted here, no list and no keys.",
    "tuple_type": "a list is wanted here, like [A, B].",
    "dict_type": "keys with values are wanted here, like {a: b}.",
    "model_type": "keys with values are wanted here, like {a: b}.",
    "too_short": "this is empty. Fill it or remove it.",
}
_FORMS = {"<text>": "one text", "<list>": "a list like [A, B]", "<keys>": "keys like {a: b}"}


def validate(
    document: Document, form: type[Form], stand_ins: Mapping[str, Value] | None = None
) -> tuple[Form | None, list[Fault], set[Place]]:
    """Hold a document against a format.

    Args:
        document: The file.
        form: Its keys and what they take.
        stand_ins: Values for keys that must be there, where they are missing or wrong.

    Returns:
        The file (where parts are wrong, what is left without them, so that the rest can be looked at
        too; ``None`` where nothing sound is left), all faults of form, and the places that have one.
    """
    faults = list(_nothings(document, document.data, ()))
    try:
        return form.model_validate(document.data), faults, set()
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
            faults.append(document.fault(place, _sentence(detail, place, form)))
    try:
        sound = {**(stand_ins or {}), **rest} if isinstance(rest, dict) else rest
        return form.model_validate(sound), faults, broken
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


def _sentence(detail: ErrorDetails, place: Place, form: type[BaseModel]) -> str:
    match detail["type"]:
        case "extra_forbidden":
            return f"there is no such key.{did_you_mean(str(place[-1]), _keys(place, form))}"
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


def _keys(place: Place, form: type[BaseModel]) -> list[str]:
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
            part = form
    return [known.alias or name for name, known in part.model_fields.items()]
