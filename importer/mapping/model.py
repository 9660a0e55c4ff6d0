"""The mapping file's format: its keys, what they take, and a JSON Schema of it for editors."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

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
Conversion = Literal["upper", "lower", "title", "digits", "plate", "province"]
Endpoint = Literal["users", "vehicles", "permits", "permit-updates", "permit-deletes", "plates"]


def listed(texts: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Return one text, or several, or none, as a tuple."""
    if texts is None:
        return ()
    return (texts,) if isinstance(texts, str) else texts


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MatchPart(_Part):
    """Which files a mapping is for."""

    files: Texts = Field(
        description="Patterns of file names, like `*student*`; case does not count."
    )


class SkipPart(_Part):
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


class RulePart(_Part):
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
    pad: Count | None = Field(
        default=None, description="Digits to fill up to with zeros at the left."
    )
    date: Texts | None = Field(
        default=None, description="Forms of the dates, like `%d/%m/%Y`, tried in order."
    )
    time: Text | None = Field(
        default=None, description="Time of day for dates that have none, `hh:mm:ss`."
    )
    timezone: Text | None = Field(
        default=None, description="Zone for times with an offset: America/Toronto."
    )
    decimal: Literal[".", ","] | None = Field(
        default=None, description="The character before the cents."
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


class MappingFile(_Part):
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
    header_row: Count | None = Field(
        default=None, description="The header's row; else it is searched."
    )
    skip_rows: Annotated[tuple[SkipPart, ...], Field(min_length=1)] | None = Field(
        default=None, description="Rows that are no records; blank rows never are."
    )
    defaults: Pairs | None = Field(
        default=None, description="Fields and values for rows that have none."
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
