"""From what was typed to an order, for every command that reads spreadsheets."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from importer.annotating import Place
from importer.cli.access import how_it_differs, maybe_same
from importer.cli.terminal import say
from importer.comparing import compare, guard, remembered
from importer.delivery.journal import System, look_up
from importer.delivery.policy import MANNERS
from importer.errors import InputError
from importer.lost_runs import find_lost, why_held
from importer.preparing import Order, overrule_files, prepare
from importer.pulls.user_types import kept_user_types
from importer.run import finish_check
from importer.settings import Given, Settings, load_settings
from importer.workspace import (
    Workspace,
    find_inputs,
    find_workspace,
    shipped_mappings,
    synchronised,
)

if TYPE_CHECKING:
    from importer.cli.options import Common
    from importer.delivery.journal import Memory
    from importer.pulls.user_types import KeptTypes
    from importer.report import Report


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a command runs and what it goes by."""

    workspace: Workspace
    settings: Settings
    journal: Path
    files: tuple[Path, ...]
    passed_over: tuple[str, ...]


def settle_setting(
    paths: tuple[Path, ...], common: Common, given: Given, *, may_lack_files: bool = False
) -> Setting:
    """Find workspace, settings and files; with ``may_lack_files`` only those that are named.

    Raises:
        InputError: There is nothing to read.
        SettingsError: Settings are wrong.
    """
    workspace = find_workspace(common.workspace, Path.cwd())
    settings = load_settings(workspace.folder, given, os.environ)
    inputs = find_inputs(paths or (() if may_lack_files else (_inbox(workspace),)))
    for sentence in filter(None, (synchronised(workspace.folder), *inputs.passed_over)):
        say(sentence)
    if not inputs.files and not may_lack_files:
        where = " ".join(str(path) for path in paths) or str(workspace.inbox)
        raise InputError(
            f"There are no files in {where}.", hint="Drop an export there, or name a file."
        )
    journal = common.journal or workspace.journal
    if not workspace.own and common.journal is None:
        say(
            f"No workspace is here; what was sent is remembered in {journal} alone. "
            "Work in one workspace (`opscom-import init`), so that nothing is sent twice."
        )
    return Setting(workspace, settings, journal, inputs.files, inputs.passed_over)


def _inbox(workspace: Workspace) -> Path:
    if not workspace.inbox.is_dir():
        raise InputError(
            f"There is no inbox in {workspace.folder}.",
            hint="Go into your workspace, or name it with --workspace; or name a file. "
            "`opscom-import init` makes a new workspace.",
        )
    return workspace.inbox


def order_for(
    setting: Setting,
    common: Common,
    *,
    sandbox: bool = False,
    files: tuple[Path, ...] | None = None,
) -> Order:
    """Return the order without what only a push can wish; ``files`` where they are not the setting's."""
    results = common.results or setting.workspace.results
    if sandbox and common.results is None:
        results = results / "sandbox"
    types = _kept_types(setting, sandbox=sandbox)
    return Order(
        files=setting.files if files is None else files,
        mappings=_named_mappings(setting, common) or setting.workspace.mapping_files(),
        named=bool(common.mapping),
        results=results,
        sheet=common.sheet,
        encoding=common.encoding,
        required=setting.settings.required,
        user_types=None if types is None else types.ids,
    )


def _kept_types(setting: Setting, *, sandbox: bool) -> KeptTypes | None:
    """Return the user types that were pulled last from this OPSCOM; a rehearsal may use either's."""
    folder = keeping_folder(setting.workspace)
    host, client = setting.settings.host, setting.settings.client
    kept = kept_user_types(folder)
    if sandbox:
        return kept_user_types(folder, sandbox=True) or kept
    return None if kept is None or (client and not kept.is_of(host, client)) else kept


def keeping_folder(workspace: Workspace) -> Path:
    """Return where user types are kept: the workspace, or where there is none beside the journal."""
    return workspace.folder if workspace.own else workspace.journal.parent


def _named_mappings(setting: Setting, common: Common) -> tuple[Path, ...]:
    """Return the mappings that the person named: by path, or as one of those to choose from."""
    known = {path.name: path for path in (*shipped_mappings(), *setting.workspace.mapping_files())}
    return tuple(path if path.exists() else known.get(path.name, path) for path in common.mapping)


def check_files(paths: tuple[Path, ...], common: Common, *, different_file: bool) -> Report:
    """Check spreadsheets; open no socket."""
    given = Given(host=common.host, client=common.client)
    setting = settle_setting(paths, common, given)
    order = order_for(setting, common)
    jobs = prepare(order, today=dt.datetime.now().astimezone().date())
    host, client = setting.settings.host, setting.settings.client or ""
    notes: tuple[str, ...] = ()
    with look_up(setting.journal) as memory:
        system, number = System(host, client), None
        moment = memory.moment() if memory else ""
        if memory and client:
            number = memory.system(system)
            notes = _new_names(memory, system)
            if memory.under_way is not None:
                notes += (
                    (
                        f"A run is under way ({memory.under_way}): what it has not sent yet counts as ready "
                        "here. Check again when it has ended."
                    ),
                )
        jobs = remembered(jobs, memory, number)
        if not different_file:
            jobs = guard(jobs, memory, number)
        jobs = overrule_files(jobs)
        planned = compare(jobs, memory, number)
        if client and any(
            MANNERS[each.job.endpoint].creates and each.plan.send for each in planned
        ):
            lost = find_lost(order.results, memory, system, number)
            notes += (f"A push creates nothing. {why_held(lost, system)}",) if lost else ()
    report = finish_check(order, jobs, planned, Place(host, client, moment=lambda: moment))
    return replace(report, notes=notes + report.notes)


def _new_names(memory: Memory, system: System) -> tuple[str, ...]:
    """Return what a push would ask about host and client code, as a note."""
    others = maybe_same(memory, system)
    if not others:
        return ()
    asks = "A push asks whether that is the same OPSCOM; here all rows count as new."
    return (f"{how_it_differs(system, others[0])}. {asks}",)
