"""Columns and answers become the fields of a mapping, and what OPSCOM needs and none gives is asked."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, available_timezones

from importer.mapping.dates import parse_datetime
from importer.proposing.answers import COLUMNS, FIELDS
from importer.proposing.profiles import province_of
from importer.proposing.proposal import JOINED, NOT_SENT, SECOND, Confidence, Draft, Question
from importer.proposing.values import PROVINCES, Turn, turn
from importer.schema import Kind, Need
from importer.text import fold, nearest
from schemas import TABLES
from schemas.kinds import judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from importer.proposing.proposal import Place
    from importer.proposing.values import Drafting

_SEPARATORS: Final = {"street": ", ", "phone_cell": "-"}
_MISSING: Final = {
    "unique_id": "No column is surely the id by which OPSCOM knows a person. Which column is it?",
    "login_source": "What is the login source of these people in OPSCOM (as on their profiles, the same for all)?",
    "plateType": "No column gives the plate type. Which is it for all (as OPSCOM names it)?",
    "prov": "No column gives the province or state of the plates. Which is it for all?",
    "endTime": "No column says when the permits end. When do they all end (yyyy-mm-dd hh:mm:ss)?",
    "startTime": "No column says when the permits start. When do they all start (yyyy-mm-dd hh:mm:ss)?",
    "plate": "No column is surely the plate. Which is it?",
    "referenceID": "No column is surely OPSCOM's reference id. Which is it?",
}
OFFERED: Final = {
    "login_source": ("OPSCOM", "LDAP", "SSO"),
    "plateType": ("Passenger", "Commercial", "Motorcycle"),
    "prov": PROVINCES,
}
"""Fields that may be the same for all rows → what is offered for them."""
BY_COLUMN: Final = ("unique_id", "plate", "referenceID")
"""Fields that differ from row to row, so that a column must give them."""
LAST: Final = "last "
"""Before a field's name: what was said of it for all rows of the file before."""
_TIMES: Final = {"startTime": dt.time(), "endTime": dt.time(23, 59, 59)}
_DATES: Final = {Kind.DATE, Kind.DATETIME}


def draft(drafting: Drafting, places: Sequence[Place]) -> None:
    """Draft every field that columns give, in the vendor's order, then ask for what none gives."""
    by_field: dict[str, list[Place]] = {}
    for place in places:
        if place.field:
            by_field.setdefault(place.field, []).append(place)
        if place.confidence is Confidence.ASK:
            drafting.questions.append(_which(drafting, place))
    dated = [p.profile for p in places if p.field in {"date_of_birth", *_TIMES}]
    profiles = drafting.look.profiles
    drafting.dated = (*dated, *(p for p in profiles if p.share("date") > 0.9))  # noqa: PLR2004
    for known in drafting.table.fields:
        found = by_field.get(known.name, [])
        used = [place for place in found if place.used]
        if not found:
            continue
        given = sorted(used or found[:1], key=lambda place: place.how == "first_of")
        refs = [drafting.look.headers[place.profile.column.position] for place in given]
        rule = _taken(known.name, given, refs)
        made = Turn(drafting, known, given[0], refs[0], rule, bool(used))
        why = turn(made)
        if used:
            plain = set(rule) == {"column"}
            drafting.drafts.append(Draft(known.name, refs[0] if plain else rule, why))
    _ask_for_missing(drafting, by_field)


def _taken(field: str, places: Sequence[Place], refs: list[str]) -> dict[str, object]:
    """Return where a field is taken from."""
    if len(places) == 1:
        return {"column": refs[0]}
    if any(place.how == "join" for place in places):
        return {"join": refs, "separator": _SEPARATORS.get(field, " ")}
    return {"first_of": refs}


def _which(drafting: Drafting, place: Place) -> Question:
    header = drafting.look.headers[place.profile.column.position]
    field = place.field or ""
    examples = ", ".join(place.profile.examples)
    text = f'Is "{header}" ({examples}) {field}? {place.reason[:1].upper()}{place.reason[1:]}.'
    return Question(
        "column", (COLUMNS, header), text, (field, NOT_SENT), column=header, field=field
    )


def _ask_for_missing(drafting: Drafting, by_field: Mapping[str, list[Place]]) -> None:
    """Ask for what OPSCOM needs and no column gives; of a group one field is enough."""
    groups: set[str] = set()
    for known in drafting.table.fields:
        names = [known.name]
        if known.need is Need.ONE_OF:
            names = [field.name for field in drafting.table.group(known.group)]
        if known.need not in {Need.REQUIRED, Need.ONE_OF} or groups & set(names):
            continue
        groups |= set(names)
        if not any(by_field.get(name) for name in names):
            # Of a number of OPSCOM and a name for it a person knows the name.
            _ask_field(drafting, names[-1])


def _ask_field(drafting: Drafting, name: str) -> None:
    said = drafting.answers.get(FIELDS, name)
    by_column = name in BY_COLUMN
    if said is not None and not by_column:
        if name in _TIMES:
            said = str(_moment(said, _TIMES[name]))
        drafting.drafts.append(Draft(name, {"value": said}, "the same for all, as you said"))
        return
    choices: Sequence[str] = OFFERED.get(name, ())
    if by_column:
        headers = drafting.look.headers
        different = [p for p in drafting.look.profiles if p.different == 1 and p.filled == p.rows]
        choices = [headers[p.column.position] for p in different or drafting.look.profiles]
    last = drafting.answers.get(FIELDS, f"{LAST}{name}") or ""
    # Within a term the end that was said of another file is offered, never taken unasked.
    last = last if last[:10] >= dt.datetime.now(dt.UTC).date().isoformat() else ""
    key, text = (FIELDS, name), _MISSING[name]
    drafting.questions.append(
        Question("field", key, text, tuple(choices), last, field=name, free=not by_column)
    )


def _moment(text: str, time: dt.time = _TIMES["startTime"]) -> object:
    """Return a date or a time as a mapping writes it, or what is wrong with it."""
    return parse_datetime(text, (), time=time, timezone=ZoneInfo("UTC"))


def fields_of(endpoint: str) -> tuple[str, ...]:
    """Return what a column may be: a field, a part of one, a second choice, or not sent."""
    made = [NOT_SENT]
    for known in TABLES[endpoint].fields:
        joinable = known.name in {"street", "last_name", "phone_cell"}
        second = known.kind in {Kind.EMAIL, Kind.PHONE}
        made += [known.name]
        made += [known.name + JOINED] if joinable else []
        made += [known.name + SECOND] if second else []
    return tuple(made)


def as_choice(answer: str, choices: Sequence[str]) -> str:
    """Return the choice that a person means by its number, its name or other capitals; else the answer."""
    said = fold(answer)
    same = [choice for choice in choices if fold(choice) == said]
    if not same:
        same = [choice for choice in choices if said in map(fold, choice.partition(" "))]
    return same[0] if said and len(same) == 1 else answer


def not_a_field(answer: str, endpoint: str) -> str:
    """Return why no column can be this; empty where one can."""
    fields = fields_of(endpoint)
    if answer in fields:
        return ""
    near = nearest(answer, fields)
    return f"OPSCOM has no field {answer}." + (f" Did you mean {near}?" if near else "")


def not_an_answer(question: Question, answer: str, endpoint: str) -> str:
    """Return why an answer cannot be; empty where it can. All ways to answer go through it."""
    if question.about == "column":
        return not_a_field(answer, endpoint)
    if answer in question.choices:
        return ""
    if question.choices and not question.free:
        return f"Answer one of: {', '.join(question.choices)}."
    if question.key == (FIELDS, "timezone"):
        known = answer in available_timezones()
        return "" if known else f"{answer} is not a time zone, as America/Toronto is."
    return not_a_value(answer, question.field, endpoint)


def not_a_value(answer: str, field: str, endpoint: str) -> str:
    """Return why a field cannot become this; empty where it can."""
    known = TABLES[endpoint].field(field)
    if known is None:
        return ""
    if known.kind in _DATES:
        date = isinstance(_moment(answer), str)
        return "" if date else f'"{answer}" is not a date. Write it as 2027-04-30.'
    text = answer.partition(" ")[0] if known.kind is Kind.NUMBER else answer
    text = (province_of(text) or text) if known.kind is Kind.PROVINCE else text
    found = next((found for found in judge(known.kind, text) if found.rule.holds), None)
    return (
        found.rule.message.replace("{this}", f'"{answer}"', 1)
        + "." * (found.rule.message[-1] != ".")
        if found
        else ""
    )
