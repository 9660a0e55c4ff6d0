"""Where a journal lies: file systems without locks, other names of it, full disks, and a run beside."""

import os
import re
import sys

import pytest
from commanding import permit
from controller import Fault

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX calls")
LOCKS = """
import errno, fcntl, os, sys
def flock(*_):
    raise OSError({code}, os.strerror({code}))
fcntl.flock = flock
from importer.cli import main
main()
"""
FULL = """
import resource, sys
sys.dont_write_bytecode = True
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
from importer.cli import main
main()
"""
"""A process whose files may not grow beyond a size, as on a disk that is full."""
PUSH = ("push", "permits.csv", "--yes", "--json")


@pytest.fixture
def desk(desk):
    """An office with a file of three permits."""
    write_permits(desk, 3)
    return desk


def write_permits(desk, count):
    desk.table("permits.csv", [permit(n) for n in range(count)])


def push(desk, code=0):
    return desk.do(*PUSH[:-1], code=code)["files"][0]["states"]


def link(make, path, target):
    try:
        make(path, target)
    except OSError:
        pytest.skip("This system lets nobody make links.")


@POSIX
@pytest.mark.parametrize("name", ["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def test_a_file_system_without_locks_is_called_what_it_is(desk, controller, name):
    done = desk.run(*PUSH, code=LOCKS.format(code=f"errno.{name}"))
    assert done.code == 5, done.err
    assert re.fullmatch(
        rf"The journal {re.escape(str(desk.journal))} lies where files cannot be locked \(.+\), so "
        r"that two runs at a time could send rows twice; nothing was sent\. Move the workspace, its "
        r"journal too, to a disk of this computer\.",
        done.json["error"],
    )
    assert controller.requests == 0


def test_a_journal_with_a_second_hard_link_is_refused_under_each_name(desk, controller, tmp_path):
    push(desk)
    other = tmp_path / "other" / "journal.sqlite"
    other.parent.mkdir()
    link(lambda path, to: path.hardlink_to(to), other, desk.journal)
    for journal in (desk.journal, other):
        for command in (("push", "--yes"), ("check",), ("settle",)):
            said = desk.do(*command, "permits.csv", "--journal", journal, code=5)
            assert said["error"] == (
                f"The journal {journal} has a second name on this disk (a hard link), so that two runs "
                "at a time could send rows twice; nothing was sent. Keep one of the names: delete the "
                "other, or make it a copy and put that away."
            )
    other.unlink()
    assert push(desk) == {"unchanged": 3}
    assert controller.requests == 3


@pytest.mark.parametrize(
    "command", [("check", "permits.csv"), ("history",)], ids=["check", "history"]
)
def test_a_journal_that_cannot_be_looked_at_is_told(desk, command):
    push(desk)
    journal = desk.folder / ("x" * 300)
    said = desk.do(*command, "--journal", journal, code=5)["error"]
    assert said.startswith(f"The journal {journal} cannot be read (")


@pytest.mark.parametrize("name", ["journal.sqlite", "link.sqlite"])
def test_a_second_run_is_refused_under_each_name_of_the_journal(desk, controller, name):
    controller.plan = {("*", 1): Fault("hold")}
    if name != desk.journal.name:
        # It leads nowhere yet: the first run makes the journal itself, not a file of the link's name.
        link(lambda path, to: path.symlink_to(to), desk.folder / name, desk.journal)
    first = desk.start(*PUSH, "--journal", desk.folder / name)
    controller.wait_for(1)
    told = desk.do(*PUSH[:-1], code=5)["error"]
    assert re.fullmatch(
        rf"The journal {re.escape(str(desk.journal))} is in use by registrar on .+, process {first.pid}, "
        r"since .+\. Wait until that run has ended, then run the command again\.",
        told,
    )
    controller.release()
    first.communicate(timeout=60)
    assert push(desk) == {"unchanged": 3}
    assert controller.requests == 3
    if os.name == "posix":
        assert desk.journal.stat().st_mode & 0o077 == 0


@POSIX
@pytest.mark.parametrize(
    ("begun", "size"),
    [
        *((False, size) for size in (0, 4096, 40_000, 90_000, 160_000)),
        *((True, size) for size in (0, 4096, 60_000, 120_000)),
    ],
)
def test_a_full_disk_is_said_in_a_sentence_and_no_row_leaves_that_is_not_written_down(
    desk, controller, size, begun
):
    if begun:
        push(desk)
    write_permits(desk, 9)
    done = desk.run(*PUSH, code=FULL.format(size=size))
    assert "This program failed" not in done.err
    if done.json["files"]:
        [file], why = done.json["files"], done.json["stopped"]
        assert (done.code, file["error"]) == (3, None)
        assert controller.requests == 9 - file["states"].get("not sent", 0)
    else:
        why = done.json["error"]
        assert (done.code, controller.requests) == (5, 3 * begun), done.err
    assert why.startswith(f"The journal {desk.journal} cannot be written (")
    assert "Free some space on the disk, or give the file and its folder write permission" in why
    # Where there is room again the same command does all of the rest, and nothing of it twice.
    push(desk, code=None)
    assert all(len(controller.entries(f"N{n:04}")) == 1 for n in range(9))
