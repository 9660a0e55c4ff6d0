"""The controller that rows are pushed to, and a worker's line to it.

The token goes into the body of each request and nowhere else.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from urllib.parse import quote

from importer.delivery.line import Line, Reply, trust
from importer.delivery.wire import Watchdog

REDACTED = "[API token]"
LONG_ENOUGH = 8
"""A shorter token may be part of any word or id, so it is taken out of texts only where it stands alone."""


class Controller:
    """The OPSCOM controller of one run: opens lines to it and keeps the token out of texts."""

    def __init__(self, host: str, client: str, token: str, *, timeout: float = 60.0) -> None:
        """Prepare; nothing is opened.

        Args:
            host: ``https://`` and the name, or any URL of this machine.
            client: The client code, sent exactly as given.
            token: The API token.
            timeout: Seconds for the whole answer to one row.
        """
        self._host = host.rstrip("/")
        self._client = client
        self._token = token
        self._timeout = timeout
        self._watchdog = Watchdog()
        self._trusted = trust(host)
        forms = sorted(_forms_of(token), key=len, reverse=True)
        self._long = [form for form in forms if len(form) >= LONG_ENOUGH]
        short = "|".join(re.escape(form) for form in forms if len(form) < LONG_ENOUGH)
        self._short = re.compile(rf"(?<![\w-])(?:{short})(?![\w-])") if short else None

    def line(self, path: str) -> Client:
        """Make a worker's line to an endpoint; ``{client}`` in the path is the client code."""
        url = self._host + path.replace("{client}", quote(self._client, safe=""))
        line = Line(url, timeout=self._timeout, watchdog=self._watchdog, trusted=self._trusted)
        return Client(line, self._token)

    def redact(self, text: str) -> str:
        """Return a text of the server's without the token."""
        text = self.redact_id(text)
        return text if self._short is None else self._short.sub(REDACTED, text)

    def redact_id(self, text: str) -> str:
        """Return an id without the token; a short token may well be a part of it, and stays."""
        for form in self._long:
            text = text.replace(form, REDACTED)
        return text

    def close(self) -> None:
        """End the thread that guards the deadlines."""
        self._watchdog.close()


class Client:
    """A worker's own line to one endpoint of the controller."""

    def __init__(self, line: Line, token: str) -> None:
        """Send over ``line``, with the token in the body of each request."""
        self._line = line
        self._token = token

    def send(self, payload: Mapping[str, str]) -> Reply:
        """Send one row and wait for the whole answer, a redirect or the end of its time."""
        return self._line.send({"apiToken": self._token, **payload})

    def close(self) -> None:
        """Close the kept connection."""
        self._line.close()


def _forms_of(token: str) -> set[str]:
    """Return a token as it stands and as JSON, a URL or a web page may write it."""
    in_json, in_url = json.dumps(token)[1:-1], quote(token, safe="")
    # PHP can write all that means something in HTML as a number, with small or capital digits.
    coded = [
        "".join(f"\\u{ord(c):{x}}" if c in "<>&'\"" else c for c in token) for x in ("04x", "04X")
    ]
    page = html.escape(token)
    return {
        token,
        *(form.replace("/", slash) for form in (in_json, *coded) for slash in ("/", "\\/")),
        *(in_url, re.sub("%..", lambda found: found[0].lower(), in_url)),
        *(page, page.replace("&#x27;", "&#039;"), html.escape(token, quote=False)),
    }
