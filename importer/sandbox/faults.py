"""What can go wrong on a bad day, and with which requests of a rehearsal."""

from __future__ import annotations

import re
from dataclasses import dataclass

from importer.errors import UsageError
from importer.sandbox.controller import Response

HTML = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Soon back.</body></html>"
_PAGE = {"Content-Type": "text/html; charset=UTF-8"}
_SECONDS = {"slow": "5", "429": "1"}
_FAULT_RE = re.compile(
    r"(?:(slow|429)|500|close|html|lost)(?::(?:every|row|(?(1)seconds|every))=0*[1-9][0-9]*)*"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with the requests that it hits, counted from 1 as they arrive."""

    kind: str
    every: int = 0
    row: int = 0
    seconds: int = 0

    @property
    def applied(self) -> bool:
        """Whether the request is carried out."""
        return self.kind in {"lost", "slow"}

    def answer(self, response: Response) -> Response | None:
        """Return what comes instead of an answer; ``None`` for an end of the connection."""
        if self.kind == "slow":
            return response
        if self.kind in {"close", "lost"}:
            return None
        wait = {"Retry-After": str(self.seconds)} if self.kind == "429" else {}
        return Response(HTML, 200 if self.kind == "html" else int(self.kind), {**_PAGE, **wait})


def parse_fault(text: str) -> Fault:
    """Read a fault from a command line: ``500:every=10``, ``lost:row=7``, ``slow:row=3:seconds=90``.

    Requests are counted from 1 in order of arrival, repeats included. Without ``every`` and ``row``
    every request is hit. ``seconds`` is 5 for ``slow`` and 1 for ``429`` unless it is given.

    Raises:
        UsageError: The text is none.
    """
    if not _FAULT_RE.fullmatch(text.strip()):
        raise UsageError(
            f'"{text}" is not a fault of the sandbox.',
            hint="Write one of 500, 429, close, html, lost, slow, then :every=N or :row=N; slow and 429 also "
            "take :seconds=N.",
        )
    kind, *options = text.strip().split(":")
    given = dict(option.split("=") for option in options)
    every = given.get("every", "0" if "row" in given else "1")
    seconds = given.get("seconds", _SECONDS.get(kind, "0"))
    return Fault(kind, int(every), int(given.get("row", "0")), int(seconds))
