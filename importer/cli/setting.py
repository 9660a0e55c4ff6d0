"""From what was typed to a request, for every command that reads spreadsheets."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importer.cli.terminal import say
from importer.errors import InputError
from importer.prepare import Request
from importer.pulls.user_types import kept_user_types
from importer.settings import Given, Settings, load_settings
from importer.workspace import (
    Workspace,
    find_inputs,
    find_workspace,
    shipped_mappings,
    synchronised,
)

if TYPE_CHECKING:
    from importer.cli.options import Common, Pacing
    from importer.pulls.user_types import KeptTypes


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a command runs and what it goes by."""

    workspace: Workspace
    settings: Settings
    journal: Path
    files: tuple[Path, ...]
    passed_over: tuple[str, ...]


def find_setting(
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


def given_by(common: Common, pacing: Pacing) -> Given:
    """Return what the options say of settings."""
    return Given(
        host=common.host,
        client=common.client,
        workers=pacing.workers,
        rate=pacing.rate,
        timeout=pacing.timeout,
    )


def request_for(
    command: str,
    setting: Setting,
    common: Common,
    *,
    sandbox: bool = False,
    files: tuple[Path, ...] | None = None,
    **more: Any,  # noqa: ANN401 - the fields of ``Request`` that only a push has
) -> Request:
    """Return what the person asks for; ``files`` where they are not the setting's."""
    results = common.results or setting.workspace.results
    if sandbox and common.results is None:
        results = results / "sandbox"
    types = _kept_types(setting, sandbox=sandbox)
    return Request(
        command=command,
        files=setting.files if files is None else files,
        mappings=_named_mappings(setting, common) or setting.workspace.mapping_files(),
        named=bool(common.mapping),
        results=results,
        today=dt.datetime.now().astimezone().date(),
        sheet=common.sheet,
        encoding=common.encoding,
        required=setting.settings.required,
        user_types=None if types is None else types.ids,
        sandbox=sandbox,
        **more,
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
