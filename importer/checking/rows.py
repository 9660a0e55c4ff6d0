"""All problems of all rows at once: pandera's failures, read back as problems at their cells."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

import pandas as pd

from importer.checking.repeats import find_repeats
from importer.checking.rules import Rule, compile_checks
from importer.checking.sheets import about_fills, column_notes, find_strays
from importer.model import Batch, Checked, Problem, Refusal, Severity
from importer.schema import Field, Need, Table

Failure = tuple[Field, Rule, Sequence[int]]
"""A field, a rule, and the positions that break it."""


def check(
    batches: Sequence[Batch], table: Table, *, required: Collection[str] = (), today: date
) -> tuple[Checked, ...]:
    """Find everything that is wrong with the sheets of a file.

    Skipped rows are not looked at. A cell for which the mapping reported an error already gets no
    second problem. What is invalid in a field with ``if_invalid: omit`` becomes a warning, and the
    value is left out of the batch that is returned.

    Args:
        batches: Sheets under the vendor's names, all under one mapping. Their frames have a RangeIndex,
            dtype ``str``; blank is ``""``.
        table: The page of their endpoint.
        required: Optional fields (their first names) whose absence is an error; from the settings.
        today: The day after which a date of birth lies in the future.

    Returns:
        The batches with the mapping's problems and ours, by position, then in the order of the source
        columns, then in that of the table; the strays; one note for every field that OPSCOM may miss and
        that no column gives, and those on colours and on whole columns.
    """
    return find_repeats([_check(batch, table, required, today) for batch in batches], table)


def _check(batch: Batch, table: Table, required: Collection[str], today: date) -> Checked:
    """Find everything that is wrong with the rows of a batch, each by itself."""
    given = batch
    strays = {problem.position: problem for problem in find_strays(batch, table)}
    # A row that is not a record, or whose cells stand in wrong columns, has that one problem.
    whole = {each.position: each for each in batch.problems[::-1] if each.field is None}
    skipped = given.skipped.copy()
    skipped[[*strays, *whole]] = True
    batch = replace(batch, skipped=skipped)
    problems = [each for each in batch.problems if not skipped[each.position]]
    problems += (whole | strays).values()
    flawed: dict[str, set[int]] = defaultdict(set)
    for problem in problems:
        if problem.holds and problem.field is not None:
            flawed[problem.field].add(problem.position)

    failures = _failures(batch, table, required, today, flawed)
    spared = [failure for failure in failures if failure[1].leaves_out]
    if spared:
        frame, left_out = batch.frame.copy(), set(batch.left_out)
        for known, rule, positions in spared:
            problems += _problems(batch, known, rule, positions)
            frame.loc[list(positions), known.name] = ""
            left_out.update((position, known.name) for position in positions)
        batch = replace(batch, frame=frame, left_out=frozenset(left_out))
        # What is missing shows only now: of two fields one of which must be filled, say.
        failures = _failures(batch, table, required, today, flawed)
    for failure in failures:
        problems += _problems(batch, *failure)

    return Checked(
        batch=replace(batch, skipped=given.skipped) if spared else given,
        problems=tuple(problems),
        strays=frozenset(strays.keys() | whole.keys()),
        notes=(
            *_never_given(batch, table, required),
            *about_fills(batch, table, strays),
            *column_notes(batch, table),
        ),
    )


def _failures(
    batch: Batch,
    table: Table,
    required: Collection[str],
    today: date,
    flawed: Mapping[str, Collection[int]],
) -> list[Failure]:
    """Run the table's rules over the rows that are records and return what fails, in their order.

    This is the one place that reads pandera's errors.
    """
    from pandera.errors import SchemaErrors

    frame = batch.frame[~batch.skipped] if batch.skipped.any() else batch.frame
    if blanks := dict.fromkeys(_absent(frame, table, required), ""):
        frame = frame.assign(**blanks).astype("str")
    schema = compile_checks(table, batch, frame, required, today)
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        failed = errors.schema_errors
    else:
        return []
    failures: list[Failure] = []
    fields = {known.name: known for known in table.fields}
    for error in failed:
        rule: Rule = error.schema.metadata[error.check.error]
        name = str(error.schema.name)
        passed = {position for other in (name, *rule.also) for position in flawed.get(other, ())}
        if rule.on_blank and rule.severity is Severity.WARNING:
            # It would only repeat the warning on what was left out.
            passed |= {position for position, field in batch.left_out if field == name}
        broken = map(int, frame.index[~error.check_output.to_numpy(dtype=bool)])
        positions = [position for position in broken if position not in passed]
        if positions:
            failures.append((fields[name], rule, positions))
    return failures


def _absent(frame: pd.DataFrame, table: Table, required: Collection[str]) -> list[str]:
    """Return the fields that must be filled and that nothing in the mapping gives."""
    given = {known.group for known in table.fields if known.name in frame}
    return [
        known.name
        for known in table.fields
        if known.name not in frame
        and (
            known.need is Need.REQUIRED
            or known.name in required
            or (known.need is Need.ONE_OF and known.group not in given)
        )
    ]


def _problems(
    batch: Batch, known: Field, rule: Rule, positions: Sequence[int]
) -> Iterator[Problem]:
    name, values = known.name, [""] * len(positions)
    if name in batch.frame and not rule.whole_row:
        values = batch.frame.loc[list(positions), name].tolist()
    looked_at = [*(() if rule.whole_row else (name,)), *(rule.also if rule.on_blank else ())]
    for position, value in zip(positions, values, strict=True):
        columns = batch.columns_at(looked_at, position)
        this = "this" if columns else f'the "{known.title}"'
        message, remedy = rule.message.format(this=this, length=len(value)), rule.remedy
        if not columns and not rule.whole_row:
            remedy = f"Give {name} another column or value in the mapping."
        yield batch.sheet.problem(
            position,
            columns,
            Refusal(message, remedy, rule.details.get(value, "")),
            field=None if rule.whole_row else name,
            value=value,
            code=rule.code,
            warning=rule.severity is Severity.WARNING,
        )


def _never_given(batch: Batch, table: Table, required: Collection[str]) -> Iterable[str]:
    """Yield a sentence on each field that OPSCOM may miss and that no column gives."""
    for known in table.fields:
        if known.need is Need.EXPECTED and known.name not in {*batch.frame, *required}:
            yield (
                f'No column gives the "{known.title}" ({known.name}); OPSCOM may refuse a new user '
                f"without it, with code {known.missing}."
            )
