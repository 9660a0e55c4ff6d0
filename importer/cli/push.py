"""``opscom-import push``."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from importer.cli.options import PACING, READING, Options, taking
from importer.cli.setting import Setting, find_past, find_setting, open_access, open_journal
from importer.cli.terminal import is_interactive, say, say_causes, say_notes, show_report
from importer.errors import PushStopped, UsageError
from importer.prepare import PUSH, Compared, Job, Past
from importer.report import Report, causes_of
from importer.run import Delivery, run
from importer.text import count
from importer.workspace import ARCHIVE
from schemas import POLICIES


@click.command()
@taking(
    *(*READING, "sandbox", "yes", "limit", *PACING, "again", "different_file", "keep"),
    *("same_system", "new_system"),
)
def push(options: Options) -> int:
    """Send the rows of spreadsheets to OPSCOM, and write STEM-results.xlsx for each.

    PATH is a file or a folder; without one it is the workspace's inbox. Rows with errors are held
    back and marked; all others go, each exactly once. Run the same command again after any
    interruption, or with the corrected workbook.
    """
    if not (options.yes or options.sandbox or is_interactive()):
        raise UsageError(
            "Nobody is here to be asked before rows are sent.",
            hint="Give --yes to send without asking, or --sandbox to rehearse.",
        )
    return show_report(_push(options), options, told=True)


def _push(options: Options) -> Report:
    setting = find_setting(options)
    with ExitStack() as stack:
        setting = open_access(setting, stack)
        keep = options.keep or setting.sandbox or not setting.workspace.own
        named = frozenset(path.resolve() for path in options.paths if path.is_file())
        asks = options.sandbox or is_interactive()
        request = setting.request(
            PUSH,
            limit=options.limit,
            again=options.again,
            archive=None if keep else setting.workspace.folder / ARCHIVE,
            inbox=setting.workspace.inbox,
            different_file=options.different_file,
            new_system=options.new_system,
            deletes=None if asks else named if options.yes else frozenset(),
        )

        def look_back(jobs: Sequence[Job]) -> Past:
            upserts = [endpoint for endpoint, policy in POLICIES.items() if policy.upsert]
            others = {job.endpoint for job in jobs if job.endpoint} - set(upserts)
            if options.again and others:
                raise UsageError(
                    f"--again is for {' and '.join(upserts)} only; {', '.join(sorted(others))} would be "
                    "created or deleted twice."
                )
            return find_past(open_journal(setting, stack), setting)

        def begin(jobs: Sequence[Job], planned: Sequence[Compared]) -> Delivery:
            _say_plan(setting, jobs, planned)
            _confirm(planned, options, named)
            return setting.deliver(stack)

        return run(request, look_back, begin)


def _say_plan(setting: Setting, jobs: Sequence[Job], planned: Sequence[Compared]) -> None:
    """Say what is about to be sent and where."""
    say(f"To {setting.where}, client code {setting.settings.client}:")
    for job in jobs:
        if job.error is not None:
            say(f"  {job.path.name}: left out, see below")
    told: set[tuple[Path, str]] = set()
    for each in planned:
        sheet = each.checked.batch.sheet
        name = sheet.source.name if sheet.name is None else f"{sheet.source.name}, {sheet.name}"
        mapping, rows = each.checked.batch.mapping, count(len(sheet.frame), "row")
        ready, endpoint = f"{len(each.plan.send):,} of {rows}", each.job.endpoint
        say(f"  {name}: {ready} to send as {endpoint} (mapping {mapping})")
        if number := len(each.plan.updates):
            change = POLICIES[endpoint].changed_by
            say(f"  {name}: {number:,} of {rows} to change as {change}, as opscom_answer says")
        if each.against is not None:
            say(f"  {each.against} since {each.against.source}")
        say_notes(each.job.path, each.notes, told)
        say_causes(causes_of([each.checked], [each.plan.settled.items()]))


def _confirm(planned: Sequence[Compared], options: Options, named: frozenset[Path]) -> None:
    """Ask before the first row is sent, and have a person type how many permits are to be deleted.

    Raises:
        PushStopped: The person said no.
    """
    total = deletes = 0
    for each in planned:
        total += len(each.plan.rows)
        answered = options.yes and each.job.path.resolve() in named
        if POLICIES[each.job.endpoint].deletes and not answered:
            deletes += len(each.plan.send)
    if options.limit is not None:
        total, deletes = min(total, options.limit), min(deletes, options.limit)
    if options.sandbox or not total:
        return
    said = True
    if deletes:
        say(f"{count(deletes, 'permit')} will be deleted in OPSCOM. That cannot be undone.")
        question = f"Type {deletes} to delete them"
        typed = click.prompt(question, default="", show_default=False, err=True)
        said = str(typed).strip() == str(deletes)
    if said and not options.yes:
        said = click.confirm(f"Send {count(total, 'row')}?", err=True)
    if not said:
        raise PushStopped("Nothing was sent.", hint="Run the command again when you are ready.")
