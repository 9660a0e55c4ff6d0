"""What a command needs before it may talk to OPSCOM: host, client code, token, and which system that is."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from importer.cli.terminal import is_interactive, say
from importer.credentials import find_token
from importer.delivery.http import is_loopback
from importer.delivery.journal import SANDBOX, Journal, System
from importer.errors import SettingsError, UsageError
from importer.settings import need_client

if TYPE_CHECKING:
    from importer.cli.running import Setting
    from importer.delivery.journal import Memory
    from importer.delivery.stops import Stopper
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


@dataclass(frozen=True, slots=True)
class Chosen:
    """The system that a run goes to, before anything of it is written down."""

    system: System
    number: int | None
    """The journal's number of it; ``None`` for one whose records are none yet."""
    same_as: System | None = None
    """The system under another name whose records count for it."""

    def enter(self, journal: Journal) -> int:
        """Write the system down where it is new; return its number."""
        known = journal.memory.system(self.system)
        if known is not None and (self.same_as is None or known == self.number):
            return known
        return journal.add_system(self.system, same_as=self.same_as)


def find_system(
    journal: Journal, access: Access, *, same: bool = False, new: bool = False
) -> Chosen:
    """Return the system whose records count, asking where host or client code are new to the journal.

    ``same`` and ``new`` answer for the person, each in its own way.
    """
    system = SANDBOX if access.sandbox else System(access.host.rstrip("/"), access.client)
    known = Chosen(system, journal.memory.system(system))
    if new:
        return known
    for other in maybe_same(journal.memory, system):
        if same or _is_same(system, other):
            return Chosen(system, journal.memory.system(other), same_as=other)
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
