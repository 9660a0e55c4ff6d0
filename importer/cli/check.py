"""``opscom-import check``."""

from dataclasses import replace

import click

from importer.cli.options import READING, Options, taking
from importer.cli.setting import find_setting, new_names
from importer.cli.terminal import show_report
from importer.delivery.journal_file import look_up
from importer.delivery.memory import System
from importer.prepare import CHECK, Past
from importer.run import run


@click.command()
@taking(*READING, "different_file")
def check(options: Options) -> int:
    """Read, map and validate spreadsheets, and write STEM-checked.xlsx for each.

    PATH is a file or a folder; without one it is the workspace's inbox. Nothing is sent and no
    network is used. The workbook shows every problem of every row at its cell.
    """
    setting = find_setting(options)
    host, client = setting.settings.host, setting.settings.client
    system = System(host, client)
    request = setting.request(CHECK, different_file=options.different_file)
    with look_up(setting.journal) as memory:
        number = memory.system(system) if memory and client else None
        notes = new_names(memory, system) if memory and client else ()
        past = Past(system, number, memory)
        report = run(request, lambda _: past, lambda *_: None)
    return show_report(replace(report, notes=notes + report.notes), options)
