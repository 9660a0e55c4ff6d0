"""The options that commands share, each with the words that teach it."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from importer.settings import read_pace
from importer.text import quoted

Command = Callable[..., Any]


def _path_of(text: str) -> Path:
    """Return a path that was typed; nothing would be the folder that one is in."""
    if not text:
        raise click.BadParameter("this name is empty; most likely a variable is not set.")
    return Path(text)


def _file_of(text: str) -> Path:
    if os.path.isdir(text):  # noqa: PTH112 - a Path of an endless name raises
        raise click.BadParameter("this is a folder; name the file of the journal.")
    return _path_of(text)


@dataclass(frozen=True, slots=True)
class Options:
    """What was typed; see the help of each."""

    paths: tuple[Path, ...] = ()
    workspace: Path | None = None
    mapping: tuple[Path, ...] = ()
    sheet: str | None = None
    client: str | None = None
    host: str | None = None
    plate_host: str | None = None
    encoding: str | None = None
    results: Path | None = None
    journal: Path | None = None
    workers: int | None = None
    rate: float | None = None
    timeout: float | None = None
    sandbox: bool = False
    yes: bool = False
    limit: int | None = None
    again: bool = False
    keep: bool = False
    same_system: bool = False
    new_system: bool = False
    different_file: bool = False
    as_json: bool = False

    @property
    def at(self) -> str:
        """The workspace that was named, as a person types it, behind a blank; empty for none."""
        return f" --workspace {quoted(self.workspace)}" if self.workspace else ""

    @property
    def for_next(self) -> str:
        """The options that the next command needs too, as a person types them; empty for none."""
        named = [
            ("--workspace", self.workspace),
            *(("--mapping", path) for path in self.mapping),
            ("--results", self.results),
            ("--journal", self.journal),
            ("--host", self.host),
            ("--client", self.client),
        ]
        words = [f"{name} {quoted(value)}" for name, value in named if value is not None]
        return " ".join([*words, "--sandbox"] if self.sandbox else words)


READING = (
    "paths", "workspace", "mapping", "sheet", "client", "host", "encoding", "results", "journal", "as_json",
)  # fmt: skip
"""What every command takes that reads spreadsheets."""
PACING = ("workers", "rate", "timeout")


def taking(*names: str) -> Callable[[Command], Command]:
    """Return what gives a command these options, in this order, as one value ``options``."""

    def give(command: Command) -> Command:
        @wraps(command)
        def call(**typed: Any) -> Any:  # noqa: ANN401 - click's own
            return command(Options(**{name: typed.pop(name) for name in names}), **typed)

        found: Command = call
        for name in reversed(names):
            flag = _option(f"--{name.replace('_', '-')}", is_flag=True, help=_FLAGS.get(name))
            found = _OPTIONS.get(name, flag)(found)
        return found

    return give


_option = click.option
_OPTIONS: Mapping[str, Callable[[Command], Command]] = {
    "paths": click.argument("paths", nargs=-1, type=_path_of, metavar="[PATH]…"),
    "workspace": _option(
        "--workspace",
        type=_path_of,
        metavar="DIR",
        help="Folder to work in. Default: the nearest one upwards with an opscom.yaml, else this one.",
    ),
    "mapping": _option(
        "--mapping",
        type=_path_of,
        metavar="FILE",
        multiple=True,
        help="Mapping to use; may be given several times. Default: the one that fits, by file name and headers.",
    ),
    "sheet": _option("--sheet", metavar="NAME", help="Take only this sheet of each workbook."),
    "client": _option(
        "--client", metavar="CODE", help="Client code of your OPSCOM, exactly as given."
    ),
    "host": _option("--host", metavar="URL", help="Where your OPSCOM is."),
    "plate_host": _option("--plate-host", metavar="URL", help="Where plates are validated."),
    "encoding": _option(
        "--encoding",
        metavar="NAME",
        help="Encoding of text files, where it is not found rightly by itself (cp1252, utf-8, …).",
    ),
    "results": _option(
        "--results", type=_path_of, metavar="DIR", help="Folder for workbooks. Default: results/."
    ),
    "journal": _option(
        "--journal",
        type=_file_of,
        metavar="FILE",
        help="The memory of all runs. Default: journal.sqlite in the workspace.",
    ),
    "workers": _option(
        "--workers",
        type=click.IntRange(1, 64),
        metavar="N",
        help="Rows under way at once. Default: 4.",
    ),
    "rate": _option(
        "--rate", type=read_pace, metavar="N", help="Rows per second at most, repeats included."
    ),
    "timeout": _option(
        "--timeout",
        type=read_pace,
        metavar="SECONDS",
        help="Longest wait for a whole answer. Default: 60; for overdue violations 600 without a byte.",
    ),
    "limit": _option(
        "--limit",
        type=click.IntRange(min=1),
        metavar="N",
        help="Send the first N rows that would be sent, then stop. Look at them in OPSCOM, and go on.",
    ),
    "as_json": _option(
        "--json", "as_json", is_flag=True, help="Print one JSON object, for other programs."
    ),
}
_FLAGS = {
    "sandbox": "Take an OPSCOM that runs inside this command, to rehearse. Needs no token.",
    "yes": "Do not ask before the first row is sent.",
    "again": "Send users and permit updates even where nothing has changed.",
    "keep": "Leave the file in the inbox.",
    "same_system": "This host is the OPSCOM that this client code had under another name.",
    "new_system": "This host is another OPSCOM: what was sent to the other one does not count here.",
    "different_file": "Go on although the names in the file belong to other ids than those in OPSCOM.",
}
