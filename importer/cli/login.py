"""``opscom-import login``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from importer.settings import Settings


@click.command(short_help="Keep the API token, so that nobody has to type it again.")
@click.option("--workspace", type=click.Path(path_type=Path), metavar="DIR", help="As for push.")
@click.option("--client", metavar="CODE", help="Client code that the token belongs to.")
@click.option("--host", metavar="URL", help="Where your OPSCOM is.")
@click.option(
    "--test", is_flag=True, help="Ask OPSCOM for its list of user types, to try the token."
)
@click.option("--forget", is_flag=True, help="Remove the token that is kept here.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for other programs.")
def login(  # noqa: PLR0913 - one an option
    *,
    workspace: Path | None,
    client: str | None,
    host: str | None,
    test: bool,
    forget: bool,
    as_json: bool,
) -> int:
    """Ask for the API token without showing it, and keep it for this client code and host.

    It goes into the keychain of this system, or where there is none into a file of the workspace that
    only you can read. For scripts it is taken from standard input. With --test the token is tried:
    the one just given, or where nothing is given (--test alone on a terminal) the one that is kept.
    """
    from importer.cli.terminal import emit, is_interactive, say
    from importer.credentials import forget_token, keep_token, well_formed
    from importer.settings import Given, load_settings, need_client
    from importer.workspace import find_workspace

    found = find_workspace(workspace, Path.cwd())
    settings = load_settings(found.folder, Given(host=host, client=client), os.environ)
    code = need_client(settings)
    said: dict[str, object] = {"exit_code": 0, "client": code, "host": settings.host}
    if forget:
        gone = forget_token(settings)
        what = "is forgotten" if gone else "was not kept here; nothing was changed"
        say(f"The API token of {code} at {settings.host} {what}.")
        said["forgotten"] = gone
    elif not (test and is_interactive()):
        if is_interactive():
            typed = str(click.prompt("API token (it is not shown)", hide_input=True, err=True))
            token = well_formed(typed, "what was typed")
        else:
            token = well_formed(sys.stdin.read(), "standard input")
        where = keep_token(settings, token)
        say(f"The API token of {code} at {settings.host} is kept in {where}.")
        said["kept"] = where
    if test and not forget:
        types = _try(settings)
        say(f"The token works: OPSCOM told {types}.")
        said["tested"] = True
    if as_json:
        emit(said)
    return 0


def _try(settings: Settings) -> str:
    """Ask for the user types with the token that is kept; return how many there are, in words.

    Raises:
        PushStopped: OPSCOM does not take the token, or does not answer.
        SettingsError: No token is kept.
    """
    from importer.credentials import find_token
    from importer.delivery.answers import Refused
    from importer.delivery.http import Controller
    from importer.delivery.pace import Pace, Stopper
    from importer.delivery.questions import Found, ask, explain_refusal, listing
    from importer.errors import PushStopped
    from importer.text import count
    from schemas.reads import USER_TYPES

    token = find_token(settings, os.environ, None)
    controller = Controller(settings.host, settings.client or "", token, timeout=settings.timeout)
    connection = controller.connect(USER_TYPES.path)
    verdict = ask(lambda: connection.send({}), listing(USER_TYPES.records), Pace(), Stopper())
    connection.close()
    if not isinstance(verdict, Found):
        why = explain_refusal(verdict) if isinstance(verdict, Refused) else verdict.why
        raise PushStopped(
            f"The token was tried and did not work. {controller.redact(why)}",
            hint="Look into that, then run `opscom-import login --test` again.",
        )
    rows = verdict.content.get(USER_TYPES.records)
    return count(len(rows) if isinstance(rows, list) else 0, "user type")
