"""How a results workbook gets its name: never over an older one, and for its owner alone."""

import os
import stat
import sys
from datetime import datetime

import pytest

from importer.files import put_in_place

CHANGED = datetime(2026, 11, 22, 14, 5, 9).timestamp()  # noqa: DTZ001 (local, as in file names)
STEM = "students-results"


@pytest.fixture
def older(tmp_path):
    path = tmp_path / f"{STEM}.xlsx"
    path.write_bytes(b"old")
    return path


def test_older_files_are_kept_with_the_time_of_their_change_in_their_names(older):
    for content in (b"new", b"newer"):
        os.utime(older, (CHANGED, CHANGED))
        assert put_in_place(older, lambda file, text=content: file.write(text)) == older
    assert {path.name: path.read_bytes() for path in older.parent.iterdir()} == {
        f"{STEM}.xlsx": b"newer",
        f"{STEM} 2026-11-22 14-05-09.xlsx": b"old",
        f"{STEM} 2026-11-22 14-05-09 (2).xlsx": b"new",
    }


@pytest.mark.skipif(sys.platform != "win32", reason="Only Windows keeps an open file's name")
def test_a_file_that_windows_holds_open_is_left_alone(older):
    with older.open("rb"):
        other = put_in_place(older, lambda file: file.write(b"new"))
    assert (other.name, older.read_bytes()) == (f"{STEM} (2).xlsx", b"old")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_only_the_owner_can_read_it_from_the_first_byte_on(tmp_path):
    seen = []

    def write(file):
        seen.append(stat.S_IMODE(os.fstat(file.fileno()).st_mode))

    mask = os.umask(0)
    try:
        path = put_in_place(tmp_path / "new.xlsx", write)
    finally:
        os.umask(mask)
    assert [*seen, stat.S_IMODE(path.stat().st_mode)] == [0o600, 0o600]
