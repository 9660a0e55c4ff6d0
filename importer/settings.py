"""Where to push, as whom and how fast: options, environment, ``opscom.yaml``, defaults, in this order."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from importer.errors import MappingError, SettingsError
from importer.mapping.document import Document, Value, read_document
from importer.text import nearest

FILE_NAME = "opscom.yaml"
DEFAULT_HOST = "https://controller.operationscommander.io"
"""Source: API documentation, "Making API Requests" of each page, header ``Host``."""
HOST_VARIABLE = "OPSCOM_HOST"
PLATE_HOST_VARIABLE = "OPSCOM_PLATE_HOST"
CLIENT_VARIABLE = "OPSCOM_CLIENT"
TOKEN_VARIABLE = "OPSCOM_API_TOKEN"  # noqa: S105 - the name of a variable, no token

KEPT_TOKEN = ".opscom-token"  # noqa: S105 - the name of a file
KEYS = ("host", "plate_host", "client", "token_file", "workers", "rate", "timeout", "users")
_SECRETS = frozenset({"token", "apitoken", "api_token", "api-token", "opscom_api_token"})
_MOST_WORKERS = 64


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says; ``None`` where it says nothing."""

    host: str | None = None
    plate_host: str | None = None
    client: str | None = None
    workers: int | None = None
    rate: float | None = None
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run goes by."""

    host: str = DEFAULT_HOST
    plate_host: str | None = None
    """The host of plate validation has no default: the token must not go to a stranger."""
    client: str | None = None
    token_file: Path | None = None
    """The file that the office named for the API token."""
    kept_token: Path | None = None
    """Where ``login`` keeps the token of this workspace when the system has no keychain."""
    workers: int = 4
    rate: float | None = None
    """Rows per second at most."""
    timeout: float = 60.0
    """Seconds for the whole answer to one row."""
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Endpoint → fields that this office wants filled in each row."""


def load_settings(workspace: Path, given: Given, environ: Mapping[str, str]) -> Settings:
    """Read ``opscom.yaml`` of a workspace (it may be missing) and put options and environment over it.

    Raises:
        SettingsError: Settings are wrong; the message lists all of them.
    """
    path = workspace / FILE_NAME
    document = _read(path) if path.exists() else None
    reader = _Reader(document)
    host = given.host or environ.get(HOST_VARIABLE) or reader.text("host") or DEFAULT_HOST
    plate_host = (
        given.plate_host or environ.get(PLATE_HOST_VARIABLE) or reader.text("plate_host") or ""
    )
    settings = Settings(
        host=_one_spelling(host),
        plate_host=_one_spelling(plate_host) or None,
        client=given.client or environ.get(CLIENT_VARIABLE) or reader.text("client") or None,
        token_file=reader.path("token_file", workspace),
        kept_token=workspace / KEPT_TOKEN,
        workers=given.workers or reader.whole("workers", 4, most=_MOST_WORKERS),
        rate=given.rate or reader.number("rate", 0) or None,
        timeout=given.timeout or reader.number("timeout", 60),
        required=reader.required(),
    )
    faults = list(reader.faults)
    faults += host_faults(settings.host, "host")
    if settings.plate_host:
        faults += host_faults(settings.plate_host, "plate host")
    if faults:
        raise SettingsError("\n".join(faults))
    return settings


def need_client(settings: Settings) -> str:
    """Return the client code.

    Raises:
        SettingsError: There is none.
    """
    if settings.client:
        return settings.client
    raise SettingsError(
        "The client code of your OPSCOM is missing; nothing was sent.",
        hint=f"Write `client: OC_…` into {FILE_NAME}, set {CLIENT_VARIABLE}, or give --client.",
    )


def host_faults(host: str, name: str) -> list[str]:
    """Return what is wrong with a host's URL, a sentence each."""
    try:
        parts = urlsplit(host)
        _ = parts.port
    except ValueError:
        return [f"The {name} {host} is no URL. Write it like {DEFAULT_HOST}."]
    if parts.username or parts.password:
        return [f"The {name} holds a user name or password. Write it like {DEFAULT_HOST}."]
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return [f"The {name} {host} is no URL. Write it like {DEFAULT_HOST}."]
    if parts.query or parts.fragment or parts.path.strip("/"):
        # What stands behind the host may be a token, so it is not repeated.
        return [f"The {name} holds more than a host. Write it like {DEFAULT_HOST}."]
    from importer.delivery.line import is_loopback

    if parts.scheme == "http" and not is_loopback(host):
        return [
            f"The {name} {host} would get the API token unencrypted. Write https:// instead of http://."
        ]
    return []


def _one_spelling(host: str) -> str:
    """Return the spelling under which the journal knows a host: ``HTTPS://X/`` is ``https://x``."""
    return host.strip().rstrip("/").lower()


def _read(path: Path) -> Document | None:
    try:
        text = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read ({error.strerror}).",
            hint="Check what it is and who may read it.",
        ) from error
    if all(line.strip() == b"" or line.lstrip().startswith(b"#") for line in text.splitlines()):
        return None
    try:
        return read_document(path)
    except MappingError as error:
        raise SettingsError(
            error.message, hint="Settings are lines like `client: OC_YOURS`, one for each."
        ) from error


class _Reader:
    """Takes values out of ``opscom.yaml`` and collects what is wrong with them."""

    def __init__(self, document: Document | None) -> None:
        self._document = document
        self._data: dict[str, Value] = {} if document is None else document.data
        self.faults: list[str] = []
        if document is not None:
            self.faults += [f"{self._at(fault.place)}{fault.message}" for fault in document.faults]
        for key in self._data:
            self._known(key)

    def text(self, key: str) -> str | None:
        value = self._data.get(key)
        if value is None or isinstance(value, str):
            return value.strip() or None if value else None
        self._wrong(key, "this must be one text.")
        return None

    def path(self, key: str, workspace: Path) -> Path | None:
        text = self.text(key)
        return None if text is None else workspace / Path(text).expanduser()

    def whole(self, key: str, default: int, *, most: int) -> int:
        text = self.text(key)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and 0 < int(text) <= most):
            self._wrong(key, f"this must be a whole number from 1 to {most}.")
            return default
        return int(text)

    def number(self, key: str, default: float, *, most: float = 1_000_000) -> float:
        text = self.text(key)
        if text is None:
            return default
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0 < number <= most:
            self._wrong(key, f"this must be a number above 0 and at most {most:,.0f}.")
            return default
        return number

    def required(self) -> dict[str, tuple[str, ...]]:
        users = self._data.get("users")
        if users is None:
            return {}
        names = users.get("required") if isinstance(users, dict) else None
        if not isinstance(names, list) or set(users) != {"required"}:
            self._wrong("users", "this must be `required:` with a list of fields.")
            return {}
        from schemas import TABLES

        table = TABLES["users"]
        found = []
        for at, name in enumerate(names):
            known = table.field(name) if isinstance(name, str) else None
            if known is None:
                near = nearest(str(name), table.names)
                hint = f" Did you mean {near}?" if near else ""
                self._wrong(("users", "required", at), f"users have no field {name}.{hint}")
            else:
                found.append(known.name)
        return {"users": tuple(found)}

    def _known(self, key: str) -> None:
        if key.casefold() in _SECRETS:
            self._wrong(
                key,
                f"the API token must not stand here. Take it out, and set {TOKEN_VARIABLE} or name "
                "a file that only you can read as `token_file:`.",
            )
        elif key not in KEYS:
            near = nearest(key, KEYS)
            hint = f" Did you mean {near}?" if near else f" Known are {', '.join(KEYS)}."
            self._wrong(key, f"there is no such setting.{hint}")

    def _wrong(self, key: str | tuple[str | int, ...], message: str) -> None:
        self.faults.append(f"{self._at((key,) if isinstance(key, str) else key)}{message}")

    def _at(self, place: tuple[str | int, ...]) -> str:
        line = self._document.line(place) if self._document else 1
        dotted = ".".join(str(part + 1 if isinstance(part, int) else part) for part in place)
        return f"{FILE_NAME}, line {line}, {dotted}: "
