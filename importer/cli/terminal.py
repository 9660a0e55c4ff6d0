"""What a person sees on the terminal: all of it on standard error, JSON alone on standard output."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

import click

from importer.errors import plain
from importer.model import State
from importer.text import count, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from rich.console import Console

    from importer.causes import Cause
    from importer.cli.options import Common
    from importer.report import Report, SheetReport
    from importer.run import Progress

_SOME_ROWS = 3
"""From how many rows on one fault in all of them is more likely the mapping's than the cells'."""
_MOST_CAUSES = 12
"""Causes that the terminal tells of one sheet."""
_ALL_HELD = (
    "Every row is held back. Where Summary shows one problem in all of them, change the mapping and run "
    "this again; else "
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
    except BrokenPipeError:
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


def options_again(common: Common, *, sandbox: bool = False) -> str:
    """Return the options that the next command needs too, as a person types them; empty for none."""
    named = [
        ("--workspace", common.workspace),
        *(("--mapping", path) for path in common.mapping),
        ("--results", common.results),
        ("--journal", common.journal),
        ("--host", common.host),
        ("--client", common.client),
    ]
    words = [f"{name} {quoted(value)}" for name, value in named if value is not None]
    return " ".join([*words, "--sandbox"] if sandbox else words)


def say_causes(causes: Sequence[Cause]) -> None:
    """Tell what is wrong with the rows of a file, a line a cause, the most frequent first."""
    for cause in causes[:_MOST_CAUSES]:
        say(f"  {cause}")
    if more := causes[_MOST_CAUSES:]:
        say(f"  and {count(len(more), 'more cause')}: Summary in the workbook lists them all.")


def show_report(
    report: Report, *, as_json: bool, again: str = "", looked: bool = False, told: bool = False
) -> None:
    """Show what a run came to: a line a sheet, then what to do next.

    Args:
        report: What the run came to.
        as_json: Whether to print its object on standard output too.
        again: The options that the next command needs too (see ``options_again``).
        looked: Whether ``settle`` has looked already, so that a person must.
        told: Whether notes and problems were told before the first row went.
    """
    for note in report.notes:
        say(note)
    notes: set[tuple[Path, str]] = set()
    for at, sheet in enumerate(report.sheets):
        where = sheet.source.name if sheet.sheet is None else f"{sheet.source.name}, {sheet.sheet}"
        if sheet.error is not None:
            say_error(sheet.error)
            continue
        counts = ", ".join(f"{count} {state.value}" for state, count in sheet.states) or "no rows"
        rows = "1 row" if sheet.rows == 1 else f"{sheet.rows} rows"
        say(f"{where}: {counts} ({rows}, mapping {sheet.mapping})")
        say_causes([cause for cause in sheet.problems if not (told and cause.first)])
        for note in () if told else sheet.notes:
            if (sheet.source, note) not in notes:
                say(f"  Note: {note}")
            notes.add((sheet.source, note))
        last = [later.results for later in report.sheets[at + 1 : at + 2]] != [sheet.results]
        if sheet.results is not None and last:
            say(f"  Workbook: {sheet.results}")
        for step in _next_steps(sheet, again, looked=looked):
            say(f"  {step}")
    if report.stopped is not None:
        say(f"Stopped: {report.stopped}")
    if as_json:
        emit(report.as_json())


def _next_steps(sheet: SheetReport, again: str, *, looked: bool) -> list[str]:
    """Return what the person does now, a sentence each; ``not sent`` is told once for the whole run."""
    from schemas import POLICIES

    counts = dict(sheet.states)
    wrong = counts.get(State.INVALID, 0) + counts.get(State.REJECTED, 0)
    push = f"push it with {again}" if again else "push it"
    steps = []
    if sheet.marked:
        correct = f"orrect the marked cells in the workbook, save it, and {push}."
        steps.append(f"{_ALL_HELD}c{correct}" if _all_held(counts) else f"C{correct}")
    if sheet.marked and wrong > sheet.marked:
        steps.append("For the other rows see opscom_message: it says what to do.")
    elif wrong and not sheet.marked:
        steps.append("See opscom_message in the workbook: it says what to do.")
    if counts.get(State.UNKNOWN) and POLICIES[sheet.endpoint or ""].creates:
        steps += _find_out(sheet, again, looked=looked)
    elif counts.get(State.UNKNOWN):
        steps.append(f"To send the unknown rows once more take the workbook and {push}.")
    if looked and counts.get(State.NOT_SENT):
        steps.append(f"To send the rows that are not sent take the workbook and {push}.")
    return steps


def _all_held(counts: dict[State, int]) -> bool:
    """Whether no row of a file of some rows could go, as where the mapping is wrong about a column."""
    return counts.get(State.INVALID, 0) == sum(counts.values()) >= _SOME_ROWS


def _find_out(sheet: SheetReport, again: str, *, looked: bool) -> tuple[str, str]:
    """Say how to find out whether OPSCOM has the unknown rows."""
    workbook = "" if sheet.results is None else quoted(sheet.results)
    command = " ".join(filter(None, ("opscom-import settle", workbook, again)))
    if looked:
        why = (
            "What is still unknown only a person can find out. Look each row up in OPSCOM, write the "
            "id, yes or no into opscom_answer of the workbook, save it, and then:"
        )
    else:
        why = (
            "Of unknown rows nobody knows whether OPSCOM has them, and they are not sent again. "
            "To find out:"
        )
    return why, f"  {command}"


@contextmanager
def progress() -> Iterator[Callable[[Progress], None]]:
    """Show a bar with rate and time left while a push runs, on a terminal; else nothing."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(show_speed=True),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=console(), transient=True, refresh_per_second=5)
    tasks: dict[str, object] = {}

    def watch(seen: Progress_) -> None:
        task = tasks.get(seen.source)
        if task is None:
            task = tasks[seen.source] = bar.add_task(plain(seen.source), total=seen.total, rate="")
        found = next(each for each in bar.tasks if each.id == task)
        speed = found.speed
        rate = f"{speed:.0f} rows/s" if speed else ""
        bar.update(found.id, completed=seen.done, total=seen.total, rate=rate)

    bar.start()
    try:
        yield watch
    finally:
        # The terminal may have gone; the run has not.
        with suppress(OSError):
            bar.stop()


if TYPE_CHECKING:
    Progress_ = Progress
