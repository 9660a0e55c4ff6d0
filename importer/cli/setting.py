"""What a command goes by: workspace, settings, files; host, client code and token; the way to OPSCOM."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from importer.annotate import Place
from importer.cli.options import Options
from importer.cli.terminal import is_interactive, progress, say
from importer.credentials import find_token
from importer.delivery.answers import text_of
from importer.delivery.http import Connection, Controller, address, is_loopback, trust
from importer.delivery.journal import Journal
from importer.delivery.pace import Breaker, Pace, Stopper
from importer.delivery.pusher import Conditions
from importer.delivery.questions import Found, ask
from importer.errors import InputError, SettingsError
from importer.prepare import CHECK, Request
from importer.pulls.plate_facts import plate_facts, read_plate, understands_plate
from importer.pulls.user_types import KeptTypes, kept_user_types
from importer.run import Delivery
from importer.settings import Settings, load_settings, need_client
from importer.settle import LookUp
from importer.text import count
from importer.workspace import (
    Workspace,
    find_inputs,
    find_workspace,
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
    """Where a command runs and what it goes by."""

    options: Options
    workspace: Workspace
    settings: Settings
    files: tuple[Path, ...]

    @property
    def journal(self) -> Path:
        """The memory of all runs."""
        return self.options.journal or self.workspace.journal

    def request(self, command: str, *, sandbox: bool = False, **more: Any) -> Request:  # noqa: ANN401 - fields of Request
        """Return what the person asks for; a rehearsal's workbooks lie apart unless a folder is named."""
        options, own = self.options, self.workspace.mapping_files()
        known = {path.name: path for path in (*shipped_mappings(), *own)}
        named = tuple(p if p.exists() else known.get(p.name, p) for p in options.mapping)
        types = self._kept_types(command, sandbox=sandbox)
        apart = "sandbox" if sandbox else ""
        given: dict[str, Any] = {
            "files": self.files,
            "mappings": named or own,
            "named": bool(named),
            "results": options.results or self.workspace.results / apart,
            "today": dt.datetime.now().astimezone().date(),
            "sheet": options.sheet,
            "encoding": options.encoding,
            "required": self.settings.required,
            "user_types": None if types is None else types.ids,
        }
        return Request(command=command, sandbox=sandbox, **given | more)

    def _kept_types(self, command: str, *, sandbox: bool) -> KeptTypes | None:
        """Return the user types that were pulled last from this OPSCOM.

        A rehearsal may use either's, and a check the sandbox's where there are no others.
        """
        folder = self.workspace.keeping_folder
        host, client = self.settings.host, self.settings.client
        kept = kept_user_types(folder)
        if not sandbox and kept is not None and (kept.is_of(host, client or "") or not client):
            return kept
        rehearsed = kept_user_types(folder, sandbox=True) if sandbox or command == CHECK else None
        if sandbox:
            return rehearsed or kept
        if rehearsed is not None:
            say(
                "User types are looked up in the list of the sandbox; `opscom-import pull user-types` gets "
                "that of your OPSCOM."
            )
        return rehearsed


def find_setting(options: Options, *, only_named: bool = False) -> Setting:
    """Find workspace, settings and files; with ``only_named`` no files but those that were typed.

    Raises:
        InputError: There is nothing to read.
        SettingsError: Settings are wrong.
    """
    workspace = find_workspace(options.workspace, Path.cwd())
    settings = load_settings(
        workspace.folder,
        os.environ,
        host=options.host,
        plate_host=options.plate_host,
        client=options.client,
        workers=options.workers,
        rate=options.rate,
        timeout=options.timeout,
    )
    if not (options.paths or only_named or workspace.inbox.is_dir()):
        raise InputError(
            f"There is no inbox in {workspace.folder}.",
            hint="Go into your workspace, or name it with --workspace; or name a file. "
            "`opscom-import init` makes a new workspace.",
        )
    paths = options.paths or (() if only_named else (workspace.inbox,))
    files, passed_over = find_inputs(paths)
    about = (
        synchronised(workspace.folder),
        *workspace.misnamed_mappings(),
        *passed_over,
    )
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

    @property
    def where(self) -> str:
        """The host, for people."""
        return "the sandbox on this machine" if self.sandbox else self.host

    def plate_host(self, settings: Settings) -> str | None:
        """Return where plates are asked for; ``None`` where nobody has set it."""
        return self.host if self.sandbox else settings.plate_host

    def deliver(self, settings: Settings, stack: ExitStack, *, look_up: bool = False) -> Delivery:
        """Open the way to OPSCOM, to be closed with the stack; ``look_up`` where permits are looked up."""
        controller = Controller(self.host, self.client, self.token, timeout=settings.timeout)
        stopper, pace = Stopper(), Pace(rate=settings.rate)
        conditions = Conditions(controller, pace, stopper, Breaker(stopper), settings.workers)
        asks = self._look_up(settings, pace, stopper) if look_up else None
        watch = stack.enter_context(progress())
        stack.enter_context(interruptible(stopper))
        return Delivery(conditions, watch, asks)

    def _look_up(self, settings: Settings, pace: Pace, stopper: Stopper) -> LookUp | None:
        """Return the question for a plate's permits, ``None`` where no plate host is set."""
        host = self.plate_host(settings)
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


def open_access(setting: Setting, stack: ExitStack) -> Access:
    """Return host, client code and token, or start the sandbox.

    The sandbox's own client code at an address of this machine is the sandbox too, in another window.
    """
    settings = setting.settings
    if setting.options.sandbox:
        from importer.sandbox import Sandbox

        running = stack.enter_context(Sandbox(setting.journal.with_name(STORE)))
        return Access(running.url, settings.client or SANDBOX_CLIENT, SANDBOX_TOKEN, sandbox=True)
    if settings.client == SANDBOX_CLIENT and is_loopback(settings.host):
        return Access(settings.host, SANDBOX_CLIENT, SANDBOX_TOKEN, sandbox=True)
    faults: list[str] = []
    client = token = ""
    try:
        client = need_client(settings)
    except SettingsError as error:
        faults.append(str(error))
    try:
        token = find_token(settings, os.environ, ask_token if client and is_interactive() else None)
    except SettingsError as error:
        faults.append(str(error))
    if faults:
        raise SettingsError(*faults)
    return Access(settings.host, client, token, sandbox=False)


def ask_token() -> str:
    """Have a person type the token, unseen."""
    return str(click.prompt("API token (it is not shown)", hide_input=True, err=True))


def open_journal(setting: Setting, stack: ExitStack) -> Journal:
    """Open the journal for this run alone, and tell where an earlier run was killed."""
    journal = stack.enter_context(Journal(setting.journal, POLICIES))
    if journal.lost:
        rows = count(journal.lost, "row")
        lost = f"answer to {rows} is" if journal.lost == 1 else f"answers to {rows} are"
        say(f"An earlier run was ended by force; the {lost} lost.")
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
