"""``opscom-import login``."""

import os
import sys
from pathlib import Path

import click

from importer.cli.options import Options, taking
from importer.cli.setting import ask_list, ask_token
from importer.cli.terminal import emit, is_interactive, say
from importer.credentials import find_token, forget_token, keep_token, well_formed
from importer.delivery.http import Controller
from importer.settings import load_settings, need_client
from importer.text import count
from importer.workspace import find_workspace
from schemas.reads import USER_TYPES


@click.command()
@taking("workspace", "client", "host", "as_json")
@click.option(
    "--test", is_flag=True, help="Ask OPSCOM for its list of user types, to try the token."
)
@click.option("--forget", is_flag=True, help="Remove the token that is kept here.")
def login(options: Options, *, test: bool, forget: bool) -> int:
    """Ask for the API token without showing it, and keep it for this client code and host.

    It goes into the keychain of this system, or where there is none into a file of the workspace that
    only you can read. For scripts it is taken from standard input. With --test a token is tried: the
    one just given, or where none is (--test on a terminal, or standard input is empty) the one that a
    push would use.
    """
    folder = find_workspace(options.workspace, Path.cwd()).folder
    settings = load_settings(folder, os.environ, host=options.host, client=options.client)
    code = need_client(settings)
    of = f"The API token of {code} at {settings.host}"
    said: dict[str, object] = {"exit_code": 0, "client": code, "host": settings.host}
    token = ""
    if forget:
        said["forgotten"] = gone = forget_token(settings, folder)
        say(f"{of} is forgotten." if gone else f"{of} was not kept here; nothing was changed.")
        test = False
    elif not is_interactive():
        # As PowerShell and others write it: with or without a byte order mark, lines ended as they like.
        given = sys.stdin.buffer.read().decode("utf-8-sig", "replace")
        token = well_formed(given, "standard input") if given.strip() or not test else ""
    elif not test:
        token = well_formed(ask_token(), "what was typed")
    if token:
        said["kept"] = where = keep_token(settings, folder, token)
        say(f"{of} is kept in {where}.")
    if test:
        token = token or find_token(settings, folder, os.environ, None)
        controller = Controller(settings.host, code, token, timeout=settings.timeout)
        failed = "The token was tried and did not work."
        types = ask_list(controller, USER_TYPES, {}, failed)
        say(f"The token works: OPSCOM told {count(len(types), 'user type')}.")
        said["tested"] = True
    if options.as_json:
        emit(said)
    return 0
