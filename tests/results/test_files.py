"""How a results workbook gets its name: whole or not at all, never over an older one."""

import errno
import os
import stat
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import pytest
from annotating import about_of, part_of, sheet_of

from importer.errors import InputError
from importer.files import put_in_place
from importer.results import write_workbook

CHANGED = datetime(2026, 11, 22, 14, 5, 9).timestamp()  # noqa: DTZ001 (local, as in file names)
ONLY_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")


def put(path, content=b"new"):
    return put_in_place(path, lambda file: file.write(content))


@pytest.fixture
def older(tmp_path):
    path = tmp_path / "students-results.xlsx"
    path.write_bytes(b"old")
    os.utime(path, (CHANGED, CHANGED))
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_missing_folders_are_made(tmp_path):
    path = tmp_path / "results" / "sandbox" / "students-results.xlsx"
    assert put(path) == path
    assert path.read_bytes() == b"new"


def test_older_files_are_kept_with_the_time_of_their_change_in_their_names(older):
    assert put(older) == older
    kept = older.with_name("students-results 2026-11-22 14-05-09.xlsx")
    assert (older.read_bytes(), kept.read_bytes()) == (b"new", b"old")
    os.utime(older, (CHANGED, CHANGED))
    put(older, b"newer")
    second = older.with_name("students-results 2026-11-22 14-05-09 (2).xlsx")
    assert (kept.read_bytes(), second.read_bytes()) == (b"old", b"new")
    assert names(older.parent) == [second.name, kept.name, older.name]


@pytest.mark.parametrize("lock", ["~$students-results.xlsx", ".~lock.students-results.xlsx#"])
def test_a_file_that_is_open_in_a_program_is_left_alone(older, lock):
    older.with_name(lock).write_bytes(b"")
    other = older.with_name("students-results (2).xlsx")
    assert put(older) == other
    assert (older.read_bytes(), other.read_bytes()) == (b"old", b"new")
    assert put(older, b"newer") == older.with_name("students-results (3).xlsx")


@pytest.mark.skipif(sys.platform != "win32", reason="Only Windows keeps an open file's name")
def test_a_file_that_windows_holds_open_is_left_alone(older):
    with older.open("rb"):
        assert put(older) == older.with_name("students-results (2).xlsx")
    assert older.read_bytes() == b"old"


def test_a_name_that_cannot_be_had_gives_way_to_the_next(tmp_path):
    path = tmp_path / "students-results.xlsx"
    path.mkdir()
    assert put(path) == tmp_path / "students-results (2).xlsx"
    assert path.is_dir()


@ONLY_POSIX
def test_only_the_owner_can_read_it_from_the_first_byte_on(tmp_path):
    path = tmp_path / "students-results.xlsx"
    seen = []

    def write(file):
        seen.append(stat.S_IMODE(os.fstat(file.fileno()).st_mode))
        file.write(b"new")

    mask = os.umask(0)
    try:
        put_in_place(path, write)
    finally:
        os.umask(mask)
    assert [*seen, stat.S_IMODE(path.stat().st_mode)] == [0o600, 0o600]


def test_a_full_disk_leaves_everything_as_it_was(older):
    def write(file):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(InputError) as caught:
        put_in_place(older, write)
    assert caught.value.message == (
        f"{older}: this workbook could not be written: No space left on device."
    )
    assert caught.value.hint == (
        f"Make room in {older.parent} and in {tempfile.gettempdir()} (for temporary files), or name "
        "another folder with --results, then run the same command again; nothing is sent twice."
    )
    assert (older.read_bytes(), names(older.parent)) == (b"old", [older.name])


def test_a_break_in_the_middle_leaves_nothing_behind(tmp_path):
    def write(file):
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put_in_place(tmp_path / "students-results.xlsx", write)
    assert names(tmp_path) == []


def test_a_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "results").write_bytes(b"")
    path = tmp_path / "results" / "students-results.xlsx"
    with pytest.raises(InputError, match="this workbook could not be written: "):
        put(path)


def test_an_older_check_goes_into_a_folder_of_its_own_so_that_results_stay_in_sight(tmp_path):
    path = tmp_path / "students-checked.xlsx"
    part = part_of(sheet_of(("a",), [("x",)]))
    for at in range(3):
        assert write_workbook(path, about_of(command="check", run=f"run {at}"), [part]) == path
        os.utime(path, (CHANGED, CHANGED))
    assert names(tmp_path) == ["old checks", "students-checked.xlsx"]
    kept = "students-checked 2026-11-22 14-05-09"
    assert names(tmp_path / "old checks") == [f"{kept} (2).xlsx", f"{kept}.xlsx"]


def test_nothing_is_left_in_the_folder_for_temporary_files(tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    part = part_of(sheet_of(("a",), [("x",)]))
    write_workbook(tmp_path / "results" / "a.xlsx", about_of(), [part])
    with pytest.raises(TypeError):
        write_workbook(tmp_path / "results" / "b.xlsx", about_of(ended=None), [part])
    assert names(scratch) == []
    assert names(tmp_path / "results") == ["a.xlsx"]


FULL = """
import resource, signal, sys
from annotating import about_of, part_of, sheet_of
from importer.errors import InputError
from importer.results import write_workbook
from pathlib import Path
path, rows, most = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
part = part_of(sheet_of(("a",), [(f"text {at * 7919}",) for at in range(rows)]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
try:
    write_workbook(path, about_of(), [part])
except InputError as error:
    print(error.message)
"""


@ONLY_POSIX
@pytest.mark.parametrize(
    ("rows", "most"),
    [(3_000, 60_000), (20, 3_000)],
    ids=["while rows are laid aside", "at the end"],
)
def test_a_disk_that_fills_up_leaves_the_older_workbook(older, rows, most):
    scratch = older.parent / "scratch"
    scratch.mkdir()
    here = Path(__file__).parents[1]
    places = {"PYTHONPATH": os.pathsep.join([str(here), str(here.parent)]), "TMPDIR": str(scratch)}
    command = [sys.executable, "-c", FULL, older, str(rows), str(most)]
    streams = {"capture_output": True, "text": True, "check": True, "timeout": 60}
    done = subprocess.run(command, env={**os.environ, **places}, **streams)
    assert done.stdout == f"{older}: this workbook could not be written: File too large.\n"
    assert names(older.parent) == ["scratch", older.name]
    assert (older.read_bytes(), names(scratch)) == (b"old", [])
