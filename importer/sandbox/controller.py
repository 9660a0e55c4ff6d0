"""What OPSCOM answers to one request: route, token, the page's rules and acts."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from importer.sandbox.connection import Request, Response
from importer.sandbox.pages import PAGES, Answer, Page
from importer.sandbox.rules import Refusal, judge, judge_token

if TYPE_CHECKING:
    from importer.sandbox.store import Store

_PATH_RE = re.compile(r"/api/(?:(?P<client>[^/]*)/)?v1/(?P<call>.+)")


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask."""

    token: str | None = None
    """The only API token that is known; ``None`` for any of 1 to 50 characters."""
    client: str | None = None
    """The only client code that is known; ``None`` for any."""
    error_status: int = 200
    """The HTTP status of answers with an error code."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request and the page that it is for."""

    request: Request
    page: Page | None
    client: str
    """The client code of its path."""

    @classmethod
    def of(cls, request: Request) -> Call:
        """Find the page of a request."""
        found = _PATH_RE.fullmatch(unquote(request.path))
        if found is None:
            return cls(request, None, "")
        client, call = found["client"], found["call"]
        pages = (page for page in PAGES if page.call == call and page.own_host == (client is None))
        return cls(request, next(pages, None), client or "")

    @property
    def name(self) -> str:
        """The path after the version, ``profiles/push`` say; empty where there is no such page."""
        return self.page.call if self.page else ""

    @property
    def key(self) -> str:
        """By which a plan of faults knows the row."""
        body = self.request.body or {}
        names = self.page.known_by if self.page else ()
        return next(filter(None, (str(body.get(name) or "") for name in names)), self.name)

    def respond(self, store: Store, access: Access) -> tuple[Response, Answer | None]:
        """Carry the call out; return the answer, and what it says where it was carried out."""
        media = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        known = self.page is not None and (
            self.page.own_host or not self.client or access.client in {None, self.client}
        )
        if self.page is None or not known:
            return _html(404), None
        if self.request.method != "POST":
            return _html(405, Allow="POST"), None
        if media != "application/json":
            return _html(415), None
        done = self._carry_out(self.page, store, access)
        if not isinstance(done, Refusal):
            return Response(json.dumps(done, ensure_ascii=False)), done
        message = f"The sandbox refuses {done.name or 'this'}."
        body: Answer = {"ErrorCode": done.code, "ErrorMessage": message}
        if self.page.own_host:
            body = {"error": done.code, "data": {}, "message": message}
        return Response(json.dumps(body), access.error_status), None

    def _carry_out(self, page: Page, store: Store, access: Access) -> Answer | Refusal:
        if not (self.client or page.own_host):
            return Refusal(9000)
        body = self.request.body
        if body is None:
            return Refusal(9003)
        refusal = judge_token(body.pop(page.token, None), access.token)
        if page.own_host and refusal is None:
            refusal = _judge_client(body.pop("client", None), access)
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


def _judge_client(client: object, access: Access) -> Refusal | None:
    if not isinstance(client, str) or not client:
        return Refusal(9000)
    return None if access.client in {None, client} else Refusal(9034)


def _html(status: int, **headers: str) -> Response:
    title = html.escape(f"{status} {HTTPStatus(status).phrase}")
    text = (
        f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>{title}</body></html>\n"
    )
    return Response(text, status, {"Content-Type": "text/html; charset=UTF-8", **headers})
