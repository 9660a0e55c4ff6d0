"""Putting a finished file in its place: never half of it, never over an older one."""

import contextlib
import itertools
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from importer.errors import InputError

_DRAFT = ".opscom-import.part"
"""How the name of a draft ends; with it a draft's name is as long as any other of its workbook."""
_LEFT_AFTER = 24 * 60 * 60
"""Seconds after which nobody is writing any more what nobody has changed."""


def put_in_place(
    path: Path,
    write: Callable[[BinaryIO], None],
    *,
    aside: Path | None = None,
    note: Callable[[str], object] = str,
) -> Path:
    """Write a file that only its owner can read, whole or not at all; return the name it got.

    The new file gets its name when it is complete and on the disk. An older one of that name is kept, in the
    folder ``aside`` or the same one, with the time of its last change in the name. Where the name cannot be
    had, because the older file is open in Excel or LibreOffice, the new one gets another, ``NAME (2).xlsx``,
    and ``note`` takes the sentence that says why. Missing folders are made.

    Raises:
        InputError: The file could not be written; nothing was changed.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = write_draft(path, write)
        try:
            return _take_name(draft, path, aside or path.parent, note)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"{path}: this workbook could not be written: {error.strerror or error}.",
            hint=f"Make room in {path.parent} and in {tempfile.gettempdir()} (for temporary files), or "
            "name another folder with --results, then run the same command again; nothing is sent twice.",
        ) from error


def write_whole(path: Path, text: str) -> Path:
    """Write a text that only its owner can read, whole or not at all, over an older one; return its path.

    Raises:
        OSError: It cannot be written; what was there stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = write_draft(path, lambda file: file.write(text.encode()))
    try:
        return move(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def prove_writable(path: Path) -> None:
    """Make the draft of a workbook, which is gone at once: before rows are sent that it is to hold.

    Raises:
        InputError: The workbook cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.gettempdir()
        write_draft(path, lambda file: file.write(b" ")).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"{path}: this workbook cannot be written: {error.strerror or error}. Nothing of its file "
            "was sent.",
            hint="Name another folder with --results, or get the right to write into this one.",
        ) from error


def write_draft(path: Path, write: Callable[[BinaryIO], object]) -> Path:
    """Write to a hidden file in the same folder and return its path; on a failure none is left.

    ``mkstemp`` opens with mode 0600, so that nobody else can read the file at any time.
    """
    clear_left(path.parent, f".*{_DRAFT}")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=_DRAFT)
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


def clear_left(folder: Path, pattern: str) -> None:
    """Delete what killed runs have left: files and folders of that name which nobody has changed for a day."""
    for left in folder.glob(pattern):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _LEFT_AFTER:
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def _take_name(draft: Path, path: Path, aside: Path, note: Callable[[str], object]) -> Path:
    """Give the draft the wanted name, or the next one that can be had."""
    why = "is open in another program"
    # Only Windows refuses to rename a file that a program has open; elsewhere the program would later
    # save the old content over the new one. It leaves a lock file beside it.
    if not any(
        path.with_name(name).exists() for name in (f"~${path.name}", f".~lock.{path.name}#")
    ):
        try:
            if path.is_file():
                changed = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC).astimezone()
                aside.mkdir(exist_ok=True)
                name = f"{path.stem} {changed:%Y-%m-%d %H-%M-%S}{path.suffix}"
                move(path, free_name(aside / name))
            return move(draft, path)
        except OSError as error:
            if sys.platform != "win32" or not isinstance(error, PermissionError):
                why = f"could not be replaced ({error.strerror or error})"
    other = free_name(path)
    move(draft, other)
    note(f"{path.name} {why}, so {other.name} was written.")
    return other


def move(source: Path, target: Path) -> Path:
    """Rename a file, over another one too; return its new name.

    Windows refuses while a virus scanner or an indexer has a look at a new file, which is soon over.

    Raises:
        OSError: It cannot be renamed, also not within two seconds.
    """
    for _ in range(20):
        with contextlib.suppress(PermissionError):
            return source.replace(target)
        time.sleep(0.1)
    return source.replace(target)


def free_name(path: Path) -> Path:
    """Return the path, or where something is there already the path with a number."""
    others = (path.with_name(f"{path.stem} ({n}){path.suffix}") for n in itertools.count(2))
    return next(each for each in itertools.chain([path], others) if not os.path.lexists(each))
