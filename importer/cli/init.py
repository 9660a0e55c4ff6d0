"""``opscom-import init``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from importer.cli.options import Options, taking
from importer.cli.terminal import emit, say
from importer.launchers import make_launchers
from importer.workspace import make_workspace, synchronised


@click.command()
@click.argument("folder", default=Path(), type=click.Path(path_type=Path))
@taking("as_json")
def init(options: Options, *, folder: Path) -> int:
    """Make a workspace: opscom.yaml, inbox, results, archive, the shipped mappings, and files to double-click.

    Without FOLDER in the current one. What is there already stays as it is.
    """
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
    if options.as_json:
        made_of = [str(path) for path in made]
        emit({"exit_code": 0, "workspace": str(folder.resolve()), "made": made_of})
    return 0
