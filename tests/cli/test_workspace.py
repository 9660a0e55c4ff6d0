"""Folders and file names: where an office works, what is read, what is written where."""

import datetime as dt
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import UsageError
from importer.workspace import (
    Workspace,
    archive,
    find_inputs,
    find_workspace,
    results_path,
    shipped_mappings,
)

NOON = dt.datetime(2026, 9, 1, 12, 0, 0, tzinfo=dt.UTC)


# Which folder


def test_the_workspace_is_the_one_named_or_the_nearest_with_settings_or_this_folder(tmp_path):
    (tmp_path / "opscom.yaml").mkdir()  # a folder of that name makes no workspace
    assert find_workspace(None, tmp_path) == Workspace(tmp_path, own=False)
    office = tmp_path / "office"
    inner = office / "inbox" / "deep"
    inner.mkdir(parents=True)
    file = office / "opscom.yaml"
    file.touch()
    assert find_workspace(None, inner) == Workspace(office, own=True)
    new = tmp_path / "new"
    assert find_workspace(new, inner) == Workspace(new, own=True)
    with pytest.raises(UsageError) as told:
        find_workspace(file, tmp_path)
    assert str(told.value) == f"--workspace {file} is a file. Name the folder that it lies in."


def test_the_workspaces_own_mappings_are_used_and_the_shipped_ones_where_it_has_none(tmp_path):
    office = Workspace(tmp_path, own=True)
    folder = tmp_path / "mappings"
    assert office.mapping_files() == shipped_mappings()
    folder.mkdir()
    assert office.mapping_files() == shipped_mappings()
    for name in ("b.yml", "a.yaml", "._a.yaml", "notes.txt"):
        (folder / name).touch()
    assert office.mapping_files() == (folder / "a.yaml", folder / "b.yml")
    assert Workspace(tmp_path, own=False).mapping_files() == shipped_mappings()


# Which files


HIDDEN = "it is a hidden file."
PASSED = {
    "~$b.xlsx": "it says that b.xlsx is open in Excel. Save it there before you push it.",
    ".DS_Store": HIDDEN,
    ".~lock.b.xlsx#": HIDDEN,
    "Thumbs.db": HIDDEN,
    "desktop.ini": HIDDEN,
}


def test_a_folder_is_read_one_level_deep_but_for_lock_and_hidden_files_which_are_told(tmp_path):
    (tmp_path / "inner").mkdir()
    for name in ("b.xlsx", "a.csv", "inner/c.csv", *PASSED):
        (tmp_path / name).touch()
    files, passed_over = find_inputs([tmp_path])
    assert files == (tmp_path / "a.csv", tmp_path / "b.xlsx")
    assert set(passed_over) == {f"{name} was passed over: {why}" for name, why in PASSED.items()}
    # Named by the person a file is read whatever it is called, and once.
    lock = tmp_path / ".DS_Store"
    again = tmp_path / "inner" / ".." / lock.name
    assert find_inputs([lock, tmp_path, again])[0] == (lock, *files)


# Names of what is written


def named(sources):
    """Return the names of the workbooks of one run."""
    taken = []
    for source in sources:
        taken.append(results_path(Path("out"), Path(source), "results", taken))
    return [path.name for path in taken]


def test_two_files_of_one_stem_in_one_run_get_two_workbooks():
    sources = ["roster.xlsx", "roster.csv", "other/roster.csv", "third/ROSTER.csv", "roster"]
    ends = ["roster", "roster-csv", "roster (2)", "ROSTER (3)", "roster (4)"]
    assert named(sources) == [f"{name}-results.xlsx" for name in ends]


SOURCES = ["a.csv", "A.csv", "a.xlsx", "a-csv.csv", "a", "a-results.xlsx", "a (2).csv"]
SOURCES += ["x" * 250 + "a.csv", "x" * 250 + "b.csv"]


@given(st.lists(st.sampled_from(SOURCES), max_size=12))
def test_no_two_files_of_a_run_ever_share_a_workbook(sources):
    assert len({name.casefold() for name in named(sources)}) == len(sources)


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="/\\\x00"), min_size=1, max_size=300),
    st.sampled_from(["results", "checked"]),
)
def test_the_stem_of_a_workbook_of_ours_is_that_of_its_first_source(name, kind):
    made = results_path(Path("out"), Path(name + ".csv"), "results", [])
    book = results_path(Path("out"), Path(name + ".csv"), kind, [])
    assert results_path(Path("out"), made, kind, []) == book
    assert results_path(Path("out"), made.with_suffix(".XLSX"), kind, []) == book


def test_an_archived_file_has_the_time_in_its_name_and_replaces_none(tmp_path):
    moved, digest = [], hashlib.sha256(b"text").hexdigest()
    for _ in range(3):
        file = tmp_path / "roster.csv"
        file.write_text("text", encoding="utf-8")
        moved.append(archive(file, digest, tmp_path / "archive", NOON))
        assert not file.exists()
    stem = "roster 2026-09-01 12-00-00"
    assert [path.name for path in moved] == [f"{stem}.csv", f"{stem} (2).csv", f"{stem} (3).csv"]
    assert {path.read_text(encoding="utf-8") for path in moved} == {"text"}
