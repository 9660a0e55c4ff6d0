"""``opscom-import pull``: the read endpoints, from what was typed to a workbook of the answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from importer.cli.options import PACING, Options, taking
from importer.cli.setting import (
    Access,
    Setting,
    ask_list,
    find_setting,
    interruptible,
    open_access,
)
from importer.cli.terminal import emit, is_interactive, say, say_error
from importer.delivery.answers import text_of
from importer.delivery.http import Connection, Controller, address, trust
from importer.delivery.journal_file import person
from importer.delivery.pace import Stopper
from importer.delivery.questions import Json
from importer.errors import PushStopped, SettingsError, UsageError
from importer.prepare import check_plates
from importer.pulls import overdue
from importer.pulls.book import Asked, Summary, cell, page_of, records_of, write_book
from importer.pulls.plates import pull_plates
from importer.run import Progress
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


@dataclass(frozen=True, slots=True)
class _Call:
    """Where a command asks, and where its workbook goes."""

    setting: Setting
    access: Access
    controller: Controller
    asked: Asked
    stack: ExitStack
    """Closes what the call opens."""

    def ask_list(self, read: Read, payload: Mapping[str, str]) -> list[dict[str, Json]]:
        """Ask for a list and show it.

        Raises:
            PushStopped: There is no answer, or a refusal.
        """
        content, why = ask_list(self.controller, read, payload)
        if content is None:
            raise PushStopped(
                f"OPSCOM gave no list of {read.endpoint}. {why}",
                hint="Look into that, then run the same command again.",
            )
        return records_of(content, read.records)

    def show(self, path: Path | str, shape: Mapping[str, object]) -> int:
        """Tell the workbook, print the object of ``--json``, return the exit code of success."""
        say(f"  Workbook: {path}")
        if self.setting.options.as_json:
            emit({"exit_code": 0, **shape, "results": str(path)})
        return 0

    def lay_out(
        self,
        read: Read,
        records: Sequence[Mapping[str, Json]],
        facts: Sequence[tuple[str, str]],
        notes: Sequence[str],
    ) -> Path:
        """Show a short list as lines of aligned columns, and write its workbook."""
        lines = [["" if r.get(n) is None else str(r[n]) for n in read.columns] for r in records]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
            say(f"  {'  '.join(padded)}".rstrip())
        for note in notes:
            say(f"  Note: {note}")
        title = read.endpoint.replace("-", " ").capitalize()
        page = page_of(title, records, read.columns)
        summary = Summary(title, self.asked, facts, notes)
        return write_book(self.asked.folder / f"{read.endpoint}.xlsx", summary, [page])


@contextmanager
def _calling(options: Options, *, plates: bool = False) -> Iterator[_Call]:
    """Open what every pull needs, and close it at the end."""
    setting = find_setting(options, only_named=True)
    if plates and not options.sandbox:
        setting = replace(setting, settings=replace(setting.settings, host=_plate_host(setting)))
    with ExitStack() as stack:
        access = open_access(setting, stack)
        timeout = setting.settings.timeout
        controller = Controller(access.host, access.client, access.token, timeout=timeout)
        apart = "sandbox" if access.sandbox else ""
        folder = options.results or setting.workspace.results / apart
        asked = Asked(
            folder,
            access.host,
            access.client,
            person(),
            access.sandbox,
            dt.datetime.now().astimezone(),
        )
        yield _Call(setting, access, controller, asked, stack)


@pull.command("user-types")
@_asking
def user_types(options: Options) -> int:
    """List OPSCOM's user types, and keep them in the workspace.

    A mapping with `lookup: user-types` finds their ids by name, without a network.
    """
    with _calling(options) as call:
        records, access = call.ask_list(USER_TYPES, {}), call.access
        types = [UserType(*(text_of(each.get(n)) for n in USER_TYPES.columns)) for each in records]
        found = KeptTypes(access.host.rstrip("/"), access.client, tuple(types))
        folder = call.setting.workspace.keeping_folder
        kept = keep_user_types(folder, found, sandbox=access.sandbox)
        say(f"{count(len(records), 'user type')} from {access.where}, kept in {kept}.")
        use = (
            "Use",
            "A mapping may take the ids by name: `lookup: user-types` under user_type_id.",
        )
        notes = [f"Several user types are called {n}: write its id." for n in found.shared_names]
        path = call.lay_out(USER_TYPES, records, [use], notes)
        return call.show(path, {"user_types": records, "kept": str(kept)})


@pull.command("permit-stats")
@_asking
@click.option("--zones", default="", metavar='"A,B"', help="Only these zones, separated by commas.")
def permit_stats(options: Options, *, zones: str) -> int:
    """Count the permits in OPSCOM by type and zone."""
    wanted = [zone.strip() for zone in zones.split(",") if zone.strip()]
    with _calling(options) as call:
        records = call.ask_list(PERMIT_STATS, {"zones": ",".join(wanted)} if wanted else {})
        counted = [{**each, "total": cell(each.get("total"), number=True)} for each in records]
        whole = sum(each["total"] for each in counted if isinstance(each["total"], int))
        told = {text_of(record.get("zone")).casefold() for record in records}
        missing = [zone for zone in wanted if zone.casefold() not in told]
        these = "this zone" if len(missing) == 1 else "these zones"
        notes = [f"OPSCOM says nothing of {these}: {', '.join(missing)}."] if missing else []
        say(f"{count(len(records), 'count')} from {call.access.where}.")
        facts = (("Zones", ", ".join(wanted) or "all"), ("Permits in all", f"{whole:,}"))
        path = call.lay_out(PERMIT_STATS, counted, facts, notes)
        return call.show(path, {"data": records, "missing_zones": missing})


@pull.command("overdue-violations")
@_asking
@click.option("--yes", is_flag=True, help="Do not ask: mark them as sent to collections.")
@click.option(
    "--from",
    "saved",
    type=click.Path(path_type=Path),
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
        asked = Asked(
            options.results or saved.parent,
            "",
            "",
            person(),
            sandbox,
            dt.datetime.now().astimezone(),
        )
        return _show_overdue(overdue.rebuild(saved, asked), options)
    if not (yes or options.sandbox or is_interactive()):
        raise UsageError(
            "Nobody is here to be asked before violations are marked as sent to collections.",
            hint="Give --yes to mark them without asking, or --sandbox to rehearse.",
        )
    with _calling(options) as call:
        access, stopper = call.access, Stopper()
        _confirm(call, yes=yes or options.sandbox)
        # A time-out of its own and for no whole answer: one that still arrives is never cut.
        connection = Connection(
            address(access.host, OVERDUE_VIOLATIONS.path, access.client),
            timeout=options.timeout or max(call.setting.settings.timeout, overdue.PATIENCE),
            token={"apiToken": access.token},
            trusted=trust(access.host),
        )
        call.stack.callback(connection.close)
        redact = call.controller.redact
        with interruptible(stopper):
            found = overdue.call(connection, call.asked, stopper, redact)
        return _show_overdue(found, options)


@pull.command("plates")
@click.argument("file", type=click.Path(path_type=Path))
@taking(
    *("workspace", "mapping", "sheet", "client", "encoding", "results", "as_json", "plate_host"),
    *(*PACING, "sandbox"),
)
@click.option("--column", metavar="NAME", help="Header of the column with the plates, instead.")
def plates(options: Options, *, file: Path, column: str | None) -> int:
    """Look up the plates of a spreadsheet: permits, expiry, alarm, do-not-ticket notes.

    FILE is a workbook or text file. Every plate is asked for once, many side by side. The mapping is
    one whose endpoint is plates; --column takes its place. After an interruption run the same command
    again: asking twice changes nothing.
    """
    if options.mapping and column is not None:
        raise UsageError("--mapping and --column both say where the plates are. Give one of them.")
    with _calling(options, plates=True) as call:
        access, settings = call.access, call.setting.settings
        request = call.setting.request("pull", access, files=(file,))
        job = check_plates(file, request, column)
        for note in job.notes:
            say(f"  Note: {note}")
        with ExitStack() as stack:
            delivery = access.deliver(settings, stack)
            told = pull_plates(
                job,
                access.plates(access.host, settings),
                delivery.conditions,
                call.asked,
                lambda done, total: delivery.watch(Progress(file.name, done, total)),
            )
        counts = ", ".join(f"{number} {state}" for state, number in told["states"].items())
        say(f"{file.name}: {counts or 'no rows'} ({count(told['rows'], 'row')}, {told['mapping']})")
        if told["stopped"] is not None:
            say(f"Stopped: {told['stopped']}")
        call.show(told["results"], told)
        return int(told["exit_code"])


def _plate_host(setting: Setting) -> str:
    """Return the host of plate validation.

    Raises:
        SettingsError: There is none. Source of the two names: API documentation, "Pull API: Plate
            Validation", header ``Host``, newer and older version.
    """
    if setting.settings.plate_host:
        return setting.settings.plate_host
    raise SettingsError(
        "The host for plates is not set, and the API token must not go to a stranger; nothing was "
        "asked.",
        hint=f"OPSCOM's pages print https://service.OPSCOM.com, older ones "
        f"https://service.ops-com.com: ask OPSCOM which is yours, and write `plate_host:` into "
        f"{SETTINGS_FILE}, set {PLATE_HOST_VARIABLE}, or give --plate-host.",
    )


def _confirm(call: _Call, *, yes: bool) -> None:
    """Say what the call does, and have a person type the word.

    Raises:
        PushStopped: They did not.
    """
    for path in overdue.unfinished(call.asked.folder):
        say(
            f"There are saved bytes of an unfinished call: {path} ({path.stat().st_size} bytes). "
            f"{overdue.MARKED}. `opscom-import pull overdue-violations --from {quoted(path)}` makes a "
            "workbook of what arrived. Once that is dealt with, move the file elsewhere."
        )
    say(
        f"OPSCOM at {call.access.where}, client code {call.access.client}, gives out all overdue violations "
        "and marks them as sent to collections: no later call returns them again. "
        f"The answer is saved in {call.asked.folder}."
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
