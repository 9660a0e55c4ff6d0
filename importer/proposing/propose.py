"""The line of a proposal: a file is looked at once, and proposed again with every answer."""

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from importer.mapping import Mapping as Known
from importer.mapping import missing_headers
from importer.mapping.document import Document
from importer.proposing.answers import (
    COLUMNS,
    FIELDS,
    NOT_SENT,
    ROWS,
    VALUES,
    Answers,
    Key,
    Question,
)
from importer.proposing.columns import fit, place_columns
from importer.proposing.dating import read_date
from importer.proposing.profiles import without
from importer.proposing.proposal import ABOUT, Confidence, Draft, Look, Place, Proposal, Rule, Skip
from importer.proposing.rows import LEFT, judge_rows, passed_over
from importer.proposing.values import PLATE_TYPES, PROVINCES, Turn, turn
from importer.proposing.yaml_files import pattern
from importer.schema import Field, Need
from importer.text import fold
from importer.workspace import UserType
from schemas import TABLES

_SEPARATORS: Final = {"street": ", ", "last_name": " "}
"""What joins the parts of a field; of phones a dash does."""
_MISSING: Final = {
    "unique_id": "No column is surely the id by which OPSCOM knows a person. Which column is it?",
    "login_source": "What is the login source of these people in OPSCOM (as on their profiles, the same for all)?",
    "plateType": "No column gives the plate type. Which is it for all (as OPSCOM names it)?",
    "prov": "No column gives the province or state of the plates. Which is it for all?",
    "endTime": "No column says when the permits end. When do they all end (yyyy-mm-dd hh:mm:ss)?",
    "startTime": "No column says when the permits start. When do they all start (yyyy-mm-dd hh:mm:ss)?",
    "referenceID": "No column is surely OPSCOM's reference id. Which is it?",
}
OFFERED: Final = {
    "login_source": ("OPSCOM", "LDAP", "SSO"),
    "plateType": PLATE_TYPES,
    "prov": PROVINCES,
}
"""Fields that may be the same for all rows → what is offered for them."""
OF_A_LIST: Final = frozenset({(FIELDS, "plateType"), (FIELDS, "prov"), (ROWS, "endpoint")})
"""Answers about one list alone; the login source is that of the office."""
_NAMES: Final = ("first_name", "last_name")
_BY_COLUMN: Final = ("unique_id", "plate", "referenceID", *_NAMES)
"""Fields that differ from row to row, so that a column must give them."""
_ALSO_IDS: Final = {"email", "user_name", "student_no", "employ_no"}
_NEW: Final = "it is new since the mapping was made"
BESIDE: Final = " beside "
"""Between a header and that of the id in the glossary: what a value means is said of one kind of people."""
_TIMES: Final = {"startTime": dt.time(), "endTime": dt.time(23, 59, 59)}


@dataclass(frozen=True, slots=True)
class Office:
    """What the office brings: OPSCOM's user types as kept, and what it confirmed before, by endpoint."""

    types: Sequence[UserType] = ()
    glossary: Mapping[str, Answers] = field(default_factory=dict)

    def known(self, endpoint: str, said: Answers, look: Look) -> Answers:
        """Return what a person says now, over what was confirmed; numbers of rows are no ids, whatever was confirmed."""
        before = self.glossary.get(endpoint, Answers()).given
        counting = {fold(look.headers[p.column.position]) for p in look.profiles if p.counts_rows}
        held = {key for key in before if key[0] == COLUMNS and fold(key[1]) in counting}
        there = set(map(fold, look.headers.values()))
        kept: dict[Key, str] = {}
        for key, text in before.items():
            header, _, beside = key[1].partition(BESIDE)
            if key not in held and (not beside or fold(beside) in there):
                kept[key[0], header, *key[2:]] = text
        return said.over(Answers(kept))


def propose_file(
    looks: Sequence[Look], said: Answers, office: Office, *, endpoint: str | None = None
) -> Proposal:
    """Return the proposal for a file; which sheet is meant and what its rows are is asked where two fit.

    Args:
        looks: The sheets that fit.
        said: What the person said so far.
        office: What the office brings.
        endpoint: What the person says the rows are.
    """

    def choose(name: str, text: str, choices: tuple[str, ...]) -> str:
        kept = of_list(looks[0], name) if (ROWS, name) in OF_A_LIST else name
        before = (answers.get(ROWS, kept) for answers in office.glossary.values())
        answers = (said.get(ROWS, name), *before)
        answer = next((a for a in answers if a in choices), None)
        if answer is None and len(choices) > 1:
            asked.append(Question("row", (ROWS, name), text, choices, choices[0]))
        return answer or choices[0]

    asked: list[Question] = []
    names = tuple(look.sheet.name or "" for look in looks)
    sheet = choose("sheet", "Several sheets hold rows that OPSCOM takes. Which is meant?", names)
    chosen = looks[names.index(sheet)]
    endpoint = endpoint or choose("endpoint", "What are the rows?", chosen.endpoints)
    proposal = propose(chosen, endpoint, office.known(endpoint, said, chosen), types=office.types)
    proposal.questions[:0] = asked
    return proposal


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
    columns, fields = answers.columns, TABLES[endpoint].fields
    headers = {fold(header) for header in look.headers.values()} - {""}
    for known in fields:
        column = fold(answers.get(FIELDS, known.name) or "")
        if column in headers and known.name not in OFFERED:
            columns.setdefault(column, known.name)

    def placed(look: Look) -> Proposal:
        places = place_columns(look.profiles, endpoint, columns)
        return Proposal(look, endpoint, answers, places, types)

    made = placed(look)
    if skips := passed_over(made):
        # What stands in rows that are no records is neither an example nor asked.
        rows = [row for skip in skips for row in skip.rows]
        made = placed(replace(look, profiles=without(look.sheet, look.profiles, rows)))
        made.skips = skips
    made.questions += [_which(look, p) for p in made.places if p.confidence is Confidence.ASK]
    for known in fields:
        _draft(made, known)
    _ask_for_missing(made)
    order = [known.name for known in fields]
    made.drafts.sort(key=lambda draft: order.index(draft.field))
    judge_rows(made)
    return made


def _draft(made: Proposal, known: Field) -> None:
    """Draft a field that columns give; of one that is asked the values are listed."""
    found = [place for place in made.places if place.field == known.name]
    used = [place for place in found if place.used]
    if not found:
        return
    given = sorted(used or found[:1], key=lambda place: place.how == "first_of")
    refs = [made.look.header(place) for place in given]
    rule: dict[str, object] = {"column": refs[0]}
    if any(place.how == "join" for place in given[1:]):
        rule = {"join": refs, "separator": _SEPARATORS.get(known.name, "-")}
    elif len(refs) > 1:
        rule = {"first_of": refs}
    why = turn(Turn(made, known, given[0], refs[0], rule, bool(used)))
    if used:
        plain = set(rule) == {"column"}
        made.drafts.append(Draft(known.name, refs[0] if plain else rule, why))


def _which(look: Look, place: Place) -> Question:
    header, field = look.header(place), place.field or ""
    examples = ", ".join(place.profile.examples)
    text = f'Is "{header}" ({examples}) {field}? {place.reason[:1].upper()}{place.reason[1:]}.'
    choices = (field, NOT_SENT)
    return Question("column", (COLUMNS, header), text, choices, column=header, field=field)


def _ask_for_missing(made: Proposal) -> None:
    """Ask for what OPSCOM needs and no column gives; of a group one field is enough."""
    table, given = TABLES[made.endpoint], {place.field for place in made.places}
    for known in table.fields:
        names = [known.name]
        if known.need is Need.ONE_OF:
            names = [field.name for field in table.group(known.group)]
        needed = known.need in {Need.REQUIRED, Need.ONE_OF} or known.name in _NAMES
        if needed and not given & set(names):
            given |= set(names)
            # Of a number of OPSCOM and a name for it a person knows the name.
            _ask_field(made, names[-1])


def _ask_field(made: Proposal, name: str) -> None:
    key, by_column = (FIELDS, name), name in _BY_COLUMN
    said = made.answers.get(*key)
    if said is None and key in OF_A_LIST:
        said = made.answers.get(FIELDS, of_list(made.look, name))
    if name in _NAMES and said == NOT_SENT:
        return
    if said is None or by_column:
        choices = _may_give(made, name) if by_column else OFFERED.get(name, ())
        which = f"No column is surely the {name.replace('_', ' ')}. Which is it?"
        text = _MISSING.get(name, which)
        asked = Question("field", key, text, choices, field=name, free=not by_column)
        made.questions.append(asked)
    else:
        if name in _TIMES:
            said = read_date(said, time=_TIMES[name]) or said
        made.drafts.append(Draft(name, {"value": said}, "the same for all, as you said"))


def _may_give(made: Proposal, name: str) -> tuple[str, ...]:
    """Return the columns that may give a field, the likely ones alone where there are any."""
    header = made.look.header
    shown = [place for place in made.places if not place.secret and header(place)]
    if name in _NAMES:
        words = (p for p in shown if p.field is None and fit(name, p.profile)[0])
        return *map(header, words), NOT_SENT
    ours = [place for place in shown if not place.reason.startswith(ABOUT)]
    may_be = [place for place in ours if place.field is None or place.field in _ALSO_IDS]
    good = [p for p in may_be if fit(name, p.profile)[0] or p.field in {"email", "user_name"}]
    return tuple(dict.fromkeys(map(header, good or may_be or ours or shown)))


def of_list(look: Look, name: str) -> str:
    """Return how the glossary calls a field of all rows of this list, by the file's name without its term."""
    return f"{re.sub(r'[ _.-]*[*]$', '', pattern(look.source.path))} {name}"


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
    known = office.known(mapping.endpoint, said, look)

    def proposed(renamed: Mapping[str, str]) -> Proposal:
        # What a mapping says of values holds for a column that has another name now too.
        before = office.known(mapping.endpoint, said.over(_said(mapping, renamed)), look)
        return propose(look, mapping.endpoint, before, types=office.types)

    now = {p.field: look.header(p) for p in proposed({}).places if p.field}
    made = proposed({name: now[name] for name in lost & now.keys()})
    found = {each.field: each for each in made.drafts}
    told = {v.field for v in made.values if made.answers.get(VALUES, v.column, v.value)}
    ours = {rule.field.name for rule in mapping.rules}
    # What the mapping is made of has been loaded, so that its file has this shape.
    data = cast("dict[str, Any]", document.data)
    drafts: list[Draft] = []
    questions = [
        q for q in made.questions
        if q.field in lost or (q.key[0] == VALUES and q.field in found.keys() & ours)
    ]  # fmt: skip
    for rule in mapping.rules:
        name, old = rule.field.name, data["fields"][rule.name]
        new = found.get(name)
        if name not in lost:
            drafts.append(Draft(name, _with_new(old, new, told), "as before"))
        elif new is not None:
            column = new.rule if isinstance(new.rule, str) else new.rule.get("column")
            taken = new.rule
            if isinstance(old, dict) and "column" in old and column:
                taken = _with_new({**old, "column": column}, new, told)
            drafts.append(Draft(name, taken, f"{new.why}; the mapping's own column is gone"))
        elif known.get(FIELDS, name) != NOT_SENT and all(q.field != name for q in questions):
            text = f'The column of {name} ("{", ".join(rule.part.headers)}") is gone. Which column is it now?'
            choices = (*look.headers.values(), NOT_SENT)
            questions.append(Question("field", (FIELDS, name), text, choices, field=name))
    wanted = {p.field for p in made.places if said.get(COLUMNS, look.header(p))}
    drafts += [draft for draft in made.drafts if draft.field in wanted - ours]
    questions += _left_anew(made, mapping)
    sent = {draft.field for draft in drafts} | lost
    places = tuple(_beside(made, mapping, sent, said))
    anew = replace(made, places=places, drafts=drafts, kept=data, like=mapping.path)
    anew.questions = [*questions, *(_which(look, p) for p in anew.places if p.reason == _NEW)]
    if not mapping.is_for(look.source.path.name):
        anew.kept = {key: value for key, value in data.items() if key != "match"}
    rules = data.get("skip_rows") or ()
    left = (skip for skip in made.skips if skip.why == LEFT and skip.rule not in rules)
    anew.skips = [*(Skip(rule, (), "as before") for rule in rules), *left]
    anew.duplicates = str(data.get("duplicates", "error"))
    return anew


def _beside(
    made: Proposal, mapping: Known, sent: Collection[str], said: Answers
) -> Iterator[Place]:
    """Yield where columns go beside a mapping: as before where it names them, under each field that it takes from them."""
    mapped, seen = set(map(fold, mapping.headers)), mapping.file.seen
    before = {*mapped, *map(fold, seen or ())}
    for place in made.places:
        header = made.look.header(place)
        if place.field and place.field not in sent:
            if place.used and seen is not None and fold(header) not in before:
                yield replace(place, confidence=Confidence.ASK, reason=_NEW)
            else:
                yield place.nowhere(f"new; {mapping.name} gives no {place.field}")
        else:
            same = fold(header) in mapped and said.get(COLUMNS, header) is None
            yield replace(place, reason="as before") if same else place
        there = {p.field for p in made.places if p.profile is place.profile}
        for rule in mapping.rules if place.used else ():
            if fold(header) in map(fold, rule.part.headers) and rule.field.name not in there:
                yield replace(place, field=rule.field.name, reason="as before")


def _left_anew(made: Proposal, mapping: Known) -> list[Question]:
    """Return the questions who has left, but for values that the mapping passes over or has seen."""
    seen = mapping.file.seen or {}

    def passed(asked: Question) -> bool:
        rules = (part for part in mapping.file.skip_rows if asked.column in part.headers)
        return any(part.matches and part.matches.fullmatch(asked.value) for part in rules)

    asked = [q for q in made.questions if q.about == "row" and q.column and not passed(q)]
    return [q for q in asked if q.value not in seen.get(q.column, ())]


def _with_new(old: Rule, new: Draft | None, told: Collection[str]) -> Rule:
    """Return a rule as written, with the new values of its lookup and all that was said of the values."""
    if new is None or isinstance(new.rule, str):
        return old
    rule: dict[str, Any] = {"column": old} if isinstance(old, str) else dict(old)
    lookup, said = rule.get("lookup"), new.field in told
    if not said and not isinstance(lookup, dict):
        return old
    lookup = lookup if isinstance(lookup, dict) else {}
    names = {fold(text): text for text in lookup}
    more = {names.get(fold(text), text): to for text, to in new.rule.get("lookup", {}).items()}
    blanks = rule.get("blank_if") or []
    blanks = [blanks] if isinstance(blanks, str) else blanks
    parts = {
        "replace": {**rule.get("replace", {}), **(new.rule.get("replace", {}) if said else {})},
        "lookup": {**lookup, **more},
        "else": rule.get("else") if lookup else new.rule.get("else"),
        "blank_if": [*blanks, *(t for t in new.rule.get("blank_if", ()) if t not in blanks)],
    }
    return {**rule, **{name: part for name, part in parts.items() if part}}


def _said(mapping: Known, renamed: Mapping[str, str]) -> Answers:
    """Return what a mapping says as answers; of values also for a column that has another name now."""
    given: dict[tuple[str, ...], str] = {}
    for rule in mapping.rules:
        name = rule.field.name
        if rule.part.value is not None:
            given[FIELDS, name] = rule.part.value
        lookup = rule.part.lookup if isinstance(rule.part.lookup, dict) else {}
        for header in rule.part.headers:
            given.setdefault((COLUMNS, header), name)
        for header in (*rule.part.headers, *([renamed[name]] if name in renamed else [])):
            given |= {(VALUES, header, text): becomes for text, becomes in lookup.items()}
    return Answers(given)
