"""``opscom-import push``."""

from __future__ import annotations

from pathlib import Path

import click

from importer.cli.options import Common, common, different_file, paths


@click.command()
@paths
@common
@click.option(
    "--sandbox",
    is_flag=True,
    help="Push to an OPSCOM that runs inside this command, to rehearse. Needs no token.",
)
@click.option("--yes", is_flag=True, help="Do not ask before the first row is sent.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="Send the first N rows that would be sent, then stop. Look at them in OPSCOM, and go on.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Rows under way at once. Default: 4.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Rows per second at most, repeats included.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Longest wait for the whole answer to a row. Default: 60.",
)
@click.option(
    "--again",
    is_flag=True,
    help="Send users and permit updates even where nothing has changed.",
)
@different_file
@click.option("--keep", is_flag=True, help="Leave the file in the inbox.")
@click.option(
    "--same-system",
    "system",
    flag_value="same",
    help="This host is the OPSCOM that this client code had under another name.",
)
@click.option(
    "--new-system",
    "system",
    flag_value="new",
    help="This host is another OPSCOM: what was sent to the other one does not count here.",
)
def push(paths: tuple[Path, ...], common: Common, **options: object) -> int:
    """Send the rows of spreadsheets to OPSCOM, and write STEM-results.xlsx for each.

    PATH is a file or a folder; without one it is the workspace's inbox. Rows with errors are held
    back and marked; all others go, each exactly once. Run the same command again after any
    interruption, or with the corrected workbook.
    """
    from importer.cli.pushing import Wishes, push_files
    from importer.cli.terminal import options_again, show_report

    wishes = Wishes(**options)  # type: ignore[arg-type]
    report = push_files(paths, common, wishes)
    again = options_again(common, sandbox=wishes.sandbox)
    show_report(report, as_json=common.as_json, again=again)
    return report.exit_code
