"""The commands. This module imports click and nothing heavy, so that ``--help`` is instant."""

import importlib
import io
import signal
import sys
from collections.abc import Sequence

import click

import importer
from importer.cli.terminal import emit, say, say_error
from importer.errors import ImporterError, failure

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
COMMANDS = {
    "init": "Make a workspace.",
    "login": "Keep the API token, so that nobody has to type it again.",
    "map": "Propose a mapping for a spreadsheet never seen before; nothing is sent.",
    "check": "See what would be sent and what is wrong; nothing is sent.",
    "push": "Send the rows, and write what became of each into a workbook.",
    "settle": "Find out what became of rows whose answer was lost.",
    "pull": "Ask OPSCOM for what it holds, and write a workbook of it.",
    "history": "Show what was imported: when, by whom, from which file.",
    "fields": "Show OPSCOM's fields and error codes.",
    "sandbox": "Run an OPSCOM on this machine to rehearse with.",
}


class _Commands(click.Group):
    """The commands, each in a module of its name that is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's own
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"importer.cli.{cmd_name}")
        command: click.Command = module.map_ if cmd_name == "map" else getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's own
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=_Commands,
    commands={name: click.Command(name) for name in COMMANDS},  # what click guesses from
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(importer.__version__, prog_name="opscom-import")
def cli() -> None:
    """Gather the commands."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with the code that interface and README name."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Letters that a console or a file of an old code page lacks are spelled out.
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    code, error = _run(given)
    if error and "--json" in given:
        # Its object is printed whatever the exit code.
        stopped = error if code == _STOPPED else None
        emit({"run": "", "exit_code": code, "stopped": stopped, "files": [], "error": error})
    if arguments is None:
        # All is said: an interrupt that comes now has nothing left to end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def _run(given: list[str]) -> tuple[int, str]:
    """Run a command; return its exit code, and what kept it from its end, told already."""
    try:
        code = cli.main(given, prog_name="opscom-import", standalone_mode=False)
        return code if isinstance(code, int) else 0, ""
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        for line in shown.getvalue().splitlines():
            say(line)
        return error.exit_code, error.format_message()
    except ImporterError as error:
        # A person who answers no has made no error.
        (say if error.exit_code == _STOPPED else say_error)(str(error))
        return error.exit_code, str(error)
    except (click.Abort, KeyboardInterrupt):
        message = "Interrupted. Run the same command again."
        say("")
        say(message)
        return _STOPPED, message
    except Exception as error:  # noqa: BLE001 - what an exception says may hold a person's data
        message = (
            f"This program failed ({failure(error)}). Run the same command "
            "again; nothing is sent twice. If it fails again, report this line."
        )
        say_error(message)
        return _STOPPED, message
