"""``opscom-import check``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from importer.cli.options import Common, Pacing, common, different_file, paths

if TYPE_CHECKING:
    from pathlib import Path

    from importer.report import Report


@click.command(short_help="See what would be sent and what is wrong; nothing is sent.")
@paths
@common
@different_file
def check(paths: tuple[Path, ...], common: Common, *, different_file: bool) -> int:
    """Read, map and validate spreadsheets, and write STEM-checked.xlsx for each.

    PATH is a file or a folder; without one it is the workspace's inbox. Nothing is sent and no
    network is used. The workbook shows every problem of every row at its cell.
    """
    from importer.cli.terminal import options_again, show_report

    report = _check(paths, common, different_file=different_file)
    show_report(report, as_json=common.as_json, again=options_again(common))
    return report.exit_code


def _check(paths: tuple[Path, ...], common: Common, *, different_file: bool) -> Report:
    from importer.annotate import Place
    from importer.cli.access import new_names
    from importer.cli.setting import find_setting, given_by, request_for
    from importer.compare import Past
    from importer.delivery.journal import look_up
    from importer.delivery.memory import System
    from importer.prepare import CHECK
    from importer.run import run

    setting = find_setting(paths, common, given_by(common, Pacing()))
    request = request_for(CHECK, setting, common, different_file=different_file)
    host, client = setting.settings.host, setting.settings.client or ""
    system = System(host, client)
    with look_up(setting.journal) as memory:
        number = memory.system(system) if memory and client else None
        notes = new_names(memory, system) if memory and client else ()
        if memory and client and memory.under_way is not None:
            notes += (
                (
                    f"A run is under way ({memory.under_way}): what it has not sent yet counts as ready "
                    "here. Check again when it has ended."
                ),
            )
        past = Past(system, number, memory)
        report = run(request, Place(host, client), lambda _: past, lambda *_: None)
    return replace(report, notes=notes + report.notes)
