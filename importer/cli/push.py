"""``opscom-import push``."""

from __future__ import annotations

from pathlib import Path

import click

from importer.cli.options import Common, Pacing, common, different_file, pacing, paths


@click.command(short_help="Send the rows, and write what became of each into a workbook.")
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
@pacing
@click.option(
    "--again",
    is_flag=True,
    help="Send users and permit updates even where nothing has changed.",
)
@different_file
@click.option("--keep", is_flag=True, help="Leave the file in the inbox.")
@click.option(
    "--same-system",
    is_flag=True,
    help="This host and client code are an OPSCOM that was pushed to under another name.",
)
@click.option(
    "--new-system",
    is_flag=True,
    help="This host and client code are another OPSCOM, or all is meant to be created once more: what "
    "was sent before does not count.",
)
def push(paths: tuple[Path, ...], common: Common, pacing: Pacing, **options: object) -> int:
    """Send the rows of spreadsheets to OPSCOM, and write STEM-results.xlsx for each.

    PATH is a file or a folder; without one it is the workspace's inbox. Rows with errors are held
    back and marked; all others go, each exactly once. Run the same command again after any
    interruption, or with the corrected workbook.
    """
    from importer.cli.pushing import Wishes, push_files
    from importer.cli.terminal import options_again, show_report
    from importer.errors import UsageError

    if options["same_system"] and options["new_system"]:
        raise UsageError(
            "--same-system and --new-system contradict each other.", hint="Give one of them."
        )
    wishes = Wishes(pacing=pacing, **options)  # type: ignore[arg-type]
    report = push_files(paths, common, wishes)
    again = options_again(common, sandbox=wishes.sandbox)
    show_report(report, as_json=common.as_json, again=again, told=True)
    return report.exit_code
