"""Folders and file names: where an office works, what is read, what is written where."""

import datetime as dt
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import InputError, UsageError
from importer.new_workspace import make_workspace
from importer.settings import Settings, load_settings
from importer.workspace import (
    Workspace,
    archive,
    find_inputs,
    find_workspace,
    first_stem,
    results_path,
    shipped_mappings,
)

NOON = dt.datetime(2026, 9, 1, 12, 0, 0, tzinfo=dt.UTC)


# Which folder


def test_the_nearest_folder_upwards_with_settings_is_the_workspace(tmp_path):
    inner = tmp_path / "office" / "inbox" / "deep"
    inner.mkdir(parents=True)
    (tmp_path / "office" / "opscom.yaml").touch()
    (tmp_path / "opscom.yaml").touch()
    assert find_workspace(None, inner) == Workspace(tmp_path / "office", own=True)


def test_a_named_folder_goes_before_the_nearest_and_may_be_new(tmp_path):
    (tmp_path / "opscom.yaml").touch()
    named = tmp_path / "other"
    assert find_workspace(named, tmp_path) == Workspace(named, own=True)


def test_a_file_is_no_workspace(tmp_path):
    file = tmp_path / "opscom.yaml"
    file.touch()
    with pytest.raises(UsageError) as told:
        find_workspace(file, tmp_path)
    assert str(told.value) == f"--workspace {file} is a file. Name the folder that it lies in."


def test_without_settings_anywhere_the_current_folder_is_used_but_not_its_own(tmp_path):
    (tmp_path / "opscom.yaml").mkdir()  # a folder of that name makes no workspace
    assert find_workspace(None, tmp_path) == Workspace(tmp_path, own=False)


def test_the_journal_is_in_the_workspace_or_else_in_the_users_data_folder(tmp_path, monkeypatch):
    for name in ("HOME", "LOCALAPPDATA", "APPDATA", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "data"))
    assert Workspace(tmp_path, own=True).journal == tmp_path / "journal.sqlite"
    elsewhere = Workspace(tmp_path, own=False).journal
    assert elsewhere.name == "journal.sqlite"
    assert "opscom-importer" in elsewhere.parts
    assert tmp_path != elsewhere.parent


def test_the_workspaces_own_mappings_are_used_and_the_shipped_ones_where_it_has_none(tmp_path):
    office = Workspace(tmp_path, own=True)
    assert office.mapping_files() == shipped_mappings()
    folder = tmp_path / "mappings"
    folder.mkdir()
    assert office.mapping_files() == shipped_mappings()
    for name in ("b.yml", "a.yaml", "._a.yaml", "notes.txt"):
        (folder / name).touch()
    assert office.mapping_files() == (folder / "a.yaml", folder / "b.yml")
    assert Workspace(tmp_path, own=False).mapping_files() == shipped_mappings()


# init


def test_a_new_workspace_has_its_folders_settings_and_the_shipped_mappings(tmp_path):
    folder = tmp_path / "deep" / "office"
    made = make_workspace(folder, system="linux")
    shipped = {f"mappings/{path.name}" for path in shipped_mappings()}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    files = {"opscom.yaml", "first-day.html", "Check.sh", "Push.sh", "Map.sh"}
    assert there == {"inbox", "results", "archive", "mappings"} | files | shipped
    assert len(shipped) >= 8
    assert {folder / name for name in there} | {folder} == set(made)
    assert load_settings(folder, {}) == Settings()


def test_every_line_of_the_new_settings_is_right_once_its_comment_sign_is_gone(tmp_path):
    make_workspace(tmp_path)
    path = tmp_path / "opscom.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    settings = [line.removeprefix("# ") for line in lines if line.startswith("# ") and ": " in line]
    settings = [line for line in settings if not line.startswith(("Settings", "The API token"))]
    users = ["users:", "  required: [email, first_name, last_name]"]
    path.write_text("\n".join([*settings[:-1], *users]), encoding="utf-8")
    found = load_settings(tmp_path, {})
    assert (found.client, found.rate) == ("OC_YOURS", 10.0)
    assert found.users.required == ("email", "first_name", "last_name")


def test_a_second_init_overwrites_nothing_and_puts_back_what_is_missing(tmp_path):
    make_workspace(tmp_path)
    mapping = tmp_path / "mappings" / "banner-students.yaml"
    mapping.write_text("mine", encoding="utf-8")
    (tmp_path / "opscom.yaml").write_text("client: OC_TEST\n", encoding="utf-8")
    (tmp_path / "inbox").rmdir()
    assert make_workspace(tmp_path) == (tmp_path / "inbox",)
    assert mapping.read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "opscom.yaml").read_text(encoding="utf-8") == "client: OC_TEST\n"


def test_a_workspace_that_cannot_be_made_is_said(tmp_path):
    taken = tmp_path / "file"
    taken.touch()
    with pytest.raises(InputError) as told:
        make_workspace(taken)
    assert str(told.value) == (
        f"The workspace {taken} cannot be made ({os.strerror(17)}). "
        "Name a folder in which you may write."
    )


# Which files


def test_a_folder_is_read_one_level_deep_in_the_order_of_names(tmp_path):
    for name in ("b.csv", "a.xlsx", "inner/c.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert find_inputs([tmp_path])[0] == (tmp_path / "a.xlsx", tmp_path / "b.csv")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("~$roster.xlsx", "it says that roster.xlsx is open in Excel. Save it there before you push it."),
        (".~lock.roster.xlsx#", "it is a hidden file."),
        (".DS_Store", "it is a hidden file."),
        ("Thumbs.db", "it is a hidden file."),
        ("desktop.ini", "it is a hidden file."),
    ],
    ids=["Excel", "LibreOffice", "macOS", "thumbnails", "Windows"],
)  # fmt: skip
def test_lock_and_hidden_files_are_passed_over_by_name(tmp_path, name, why):
    (tmp_path / name).touch()
    (tmp_path / "roster.xlsx").touch()
    files, passed_over = find_inputs([tmp_path])
    assert files == (tmp_path / "roster.xlsx",)
    assert passed_over == (f"{name} was passed over: {why}",)


def test_a_file_named_by_the_person_is_read_whatever_it_is_called_and_once(tmp_path):
    path = tmp_path / ".hidden.csv"
    path.touch()
    (tmp_path / "inner").mkdir()
    assert find_inputs([path, tmp_path, tmp_path / "inner" / ".." / path.name])[0] == (path,)


# Names of what is written


@pytest.mark.parametrize(
    ("source", "kind", "name"),
    [
        ("roster.csv", "results", "roster-results.xlsx"),
        ("roster.csv", "checked", "roster-checked.xlsx"),
        ("fall.2026.xlsx", "results", "fall.2026-results.xlsx"),
        ("roster-results.xlsx", "results", "roster-results.xlsx"),
        ("roster-checked.xlsx", "results", "roster-results.xlsx"),
        ("roster-results.xlsx", "checked", "roster-checked.xlsx"),
        ("Roster-Results.XLSX", "results", "Roster-results.xlsx"),
        ("roster", "results", "roster-results.xlsx"),
    ],
)
def test_a_workbook_keeps_the_first_stem(source, kind, name):
    assert results_path(Path("out"), Path("in", source), kind, []) == Path("out", name)


def test_two_files_of_one_stem_in_one_run_get_two_workbooks():
    taken = []
    for source in ("roster.xlsx", "roster.csv", "other/roster.csv", "third/ROSTER.csv", "roster"):
        taken.append(results_path(Path("out"), Path(source), "results", taken))
    assert [path.name for path in taken] == [
        "roster-results.xlsx",
        "roster-csv-results.xlsx",
        "roster (2)-results.xlsx",
        "ROSTER (3)-results.xlsx",
        "roster (4)-results.xlsx",
    ]


SOURCES = ["a.csv", "A.csv", "a.xlsx", "a-csv.csv", "a", "a-results.xlsx", "a (2).csv"]


@given(st.lists(st.sampled_from(SOURCES), max_size=12))
def test_no_two_files_of_a_run_ever_share_a_workbook(names):
    taken = []
    for name in names:
        taken.append(results_path(Path("out"), Path(name), "results", taken))
    assert len({path.name.casefold() for path in taken}) == len(names)


@given(st.text(st.characters(codec="utf-8", exclude_characters="/\\\x00"), min_size=1, max_size=30))
def test_the_stem_of_a_workbook_of_ours_is_that_of_its_first_source(name):
    source = Path(name + ".csv")
    made = results_path(Path("out"), source, "results", [])
    assert first_stem(made) == first_stem(source)


def test_an_archived_file_has_the_time_in_its_name_and_replaces_none(tmp_path):
    moved = []
    for _ in range(3):
        file = tmp_path / "roster.csv"
        file.write_text("text", encoding="utf-8")
        digest = hashlib.sha256(b"text").hexdigest()
        moved.append(archive(file, digest, tmp_path / "archive", NOON))
        assert not file.exists()
    assert [path.name for path in moved] == [
        "roster 2026-09-01 12-00-00.csv",
        "roster 2026-09-01 12-00-00 (2).csv",
        "roster 2026-09-01 12-00-00 (3).csv",
    ]
    assert all(path.read_text(encoding="utf-8") == "text" for path in moved)
