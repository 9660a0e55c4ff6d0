"""Columns and answers become the fields of a mapping, and what OPSCOM needs and none gives is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from importer.proposing.answers import COLUMNS, FIELDS
from importer.proposing.proposal import NOT_SENT, Confidence, Draft, Question
from importer.proposing.turning import PROVINCES, Turn, turn
from importer.schema import Need

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from importer.proposing.proposal import Place
    from importer.proposing.turning import Drafting

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
_OFFERED: Final = {
    "login_source": ("OPSCOM", "LDAP", "SSO"),
    "plateType": ("Passenger", "Commercial", "Motorcycle"),
    "prov": PROVINCES,
}
BY_COLUMN: Final = ("unique_id", "plate", "referenceID")
"""Fields that differ from row to row, so that a column must give them."""


def draft(drafting: Drafting, places: Sequence[Place]) -> None:
    """Draft every field that columns give, in the vendor's order, then ask for what none gives."""
    by_field: dict[str, list[Place]] = {}
    for place in places:
        if place.field:
            by_field.setdefault(place.field, []).append(place)
        if place.confidence is Confidence.ASK:
            drafting.questions.append(_which(drafting, place))
    drafting.dated = (
        [
            place.profile
            for name in ("date_of_birth", "startTime", "endTime")
            for place in by_field.get(name, [])
        ]
        + [profile for profile in drafting.look.profiles if profile.share("date") > 0.9]  # noqa: PLR2004
    )
    for known in drafting.table.fields:
        found = by_field.get(known.name, [])
        used = [place for place in found if place.used]
        if found:
            refs = [drafting.ref(place) for place in used or found[:1]]
            made = Turn(
                drafting,
                known,
                (used or found)[0],
                refs[0],
                _taken(known.name, used or found[:1], refs),
            )
            why = turn(made, asked=bool(used))
            plain = set(made.rule) == {"column"}
            if used:
                drafting.drafts.append(Draft(known.name, refs[0] if plain else made.rule, why))
    _ask_for_missing(drafting, by_field)


def _taken(field: str, places: Sequence[Place], refs: list[str]) -> dict[str, object]:
    """Return where a field is taken from."""
    if len(places) == 1:
        return {"column": refs[0]}
    if any(place.how == "join" for place in places):
        return {"join": refs, "separator": _SEPARATORS.get(field, " ")}
    return {"first_of": refs}


def _which(drafting: Drafting, place: Place) -> Question:
    header = drafting.ref(place)
    proposed = place.field or ""
    examples = ", ".join(place.profile.examples)
    text = f'Is "{header}" ({examples}) {proposed}? {place.reason[:1].upper()}{place.reason[1:]}.'
    return Question(
        "column", (COLUMNS, header), text, (proposed, NOT_SENT), column=header, field=proposed
    )


def _ask_for_missing(drafting: Drafting, by_field: Mapping[str, list[Place]]) -> None:
    """Ask for what OPSCOM needs and no column gives; of a group one field is enough."""
    groups: set[str] = set()
    for known in drafting.table.fields:
        if known.need not in {Need.REQUIRED, Need.ONE_OF} or by_field.get(known.name):
            continue
        names = [known.name]
        if known.need is Need.ONE_OF:
            names = [field.name for field in drafting.table.group(known.group)]
            if known.group in groups or any(by_field.get(name) for name in names):
                continue
            groups.add(known.group)
        # Of a number of OPSCOM and a name for it a person knows the name.
        _ask_field(drafting, names[-1])


def _ask_field(drafting: Drafting, name: str) -> None:
    said = drafting.answers.get(FIELDS, name)
    if said is not None and name not in BY_COLUMN:
        drafting.drafts.append(Draft(name, {"value": said}, "the same for all, as you said"))
        return
    choices = _OFFERED.get(name, ())
    if name in BY_COLUMN:
        different = [p for p in drafting.look.profiles if p.different == 1 and p.filled == p.rows]
        choices = tuple(drafting.look.headers[p.column.position] for p in different)
    drafting.questions.append(
        Question(
            "field", (FIELDS, name), _MISSING[name], choices, field=name, free=name not in BY_COLUMN
        )
    )
