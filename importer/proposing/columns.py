"""Where each column goes: what its header, its values and its neighbours say, added up in one place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from importer.proposing.fitting import PROVINCES, Fit, fit
from importer.proposing.naming import FIRM, MAY, PART, SURE, read_headers
from importer.proposing.neighbours import settle
from importer.proposing.proposal import NOT_SENT, Confidence, Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from importer.proposing.naming import Named, Naming
    from importer.proposing.profiles import Profile


def place_columns(
    profiles: Sequence[Profile], endpoint: str, known: Mapping[str, str] | None = None
) -> tuple[Place, ...]:
    """Return where each column goes, in the order of the sheet; a column of two fields comes twice.

    Args:
        profiles: The columns.
        endpoint: What the rows are.
        known: Header (folded, with ``#2`` for the second of its name) → field or ``not sent``, as a
            person said.
    """
    said = known or {}
    namings = read_headers([p.column.header for p in profiles], endpoint)
    places = [
        _answered(p, said[key]) if (key := key_of(p)) in said else _weigh(p, naming, endpoint)
        for p, naming in zip(profiles, namings, strict=True)
    ]
    fixed = {at for at, p in enumerate(profiles) if key_of(p) in said}
    return tuple(settle(places, namings, endpoint, fixed))


def key_of(profile: Profile) -> str:
    """Return the name under which a mapping and a glossary know a column."""
    from importer.text import fold

    column = profile.column
    return fold(column.header) + (f"#{column.number}" if column.number > 1 else "")


def _answered(profile: Profile, answer: str) -> Place:
    field, _, second = answer.partition(" (")
    if field == NOT_SENT:
        return Place(profile, None, "none", Confidence.NONE, "you said so")
    how = {"joined)": "join", "second choice)": "first_of"}.get(second, "direct")
    return Place(profile, field, how, Confidence.SURE, "you said so", SURE)


def _weigh(profile: Profile, naming: Naming, endpoint: str) -> Place:
    """Return where a column goes by its own header and values."""
    none = Place(profile, None, "none", Confidence.NONE, "no field of OPSCOM has this name")
    if naming.never:
        return replace(none, reason=f"this is {naming.never}: it is never sent", secret=True)
    if profile.share("password") > 0.5 and profile.different > 0.5:  # noqa: PLR2004 - most
        return replace(
            none, reason="the values look like passwords: they are never sent", secret=True
        )
    if naming.other and not naming.fields:
        return replace(none, reason=f"it is about {naming.other}")
    if naming.unsent:
        return replace(none, reason="OPSCOM has no field for this")
    best = none
    for named in naming.fields:
        found = _claim(profile, named)
        if found.rank > best.rank:
            best = found
    if best.field is None and not naming.fields and not naming.other:
        return _by_values(profile, endpoint, none)
    return best


def _claim(profile: Profile, named: Named) -> Place:
    """Return what one field's claim on a column comes to: the header's word weighed with the values'."""
    fitting = fit(named.field, profile)
    said = "the header says so" if named.strength >= SURE else "the header may mean it"
    if named.unknown:
        said = f"the header holds its words, and {', '.join(named.unknown)}"
    reason = f"{said}; {fitting.why}" if fitting.why else said
    place = Place(
        profile, named.field, "direct", Confidence.ASK, reason, named.strength + 0.01 * len(named.words),
        ordinal=named.ordinal, grade=named.grade,
    )  # fmt: skip
    if fitting.fit is Fit.AGAINST:
        reason = f"the header may mean {named.field}, but {fitting.why}"
        return replace(place, field=None, how="none", confidence=Confidence.NONE, reason=reason)
    firm = named.strength >= FIRM
    if fitting.fit is Fit.FITS:
        place = replace(place, strength=place.strength + 0.05 * _formed(named.field, profile))
        if firm and not profile.blank:
            return replace(place, confidence=Confidence.SURE)
        likely = named.strength >= MAY * FIRM or (
            named.strength >= PART and len(named.unknown) <= 1
        )
        return replace(place, confidence=Confidence.LIKELY if likely else Confidence.ASK)
    if firm:
        return replace(place, confidence=Confidence.LIKELY)
    if named.strength < PART * MAY or profile.blank:
        return replace(place, field=None, how="none", confidence=Confidence.NONE)
    return place


def _formed(field: str, profile: Profile) -> bool:
    """Whether values have a form that only this field's have."""
    return field in PROVINCES or (field == "user_name" and profile.share("account") > 0.5)  # noqa: PLR2004


def _by_values(profile: Profile, endpoint: str, none: Place) -> Place:
    """Return where a column goes whose header says nothing: asked where its values are of one form."""
    if profile.blank:
        return replace(none, reason="the column is empty and its header says nothing")
    forms = {"users": (("email", "email"),), "vehicles": (("vin", "vin"),)}.get(endpoint, ())
    for form, field in forms:
        if profile.share(form) > FIRM:
            reason = f"the header says nothing, and the values are {fit(field, profile).why}"
            return Place(profile, field, "direct", Confidence.ASK, reason, 0.1)
    return none
