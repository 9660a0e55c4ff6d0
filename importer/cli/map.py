"""``opscom-import map``."""

from __future__ import annotations

from pathlib import Path

import click

from importer.cli.options import Options, taking

_ENDPOINTS = ("users", "vehicles", "permits", "permit-updates")


@click.command(
    "map", short_help="Propose a mapping for a spreadsheet never seen before; nothing is sent."
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="MAPPING",
    help="Where the mapping goes. Default: mappings/, under the file's name.",
)
@click.option(
    "--endpoint", type=click.Choice(_ENDPOINTS), help="What the rows are, where you know it."
)
@click.option(
    "--workbook", is_flag=True, help="Write the questions as a workbook to fill in with Excel."
)
@taking("workspace", "mapping", "sheet", "results", "encoding", "as_json")
def map_(
    options: Options, file: Path, output: Path | None, endpoint: str | None, *, workbook: bool
) -> int:
    """Look at a spreadsheet and propose what its rows are, where each column goes and what values become.

    On a terminal it asks what is unsure, one question at a time; with --workbook it writes
    results/STEM-mapping.xlsx, and `map results/STEM-mapping.xlsx` reads your answers. Nothing is sent and
    no network is used. With --mapping it proposes only what that mapping lacks.
    """
    from importer.cli.mapping import run_map

    return run_map(file, output, endpoint, options, workbook=workbook)
