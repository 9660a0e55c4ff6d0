"""Rows that are struck out, or filled in a colour that a note explains: what is meant is always asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from importer.proposing.answers import ROWS
from importer.proposing.proposal import Question, Skip
from importer.proposing.rows import SEND, SKIP
from importer.text import spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from importer.proposing.answers import Answers
    from importer.proposing.proposal import Look, Place

_PLAIN_RE: Final = re.compile("[0-9A-F]{6}")
_COLOURS_RE: Final = re.compile(
    r"\b(?:red|orange|yellow|green|blue|purple|pink|gr[ea]y|rouges?|jaunes?|verte?s?|bleue?s?|roj[oa]s?|amarill[oa]s?"
    r"|azul(?:es)?|highlight\w*|colou?r\w*|couleur\w*)\b",
    re.IGNORECASE,
)


def ask_looks(
    look: Look, places: Sequence[Place], keys: Sequence[str], answers: Answers
) -> tuple[list[Skip], list[Question]]:
    """Ask about rows by how they look; an answer ``skip`` makes a rule."""
    sheet = look.sheet
    mapped = {p.profile.column.position for p in places if p.used}
    told_by = {p.profile.column.position for p in places if p.used and p.field in keys}
    colours = sorted({colour for cells in sheet.fills.values() for _, colour in cells})
    marked: list[tuple[str, dict[str, object], set[int], str]] = []
    struck = set(sheet.rows_marked(sheet.struck, told_by, mapped))
    if struck:
        marked.append(("struck out", {"struck": True}, struck, "are struck out"))
    for colour in filter(_PLAIN_RE.fullmatch, colours):
        rows = set(sheet.rows_marked(sheet.coloured(colour), told_by, mapped))
        legend = [
            text for _, text, behind in sheet.above if colour in behind or _COLOURS_RE.search(text)
        ]
        if legend and 0 < 2 * len(rows) < len(sheet.frame):
            how = f'have the background {colour}, and the sheet says "{legend[0][:60]}"'
            marked.append((f"background {colour}", {"fill": colour}, rows, how))
    skips, questions = [], []
    for name, rule, found, how in marked:
        numbers = sorted(int(sheet.rows[at]) for at in found)
        said = answers.get(ROWS, name)
        if said == SKIP:
            skips.append(Skip(rule, tuple(numbers), "not to be sent, as you said"))
        elif said is None:
            text = f"Rows {spans(numbers)} {how}. Are they not to be sent?"
            questions.append(Question("row", (ROWS, name), text, (SKIP, SEND)))
    return skips, questions
