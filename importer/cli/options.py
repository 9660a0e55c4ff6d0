"""The options that commands share, each with the words that teach it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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

    workspace: Path | None = None
    mapping: tuple[Path, ...] = ()
    sheet: str | None = None
    results: Path | None = None
    journal: Path | None = None
    as_json: bool = False
    client: str | None = None
    host: str | None = None
    encoding: str | None = None


def _as_one(
    name: str, kind: type[Any], options: Iterable[Callable[[Command], Command]], command: Command
) -> Command:
    """Give a command these options, as one value ``name`` with a field for each."""

    @wraps(command)
    def taking(*args: object, **kwargs: Any) -> object:  # noqa: ANN401 - click's own
        names = [field.name for field in fields(kind) if field.name in kwargs]
        kwargs[name] = kind(**{each: kwargs.pop(each) for each in names})
        return command(*args, **kwargs)

    found: Command = taking
    for option in reversed(list(options)):
        found = option(found)
    return found


def common(command: Command) -> Command:
    """Give a command the shared options, as one value ``common``."""
    return _as_one("common", Common, _COMMON.values(), command)


def some_of_common(*names: str) -> Callable[[Command], Command]:
    """Return what gives a command these of the shared options, as one value ``common``."""
    return lambda command: _as_one("common", Common, [_COMMON[each] for each in names], command)


_COMMON: Mapping[str, Callable[[Command], Command]] = {
    "workspace": click.option(
        "--workspace",
        type=_FILE,
        metavar="DIR",
        help="Folder to work in. Default: the nearest one upwards with an opscom.yaml, else this one.",
    ),
    "mapping": click.option(
        "--mapping",
        type=_FILE,
        multiple=True,
        metavar="FILE",
        help="Mapping to use; may be given several times. Default: the one that fits, by file name "
        "and headers.",
    ),
    "sheet": click.option("--sheet", metavar="NAME", help="Take only this sheet of each workbook."),
    "client": click.option(
        "--client", metavar="CODE", help="Client code of your OPSCOM, exactly as given."
    ),
    "host": click.option("--host", metavar="URL", help="Where your OPSCOM is."),
    "encoding": click.option(
        "--encoding",
        metavar="NAME",
        help="Encoding of text files, where it is not found rightly by itself (cp1252, utf-8, …).",
    ),
    "results": click.option(
        "--results", type=_FILE, metavar="DIR", help="Folder for workbooks. Default: results/."
    ),
    "journal": click.option(
        "--journal",
        type=_FILE,
        metavar="FILE",
        help="The memory of all runs. Default: journal.sqlite in the workspace.",
    ),
    "as_json": click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object, for other programs."
    ),
}


@dataclass(frozen=True, slots=True)
class Pacing:
    """How fast rows are sent; see the help of each."""

    workers: int | None = None
    rate: float | None = None
    timeout: float | None = None


def pacing(command: Command) -> Command:
    """Give a command the options of sending rows, as one value ``pacing``."""
    return _as_one("pacing", Pacing, (_WORKERS, _RATE, _TIMEOUT), command)


def waiting(command: Command) -> Command:
    """Give a command the longest wait alone, as one value ``pacing``."""
    return _as_one("pacing", Pacing, (_TIMEOUT,), command)


_WORKERS = click.option(
    "--workers",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Rows under way at once. Default: 4.",
)
_RATE = click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Rows per second at most, repeats included.",
)
_TIMEOUT = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Longest wait for the whole answer to a row. Default: 60.",
)
paths = click.argument("paths", nargs=-1, type=_FILE, metavar="[PATH]…")
different_file = click.option(
    "--different-file",
    is_flag=True,
    help="Go on although the names in the file belong to other ids than those in OPSCOM.",
)
