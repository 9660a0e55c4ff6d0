"""The vendor's tables as pandera schemas: the rules on one cell, and those across the cells of a row.

A rule says of each cell of a column whether it is satisfied. Where it needs other fields it looks into the
frame that it was compiled for: that costs a small part of pandera's checks across columns. pandera collects
a single failure; ``importer.checking.rows`` reads each check's own output.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from importer.model import Batch, Severity
from importer.schema import FORMS, Field, Kind, Need, Table
from importer.text import MOST_CHARACTERS
from schemas import kinds
from schemas.signs import NOTHING

if TYPE_CHECKING:
    import pandera.pandas as pa

_GO = "this holds no row back."
_SHORTEN = "Shorten it, or have it cut with `truncate: true` in the mapping."


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that the cells of a column must satisfy.

    ``message`` may hold ``{this}`` (the cell, or the field where no column gives it) and ``{length}``
    (its characters).
    """

    name: str
    """Unique within its column."""
    passes: pd.Series[bool]
    """Where it is satisfied, under the index of the column."""
    code: int | None
    message: str
    remedy: str
    severity: Severity = Severity.ERROR
    also: tuple[str, ...] = ()
    """Other fields that the rule looks at."""
    on_blank: bool = False
    """Whether the rule is about what is missing, so that leaving the value out heals nothing."""
    leaves_out: bool = False
    """Whether the values at fault are not sent, as the mapping says."""
    whole_row: bool = False
    """Whether the fault is the row's and not one field's."""
    details: Mapping[str, str] = field(default_factory=dict)
    """Value → what of it is meant, a sentence."""


def compile_checks(
    table: Table, batch: Batch, frame: pd.DataFrame, required: Collection[str], today: date
) -> pa.DataFrameSchema:
    """Return the table's rules as a pandera schema for this one frame.

    The frame holds the batch's records: a column per mapped field under the vendor's first name, and one for
    every field that must not be missing; dtype ``str``; blank is ``""``. ``required`` are optional fields that
    must not be blank either; after ``today`` a date lies in the future. In the schema ``Check.error`` is a
    rule's name, and each column's metadata holds its rules under their names.
    """
    import pandera.pandas as pa

    columns: dict[str, pa.Column] = {}
    for known in table.fields:
        if known.name not in frame:
            continue
        column = frame[known.name]
        rules = [_length(known, column)]
        rules += _judged(known, column, as_shown=known.name in batch.as_shown)
        if known.kind in {Kind.NAME, Kind.TEXT}:
            rules += _nothing_twice(column)
        if known.kind in {Kind.DATE, Kind.DATETIME}:
            rules += _calendar(known, column, today)
        rules += _across(table, known, frame, batch)
        needed = known.need is Need.REQUIRED or known.name in required
        if known.name in batch.omit_if_invalid and not needed:
            rules = [_spared(rule) for rule in rules]
        rules[:0] = _missing(table, known, frame, required)
        columns[known.name] = pa.Column(
            str,
            [
                pa.Check(lambda _, rule=rule: rule.passes, error=rule.name, n_failure_cases=1)
                for rule in rules
            ],
            metadata={rule.name: rule for rule in rules},
        )
    return pa.DataFrameSchema(columns)


def _spared(rule: Rule) -> Rule:
    """Return the rule of a field whose invalid values are left out, with a warning."""
    if rule.severity is Severity.WARNING and rule.name != "nowhere":
        return rule
    return replace(rule, severity=Severity.WARNING, remedy=kinds.LEFT_OUT, leaves_out=True)


def _missing(
    table: Table, known: Field, frame: pd.DataFrame, required: Collection[str]
) -> Iterator[Rule]:
    if known.need is Need.ONE_OF:
        group = [other for other in table.group(known.group) if other.name in frame]
        if known is group[0]:
            there = (frame[[other.name for other in group]] != "").any(axis=1)
            names = " and ".join(f'the "{other.title}"' for other in table.group(known.group))
            yield Rule(
                "one of",
                there,
                known.missing,
                f"{names} are both missing, and OPSCOM requires one of them.",
                "Fill one of the two cells.",
                also=tuple(other.name for other in group[1:]),
                on_blank=True,
            )
    elif known.need is not Need.OPTIONAL or known.name in required:
        severity, remedy, why = Severity.ERROR, "Fill the cell.", "OPSCOM requires it."
        if known.need is not Need.REQUIRED and known.name in required:
            why = "your settings require it."
        elif known.need is Need.EXPECTED:
            severity, remedy = Severity.WARNING, "Fill the cell if this user is new to OPSCOM."
            why = "OPSCOM may refuse a new user without it."
        message = f'the "{known.title}" is missing, and {why}'
        filled = frame[known.name] != ""
        yield Rule("missing", filled, known.missing, message, remedy, severity, on_blank=True)


def _length(known: Field, column: pd.Series[str]) -> Rule:
    """Return the rule on what is too long; mapped text is in NFC, as OPSCOM counts it."""
    limit, lengths = known.max_length, column.str.len()
    what = f"has {{length}} characters, and OPSCOM takes {limit}."
    if limit is None or known.kind in FORMS:
        limit = MOST_CHARACTERS
        what = f"is longer than the {limit:,} characters that a cell of a workbook holds."
    remedy = _SHORTEN if known.may_be_cut else "Shorten it."
    return Rule("length", lengths <= limit, known.too_long, f"{{this}} {what}", remedy)


def _judged(known: Field, column: pd.Series[str], *, as_shown: bool) -> Iterator[Rule]:
    """Yield a rule for each line of the table of kinds that some cell breaks.

    What is surely plain is told by one pattern for the whole column; of the rest each distinct text
    is judged once.
    """
    broken: dict[kinds.Rule, dict[str, str]] = {}
    plain = column.str.fullmatch(f"(?:{kinds.PLAIN[known.kind]})?")
    for text in column[~plain].unique().tolist():
        for rule, detail in kinds.judge(known.kind, text, as_shown=as_shown):
            broken.setdefault(rule, {})[text] = detail
    for rule in (*kinds.EVERY, *kinds.RULES[known.kind]):
        if rule in broken:
            yield Rule(
                rule.name,
                ~column.isin(list(broken[rule])),
                known.invalid,
                rule.message,
                kinds.remedy_for(known, rule.remedy),
                Severity.ERROR if rule.holds else Severity.WARNING,
                details=broken[rule],
            )


def _nothing_twice(column: pd.Series[str]) -> Iterator[Rule]:
    """Yield the rule on words for nothing in free text: one person may be called Null."""
    word = column.str.lower().isin(list(NOTHING))
    if int(word.sum()) > 1:
        yield Rule(
            "nothing",
            ~word,
            None,
            "{this} is a word that programs write for nothing, and such words stand in several rows.",
            f"List it under `blank_if` in the mapping if it is not a name; {_GO}",
            Severity.WARNING,
        )


def _calendar(known: Field, column: pd.Series[str], today: date) -> Iterator[Rule]:
    """Yield the rules on days that are too far away; the mapping lets no others through than real ones."""
    # Permits without an end have this one (the vendor's times know no other way to say so).
    passed = (column == "") | column.str.startswith("9999-12-31T")

    def years(number: int) -> str:
        return f"{today.year + number:04}-{today.month:02}-{min(today.day, 28):02}"

    lines = [
        ("far", "1990", years(50), "{this} is before 1990 or more than 50 years ahead."),
        ("distant", years(-5), years(15), "{this} is more than 5 years back or 15 ahead."),
    ]
    if known.kind is Kind.DATE:
        tomorrow = (today + timedelta(days=1)).isoformat()
        lines = [
            ("future", "", tomorrow, "{this} is a date in the future."),
            ("old", "1900", "~", "{this} is a date before 1900."),
            ("young", "", years(-10), "{this} is the birth of a child under ten."),
        ]
    # Dates of this form are in order as texts, too. The first line holds the row, the others warn.
    for at, (name, first, last, message) in enumerate(lines):
        inside = passed | ((column >= first) & (column < last))
        yield Rule(
            name,
            inside,
            None if at else known.invalid,
            message,
            f"Check the year; {_GO}" if at else kinds.CORRECT,
            Severity.WARNING if at else Severity.ERROR,
        )
        passed = passed if at else passed | ~inside


def _across(table: Table, known: Field, frame: pd.DataFrame, batch: Batch) -> Iterator[Rule]:
    if known.name == "endTime" and "startTime" in frame:
        start, end = frame["startTime"], frame["endTime"]
        yield Rule(
            "after",
            (end > start) | (start == "") | (end == ""),
            known.invalid,
            "{this} is not after the start.",
            "Correct the start or the end.",
            also=("startTime",),
        )
    if known.kind is Kind.AMOUNT:
        yield from _currency(known, frame, batch)
    policy = table.policy
    if policy is not None and policy.of and policy.upsert and (known.name,) in table.key:
        names = [other.name for other in table.fields if other.name != known.name]
        changes = frame[[name for name in names if name in frame]]
        sent = changes != ""
        if batch.blanks == "send":
            sent[:] = True
            for label, name in batch.left_out:
                if name in sent and label in sent.index:
                    sent.loc[label, name] = False
        yield Rule(
            "changes",
            sent.any(axis=1),
            9031,
            "this row changes nothing of its permit.",
            "Fill the end, the plate, the amount or the currency, or delete the row.",
            also=tuple(map(str, changes)),
            on_blank=True,
            whole_row=True,
        )


def _currency(known: Field, frame: pd.DataFrame, batch: Batch) -> Iterator[Rule]:
    """Yield the rules on numbers whose cells show another currency than the row says; without one it is CAD."""
    said = frame["currency"] if "currency" in frame else pd.Series("", index=frame.index)
    for code, sign in (("CAD", r"CAD|CA?\$"), ("USD", r"USD|US\$")):
        own = said == code if code == "USD" else said != "USD"
        shown = pd.Series(data=False, index=frame.index)
        for column in batch.origins.get(known.name, ()):
            numbers = frame.index.isin(list(batch.sheet.stored.get(column, ())))
            shown |= batch.sheet.frame[column].loc[frame.index].str.contains(sign) & numbers
        yield Rule(
            f"shows {code}",
            own | ~shown | (frame[known.name] == ""),
            known.invalid,
            f"{{this}} is an amount whose cell shows {code}, and the currency of the row is another.",
            "Correct the amount or the currency.",
            also=("currency",),
        )
