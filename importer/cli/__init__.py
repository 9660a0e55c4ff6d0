"""The commands. This module imports click and nothing heavy, so that ``--help`` is instant."""

from __future__ import annotations

import io
import signal
import sys
from typing import TYPE_CHECKING

import click

import importer
from importer.cli.check import check
from importer.cli.fields import fields
from importer.cli.history import history
from importer.cli.init import init
from importer.cli.login import login
from importer.cli.map import map_
from importer.cli.pull import pull
from importer.cli.push import push
from importer.cli.sandbox import sandbox
from importer.cli.settle import settle
from importer.cli.terminal import emit, say, say_error
from importer.errors import ImporterError, failure

if TYPE_CHECKING:
    from collections.abc import Sequence

_STOPPED = 3
HELP = """Bring spreadsheets into OPSCOM: every row once, nothing altered, everything said.

\b
  1. opscom-import init parking      make a workspace; write your client code into opscom.yaml
  2. drop your exports into          parking/inbox
  3. opscom-import check             see in a workbook what would be sent and what is wrong
  4. opscom-import push --sandbox    rehearse with an OPSCOM on this machine
  5. opscom-import login             keep the API token, once
  6. opscom-import push              send; then review results/…-results.xlsx

Run in the workspace's folder, or name it with --workspace. After any interruption run the same
command again: what is settled is not sent twice.

\b
Exit codes: 0 all settled, 1 some rows are invalid or rejected, 2 wrong usage,
3 stopped before the end (run it again), 4 some rows are unknown, 5 nothing could start.
"""


@click.group(help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(importer.__version__, prog_name="opscom-import")
def cli() -> None:
    """Gather the commands."""


for _command in (init, login, map_, check, push, settle, pull, history, fields, sandbox):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with the code that interface and README name."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = cli.main(given, prog_name="opscom-import", standalone_mode=False)
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        for line in shown.getvalue().splitlines():
            say(line)
        code = _say(given, error.exit_code, error.format_message())
    except ImporterError as error:
        # A person who answers no has made no error.
        if error.exit_code == _STOPPED:
            say(str(error))
        else:
            say_error(str(error))
        code = _say(given, error.exit_code, str(error))
    except (click.Abort, KeyboardInterrupt):
        message = "Interrupted; nothing more was sent. Run the same command again to go on."
        say("")
        say(message)
        code = _say(given, _STOPPED, message)
    except Exception as error:  # noqa: BLE001 - what an exception says may hold a person's data
        message = (
            f"This program failed ({failure(error)}). Run the same command "
            "again; nothing is sent twice. If it fails again, report this line."
        )
        say_error(message)
        code = _say(given, 3, message)
    if arguments is None:
        # All is said: an interrupt that comes now has nothing left to end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code if isinstance(code, int) else 0)


def _say(given: Sequence[str], code: int, message: str) -> int:
    """Keep the promise that ``--json`` prints its object whatever the exit code."""
    if "--json" in given:
        stopped = message if code == _STOPPED else None
        shape = {"run": "", "exit_code": code, "stopped": stopped, "files": [], "error": message}
        emit(shape)
    return code
