"""One call for the overdue violations: asked once, saved as it arrives, never asked again.

The call marks what it returns as sent to collections, so that no second call returns it. Every byte
goes to the disk before it is read, and whatever happens the outcome names the file.
"""

import contextlib
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from importer.delivery.answers import Refused
from importer.delivery.http import Connection, Phase, Reply
from importer.delivery.pace import Stopper
from importer.delivery.questions import Failed, Verdict, explain_refusal, judge_read, listing
from importer.errors import InputError
from importer.files import free_name, move, write_draft
from importer.pulls.book import Asked, Record, Summary, write_book
from importer.pulls.violations import pages_of, read_violations
from importer.report import SETTLED, STOPPED, UNKNOWN
from importer.text import count, quoted

PATIENCE = 600.0
"""Seconds without a byte after which the call is given up, unless a person says otherwise: nobody can
ask again, so a slow answer is waited for."""
MARKED = "OPSCOM may have marked the violations as sent to collections, and then no call returns them again"
STEM = "overdue-violations"
_OPEN, _DONE = ".part", ".json"
_ROOM = 100
"""Megabytes that must be free before anything is asked: what a full disk does not take is lost for ever."""
_LOOK_UP_SECONDS = 0.1
_LAST_WORDS_SECONDS = 5.0
"""How long an interrupted call is waited for: its connection is cut already."""
_READ = listing("records")


def _told(code: int, saved: Path | None, error: str | None, **more: object) -> dict[str, Any]:
    """Return the object that ``--json`` prints: what a call, or a look at saved bytes, came to."""
    path = None if saved is None else str(saved)
    more = {"results": None, "counts": {}} | more
    return {"exit_code": code, "saved": path, "error": error, **more}


class SavedBytes:
    """One file that takes an answer while it arrives, readable by its owner alone.

    It is made before anything is asked, so that a call that was ended by force leaves its trace, under a
    name that nothing has, and ends in ``.part`` until the answer is complete.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        """Make the file.

        Raises:
            InputError: It cannot be made; then nothing may be asked.
        """
        self.content = bytearray()
        """All that has arrived."""
        self._written = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(folder).free < _ROOM * 1_000_000:
                raise OSError(f"fewer than {_ROOM} MB are free")  # noqa: TRY301 - told as the others are
            self.path = free_name(folder / f"{STEM} {now:%Y-%m-%d %H-%M-%S}{_OPEN}")
            own = partial(os.open, mode=0o600)
            self._file = open(self.path, "xb", buffering=0, opener=own)  # noqa: SIM115 - see close
        except OSError as error:
            raise InputError(
                f"The answer could not be saved in {folder} ({error.strerror or error}), so nothing "
                "was asked.",
                hint="Make room, give the folder write permission, or name another one with "
                "--results.",
            ) from error

    def write(self, piece: bytes) -> None:
        """Write what has arrived. Where the disk takes no more, it is held until it does."""
        if self._file.closed:  # a call that was given up may still hear something
            return
        self.content += piece
        # The rest of an answer that comes only once must not be lost with the disk.
        with contextlib.suppress(OSError):
            while self.unwritten:
                self._written += self._file.write(self.content[self._written :])

    @property
    def unwritten(self) -> int:
        """How many of the last bytes the disk did not take."""
        return len(self.content) - self._written

    def sync(self) -> None:
        """Have the disk itself hold what it takes."""
        self.write(b"")
        with contextlib.suppress(OSError):
            os.fsync(self._file)

    def close(self, *, complete: bool) -> Path:
        """Close the file and return where it is; a complete one loses the ending ``.part``."""
        self.sync()
        self._file.close()
        if complete and not self.unwritten:
            self.path = self.path.rename(free_name(self.path.with_suffix(_DONE)))
        return self.path


def unfinished(folder: Path) -> tuple[Path, ...]:
    """Return the files of calls that never came to their end, the oldest first."""
    return tuple(sorted(folder.glob(f"{STEM} *{_OPEN}")))


def call(
    connection: Connection, asked: Asked, stopper: Stopper, redact: Callable[[str], str]
) -> dict[str, Any]:
    """Ask once, save every byte as it arrives, then make the workbook.

    Args:
        connection: Without a time for the whole answer: one that still arrives is never cut.
        asked: What the workbook says of their origin, and where they go.
        stopper: Ends the call; what had arrived stays.
        redact: Takes the API token out of a text.

    Returns:
        The object that ``--json`` prints; ``saved`` are the bytes as they arrived but for the token, ``None`` where nothing was
        asked, ``error`` is what went wrong and what to do now.

    Raises:
        InputError: The file for the answer cannot be made; nothing was asked.
    """
    saved = SavedBytes(asked.folder, asked.when)
    reply = _ask(connection, saved, stopper)
    saved.sync()
    content = bytes(saved.content)
    records, whole = read_violations(redact(_text(content)))
    verdict = judge_read(replace(reply, body=content), _READ)
    refused = _refusal(reply, verdict)
    path = saved.close(complete=whole or bool(refused))
    if reply.phase in {Phase.NOT_LEFT, Phase.BARRED}:
        path.unlink(missing_ok=True)
        why = stopper.reason or f"{reply.detail[:1].upper()}{reply.detail[1:]}."
        error = f"{why} Nothing was asked, so nothing is marked. Run the same command again."
        return _told(STOPPED, None, error)
    came = content.decode("utf-8", "surrogateescape")
    if (kept := redact(came)) != came:
        # The answer repeats the API token; all else stays as it came. On a full disk the token does too.
        with contextlib.suppress(OSError):
            clean = kept.encode("utf-8", "surrogateescape")
            move(write_draft(path, lambda file: file.write(clean)), path)
    if refused:
        return _told(STOPPED, path, f"{refused} Its answer is in {path}.")
    why = ""
    if saved.unwritten:
        why = f"The disk did not take the last {count(saved.unwritten, 'byte')}."
    elif not whole:
        why = stopper.reason or (verdict.why if isinstance(verdict, Failed) else "")
    return _conclude(path, records, why, asked, whole=whole)


def rebuild(saved: Path, asked: Asked) -> dict[str, Any]:
    """Make the workbook once more from bytes that an earlier call saved, whole or cut off.

    It opens no socket.

    Raises:
        InputError: The file holds something else.
    """
    records, whole = read_violations(_text(saved.read_bytes()))
    if not (records or whole):
        raise InputError(
            f"{saved} holds no overdue violations.",
            hint=f"Name a file that begins with {STEM}; they lie in the folder for workbooks.",
        )
    when = datetime.fromtimestamp(saved.stat().st_mtime).astimezone()
    return _conclude(saved, records, "", replace(asked, when=when), whole=whole)


def _text(content: bytes) -> str:
    return content.decode("utf-8-sig", "replace")


def _ask(connection: Connection, saved: SavedBytes, stopper: Stopper) -> Reply:
    """Send the question in a thread, so that an interrupt is heard while the answer is waited for."""
    replies: list[Reply] = []
    thread = threading.Thread(
        target=lambda: replies.append(connection.send({}, saved.write)), name="overdue", daemon=True
    )
    thread.start()
    while thread.is_alive() and not stopper.stopped:
        thread.join(_LOOK_UP_SECONDS)
    if thread.is_alive():
        connection.stop()
        thread.join(_LAST_WORDS_SECONDS)
    phase = Phase.LOST if connection.begun else Phase.NOT_LEFT
    return replies[0] if replies else Reply(phase, detail="the call was given up")


def _refusal(reply: Reply, verdict: Verdict) -> str:
    """Return the sentence of an answer that says that nothing was done; empty for any other."""
    if isinstance(verdict, Refused):
        return f"{explain_refusal(verdict)} Nothing is marked."
    if isinstance(verdict, Failed) and reply.phase is Phase.ANSWERED:
        refused = verdict.lasting or reply.status == 429  # noqa: PLR2004
        return f"{verdict.why} Nothing is marked as far as it says." if refused else ""
    return ""


def _conclude(
    path: Path, records: list[Record], why: str, asked: Asked, *, whole: bool
) -> dict[str, Any]:
    """Make a workbook of what arrived and say what is missing; ``why`` it may not be all."""
    number, error = len(records), ""
    if why or not whole:
        arrived = "" if whole else f"{count(number, 'violation')} arrived whole. "
        error = (
            f"{why} {arrived}{MARKED}. What arrived is in {path}; keep it, and ask OPSCOM what was marked "
            "before you run this command again."
        ).strip()
    if not (records or whole):
        return _told(UNKNOWN, path, error)
    facts = (
        ("Saved answer", path.name),
        ("Times", "As OPSCOM gives them; those that end in Z are in universal time."),
    )
    banner = f"{count(number, 'overdue violation')}, marked as sent to collections: no later call returns them."
    pages, notes = pages_of(records), [error] if error else []
    summary = Summary("Overdue violations", asked, facts, notes, banner)
    counts = {page.name: len(page.rows) for page in pages}
    results = None
    try:
        results = str(write_book(asked.folder / f"{path.stem}.xlsx", pages, summary))
    except InputError as failure:
        # Its own hint says to run the command again, which would lose these violations.
        where = "" if error else f"Every byte is in {path}. "
        error = (
            f"{error} {failure.message} {where}Make room, then run "
            f"`opscom-import pull overdue-violations --from {quoted(path)}`."
        ).strip()
    code = UNKNOWN if error else SETTLED
    return _told(code, path, error or None, results=results, counts=counts)
