"""All problems of all rows at once: pandera's failures, read back as problems at their cells."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from importer.checking.fills import about_fills
from importer.checking.notes import column_notes
from importer.checking.repeats import find_repeats, in_order
from importer.checking.rules import Rule, Terms, compile_checks, length_of
from importer.checking.strays import find_strays
from importer.errors import SettingsError
from importer.model import Checked, Problem, Severity
from importer.schema import Need
from importer.text import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from importer.model import Batch
    from importer.schema import Field, Table

    Flawed = Mapping[str, Collection[int]]


@dataclass(frozen=True, slots=True)
class _Failure:
    """A rule and the positions that break it."""

    field: str
    rule: Rule
    positions: Sequence[int]


def check(batch: Batch, table: Table, *, required: Collection[str] = (), today: date) -> Checked:
    """Find everything that is wrong with a sheet that stands alone in its file (see ``check_rows``)."""
    return find_repeats([check_rows(batch, table, required=required, today=today)], table)[0]


def check_rows(
    batch: Batch, table: Table, *, required: Collection[str] = (), today: date
) -> Checked:
    """Find everything that is wrong with the rows of a batch, each by itself.

    Skipped rows are not looked at. A cell for which the mapping reported an error already gets no
    second problem. What is invalid in a field with ``if_invalid: omit`` becomes a warning, and the
    value is left out of the batch that is returned.

    Args:
        batch: A sheet under the vendor's names. Its frame has a RangeIndex, dtype ``str``; blank is
            ``""``.
        table: The page of ``batch.endpoint``.
        required: Optional fields (names or aliases) whose absence is an error; from the settings.
        today: The day after which a date of birth lies in the future.

    Returns:
        The batch with the mapping's problems and ours, by position, then in the order of the source
        columns, then in that of the table; the strays; one note on all
        required fields that the mapping never gives, one for every field that OPSCOM may miss and
        that no column gives, and those on colours and on whole columns.

    Raises:
        SettingsError: ``required`` names a field that the table does not have.
    """
    terms = Terms(today, _required(table, required), batch.as_shown, batch.blanks, batch.left_out)
    given = batch
    strays = {problem.position: problem for problem in find_strays(batch, table)}
    # A row that is not a record, or whose cells stand in wrong columns, has that one problem.
    whole = {each.position: each for each in batch.problems if each.field is None and each.holds}
    batch = replace(batch, skipped=_with(given.skipped, strays.keys() | whole.keys()))
    problems = [each for each in batch.problems if not batch.skipped[each.position]]
    problems += (whole | strays).values()
    flawed: dict[str, set[int]] = defaultdict(set)
    for problem in problems:
        if problem.holds and problem.field is not None:
            flawed[problem.field].add(problem.position)

    failures = _failures(batch, table, terms, flawed)
    spared = [failure for failure in failures if _may_go(batch, table, terms, failure)]
    if spared:
        problems += [warning for failure in spared for warning in _warnings(batch, table, failure)]
        batch = _without(batch, spared)
        terms = replace(terms, left_out=batch.left_out)
        # What is missing shows only now: of two fields one of which must be filled, say.
        failures = _failures(batch, table, terms, flawed)
    for failure in failures:
        problems += _problems(batch, table, failure)

    return Checked(
        batch=replace(batch, skipped=given.skipped) if spared else given,
        problems=in_order(table, problems),
        strays=frozenset(strays.keys() | whole.keys()),
        notes=(
            *_never_given(batch, table, terms),
            *_unmapped(batch, table, terms),
            *about_fills(batch, table, strays),
            *column_notes(batch, table),
        ),
    )


def _with(skipped: npt.NDArray[np.bool_], positions: Iterable[int]) -> npt.NDArray[np.bool_]:
    """Return the marks with these positions marked too."""
    marks = skipped.copy()
    marks[list(positions)] = True
    return marks


def _required(table: Table, names: Collection[str]) -> frozenset[str]:
    """Return the fields of these names or aliases."""
    fields = {name: table.field(name) for name in names}
    unknown = [name for name, known in fields.items() if known is None]
    if unknown:
        near = nearest(unknown[0], table.names)
        raise SettingsError(
            f'OPSCOM\'s {table.endpoint} have no field "{unknown[0]}", which the settings require.',
            hint=f'Did you mean "{near}"?'
            if near
            else "Run `opscom-import fields` to see them all.",
        )
    return frozenset(known.name for known in fields.values() if known is not None)


def _may_go(batch: Batch, table: Table, terms: Terms, failure: _Failure) -> bool:
    """Return whether ``if_invalid: omit`` lets these values go."""
    known = table.field(failure.field)
    return (
        known is not None
        and known.need is not Need.REQUIRED
        and known.name in batch.omit_if_invalid
        and known.name not in terms.required
        and (failure.rule.severity is Severity.ERROR or failure.rule.name == "nowhere")
        and not failure.rule.on_blank
    )


def _warnings(batch: Batch, table: Table, failure: _Failure) -> list[Problem]:
    rule = replace(
        failure.rule,
        severity=Severity.WARNING,
        remedy="It is left out, as the mapping says; correct the cell to have it sent.",
    )
    return _problems(batch, table, replace(failure, rule=rule))


def _without(batch: Batch, failures: Iterable[_Failure]) -> Batch:
    """Return the batch without the values at fault."""
    frame = batch.frame.copy()
    left_out = set(batch.left_out)
    for failure in failures:
        frame.loc[list(failure.positions), failure.field] = ""
        left_out.update((position, failure.field) for position in failure.positions)
    return replace(batch, frame=frame, left_out=frozenset(left_out))


def _failures(batch: Batch, table: Table, terms: Terms, flawed: Flawed) -> list[_Failure]:
    """Run the table's rules over the rows that are records and return what fails, in their order.

    This is the one place that reads pandera's errors. A check that could not run has checked no row,
    so it stops the run instead of passing in silence.
    """
    from pandera.errors import SchemaErrors

    frame = _with_blanks(batch, table, terms.required)
    schema = compile_checks(table, frame, terms)
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        failed = errors.schema_errors
    else:
        return []
    failures: list[_Failure] = []
    for error in failed:
        output = error.check_output
        if output is None:
            raise RuntimeError(
                f"The check of {error.schema.name!r} could not run: {error}"
            ) from error
        rule: Rule = error.schema.metadata[error.check.error]
        name = str(error.schema.name)
        passed = {position for other in (name, *rule.also) for position in flawed.get(other, ())}
        positions = [
            int(position)
            for position in frame.index[~output.to_numpy(dtype=bool)]
            if position not in passed and not _is_left_out(batch, rule, int(position), name)
        ]
        if positions:
            failures.append(_Failure(name, rule, positions))
    return failures


def _is_left_out(batch: Batch, rule: Rule, position: int, name: str) -> bool:
    """Return whether the warning on a blank would only repeat the one on what was left out."""
    return (
        rule.on_blank and rule.severity is Severity.WARNING and (position, name) in batch.left_out
    )


def _with_blanks(batch: Batch, table: Table, required: Collection[str]) -> pd.DataFrame:
    """Return the rows that are records, with a blank column for each unmapped field that must be."""
    frame = batch.frame
    if batch.skipped.any():
        frame = frame[~batch.skipped]
    blanks = {known.name: "" for known in _absent(frame, table, required)}
    return frame.assign(**blanks).astype("str") if blanks else frame


def _absent(frame: pd.DataFrame, table: Table, required: Collection[str]) -> list[Field]:
    """Return the fields that must be filled and that nothing in the mapping gives."""
    given = {known.group for known in table.fields if known.name in frame}
    return [
        known
        for known in table.fields
        if known.name not in frame
        and (
            known.need is Need.REQUIRED
            or known.name in required
            or (known.need is Need.ONE_OF and known.group not in given)
        )
    ]


def _problems(batch: Batch, table: Table, failure: _Failure) -> list[Problem]:
    name, rule = failure.field, failure.rule
    known = table.field(name)
    title = name if known is None else known.title
    values = (
        batch.frame.loc[list(failure.positions), name].tolist()
        if name in batch.frame
        else [""] * len(failure.positions)
    )
    looked_at = (name, *rule.also) if rule.on_blank else (name,)
    if rule.whole_row:
        looked_at, values = rule.also, [""] * len(values)
    problems = []
    for position, value in zip(failure.positions, values, strict=True):
        columns = tuple(
            dict.fromkeys(
                column for other in looked_at for column in batch.columns_of(other, position)
            )
        )
        problems.append(
            Problem(
                position=position,
                row=int(batch.sheet.rows[position]),
                columns=columns,
                field=None if rule.whole_row else name,
                value=value,
                code=rule.code,
                severity=rule.severity,
                message=rule.message.format(
                    this="this" if columns else f'the "{title}"', length=length_of(value)
                ),
                detail=rule.details.get(value, ""),
                remedy=rule.remedy
                if columns or rule.whole_row
                else f"Give {name} another column or value in the mapping.",
            )
        )
    return problems


def _never_given(batch: Batch, table: Table, terms: Terms) -> Iterable[str]:
    """Yield one sentence on all fields for whose want every row is held back, whatever its cells."""
    names: dict[str, list[str]] = {}
    for known in _absent(batch.frame, table, terms.required):
        alternative = known.group if known.need is Need.ONE_OF else ""
        names.setdefault(alternative or known.name, []).append(known.name)
    wanted = [" or ".join(each) for each in names.values()]
    if not wanted:
        return
    *most, last = wanted
    said = f"{', '.join(most)} and {last}" if most else last
    them, needs = ("them", "are needed") if most else ("it", "is needed")
    yield (
        f"The mapping gives nothing for {said}, which {needs} in every row: add {them} to the "
        "mapping. Every row is held back for it."
    )


def _unmapped(batch: Batch, table: Table, terms: Terms) -> Iterable[str]:
    for known in table.fields:
        if (
            known.need is Need.EXPECTED
            and known.name not in batch.frame
            and known.name not in terms.required
        ):
            yield (
                f'No column gives the "{known.title}" ({known.name}); OPSCOM may refuse a new user '
                f"without it, with code {known.missing}."
            )
