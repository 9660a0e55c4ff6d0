"""What a command needs before it may talk to OPSCOM: host, client code, token, and which system that is."""

from __future__ import annotations

import dataclasses
import os
import signal
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from importer.annotate import Place
from importer.cli.terminal import is_interactive, progress, say
from importer.compare import Past
from importer.credentials import find_token
from importer.delivery.http import Connection, Controller, address, is_loopback, trust
from importer.delivery.journal import Journal
from importer.delivery.memory import SANDBOX, System
from importer.delivery.pace import Breaker, Pace, Stopper
from importer.delivery.pusher import Conditions
from importer.delivery.questions import Found, ask, text_of
from importer.errors import SettingsError, UsageError
from importer.pulls.plate_answers import plate_facts, read_plate, understands_plate
from importer.run import Delivery
from importer.settings import need_client
from importer.settle import Inquiry, LookUp
from importer.text import count
from schemas import POLICIES
from schemas.plates import PLATES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from importer.cli.setting import Setting
    from importer.delivery.memory import Memory
    from importer.settings import Settings

SANDBOX_TOKEN = "rehearsal"  # noqa: S105 - the sandbox takes any, and gets no real one
SANDBOX_CLIENT = "SANDBOX"
STORE = "sandbox.sqlite"
"""The records of a workspace's sandbox, beside its journal."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where to send, as whom."""

    host: str
    client: str
    token: str = dataclasses.field(repr=False)
    sandbox: bool

    @property
    def place(self) -> Place:
        """Where rows go, for the workbooks."""
        return Place(self.host, self.client, sandbox=self.sandbox)

    def deliver(self, setting: Setting, stack: ExitStack, *, look_up: bool = False) -> Delivery:
        """Open the way to OPSCOM, to be closed with the stack.

        Args:
            setting: How fast, and where plates are asked for.
            stack: Closes it.
            look_up: Whether permits are to be looked up instead of rows being pushed.
        """
        settings = setting.settings
        controller = Controller(self.host, self.client, self.token, timeout=settings.timeout)
        stopper, pace = Stopper(), Pace(rate=settings.rate)
        conditions = Conditions(controller, pace, stopper, Breaker(stopper), settings.workers)
        inquiry = None
        if look_up:
            inquiry = Inquiry(self._look_up(settings, pace, stopper), stopper.wait)
        watch = stack.enter_context(progress())
        stack.enter_context(interruptible(stopper))
        return Delivery(conditions, watch, inquiry)

    def _look_up(self, settings: Settings, pace: Pace, stopper: Stopper) -> LookUp | None:
        """Return the question for a plate's permits, ``None`` where no plate host is set."""
        host = self.host if self.sandbox else settings.plate_host
        if host is None:
            return None
        connection = Connection(
            address(host, PLATES.path),
            timeout=settings.timeout,
            trusted=trust(host),
            understands=understands_plate,
        )

        def look_up(plate: str) -> list[tuple[str, str]] | None:
            body = {"api_token": self.token, "client": self.client, "plate": plate}
            verdict = ask(lambda: connection.send(body), read_plate, pace, stopper)
            if not isinstance(verdict, Found):
                return None
            permits = plate_facts(verdict.content).permits
            return [
                (text_of(each.get("shortName")), text_of(each.get("expires"))) for each in permits
            ]

        return look_up


def open_access(setting: Setting, stack: ExitStack, *, sandbox: bool) -> Access:
    """Return host, client code and token, or start the sandbox.

    The sandbox's own client code at an address of this machine is the sandbox too, in another window.
    """
    settings = setting.settings
    if sandbox:
        from importer.sandbox import Sandbox

        store = setting.journal.with_name(STORE)
        running = stack.enter_context(Sandbox(store))
        return Access(running.url, settings.client or SANDBOX_CLIENT, SANDBOX_TOKEN, sandbox=True)
    if settings.client == SANDBOX_CLIENT and is_loopback(settings.host):
        token = _rehearsal_token(settings)
        return Access(settings.host, SANDBOX_CLIENT, token, sandbox=True)
    faults: list[SettingsError] = []
    client = token = ""
    try:
        client = need_client(settings)
    except SettingsError as error:
        faults.append(error)
    try:
        token = find_token(
            settings, os.environ, _ask_token if client and is_interactive() else None
        )
    except SettingsError as error:
        faults.append(error)
    if faults:
        raise SettingsError(*map(str, faults))
    return Access(settings.host, client, token, sandbox=False)


def _rehearsal_token(settings: Settings) -> str:
    """Return the token that is set, because a sandbox may know that one alone; else any."""
    try:
        return find_token(settings, os.environ, None)
    except SettingsError:
        return SANDBOX_TOKEN


def _ask_token() -> str:
    return str(click.prompt("API token (it is not shown)", hide_input=True, err=True))


def open_journal(setting: Setting, stack: ExitStack) -> Journal:
    """Open the journal for this run alone, and tell where an earlier run was killed."""
    journal = stack.enter_context(Journal(setting.journal, POLICIES))
    if journal.lost:
        rows = count(journal.lost, "row")
        lost = f"answer to {rows} is" if journal.lost == 1 else f"answers to {rows} are"
        say(f"An earlier run was ended by force; the {lost} lost.")
    return journal


def find_past(journal: Journal, access: Access, *, same: bool = False, new: bool = False) -> Past:
    """Return the system whose records count, asking where host or client code are new to the journal.

    ``same`` and ``new`` answer for the person, each in its own way.
    """
    system = SANDBOX if access.sandbox else System(access.host.rstrip("/"), access.client)
    memory = journal.memory
    known = Past(system, memory.system(system), memory, journal)
    if new:
        return known
    for other in maybe_same(memory, system):
        if same or _is_same(system, other):
            return Past(system, memory.system(other), memory, journal, same_as=other)
    return known


def maybe_same(memory: Memory, system: System) -> tuple[System, ...]:
    """Return the systems that may be this one under another name, the most alike first.

    Nothing was sent to this one yet. Loopback addresses are other OPSCOMs for each port.
    """
    used = memory.used()
    if system == SANDBOX or system in used:
        return ()
    spelled = [other for other in used if other.is_spelled_like(system)]
    here = [other for other in spelled if other.host == system.host]
    away = [other for other in spelled if other.host != system.host]
    remote = [o for o in away if not (is_loopback(o.host) or is_loopback(system.host))]
    others = [other for other in used if other.host == system.host and other not in here]
    return (*here, *remote, *others)


def how_it_differs(system: System, other: System) -> str:
    """Say what is new about a system beside one that the journal knows, without a full stop."""
    changed = [f"the host is {system.host}"] if system.host != other.host else []
    if system.client != other.client:
        only = ", which differs only in dashes, underscores or capitals"
        like = only if system.is_spelled_like(other) else ""
        changed.append(f"the client code is {system.client}{like}")
    return f"{other.client} was pushed to {other.host} before, and now {' and '.join(changed)}"


def _is_same(system: System, other: System) -> bool:
    question = f"{how_it_differs(system, other)}."
    if not is_interactive():
        raise UsageError(
            f"{question} Nobody is here to say whether that is the same OPSCOM.",
            hint="Give `push` --same-system (what was sent there counts here) or --new-system (it does not).",
        )
    say(question)
    return click.confirm("Is that the same OPSCOM, so that what was sent there counts?", err=True)


@contextmanager
def interruptible(stopper: Stopper) -> Iterator[None]:
    """Let Ctrl-C and a termination finish what is under way; a second one ends at once."""

    def interrupt(number: int, frame: object) -> None:  # noqa: ARG001 - the signal's own shape
        stopper.interrupt()

    wanted = [
        getattr(signal, name)
        for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP")
        if hasattr(signal, name)
    ]
    # A hang-up that was ignored when the process began (nohup) stays ignored.
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is not None and signal.getsignal(hang_up) is signal.SIG_IGN:
        wanted.remove(hang_up)
    before = {number: signal.signal(number, interrupt) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def new_names(memory: Memory, system: System) -> tuple[str, ...]:
    """Return what a push would ask about host and client code, as a note."""
    others = maybe_same(memory, system)
    if not others:
        return ()
    asks = "A push asks whether that is the same OPSCOM; here all rows count as new."
    return (f"{how_it_differs(system, others[0])}. {asks}",)
