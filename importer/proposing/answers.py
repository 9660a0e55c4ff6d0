"""What a person is asked and may answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from zoneinfo import available_timezones

from importer.proposing.dating import read_date
from importer.proposing.profiles import province_of
from importer.schema import FORMS, Kind
from importer.text import fold, nearest
from schemas import TABLES
from schemas.kinds import judge

COLUMNS, VALUES, FIELDS, ROWS = "columns", "values", "fields", "rows"
NOT_SENT: Final = "not sent"
BLANK: Final = "leave blank"
HOLD: Final = "hold the row"
JOINED, SECOND = " (joined)", " (second choice)"
"""Behind a field: its second part, or the column that counts where the first is blank."""

Key = tuple[str, ...]
"""Where an answer belongs: ``("columns", header)``, ``("values", header, value)``, ``("fields", field)``,
``("rows", header, value)`` or ``("rows", "repeated")``."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that only a person can say."""

    about: str
    """``column``, ``value``, ``row`` or ``field``."""
    key: Key
    """Where the answer is kept."""
    text: str
    choices: tuple[str, ...] = ()
    proposal: str = ""
    """What Enter takes; empty where a person must choose."""
    column: str = ""
    field: str = ""
    value: str = ""
    free: bool = False
    """Whether anything may be answered, not only a choice."""
    held: bool = True
    """Whether a mapping without the answer may not be used."""

    def choice(self, answer: str) -> str:
        """Return the choice that a person means by its number, its name or other capitals; else the answer."""
        said, choices = fold(answer), self.choices
        same = [choice for choice in choices if fold(choice) == said]
        same = same or [choice for choice in choices if said in map(fold, choice.partition(" "))]
        return same[0] if said and len(same) == 1 else answer

    def refusal(self, answer: str, endpoint: str) -> str:
        """Return why an answer cannot be; empty where it can. All ways to answer go through it."""
        if self.about == "column" and self.choices == (NOT_SENT,):
            return f"this is never sent. Choose `{NOT_SENT}`."
        if self.about == "column":
            return not_a_field(answer, endpoint)
        if answer in self.choices:
            return ""
        if self.choices and (answer in {BLANK, HOLD} or not self.free):
            return f"Answer one of: {', '.join(self.choices)}."
        if self.key == (FIELDS, "timezone"):
            known = answer in available_timezones()
            return "" if known else f"{answer} is not a time zone, as America/Toronto is."
        return _not_a_value(answer, self.field, endpoint)


@dataclass(frozen=True)
class Answers:
    """Answers about the rows of one endpoint; keys match as headers do."""

    given: Mapping[Key, str] = field(default_factory=dict)
    """Key as written → answer."""

    @cached_property
    def _known(self) -> dict[Key, str]:
        return {tuple(map(fold, key)): text for key, text in self.given.items()}

    def get(self, *key: str) -> str | None:
        """Return the answer of a key, ``None`` where nobody said."""
        return self._known.get(tuple(map(fold, key)))

    def over(self, older: Answers) -> Answers:
        """Return older answers with these put over them."""
        kept = {key: text for key, text in older.given.items() if self.get(*key) is None}
        return Answers({**kept, **self.given})

    @property
    def columns(self) -> dict[str, str]:
        """Folded header → field, or ``not sent``."""
        return {key[1]: text for key, text in self._known.items() if key[0] == COLUMNS}


def fields_of(endpoint: str) -> tuple[str, ...]:
    """Return what a column may be: a field, a part of one, a second choice, or not sent."""
    made = [NOT_SENT]
    for known in TABLES[endpoint].fields:
        made.append(known.name)
        if known.name in {"street", "last_name"} or known.kind is Kind.PHONE:
            made.append(known.name + JOINED)
        if known.kind in {Kind.EMAIL, Kind.PHONE}:
            made.append(known.name + SECOND)
    return tuple(made)


def not_a_field(answer: str, endpoint: str) -> str:
    """Return why no column can be this; empty where one can."""
    fields = fields_of(endpoint)
    if answer in fields:
        return ""
    near = nearest(answer, fields)
    return f"OPSCOM has no field {answer}." + (f" Did you mean {near}?" if near else "")


def _not_a_value(answer: str, field: str, endpoint: str) -> str:
    known = TABLES[endpoint].field(field)
    if known is None:
        return ""
    if known.kind in {Kind.DATE, Kind.DATETIME}:
        fault = f'"{answer}" is not a date. Write it as 2027-04-30.'
        return "" if read_date(answer) else fault
    limit = None if known.kind in FORMS else known.max_length
    if limit and len(answer) > limit:
        return f'"{answer}" has {len(answer)} characters, and OPSCOM takes {limit}.'
    text = answer.partition(" ")[0] if known.kind is Kind.NUMBER else answer
    text = (province_of(text) or text) if known.kind is Kind.PROVINCE else text
    messages = (rule.message for rule, _ in judge(known.kind, text) if rule.holds)
    message = next(messages, "").replace("{this}", f'"{answer}"', 1)
    if message and field == "user_type_id":
        message += " `opscom-import pull user-types` brings the list of numbers"
    return message and message.removesuffix(".") + "."
