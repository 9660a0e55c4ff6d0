"""From what was typed to a question for OPSCOM, and from its answer to a workbook."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.cli.access import Access, interruptible, open_access
from importer.cli.options import Common
from importer.cli.running import Setting, keeping_folder, settle_setting
from importer.cli.terminal import is_interactive, progress, say
from importer.delivery.answers import Refused
from importer.delivery.client import Controller
from importer.delivery.journal import SANDBOX
from importer.delivery.journal_file import person
from importer.delivery.line import Line, trust
from importer.delivery.pace import Pace
from importer.delivery.reads import Found, address, ask, explain_refusal, listing
from importer.delivery.stops import Stopper
from importer.delivery.wire import Watchdog
from importer.errors import PushStopped, SettingsError, UsageError
from importer.pulls import lists, overdue
from importer.pulls.kept import KeptTypes, keep_user_types
from importer.pulls.saved import unfinished
from importer.settings import FILE_NAME, PLATE_HOST_VARIABLE, Given, Settings
from importer.text import quoted
from importer.workspace import results_path
from schemas.plates import PLATES
from schemas.reads import OVERDUE_VIOLATIONS, PERMIT_STATS, USER_TYPES

if TYPE_CHECKING:
    from importer.delivery.reads import Json
    from importer.plates import PlateReport
    from importer.pulls.overdue import Overdue
    from importer.schema import Read

WORD = "mark"
"""What a person types so that violations are marked as sent to collections."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the options of a pull say; see the help of each."""

    workspace: Path | None = None
    host: str | None = None
    plate_host: str | None = None
    client: str | None = None
    results: Path | None = None
    journal: Path | None = None
    sandbox: bool = False
    as_json: bool = False
    timeout: float | None = None
    sheet: str | None = None
    encoding: str | None = None
    workers: int | None = None
    rate: float | None = None


def pull_user_types(wishes: Wishes) -> int:
    """List the user types, keep them, and write their workbook."""
    setting = _settle(wishes)
    with ExitStack() as stack:
        access = open_access(setting, stack, sandbox=wishes.sandbox)
        rows = _ask_list(USER_TYPES, {}, setting, access, stack)
    asked = _asked(access)
    types = lists.user_types(rows)
    kept = keep_user_types(
        keeping_folder(setting.workspace),
        types,
        host=access.host,
        client=access.client,
        sandbox=access.sandbox,
    )
    shared = KeptTypes(asked.when, access.host, access.client, types).shared_names
    notes = tuple(f"Several user types are called {name}: write its id." for name in shared)
    path = lists.write_user_types(
        _folder(setting, wishes, access) / "user-types.xlsx", rows, asked, notes
    )
    say(f"{_some(len(rows), 'user type')} from {_where(access)}, kept in {kept}.")
    for note in notes:
        say(f"  Note: {note}")
    say(f"  Workbook: {path}")
    _show(wishes, {"user_types": rows, "kept": str(kept), "results": str(path)})
    return 0


def pull_permit_stats(wishes: Wishes, zones: str) -> int:
    """Count the permits and write their workbook."""
    setting = _settle(wishes)
    wanted = [zone.strip() for zone in zones.split(",") if zone.strip()]
    payload = {"zones": ",".join(wanted)} if wanted else {}
    with ExitStack() as stack:
        access = open_access(setting, stack, sandbox=wishes.sandbox)
        rows = _ask_list(PERMIT_STATS, payload, setting, access, stack)
    asked = _asked(access)
    wanted_path = _folder(setting, wishes, access) / "permit-stats.xlsx"
    path = lists.write_permit_stats(wanted_path, rows, asked, wanted)
    missing = lists.missing_zones(rows, wanted)
    say(f"{_some(len(rows), 'count')} from {_where(access)}.")
    if missing:
        say(f"  Note: OPSCOM says nothing of {', '.join(missing)}.")
    say(f"  Workbook: {path}")
    _show(wishes, {"data": rows, "missing_zones": list(missing), "results": str(path)})
    return 0


def pull_overdue(wishes: Wishes, *, yes: bool) -> int:
    """Ask once for the overdue violations and make their workbook."""
    if not (yes or wishes.sandbox or is_interactive()):
        raise UsageError(
            "Nobody is here to be asked before violations are marked as sent to collections.",
            hint="Give --yes to mark them without asking, or --sandbox to rehearse.",
        )
    setting = _settle(wishes)
    stopper = Stopper()
    with ExitStack() as stack:
        access = open_access(setting, stack, sandbox=wishes.sandbox)
        folder = _folder(setting, wishes, access)
        _say_unfinished(folder)
        _confirm(access, folder, asked=yes or wishes.sandbox)
        controller = Controller(access.host, access.client, access.token)
        stack.callback(controller.close)
        timeout = wishes.timeout or max(setting.settings.timeout, overdue.PATIENCE)
        url = address(access.host, OVERDUE_VIOLATIONS.path, access.client)
        line = Line(url, timeout=timeout, trusted=trust(access.host))
        stack.callback(line.close)
        about = overdue.About(
            access.host, access.client, person(), access.sandbox, controller.redact
        )
        stack.enter_context(interruptible(stopper))
        found = overdue.call(line, {"apiToken": access.token}, folder, about, stopper)
    return _show_overdue(found, wishes)


def rebuild_overdue(wishes: Wishes, saved: Path) -> int:
    """Make the workbook of saved violations once more; opens no socket."""
    sandbox = wishes.sandbox or saved.resolve().parent.name == "sandbox"
    about = overdue.About("", "", person(), sandbox, redact=lambda text: text)
    found = overdue.rebuild(saved, wishes.results or saved.parent, about)
    return _show_overdue(found, wishes)


def pull_plates(file: Path, mapping: Path | None, column: str | None, wishes: Wishes) -> int:
    """Look up the plates of a spreadsheet and write their workbook."""
    from importer.plates import Aim, Choice, read_plate_file
    from importer.plates import pull_plates as pull_all
    from importer.pulls.asking import Questions
    from importer.pulls.plate_store import PlateStore
    from importer.run import Progress, new_run_id

    if mapping is not None and column is not None:
        raise UsageError("--mapping and --column both say where the plates are. Give one of them.")
    setting = _settle(wishes)
    settings = setting.settings
    with ExitStack() as stack:
        if not wishes.sandbox:
            setting = replace(setting, settings=replace(settings, host=_plate_host(settings)))
        access = open_access(setting, stack, sandbox=wishes.sandbox)
        mappings = (mapping,) if mapping else setting.workspace.mapping_files()
        choice = Choice(mappings, mapping is not None, column, wishes.sheet, wishes.encoding)
        plates = read_plate_file(file, choice, today=dt.datetime.now().astimezone().date())
        for doubt in plates.doubts:
            say(f"  Note: {doubt}")
        system = (SANDBOX.host, SANDBOX.client) if access.sandbox else (access.host, access.client)
        setting.journal.parent.mkdir(parents=True, exist_ok=True)
        kept = setting.journal.with_name("plates.sqlite")
        store = stack.enter_context(PlateStore(kept, *system, plates.plates))
        controller = Controller(access.host, access.client, access.token)
        stack.callback(controller.close)
        watchdog = Watchdog()
        stack.callback(watchdog.close)
        url, trusted = address(access.host, PLATES.path), trust(access.host)
        stopper = Stopper()
        questions = Questions(
            lambda: Line(url, timeout=settings.timeout, watchdog=watchdog, trusted=trusted),
            access.token,
            access.client,
            Pace(rate=settings.rate),
            stopper,
            controller.redact,
            settings.workers,
        )
        wanted = results_path(_folder(setting, wishes, access), file, "plates", ())
        watch = stack.enter_context(progress())
        aim = Aim(
            new_run_id(),
            _asked(access),
            wanted,
            lambda done, total: watch(Progress(file.name, done, total)),
        )
        stack.enter_context(interruptible(stopper))
        report = pull_all(plates, questions, store, aim)
    return _show_plates(report, wishes)


def _settle(wishes: Wishes) -> Setting:
    common = Common(
        workspace=wishes.workspace,
        mapping=(),
        sheet=wishes.sheet,
        results=wishes.results,
        journal=wishes.journal,
        as_json=wishes.as_json,
        client=wishes.client,
        host=wishes.host,
        encoding=wishes.encoding,
    )
    given = Given(
        host=wishes.host,
        plate_host=wishes.plate_host,
        client=wishes.client,
        workers=wishes.workers,
        rate=wishes.rate,
        timeout=wishes.timeout,
    )
    return settle_setting((), common, given, may_lack_files=True)


def _folder(setting: Setting, wishes: Wishes, access: Access) -> Path:
    """Return the folder for workbooks; a rehearsal's lie apart unless one is named."""
    if wishes.results is not None:
        return wishes.results
    results = setting.workspace.results
    return results / "sandbox" if access.sandbox else results


def _asked(access: Access) -> lists.Asked:
    now = dt.datetime.now().astimezone()
    return lists.Asked(access.host, access.client, person(), access.sandbox, now)


def _ask_list(
    read: Read, payload: dict[str, str], setting: Setting, access: Access, stack: ExitStack
) -> list[dict[str, Json]]:
    """Ask for a list, as often as the pace allows.

    Raises:
        PushStopped: There is no answer, or a refusal.
    """
    timeout = setting.settings.timeout
    controller = Controller(access.host, access.client, access.token, timeout=timeout)
    stack.callback(controller.close)
    line = controller.line(read.path)
    stack.callback(line.close)
    read_it = listing(read.records)
    verdict = ask(
        lambda: line.send(payload),
        lambda body: read_it(controller.redact(body.decode("utf-8", "replace")).encode()),
        Pace(),
        Stopper(),
    )
    if isinstance(verdict, Found):
        return lists.rows_of(verdict.content, read.records)
    why = explain_refusal(verdict) if isinstance(verdict, Refused) else verdict.why
    raise PushStopped(
        f"OPSCOM gave no list of {read.endpoint}. {why}",
        hint="Look into that, then run the same command again.",
    )


def _plate_host(settings: Settings) -> str:
    """Return the host of plate validation.

    Raises:
        SettingsError: There is none. Source of the two names: API documentation, "Pull API: Plate
            Validation", header ``Host``, newer and older version.
    """
    if settings.plate_host:
        return settings.plate_host
    raise SettingsError(
        "The host for plates is not set, and the API token must not go to a stranger; nothing was "
        "asked.",
        hint=f"OPSCOM's pages print https://service.OPSCOM.com, older ones "
        f"https://service.ops-com.com: ask OPSCOM which is yours, and write `plate_host:` into "
        f"{FILE_NAME}, set {PLATE_HOST_VARIABLE}, or give --plate-host.",
    )


def _say_unfinished(folder: Path) -> None:
    for path in unfinished(folder):
        say(
            f"There are saved bytes of an unfinished call: {path} ({path.stat().st_size} bytes). "
            f"{overdue.MARKED}. `opscom-import pull overdue-violations --from {quoted(path)}` makes a "
            "workbook of what arrived. Once that is dealt with, move the file elsewhere."
        )


def _confirm(access: Access, folder: Path, *, asked: bool) -> None:
    """Say what the call does, and have a person type the word.

    Raises:
        PushStopped: They did not.
    """
    say(
        f"OPSCOM at {_where(access)}, client code {access.client}, gives out all overdue violations "
        "and marks them as sent to collections: no later call returns them again. "
        f"The answer is saved in {folder}."
    )
    if asked:
        return
    typed = click.prompt(
        f"Type {WORD} to have them marked", default="", show_default=False, err=True
    )
    if str(typed).strip().casefold() != WORD:
        raise PushStopped("Nothing was asked, so nothing is marked.")


def _show_overdue(found: Overdue, wishes: Wishes) -> int:
    counts = dict(found.counts)
    if counts:
        say(", ".join(f"{name}: {count}" for name, count in counts.items()))
    if found.saved is not None:
        say(f"  Saved answer: {found.saved}")
    if found.results is not None:
        say(f"  Workbook: {found.results}")
    if found.error is not None:
        say(f"Error: {found.error}")
    if wishes.as_json:
        click.echo(json.dumps(found.as_json()))
    return found.exit_code


def _show_plates(report: PlateReport, wishes: Wishes) -> int:
    rows = sum(report.states.values())
    counts = ", ".join(f"{count} {state.value}" for state, count in report.states.items())
    say(f"{report.source.name}: {counts or 'no rows'} ({_some(rows, 'row')}, {report.mapping})")
    if report.resumed:
        say(f"  {_some(report.resumed, 'plate')} had an answer from the interrupted run already.")
    say(f"  Workbook: {report.results}")
    if report.stopped is not None:
        say(f"Stopped: {report.stopped}")
    if wishes.as_json:
        click.echo(json.dumps(report.as_json()))
    return report.exit_code


def _show(wishes: Wishes, shape: dict[str, object]) -> None:
    if wishes.as_json:
        click.echo(json.dumps({"exit_code": 0, **shape}))


def _where(access: Access) -> str:
    return "the sandbox on this machine" if access.sandbox else access.host


def _some(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"
