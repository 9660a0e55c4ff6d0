"""``opscom-import init``."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command(short_help="Make a workspace.")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for other programs.")
def init(folder: Path | None, *, as_json: bool) -> int:
    """Make a workspace: opscom.yaml, inbox, results, archive, the shipped mappings, and files to double-click.

    Without FOLDER in the current one. What is there already stays as it is.
    """
    from importer.cli.terminal import emit, say
    from importer.launchers import make_launchers
    from importer.workspace import make_workspace, synchronised

    folder = folder or Path()
    made = (*make_workspace(folder), *make_launchers(folder))
    for path in made:
        say(f"made {path}")
    if not made:
        say(f"{folder} is a workspace already; nothing was changed.")
    if note := synchronised(folder):
        say(note)
    if os.name == "nt":
        say(
            "Whoever may read this folder may read the files in it: on Windows they get no access list of "
            "their own. Keep the workspace among your own documents."
        )
    say(f"Next: write your client code into {folder / 'opscom.yaml'}, and drop exports into inbox.")
    if as_json:
        shape = {
            "exit_code": 0,
            "workspace": str(folder.resolve()),
            "made": [str(path) for path in made],
        }
        emit(shape)
    return 0
