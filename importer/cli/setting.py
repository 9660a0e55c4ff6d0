"""What a command goes by: workspace, settings, files; host, client code and token; the way to OPSCOM."""

import dataclasses
import datetime as dt
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from importer.cli.options import Options
from importer.cli.terminal import is_interactive, progress, say
from importer.credentials import find_token
from importer.delivery.answers import Refused, Unreadable
from importer.delivery.http import Connection, Controller, address, is_loopback, trust
from importer.delivery.journal import Journal
from importer.delivery.memory import SANDBOX, Memory, System
from importer.delivery.pace import Breaker, Pace, Stopper
from importer.delivery.pusher import Conditions
from importer.delivery.questions import Found, ask, explain_refusal, listing
from importer.errors import InputError, PushStopped, UsageError
from importer.prepare import Past, Request
from importer.pulls.book import Record, records_of
from importer.pulls.plates import permits_of, read_plate
from importer.run import Delivery
from importer.schema import Read
from importer.settings import Settings, load_settings, need_client
from importer.text import count
from importer.workspace import (
    RESULTS,
    KeptTypes,
    Workspace,
    find_inputs,
    find_workspace,
    kept_user_types,
    shipped_mappings,
    synchronised,
)
from schemas import POLICIES
from schemas.plates import PLATES

SANDBOX_TOKEN = "rehearsal"  # noqa: S105 - the sandbox takes any, and gets no real one
SANDBOX_CLIENT = "SANDBOX"
STORE = "sandbox.sqlite"
"""The records of a workspace's sandbox, beside its journal."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a command runs, what it goes by, and once ``open_access`` was asked also as whom it sends."""

    options: Options
    workspace: Workspace
    settings: Settings
    files: tuple[Path, ...]
    token: str = dataclasses.field(default="", repr=False)
    sandbox: bool = False

    @property
    def journal(self) -> Path:
        """The memory of all runs."""
        return self.options.journal or self.workspace.journal

    @property
    def results(self) -> Path:
        """Where workbooks go; those of a rehearsal apart, unless a folder is named."""
        return self.options.results or self.workspace.folder / RESULTS / (
            "sandbox" if self.sandbox else ""
        )

    @property
    def where(self) -> str:
        """The host, for people."""
        return "the sandbox on this machine" if self.sandbox else self.settings.host

    @property
    def controller(self) -> Controller:
        """OPSCOM, to be asked."""
        settings = self.settings
        return Controller(settings.host, settings.client, self.token, timeout=settings.timeout)

    def request(self, command: str, **more: Any) -> Request:  # noqa: ANN401 - fields of Request
        """Return what the person asks for."""
        options, own = self.options, self.workspace.mapping_files()
        known = {path.name: path for path in (*shipped_mappings(), *own)}
        named = tuple(p if p.exists() else known.get(p.name, p) for p in options.mapping)
        types = self._kept_types()
        return Request(
            command=command,
            files=self.files,
            mappings=named or own,
            named=bool(named),
            results=self.results,
            host=self.settings.host,
            client=self.settings.client,
            sandbox=self.sandbox,
            today=dt.datetime.now().astimezone().date(),
            sheet=options.sheet,
            encoding=options.encoding,
            required=self.settings.required,
            user_types=None if types is None else types.ids,
            **more,
        )

    def _kept_types(self) -> KeptTypes | None:
        """Return the user types that were pulled last from this OPSCOM; a rehearsal may use either's."""
        folder, client = self.workspace.keeping_folder, self.settings.client
        kept = kept_user_types(folder)
        if self.sandbox:
            return kept_user_types(folder, sandbox=True) or kept
        if kept and client and (kept.host, kept.client) != (self.settings.host, client):
            return None
        return kept

    def deliver(self, stack: ExitStack, *, look_up: bool = False) -> Delivery:
        """Open the way to OPSCOM, to be closed with the stack; ``look_up`` where permits are looked up."""
        settings, stopper, pace = self.settings, Stopper(), Pace(rate=self.settings.rate)
        conditions = Conditions(self.controller, pace, stopper, Breaker(stopper), settings.workers)
        asks = None
        if look_up and settings.plate_host:
            asks = partial(permits_of, connection=self.plates(), conditions=conditions)
        watch = stack.enter_context(progress())
        stack.enter_context(interruptible(stopper))
        return Delivery(conditions, watch, asks)

    @property
    def plates(self) -> Callable[[], Connection]:
        """What opens a connection to plate validation, which names the token in its own way."""
        settings = self.settings
        url, trusted = address(settings.plate_host, PLATES.path), trust(settings.plate_host)
        return lambda: Connection(
            url,
            timeout=settings.timeout,
            whole=True,
            token={"api_token": self.token, "client": settings.client},
            trusted=trusted,
            understands=lambda body: not isinstance(read_plate(body), Unreadable),
        )


def find_setting(options: Options, *, only_named: bool = False) -> Setting:
    """Find workspace, settings and files; with ``only_named`` no files but those that were typed.

    Raises:
        InputError: There is nothing to read.
        SettingsError: Settings are wrong.
    """
    workspace = find_workspace(options.workspace, Path.cwd())
    names = ("host", "plate_host", "client", "workers", "rate", "timeout")
    typed = {name: getattr(options, name) for name in names}
    settings = load_settings(workspace.folder, os.environ, **typed)
    if not (options.paths or only_named or workspace.inbox.is_dir()):
        raise InputError(
            f"There is no inbox in {workspace.folder}.",
            hint="Go into your workspace, or name it with --workspace; or name a file. "
            "`opscom-import init` makes a new workspace.",
        )
    paths = options.paths or (() if only_named else (workspace.inbox,))
    files, passed_over = find_inputs(paths)
    about = (synchronised(workspace.folder), *workspace.misnamed_mappings(), *passed_over)
    for sentence in filter(None, about):
        say(sentence)
    if not files and not only_named:
        where = " ".join(map(str, paths))
        raise InputError(
            f"There are no files in {where}.", hint="Drop an export there, or name a file."
        )
    setting = Setting(options, workspace, settings, files)
    if not workspace.own and options.journal is None:
        say(
            f"No workspace is here; what was sent is remembered in {setting.journal} alone. "
            "Work in one workspace (`opscom-import init`), so that nothing is sent twice."
        )
    return setting


def ask_list(
    controller: Controller, read: Read, payload: Mapping[str, str], failed: str
) -> list[Record]:
    """Ask for a list, as often as the pace allows.

    Raises:
        PushStopped: There is no answer, or a refusal; ``failed`` says so first.
    """
    connection, read_it = controller.connect(read.path), listing(read.records)
    verdict = ask(lambda: connection.send(payload), read_it, Pace(), Stopper(), controller.redact)
    connection.close()
    if isinstance(verdict, Found):
        return records_of(verdict.content, read.records)
    why = explain_refusal(verdict) if isinstance(verdict, Refused) else verdict.why
    raise PushStopped(f"{failed} {why}", hint="Look into that, then run the same command again.")


def open_access(setting: Setting, stack: ExitStack, *, plates: bool = False) -> Setting:
    """Return the setting with client code and token, or start the sandbox and return it with that.

    The sandbox's own client code at an address of this machine (with ``plates``: of plate validation alone) is
    the sandbox too, in another window.
    """
    settings = setting.settings
    host = settings.plate_host if plates else settings.host
    client, rehearsed = settings.client or SANDBOX_CLIENT, setting.options.sandbox
    if rehearsed:
        from importer.sandbox.server import Sandbox

        host = stack.enter_context(Sandbox(setting.journal.with_name(STORE))).url
    if rehearsed or (settings.client == SANDBOX_CLIENT and is_loopback(host)):
        there = {"host": host, "plate_host": host, "client": client}
        settings = settings.model_copy(update=there)
        return dataclasses.replace(setting, settings=settings, token=SANDBOX_TOKEN, sandbox=True)
    need_client(settings)
    ask_person = ask_token if is_interactive() else None
    token = find_token(settings, setting.workspace.folder, os.environ, ask_person)
    return dataclasses.replace(setting, token=token)


def ask_token() -> str:
    """Have a person type the token, unseen."""
    return str(click.prompt("API token (it is not shown)", hide_input=True, err=True))


def open_journal(setting: Setting, stack: ExitStack) -> Journal:
    """Open the journal for this run alone, and tell where an earlier run was killed."""
    journal = stack.enter_context(Journal(setting.journal, POLICIES))
    if journal.lost:
        rows = count(journal.lost, "row")
        say(f"An earlier run was ended by force, before the answer to {rows} came.")
    return journal


@contextmanager
def interruptible(stopper: Stopper) -> Iterator[None]:
    """Let Ctrl-C and a termination finish what is under way; a second one ends at once."""
    names = ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP")
    wanted = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {
        number: signal.signal(number, lambda *_: stopper.interrupt())
        for number in wanted
        # A hang-up that was ignored when the process began (nohup) stays ignored.
        if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def find_past(journal: Journal, setting: Setting) -> Past:
    """Return the system whose records count, asking where host or client code are new to the journal."""
    settings, options, memory = setting.settings, setting.options, journal.memory
    system = SANDBOX if setting.sandbox else System(settings.host, settings.client)
    if options.same_system or not options.new_system:
        for other in _maybe_same(memory, system, said=options.same_system):
            if options.same_system or _is_same(system, other):
                return Past(system, memory.system(other), memory, journal, same_as=other)
    return Past(system, memory.system(system), memory, journal)


def new_names(memory: Memory, system: System) -> tuple[str, ...]:
    """Return what a push would ask about host and client code, as a note."""
    asks = "A push asks whether that is the same OPSCOM; here all rows count as new."
    return tuple(f"{_difference(system, each)} {asks}" for each in _maybe_same(memory, system)[:1])


def _maybe_same(memory: Memory, system: System, *, said: bool = False) -> list[System]:
    """Return the systems that may be this one under another name, the most alike first.

    Nothing was sent to this one yet. Loopback addresses are other OPSCOMs for each port, unless a person ``said``
    that one is the same.
    """
    used = memory.used()
    if system == SANDBOX or system in used:
        return []

    def may_be(other: System) -> bool:
        apart = not said and (is_loopback(other.host) or is_loopback(system.host))
        return other.host == system.host or (other.is_spelled_like(system) and not apart)

    def unlike(other: System) -> tuple[bool, bool]:
        return not other.is_spelled_like(system), other.host != system.host

    return sorted(filter(may_be, used), key=unlike)


def _difference(system: System, other: System) -> str:
    """Say what is new about a system beside one that the journal knows."""
    changed = [f"the host is {system.host}"] if system.host != other.host else []
    if system.client != other.client:
        only = ", which differs only in dashes, underscores or capitals"
        like = only if system.is_spelled_like(other) else ""
        changed.append(f"the client code is {system.client}{like}")
    return f"{other.client} was pushed to {other.host} before, and now {' and '.join(changed)}."


def _is_same(system: System, other: System) -> bool:
    question = _difference(system, other)
    if not is_interactive():
        raise UsageError(
            f"{question} Nobody is here to say whether that is the same OPSCOM.",
            hint="Give `push` --same-system (what was sent there counts here) or --new-system (it does not).",
        )
    say(question)
    return click.confirm("Is that the same OPSCOM, so that what was sent there counts?", err=True)
