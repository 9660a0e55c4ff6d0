"""``opscom-import init``."""

from pathlib import Path

import click

from importer.cli.options import Options, taking
from importer.cli.terminal import emit, say
from importer.new_workspace import PAGE, make_workspace
from importer.text import count, quoted
from importer.workspace import synchronised


@click.command()
@click.argument("folder", default=Path(), type=click.Path(path_type=Path))
@taking("as_json")
def init(options: Options, *, folder: Path) -> int:
    """Make a workspace: opscom.yaml, inbox, results, archive, the shipped mappings, and files to double-click.

    Without FOLDER in the current one. What is there already stays as it is.
    """
    made = make_workspace(folder)
    names = [path.relative_to(folder).as_posix() for path in made if path != folder]
    mappings = sum(name.startswith("mappings/") for name in names)
    others = [name for name in names if not name.startswith("mappings/")]
    if mappings:
        others.append(f"{count(mappings, 'file')} in mappings")
    if others:
        say(f"Made in {folder}: {', '.join(others)}.")
    else:
        say(f"{folder} is a workspace already; nothing was changed.")
    if note := synchronised(folder):
        say(note)
    where = "" if folder.resolve() == Path.cwd() else f"type cd {quoted(folder)}, "
    say(f"Next: {where}drop an export into inbox, and open {PAGE}: it leads you from there.")
    if options.as_json:
        made_of = [str(path) for path in made]
        emit({"exit_code": 0, "workspace": str(folder.resolve()), "made": made_of})
    return 0
