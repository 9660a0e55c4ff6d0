"""The mapping file's format: its keys, what they take, its faults in our words, and a JSON Schema."""

from __future__ import annotations

import codecs
import datetime as dt
import re
import zoneinfo
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, TypeVar

import regex
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import NullableSchema, WithDefaultSchema

from importer.mapping.dates import DateFormat, compile_format
from importer.mapping.document import Document, Fault, Place, did_you_mean
from importer.text import clean, fold
from schemas import TABLES


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _rule(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


def _pattern(value: object) -> object:
    try:
        return regex.compile(value)
    except (regex.error, OverflowError, RecursionError, TypeError) as error:
        reason = error.msg if isinstance(error, regex.error) else "one text is wanted"
        raise ValueError(
            f"this is not a valid regular expression ({reason}). Correct it."
        ) from None


def _one_group(pattern: regex.Pattern[str]) -> regex.Pattern[str]:
    if pattern.groups != 1:
        raise ValueError("this needs exactly one group ( ); use (?: ) for others.")
    return pattern


def _lookup(value: object) -> object:
    if value == "user-types":
        return value
    if not isinstance(value, dict) or any(isinstance(text, dict | list) for text in value.values()):
        raise ValueError('this must be user-types or a table like {Full Time: "1"}.')
    seen: set[str] = set()
    for name in value:
        if fold(name) in seen:
            raise ValueError(f'"{name}" stands here twice, but for case and blanks. Remove one.')
        seen.add(fold(name))
    return {clean(name): clean(text or "") for name, text in value.items()}


def _format(value: object) -> object:
    return compile_format(value) if isinstance(value, str) else value


def _encoding(value: str) -> str:
    try:
        "".encode(value)  # not of bytes or of letters, as hex and rot13 are
        return codecs.lookup(value).name
    except LookupError:
        raise ValueError("there is no such encoding, like utf-8 or windows-1252.") from None


# Editors read `pad: 9` and `value: NO` as a number and a boolean; the product reads them as text.
Text = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean"]})]
Header = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1)]
Count = Annotated[int, Field(ge=1, le=9_999_999)]
List = Annotated[tuple[Text, ...], Field(min_length=1)]
Texts = Annotated[List, BeforeValidator(_listed, json_schema_input_type=Text | List)]
Headers = Annotated[tuple[Header, ...], Field(min_length=1)]
Rows = Annotated[tuple[Count, ...], Field(min_length=1)]
Form = Annotated[DateFormat, BeforeValidator(_format, json_schema_input_type=Text)]
Pairs = Annotated[dict[Annotated[str, Field(min_length=1)], Text], Field(min_length=1)]
Lookup = Annotated[
    Literal["user-types"] | dict[str, str],
    BeforeValidator(_lookup, json_schema_input_type=Literal["user-types"] | Pairs),
]
Pattern = Annotated[regex.Pattern[str], BeforeValidator(_pattern, json_schema_input_type=Text)]
Conversion = Literal[
    "upper", "lower", "title", "digits", "plate", "phone", "email", "province", "unwrap"
]
Conversions = Annotated[tuple[Conversion, ...], Field(min_length=1)]
Midnight = Literal["date", "time"]
if TYPE_CHECKING:
    Endpoint: TypeAlias = str
else:
    Endpoint = Literal[*TABLES]


class Part(BaseModel):
    """Keys of a file of ours; others are refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, use_attribute_docstrings=True
    )


class MatchPart(Part):
    """Which files a mapping is for."""

    files: Texts
    """Patterns of file names, like `*student*`; case does not count."""


class SkipPart(Part):
    """Rows that are no records."""

    columns: Headers = ()
    """Headers of the columns that are all blank."""
    column: Header | None = None
    """Header of one column."""
    blank: bool = False
    """`true`: the row is passed over where all are blank."""
    matches: Pattern | None = None
    """A regular expression for the whole cell."""
    struck: bool = False
    """`true`: rows whose mapped cells are struck out."""
    fill: Annotated[Text, StringConstraints(pattern="^[0-9A-Fa-f]{6}$", to_upper=True)] | None = (
        None
    )
    """Rows with this colour behind their cells: RRGGBB."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers that it looks at; none where it goes by what cells look like."""
        return self.columns if self.column is None else (self.column,)


class RulePart(Part):
    """Where one field comes from, and what is done to its text, in this order."""

    column: Header | None = None
    """A header; `Phone#2` is the second of that header."""
    first_of: Headers = ()
    """Headers; the first that is filled counts."""
    join: Headers = ()
    """Headers; what is filled is joined."""
    separator: Text = " "
    """Between joined parts; a blank by default."""
    optional: bool = False
    """`true`: the header may be missing."""
    value: Text | None = None
    """The same for every row."""
    blank_if: Texts = ()
    """Texts of a cell that mean blank."""
    extract: Annotated[Pattern, AfterValidator(_one_group)] | None = None
    """A regular expression with one group ( ); the group is taken."""
    replace: Pairs | None = None
    """Pieces of text and what stands for them instead."""
    convert: Annotated[
        Conversions, BeforeValidator(_listed, json_schema_input_type=Conversion | Conversions)
    ] = ()
    """Conversions, in their order."""
    lookup: Lookup | None = None
    """Names and what to send for them, or `user-types` for OPSCOM's own list."""
    otherwise: Literal["keep", "omit"] | None = Field(default=None, alias="else")
    """What becomes of a value that `lookup` does not list: sent as it is, or left out."""
    pad: Count | None = None
    """Digits to fill up to with zeros at the left."""
    date: Annotated[
        Annotated[tuple[Form, ...], Field(min_length=1)],
        BeforeValidator(_listed, json_schema_input_type=Text | List),
    ] = ()
    """Forms of the dates, like `%d/%m/%Y`, tried in order."""
    time: Annotated[dt.time, WithJsonSchema({"type": "string"})] | None = None
    """Time of day for dates that have none, `hh:mm:ss`."""
    midnight: Midnight | None = None
    """Whether a time of 00:00:00 is a `time` or stands for a `date` alone."""
    timezone: zoneinfo.ZoneInfo | None = None
    """Zone for times with an offset: America/Toronto."""
    decimal: Literal[".", ","] = "."
    """The character before the cents."""
    as_shown: bool = False
    """`true`: send what looks ruined; you vouch for it."""
    truncate: bool = False
    """`true`: cut what is too long, with a warning."""
    if_invalid: Literal["omit"] | None = None
    """`omit`: leave an invalid value out, with a warning; optional fields only."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers that it takes from, as written; none for a constant."""
        return self.first_of or self.join or (() if self.column is None else (self.column,))


FieldRule = Annotated[RulePart, BeforeValidator(_rule, json_schema_input_type=Text | RulePart)]


class AskPart(Part):
    """A question of `map` that nobody answered yet."""

    field: Text | None = None
    """The field that it is about."""
    column: Text | None = None
    """The column that it is about."""
    question: Text
    """What a person is asked."""
    choices: List | None = None
    """What may be answered."""


class MappingFile(Part):
    """How a spreadsheet's columns become the fields of an OPSCOM endpoint."""

    version: Annotated[Literal["1"], WithJsonSchema({"enum": [1, "1"]})]
    """The format of this file."""
    name: Text | None = None
    """What people call it; the file's name by default."""
    endpoint: Endpoint
    """What the rows are in OPSCOM."""
    match: MatchPart | None = None
    """Which files it is for without --mapping."""
    sheet: Texts = ()
    """Sheets by name; else all with the mapped headers."""
    encoding: Annotated[Text, AfterValidator(_encoding)] | None = None
    """The encoding of text files: utf-8, windows-1252, mac-roman."""
    header_row: Annotated[Rows, BeforeValidator(_listed, json_schema_input_type=Count | Rows)] = ()
    """The header's row, or rows that make it together; else it is searched."""
    skip_rows: Annotated[tuple[SkipPart, ...], Field(min_length=1)] = ()
    """Rows that are no records; blank rows never are."""
    defaults: Pairs | None = None
    """Fields and values for rows that have none."""
    blank_if: Texts = ()
    """Texts that mean blank in all fields but names."""
    midnight: Midnight | None = None
    """The same as beside a field, for all its times."""
    duplicates: Literal["error", "first", "last"] = "error"
    """What to do with a repeated key."""
    blanks: Literal["omit", "send"] = "omit"
    """Whether blank cells are sent."""
    fields: Annotated[dict[str, FieldRule], Field(min_length=1)]
    """OPSCOM's fields, each with a header or a rule."""
    seen: dict[str, tuple[Text, ...]] | None = None
    """The columns that are not sent, with the values that tell who has left; what is new since is said."""
    ask: tuple[AskPart, ...] = ()
    """What `map` could not know; a mapping with open questions is not used."""


class _Schema(GenerateJsonSchema):
    """Without what only Python needs: a key that may be missing has a value where it stands."""

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        bare = not schema.get("default")
        return self.generate_inner(schema["schema"]) if bare else super().default_schema(schema)

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002
        return False


def json_schema() -> JsonSchemaValue:
    """Return the format as a JSON Schema (draft 2020-12) for editors.

    Beyond the keys it knows, by endpoint, the field names that ``fields`` and ``defaults`` take.
    """
    names = {name: {"propertyNames": {"enum": list(TABLES[name].names)}} for name in TABLES}
    by_endpoint = [
        {
            "if": {"properties": {"endpoint": {"const": endpoint}}},
            "then": {"properties": {"fields": known, "defaults": known}},
        }
        for endpoint, known in names.items()
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **MappingFile.model_json_schema(schema_generator=_Schema),
        "title": "OPSCOM import mapping",
        "allOf": by_endpoint,
    }


Checked = TypeVar("Checked", bound=Part)
_SENTENCES = {
    "string_type": "one text is wanted here, no list and no keys.",
    "tuple_type": "a list is wanted here, like [A, B].",
    "dict_type": "keys with values are wanted here, like {a: b}.",
    "model_type": "keys with values are wanted here, like {a: b}.",
    "too_short": "this is empty. Fill it or remove it.",
    "string_too_short": "this is empty. Fill it or remove it.",
    "bool_parsing": "write true or false here.",
    "int_parsing": "write a whole number from 1 here.",
    "greater_than_equal": "write a whole number from 1 here.",
    "string_pattern_mismatch": "write the colour as six digits, like FF0000 for red.",
    "time_parsing": 'this is not a time of day. Write it like "08:30:00".',
    "zoneinfo_str": "there is no such time zone, like America/Toronto.",
}


def validate(document: Document, form: type[Checked], faults: list[Fault]) -> Checked | None:
    """Return a document under a format; where it breaks that, ``None``, and ``faults`` takes why, in our words."""
    try:
        return form.model_validate(document.data)
    except ValidationError as error:
        details = error.errors()
    for detail in details:
        place = tuple(part for part in detail["loc"] if part != "[key]")
        # A list whose entries are wrong is said to be empty, too.
        told = detail["type"] == "too_short" and detail["input"]
        if detail["type"] == "missing":
            faults.append(document.fault(place[:-1], f"`{place[-1]}` is missing. Add it."))
        elif detail["input"] is not None and not told:
            faults.append(document.fault(place, _sentence(detail, place, form)))
    return None


def _sentence(detail: ErrorDetails, place: Place, form: type[Part]) -> str:
    match detail["type"]:
        case "extra_forbidden":
            return f"there is no such key.{did_you_mean(str(place[-1]), _keys(place, form))}"
        case "literal_error":
            known = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", "")))
            *most, last = known
            offer = did_you_mean(str(detail["input"]), known) if most else ""
            return f"this must be {' or '.join([', '.join(most), last] if most else known)}.{offer}"
        case "value_error":
            return str(detail.get("ctx", {}).get("error", "this is wrong."))
        case kind:
            return _SENTENCES.get(kind, "this is wrong here.")


def _keys(place: Place, form: type[Part]) -> list[str]:
    """Return the keys that stand beside the last one of a place in the format."""
    parts: dict[str | int, type[Part]] = {
        "match": MatchPart, "skip_rows": SkipPart, "fields": RulePart, "ask": AskPart
    }  # fmt: skip
    part = parts.get(place[0], form) if place[1:] else form
    return [known.alias or name for name, known in part.model_fields.items()]
