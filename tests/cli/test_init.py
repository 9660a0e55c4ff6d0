"""``init``: a workspace, what is said of it, and the guide in it."""

import re
import sys

import pytest
from commanding import ROOT, Office

ENDING = {"win32": "cmd", "darwin": "command"}.get(sys.platform, "sh")
GUIDE = (ROOT / "docs" / "first-day.md").read_text(encoding="utf-8")


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path, token=None, client=None)


def test_a_workspace_is_made_and_told_in_two_lines(office, call):
    done = call("init", "new office", "--json")
    assert done.code == done.json["exit_code"] == 0
    folder = office.folder / "new office"
    assert done.json["workspace"] == str(folder)
    assert (folder / "mappings" / "banner-students.yaml").is_file()
    first, second = done.err.splitlines()[:2]
    assert first == (
        "Made in new office: inbox, results, archive, mappings, opscom.yaml, first-day.html, "
        f"Check.{ENDING}, Push.{ENDING}, Map.{ENDING}, 8 files in mappings."
    )
    assert re.fullmatch(
        r"Next: type cd .new office., drop an export into inbox, and open first-day.html: it leads you "
        r"from there\.",
        second,
    )
    empty = call("push", "--sandbox", "--workspace", "new office")
    assert (empty.code, "Drop an export there, or name a file." in empty.err) == (5, True)


def test_a_second_time_only_what_is_missing_is_made(office, call):
    call("init")
    (office.folder / "first-day.html").write_text("mine", encoding="utf-8")
    (office.folder / "mappings" / "banner-staff.yaml").unlink()
    assert call("init").err.splitlines()[0] == "Made in .: 1 file in mappings."
    assert call("init").err.splitlines() == [
        ". is a workspace already; nothing was changed.",
        "Next: drop an export into inbox, and open first-day.html: it leads you from there.",
    ]
    assert (office.folder / "first-day.html").read_text(encoding="utf-8") == "mine"


def test_the_guide_in_the_workspace_is_one_page_with_its_pictures(office, call):
    call("init", "new")
    page = (office.folder / "new" / "first-day.html").read_text(encoding="utf-8")
    assert (
        page.count('src="data:image/png;base64,iVBOR') == GUIDE.count("](pictures/first-day/") > 3
    )
    assert 'src="pictures' not in page
    assert ".md" not in page
    for heading in re.findall(r"^## (.*)$", GUIDE, re.MULTILINE):
        assert f"<h2>{heading}</h2>" in page
