"""What a killed run leaves on the disk holds people's data: the next run clears it, and only that."""

import signal
import sys

import pytest
from commanding import Office

DRAWS = """\
import os, signal, sys, zipfile
from importer.cli import main
name = sys.argv.pop(1)
place, act = {"rows": (zipfile.ZipFile, "writestr"), "draft": (os, "fsync")}[name]
def killed(*_given, **_more):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(place, act, killed)
if name == "rows":
    zipfile.ZipFile.write = killed
main(sys.argv[1:])
"""
"""A process that is killed while its rows lie aside, or while its draft goes to the disk."""
HOLDS = """\
import os, sys
from importer.cli import main
fsync = os.fsync
def wait(file):
    print("here", flush=True)
    sys.stdin.read(1)
    fsync(file)
os.fsync = wait
main(sys.argv[1:])
"""


@pytest.fixture
def office(tmp_path):
    (tmp_path / "scratch").mkdir()
    return Office(tmp_path, "http://127.0.0.1:9")


def left(office):
    """Return what lies in the folder for temporary files and, hidden, among the workbooks."""
    scratch = office.folder.parent / "scratch"
    return sorted(scratch.iterdir()), sorted(office.folder.glob("results/.*"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("step", ["rows", "draft"])
def test_what_a_kill_has_left_goes_with_the_next_run(office, step):
    environ = {"TMPDIR": str(office.folder.parent / "scratch")}
    office.roster(50)
    with office.start(step, "check", code=DRAWS, environ=environ) as check:
        check.communicate(timeout=60)
    assert check.returncode == -signal.SIGKILL
    assert any(left(office))
    assert office.run("check", environ=environ).code == 0
    assert left(office) == ([], [])
    assert [path.name for path in office.folder.glob("results/*")] == ["roster-checked.xlsx"]


def test_what_a_running_process_is_writing_stays(office):
    import subprocess

    environ = {"TMPDIR": str(office.folder.parent / "scratch")}
    office.roster(3, "roster.csv")
    other = office.roster(2, "roster_2.csv")
    more = {"environ": environ, "stdin": subprocess.PIPE}
    with office.start("check", "roster.csv", code=HOLDS, **more) as slow:
        assert slow.stdout.readline() == "here\n"
        before = left(office)
        assert office.run("check", other, environ=environ).code == 0
        assert left(office) == before
        slow.communicate("x", timeout=60)
    assert slow.returncode == 0
    names = sorted(path.name for path in office.folder.glob("results/*"))
    assert names == ["roster-checked.xlsx", "roster_2-checked.xlsx"]
    assert left(office) == ([], [])
