"""What a terminal gets: nothing that steers it, and no word of ours where nobody listens any more."""

import os

import pytest
from commanding import POSIX, Terminal
from controller import Fault

EVIL = "ro\x1b[2J\nStopped: all is well\x9b31m\u202e.csv"
SHOWN = r"ro\x1b[2J\x0aStopped: all is well\x9b31m\u202e"


def quiet(text):
    """Whether a text holds nothing that a terminal obeys."""
    return all(letter.isprintable() or letter == "\n" for letter in text)


@POSIX
@pytest.mark.parametrize(
    ("name", "command", "code"),
    [(EVIL, "check", 5), (f"roster {EVIL}", "check", 0), (f"roster {EVIL}", "push --yes", 0)],
    ids=["in an error", "check", "push"],
)
def test_a_file_name_that_would_steer_a_terminal_is_spelled_out(office, call, name, command, code):
    office.roster(1).rename(office.inbox / name)
    done = call(*command.split())
    assert done.code == code
    assert SHOWN in done.err
    assert quiet(done.err)
    assert "\nStopped" not in done.err


def test_a_warning_of_the_host_never_steers_the_terminal(office, call, controller):
    body = '{"ErrorCode": "90\\u001b[2J33", "ErrorMessage": "no \\u001b[31m\\ngood"}'
    controller.plan[("*", 0)] = Fault("answer", body=body)
    office.roster(25)
    pushed = call("push", "--yes", "--workers", "1")
    shown = call("history")
    assert pushed.code == 3
    assert r"90\x1b[2J33" in pushed.err
    assert quiet(pushed.err)
    assert quiet(shown.err)


@POSIX
def test_the_bar_of_a_push_shows_a_name_and_does_not_obey_it(office, controller):
    controller.plan[("000001", 1)] = Fault("hold")
    office.roster(2).rename(office.inbox / "roster [bold]x\x1b[31m\x07.csv")
    with Terminal(office, "push", "--yes", "--workers", "1") as terminal:
        terminal.wait_for(r"[bold]x\x1b[31m\x07.csv")
        terminal.wait_for("1/2")
        controller.release()
        assert terminal.end() == 0
    assert "\x07" not in terminal.screen


@pytest.mark.parametrize("encoding", ["cp437", "cp1252"])
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("--help", "Usage: opscom-import"),
        ("fields users", "unique_id"),
        ("check", r"Nguy\u1ec5n.csv: 1"),
    ],
)
def test_a_console_of_an_old_code_page_gets_what_it_has_and_the_rest_spelled_out(
    office, encoding, command, said
):
    office.roster(1, "inbox/roster Nguyễn.csv")
    environ = {"PYTHONUTF8": "0", "PYTHONIOENCODING": encoding}
    done = office.run(*command.split(), environ=environ, encoding=encoding)
    assert (done.code, said in done.out + done.err) == (0, True)


# Where nobody listens


def closed():
    """Return the writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@POSIX
@pytest.mark.parametrize(
    ("gone", "command", "code"),
    [
        ("stderr", "check --json", 0),
        ("stderr", "push --yes --json", 0),
        ("stderr", "check none.csv --json", 5),
        ("stdout", "push --yes --json", 0),
        ("stdout", "--help", 1),
    ],
)
def test_whoever_stops_listening_changes_no_exit_code_and_hears_no_word_of_python(
    office, gone, command, code
):
    office.roster(3)
    pipe = closed()
    with office.start(*command.split(), **{gone: pipe}) as process:
        os.close(pipe)
        told = "".join(filter(None, process.communicate(timeout=100)))
    assert process.returncode == code
    assert ("Exception ignored" in told, "Traceback" in told) == (False, False)
    assert gone == "stdout" or f'"exit_code": {code}' in told


@POSIX
def test_interrupts_that_come_at_the_end_bring_no_word_of_python(office):
    with office.start("--version", code=_INTERRUPTED) as process:
        _, err = process.communicate(timeout=100)
    assert (process.returncode, err) == (0, "")


_INTERRUPTED = """
import atexit, os, signal, sys
atexit.register(os.kill, os.getpid(), signal.SIGINT)
from importer.cli import main
main()
"""
