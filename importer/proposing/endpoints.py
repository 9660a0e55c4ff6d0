"""What the rows of a sheet are: users, vehicles, permits, or nothing that OPSCOM takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from importer.proposing.columns import place_columns
from importer.proposing.proposal import Confidence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from importer.proposing.profiles import Profile
    from importer.proposing.proposal import Place

ENDPOINTS: Final = ("users", "vehicles", "permits", "permit-updates")
_WEIGHTS: Final = {Confidence.SURE: 1.0, Confidence.LIKELY: 0.75, Confidence.ASK: 0.4}
_SPECIAL: Final = {
    "vehicles": {"make", "colour", "type", "vin", "plateType", "prov", "year"},
    "permits": {"startTime", "endTime", "permitNo", "zone"},
}
"""Fields beside the plate without which rows are no vehicles or permits."""
NEEDED: Final = {
    "users": "a name, and an id or an e-mail address",
    "vehicles": "a plate, and a make, type, colour, year, province or VIN",
    "permits": "a plate, and a permit's number, zone, start or end",
}
_LEAST: Final = 1.5
_FEWER: Final = {"users": 1.0, "vehicles": 1.4, "permits": 1.4, "permit-updates": 1.4}
"""Of a car or a permit there is less to say than of a person, whose name and phone may stand beside it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A sheet read as the rows of one endpoint."""

    endpoint: str
    places: tuple[Place, ...]
    score: float
    """0 where what the endpoint cannot do without is not there."""


def read_as(
    profiles: Sequence[Profile], endpoint: str, known: Mapping[str, str] | None = None
) -> Reading:
    """Return a sheet as the rows of an endpoint."""
    places = place_columns(profiles, endpoint, known)
    weights: dict[str, float] = {}
    for place in places:
        if place.field:
            weights[place.field] = max(weights.get(place.field, 0), _WEIGHTS[place.confidence])
    score = sum(weights.values()) * _FEWER[endpoint]
    return Reading(endpoint, places, score if _fits(endpoint, weights) else 0.0)


def _fits(endpoint: str, weights: Mapping[str, float]) -> bool:
    def has(*names: str, least: float = 0.4) -> bool:
        return any(weights.get(name, 0) >= least for name in names)

    if endpoint == "users":
        named = has("first_name", "last_name", least=0.75)
        return named and has("unique_id", "email", "user_name", "student_no", "employ_no")
    if endpoint == "permit-updates":
        return has("referenceID", least=0.75)
    special = _SPECIAL[endpoint]
    beside = sum(weight for name, weight in weights.items() if name in special)
    if endpoint == "permits":
        dated = has("startTime", least=0.75) and has("endTime", least=0.75)
        some = sum(has(name, least=0.75) for name in special) > 1
        return has("plate", least=0.75) and (dated or some or has("permitNo", least=1.0))
    return has("plate", least=0.75) and beside >= _LEAST / 2


def readings(
    profiles: Sequence[Profile], known: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[Reading, ...]:
    """Return the endpoints that a sheet's columns fit, the best first."""
    found = [read_as(profiles, endpoint, (known or {}).get(endpoint)) for endpoint in ENDPOINTS]
    fits = [reading for reading in found if reading.score > 0]
    return tuple(sorted(fits, key=lambda reading: reading.score, reverse=True))
