"""What a person most likely meant by a command line that is not one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import click

from importer.text import nearest, quoted

PULLED = ("user-types", "permit-stats", "overdue-violations", "plates")
_MEANT = {
    "check": ("dry-run", "validate", "test", "preview", "verify"),
    "history": ("log", "status", "undo", "rollback"),
    "init": ("new", "setup", "create"),
    "map": ("mapping", "mappings", "propose", "match"),
    "push": ("import", "send", "upload", "run"),
}
_DRY_RUNS = ("--dry-run", "--dryrun", "--dry_run", "--simulate", "--preview", "-n")


def meant(error: click.ClickException | None, given: Sequence[str], commands: Sequence[str]) -> str:
    """Return what was most likely meant, one sentence; empty where nobody can tell.

    Args:
        error: What click says; ``None`` where a file was not found.
        given: What was typed.
        commands: Those that there are.
    """
    if isinstance(error, click.NoSuchOption):
        return _option(error.option_name)
    if path := _with_blanks(given):
        return f"Did you mean {quoted(path)}? A name with blanks stands in quotes."
    if isinstance(error, click.MissingParameter) and given[:1] == ["map"]:
        return "Name the spreadsheet that a mapping is to be proposed for: `opscom-import map inbox/FILE`."
    word = next((word for word in given if not word.startswith("-")), "")
    return "" if error is None or word in commands else _command(word, commands)


def _option(name: str) -> str:
    if name in _DRY_RUNS:
        return "`opscom-import check` is the dry run: it shows what a push would send, and sends nothing."
    if "token" in name:
        return "The token is in no option: keep it with `opscom-import login`."
    return ""


def _command(word: str, commands: Sequence[str]) -> str:
    if word in PULLED:
        return f"Did you mean `opscom-import pull {word}`?"
    if Path(word).suffix:
        file = quoted(word)
        return (
            f"`opscom-import check {file}` shows what would be sent; where no mapping fits the file, "
            f"`opscom-import map {file}` proposes one."
        )
    other = {name: command for command, names in _MEANT.items() for name in names}
    near = nearest(word, [*commands, *other])
    return f"Did you mean `opscom-import {other.get(near, near)}`?" if near else ""


def _with_blanks(given: Sequence[str]) -> Path | None:
    """Return the path that some words in a row make, where the first of them is none by itself."""
    for start, end in combinations(range(len(given) + 1), 2):
        path = Path(" ".join(given[start:end]))
        if end - start > 1 and path.exists() and not Path(given[start]).exists():
            return path
    return None
