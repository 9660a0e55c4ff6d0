"""The vendor's tables as pandera schemas: the rules on one cell, and those across the cells of a row.

A rule takes a whole column and says where it is satisfied. Where it needs other fields it looks into
the frame that it was compiled for: that costs a small part of pandera's checks across columns, and it
names the one cell at fault. pandera is told to collect a single failure; ``importer.checking.rows``
reads each check's own output.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from unicodedata import normalize

from importer.model import Severity
from importer.schema import Field, Kind, Need, Table
from importer.text import MOST_CHARACTERS, units
from schemas import kinds
from schemas.signs import is_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date

    import pandas as pd
    import pandera.pandas as pa

    Holds = Callable[["pd.Series[str]"], "pd.Series[bool]"]

_CONTROL = r"[\x00-\x1f\x7f-\x9f]"
_FORMED = frozenset(
    {Kind.PROVINCE, Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.AMOUNT, Kind.CURRENCY, Kind.YEAR}
)
"""Kinds whose form leaves no room for a length of its own."""
_GO = "the row is sent as it is."


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that the cells of a column must satisfy.

    ``message`` may hold ``{this}`` (the cell, or the field where no column gives it) and ``{length}``
    (its characters after NFC).
    """

    name: str
    """Unique within its column."""
    holds: Holds
    """Takes the column and returns, under the same index, where it is satisfied."""
    code: int | None
    message: str
    remedy: str
    severity: Severity = Severity.ERROR
    also: tuple[str, ...] = ()
    """Other fields that the rule looks at."""
    on_blank: bool = False
    """Whether the rule is about what is missing, so that leaving the value out heals nothing."""
    whole_row: bool = False
    """Whether the fault is the row's and not one field's."""
    details: Mapping[str, str] = field(default_factory=dict)
    """Value → what of it is meant, a sentence."""


def length_of(text: str) -> int:
    """Return how many characters OPSCOM counts: code points after NFC."""
    return len(text if text.isascii() else normalize("NFC", text))


def cell_rules(
    known: Field, column: pd.Series[str], today: date, *, as_shown: bool = False
) -> Iterator[Rule]:
    """Yield the rules on one filled cell of this field, in the order in which they are reported.

    Args:
        known: The field.
        column: Its cells; dtype ``str``; the rules are for this column only.
        today: The day after which a date lies in the future.
        as_shown: Whether the person vouches for what looks ruined.
    """
    yield from _text(known)
    yield from _judged(known, column, as_shown=as_shown)
    if known.kind in {Kind.NAME, Kind.TEXT}:
        yield from _nothing_twice(column)
    if known.kind in {Kind.DATE, Kind.DATETIME}:
        yield from _calendar(known, column, today)


def _judged(known: Field, column: pd.Series[str], *, as_shown: bool) -> Iterator[Rule]:
    """Yield a rule for each line of the table of kinds that some cell breaks.

    What is surely plain is told by one pattern for the whole column; of the rest each distinct text
    is judged once.
    """
    broken: dict[kinds.Rule, dict[str, str]] = {}
    plain = column.str.fullmatch(f"(?:{kinds.PLAIN[known.kind]})?")
    near = column[~(plain | column.str.contains(_CONTROL))]
    for text in near.unique().tolist():
        for found in kinds.judge(known.kind, text, as_shown=as_shown):
            broken.setdefault(found.rule, {})[text] = found.detail
    for rule in (*kinds.EVERY, *kinds.RULES[known.kind]):
        if rule in broken:
            details = broken[rule]
            yield Rule(
                rule.name,
                _none_of(details),
                known.invalid,
                rule.message,
                kinds.FILL
                if rule.remedy == kinds.BLANK_IF and known.need in {Need.REQUIRED, Need.ONE_OF}
                else rule.remedy,
                Severity.ERROR if rule.holds else Severity.WARNING,
                details=details,
            )


def _none_of(texts: Iterable[str]) -> Holds:
    listed = list(texts)
    return lambda column: ~column.isin(listed)


def _nothing_twice(column: pd.Series[str]) -> Iterator[Rule]:
    """Yield the rule on words for nothing in free text: one person may be called Null."""
    words = [text for text in column.unique().tolist() if is_nothing(text)]
    if int(column.isin(words).sum()) > 1:
        yield Rule(
            "nothing",
            lambda column: ~column.isin(words),
            None,
            "{this} is a word that programs write for nothing, and it stands in several rows.",
            f"List it under `blank_if` in the mapping if it is not a name; {_GO}",
            Severity.WARNING,
        )


def _text(known: Field) -> Iterator[Rule]:
    limit = known.max_length
    if limit is not None and known.kind not in _FORMED:
        yield Rule(
            "length",
            lambda column: _lengths(column, limit) <= limit,
            known.too_long,
            f"{{this}} has {{length}} characters, and OPSCOM takes {limit}.",
            "Shorten it.",
        )
    else:
        yield Rule(
            "cell",
            lambda column: (
                (column.str.len() <= MOST_CHARACTERS // 2) | (column.map(units) <= MOST_CHARACTERS)
            ),
            known.too_long,
            f"{{this}} is longer than the {MOST_CHARACTERS:,} characters that a cell of a workbook holds.",
            "Shorten it.",
        )
    yield Rule(
        "control",
        lambda column: ~column.str.contains(_CONTROL),
        known.invalid,
        "{this} holds a control character, a tab for example.",
        "Delete what the cell holds and type it anew.",
    )


def _lengths(column: pd.Series[str], limit: int) -> pd.Series[int]:
    """Return code points, after NFC where that may decide.

    Mapped text is in NFC already, so only what seems too long is measured a second time.
    """
    lengths = column.str.len().astype("int64")
    over = lengths > limit
    if over.any():
        lengths[over] = column[over].map(length_of).astype("int64")
    return lengths


def moments(column: pd.Series[str], kind: Kind) -> pd.Series[pd.Timestamp]:
    """Return the dates or times of a column, ``NaT`` for what is not written right or never was.

    Args:
        column: Texts of one of the two kinds, or anything else.
        kind: ``DATE`` or ``DATETIME``.
    """
    import pandas as pd

    layout = "%Y-%m-%d" if kind is Kind.DATE else "%Y-%m-%dT%H:%M:%S"
    there = pd.to_datetime(column, format=layout, errors="coerce")
    # pandas takes a missing zero and the year 0000 for good.
    return there.where(column.str.fullmatch(kinds.PLAIN[kind]) & ~column.str.startswith("0000"))


def _calendar(known: Field, column: pd.Series[str], today: date) -> Iterator[Rule]:
    pattern = kinds.PLAIN[known.kind]
    there = moments(column, known.kind)
    yield Rule(
        "calendar",
        lambda column: there.notna() | ~column.str.fullmatch(pattern),
        known.invalid,
        "{this} is a day that no calendar has.",
        kinds.CORRECT,
    )

    # Permits without an end have this one (the vendor's times know no other way to say so).
    endless = "9999-12-31T" if known.kind is Kind.DATETIME else "~"

    def between(first: str, last: str) -> Holds:
        # Dates of this form are in order as texts, too.
        return lambda column: (
            there.isna() | ((column >= first) & (column < last)) | column.str.startswith(endless)
        )

    def years(number: int) -> str:
        return f"{today.year + number:04}-{today.month:02}-{min(today.day, 28):02}"

    warned: tuple[tuple[str, str, str, str], ...]
    if known.kind is Kind.DATE:
        held = (
            "future",
            "",
            (today + timedelta(days=1)).isoformat(),
            "{this} is a date in the future.",
        )
        warned = (
            ("old", "1900", "~", "{this} is a date before 1900."),
            ("young", "", years(-10), "{this} is the birth of a child under ten."),
        )
    else:
        held = ("far", "1990", years(50), "{this} is before 1990 or more than 50 years ahead.")
        warned = (
            ("distant", years(-5), years(15), "{this} is more than 5 years back or 15 ahead."),
        )
    name, first, last, message = held
    possible = between(first, last)
    yield Rule(name, possible, known.invalid, message, kinds.CORRECT)
    for name, first, last, message in warned:
        yield Rule(
            name,
            _either(between(first, last), possible),
            None,
            message,
            f"Check the year; {_GO}",
            Severity.WARNING,
        )


def _either(usual: Holds, possible: Holds) -> Holds:
    """Return a rule that says nothing where another one holds the row already."""
    return lambda column: usual(column) | ~possible(column)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the rules depend on beside the table."""

    today: date
    """The day after which a date lies in the future."""
    required: frozenset[str] = frozenset()
    """Optional fields that must not be blank either."""
    as_shown: frozenset[str] = frozenset()
    """Fields for whose values the person vouches."""
    blanks: str = "omit"
    """``omit`` or ``send``: whether a blank is sent."""
    left_out: frozenset[tuple[int, str]] = frozenset()
    """(index label, field) of values that are not sent, not even as a blank."""


def compile_checks(table: Table, frame: pd.DataFrame, terms: Terms) -> pa.DataFrameSchema:
    """Return the table's rules as a pandera schema for this one frame.

    Args:
        table: A documented page.
        frame: What will be validated: a column per mapped field under the vendor's first name, and
            one for every field that must not be missing; dtype ``str``; blank is ``""``; unique
            index.
        terms: What the rules depend on beside the table.

    Returns:
        A schema with one ``Column`` per column of the frame. ``Check.error`` is a rule's name, and
        the column's metadata holds the rules under their names.
    """
    import pandera.pandas as pa

    columns: dict[str, pa.Column] = {}
    for known in table.fields:
        if known.name not in frame:
            continue
        rules = (
            *_missing(table, known, frame, terms),
            *cell_rules(
                known, frame[known.name], terms.today, as_shown=known.name in terms.as_shown
            ),
            *_across(table, known, frame, terms),
        )
        columns[known.name] = pa.Column(
            str,
            [pa.Check(rule.holds, error=rule.name, n_failure_cases=1) for rule in rules],
            metadata={rule.name: rule for rule in rules},
        )
    return pa.DataFrameSchema(columns)


def _missing(table: Table, known: Field, frame: pd.DataFrame, terms: Terms) -> Iterator[Rule]:
    """Yield the rules on a blank."""
    the = f'the "{known.title}" is missing, and'
    if known.need is Need.REQUIRED:
        yield _filled(known, f"{the} OPSCOM requires it.", "Fill the cell.")
    elif known.name in terms.required:
        yield _filled(known, f"{the} your settings require it.", "Fill the cell.")
    elif known.need is Need.EXPECTED:
        yield _filled(
            known,
            f"{the} OPSCOM may refuse a new user without it.",
            "Fill the cell if this user is new to OPSCOM.",
            Severity.WARNING,
        )
    elif known.need is Need.ONE_OF:
        group = [other.name for other in table.group(known.group) if other.name in frame]
        if known.name == group[0]:
            yield _one_of(table, known, frame[group])


def _filled(known: Field, message: str, remedy: str, severity: Severity = Severity.ERROR) -> Rule:
    return Rule(
        "missing",
        lambda column: column != "",
        known.missing,
        message,
        remedy,
        severity,
        on_blank=True,
    )


def _one_of(table: Table, known: Field, members: pd.DataFrame) -> Rule:
    names = " and ".join(f'the "{other.title}"' for other in table.group(known.group))
    return Rule(
        "one of",
        lambda _: (members != "").any(axis=1),
        known.missing,
        f"{names} are both missing, and OPSCOM requires one of them.",
        "Fill one of the two cells.",
        also=tuple(str(name) for name in members if name != known.name),
        on_blank=True,
    )


def _across(table: Table, known: Field, frame: pd.DataFrame, terms: Terms) -> Iterator[Rule]:
    """Yield the rules that compare the fields of one row."""
    if known.name == "endTime" and "startTime" in frame:
        yield _after(known, frame["startTime"])
    if (
        table.policy is not None
        and table.policy.of
        and table.policy.upsert
        and (known.name,) in table.key
    ):
        names = [other.name for other in table.fields if other.name != known.name]
        yield _changes(frame[[name for name in names if name in frame]], terms)


def _after(known: Field, start: pd.Series[str]) -> Rule:
    begins = moments(start, Kind.DATETIME)
    return Rule(
        "after",
        # Nothing is said where one of the two is no time: a comparison with NaT is false.
        lambda end: ~(moments(end, Kind.DATETIME) <= begins),
        known.invalid,
        "{this} is not after the start.",
        "Correct the start or the end.",
        also=("startTime",),
    )


def _changes(changes: pd.DataFrame, terms: Terms) -> Rule:
    def some(_: pd.Series[str]) -> pd.Series[bool]:
        sent = changes != ""
        if terms.blanks == "send":
            sent[:] = True
            for label, name in terms.left_out:
                if name in sent and label in sent.index:
                    sent.loc[label, name] = False
        return sent.any(axis=1)

    return Rule(
        "changes",
        some,
        9031,
        "this row changes nothing of its permit.",
        "Fill the end, the plate, the amount or the currency, or delete the row.",
        also=tuple(str(name) for name in changes),
        on_blank=True,
        whole_row=True,
    )
