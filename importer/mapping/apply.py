"""A mapping and a sheet → ``Batch``: every field of every row, or the reason why it has none."""

from __future__ import annotations

from collections import abc
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from importer.errors import InputError
from importer.mapping.choose import locate
from importer.mapping.refusal import Refusal
from importer.mapping.take import Cells
from importer.mapping.turn import Given, Reason, problem_at, turn
from importer.model import RESULT_COLUMNS, Batch, Severity, State
from importer.text import fold

if TYPE_CHECKING:
    import numpy.typing as npt

    from importer.mapping.rules import Mapping, Rule, SkipRows
    from importer.model import Sheet
    from importer.schema import Field

# A record that is wrong as a whole has no field whose code would fit; the vendor's code for any
# invalid value is the nearest (API Error Codes, 9033).
_WHOLE_ROW_CODE = 9033
_TWO_VALUES = Refusal(
    "two columns give this field, and their values differ.",
    "Correct one of the cells, or say which column comes first with `first_of` in the mapping.",
)

_LEFT_OUT = Refusal(
    "another column gives this field, with another value, and this one was left out.",
    "Correct the cell, or take its column out of the mapping.",
)


def apply_mapping(
    mapping: Mapping, sheet: Sheet, *, user_types: abc.Mapping[str, str] | None = None
) -> Batch:
    """Bring a sheet under the vendor's field names.

    Args:
        mapping: A checked mapping.
        sheet: Any number of rows; ``frame`` with RangeIndex, dtype ``str``, blank is ``""``.
        user_types: Name → id of OPSCOM's user types; ``None`` where they were never pulled.

    Returns:
        A batch with one row for each row of the sheet and one column for each field that a rule or
        a default gives, in the vendor's order, dtype ``str``, blank is ``""``. A value that cannot be
        converted has an error and stays in the frame as the cleaned text. Rows that are no records
        are marked in ``skipped`` and have no problems.

    Raises:
        InputError: A mapped header is missing or stands over several columns, or the mapping looks
            up user types and there are none.
    """
    if mapping.needs_user_types and user_types is None:
        raise InputError(
            f"{mapping.path.name}: this mapping looks up user types, and their list is not here yet.",
            hint="Run `opscom-import pull user-types` first.",
        )
    cells = Cells(sheet, locate(mapping, sheet))
    skipped = _skipped(mapping, cells)
    whole = [flaw for flaw in sheet.flaws if flaw.column is None and not skipped[flaw.position]]
    problems = [
        problem_at(
            sheet,
            flaw.position,
            None,
            "",
            Reason((), Refusal(flaw.message, flaw.remedy), _WHOLE_ROW_CODE),
        )
        for flaw in whole
    ]
    quiet = skipped.copy()
    quiet[[flaw.position for flaw in whole]] = True
    fields: dict[str, Given] = {}
    for known in mapping.fields:
        rules = [rule for rule in mapping.rules if rule.field.name == known.name]
        parts = [turn(rule, cells.take(rule), sheet, quiet, user_types) for rule in rules]
        # A value that may be left out gives way to one that may not.
        pairs = sorted(zip(rules, parts, strict=True), key=lambda pair: pair[0].omit_if_invalid)
        given = _together(sheet, known, pairs, quiet)
        fields[known.name] = _with_default(given, mapping.defaults.get(known.name))
        problems.extend(given.problems)
    return Batch(
        sheet=sheet,
        endpoint=mapping.endpoint,
        mapping=mapping.name,
        frame=pd.DataFrame({name: given.texts for name, given in fields.items()}),
        origins={name: given.columns for name, given in fields.items()},
        skipped=skipped,
        chosen={name: given.chosen for name, given in fields.items() if given.chosen is not None},
        left_out=frozenset((at, name) for name, given in fields.items() for at in given.dropped),
        blanks=mapping.blanks,
        duplicates=mapping.duplicates,
        problems=tuple(sorted(problems, key=lambda problem: problem.position)),
        omit_if_invalid=mapping.omit_if_invalid,
    )


def _skipped(mapping: Mapping, cells: Cells) -> npt.NDArray[np.bool_]:
    """Return which positions are no records.

    A results workbook of ours is not held against ``skip_rows`` again: there, the rows that were
    passed over the first time say so in their status.
    """
    sheet = cells.sheet
    first = sheet.columns[: len(RESULT_COLUMNS)]
    if tuple(fold(column.header) for column in first) == RESULT_COLUMNS:
        states = sheet.frame[first[0].position].tolist()
        return np.array([fold(state) == State.SKIPPED for state in states], dtype=np.bool_)
    skipped = np.zeros(len(sheet.frame), dtype=np.bool_)
    for skip in mapping.skip_rows:
        skipped |= _matching(skip, cells)
    return skipped


def _matching(skip: SkipRows, cells: Cells) -> npt.NDArray[np.bool_]:
    if skip.matches is None:
        blank = np.ones(len(cells.sheet.frame), dtype=np.bool_)
        for header in skip.headers:
            blank &= cells.blank(header)
        return blank
    codes, distinct = pd.factorize(cells.column(skip.headers[0]))
    texts: list[str] = distinct.tolist()
    hits = np.array([skip.matches.fullmatch(text) is not None for text in texts], dtype=np.bool_)
    found: npt.NDArray[np.bool_] = hits[codes]
    return found


def _together(
    sheet: Sheet, known: Field, pairs: list[tuple[Rule, Given]], quiet: npt.NDArray[np.bool_]
) -> Given:
    """Return what all rules of a field give: those under its first name come first.

    The vendor documents several names for some fields and not which one wins, so that two different
    values are a problem, never a choice of ours; only a value with ``if_invalid: omit`` gives way.
    """
    if not pairs:
        blank = [""] * len(sheet.frame)
        return Given(pd.Series(blank, index=sheet.frame.index, dtype="str"), ())
    (_, given), *others = pairs
    for rule, other in others:
        given = _merged(sheet, known, given, other, quiet, spare=rule.omit_if_invalid)
    return given


def _merged(  # noqa: PLR0913 - what decides, each by its name
    sheet: Sheet,
    known: Field,
    one: Given,
    other: Given,
    quiet: npt.NDArray[np.bool_],
    *,
    spare: bool,
) -> Given:
    ones, others = one.texts, other.texts
    blank = (ones == "").to_numpy(dtype=np.bool_)
    differ = ~blank & (others != "").to_numpy(dtype=np.bool_)
    differ &= (ones != others).to_numpy(dtype=np.bool_) & ~quiet
    differ[list(one.failed | other.failed)] = False
    shown = (others if spare else ones).tolist() if differ.any() else []
    clashes = tuple(
        problem_at(
            sheet,
            at,
            known,
            shown[at],
            Reason(other.columns_at(at), _LEFT_OUT, known.invalid, Severity.WARNING)
            if spare
            else Reason((*one.columns_at(at), *other.columns_at(at)), _TWO_VALUES, known.invalid),
        )
        for at in np.flatnonzero(differ).tolist()
    )
    chosen, second = one.by_position, other.by_position
    if chosen is not None:
        filled = (others != "").to_numpy(dtype=np.bool_)
        chosen = None if second is None else np.where(blank & filled, second, chosen)
    return Given(
        ones.mask(blank, others),
        tuple(dict.fromkeys((*one.columns, *other.columns))),
        chosen,
        (*one.problems, *other.problems, *clashes),
        one.dropped | other.dropped,
    )


def _with_default(given: Given, default: str | None) -> Given:
    """Fill what is blank, but not what was left out for being invalid and not what has an error."""
    blank = (given.texts == "").to_numpy(dtype=np.bool_, copy=True)
    dropped = frozenset(at for at in given.dropped if blank[at])
    values = given.texts
    if default is not None:
        blank[list(dropped | given.failed)] = False
        values = values.mask(blank, default)
    return Given(values, given.columns, given.chosen, given.problems, dropped)
