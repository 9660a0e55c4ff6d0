"""How a results workbook gets its name: whole or not at all, never over an older one."""

import errno
import os
import stat
import sys
import tempfile
from datetime import datetime

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


def breaking(error):
    def write(file):
        file.write(b"half")
        raise error

    return write


def test_a_full_disk_or_a_break_in_the_middle_leaves_everything_as_it_was(older):
    with pytest.raises(InputError) as caught:
        put_in_place(older, breaking(OSError(errno.ENOSPC, "No space left on device")))
    assert str(caught.value) == (
        f"{older}: this workbook could not be written: No space left on device. Make room in "
        f"{older.parent} and in {tempfile.gettempdir()} (for temporary files), or name another folder with "
        "--results, then run the same command again; nothing is sent twice."
    )
    with pytest.raises(KeyboardInterrupt):
        put_in_place(older, breaking(KeyboardInterrupt()))
    assert (older.read_bytes(), names(older.parent)) == (b"old", [older.name])


def test_an_older_check_goes_into_a_folder_of_its_own_so_that_results_stay_in_sight(tmp_path):
    path = tmp_path / "students-checked.xlsx"
    part = part_of(sheet_of(("a",), [("x",)]))
    for at in range(3):
        assert write_workbook(path, about_of(command="check", run=f"run {at}"), [part]) == path
        os.utime(path, (CHANGED, CHANGED))
    assert names(tmp_path) == ["old checks", "students-checked.xlsx"]
    kept = "students-checked 2026-11-22 14-05-09"
    assert names(tmp_path / "old checks") == [f"{kept} (2).xlsx", f"{kept}.xlsx"]
