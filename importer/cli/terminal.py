"""What a person sees on the terminal: all of it on standard error, JSON alone on standard output."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

import click

from importer.text import count, plain, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from rich.console import Console

    from importer.cli.options import Options
    from importer.report import Cause, Report, SheetReport

_MOST_CAUSES = 12
"""Causes that the terminal tells of one sheet."""
_FIND_OUT = "Of unknown rows nobody knows whether OPSCOM has them, and they are not sent again. To find out:"
_ASK_PERSON = (
    "What is still unknown only a person can find out. Look each row up in OPSCOM, write the id, yes or no "
    "into opscom_answer of the workbook, save it, and then:"
)


def console() -> Console:
    """Return the console for people; colours only on a terminal, ``NO_COLOR`` is honoured."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Tell a person one line; what a terminal would obey in it (of a file's name, say) is spelled out."""
    try:
        click.echo(plain(text), err=True)
    except OSError:
        # Whoever listened has gone; the run has not.
        _listen_no_more(sys.stderr)


def emit(found: object) -> None:
    """Print the one JSON object for other programs."""
    try:
        click.echo(json.dumps(found))
    except OSError:
        # As above; Windows calls a pipe that nobody reads invalid.
        _listen_no_more(sys.stdout)


def _listen_no_more(stream: TextIO) -> None:
    """Let what is still to be written into a stream that nobody reads go nowhere, without a word."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def say_error(error: str) -> None:
    """Tell a person what stopped a file or a run: a line each fault."""
    for number, line in enumerate(error.split("\n")):
        say(line if number else f"Error: {line}")


def is_interactive() -> bool:
    """Whether a person is there to be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def say_notes(file: Path, notes: Iterable[str], told: set[tuple[Path, str]]) -> None:
    """Tell what a person should know of a file, a line each; what was told of it already is not told again."""
    for note in notes:
        if (file, note) not in told:
            say(f"  Note: {note}")
            told.add((file, note))


def say_causes(causes: Sequence[Cause]) -> None:
    """Tell what is wrong with the rows of a file, a line a cause, the most frequent first."""
    for cause in causes[:_MOST_CAUSES]:
        say(f"  {cause}")
    if more := causes[_MOST_CAUSES:]:
        say(f"  and {count(len(more), 'more cause')}: Summary in the workbook lists them all.")


def show_report(
    report: Report, options: Options, *, looked: bool = False, told: bool = False
) -> int:
    """Show what a run came to: a line a sheet, then what to do next; return its exit code.

    ``looked`` says that ``settle`` has looked already, so that a person must; ``told`` that notes and problems
    were told before the first row went.
    """
    for note in report.notes:
        say(note)
    notes: set[tuple[Path, str]] = set()
    for sheet, later in zip(report.sheets, [*report.sheets[1:], None], strict=False):
        if sheet.error is not None:
            say_error(sheet.error)
            continue
        _say_states(sheet, told=told)
        say_notes(sheet.source, () if told else sheet.notes, notes)
        if sheet.results is not None and (later is None or later.results != sheet.results):
            say(f"  Workbook: {sheet.results}")
        for step in _next_steps(sheet, options.for_next, looked=looked):
            say(f"  {step}")
    if report.stopped is not None:
        say(f"Stopped: {report.stopped}")
    if options.as_json:
        emit(report.as_json())
    return report.exit_code


def _say_states(sheet: SheetReport, *, told: bool) -> None:
    where = sheet.source.name if sheet.sheet is None else f"{sheet.source.name}, {sheet.sheet}"
    counts = ", ".join(f"{rows} {state.value}" for state, rows in sheet.states) or "no rows"
    say(f"{where}: {counts} ({count(sheet.rows, 'row')}, mapping {sheet.mapping})")
    if sheet.against is not None and not told:
        say(f"  {sheet.against} since {sheet.against.source}")
    say_causes([cause for cause in sheet.problems if cause.by_opscom or not told])


def _next_steps(sheet: SheetReport, again: str, *, looked: bool) -> list[str]:
    """Return what the person does now, a sentence each."""
    from schemas import POLICIES

    states = {state.value: number for state, number in sheet.states}
    push = f"push it with {again}" if again else "push it"
    steps = []
    if states.keys() & {"invalid", "rejected"}:
        do = f"correct the marked cells in the workbook, or answer in it, as opscom_message says, save it, and {push}."
        if any(cause.by_mapping for cause in sheet.problems):
            do = f"change the mapping where it is wrong about a column, and run this again; else {do}"
        steps.append(f"{do[0].upper()}{do[1:]}")
    lost = states.get("unknown", 0) > sheet.resent
    created = POLICIES[sheet.endpoint or ""].creates
    if lost and created:
        workbook = "" if sheet.results is None else quoted(sheet.results)
        command = " ".join(filter(None, ("opscom-import settle", workbook, again)))
        steps += [_ASK_PERSON if looked else _FIND_OUT, f"  {command}"]
    if (lost and not created) or sheet.resent or (looked and "not sent" in states):
        steps.append(f"To send the rows that are not settled take the workbook and {push}.")
    return steps


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar with the time left while a push runs, on a terminal; else nothing."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich import progress as rich

    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TimeRemainingColumn(),
    )
    bar = rich.Progress(*columns, console=console(), transient=True, refresh_per_second=5)
    tasks: dict[str, rich.TaskID] = {}

    def watch(source: str, done: int, total: int) -> None:
        if source not in tasks:
            tasks[source] = bar.add_task(plain(source))
        bar.update(tasks[source], completed=done, total=total)

    bar.start()
    try:
        yield watch
    finally:
        # The terminal may have gone; the run has not.
        with suppress(OSError):
            bar.stop()
