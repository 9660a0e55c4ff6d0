"""What OPSCOM answers to one request: route, token, the page's rules and acts."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from importer.sandbox.pages import PAGES, Answer, Page
from importer.sandbox.rules import Refusal, judge, judge_token

if TYPE_CHECKING:
    from importer.sandbox.store import Store

_PATH_RE = re.compile(r"/api/(?:(?P<client>[^/]*)/)?v1/(?P<call>.+)")


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    raw: bytes

    @property
    def body(self) -> dict[str, object] | None:
        """The JSON object that it holds, if it holds one."""
        try:
            body = json.loads(self.raw)
        except (ValueError, RecursionError):
            return None
        return body if isinstance(body, dict) else None


@dataclass(frozen=True, slots=True)
class Response:
    """One whole answer."""

    body: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def as_bytes(self) -> bytes:
        """Return it as it goes over the wire."""
        data = self.body.encode()
        fields = {"Content-Type": "application/json", "Content-Length": len(data), **self.headers}
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + data


def respond(request: Request, store: Store) -> Response:
    """Carry a request out, and answer it."""
    found = _PATH_RE.fullmatch(unquote(request.path))
    client, call = (found["client"], found["call"]) if found else (None, "")
    pages = (page for page in PAGES if page.call == call and page.own_host == (client is None))
    page = next(pages, None)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if page is None:
        return _html(404)
    if request.method != "POST":
        return _html(405, Allow="POST")
    if media != "application/json":
        return _html(415)
    done = _carry_out(page, client, request.body, store)
    if isinstance(done, Refusal):
        message = f"The sandbox refuses {done.name or 'this'}."
        own: Answer = {"error": done.code, "data": {}, "message": message}
        done = own if page.own_host else {"ErrorCode": done.code, "ErrorMessage": message}
    return Response(json.dumps(done, ensure_ascii=False))


def _carry_out(
    page: Page, client: str | None, body: dict[str, object] | None, store: Store
) -> Answer | Refusal:
    if not (client or page.own_host):
        return Refusal(9000)
    if body is None:
        return Refusal(9003)
    refusal = judge_token(body.pop(page.token, None))
    if page.own_host and refusal is None and not body.pop("client", None):
        refusal = Refusal(9000)
    if refusal is not None:
        return refusal
    taken = judge(page.attributes, body, datetime.now().astimezone().date())
    if isinstance(taken, Refusal):
        return taken
    with store.transaction():
        done = page.act(store, taken.values)
    if taken.warnings and not isinstance(done, Refusal):
        done["warnings"] = list(taken.warnings)
    return done


def _html(status: int, **headers: str) -> Response:
    title = html.escape(f"{status} {HTTPStatus(status).phrase}")
    text = (
        f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>{title}</body></html>\n"
    )
    return Response(text, status, {"Content-Type": "text/html; charset=UTF-8", **headers})
