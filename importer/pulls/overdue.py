"""One call for the overdue violations: asked once, saved as it arrives, never asked again.

The call marks what it returns as sent to collections, so that no second call returns it. Every byte
goes to the disk before it is read, and whatever happens the outcome names the file.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from importer.delivery.answers import Refused
from importer.delivery.http import Phase, Reply
from importer.delivery.questions import Failed, explain_refusal, judge_read, listing
from importer.errors import InputError
from importer.pulls.book import Asked, Summary, write_book
from importer.pulls.saved import STEM, SavedBytes
from importer.pulls.violations import Violations, pages_of, read_violations
from importer.report import SETTLED, STOPPED, UNKNOWN
from importer.text import count, quoted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from importer.delivery.http import Connection
    from importer.delivery.pace import Stopper
    from importer.delivery.questions import Verdict

PATIENCE = 600.0
"""Seconds without a byte after which the call is given up, unless a person says otherwise: nobody can
ask again, so a slow answer is waited for."""
MARKED = "OPSCOM may have marked the violations as sent to collections, and then no call returns them again"
_LOOK_UP_SECONDS = 0.1
_LAST_WORDS_SECONDS = 5.0
"""How long an interrupted call is waited for: its connection is cut already."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """What a call, or a look at saved bytes, came to."""

    exit_code: int
    saved: Path | None
    """The bytes as they arrived; ``None`` where nothing was asked."""
    results: Path | None = None
    counts: tuple[tuple[str, int], ...] = ()
    """Page of the workbook → rows."""
    error: str | None = None
    """What went wrong and what to do now."""

    def as_json(self) -> dict[str, object]:
        """Return the object that ``--json`` prints."""
        return {
            "exit_code": self.exit_code,
            "saved": None if self.saved is None else str(self.saved),
            "results": None if self.results is None else str(self.results),
            "counts": dict(self.counts),
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the bytes and the workbook go, and what the workbook says of their origin."""

    folder: Path
    asked: Asked
    redact: Callable[[str], str]
    """Takes the API token out of a text."""


def call(connection: Connection, to: Destination, stopper: Stopper) -> Overdue:
    """Ask once, save every byte as it arrives, then make the workbook.

    Args:
        connection: Without a time for the whole answer: one that still arrives is never cut.
        to: Where the bytes and the workbook go.
        stopper: Ends the call; what had arrived stays.

    Raises:
        InputError: The file for the answer cannot be made; nothing was asked.
    """
    saved = SavedBytes(to.folder, to.asked.when)
    reply = _ask(connection, saved, stopper)
    if reply.phase in {Phase.NOT_LEFT, Phase.BARRED}:
        saved.discard()
        why = stopper.reason or f"{reply.detail[:1].upper()}{reply.detail[1:]}."
        error = f"{why} Nothing was asked, so nothing is marked. Run the same command again."
        return Overdue(STOPPED, None, error=error)
    content = saved.content()
    found = _read(content, to)
    verdict = judge_read(replace(reply, body=content), _READ)
    refused = _refusal(reply, verdict)
    whole = found is not None and found.complete
    path = saved.close(complete=whole or bool(refused))
    if refused:
        return Overdue(STOPPED, path, error=f"{refused} Its answer is in {path}.")
    why = ""
    if saved.unwritten:
        why = f"The disk did not take the last {count(saved.unwritten, 'byte')}."
    elif not whole:
        why = stopper.reason or (verdict.why if isinstance(verdict, Failed) else "")
    return _conclude(path, content, why, to)


def rebuild(saved: Path, to: Destination) -> Overdue:
    """Make the workbook once more from saved bytes; opens no socket.

    Args:
        saved: A file of an earlier call, whole or cut off.
        to: Where the workbook goes.

    Raises:
        InputError: The file cannot be read or holds something else.
    """
    try:
        content = saved.read_bytes()
        when = datetime.fromtimestamp(saved.stat().st_mtime).astimezone()
    except OSError as error:
        raise InputError(
            f"{saved} cannot be read ({error.strerror or error}).", hint="Check its name."
        ) from error
    answered = _READ(content)
    if isinstance(answered, Refused):
        raise InputError(f"{saved} holds no violations: {explain_refusal(answered)}")
    if not saved.name.startswith(STEM) and _read(content, to) is None:
        raise InputError(
            f"{saved} holds no overdue violations.",
            hint=f"Name a file that begins with {STEM}; they lie in the folder for workbooks.",
        )
    to = replace(to, asked=replace(to.asked, when=when))
    return _conclude(saved, content, "", to)


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


_READ = listing("records")


def _read(content: bytes, to: Destination) -> Violations | None:
    """Read the violations, the API token taken out wherever an answer repeats it."""
    text = content.decode("utf-8", "surrogateescape")
    return read_violations(to.redact(text).encode("utf-8", "surrogateescape"))


def _refusal(reply: Reply, verdict: Verdict) -> str:
    """Return the sentence of an answer that says that nothing was done; empty for any other."""
    if isinstance(verdict, Refused):
        return f"{explain_refusal(verdict)} Nothing is marked."
    if isinstance(verdict, Failed) and reply.phase is Phase.ANSWERED:
        refused = verdict.lasting or reply.status == 429  # noqa: PLR2004
        return f"{verdict.why} Nothing is marked as far as it says." if refused else ""
    return ""


def _conclude(path: Path, content: bytes, why: str, to: Destination) -> Overdue:
    """Make a workbook of what arrived and say what is missing; ``why`` it may not be all."""
    found = _read(content, to)
    if found is None:
        nothing = (
            f"{why or 'There are no whole violations in it.'} {MARKED}. What arrived "
            f"({count(len(content), 'byte')}) is in {path}; keep it, and ask OPSCOM what was "
            "marked before you run this command again."
        )
        return Overdue(UNKNOWN, path, error=nothing)
    number, error = len(found.records), None
    if why or not found.complete:
        cut = f"The answer is cut off; {count(number, 'violation')} arrived whole and are in the workbook. "
        error = (
            f"{why} {'' if found.complete else cut}{MARKED}. What arrived is in {path}; keep it, and ask "
            "OPSCOM for the rest before you run this command again."
        ).strip()
    facts = (
        ("OPSCOM's version", found.version),
        ("Saved answer", path.name),
        ("Times", "As OPSCOM gives them; those that end in Z are in universal time."),
        ("Keys", "Every row names its violation under ViolationID."),
    )
    banner = f"{count(number, 'overdue violation')}, marked as sent to collections: no later call returns them."
    notes = () if error is None else (error,)
    summary = Summary("Overdue violations", to.asked, facts, notes, banner)
    pages = pages_of(found)
    counts = tuple((page.name, len(page.rows)) for page in pages)
    stem = path.name.removesuffix(".part").removesuffix(".json")
    try:
        results = write_book(to.folder / f"{stem}.xlsx", summary, pages)
    except InputError as failure:
        # Its own hint says to run the command again, which would lose these violations.
        error = (
            f"{error or ''} {failure.message} Every byte is in {path}: make room, then run "
            f"`opscom-import pull overdue-violations --from {quoted(path)}`."
        ).strip()
        return Overdue(UNKNOWN, path, counts=counts, error=error)
    return Overdue(SETTLED if error is None else UNKNOWN, path, results, counts, error)
