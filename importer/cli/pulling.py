"""From what was typed to a question for OPSCOM, and from its answer to a workbook."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from importer.cli.access import Access, interruptible, open_access
from importer.cli.setting import Setting, find_setting, given_by, keeping_folder, request_for
from importer.cli.terminal import emit, is_interactive, progress, say, say_error
from importer.delivery.answers import Refused
from importer.delivery.http import Connection, Controller, address, trust
from importer.delivery.journal_file import person
from importer.delivery.pace import Pace, Stopper
from importer.delivery.questions import Found, ask, explain_refusal, listing
from importer.errors import PushStopped, SettingsError, UsageError
from importer.pulls import lists, overdue
from importer.pulls.book import Asked
from importer.pulls.plate_answers import understands_plate
from importer.pulls.saved import unfinished
from importer.pulls.user_types import KeptTypes, keep_user_types
from importer.settings import FILE_NAME, PLATE_HOST_VARIABLE
from importer.text import count, quoted
from importer.workspace import results_path
from schemas.plates import PLATES
from schemas.reads import OVERDUE_VIOLATIONS, PERMIT_STATS, USER_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from importer.cli.options import Common, Pacing
    from importer.delivery.questions import Json
    from importer.pulls.overdue import Overdue
    from importer.schema import Read

WORD = "mark"
"""What a person types so that violations are marked as sent to collections."""


@dataclass(frozen=True, slots=True)
class Call:
    """Where a command asks, and where its workbook goes."""

    common: Common
    setting: Setting
    access: Access
    controller: Controller
    folder: Path
    """For workbooks; a rehearsal's lie apart unless one is named."""
    asked: Asked
    timeout: float | None
    """As typed."""
    stack: ExitStack
    """Closes what the call opens."""

    @property
    def where(self) -> str:
        """The host, for people."""
        return "the sandbox on this machine" if self.access.sandbox else self.access.host

    def show(self, path: Path, shape: Mapping[str, object]) -> int:
        """Tell the workbook, print the object of ``--json``, return the exit code of success."""
        say(f"  Workbook: {path}")
        if self.common.as_json:
            emit({"exit_code": 0, **shape, "results": str(path)})
        return 0


@contextmanager
def calling(
    common: Common,
    pacing: Pacing,
    *,
    sandbox: bool,
    plate_host: str | None = None,
    plates: bool = False,
) -> Iterator[Call]:
    """Open what every pull needs, and close it at the end."""
    given = replace(given_by(common, pacing), plate_host=plate_host)
    setting = find_setting((), common, given, may_lack_files=True)
    if plates and not sandbox:
        host = _plate_host(setting)
        setting = replace(setting, settings=replace(setting.settings, host=host))
    with ExitStack() as stack:
        access = open_access(setting, stack, sandbox=sandbox)
        controller = Controller(
            access.host, access.client, access.token, timeout=setting.settings.timeout
        )
        apart = "sandbox" if access.sandbox else ""
        now = dt.datetime.now().astimezone()
        yield Call(
            common,
            setting,
            access,
            controller,
            common.results or setting.workspace.results / apart,
            Asked(access.host, access.client, person(), access.sandbox, now),
            pacing.timeout,
            stack,
        )


def pull_user_types(call: Call) -> int:
    """List the user types, keep them, and write their workbook."""
    records = _ask_list(USER_TYPES, {}, call)
    access, types = call.access, lists.user_types(records)
    kept = keep_user_types(
        keeping_folder(call.setting.workspace),
        types,
        host=access.host,
        client=access.client,
        sandbox=access.sandbox,
    )
    shared = KeptTypes(call.asked.when, access.host, access.client, types).shared_names
    notes = tuple(f"Several user types are called {name}: write its id." for name in shared)
    path = lists.write_user_types(call.folder / "user-types.xlsx", records, call.asked, notes)
    say(f"{count(len(records), 'user type')} from {call.where}, kept in {kept}.")
    _say_records(records, USER_TYPES.columns)
    for note in notes:
        say(f"  Note: {note}")
    return call.show(path, {"user_types": records, "kept": str(kept)})


def pull_permit_stats(call: Call, zones: str) -> int:
    """Count the permits and write their workbook."""
    wanted = [zone.strip() for zone in zones.split(",") if zone.strip()]
    records = _ask_list(PERMIT_STATS, {"zones": ",".join(wanted)} if wanted else {}, call)
    path = lists.write_permit_stats(call.folder / "permit-stats.xlsx", records, call.asked, wanted)
    missing = lists.missing_zones(records, wanted)
    say(f"{count(len(records), 'count')} from {call.where}.")
    _say_records(records, PERMIT_STATS.columns)
    if missing:
        say(f"  Note: OPSCOM says nothing of {', '.join(missing)}.")
    return call.show(path, {"data": records, "missing_zones": list(missing)})


def may_mark(*, yes: bool) -> None:
    """Make sure that somebody answers for violations being marked.

    Raises:
        UsageError: Nobody does.
    """
    if not (yes or is_interactive()):
        raise UsageError(
            "Nobody is here to be asked before violations are marked as sent to collections.",
            hint="Give --yes to mark them without asking, or --sandbox to rehearse.",
        )


def pull_overdue(call: Call, *, yes: bool) -> int:
    """Ask once for the overdue violations and make their workbook."""
    access, stopper = call.access, Stopper()
    _say_unfinished(call.folder)
    _confirm(call, yes=yes)
    # A time-out of its own and for no whole answer: one that still arrives is never cut.
    timeout = call.timeout or max(call.setting.settings.timeout, overdue.PATIENCE)
    url = address(access.host, OVERDUE_VIOLATIONS.path, access.client)
    connection = Connection(
        url, timeout=timeout, token={"apiToken": access.token}, trusted=trust(access.host)
    )
    call.stack.callback(connection.close)
    to = overdue.Destination(call.folder, call.asked, call.controller.redact)
    with interruptible(stopper):
        found = overdue.call(connection, to, stopper)
    return _show_overdue(found, call.common)


def rebuild_overdue(common: Common, saved: Path, *, sandbox: bool) -> int:
    """Make the workbook of saved violations once more; opens no socket."""
    sandbox = sandbox or saved.resolve().parent.name == "sandbox"
    asked = Asked("", "", person(), sandbox, dt.datetime.now().astimezone())
    to = overdue.Destination(common.results or saved.parent, asked, redact=lambda text: text)
    return _show_overdue(overdue.rebuild(saved, to), common)


def pull_plates(call: Call, file: Path, column: str | None) -> int:
    """Look up the plates of a spreadsheet and write their workbook."""
    from importer.plates import read_plate_file
    from importer.pulls.asking import Questions
    from importer.pulls.plates import pull_plates as pull_all
    from importer.run import Progress

    access, settings, common = call.access, call.setting.settings, call.common
    request = request_for("pull", call.setting, common, sandbox=access.sandbox, files=(file,))
    plates = read_plate_file(file, request, column)
    for note in plates.notes:
        say(f"  Note: {note}")
    stopper = Stopper()
    url, trusted = address(access.host, PLATES.path), trust(access.host)
    questions = Questions(
        lambda: Connection(
            url,
            timeout=settings.timeout,
            whole=True,
            token={"api_token": access.token, "client": access.client},
            trusted=trusted,
            understands=understands_plate,
        ),
        Pace(rate=settings.rate),
        stopper,
        call.controller.redact,
        settings.workers,
    )
    wanted = results_path(call.folder, file, "plates", ())
    with progress() as watch, interruptible(stopper):
        report = pull_all(
            plates,
            questions,
            call.asked,
            wanted,
            lambda done, total: watch(Progress(file.name, done, total)),
        )
    counts = ", ".join(f"{number} {state.value}" for state, number in report.states.items())
    rows = count(sum(report.states.values()), "row")
    say(f"{file.name}: {counts or 'no rows'} ({rows}, {report.mapping})")
    if report.stopped is not None:
        say(f"Stopped: {report.stopped}")
    call.show(report.results, report.as_json())
    return report.exit_code


def _ask_list(read: Read, payload: dict[str, str], call: Call) -> list[dict[str, Json]]:
    """Ask for a list, as often as the pace allows.

    Raises:
        PushStopped: There is no answer, or a refusal.
    """
    connection = call.controller.connect(read.path)
    call.stack.callback(connection.close)
    read_it, redact = listing(read.records), call.controller.redact
    verdict = ask(
        lambda: connection.send(payload),
        lambda body: read_it(redact(body.decode("utf-8", "replace")).encode()),
        Pace(),
        Stopper(),
    )
    if isinstance(verdict, Found):
        return lists.records_of(verdict.content, read.records)
    why = explain_refusal(verdict) if isinstance(verdict, Refused) else verdict.why
    raise PushStopped(
        f"OPSCOM gave no list of {read.endpoint}. {why}",
        hint="Look into that, then run the same command again.",
    )


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
        f"{FILE_NAME}, set {PLATE_HOST_VARIABLE}, or give --plate-host.",
    )


def _say_records(records: Sequence[Mapping[str, Json]], columns: Sequence[str]) -> None:
    """Show a short list as lines of aligned columns."""
    lines = [["" if r.get(name) is None else str(r[name]) for name in columns] for r in records]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        say(f"  {'  '.join(padded)}".rstrip())


def _say_unfinished(folder: Path) -> None:
    for path in unfinished(folder):
        say(
            f"There are saved bytes of an unfinished call: {path} ({path.stat().st_size} bytes). "
            f"{overdue.MARKED}. `opscom-import pull overdue-violations --from {quoted(path)}` makes a "
            "workbook of what arrived. Once that is dealt with, move the file elsewhere."
        )


def _confirm(call: Call, *, yes: bool) -> None:
    """Say what the call does, and have a person type the word.

    Raises:
        PushStopped: They did not.
    """
    say(
        f"OPSCOM at {call.where}, client code {call.access.client}, gives out all overdue violations "
        "and marks them as sent to collections: no later call returns them again. "
        f"The answer is saved in {call.folder}."
    )
    if yes:
        return
    typed = click.prompt(
        f"Type {WORD} to have them marked", default="", show_default=False, err=True
    )
    if str(typed).strip().casefold() != WORD:
        raise PushStopped("Nothing was asked, so nothing is marked.")


def _show_overdue(found: Overdue, common: Common) -> int:
    if found.counts:
        say(", ".join(f"{name}: {number}" for name, number in found.counts))
    if found.saved is not None:
        say(f"  Saved answer: {found.saved}")
    if found.results is not None:
        say(f"  Workbook: {found.results}")
    if found.error is not None:
        say_error(found.error)
    if common.as_json:
        emit(found.as_json())
    return found.exit_code
