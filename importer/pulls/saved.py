"""Bytes that can be had only once, on the disk as they arrive, under names that nothing has."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from typing import TYPE_CHECKING

from importer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

STEM = "overdue-violations"
OPEN, DONE = ".json.part", ".json"
_SYNC_SECONDS = 1.0


class SavedBytes:
    """One file that takes an answer while it arrives.

    It is made before anything is asked, so that a call that was ended by force leaves its trace, and
    ends in ``.part`` until the answer is complete.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        """Make the file, readable by its owner alone.

        Raises:
            InputError: It cannot be made; then nothing may be asked.
        """
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for stem in _stems(f"{STEM} {now:%Y-%m-%d %H-%M-%S}"):
                self.path = folder / f"{stem}{OPEN}"
                if os.path.lexists(folder / f"{stem}{DONE}"):
                    continue
                with contextlib.suppress(FileExistsError):
                    self._file = os.open(self.path, flags, 0o600)
                    break
        except OSError as error:
            raise InputError(
                f"The answer could not be saved in {folder} ({error.strerror or error}), so nothing "
                "was asked.",
                hint="Make room, give the folder write permission, or name another one with "
                "--results.",
            ) from error
        self._unwritten = b""
        self._open = True
        self._synced = time.monotonic()

    def write(self, piece: bytes) -> None:
        """Write what has arrived. Where the disk takes no more, it is held until it does."""
        if not self._open:
            return
        self._unwritten += piece
        # The rest of an answer that comes only once must not be lost with the disk.
        with contextlib.suppress(OSError):
            while self._unwritten:
                done = os.write(self._file, self._unwritten)
                self._unwritten = self._unwritten[done:]
            if time.monotonic() - self._synced > _SYNC_SECONDS:
                os.fsync(self._file)
                self._synced = time.monotonic()

    def content(self) -> bytes:
        """Return all that has arrived."""
        return self.path.read_bytes() + self._unwritten

    @property
    def unwritten(self) -> int:
        """How many of the last bytes the disk did not take."""
        return len(self._unwritten)

    def close(self, *, complete: bool) -> Path:
        """Close the file and return where it is; a complete one loses the ending ``.part``."""
        self.write(b"")
        self._open = False
        with contextlib.suppress(OSError):
            os.fsync(self._file)
        os.close(self._file)
        if complete and not self._unwritten:
            stem = self.path.name.removesuffix(OPEN)
            names = (self.path.with_name(each + DONE) for each in _stems(stem))
            self.path = self.path.rename(next(n for n in names if not os.path.lexists(n)))
        return self.path

    def discard(self) -> None:
        """Remove a file for which nothing was asked."""
        self._open = False
        os.close(self._file)
        self.path.unlink(missing_ok=True)


def unfinished(folder: Path) -> tuple[Path, ...]:
    """Return the files of calls that never came to their end, the oldest first."""
    return tuple(sorted(folder.glob(f"{STEM} *{OPEN}")))


def _stems(stem: str) -> Iterator[str]:
    return itertools.chain([stem], (f"{stem} ({number})" for number in itertools.count(2)))
