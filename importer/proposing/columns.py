"""Where each column goes by itself: what its header and its values say, added up in one place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from importer.proposing.fitting import Fit, fit
from importer.proposing.naming import FIRM, MAY, PART, SURE, read_headers
from importer.proposing.neighbours import settle
from importer.proposing.profiles import names_of
from importer.proposing.proposal import NOT_SENT, Confidence, Place
from importer.text import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from importer.proposing.naming import Named, Naming
    from importer.proposing.profiles import Profile

_MOST = 0.5


def place_columns(
    profiles: Sequence[Profile], endpoint: str, known: Mapping[str, str] | None = None
) -> tuple[Place, ...]:
    """Return where each column goes, in the order of the sheet; a column of two fields comes twice.

    Args:
        profiles: The columns.
        endpoint: What the rows are.
        known: The name that a mapping uses (folded) → field or ``not sent``, as a
            person said.
    """
    said = known or {}
    namings = read_headers([p.column.header for p in profiles], endpoint)
    names = names_of(p.column for p in profiles).values()
    answers = [said.get(fold(name)) for name in names]
    places = [
        _weigh(p, naming, endpoint) if answer is None else _answered(p, answer)
        for p, naming, answer in zip(profiles, namings, answers, strict=True)
    ]
    fixed = {at for at, answer in enumerate(answers) if answer is not None}
    return settle(places, namings, endpoint, fixed)


def _answered(profile: Profile, answer: str) -> Place:
    field, _, second = answer.partition(" (")
    if field == NOT_SENT:
        return Place(profile, None, "none", Confidence.NONE, "you said so")
    how = {"joined)": "join", "second choice)": "first_of"}.get(second, "direct")
    return Place(profile, field, how, Confidence.SURE, "you said so", SURE)


def _weigh(profile: Profile, naming: Naming, endpoint: str) -> Place:
    """Return where a column goes by its own header and values."""
    none = Place(profile, None, "none", Confidence.NONE, "no field of OPSCOM has this name")
    passwords = profile.share("password") > _MOST and profile.different > _MOST
    if naming.never or passwords:
        what = (
            f"this is {naming.never}: it is"
            if naming.never
            else "these look like passwords: they are"
        )
        return replace(none, reason=f"{what} never sent", secret=True)
    if naming.fields:
        return max([none, *(_claim(profile, named) for named in naming.fields)], key=_rank)
    if naming.other or naming.unsent:
        about = f"it is about {naming.other}" if naming.other else "OPSCOM has no field for this"
        return replace(none, reason=about)
    if not profile.column.header:
        return replace(none, reason="the column has no header; write one to have it sent")
    form = {"users": "email", "vehicles": "vin"}.get(endpoint)
    if form and profile.share(form) > FIRM:
        reason = f"the header says nothing, and {fit(form, profile).why}"
        return Place(profile, form, "direct", Confidence.ASK, reason, 0.1)
    return none


def _rank(place: Place) -> tuple[int, float]:
    return place.rank


def _claim(profile: Profile, named: Named) -> Place:
    """Return what one field's claim on a column comes to: the header's word weighed with the values'."""
    fitting = fit(named.field, profile)
    said = "the header says so" if named.strength >= SURE else "the header may mean it"
    if named.unknown:
        said = f"the header holds its words, and {', '.join(named.unknown)}"
    strength = named.strength + 0.01 * len(named.words)
    if fitting.fit is Fit.FITS:
        # Values of a form that only this field's have.
        form = {"user_name": "account", "province": "province", "prov": "province"}.get(named.field)
        strength += 0.05 * (form is not None and profile.share(form) > _MOST)
    confidence = _confidence(profile, named, fitting.fit)
    if fitting.fit is Fit.AGAINST:
        said = f"the header may mean {named.field}, but {fitting.why}"
    elif fitting.why:
        said = f"{said}; {fitting.why}"
    if confidence is Confidence.NONE:
        return Place(profile, None, "none", confidence, said, strength)
    return Place(
        profile, named.field, "direct", confidence, said, strength,
        ordinal=named.ordinal, grade=named.grade,
    )  # fmt: skip


def _confidence(profile: Profile, named: Named, values: Fit) -> Confidence:
    """Return how sure a field is: values can veto a header, and only both together are sure."""
    firm = named.strength >= FIRM
    few = named.strength >= PART and len(named.unknown) <= 1
    blank = not profile.counts
    if values is Fit.AGAINST or (
        values is Fit.SILENT and not firm and (blank or named.strength < PART * MAY)
    ):
        return Confidence.NONE
    if values is Fit.FITS and firm:
        return Confidence.SURE
    if firm or (values is Fit.FITS and (named.strength >= MAY * FIRM or few)):
        return Confidence.LIKELY
    return Confidence.ASK
