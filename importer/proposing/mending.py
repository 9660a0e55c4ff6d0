"""A mapping that nearly fits: what it says is kept, and only what is new is proposed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from importer.mapping import missing_headers
from importer.proposing.answers import COLUMNS, FIELDS, VALUES, Answers
from importer.proposing.proposal import NOT_SENT, Draft, Question
from importer.proposing.propose import propose
from importer.text import fold

if TYPE_CHECKING:
    from collections.abc import Mapping as Keys
    from collections.abc import Sequence

    from importer.mapping import Mapping
    from importer.mapping.document import Document
    from importer.proposing.proposal import Look, Proposal
    from importer.pulls.user_types import UserType


def propose_anew(
    look: Look, mapping: Mapping, document: Document, answers: Answers, types: Sequence[UserType]
) -> Proposal:
    """Return a mapping as it is, with what this file needs beside.

    Args:
        look: The sheet.
        mapping: The mapping that nearly fits.
        document: Its file, whose rules are taken over as they are written.
        answers: What a person said so far.
        types: OPSCOM's user types.
    """
    gone = {fold(header) for header in missing_headers(mapping, look.sheet.columns)}
    lost = {rule.field.name for rule in mapping.rules if gone & set(map(fold, rule.headers))}
    known = answers.over(_said(mapping))
    made = propose(look, mapping.endpoint, known, types=types)
    fields = document.data.get("fields")
    written = fields if isinstance(fields, dict) else {}
    drafts: list[Draft] = []
    places = {p.field: p for p in made.places if p.used}
    for draft in made.drafts:
        rule = next((r for r in mapping.rules if r.field.name == draft.field), None)
        if rule is None:
            continue
        old = written.get(rule.name)
        if rule.field.name in lost or not isinstance(old, str | dict):
            place = places.get(draft.field)
            why = f"{draft.why}; the mapping's own column is gone" if place else draft.why
            drafts.append(replace(draft, why=why))
        else:
            drafts.append(Draft(draft.field, _with_new(old, draft), "as before"))
    ours = {rule.field.name for rule in mapping.rules}
    questions = [q for q in made.questions if q.field in ours and _is_new(q, lost)]
    for name in sorted(lost - {draft.field for draft in drafts}):
        if not any(q.field == name for q in questions):
            headers = ", ".join(_headers(mapping, name))
            text = f'The column of {name} ("{headers}") is gone. Which column is it now?'
            choices = (*look.headers.values(), NOT_SENT)
            questions.append(
                Question("field", (FIELDS, f"{name} column"), text, choices, field=name)
            )
    return replace(made, drafts=tuple(drafts), questions=tuple(questions), skips=made.skips)


def _is_new(question: Question, lost: set[str]) -> bool:
    """Whether a question is about what the mapping lacks: a column that is gone, or a new value."""
    return question.field in lost or question.key[0] == VALUES


def _headers(mapping: Mapping, name: str) -> tuple[str, ...]:
    """Return the headers of a field's rules."""
    return tuple(h for rule in mapping.rules if rule.field.name == name for h in rule.headers)


def _with_new(old: object, draft: Draft) -> str | Keys[str, object]:
    """Return a rule as written, with the new values of its lookup."""
    if isinstance(old, str):
        return old
    rule = dict(old) if isinstance(old, dict) else {}
    lookup = rule.get("lookup")
    if isinstance(lookup, dict) and not isinstance(draft.rule, str):
        new = draft.rule.get("lookup", {})
        there = set(map(fold, lookup))
        if isinstance(new, dict):
            rule["lookup"] = lookup | {
                text: to for text, to in new.items() if fold(text) not in there
            }
        blank = draft.rule.get("blank_if")
        if blank:
            rule["blank_if"] = blank
    return rule


def _said(mapping: Mapping) -> Answers:
    """Return what a mapping says as answers."""
    answers = Answers()
    for rule in mapping.rules:
        name = rule.field.name
        if rule.part.value is not None:
            answers = answers.put((FIELDS, name), rule.part.value)
        for header in rule.headers:
            if answers.get(COLUMNS, header) is None:
                answers = answers.put((COLUMNS, header), name)
            lookup = rule.part.lookup
            for text, becomes in (lookup if isinstance(lookup, dict) else {}).items():
                answers = answers.put((VALUES, header, text), becomes)
    return answers
