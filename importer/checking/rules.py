"""The vendor's tables as pandera schemas: the rules on one cell, and those across the cells of a row.

A rule takes a whole column and says where it is satisfied. Where it needs other fields it looks into
the frame that it was compiled for: that costs a small part of pandera's checks across columns, and it
names the one cell at fault. pandera is told to collect a single failure; ``importer.checking.rows``
reads each check's own output.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING
from unicodedata import normalize

from importer.model import Severity
from importer.schema import Field, Kind, Need, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    import pandas as pd
    import pandera.pandas as pa

    Holds = Callable[["pd.Series[str]"], "pd.Series[bool]"]

_CONTROL = r"[\x00-\x1f\x7f-\x9f]"
# The engine behind a ``str`` column knows ASCII blanks only, so the others are spelled out.
_SOLID = "[^\\s\x0b\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
_POSTAL = frozenset(
    # Canada's provinces; the states, the district, the territories and the military post of the US
    code
    for codes in (
        "AB BC MB NB NL NS NT NU ON PE QC SK YT",
        "AK AL AR AZ CA CO CT DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ",
        "NM NV NY OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY DC AS GU MP PR VI AA AE AP",
    )
    for upper in codes.split()
    # In upper and lower case: pandas would turn whole columns to upper case one cell at a time.
    for code in map("".join, product(*zip(upper, upper.lower(), strict=True)))
)
_USUAL_VIN = 17
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


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of text whose form leaves no room for a length of its own."""

    pattern: str
    """Must match the whole cell; written so that every engine reads it the same way."""
    message: str
    remedy: str


FORMS = {
    Kind.PROVINCE: Form(
        "[A-Za-z]{2}",
        "{this} is no postal abbreviation of two letters, such as ON or NY.",
        "Write the two letters, or let the mapping convert names with `convert: [province]`.",
    ),
    Kind.NUMBER: Form(
        "[0-9]+",
        "{this} is no number of a record in OPSCOM, which has digits only.",
        "Write the number, or let the mapping find it with `lookup`.",
    ),
    Kind.DATE: Form(
        "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "{this} is no date in the form yyyy-mm-dd.",
        "Correct the cell, or name the form that it has with `date` in the mapping.",
    ),
    Kind.DATETIME: Form(
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
        "{this} is no date and time in the form yyyy-mm-ddThh:mm:ss.",
        "Correct the cell, or give the mapping the `date`, `time` or `timezone` that it needs.",
    ),
    Kind.AMOUNT: Form(
        r"[0-9]{1,6}\.[0-9]{2}",
        "{this} is no amount from 0.01 to 999999.99, such as 14.50.",
        "Write dollars and cents.",
    ),
    Kind.CURRENCY: Form(
        "(CAD|USD)",
        "{this} is neither CAD nor USD, and OPSCOM takes no other currency.",
        "Write CAD or USD, or leave the cell blank.",
    ),
    Kind.YEAR: Form("[0-9]{4}", "{this} is no year of four digits.", "Correct the cell."),
}


def length_of(text: str) -> int:
    """Return how many characters OPSCOM counts: code points after NFC."""
    return len(text if text.isascii() else normalize("NFC", text))


def cell_rules(known: Field, column: pd.Series[str], today: date) -> Iterator[Rule]:
    """Yield the rules on one filled cell of this field, in the order in which they are reported.

    Args:
        known: The field.
        column: Its cells; dtype ``str``; the rules are for this column only.
        today: The day after which a date lies in the future.
    """
    form = FORMS.get(known.kind)
    if form is None:
        yield from _text(known)
    else:
        pattern = form.pattern
        yield Rule(
            "form",
            lambda column: (column == "") | column.str.fullmatch(pattern),
            known.invalid,
            form.message,
            form.remedy,
        )
    match known.kind:
        case Kind.EMAIL:
            yield _email(known)
        case Kind.PROVINCE:
            yield _postal(known)
        case Kind.DATE | Kind.DATETIME:
            yield from _calendar(known, column, today)
        case Kind.AMOUNT:
            yield Rule(
                "zero",
                lambda column: ~column.str.fullmatch(r"0{1,6}\.00"),
                known.invalid,
                "{this} is an amount of 0, and OPSCOM takes 0.01 at least.",
                "Leave the cell blank where nothing was paid.",
            )
        case Kind.VIN:
            yield _vin(known)
        case _:
            pass


def _text(known: Field) -> Iterator[Rule]:
    limit = known.max_length
    if limit is not None:
        yield Rule(
            "length",
            lambda column: _lengths(column, limit) <= limit,
            known.too_long,
            f"{{this}} has {{length}} characters, and OPSCOM takes {limit}.",
            "Shorten it.",
        )
    yield Rule(
        "control",
        lambda column: ~_controlled(column),
        known.invalid,
        "{this} holds a control character, a tab for example.",
        "Delete what the cell holds and type it anew.",
    )


def _controlled(column: pd.Series[str]) -> pd.Series[bool]:
    """Return which cells hold a control character; hardly ever one does."""
    import pandas as pd

    from importer.columns import arrow_of, controls

    if controls(arrow_of(column)):
        return column.str.contains(_CONTROL)
    return pd.Series(data=False, index=column.index)


def _lengths(column: pd.Series[str], limit: int) -> pd.Series[int]:
    """Return code points, after NFC where that may decide.

    Mapped text is in NFC already, so only what seems too long is measured a second time.
    """
    lengths = column.str.len().astype("int64")
    over = lengths > limit
    if over.any():
        lengths[over] = column[over].map(length_of).astype("int64")
    return lengths


def _email(known: Field) -> Rule:
    return Rule(
        "form",
        lambda column: (
            (column == "") | column.str.fullmatch(f"{_SOLID}@{_SOLID}") | _controlled(column)
        ),
        known.invalid,
        "{this} is no e-mail address, which has an @ and no blanks.",
        "Correct the cell.",
    )


def _postal(known: Field) -> Rule:
    pattern = FORMS[Kind.PROVINCE].pattern
    return Rule(
        "known",
        lambda column: column.isin(_POSTAL) | ~column.str.fullmatch(pattern),
        known.invalid,
        "{this} is the abbreviation of no province of Canada and no state of the US.",
        f"Check it; {_GO}",
        Severity.WARNING,
    )


def _vin(known: Field) -> Rule:
    longest = known.max_length or _USUAL_VIN

    def usual(column: pd.Series[str]) -> pd.Series[bool]:
        lengths = _lengths(column, _USUAL_VIN)
        return lengths.isin([0, _USUAL_VIN]) | (lengths > longest)

    return Rule(
        "usual",
        usual,
        None,
        f"{{this}} has {{length}} characters, and the number of a vehicle has {_USUAL_VIN} as a rule.",
        f"Check it; {_GO}",
        Severity.WARNING,
    )


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
    return there.where(column.str.fullmatch(FORMS[kind].pattern) & ~column.str.startswith("0000"))


def _calendar(known: Field, column: pd.Series[str], today: date) -> Iterator[Rule]:
    pattern = FORMS[known.kind].pattern
    there = moments(column, known.kind)
    yield Rule(
        "calendar",
        lambda column: there.notna() | ~column.str.fullmatch(pattern),
        known.invalid,
        "{this} is a day that no calendar has.",
        "Correct the cell.",
    )
    if known.kind is not Kind.DATE:
        return
    # Dates of this form are in order as texts, too.
    last = today.isoformat()
    yield Rule(
        "future",
        lambda column: (column <= last) | there.isna(),
        known.invalid,
        "{this} is a date in the future.",
        "Correct the cell.",
    )
    yield Rule(
        "old",
        lambda column: (column >= "1900-01-01") | there.isna(),
        None,
        "{this} is a date before 1900.",
        f"Check the year; {_GO}",
        Severity.WARNING,
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """What the rules depend on beside the table."""

    today: date
    """The day after which a date lies in the future."""
    required: frozenset[str] = frozenset()
    """Optional fields that must not be blank either."""
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
            *cell_rules(known, frame[known.name], terms.today),
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
    if table.endpoint == "permit-updates" and known.name == "referenceID":
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
