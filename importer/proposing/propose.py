"""The line of a proposal: a file is looked at once, and proposed again with every answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias, cast

from importer.mapping import missing_headers
from importer.proposing.answers import COLUMNS, FIELDS, ROWS, VALUES, Answers
from importer.proposing.columns import place_columns
from importer.proposing.fields import OFFERED, draft
from importer.proposing.proposal import NOT_SENT, Draft, Proposal, Question, Skip
from importer.proposing.rows import Rows, judge_rows
from importer.proposing.values import Drafting
from importer.text import fold
from schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from importer.mapping import Mapping as Known
    from importer.mapping.document import Document
    from importer.proposing.proposal import Look
    from importer.proposing.sheets import Seen
    from importer.workspace import UserType

Rule: TypeAlias = "str | Mapping[str, object]"
_OF_VALUES = ("lookup", "blank_if", "replace")


@dataclass(frozen=True, slots=True)
class Office:
    """What the office brings: OPSCOM's user types as kept, and what it confirmed before, by endpoint."""

    types: Sequence[UserType] = ()
    glossary: Mapping[str, Answers] = field(default_factory=dict)

    def known(self, endpoint: str, said: Answers) -> Answers:
        """Return what a person says now, over what was confirmed."""
        return said.over(self.glossary.get(endpoint, Answers()))


def propose_file(
    seen: Sequence[Seen], said: Answers, office: Office, *, endpoint: str | None = None
) -> Proposal:
    """Return the proposal for a file; which sheet is meant and what its rows are is asked where two fit.

    Args:
        seen: The sheets that fit.
        said: What the person said so far.
        office: What the office brings.
        endpoint: What the person says the rows are.
    """
    known = [said, *office.glossary.values()]

    def choose(name: str, text: str, choices: tuple[str, ...]) -> str:
        answers = (answers.get(ROWS, name) for answers in known)
        answer = next((a for a in answers if a in choices), None)
        if answer is None and len(choices) > 1:
            asked.append(Question("row", (ROWS, name), text, choices, choices[0]))
        return answer or choices[0]

    asked: list[Question] = []
    names = tuple(each.look.sheet.name or "" for each in seen)
    sheet = choose("sheet", "Several sheets hold rows that OPSCOM takes. Which is meant?", names)
    chosen = seen[names.index(sheet)]
    endpoint = endpoint or choose("endpoint", "What are the rows?", chosen.endpoints)
    proposal = propose(chosen.look, endpoint, office.known(endpoint, said), types=office.types)
    return replace(proposal, questions=(*asked, *proposal.questions))


def propose(
    look: Look, endpoint: str, answers: Answers, *, types: Sequence[UserType] = ()
) -> Proposal:
    """Return a proposed mapping with what is unsure about it.

    Args:
        look: The sheet.
        endpoint: What its rows are.
        answers: What the person and the office said so far.
        types: OPSCOM's user types, as kept.
    """
    table = TABLES[endpoint]
    columns = answers.columns
    headers = {fold(header) for header in look.headers.values()} - {""}
    for known in table.fields:
        column = fold(answers.get(FIELDS, known.name) or "")
        if column in headers and known.name not in OFFERED:
            columns.setdefault(column, known.name)
    places = place_columns(look.profiles, endpoint, columns)
    order = [known.name for known in table.fields]
    drafting = Drafting(look, table, answers, types)
    draft(drafting, places)
    used = {place.field for place in places if place.used}
    keys = [next((name for name in part if name in used), part[0]) for part in table.key]
    skips, questions, duplicates = judge_rows(Rows(look, places, answers, keys))
    drafts = sorted(drafting.drafts, key=lambda made: order.index(made.field))
    values, asked = tuple(drafting.values), (*drafting.questions, *questions)
    return Proposal(
        look, endpoint, answers, places, tuple(drafts), values, tuple(skips), asked, duplicates
    )


def propose_anew(
    look: Look, mapping: Known, document: Document, said: Answers, office: Office
) -> Proposal:
    """Return a mapping that nearly fits as it is, with what this file needs beside.

    Args:
        look: The sheet.
        mapping: The mapping.
        document: Its file, whose rules are taken over as they are written.
        said: What a person said so far.
        office: What the office brings.
    """
    gone = {fold(header) for header in missing_headers(mapping, look.sheet.columns)}
    lost = {rule.field.name for rule in mapping.rules if gone & set(map(fold, rule.part.headers))}
    known = office.known(mapping.endpoint, said)
    made = propose(look, mapping.endpoint, known.over(_said(mapping, {})), types=office.types)
    renamed = {p.field: made.header(p) for p in made.places if p.field and p.field in lost}
    if renamed:
        before = _said(mapping, renamed)
        made = propose(look, mapping.endpoint, known.over(before), types=office.types)
    found = {each.field: each for each in made.drafts}
    ours = {rule.field.name for rule in mapping.rules}
    # What the mapping is made of has been loaded, so that its file has this shape.
    written = cast("Mapping[str, Rule]", document.data["fields"])
    drafts: list[Draft] = []
    questions = [
        q for q in made.questions
        if q.field in lost or (q.key[0] == VALUES and q.field in found.keys() & ours)
    ]  # fmt: skip
    for rule in mapping.rules:
        name, old = rule.field.name, written[rule.name]
        new = found.get(name)
        if name not in lost:
            drafts.append(Draft(name, _with_new(old, new), "as before"))
        elif new is not None:
            column = new.rule if isinstance(new.rule, str) else new.rule.get("column")
            taken = new.rule
            if isinstance(old, dict) and "column" in old and column:
                taken = _with_new({**old, "column": column}, new)
            drafts.append(Draft(name, taken, f"{new.why}; the mapping's own column is gone"))
        elif known.get(FIELDS, name) != NOT_SENT and all(q.field != name for q in questions):
            text = f'The column of {name} ("{", ".join(rule.part.headers)}") is gone. Which column is it now?'
            choices = (*look.headers.values(), NOT_SENT)
            questions.append(Question("field", (FIELDS, name), text, choices, field=name))
    said_beside = {key: value for key, value in document.data.items() if key != "fields"}
    rules = cast("Sequence[Mapping[str, object]]", said_beside.get("skip_rows") or ())
    return replace(
        made,
        drafts=tuple(drafts),
        questions=tuple(questions),
        skips=tuple(Skip(rule, (), "as before") for rule in rules),
        duplicates=str(said_beside.get("duplicates", "error")),
        kept=said_beside,
        like=mapping.path,
    )


def _with_new(old: Rule, new: Draft | None) -> Rule:
    """Return a rule as written, with the new values of its lookup and what else values need."""
    if isinstance(old, str) or new is None or isinstance(new.rule, str):
        return old
    if not isinstance(old.get("lookup"), dict):
        return old
    rule = dict(old)
    for part in _OF_VALUES:
        there, more = rule.get(part), new.rule.get(part)
        if isinstance(more, dict):
            pairs = there if isinstance(there, dict) else {}
            names = set(map(fold, pairs))
            rule[part] = pairs | {text: to for text, to in more.items() if fold(text) not in names}
        elif isinstance(more, list):
            texts = there if isinstance(there, list) else []
            rule[part] = [*texts, *(text for text in more if text not in texts)]
    return rule


def _said(mapping: Known, renamed: Mapping[str, str]) -> Answers:
    """Return what a mapping says as answers, of the values in a column that has another name now too."""
    given: dict[tuple[str, ...], str] = {}
    for rule in mapping.rules:
        name = rule.field.name
        if rule.part.value is not None:
            given[FIELDS, name] = rule.part.value
        lookup = rule.part.lookup if isinstance(rule.part.lookup, dict) else {}
        for header in (*rule.part.headers, *([renamed[name]] if name in renamed else [])):
            given.setdefault((COLUMNS, header), name)
            given |= {(VALUES, header, text): becomes for text, becomes in lookup.items()}
    return Answers(given)
