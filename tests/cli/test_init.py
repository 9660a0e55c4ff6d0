"""``init``: a workspace, what is said of it, the guide in it, and files to double-click."""

import re
import subprocess
import sys

import pytest
from commanding import POSIX, ROOT, Office

from importer.new_workspace import make_workspace
from importer.settings import Settings, load_settings
from importer.workspace import shipped_mappings

ENDING = {"win32": "cmd", "darwin": "command"}.get(sys.platform, "sh")
GUIDE = (ROOT / "docs" / "first-day.md").read_text(encoding="utf-8")


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path, token=None, client=None)


def test_a_workspace_is_made_and_told_in_two_lines(office, call):
    done = call("init", "new office", "--json")
    folder = office.folder / "new office"
    assert (done.code, done.json["exit_code"], done.json["workspace"]) == (0, 0, str(folder))
    first, second = done.err.splitlines()[:2]
    launchers = [f"{name}.{ENDING}" for name in ("Check", "Push", "Map")]
    assert first == (
        "Made in new office: inbox, results, archive, mappings, opscom.yaml, first-day.html, "
        f"{', '.join(launchers)}, 8 files in mappings."
    )
    assert re.fullmatch(
        r"Next: type cd .new office., drop an export into inbox, and open first-day.html: it leads you "
        r"from there\.",
        second,
    )
    folders = {"inbox", "results", "archive", "mappings"}
    shipped = {f"mappings/{path.name}" for path in shipped_mappings()}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert there == {*folders, "opscom.yaml", "first-day.html", *launchers, *shipped}
    assert {*map(str, (folder / name for name in there)), str(folder)} == {
        str(office.folder / path) for path in done.json["made"]
    }
    assert load_settings(folder, {}) == Settings()
    empty = call("push", "--sandbox", "--workspace", "new office")
    assert (empty.code, "Drop an export there, or name a file." in empty.err) == (5, True)


def test_a_second_time_only_what_is_missing_is_made(office, call):
    call("init")
    mine = [office.folder / name for name in ("first-day.html", f"Push.{ENDING}", "opscom.yaml")]
    for path in mine:
        path.write_text("# mine", encoding="utf-8")
    (office.folder / "mappings" / "banner-staff.yaml").unlink()
    assert call("init").err.splitlines()[0] == "Made in .: 1 file in mappings."
    assert call("init").err.splitlines() == [
        ". is a workspace already; nothing was changed.",
        "Next: drop an export into inbox, and open first-day.html: it leads you from there.",
    ]
    assert {path.read_text(encoding="utf-8") for path in mine} == {"# mine"}


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


def test_the_guide_in_the_workspace_is_one_page_with_its_pictures(office, call):
    call("init", "new")
    page = (office.folder / "new" / "first-day.html").read_text(encoding="utf-8")
    pictures = page.count('src="data:image/png;base64,iVBOR')
    assert pictures == GUIDE.count("](pictures/first-day/") > 3
    assert ('src="pictures' in page, ".md" in page) == (False, False)
    for heading in re.findall(r"^## (.*)$", GUIDE, re.MULTILINE):
        assert f"<h2>{heading}</h2>" in page


# Files to double-click: they run in their own folder and wait for a key.


@pytest.fixture
def deans(tmp_path):
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
def test_a_double_click_checks_the_inbox_or_refuses_a_push_and_waits_for_a_key(deans):
    deans.roster(2)
    make_workspace(deans.folder, system="linux")
    shown = click(deans, "Check.sh")
    assert "roster.csv: 2 ready (2 rows, mapping Roster)" in shown
    assert "Press Enter to close this window." in shown
    assert (deans.folder / "results" / "roster-checked.xlsx").exists()
    assert "Nobody is here to be asked before rows are sent." in click(deans, "Push.sh")


@POSIX
@pytest.mark.parametrize("written", ["{}", "'{}' ", "escaped"])
def test_a_spreadsheet_is_dragged_into_the_window(deans, written):
    path = deans.roster(1, "inbox/new export.csv")
    make_workspace(deans.folder, system="linux", python="/bin/echo")
    escaped = "".join(f"\\{sign}" if sign in " '%" else sign for sign in str(path))
    typed = escaped if written == "escaped" else written.format(path)
    assert f"-m importer map {path}" in click(deans, "Map.sh", typed=typed + "\n\n")
    assert f"-m importer map {path}" in click(deans, "Map.sh", path)


def test_windows_and_macos_get_their_own_files_with_their_own_line_ends(tmp_path):
    made = make_workspace(tmp_path, system="darwin")
    assert [path.name for path in made[-3:]] == ["Check.command", "Push.command", "Map.command"]
    make_workspace(tmp_path, system="win32", python=r"C:\Program Files\100%\python.exe")
    made = [tmp_path / f"{name}.cmd" for name in ("Check", "Push", "Map")]
    assert sorted(tmp_path.glob("*.cmd")) == sorted(made)
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
