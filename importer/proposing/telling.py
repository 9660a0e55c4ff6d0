"""A proposal in the shapes that other programs and the terminal read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from importer.proposing.proposal import Confidence

if TYPE_CHECKING:
    from pathlib import Path

    from importer.proposing.proposal import Place, Proposal

_HOWS = ("first_of", "join", "lookup", "date", "extract")


def as_json(proposal: Proposal, mapping: Path | None, exit_code: int) -> dict[str, object]:
    """Return the proposal as `--json` prints it."""
    look = proposal.look
    return {
        "file": str(look.source.path),
        "sheet": look.sheet.name,
        "header_row": look.header_row,
        "endpoint": proposal.endpoint,
        "rows": len(look.sheet.frame),
        "columns": [
            {
                "header": place.profile.column.header,
                "letter": place.profile.column.letter,
                "field": place.field,
                "how": how(proposal, place),
                "confidence": place.confidence.value,
                "reason": place.reason,
                "examples": [] if place.secret else list(place.profile.examples),
            }
            for place in proposal.places
        ],
        "values": [
            {
                "column": value.column,
                "field": value.field,
                "value": value.value,
                "rows": value.rows,
                "becomes": value.becomes,
                "confidence": value.confidence.value,
            }
            for value in proposal.values
        ],
        "skip_rows": [
            {"rule": dict(s.rule), "rows": list(s.rows), "why": s.why} for s in proposal.skips
        ],
        "asks": [
            {
                "about": question.about,
                "column": question.column or None,
                "field": question.field or None,
                "question": question.text,
                "choices": list(question.choices),
            }
            for question in proposal.questions
        ],
        "mapping": None if mapping is None else str(mapping),
        "exit_code": exit_code,
    }


def nothing(file: Path, why: str, exit_code: int) -> dict[str, object]:
    """Return what `--json` prints of a file for which there is no proposal."""
    lists = dict.fromkeys(("columns", "values", "skip_rows", "asks"), ())
    none = dict.fromkeys(("sheet", "header_row", "endpoint", "mapping"))
    return {"file": str(file), "rows": 0, **none, **lists, "exit_code": exit_code, "error": why}


def how(proposal: Proposal, place: Place) -> str:
    """Return in one word how a column gives its field."""
    if place.field is None or place.confidence is Confidence.NONE:
        return "none"
    if place.how in {"join", "first_of", "split"}:
        return place.how
    made = next((draft for draft in proposal.drafts if draft.field == place.field), None)
    if made is None or not isinstance(made.rule, Mapping):
        return "lookup" if place.field == "user_type_id" else place.how
    rule = made.rule
    return next(
        (name for name in _HOWS if name in rule), "convert" if "convert" in rule else place.how
    )
