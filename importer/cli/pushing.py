"""All that a push asks for before the first row is sent."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.annotating import Place
from importer.cli.running import Setting, order_for, settle_setting
from importer.cli.terminal import is_interactive, progress, say
from importer.comparing import Compared, compare, recognise
from importer.delivery.client import Controller, is_loopback
from importer.delivery.journal import SANDBOX, Journal, System
from importer.delivery.pace import Pace
from importer.delivery.pusher import Conditions
from importer.delivery.stops import Stopper
from importer.errors import PushStopped, SettingsError, UsageError
from importer.preparing import Order, prepare
from importer.run import Delivery
from importer.run import push as push_rows
from importer.settings import Given, find_token, need_client

if TYPE_CHECKING:
    from importer.cli.options import Common
    from importer.report import Report

SANDBOX_TOKEN = "rehearsal"  # noqa: S105 - the sandbox takes any, and gets no real one
SANDBOX_CLIENT = "SANDBOX"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What only a push can wish; see the help of each option."""

    sandbox: bool = False
    yes: bool = False
    limit: int | None = None
    workers: int | None = None
    rate: float | None = None
    timeout: float | None = None
    again: bool = False
    keep: bool = False
    system: str | None = None


@dataclass(frozen=True, slots=True)
class _Access:
    """Where to send, as whom."""

    host: str
    client: str
    token: str = dataclasses.field(repr=False)
    sandbox: bool


def push_files(paths: tuple[Path, ...], common: Common, wishes: Wishes) -> Report:
    """Check spreadsheets, ask, and send."""
    if not (wishes.yes or wishes.sandbox or is_interactive()):
        raise UsageError(
            "Nobody is here to be asked before rows are sent.",
            hint="Give --yes to send without asking, or --sandbox to rehearse.",
        )
    given = Given(
        host=common.host,
        client=common.client,
        workers=wishes.workers,
        rate=wishes.rate,
        timeout=wishes.timeout,
    )
    setting = settle_setting(paths, common, given)
    order = _order(setting, common, wishes)
    with ExitStack() as stack:
        access = _access(setting, wishes, stack)
        jobs = prepare(order, today=dt.datetime.now().astimezone().date())
        _refuse_again(order, [job.endpoint for job in jobs])
        journal = stack.enter_context(Journal(setting.journal))
        if journal.lost:
            say(f"An earlier run was ended by force; the answers to {journal.lost} rows are lost.")
        system, number = _system(journal, access, wishes)
        jobs = recognise(jobs, journal.memory, number, sandbox=access.sandbox)
        planned = compare(jobs, journal.memory, number, again=order.again)
        _confirm(access, planned, wishes)
        controller = Controller(
            access.host, access.client, access.token, timeout=setting.settings.timeout
        )
        stack.callback(controller.close)
        stopper = Stopper()
        conditions = Conditions(
            controller, Pace(rate=setting.settings.rate), stopper, setting.settings.workers
        )
        place = Place(access.host, access.client, sandbox=access.sandbox)
        watch = stack.enter_context(progress())
        stack.enter_context(_interruptible(stopper))
        return push_rows(
            order, jobs, planned, Delivery(journal, system, number, conditions, place, watch)
        )


def _order(setting: Setting, common: Common, wishes: Wishes) -> Order:
    order = order_for(setting, common, sandbox=wishes.sandbox)
    keep = wishes.keep or wishes.sandbox or not setting.workspace.own
    return dataclasses.replace(
        order,
        limit=wishes.limit,
        again=wishes.again,
        archive=None if keep else setting.workspace.archive,
        inbox=setting.workspace.inbox,
    )


def _access(setting: Setting, wishes: Wishes, stack: ExitStack) -> _Access:
    """Return host, client code and token, or start the sandbox."""
    settings = setting.settings
    if wishes.sandbox:
        from importer.sandbox import Sandbox

        store = setting.journal.with_name("sandbox.sqlite")
        sandbox = stack.enter_context(Sandbox(store))
        return _Access(sandbox.url, settings.client or SANDBOX_CLIENT, SANDBOX_TOKEN, sandbox=True)
    faults: list[SettingsError] = []
    client = token = ""
    try:
        client = need_client(settings)
    except SettingsError as error:
        faults.append(error)
    try:
        token = find_token(settings, os.environ, _ask_token if is_interactive() else None)
    except SettingsError as error:
        faults.append(error)
    if faults:
        raise SettingsError("\n".join(str(fault) for fault in faults))
    return _Access(settings.host, client, token, sandbox=False)


def _ask_token() -> str:
    return str(click.prompt("API token (it is not shown)", hide_input=True, err=True))


def _refuse_again(order: Order, endpoints: Sequence[str]) -> None:
    others = {endpoint for endpoint in endpoints if endpoint} - {"users", "permit-updates"}
    if order.again and others:
        raise UsageError(
            f"--again is for users and permit-updates only; {', '.join(sorted(others))} would be "
            "created or deleted twice."
        )


def _system(journal: Journal, access: _Access, wishes: Wishes) -> tuple[System, int]:
    """Return the system whose records count, asking where the host is new for the client code."""
    system = SANDBOX if access.sandbox else System(access.host.rstrip("/"), access.client)
    number = journal.memory.system(system)
    if number is not None:
        return system, number
    others = [h for h in journal.memory.hosts_of(access.client) if not is_loopback(h)]
    if access.sandbox or is_loopback(access.host) or not others:
        return system, journal.add_system(system)
    if wishes.system == "new" or (wishes.system is None and not _is_same(access, others[0])):
        return system, journal.add_system(system)
    return system, journal.add_system(system, same_as=System(others[0], access.client))


def _is_same(access: _Access, other: str) -> bool:
    question = f"{access.client} was pushed to {other} before, and now the host is {access.host}."
    if not is_interactive():
        raise UsageError(
            f"{question} Nobody is here to say whether that is the same OPSCOM.",
            hint="Give --same-system (what was sent there counts here) or --new-system (it does not).",
        )
    say(question)
    return click.confirm("Is that the same OPSCOM, so that what was sent there counts?", err=True)


def _confirm(access: _Access, planned: Sequence[Compared], wishes: Wishes) -> None:
    """Say what is about to be sent and where, and ask.

    Raises:
        PushStopped: The person said no.
    """
    where = "the sandbox on this machine" if access.sandbox else access.host
    say(f"To {where}, client code {access.client}:")
    total = 0
    for each in planned:
        sheet = each.checked.batch.sheet
        name = sheet.source.name if sheet.name is None else f"{sheet.source.name}, {sheet.name}"
        mapping = each.checked.batch.mapping
        rows, send = len(sheet.frame), len(each.plan.send)
        total += send
        say(f"  {name}: {send} of {rows} rows to send as {each.job.endpoint} (mapping {mapping})")
    if wishes.limit is not None:
        total = min(total, wishes.limit)
    if wishes.yes or wishes.sandbox or not total:
        return
    if not click.confirm(f"Send {total} rows?", err=True):
        raise PushStopped("Nothing was sent.", hint="Run the command again when you are ready.")


@contextmanager
def _interruptible(stopper: Stopper) -> Iterator[None]:
    """Let Ctrl-C and a termination finish what is under way; a second one ends at once."""

    def interrupt(number: int, frame: object) -> None:  # noqa: ARG001 - the signal's own shape
        stopper.interrupt()

    wanted = [
        getattr(signal, name)
        for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP")
        if hasattr(signal, name)
    ]
    before = {number: signal.signal(number, interrupt) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
