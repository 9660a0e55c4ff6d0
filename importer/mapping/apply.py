"""A mapping and a sheet → ``Batch``: every field of every row, or the problem why it has none."""

from __future__ import annotations

import datetime as dt
from collections import abc
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from importer.errors import InputError
from importer.mapping.amounts import OTHERWISE, same_amount
from importer.mapping.convert import CUT, Step, compile_steps, convert, within_time
from importer.mapping.dates import ALL_MIDNIGHT, TURNED, days_turned, is_midnight, read_turned
from importer.mapping.load import Mapping, Rule, locate
from importer.model import (
    MADE,
    NOTHING_MAPPED,
    Batch,
    CellType,
    Flaw,
    Problem,
    Refusal,
    Sheet,
    State,
    Warned,
)
from importer.records import read_resubmitted
from importer.schema import Field, Kind
from importer.text import clean, is_error_word
from schemas.kinds import LEFT_OUT, remedy_for, unfit

Marks = npt.NDArray[np.bool_]

# What `clean` and `fold` may change but for case: beyond printable ASCII, blanks at an end or together.
_ODD = r"[^ -~]|^ | $|  "
_WHOLE_ROW_CODE = 9033
"""A record that is wrong as a whole has no field whose code would fit; the vendor's code for any invalid value is
the nearest (API Error Codes, 9033)."""
_TWO_VALUES = Refusal(
    "two columns give this field, and their values differ.",
    "Correct one of the cells, or say which column comes first with `first_of` in the mapping.",
)


def apply_mapping(
    mapping: Mapping,
    sheet: Sheet,
    *,
    user_types: abc.Mapping[str, str] | None = None,
    today: dt.date | None = None,
) -> Batch:
    """Bring a sheet under the vendor's field names.

    Args:
        mapping: A checked mapping.
        sheet: Any number of rows; ``frame`` with RangeIndex, dtype ``str``, blank is ``""``.
        user_types: Name → id of OPSCOM's user types; ``None`` where they were never pulled.
        today: The day after which a birth lies in the future, for years of two digits.

    Returns:
        A batch with one row for each row of the sheet and one column for each field that a rule or
        a default gives; fields whose optional headers are missing are not there. What cannot be
        converted has an error and stays in the frame as the cleaned text. Rows that are no records
        are marked in ``skipped`` and have no problems.

    Raises:
        InputError: A mapped header is missing or stands over several columns, the mapping looks up
            user types and there are none, or a regular expression of it takes too long.
    """
    looks_up = any(rule.part.lookup == "user-types" for rule in mapping.rules)
    if looks_up and user_types is None:
        raise InputError(
            f"{mapping.path.name}: this mapping looks up user types, and their list is not here yet.",
            hint="Run `opscom-import pull user-types` first.",
        )
    cells = _Cells(sheet, locate(mapping, sheet))
    mapped = {
        cells.located[header]: rule.field.name in mapping.table.told_by
        for rule in mapping.rules
        for header in rule.part.headers
        if header in cells.located
    }
    skipped = _skipped(mapping, cells, mapped)
    whole = [
        flaw
        for flaw in sheet.flaws
        if flaw.column is None or (flaw.no_record and flaw.column in mapped)
    ]
    whole = [flaw for flaw in whole if not skipped[flaw.position]]
    cells.quiet = skipped.copy()
    cells.quiet[[flaw.position for flaw in whole]] = True
    fields: dict[str, _Given] = {}
    for known in mapping.fields:
        given = []
        for rule in (rule for rule in mapping.rules if rule.field.name == known.name):
            taken, numbers = cells.take(rule), sheet.name is not None
            steps = compile_steps(
                rule.part, known, user_types=user_types, numbers=numbers, today=today
            )
            given += [] if taken is None else [cells.turn(rule, taken, steps)]
        default = mapping.defaults.get(known.name)
        if given or default is not None:
            one, *others = given or [_constant(sheet, "")]
            for other in others:
                one = cells.merge(known, one, other)
            fields[known.name] = _with_default(one, default)
    problems = [
        sheet.problem(
            flaw.position,
            () if flaw.column is None else (flaw.column,),
            Refusal(flaw.message, flaw.remedy),
            code=_WHOLE_ROW_CODE,
        )
        for flaw in whole
    ]
    problems += (problem for given in fields.values() for problem in given.problems)
    return Batch(
        sheet=sheet,
        endpoint=mapping.endpoint,
        mapping=mapping.name,
        mapping_file=mapping.path,
        frame=pd.DataFrame({name: given.texts for name, given in fields.items()}),
        origins={name: given.columns for name, given in fields.items()},
        skipped=skipped,
        cells=cells.cleaned,
        chosen={name: given.chosen for name, given in fields.items() if given.chosen is not None},
        left_out=frozenset((at, name) for name, given in fields.items() for at in given.dropped),
        blanks=mapping.file.blanks,
        duplicates=mapping.file.duplicates,
        problems=tuple(sorted(problems, key=lambda problem: problem.position)),
        omit_if_invalid=frozenset(r.field.name for r in mapping.rules if r.part.if_invalid),
        as_shown=frozenset(r.field.name for r in mapping.rules if r.part.as_shown),
        unfit=frozenset(cells.unfit),
    )


def clean_cells(sheet: Sheet) -> dict[int, tuple[pd.Series[str], Marks]]:
    """Return what ``Batch.cells`` holds: every column cleaned, once for all who look at it."""
    cleaned = {}
    for at in range(len(sheet.columns)):
        column = sheet.frame[at]
        odd = column.str.contains(_ODD)
        if odd.any():
            texts = column[odd]
            column = column.mask(odd, texts.map({text: clean(text) for text in texts.unique()}))
        cleaned[at] = column, odd.to_numpy(dtype=np.bool_)
    return cleaned


def _skipped(mapping: Mapping, cells: _Cells, mapped: abc.Mapping[int, bool]) -> Marks:
    """Return which positions are no records: those where nothing is mapped, and ``skip_rows``.

    Of each mapped column it is known whether it tells records apart. In a results workbook the rows that were
    passed over the first time say so in their status instead, but for those that were empty: a person may have
    filled them.
    """
    sheet = cells.sheet
    skipped = np.full(len(sheet.frame), bool(mapped), dtype=np.bool_)
    for column in mapped:
        skipped &= cells.blank(column)
    skipped[[flaw.position for flaw in sheet.flaws if flaw.column is None]] = False
    if told := read_resubmitted(sheet):
        passed = {at: row.said for at, row in told.items() if row.status == State.SKIPPED}
        skipped[[at for at, said in passed.items() if NOTHING_MAPPED not in said]] = True
        return skipped
    keys = [column for column, is_key in mapped.items() if is_key]
    for skip in mapping.file.skip_rows:
        columns = [cells.located[header] for header in skip.headers]
        if skip.struck or skip.fill:
            marked = sheet.coloured(skip.fill) if skip.fill else sheet.struck
            skipped[list(sheet.rows_marked(marked, keys, mapped))] = True
        elif skip.matches is None:
            skipped |= np.logical_and.reduce([cells.blank(column) for column in columns])
        else:
            codes, distinct = pd.factorize(cells.cleaned[columns[0]][0])
            whole = skip.matches.fullmatch
            hits = [within_time(whole, text, "matches") is not None for text in distinct.tolist()]
            skipped |= np.array(hits, dtype=np.bool_)[codes]
    return skipped


@dataclass(frozen=True, slots=True)
class _Given:
    """What one rule, or all rules of a field together, give the field, row by row."""

    texts: pd.Series[str]
    columns: tuple[int, ...] = ()
    """Positions of the source columns; empty for a constant."""
    chosen: npt.NDArray[np.int64] | None = None
    """Which of several columns gave the text, where the first filled one counts."""
    flaws: abc.Mapping[int, abc.Mapping[int, Flaw]] = field(default_factory=dict)
    """Row position → column → flaw of a cell that the text comes from."""
    problems: tuple[Problem, ...] = ()
    dropped: frozenset[int] = frozenset()
    """Positions whose invalid value is left out."""

    @property
    def failed(self) -> frozenset[int]:
        return frozenset(problem.position for problem in self.problems if problem.holds)

    def columns_at(self, position: int) -> tuple[int, ...]:
        return self.columns if self.chosen is None else (int(self.chosen[position]),)


class _Cells:
    """A sheet's cells, by the headers of a mapping, and what its rules make of them."""

    def __init__(self, sheet: Sheet, located: abc.Mapping[str, int]) -> None:
        self.sheet, self.located, self.cleaned = sheet, located, clean_cells(sheet)
        self.quiet: Marks = np.zeros(len(sheet.frame), dtype=np.bool_)
        """Positions that get no problem: no records, and records that are wrong as a whole."""
        self.unfit: set[tuple[int, int]] = set()
        """(position, column) of cells that are wrong for what they are, not for their text."""
        self._flaws: dict[int, dict[int, Flaw]] = {}
        for flaw in sheet.flaws:
            if flaw.column is not None:
                self._flaws.setdefault(flaw.column, {}).setdefault(flaw.position, flaw)

    def blank(self, column: int) -> Marks:
        """Return which cells of a column are blank; a cell with a flaw is not."""
        return _blank(self.cleaned[column][0], self._flaws.get(column, {}))

    def take(self, rule: Rule) -> _Given | None:
        """Return what a rule takes, ``None`` where all its optional headers are missing.

        Cells that the rule counts as blank are blank already.
        """
        if rule.part.value is not None:
            return _constant(self.sheet, rule.part.value)
        blanks = list(rule.part.blank_if)
        columns = tuple(self.located[each] for each in rule.part.headers if each in self.located)
        if not columns:
            return None
        parts, flaws = [], []
        for column in columns:
            texts = self.cleaned[column][0]
            texts = texts.mask(texts.isin(blanks), "") if blanks else texts
            flaws.append(self._wrong(rule, column, texts))
            parts.append(self._stored(rule, column, texts))
        texts, chosen = parts[0], None
        if rule.part.join:
            lines = zip(*(part.tolist() for part in parts), strict=True)
            joined = [rule.part.separator.join(filter(None, line)) for line in lines]
            texts = pd.Series(joined, index=self.sheet.frame.index, dtype="str")
        elif parts[1:]:
            # A cell with a flaw is not blank.
            chosen = np.full(len(texts), columns[0], dtype=np.int64)
            blank = _blank(texts, flaws[0])
            for other, column, theirs in zip(parts[1:], columns[1:], flaws[1:], strict=True):
                better = blank & ~_blank(other, theirs)
                texts = texts.mask(better, other)
                chosen[better] = column
                blank &= ~better
        taken: dict[int, dict[int, Flaw]] = {}
        for column, theirs in zip(columns, flaws, strict=True):
            for at, flaw in theirs.items():
                if chosen is None or chosen[at] == column:
                    taken.setdefault(at, {})[column] = flaw
        return _Given(texts, columns, chosen, taken)

    def _stored(self, rule: Rule, column: int, texts: pd.Series[str]) -> pd.Series[str]:
        """Return for money the stored numbers in the place of those shown."""
        stored = self.sheet.stored.get(column, {})
        if rule.field.kind is not Kind.AMOUNT or not stored:
            return texts
        numbers = pd.Series(stored, dtype="str").str.replace(".", rule.part.decimal, regex=False)
        return texts.mask((texts != "") & texts.index.isin(numbers.index), numbers)

    def _wrong(self, rule: Rule, column: int, texts: pd.Series[str]) -> dict[int, Flaw]:
        """Return the flaws of a column's cells for a rule: the sheet's own, and what does not fit.

        A person who vouches for what is shown has none but where no value is shown at all.
        """
        own = self._flaws.get(column, {})
        if rule.part.as_shown:
            # What holds � has lost a sign in reading: sent, it would be another value.
            return {
                at: flaw
                for at, flaw in own.items()
                if not texts[at] or "\ufffd" in texts[at] or is_error_word(texts[at])
            }
        unfit = self._unfit(rule, column, texts)
        return {at: Flaw(at, column, *why) for at, why in unfit if texts[at]} | own

    def _unfit(
        self, rule: Rule, column: int, texts: pd.Series[str]
    ) -> abc.Iterator[tuple[int, tuple[str, str]]]:
        """Yield the cells that are not text of this kind, and money that shows another amount."""
        kind, none = rule.field.kind, np.zeros(0, dtype=np.int8)
        types = self.sheet.types.get(column, none)
        for cell in map(CellType, np.unique(types).tolist()):
            there: Marks = np.equal(types, cell)
            dates = kind in {Kind.DATE, Kind.DATETIME} and cell is CellType.DATE
            turned = dates and days_turned(texts, there)
            wrong = ("", TURNED) if turned else unfit(kind, cell)
            if wrong is not None:
                pattern, why = wrong
                there &= texts.str.contains(pattern).to_numpy(dtype=np.bool_)
                yield from ((at, why) for at in np.flatnonzero(there).tolist())
        if kind is Kind.AMOUNT:
            for at, number in self.sheet.stored.get(column, {}).items():
                if texts[at] and not same_amount(texts[at], number, rule.part.decimal):
                    yield at, OTHERWISE

    def turn(self, rule: Rule, taken: _Given, steps: tuple[Step, ...]) -> _Given:
        """Convert what a rule took.

        What cannot be converted has a problem and stays the cleaned text, or is left out where the rule
        says so. A cell with a flaw has that flaw's problem and no other.
        """
        known, omit = rule.field, bool(rule.part.if_invalid)
        values, said = _convert_column(taken.texts, steps)
        if midnights := _midnights(rule, taken.texts):
            days = np.flatnonzero(taken.texts.isin(midnights)).tolist()
            said |= dict.fromkeys(days, ALL_MIDNIGHT)
        if known.kind in {Kind.DATE, Kind.DATETIME} and rule.part.date and not rule.part.as_shown:
            turned = read_turned(taken.texts.unique().tolist(), rule.part.date)
            wrong = np.flatnonzero(taken.texts.isin(turned)).tolist()
            said |= {at: turned[taken.texts[at]] for at in wrong}
        for at, flaws in taken.flaws.items():
            first, *_ = flaws.values()
            said[at] = Refusal(first.message, first.remedy)
            self.unfit |= {
                (at, column)
                for column, flaw in flaws.items()
                if at not in self._flaws.get(column, {}) and not flaw.message.startswith(MADE)
            }
        shown, kept = (taken.texts.tolist(), values.tolist()) if said else ([], [])
        problems, dropped = [], set()
        for at, why in sorted(said.items()):
            if self.quiet[at]:
                continue
            held = isinstance(why, Refusal)
            refusal = why if isinstance(why, Refusal) else why.refusal
            kept[at] = shown[at] if isinstance(why, Refusal) else why.text
            if held and omit:
                kept[at], refusal = "", replace(refusal, remedy=LEFT_OUT)
            if not kept[at] and (omit or not held):
                dropped.add(at)
            problems.append(
                self.sheet.problem(
                    at,
                    tuple(taken.flaws.get(at, ())) or taken.columns_at(at),
                    replace(refusal, remedy=remedy_for(known, refusal.remedy)),
                    field=known.name,
                    value=shown[at],
                    code=known.too_long if refusal.remedy == CUT else known.invalid,
                    warning=omit or not held,
                )
            )
        texts = pd.Series(kept, index=values.index, dtype="str") if said else values
        return replace(taken, texts=texts, problems=tuple(problems), dropped=frozenset(dropped))

    def merge(self, known: Field, one: _Given, other: _Given) -> _Given:
        """Return what two rules of a field give together; the first comes under its first name.

        The vendor documents several names for some fields and not which one wins, so that two different
        values are a problem, never a choice of ours.
        """
        blank = _blank(one.texts)
        differ = ~blank & ~_blank(other.texts) & ~self.quiet
        differ &= (one.texts != other.texts).to_numpy(dtype=np.bool_)
        differ[list(one.failed | other.failed)] = False
        clashes = [
            self.sheet.problem(
                at,
                (*one.columns_at(at), *other.columns_at(at)),
                _TWO_VALUES,
                field=known.name,
                value=str(one.texts[at]),
                code=known.invalid,
            )
            for at in np.flatnonzero(differ).tolist()
        ]
        return _Given(
            one.texts.mask(blank, other.texts),
            tuple(dict.fromkeys((*one.columns, *other.columns))),
            problems=(*one.problems, *other.problems, *clashes),
            dropped=one.dropped | other.dropped,
        )


def _constant(sheet: Sheet, text: str) -> _Given:
    rows = sheet.frame.index
    return _Given(pd.Series([text] * len(rows), index=rows, dtype="str"))


def _blank(texts: pd.Series[str], flaws: abc.Iterable[int] = ()) -> Marks:
    blank: Marks = (texts == "").to_numpy(dtype=np.bool_, copy=True)
    blank[list(flaws)] = False
    return blank


def _midnights(rule: Rule, texts: pd.Series[str]) -> set[str]:
    """Return the times of a column if all are midnight, and the mapping gives another time for days."""
    part = rule.part
    if part.time in {None, dt.time()} or part.midnight or rule.field.kind is not Kind.DATETIME:
        return set()
    told = {text: is_midnight(text, part.date, part.timezone) for text in texts.unique() if text}
    return set() if False in told.values() else {text for text, is_it in told.items() if is_it}


def _convert_column(
    texts: pd.Series[str], steps: tuple[Step, ...]
) -> tuple[pd.Series[str], dict[int, Refusal | Warned]]:
    """Convert each distinct text once; return the values, and what is said of them by position."""
    if not steps:
        return texts, {}
    codes, distinct = pd.factorize(texts)
    before: list[str] = distinct.tolist()
    made = [convert(text, steps) for text in before]
    after = [text if isinstance(text, str) else old for old, text in zip(before, made, strict=True)]
    if after != before:
        texts = pd.Series(pd.array(after, dtype="str").take(codes), index=texts.index)
    said = {code: each for code, each in enumerate(made) if not isinstance(each, str)}
    marked = np.flatnonzero(np.isin(codes, list(said)))
    return texts, {at: said[int(codes[at])] for at in marked.tolist()}


def _with_default(given: _Given, default: str | None) -> _Given:
    """Fill what is blank, but not what was left out for being invalid and not what has an error."""
    blank = _blank(given.texts)
    dropped = frozenset(at for at in given.dropped if blank[at])
    values = given.texts
    if default is not None:
        blank[list(dropped | given.failed)] = False
        values = values.mask(blank, default)
    return replace(given, texts=values, dropped=dropped)
