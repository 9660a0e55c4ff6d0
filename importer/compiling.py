"""The vendor's tables as pandera schemas.

Every rule is a check of one column. Where it needs other fields it looks into the frame that it was
compiled for: that costs a small part of pandera's checks across columns, and it names the one cell at
fault. pandera is told to collect a single failure; ``importer.checking`` reads each check's own output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.model import Severity
from importer.rules import Rule, cell_rules, moments
from importer.schema import Field, Kind, Need, Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import pandas as pd
    import pandera.pandas as pa


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
