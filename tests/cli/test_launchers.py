"""Files to double-click: they run in their own folder, wait for a key, and are never written over."""

import subprocess

import pytest
from commanding import POSIX, Office

from importer.launchers import make_launchers


@pytest.fixture
def office(tmp_path):
    office = Office(tmp_path)
    office.folder = office.folder.rename(tmp_path / "Dean's office 100%")
    return office


def click(office, name, *arguments, typed="\n"):
    """Run a launcher from another folder, as a file manager does; return what the window shows."""
    done = subprocess.run(
        [str(office.folder / name), *map(str, arguments)],
        cwd=office.home,
        env=office.environment(),
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=100,
    )
    return done.stdout + done.stderr


@POSIX
def test_a_double_click_checks_the_inbox_and_waits_for_a_key(office):
    office.roster(2)
    make_launchers(office.folder, system="linux")
    shown = click(office, "Check.sh")
    assert "roster.csv: 2 ready (2 rows, mapping Roster)" in shown
    assert "Press Enter to close this window." in shown
    assert (office.folder / "results" / "roster-checked.xlsx").exists()


@POSIX
def test_a_push_that_cannot_ask_sends_nothing(office):
    office.roster(2)
    make_launchers(office.folder, system="linux")
    assert "Nobody is here to be asked before rows are sent." in click(office, "Push.sh")


@POSIX
@pytest.mark.parametrize("written", ["{}", "'{}' ", "escaped"])
def test_a_spreadsheet_is_dragged_into_the_window(office, written):
    path = office.roster(1, "inbox/new export.csv")
    make_launchers(office.folder, system="linux", python="/bin/echo")
    escaped = "".join(f"\\{sign}" if sign in " '%" else sign for sign in str(path))
    typed = escaped if written == "escaped" else written.format(path)
    assert f"-m importer map {path}" in click(office, "Map.sh", typed=typed + "\n\n")
    assert f"-m importer map {path}" in click(office, "Map.sh", path)


def test_windows_gets_its_own_files_with_its_own_line_ends(tmp_path):
    made = make_launchers(tmp_path, system="win32", python=r"C:\Program Files\100%\python.exe")
    assert [path.name for path in made] == ["Check.cmd", "Push.cmd", "Map.cmd"]
    check = made[0].read_bytes().decode()
    assert '\r\n"C:\\Program Files\\100%%\\python.exe" -m importer check\r\npopd\r\n' in check
    assert made[2].read_bytes().decode() == (
        "@echo off\r\n"
        "rem Runs opscom-import map in the folder that this file lies in.\r\n"
        "chcp 65001 >nul\r\n"
        "rem Where this is a network share, cmd gives it a letter until popd.\r\n"
        'pushd "%~dp0"\r\n'
        'set "file=%~1"\r\n'
        'if not defined file set /p "file=Drag the spreadsheet into this window, then press Enter: "\r\n'
        'if defined file set "file=%file:"=%"\r\n'
        '"C:\\Program Files\\100%%\\python.exe" -m importer map "%file%"\r\n'
        "popd\r\n"
        "echo.\r\n"
        "pause\r\n"
    )


def test_a_file_that_is_there_stays_as_it_is(tmp_path):
    (tmp_path / "Push.command").write_text("mine")
    made = make_launchers(tmp_path, system="darwin")
    assert [path.name for path in made] == ["Check.command", "Map.command"]
    assert (tmp_path / "Push.command").read_text() == "mine"
