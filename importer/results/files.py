"""Putting a finished workbook in its place: never half of it, never over an older one."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from importer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def put_in_place(path: Path, write: Callable[[BinaryIO], None]) -> Path:
    """Write a file that only its owner can read, whole or not at all.

    The new file gets its name when it is complete and on the disk. An older one of that name is kept
    beside it with the time of its last change in the name. Where the name cannot be had, because
    the older file is open in Excel or LibreOffice, the new one gets another: ``NAME (2).xlsx``.

    Args:
        path: The wanted name. Missing folders are made.
        write: Writes the content to an open file.

    Returns:
        The name it got.

    Raises:
        InputError: The file could not be written; nothing was changed.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = _write_draft(path, write)
        try:
            return _take_name(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"{path}: this workbook could not be written: {error.strerror or error}.",
            hint="Make room on the disk or name another folder with --results, then run the same "
            "command again; nothing is sent twice.",
        ) from error


def prove_writable(folder: Path) -> None:
    """Make the folder, and a file in it that is gone at once: before rows are sent that it is to hold.

    Raises:
        InputError: No workbook can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"{folder}: no workbook can be written here: {error.strerror or error}. Nothing was sent.",
            hint="Name another folder with --results, or get the right to write into this one.",
        ) from error


def _write_draft(path: Path, write: Callable[[BinaryIO], None]) -> Path:
    """Write to a hidden file in the same folder and return its path; on a failure none is left.

    ``mkstemp`` opens with mode 0600, so that nobody else can read the file at any time.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".part")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    return draft


def _take_name(draft: Path, path: Path) -> Path:
    """Give the draft the wanted name, or the next one that can be had."""
    if not _in_use(path):
        # Windows refuses to rename a file that a program holds open.
        with contextlib.suppress(OSError):
            if path.is_file():
                _step_aside(path)
            draft.replace(path)
            return path
    other = _free(path, (f"{path.stem} ({number})" for number in itertools.count(2)))
    draft.replace(other)
    return other


def _in_use(path: Path) -> bool:
    """Whether a spreadsheet program has the file open, by the lock file it leaves beside it.

    Only Windows refuses to rename an open file; elsewhere the program would later save the old
    content over the new one.
    """
    locks = (f"~${path.name}", f".~lock.{path.name}#")
    return any(path.with_name(lock).exists() for lock in locks)


def _step_aside(path: Path) -> None:
    """Give an older file a name that says when it was last changed."""
    changed = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC).astimezone()
    stem = f"{path.stem} {changed:%Y-%m-%d %H-%M-%S}"
    more = (f"{stem} ({number})" for number in itertools.count(2))
    path.rename(_free(path, itertools.chain([stem], more)))


def _free(path: Path, stems: Iterator[str]) -> Path:
    """Return the first of the names that nothing has."""
    names = (path.with_name(stem + path.suffix) for stem in stems)
    return next(name for name in names if not os.path.lexists(name))
