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

    def respond(self, store: Store) -> tuple[Response, Answer | None]:
        """Carry the call out; return the answer, and what it says where it was carried out."""
        media = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self.page is None:
            return _html(404), None
        if self.request.method != "POST":
            return _html(405, Allow="POST"), None
        if media != "application/json":
            return _html(415), None
        done = self._carry_out(self.page, store)
        if not isinstance(done, Refusal):
            return Response(json.dumps(done, ensure_ascii=False)), done
        message = f"The sandbox refuses {done.name or 'this'}."
        body: Answer = {"ErrorCode": done.code, "ErrorMessage": message}
        if self.page.own_host:
            body = {"error": done.code, "data": {}, "message": message}
        return Response(json.dumps(body)), None

    def _carry_out(self, page: Page, store: Store) -> Answer | Refusal:
        if not (self.client or page.own_host):
            return Refusal(9000)
        body = self.request.body
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
