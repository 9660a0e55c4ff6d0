"""``opscom-import history``."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import click

from importer.cli.options import Options, taking
from importer.cli.terminal import emit, say
from importer.delivery.journal_file import look_up
from importer.delivery.memory import SANDBOX, Created, FileEntry, Memory, RunEntry, System
from importer.errors import UsageError
from importer.pulls.book import Cell, Page, write_book
from importer.reading import read_summary, told_by, told_gone
from importer.text import count, quoted
from importer.workspace import find_workspace
from schemas import POLICIES


@click.command()
@click.argument("run", required=False)
@taking("workspace", "journal", "as_json")
@click.option(
    "--as-deletes",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the permits that RUN created into a workbook that `push` takes to delete them.",
)
@click.option(
    "--gone",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="WORKBOOK",
    help="With --as-deletes: instead of a RUN's the permits that Summary of WORKBOOK lists as gone.",
)
def history(
    options: Options, *, run: str | None, as_deletes: Path | None, gone: Path | None
) -> int:
    """Show what was imported: when, by whom, from which file, with which outcome.

    Without RUN all runs, the newest first; with RUN that one in detail, with --json also what it created.
    """
    if as_deletes is not None and run is None and gone is None:
        raise UsageError("--as-deletes needs the id of a run.", hint="`history` shows the ids.")
    if gone is not None and (as_deletes is None or run is not None):
        raise UsageError("--gone goes with --as-deletes alone.", hint="Name the workbook to write.")
    path = options.journal or find_workspace(options.workspace, Path.cwd()).journal
    with look_up(path) as memory:
        runs = () if memory is None else memory.runs(run)
        listed: tuple[Created, ...] = ()
        told: dict[str, object]
        if gone is not None:
            listed = () if memory is None else _gone(memory, gone)
            told = {"gone": [asdict(each) for each in listed]}
        elif run is None:
            told = {"runs": [asdict(each) for each in runs]}
            _show_runs(runs)
        elif memory is None or not runs:
            hint = "`opscom-import history` shows the ids."
            raise UsageError(f"There is no run {run} in {path}.", hint=hint)
        else:
            listed = memory.created(POLICIES, run)
            told = {"run": asdict(runs[0]), "created": [asdict(each) for each in listed]}
            _show_run(runs[0])
            options = replace(options, sandbox=runs[0].host == SANDBOX.host)
    if options.as_json:
        emit({"exit_code": 0, **told})
    if as_deletes is not None:
        _write_deletes(as_deletes, listed, options.for_next)
    return 0


def _show_runs(runs: tuple[RunEntry, ...]) -> None:
    """Show each run in a few lines."""
    if not runs:
        say("Nothing was pushed yet.")
    for number, run in enumerate(runs):
        if number:
            say("")
        say(f"{run.run}  {_minute(run.started)}  by {run.person}")
        say(f"{_where(run)}: {_outcome(run)}")
        for file in run.files:
            say(f"  {_file(file)}: {_states(file)}")


def _where(run: RunEntry) -> str:
    return "To the sandbox" if run.host == SANDBOX.host else f"To {run.client} at {run.host}"


def _minute(moment: str) -> str:
    """Return a moment as people write it, on the clock of where the run was."""
    return moment[:16].replace("T", " ")


def _outcome(run: RunEntry) -> str:
    """Return how a run ended, in a few words."""
    if run.ended is None:
        return "not ended yet, or ended by force"
    if run.stopped:
        return f"stopped. {run.stopped}"
    return "came to its end" if run.files else "nothing started"


def _file(file: FileEntry) -> str:
    return f"{file.source}, {file.sheet}" if file.sheet else file.source


def _states(file: FileEntry) -> str:
    return ", ".join(f"{n} {state}" for state, n in file.states.items()) or "nothing told yet"


def _show_run(run: RunEntry) -> None:
    say(f"Run {run.run}, by {run.person} on {run.machine}, version {run.version}")
    until = f" to {_minute(run.ended)}" if run.ended else ""
    say(f"From {_minute(run.started)}{until}: {_outcome(run)}")
    say(_where(run))
    for file in run.files:
        say("")
        say(f"{_file(file)} ({file.mapping}, {file.endpoint}), SHA-256 {file.digest}")
        say(f"  {count(file.rows, 'row')}: {_states(file)}; {count(file.attempts, 'request')}")
        for code, number in file.codes.items():
            say(f"  {code}: {count(number, 'time')}")
        if file.results:
            say(f"  Workbook: {file.results}")


def _gone(memory: Memory, workbook: Path) -> tuple[Created, ...]:
    """Return what the journal knows of the records that a results or checked workbook lists as gone."""
    summary = read_summary(workbook)
    origin = None if summary is None else told_by(summary)
    if summary is None or origin is None:
        raise UsageError(f"{workbook} is no results workbook of ours.")
    ids = told_gone(summary)
    if not ids:
        raise UsageError(
            f"{workbook} lists nothing as gone.",
            hint="An older workbook of its name, with a time in the name, may list it.",
        )
    system = SANDBOX if origin.sandbox else System(origin.host.rstrip("/"), origin.client)
    number = memory.system(system)
    if number is None:
        return ()
    return memory.created(POLICIES, system=number, ids=ids)


def _write_deletes(path: Path, created: tuple[Created, ...], at: str) -> None:
    deletable = {policy.of for policy in POLICIES.values() if policy.deletes}
    rows: list[Sequence[Cell]] = [
        (each.reference_id, each.source, str(each.row), each.at)
        for each in created
        if each.endpoint in deletable and not each.deleted
    ]
    headers = ("Reference ID", "Created from", "Row", "Created at")
    written = write_book(path, [Page("Permits", headers, rows)])
    if not rows:
        say(f"{written} lists no permit: the run created none, or they are deleted already.")
        return
    permits = "1 permit is" if len(rows) == 1 else f"{len(rows)} permits are"
    say(f"{permits} listed in {written}. To delete:")
    say(f"  opscom-import push {quoted(written)} --mapping permit-cancellations.yaml {at}".rstrip())
