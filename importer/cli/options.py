"""The options that commands share, each with the words that teach it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from importer.text import quoted

Command = Callable[..., Any]
_PATH = click.Path(path_type=Path)
_COUNT = click.IntRange(min=1)
_ABOVE_NOUGHT = click.FloatRange(min=0, min_open=True)


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
            found = _OPTIONS[name](found)
        return found

    return give


def _option(name: str, explanation: str, **more: Any) -> Callable[[Command], Command]:  # noqa: ANN401 - click's own
    return click.option(name, help=explanation, **more)


def _flag(name: str, explanation: str) -> Callable[[Command], Command]:
    return click.option(name, is_flag=True, help=explanation)


_OPTIONS: Mapping[str, Callable[[Command], Command]] = {
    "paths": click.argument("paths", nargs=-1, type=_PATH, metavar="[PATH]…"),
    "workspace": _option(
        "--workspace",
        "Folder to work in. Default: the nearest one upwards with an opscom.yaml, else this one.",
        type=_PATH,
        metavar="DIR",
    ),
    "mapping": _option(
        "--mapping",
        "Mapping to use; may be given several times. Default: the one that fits, by file name and headers.",
        type=_PATH,
        metavar="FILE",
        multiple=True,
    ),
    "sheet": _option("--sheet", "Take only this sheet of each workbook.", metavar="NAME"),
    "client": _option("--client", "Client code of your OPSCOM, exactly as given.", metavar="CODE"),
    "host": _option("--host", "Where your OPSCOM is.", metavar="URL"),
    "plate_host": _option("--plate-host", "Where plates are validated.", metavar="URL"),
    "encoding": _option(
        "--encoding",
        "Encoding of text files, where it is not found rightly by itself (cp1252, utf-8, …).",
        metavar="NAME",
    ),
    "results": _option(
        "--results", "Folder for workbooks. Default: results/.", type=_PATH, metavar="DIR"
    ),
    "journal": _option(
        "--journal",
        "The memory of all runs. Default: journal.sqlite in the workspace.",
        type=_PATH,
        metavar="FILE",
    ),
    "workers": _option(
        "--workers",
        "Rows under way at once. Default: 4.",
        type=click.IntRange(1, 64),
        metavar="N",
    ),
    "rate": _option(
        "--rate", "Rows per second at most, repeats included.", type=_ABOVE_NOUGHT, metavar="N"
    ),
    "timeout": _option(
        "--timeout",
        "Longest wait for the whole answer to a row. Default: 60.",
        type=_ABOVE_NOUGHT,
        metavar="SECONDS",
    ),
    "sandbox": _flag(
        "--sandbox", "Take an OPSCOM that runs inside this command, to rehearse. Needs no token."
    ),
    "yes": _flag("--yes", "Do not ask before the first row is sent."),
    "limit": _option(
        "--limit",
        "Send the first N rows that would be sent, then stop. Look at them in OPSCOM, and go on.",
        type=_COUNT,
        metavar="N",
    ),
    "again": _flag("--again", "Send users and permit updates even where nothing has changed."),
    "keep": _flag("--keep", "Leave the file in the inbox."),
    "same_system": _flag(
        "--same-system", "This host is the OPSCOM that this client code had under another name."
    ),
    "new_system": _flag(
        "--new-system",
        "This host is another OPSCOM: what was sent to the other one does not count here.",
    ),
    "different_file": _flag(
        "--different-file",
        "Go on although the names in the file belong to other ids than those in OPSCOM.",
    ),
    "as_json": click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object, for other programs."
    ),
}
