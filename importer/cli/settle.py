"""``opscom-import settle``."""

from __future__ import annotations

from pathlib import Path

import click

from importer.cli.options import Common, Pacing, common, pacing, paths


@click.command(short_help="Find out what became of rows whose answer was lost.")
@paths
@common
@click.option("--plate-host", metavar="URL", help="Where plate validation is, to look permits up.")
@click.option("--sandbox", is_flag=True, help="Settle rows that went to the sandbox.")
@pacing
def settle(
    paths: tuple[Path, ...],
    common: Common,
    pacing: Pacing,
    *,
    plate_host: str | None,
    sandbox: bool,
) -> int:
    """Find out what became of rows that are unknown: sent, and the answer was lost.

    PATH is a results workbook; without one all that the journal knows of are settled. A vehicle is
    sent once more, because OPSCOM then says whether it is there; a permit is looked up by its plate;
    for the rest write the id, yes or no into opscom_answer of the results workbook and name it here.
    Nothing is created twice, and what is still to be sent only `push` sends.
    """
    from importer.cli.settling import settle_files
    from importer.cli.terminal import options_again, show_report

    report = settle_files(paths, common, pacing, plate_host=plate_host, sandbox=sandbox)
    again = options_again(common, sandbox=sandbox)
    show_report(report, as_json=common.as_json, again=again, looked=True)
    return report.exit_code
