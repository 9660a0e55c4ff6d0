"""Folders and disks as they are: what a kill left goes, a scanner is waited for, a full disk is named."""

import os
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
def test_what_a_kill_has_left_goes_with_a_run_the_day_after(office, step):
    environ = {"TMPDIR": str(office.folder.parent / "scratch")}
    office.roster(50)
    assert office.run(step, "check", code=DRAWS, environ=environ).code == -signal.SIGKILL
    scratch, drafts = before = left(office)
    assert any(before)
    assert office.run("check", environ=environ).code == 0
    # It may be what another process is writing.
    assert left(office) == before
    for path in (*scratch, *drafts):
        os.utime(path, (0, 0))
    assert office.run("check", environ=environ).code == 0
    assert left(office) == ([], [])


SCANNED = """\
import os, sys
from importer.cli import main
refused = []
def scanner(act):
    def wait(source, target, **more):
        refused.append(target)
        if len(refused) % 4:
            raise PermissionError(13, "Permission denied", str(source))
        return act(source, target, **more)
    return wait
os.replace, os.rename = scanner(os.replace), scanner(os.rename)
main(sys.argv[1:])
"""
"""Every file is held by another program for three tries, as a virus scanner does on Windows."""


def test_a_scanner_that_holds_new_files_is_waited_for(office, call):
    office.roster(2)
    assert call("check").code == 0
    done = office.run("check", code=SCANNED)
    assert (done.code, "another program" in done.err) == (0, False)
    [newest] = office.folder.glob("results/*.xlsx")
    assert newest.name == "roster-checked.xlsx"
    assert len(list(office.folder.glob("results/old checks/*.xlsx"))) == 1


FULL = """\
import resource, signal, sys
from importer.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
most = int(sys.argv.pop())
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
main(sys.argv[1:])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size")
@pytest.mark.parametrize(
    ("rows", "most"), [(2000, 60_000), (20, 3_000)], ids=["while rows are laid aside", "at the end"]
)
def test_a_disk_that_fills_up_is_told_with_the_folder_for_temporary_files(office, rows, most):
    scratch = office.folder.parent / "scratch"
    results = office.folder / "results"
    office.roster(rows)
    results.joinpath("roster-checked.xlsx").write_bytes(b"old")
    done = office.run("check", most, code=FULL, environ={"TMPDIR": str(scratch)})
    assert done.code == 5
    assert (
        f"Error: {results / 'roster-checked.xlsx'}: this workbook could not be written: File too large. "
        f"Make room in {results} and in {scratch} (for temporary files), or name another folder with "
        "--results, then run the same command again; nothing is sent twice."
    ) in done.err.splitlines()
    assert "Exception" not in done.err
    assert left(office) == ([], [])
    assert [path.read_bytes() for path in results.iterdir()] == [b"old"]


@pytest.mark.parametrize("name", ["OneDrive - State University", "Dropbox", "Google Drive"])
def test_a_workspace_that_is_copied_to_other_computers_is_noted(office, call, name):
    note = (
        f"The workspace lies in {name}, which is copied to other computers: people's data with it, and a "
        "journal that is written on two of them forgets what was sent. Move the workspace out of it."
    )
    office.roster(1)
    assert note not in call("check").err
    folder = office.folder.parent / name / "parking"
    assert note in call("init", folder).err.splitlines()
    assert note in call("check", "inbox", "--workspace", folder).err.splitlines()
