"""``opscom-import push``."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from importer.cli.options import Common, Pacing, common, different_file, pacing, paths

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from importer.cli.access import Access
    from importer.compare import Compared, Past
    from importer.prepare import Job
    from importer.report import Report
    from importer.run import Delivery


@dataclass(frozen=True, slots=True)
class Options:
    """What only a push takes; see the help of each option."""

    pacing: Pacing
    sandbox: bool = False
    yes: bool = False
    limit: int | None = None
    again: bool = False
    keep: bool = False
    same_system: bool = False
    new_system: bool = False
    different_file: bool = False


@click.command(short_help="Send the rows, and write what became of each into a workbook.")
@paths
@common
@click.option(
    "--sandbox",
    is_flag=True,
    help="Push to an OPSCOM that runs inside this command, to rehearse. Needs no token.",
)
@click.option("--yes", is_flag=True, help="Do not ask before the first row is sent.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="Send the first N rows that would be sent, then stop. Look at them in OPSCOM, and go on.",
)
@pacing
@click.option(
    "--again",
    is_flag=True,
    help="Send users and permit updates even where nothing has changed.",
)
@different_file
@click.option("--keep", is_flag=True, help="Leave the file in the inbox.")
@click.option(
    "--same-system",
    is_flag=True,
    help="This host is the OPSCOM that this client code had under another name.",
)
@click.option(
    "--new-system",
    is_flag=True,
    help="This host is another OPSCOM: what was sent to the other one does not count here.",
)
def push(paths: tuple[Path, ...], common: Common, pacing: Pacing, **options: object) -> int:
    """Send the rows of spreadsheets to OPSCOM, and write STEM-results.xlsx for each.

    PATH is a file or a folder; without one it is the workspace's inbox. Rows with errors are held
    back and marked; all others go, each exactly once. Run the same command again after any
    interruption, or with the corrected workbook.
    """
    from importer.cli.terminal import is_interactive, options_again, show_report
    from importer.errors import UsageError

    given = Options(pacing=pacing, **options)  # type: ignore[arg-type]
    if given.same_system and given.new_system:
        raise UsageError(
            "--same-system and --new-system contradict each other.", hint="Give one of them."
        )
    if not (given.yes or given.sandbox or is_interactive()):
        raise UsageError(
            "Nobody is here to be asked before rows are sent.",
            hint="Give --yes to send without asking, or --sandbox to rehearse.",
        )
    report = _push(paths, common, given)
    again = options_again(common, sandbox=given.sandbox)
    show_report(report, as_json=common.as_json, again=again, told=True)
    return report.exit_code


def _push(paths: tuple[Path, ...], common: Common, options: Options) -> Report:
    from importer.cli.access import find_past, open_access, open_journal
    from importer.cli.setting import find_setting, given_by, request_for
    from importer.cli.terminal import is_interactive
    from importer.prepare import PUSH
    from importer.run import run

    setting = find_setting(paths, common, given_by(common, options.pacing))
    with ExitStack() as stack:
        access = open_access(setting, stack, sandbox=options.sandbox)
        keep = options.keep or access.sandbox or not setting.workspace.own
        named = frozenset(path.resolve() for path in paths if path.is_file())
        asks = is_interactive()
        request = request_for(
            *(PUSH, setting, common),
            sandbox=access.sandbox,
            limit=options.limit,
            again=options.again,
            archive=None if keep else setting.workspace.archive,
            inbox=setting.workspace.inbox,
            different_file=options.different_file,
            new_system=options.new_system,
            deletes=None if options.sandbox or asks else named if options.yes else frozenset(),
        )

        def look_back(jobs: Sequence[Job]) -> Past:
            _refuse_again(jobs, again=options.again)
            journal = open_journal(setting, stack)
            return find_past(journal, access, same=options.same_system, new=options.new_system)

        def begin(jobs: Sequence[Job], planned: Sequence[Compared]) -> Delivery:
            _say_plan(access, jobs, planned, options.limit)
            _confirm(planned, options, named)
            return access.deliver(setting, stack)

        return run(request, access.place, look_back, begin)


def _refuse_again(jobs: Sequence[Job], *, again: bool) -> None:
    from importer.errors import UsageError
    from schemas import POLICIES

    upserts = [endpoint for endpoint, policy in POLICIES.items() if policy.upsert]
    others = {job.endpoint for job in jobs if job.endpoint} - set(upserts)
    if again and others:
        raise UsageError(
            f"--again is for {' and '.join(upserts)} only; {', '.join(sorted(others))} would be "
            "created or deleted twice."
        )


def _say_plan(
    access: Access, jobs: Sequence[Job], planned: Sequence[Compared], limit: int | None
) -> None:
    """Say what is about to be sent and where."""
    from importer.causes import causes_of
    from importer.cli.terminal import say, say_causes
    from importer.text import count

    where = "the sandbox on this machine" if access.sandbox else access.host
    say(f"To {where}, client code {access.client}:")
    for job in jobs:
        if job.error is not None:
            say(f"  {job.path.name}: left out, see below")
    told: set[tuple[Path, str]] = set()
    for each in planned:
        sheet = each.checked.batch.sheet
        name = sheet.source.name if sheet.name is None else f"{sheet.source.name}, {sheet.name}"
        mapping, rows = each.checked.batch.mapping, count(len(sheet.frame), "row")
        say(
            f"  {name}: {len(each.plan.send):,} of {rows} to send as {each.job.endpoint} "
            f"(mapping {mapping})"
        )
        for note in each.notes:
            if (each.job.path, note) not in told:
                say(f"  Note: {note}")
            told.add((each.job.path, note))
        say_causes(causes_of([each.checked]))
    if limit is not None and limit < sum(len(each.plan.send) for each in planned):
        say(f"  Of these only the first {limit}, as --limit says")


def _confirm(planned: Sequence[Compared], options: Options, named: frozenset[Path]) -> None:
    """Ask before the first row is sent.

    Raises:
        PushStopped: The person said no.
    """
    from importer.errors import PushStopped
    from importer.text import count
    from schemas import POLICIES

    total = deletes = 0
    for each in planned:
        send = len(each.plan.send)
        total += send
        if POLICIES[each.job.endpoint].deletes and not (
            options.yes and each.job.path.resolve() in named
        ):
            deletes += send
    if options.limit is not None:
        total, deletes = min(total, options.limit), min(deletes, options.limit)
    if options.sandbox or not total:
        return
    if deletes:
        _confirm_deletes(deletes)
    if not options.yes and not click.confirm(f"Send {count(total, 'row')}?", err=True):
        raise PushStopped("Nothing was sent.", hint="Run the command again when you are ready.")


def _confirm_deletes(number: int) -> None:
    """Have the person type how many permits are to be deleted."""
    from importer.cli.terminal import say
    from importer.errors import PushStopped
    from importer.text import count

    say(f"{count(number, 'permit')} will be deleted in OPSCOM. That cannot be undone.")
    typed = click.prompt(f"Type {number} to delete them", default="", show_default=False, err=True)
    if str(typed).strip() != str(number):
        raise PushStopped("Nothing was sent.", hint="Run the command again when you are ready.")
