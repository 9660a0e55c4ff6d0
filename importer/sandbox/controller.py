"""What OPSCOM answers to one request: route, token, the page's rules and acts; and what can go wrong."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from http import HTTPStatus
from urllib.parse import unquote

from importer.errors import UsageError
from importer.sandbox.pages import (
    DAY,
    MOMENT,
    PAGES,
    Answer,
    Attribute,
    Blank,
    Page,
    Refusal,
    judge_times,
)
from importer.sandbox.store import Store

# Controls, and halves of surrogate pairs, which are no characters at all.
_CONTROLS_RE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
HTML = "<!DOCTYPE html><html><head><title>OPSCOM</title></head><body>Not here, or not now.</body></html>"
_PAGE = {"Content-Type": "text/html; charset=UTF-8"}
_TOKEN_RE = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]{1,50}")
_PATH_RE = re.compile(r"/api/(?:(?P<client>[^/]*)/)?v1/(?P<call>.+)")


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came, the names of its headers in lower case."""

    method: str
    path: str
    headers: dict[str, str]
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
    if page is None or request.method != "POST" or media != "application/json":
        return Response(HTML, 404, _PAGE)
    try:
        done = _carry_out(page, client, request.body, store)
    except Refusal as refusal:
        message = f"The sandbox refuses {refusal.name or 'this'}."
        done = {"ErrorCode": refusal.code, "ErrorMessage": message}
        if page.own_host:
            done = {"error": refusal.code, "data": {}, "message": message}
    return Response(json.dumps(done, ensure_ascii=False))


def _carry_out(
    page: Page, client: str | None, body: dict[str, object] | None, store: Store
) -> Answer:
    if not (client or page.own_host):
        raise Refusal(9000)
    if body is None:
        raise Refusal(9003)
    judge_token(body.pop("api_token" if page.own_host else "apiToken", None))
    if page.own_host and not body.pop("client", None):
        raise Refusal(9000)
    values, warnings = judge(page.attributes, body, datetime.now().astimezone().date())
    with store.transaction():
        done = page.act(store, values)
    return {**done, "warnings": warnings} if warnings else done


def judge_token(token: object) -> None:
    """Refuse what is no token; any of 1 to 50 characters without blanks will do."""
    if token is None or token == "":
        raise Refusal(9001)
    if not isinstance(token, str) or not _TOKEN_RE.fullmatch(token):
        raise Refusal(9034)


def judge(
    attributes: Sequence[Attribute], body: Mapping[str, object], today: date
) -> tuple[dict[str, str], list[str]]:
    """Hold a body without its token against the attributes of its page; the first breach decides.

    Where one attribute is sent under two names both texts are held against the page and the first name counts.

    Returns:
        Texts as sent under the first possible name, in the order of the page, empty where the body blanks
        an attribute; attributes that were not sent are not there. And the warnings.

    Raises:
        Refusal: The body breaks a rule.
    """
    values: dict[str, str] = {}
    warnings: list[str] = []
    for attribute in attributes:
        first, sent = attribute.names[0], [name for name in attribute.names if name in body]
        texts = [_text(attribute, name, body[name], today) for name in sent]
        text = next(filter(str.strip, texts), "")
        kept = attribute.blank is Blank.KEPT and not sent
        if not text and not kept and attribute.blank is not Blank.ALLOWED:
            raise Refusal(attribute.missing, first)
        if attribute.cut and _length(text) > (attribute.most or 0):
            text = unicodedata.normalize("NFC", text)[: attribute.most]
            warnings.append(f"The {first} was too long and was cut.")
        if sent:
            values[first] = text
    for attribute in attributes:
        one, other = attribute.names[0], attribute.instead
        if other and not values.get(one) and not values.get(other):
            raise Refusal(attribute.missing, f"{one} or {other}")
    known = {name for attribute in attributes for name in attribute.names}
    judge_times(values)
    return values, warnings + [_unknown(name) for name in body if name not in known]


def _text(attribute: Attribute, name: str, text: object, today: date) -> str:
    """Return the text that is sent for an attribute under one of its names, if it may be."""
    if not isinstance(text, str):
        raise Refusal(attribute.invalid, name)
    if text.strip():
        if attribute.most is not None and _length(text) > attribute.most and not attribute.cut:
            raise Refusal(attribute.too_long, name)
        if _CONTROLS_RE.search(text) or not _has_form(attribute.form, text, today):
            raise Refusal(attribute.invalid, name)
    return text


def _has_form(form: str, text: str, today: date) -> bool:
    if not re.fullmatch(form, text):
        return False
    try:
        return form not in {DAY, MOMENT} or (
            datetime.fromisoformat(text).date() <= today or form == MOMENT
        )
    except ValueError:
        return False


def _length(text: str) -> int:
    return len(unicodedata.normalize("NFC", text))


def _unknown(name: str) -> str:
    """Return a warning that cannot be made to carry a person's value: names only, and short ones."""
    shown = name if re.fullmatch(r"\w{1,40}", name) else "with an odd name"
    return f"The attribute {shown} is not documented and was passed over."


# A bad day


_SECONDS = {"slow": 5, "429": 1}
_FAULT_RE = re.compile(r"(500|429|close|html|lost|slow)(?::(?:every|row|seconds)=0*[1-9][0-9]*)*")


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

    Without ``every`` and ``row`` every request is hit. ``seconds`` is 5 for ``slow``, 1 for ``429`` where
    it is not given.

    Raises:
        UsageError: The text is none.
    """
    found = _FAULT_RE.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f'"{text}" is not a fault of the sandbox.',
            hint="Write one of 500, 429, close, html, lost, slow, then :every=N or :row=N; slow and 429 also "
            "take :seconds=N.",
        )
    given = {name: int(number) for name, number in re.findall(r"([a-z]+)=([0-9]+)", text)}
    usual = {"every": 0 if "row" in given else 1, "seconds": _SECONDS.get(found[1], 0)}
    return Fault(found[1], **usual | given)
