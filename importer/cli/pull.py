"""``opscom-import pull``: the read endpoints, from what was typed to a workbook of the answer."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from importer.cli.options import PACING, Options, taking
from importer.cli.setting import Setting, ask_list, find_setting, interruptible, open_access
from importer.cli.terminal import emit, is_interactive, say, say_error
from importer.delivery.answers import text_of
from importer.delivery.http import Connection, address, trust
from importer.delivery.pace import Stopper
from importer.errors import PushStopped, SettingsError, UsageError
from importer.prepare import check_plates
from importer.pulls import overdue
from importer.pulls.book import Asked, Record, Summary, page_of, write_book
from importer.pulls.plates import pull_plates
from importer.schema import Read
from importer.settings import PLATE_HOST_VARIABLE
from importer.text import count, quoted
from importer.workspace import SETTINGS_FILE, KeptTypes, UserType, keep_user_types
from schemas.reads import OVERDUE_VIOLATIONS, PERMIT_STATS, USER_TYPES

WORD = "mark"
"""What a person types so that violations are marked as sent to collections."""
_asking = taking("workspace", "host", "client", "results", "as_json", "timeout", "sandbox")


@click.group()
def pull() -> None:
    """Ask OPSCOM for what it holds, and write a workbook of it."""


@pull.command("user-types")
@_asking
def user_types(options: Options) -> int:
    """List OPSCOM's user types, and keep them in the workspace.

    A mapping with `lookup: user-types` finds their ids by name, without a network.
    """
    setting, records = _ask(options, USER_TYPES, {})
    types = [UserType(*(text_of(each.get(n)) for n in USER_TYPES.columns)) for each in records]
    found = KeptTypes(setting.settings.host, setting.settings.client, tuple(types))
    kept = keep_user_types(setting.workspace.keeping_folder, found, sandbox=setting.sandbox)
    say(f"The user types are kept in {kept}.")
    for name in found.shared_names:
        say(f"Several user types are called {name}: write its id.")
    return _show(setting, USER_TYPES, records, kept=str(kept))


@pull.command("permit-stats")
@_asking
@click.option("--zones", metavar='"A,B"', help="Only these zones, separated by commas.")
def permit_stats(options: Options, *, zones: str | None) -> int:
    """Count the permits in OPSCOM by type and zone."""
    setting, records = _ask(options, PERMIT_STATS, {"zones": zones} if zones else {})
    return _show(setting, PERMIT_STATS, records)


def _ask(options: Options, read: Read, payload: Mapping[str, str]) -> tuple[Setting, list[Record]]:
    """Ask for a list."""
    with ExitStack() as stack:
        setting = open_access(find_setting(options, only_named=True), stack)
        failed = f"OPSCOM gave no list of {read.endpoint}."
        return setting, ask_list(setting.controller, read, payload, failed)


def _show(setting: Setting, read: Read, records: Sequence[Record], **more: str) -> int:
    """Show a short list, write its workbook, print the object of ``--json``."""
    say(f"{read.endpoint} of {setting.where}:")
    for record in records:
        say(f"  {'  '.join(text_of(record.get(name)) for name in read.columns)}")
    title = read.endpoint.replace("-", " ").capitalize()
    page = page_of(title, records, read.columns, money=("total",))
    path = setting.results / f"{read.endpoint}.xlsx"
    path = write_book(path, [page], Summary(title, _asked(setting)))
    say(f"  Workbook: {path}")
    if setting.options.as_json:
        emit({"exit_code": 0, read.records: records, **more, "results": str(path)})
    return 0


def _asked(setting: Setting, host: str = "") -> Asked:
    """Return what a workbook tells of its origin; ``host`` where it is not OPSCOM's usual one."""
    settings = setting.settings
    return Asked(setting.results, setting.sandbox, host or settings.host, settings.client)


@pull.command("overdue-violations")
@_asking
@click.option("--yes", is_flag=True, help="Do not ask: mark them as sent to collections.")
@click.option(
    "--from",
    "saved",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Ask nothing; make the workbook once more from the bytes that an earlier call saved.",
)
def overdue_violations(options: Options, *, yes: bool, saved: Path | None) -> int:
    """Take over the overdue violations. OPSCOM marks them as SENT TO COLLECTIONS.

    No later call returns them again, so the answer is saved byte by byte before it is read, under a
    name that is never overwritten, and nothing is ever asked twice. The call is given up where no byte
    comes for --timeout seconds.
    """
    if saved is not None:
        sandbox = options.sandbox or saved.resolve().parent.name == "sandbox"
        asked = Asked(options.results or saved.parent, sandbox)
        return _show_overdue(overdue.rebuild(saved, asked), options)
    if not (yes or options.sandbox or is_interactive()):
        raise UsageError(
            "Nobody is here to be asked before violations are marked as sent to collections.",
            hint="Give --yes to mark them without asking, or --sandbox to rehearse.",
        )
    with ExitStack() as stack:
        setting = open_access(find_setting(options, only_named=True), stack)
        settings, asked, stopper = setting.settings, _asked(setting), Stopper()
        _confirm(setting, yes=yes or options.sandbox)
        # A time-out of its own and for no whole answer: one that still arrives is never cut.
        connection = Connection(
            address(settings.host, OVERDUE_VIOLATIONS.path, settings.client),
            timeout=options.timeout or max(settings.timeout, overdue.PATIENCE),
            token={"apiToken": setting.token},
            trusted=trust(settings.host),
        )
        stack.callback(connection.close)
        stack.enter_context(interruptible(stopper))
        found = overdue.call(connection, asked, stopper, setting.controller.redact)
    return _show_overdue(found, options)


@pull.command("plates")
@click.argument("file", type=click.Path(path_type=Path))
@taking(
    *("workspace", "mapping", "sheet", "client", "host", "encoding", "results", "as_json"),
    *("plate_host", *PACING, "sandbox"),
)
@click.option("--column", metavar="NAME", help="Header of the column with the plates, instead.")
def plates(options: Options, *, file: Path, column: str | None) -> int:
    """Look up the plates of a spreadsheet: permits, expiry, alarm, do-not-ticket notes.

    FILE is a workbook or text file. Every plate is asked for once, many side by side. The mapping is
    one whose endpoint is plates; --column takes its place. After an interruption run the same command
    again: asking twice changes nothing.
    """
    setting = find_setting(options, only_named=True)
    if not (options.sandbox or setting.settings.plate_host):
        # Source of the two names: API documentation, "Pull API: Plate Validation", header ``Host``,
        # newer and older version.
        raise SettingsError(
            "The host for plates is not set, and the API token must not go to a stranger; nothing was "
            "asked.",
            hint=f"OPSCOM's pages print https://service.OPSCOM.com, older ones "
            f"https://service.ops-com.com: ask OPSCOM which is yours, and write `plate_host:` into "
            f"{SETTINGS_FILE}, set {PLATE_HOST_VARIABLE}, or give --plate-host.",
        )
    with ExitStack() as stack:
        setting = open_access(setting, stack, plates=True)
        job = check_plates(file, setting.request("pull"), column)
        for note in job.notes:
            say(f"  Note: {note}")
        delivery = setting.deliver(stack)
        told = pull_plates(
            job,
            setting.plates,
            delivery.conditions,
            _asked(setting, setting.settings.plate_host),
            lambda done, total: delivery.watch(file.name, done, total),
        )
    counts = ", ".join(f"{number} {state}" for state, number in told["states"].items())
    say(f"{file.name}: {counts or 'no rows'} ({count(told['rows'], 'row')}, {told['mapping']})")
    if told["stopped"] is not None:
        say(f"Stopped: {told['stopped']}")
    say(f"  Workbook: {told['results']}")
    if options.as_json:
        emit(told)
    return int(told["exit_code"])


def _confirm(setting: Setting, *, yes: bool) -> None:
    """Say what the call does, and have a person type the word.

    Raises:
        PushStopped: They did not.
    """
    for path in overdue.unfinished(setting.results):
        say(
            f"There are saved bytes of an unfinished call: {path} ({path.stat().st_size} bytes). "
            f"{overdue.MARKED}. `opscom-import pull overdue-violations --from {quoted(path)}` makes a "
            "workbook of what arrived. Once that is dealt with, move the file elsewhere."
        )
    say(
        f"OPSCOM at {setting.where}, client code {setting.settings.client}, gives out all overdue violations "
        "and marks them as sent to collections: no later call returns them again. "
        f"The answer is saved in {setting.results}."
    )
    if yes:
        return
    question = f"Type {WORD} to have them marked"
    typed = click.prompt(question, default="", show_default=False, err=True)
    if str(typed).strip().casefold() != WORD:
        raise PushStopped("Nothing was asked, so nothing is marked.")


def _show_overdue(found: Mapping[str, Any], options: Options) -> int:
    if found["counts"]:
        say(", ".join(f"{name}: {number}" for name, number in found["counts"].items()))
    for name, noun in (("saved", "Saved answer"), ("results", "Workbook")):
        if found[name] is not None:
            say(f"  {noun}: {found[name]}")
    if found["error"] is not None:
        say_error(found["error"])
    if options.as_json:
        emit(found)
    return int(found["exit_code"])
