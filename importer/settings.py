"""Where to push, as whom and how fast: options, environment, ``opscom.yaml``, defaults, in this order."""

import codecs
import contextlib
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from importer.errors import MappingError, SettingsError
from importer.mapping.document import did_you_mean, mapping_error, read_document
from importer.mapping.model import Part, validate
from importer.workspace import SETTINGS_FILE

DEFAULT_HOST = "https://controller.operationscommander.io"
"""Source: API documentation, "Making API Requests" of each page, header ``Host``."""
PLATE_HOST_VARIABLE, CLIENT_VARIABLE = "OPSCOM_PLATE_HOST", "OPSCOM_CLIENT"
_VARIABLES = {"host": "OPSCOM_HOST", "plate_host": PLATE_HOST_VARIABLE, "client": CLIENT_VARIABLE}
TOKEN_VARIABLE = "OPSCOM_API_TOKEN"  # noqa: S105 - the name of a variable, no token

_SECRETS = frozenset({"token", "apitoken", "api_token", "api-token", "opscom_api_token"})
_MOST_WORKERS, _MOST = 64, 1_000_000


def _workers(value: object) -> object:
    text = str(value)
    if text.isascii() and text.isdigit() and 0 < int(text) <= _MOST_WORKERS:
        return int(text)
    raise ValueError(f"this must be a whole number from 1 to {_MOST_WORKERS}.")


def read_pace(value: object) -> float:
    """Return a number of seconds, or of rows a second; a wait without end cannot be told to a system.

    Raises:
        ValueError: It is none, not above 0, or too large.
    """
    with contextlib.suppress(ValueError):
        if 0 < (number := float(str(value))) <= _MOST:
            return number
    raise ValueError(f"this must be a number above 0 and at most {_MOST:,}.")


def _field(value: object) -> object:
    from schemas import TABLES

    table = TABLES["users"]
    known = table.field(value) if isinstance(value, str) else None
    if known is None:
        raise ValueError(f"users have no field {value}.{did_you_mean(str(value), table.names)}")
    return known.name


class UsersPart(Part):
    """What this office wants of users."""

    required: tuple[Annotated[str, BeforeValidator(_field)], ...] = ()


class Settings(Part):
    """What a run goes by: the keys of ``opscom.yaml``, environment and options put over them."""

    host: str = DEFAULT_HOST
    plate_host: str = ""
    """The host of plate validation has no default: the token must not go to a stranger."""
    client: str = ""
    token_file: str = ""
    """The file that the office named for the API token, from the workspace's folder."""
    workers: Annotated[int, BeforeValidator(_workers)] = 4
    rate: Annotated[float | None, BeforeValidator(read_pace)] = None
    """Rows per second at most."""
    timeout: Annotated[float, BeforeValidator(read_pace)] = 60.0
    """Seconds for the whole answer to one row."""
    users: UsersPart = UsersPart()

    @property
    def required(self) -> Mapping[str, tuple[str, ...]]:
        """Endpoint → fields that this office wants filled in each row."""
        return {"users": self.users.required}


def load_settings(
    workspace: Path, environ: Mapping[str, str], **options: str | float | None
) -> Settings:
    """Read ``opscom.yaml`` of a workspace (it may be missing) and put environment and options over it.

    Raises:
        SettingsError: Settings are wrong; the message lists all of them.
    """
    path = workspace / SETTINGS_FILE
    file, faults = _read(path) if path.exists() else (Settings(), [])
    said = {name: environ.get(variable) for name, variable in _VARIABLES.items()} | {
        name: value for name, value in options.items() if value
    }
    found = file.model_copy(update={name: value for name, value in said.items() if value})

    def spelled(host: str) -> str:
        # As the journal knows it: ``HTTPS://X/`` is ``https://x``.
        return host.strip().rstrip("/").lower()

    hosts = {"host": spelled(found.host) or DEFAULT_HOST, "plate_host": spelled(found.plate_host)}
    faults += filter(None, (_host_fault(host, name) for name, host in hosts.items() if host))
    if faults:
        raise SettingsError(*faults)
    return found.model_copy(update=hosts)


def need_client(settings: Settings) -> str:
    """Return the client code.

    Raises:
        SettingsError: There is none.
    """
    if settings.client:
        return settings.client
    raise SettingsError(
        "The client code of your OPSCOM is missing; nothing was sent.",
        hint=f"Write `client: OC_…` into {SETTINGS_FILE}, set {CLIENT_VARIABLE}, or give --client.",
    )


def _host_fault(host: str, name: str) -> str:
    """Return what is wrong with a host's URL, empty for nothing; what may be a token is not repeated."""
    from requests import Request

    from importer.delivery.http import is_loopback

    name = name.replace("_", " ")
    like = f"Write it like {DEFAULT_HOST}."
    try:
        parts = urlsplit(host)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        Request("POST", host).prepare()  # a blank within, say, which urlsplit takes
    except ValueError:
        return f"The {name} {host} is no URL. {like}"
    if parts.username or parts.password:
        return f"The {name} holds a user name or password. {like}"
    if not sound:
        return f"The {name} {host} is no URL. {like}"
    if parts.query or parts.fragment or parts.path.strip("/"):
        return f"The {name} holds more than a host. {like}"
    if parts.scheme == "http" and not is_loopback(host):
        return f"The {name} {host} would get the API token unencrypted. Write https:// instead of http://."
    return ""


def _read(path: Path) -> tuple[Settings, list[str]]:
    """Return what the file says, and what is wrong with it, a line each."""
    try:
        text = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read ({error.strerror}).",
            hint="Check what it is and who may read it.",
        ) from error
    if all(line.strip() == b"" or line.lstrip().startswith(b"#") for line in text.splitlines()):
        return Settings(), []
    try:
        document = read_document(path)
    except MappingError as error:
        raise SettingsError(
            error.message, hint="Settings are lines like `client: OC_YOURS`, one for each."
        ) from error
    secrets = [key for key in document.data if key.casefold() in _SECRETS]
    faults = [
        document.fault(
            (key,),
            f"the API token must not stand here. Take it out, and keep it with `opscom-import login`, set "
            f"{TOKEN_VARIABLE}, or name a file that only you can read as `token_file:`.",
        )
        for key in secrets
    ]
    rest = {key: value for key, value in document.data.items() if key not in secrets}
    faults += document.faults
    file = validate(dataclasses.replace(document, data=rest), Settings, faults)
    if file is None:  # the hosts are looked at even so
        hosts = {key: rest[key] for key in ("host", "plate_host") if isinstance(rest.get(key), str)}
        file = Settings.model_construct(**hosts)  # type: ignore[arg-type]
    lines = mapping_error(path, faults).message.splitlines() if faults else []
    return file, lines
