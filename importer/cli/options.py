"""The options that commands share, each with the words that teach it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]
_FILE = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Common:
    """What the options that commands share say; see the help of each."""

    workspace: Path | None
    mapping: tuple[Path, ...]
    sheet: str | None
    results: Path | None
    journal: Path | None
    as_json: bool
    client: str | None
    host: str | None
    encoding: str | None


def _as_one(
    name: str, kind: type[Any], options: Sequence[Callable[[Command], Command]], command: Command
) -> Command:
    """Give a command these options, as one value ``name`` with a field for each."""

    @wraps(command)
    def taking(*args: object, **kwargs: Any) -> object:  # noqa: ANN401 - click's own
        kwargs[name] = kind(**{field.name: kwargs.pop(field.name) for field in fields(kind)})
        return command(*args, **kwargs)

    found: Command = taking
    for option in reversed(options):
        found = option(found)
    return found


def common(command: Command) -> Command:
    """Give a command the shared options, as one value ``common``."""
    return _as_one("common", Common, _COMMON, command)


_COMMON = (
    click.option(
        "--workspace",
        type=_FILE,
        metavar="DIR",
        help="Folder to work in. Default: the nearest one upwards with an opscom.yaml, else this one.",
    ),
    click.option(
        "--mapping",
        type=_FILE,
        multiple=True,
        metavar="FILE",
        help="Mapping to use; may be given several times. Default: the one that fits, by file name "
        "and headers.",
    ),
    click.option("--sheet", metavar="NAME", help="Take only this sheet of each workbook."),
    click.option("--client", metavar="CODE", help="Client code of your OPSCOM, exactly as given."),
    click.option("--host", metavar="URL", help="Where your OPSCOM is."),
    click.option(
        "--encoding",
        metavar="NAME",
        help="Encoding of text files, where it is not found rightly by itself (cp1252, utf-8, …).",
    ),
    click.option(
        "--results", type=_FILE, metavar="DIR", help="Folder for workbooks. Default: results/."
    ),
    click.option(
        "--journal",
        type=_FILE,
        metavar="FILE",
        help="The memory of all runs. Default: journal.sqlite in the workspace.",
    ),
    click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object, for other programs."
    ),
)


@dataclass(frozen=True, slots=True)
class Pacing:
    """How fast rows are sent; see the help of each."""

    workers: int | None
    rate: float | None
    timeout: float | None


def pacing(command: Command) -> Command:
    """Give a command the options of sending rows, as one value ``pacing``."""
    return _as_one("pacing", Pacing, _PACING, command)


_PACING = (
    click.option(
        "--workers",
        type=click.IntRange(1, 64),
        metavar="N",
        help="Rows under way at once. Default: 4.",
    ),
    click.option(
        "--rate",
        type=click.FloatRange(min=0, min_open=True),
        metavar="N",
        help="Rows per second at most, repeats included.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="Longest wait for the whole answer to a row. Default: 60.",
    ),
)
paths = click.argument("paths", nargs=-1, type=_FILE, metavar="[PATH]…")
different_file = click.option(
    "--different-file",
    is_flag=True,
    help="Go on although the names in the file belong to other ids than those in OPSCOM.",
)
