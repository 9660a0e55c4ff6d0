"""``opscom-import check``."""

from __future__ import annotations

from pathlib import Path

import click

from importer.cli.options import Common, common, different_file, paths


@click.command(short_help="See what would be sent and what is wrong; nothing is sent.")
@paths
@common
@different_file
def check(paths: tuple[Path, ...], common: Common, *, different_file: bool) -> int:
    """Read, map and validate spreadsheets, and write STEM-checked.xlsx for each.

    PATH is a file or a folder; without one it is the workspace's inbox. Nothing is sent and no
    network is used. The workbook shows every problem of every row at its cell.
    """
    from importer.cli.running import check_files
    from importer.cli.terminal import options_again, show_report

    report = check_files(paths, common, different_file=different_file)
    show_report(report, as_json=common.as_json, again=options_again(common))
    return report.exit_code
