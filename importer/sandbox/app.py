"""The controller as a WSGI application: routes, token, answers, and misbehaviour on demand."""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIEnvironment

from importer.sandbox import pages
from importer.sandbox.faults import Kind, Misbehaviour
from importer.sandbox.rules import Refusal, Taken, judge, judge_token, refuse

if TYPE_CHECKING:
    from importer.sandbox.store import Store

_PATH = re.compile(r"/api/(?P<client>[^/]*)/v1/(?P<call>.+)")
_PLATE_PATH = "/api/v1/validate/plate"

_VIOLATIONS = Path(__file__).with_name("violations.json")
"""An invented answer with the keys, nesting and types of the sample of "Pull API: Overdue Violations"."""

_NOTED_PLATES: Mapping[str, Mapping[str, object]] = {
    "sbxalarm": {"alarm": "Invented alarm: please call the parking office."},
    "sbxdntt": {
        "dntt": [
            {
                "notes": "Invented note: delivery van, may park overnight.",
                "start": "2026-01-01 00:00:00",
                "location": "Lot 4",
                "end": "2030-12-31 23:59:00",
            }
        ]
    },
}
"""Plates with which a rehearsal can see an alarm and a do-not-ticket note."""


class NoAnswerError(ConnectionAbortedError):
    """Leaves the application so that the server closes the connection without a byte.

    An ``OSError`` out of an application is a lost connection for waitress.
    """


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    media: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Manners:
    """How a controller behaves; ``Sandbox`` says what each means."""

    token: str | None = None
    client: str | None = None
    error_status: int = 200
    delay: float = 0.0
    faults: tuple[Misbehaviour, ...] = ()


class Controller:
    """An OPSCOM controller. Call it as a WSGI application, from as many threads as you like.

    All client codes share one set of records, because the sandbox is one system.
    """

    def __init__(self, store: Store, manners: Manners, wait: Callable[[float], object]) -> None:
        """Answer from ``store``; ``wait`` lets a thread wait for so many seconds."""
        self._store = store
        self._manners = manners
        self._wait = wait
        self._lock = threading.Lock()
        self.requests = 0
        """How many calls of the nine endpoints have arrived."""
        self._calls: Mapping[str, tuple[pages.Page, Callable[[Taken], object]]] = MappingProxyType(
            {
                "profiles/push": (pages.USERS, self._push_user),
                "vehicles/push": (pages.VEHICLES, self._push_vehicle),
                "permits/push": (pages.PERMITS, self._push_permit),
                "permits/update": (pages.PERMIT_UPDATES, self._update_permit),
                "permits/delete": (pages.PERMIT_DELETES, self._delete_permit),
                "permits/stats": (pages.PERMIT_STATS, self._permit_stats),
                "profiles/types/list": (pages.NOTHING, self._user_types),
                "violations/send_overdue_to_collections": (pages.NOTHING, self._overdue),
            }
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Answer one request.

        Raises:
            NoAnswerError: The connection is to be closed without an answer.
        """
        answer = self._behave(environ)
        phrase = HTTPStatus(answer.status).phrase
        headers = [
            ("Content-Type", answer.media),
            ("Content-Length", str(len(answer.body))),
            *answer.headers,
        ]
        start_response(f"{answer.status} {phrase}", headers)
        return [answer.body]

    def _behave(self, environ: WSGIEnvironment) -> _Answer:
        """Answer as a controller does, unless a misbehaviour hits the request."""
        path = str(environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", "replace")
        call = _PATH.fullmatch(path)
        if path != _PLATE_PATH and (call is None or call["call"] not in self._calls):
            return _page(404)
        if environ.get("REQUEST_METHOD") != "POST":
            return _page(405, ("Allow", "POST"))
        with self._lock:
            self.requests += 1
            number = self.requests
        fault = next((fault for fault in self._manners.faults if fault.hits(number)), None)
        if fault is not None and not fault.kind.carried_out:
            self._wait(self._manners.delay)
            return _misbehave(fault)
        if call is None or path == _PLATE_PATH:
            answer = self._validate_plate(environ)
        else:
            answer = self._call(call["client"], call["call"], environ)
        late = fault.seconds if fault is not None and fault.kind is Kind.SLOW else 0.0
        self._wait(self._manners.delay + late)
        if fault is not None and fault.kind is Kind.LOST:
            raise NoAnswerError
        return answer

    def _call(self, client: str, call: str, environ: WSGIEnvironment) -> _Answer:
        if client and self._manners.client is not None and client != self._manners.client:
            return _page(404)
        body = _read(environ)
        if isinstance(body, _Answer):
            return body
        result = self._carry_out(client, call, body)
        return self._refused(result) if isinstance(result, Refusal) else _json(200, result)

    def _carry_out(self, client: str, call: str, body: dict[str, object] | None) -> object:
        """Return a refusal or the answer's JSON object."""
        if not client:
            return refuse(9000)
        if body is None:
            return refuse(9003)
        refusal = judge_token(body.pop("apiToken", None), self._manners.token)
        if refusal is not None:
            return refusal
        page, act = self._calls[call]
        taken = judge(page, body, datetime.now().astimezone().date())
        if isinstance(taken, Refusal):
            return taken
        result = act(taken)
        if taken.warnings and isinstance(result, dict):
            result["warnings"] = list(taken.warnings)
        return result

    def _refused(self, refusal: Refusal) -> _Answer:
        body = {"ErrorCode": refusal.code, "ErrorMessage": refusal.message}
        return _json(self._manners.error_status, body)

    def _push_user(self, taken: Taken) -> object:
        number = self._store.put_user(taken.values)
        if isinstance(number, Refusal):
            return number
        return {"status": "success", "reference_id": number}

    def _push_vehicle(self, taken: Taken) -> object:
        number = self._store.add_vehicle(taken.values)
        if isinstance(number, Refusal):
            return number
        return {"status": "success", "vehicle_id_id": str(number)}

    def _push_permit(self, taken: Taken) -> object:
        return _permit(self._store.add_permit(taken.values))

    def _update_permit(self, taken: Taken) -> object:
        return _permit(self._store.change_permit(taken.values))

    def _delete_permit(self, taken: Taken) -> object:
        return _permit(self._store.delete_permit(taken.values["referenceID"]))

    def _permit_stats(self, taken: Taken) -> object:
        zones = {zone.strip() for zone in taken.values.get("zones", "").split(",")} - {""}
        counts = self._store.count_permits(zones)
        return {
            "data": [
                {"type": "standard", "zone": zone, "total": str(total)} for zone, total in counts
            ]
        }

    def _user_types(self, _taken: Taken) -> object:
        types = [
            {"id": number, "type_name": name, "ext_info": group}
            for number, name, group in pages.USER_TYPES
        ]
        return {"status": "success", "user_types": types}

    def _overdue(self, _taken: Taken) -> object:
        answer = json.loads(_VIOLATIONS.read_text(encoding="utf-8"))
        numbers = frozenset(each["ViolationID"] for each in answer["records"])
        fresh = self._store.take_overdue(numbers)
        return {
            **answer,
            "records": [each for each in answer["records"] if each["ViolationID"] in fresh],
        }

    def _validate_plate(self, environ: WSGIEnvironment) -> _Answer:
        """Answer "Pull API: Plate Validation", which has its own words for token and success."""
        body = _read(environ)
        if isinstance(body, _Answer):
            return body
        if body is None:
            return self._plate_refused(refuse(9003))
        refusal = judge_token(body.pop("api_token", None), self._manners.token)
        client = body.pop("client", None)
        if refusal is None and (not isinstance(client, str) or not client):
            refusal = refuse(9000)
        if refusal is None and self._manners.client is not None and client != self._manners.client:
            refusal = refuse(9034)
        if refusal is not None:
            return self._plate_refused(refusal)
        taken = judge(pages.PLATES, body, datetime.now().astimezone().date())
        if isinstance(taken, Refusal):
            return self._plate_refused(taken)
        plate = taken.values["plate"]
        return _json(200, {"error": 0, "data": self._plate_data(plate), "message": ""})

    def _plate_refused(self, refusal: Refusal) -> _Answer:
        body = {"error": refusal.code, "data": {}, "message": refusal.message}
        return _json(self._manners.error_status, body)

    def _plate_data(self, plate: str) -> dict[str, object]:
        permits = [
            {
                "expires": permit["endTime"].replace("T", " "),
                "type": "standard",
                "shortName": permit.get("zone") or permit.get("permitNo", ""),
            }
            for permit in self._store.permits_of(plate)
        ]
        details: dict[str, object] = dict(_NOTED_PLATES.get(plate.strip().casefold(), {}))
        if permits:
            details["permits"] = permits
        return {"response": _spoken(details, permits), "plate": plate, "responseJSON": details}


def _spoken(details: Mapping[str, object], permits: Iterable[Mapping[str, str]]) -> str:
    """Return the plate's details as the one text that a handheld shows."""
    parts = []
    lines = [
        f"{each['type']}: {each['shortName']}\n Expires: {each['expires']}" for each in permits
    ]
    if lines:
        parts.append("\n".join(lines))
    if "alarm" in details:
        parts.append(f"ALARM: {details['alarm']}")
    notes = details.get("dntt")
    for note in notes if isinstance(notes, list) else []:
        span = f"{note['start']}-{note['end']}"
        parts.append(f"DNTT: {note['location']}\n{span} \n{note['notes']}")
    return "".join(f"{part}\n\n" for part in parts)


def _permit(result: str | Refusal) -> object:
    if isinstance(result, Refusal):
        return result
    return {"status": "success", "reference_id": result, "InternalReferenceID": result}


def _read(environ: WSGIEnvironment) -> dict[str, object] | _Answer | None:
    """Return the JSON object of a request, ``None`` where it holds none, a page for a wrong media type."""
    media = str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
    if media != "application/json":
        return _page(415)
    raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _misbehave(fault: Misbehaviour) -> _Answer:
    match fault.kind:
        case Kind.SERVER_ERROR:
            return _page(500)
        case Kind.TOO_MANY:
            return _page(429, ("Retry-After", str(int(fault.seconds))))
        case Kind.HTML:
            return _page(200)
        case _:
            raise NoAnswerError


def _json(status: int, body: object) -> _Answer:
    return _Answer(status, json.dumps(body, ensure_ascii=False).encode())


def _page(status: int, *headers: tuple[str, str]) -> _Answer:
    title = html.escape(f"{status} {HTTPStatus(status).phrase}")
    text = (
        f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>{title}</body></html>\n"
    )
    return _Answer(status, text.encode(), "text/html; charset=UTF-8", headers)
