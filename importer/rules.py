"""The rules on one filled cell, by the kind of its field.

A rule takes a whole column and says where it is satisfied. A blank satisfies every rule of this page,
and a cell breaks at most one of the rules on its form.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING
from unicodedata import normalize

from importer.model import Severity
from importer.schema import Field, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    import pandas as pd

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
    Kind.DIGITS: Form(
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
