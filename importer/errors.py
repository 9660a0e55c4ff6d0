"""What stops a run, sorted by what the person must do about it.

::

    ImporterError
    ├── UsageError       exit 2   type the command differently
    ├── InputError       exit 5   mend or choose another file
    ├── MappingError     exit 5   mend the mapping file
    ├── SettingsError    exit 5   give the missing host, client code or token
    ├── JournalError     exit 5   free or restore the journal
    └── PushStopped      exit 3   run the same command again to finish

A row that is wrong is never an exception: it is a ``Problem`` (see ``importer.model``).
"""

import traceback
from pathlib import Path

from importer.text import plain


class ImporterError(Exception):
    """A run, or one file of it, cannot go on.

    Attributes:
        message: Where and what, one or two sentences, or a line for each fault. No cell values, no
            token; what a terminal would obey (in a file's name, say) is spelled out.
        hint: What to do now, one sentence, or empty where the message says it.
    """

    exit_code = 5

    def __init__(self, *lines: str, hint: str = "") -> None:
        """Say where and what, then what to do."""
        self.message = "\n".join(map(plain, lines))
        self.hint = plain(hint)
        super().__init__(f"{self.message} {self.hint}".strip())


class UsageError(ImporterError):
    """The command line contradicts itself or lacks an answer that only a person can give."""

    exit_code = 2


class InputError(ImporterError):
    """A source file cannot be read, or no mapping fits it."""


class MappingError(ImporterError):
    """A mapping file has faults; the message lists all of them, each with its line."""


class SettingsError(ImporterError):
    """Settings are missing or wrong; the message lists all of them."""


class JournalError(ImporterError):
    """The journal is in use, cannot be read or cannot be written."""


class PushStopped(ImporterError):  # noqa: N818 - a run that stops is no error of ours
    """The run stopped before its end; the same command finishes it."""

    exit_code = 3


def failure(error: BaseException) -> str:
    """Return what an exception that nobody expected is and where it was raised: ``TypeError at run.py:7``.

    What such an exception says is left out: it may hold a person's data.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "importer" in Path(frame.filename).parts] or frames
    where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "start"
    return f"{type(error).__name__} at {where}"
