"""The API token: where it is kept, and how it is found. It is in no option, no message and no log.

It is looked for in the environment, in the file that the office named, in the system's keychain
(Windows Credential Manager, macOS Keychain, Secret Service) and in the file that ``login`` writes where
there is no keychain; then a person is asked.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import SettingsError
from importer.files import write_whole
from importer.settings import TOKEN_VARIABLE, Settings
from importer.text import quoted
from importer.workspace import SETTINGS_FILE

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

LONGEST_TOKEN = 50
"""Source: API documentation, attribute ``apiToken``."""
KEPT_TOKEN = ".opscom-token"  # noqa: S105 - the name of a file
"""Where the token of a workspace is kept when the system has no keychain."""
SERVICE = "opscom-import"
"""What a keychain lists the token under, with client code and host as the name of the account."""


def find_token(
    settings: Settings, folder: Path, environ: Mapping[str, str], ask: Callable[[], str] | None
) -> str:
    """Return the API token of a client code, at last by asking a person unseen; ``ask`` is ``None`` where nobody is.

    Raises:
        SettingsError: There is none, it has a wrong form, or others can read its file. The message
            never holds the token.
    """
    if environ.get(TOKEN_VARIABLE):
        return well_formed(environ[TOKEN_VARIABLE], TOKEN_VARIABLE)
    file = folder / Path(settings.token_file or KEPT_TOKEN).expanduser()
    if not settings.token_file:
        with _keychain() as keychain:
            if keychain and (kept := keychain.get_password(SERVICE, _account(settings))):
                return well_formed(kept, "the keychain")
    if settings.token_file or file.exists():
        return well_formed(_read_token(file), str(file))
    if ask is not None:
        return well_formed(ask(), "what was typed")
    raise SettingsError(
        "The API token is missing; nothing was sent.",
        hint=f"Keep it with `opscom-import login`, set {TOKEN_VARIABLE}, or name a file that only you "
        f"can read as `token_file:` in {SETTINGS_FILE}.",
    )


def keep_token(settings: Settings, folder: Path, token: str) -> str:
    """Keep the token for host and client code; return where, in words.

    Raises:
        SettingsError: There is neither a keychain nor a workspace, or the file cannot be written.
    """
    with _keychain() as keychain:
        if keychain:
            keychain.set_password(SERVICE, _account(settings), token)
            return "the keychain of this system"
    path = folder / KEPT_TOKEN
    if not path.with_name(SETTINGS_FILE).exists():
        raise SettingsError(
            "This system has no keychain, and no workspace is here to keep the token in.",
            hint="Go into your workspace, or name it with --workspace; `opscom-import init` makes one.",
        )
    try:
        # Nobody else can read it at any time: a draft is born readable by its owner alone.
        write_whole(path, token)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror}).") from error
    who = "only you can read" if os.name == "posix" else "whoever may read its folder can read"
    return f"{path}, which {who}"


def forget_token(settings: Settings, folder: Path) -> bool:
    """Remove the token of host and client code from keychain and file; whether there was one."""
    found = False
    with _keychain() as keychain:
        if keychain and keychain.get_password(SERVICE, _account(settings)):
            keychain.delete_password(SERVICE, _account(settings))
            found = True
    if (kept := folder / KEPT_TOKEN).exists():
        kept.unlink()
        found = True
    return found


def well_formed(token: str, where: str) -> str:
    """Return a token without blanks at its ends.

    Raises:
        SettingsError: It is no token; the message says where it came from and never what it is.
    """
    token = token.strip()
    if not token:
        raise SettingsError(f"The API token in {where} is empty.", hint="Ask OPSCOM for it.")
    if len(token) > LONGEST_TOKEN or not token.isprintable() or any(c.isspace() for c in token):
        raise SettingsError(
            f"The API token in {where} is not valid: a token has 1 to {LONGEST_TOKEN} characters and no "
            "blanks.",
            hint="Copy it again from OPSCOM's message.",
        )
    return token


def _account(settings: Settings) -> str:
    return f"{settings.client} at {settings.host}"


@contextlib.contextmanager
def _keychain() -> Iterator[KeyringBackend | None]:
    """Give the system's keychain, ``None`` where there is none; one that does not open ends the block."""
    import keyring
    from keyring.errors import KeyringError

    chain = keyring.get_keyring()
    with contextlib.suppress(KeyringError):
        # The stand-in where there is no keychain, and one that is switched off, have no priority.
        yield chain if float(chain.priority) > 0 else None


def _read_token(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The token file {path} cannot be read.",
            hint=f"Check its name in {SETTINGS_FILE}; the file holds the API token and nothing else.",
        ) from error
    # Windows keeps who may read a file elsewhere; a file in the person's own folders is theirs there.
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            f"The token file {path} can be read by others on this machine.",
            hint=f"Make it yours alone: chmod 600 {quoted(path)}",
        )
    return text
