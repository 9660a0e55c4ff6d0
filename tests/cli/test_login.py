"""``login``: the token is kept where only its owner can read it, found again, and shown nowhere."""

import json
import os
import stat

import pytest
from commanding import CLIENT, POSIX, ROOT, TOKEN, Office, Terminal
from controller import Controller, Fault


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path, "https://controller.example", token=None)


@pytest.fixture
def keychain(tmp_path):
    return {
        "PYTHON_KEYRING_BACKEND": "keychain.Keyring",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        "TEST_KEYCHAIN": str(tmp_path / "keychain.json"),
    }


def login(office, *options, given=None, environ=None):
    """Run ``login`` with a token on standard input, as a script does."""
    text = office.folder / "given.txt"
    text.write_text(f"{TOKEN}\n" if given is None else given, encoding="utf-8")
    with text.open() as stdin:
        done = office.run("login", *options, stdin=stdin, environ=environ)
    text.unlink()
    assert TOKEN not in done.out + done.err
    return done


def test_the_keychain_of_the_system_keeps_the_token_for_client_code_and_host(
    office, keychain, tmp_path
):
    done = login(office, environ=keychain)
    assert (done.code, done.err) == (
        0,
        (
            f"The API token of {CLIENT} at https://controller.example is kept in the keychain of this "
            "system.\n"
        ),
    )
    kept = json.loads((tmp_path / "keychain.json").read_text())
    assert kept == {f"opscom-import/{CLIENT} at https://controller.example": TOKEN}
    assert not (office.folder / ".opscom-token").exists()


def test_without_a_keychain_a_file_of_the_workspace_keeps_it_that_nobody_else_can_read(office):
    done = login(office, "--json")
    path = office.folder / ".opscom-token"
    assert (done.code, path.read_text()) == (0, TOKEN)
    assert done.json == {
        "exit_code": 0,
        "client": CLIENT,
        "host": "https://controller.example",
        "kept": f"{path}, which only you can read",
    }
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert login(office, given="another-token\n").code == 0
    assert path.read_text() == "another-token"


def test_a_keychain_that_does_not_open_is_no_keychain(office, keychain, tmp_path):
    (tmp_path / "keychain.json").mkdir()
    assert login(office, environ=keychain).code == 0
    assert (office.folder / ".opscom-token").read_text() == TOKEN


@pytest.mark.parametrize("place", ["keychain", "file"])
def test_a_push_takes_the_token_that_is_kept(tmp_path, keychain, place):
    environ = keychain if place == "keychain" else {}
    with Controller() as controller:
        office = Office(tmp_path, controller.url, token=None)
        office.roster(1)
        missing = office.run("push", "--yes", environ=environ)
        assert (missing.code, missing.err.splitlines()[-1]) == (
            5,
            (
                "Error: The API token is missing; nothing was sent. Keep it with `opscom-import login`, set "
                "OPSCOM_API_TOKEN, or name a file that only you can read as `token_file:` in opscom.yaml."
            ),
        )
        login(office, environ=environ)
        done = office.run("push", "--yes", "--json", environ=environ)
        assert done.states == {"roster.csv": {"pushed": 1}}
        assert [entry.body["apiToken"] for entry in controller.ledger] == [TOKEN]


@POSIX
def test_a_token_file_that_others_can_read_is_refused(office):
    login(office)
    path = office.folder / ".opscom-token"
    path.chmod(0o644)
    office.roster(1)
    done = office.run("push", "--yes")
    assert (done.code, done.err.splitlines()[-1]) == (
        5,
        (
            f"Error: The token file {path} can be read by others on this machine. "
            f"Make it yours alone: chmod 600 {path}"
        ),
    )


@pytest.mark.parametrize("place", ["keychain", "file"])
def test_a_token_that_is_forgotten_is_nowhere(office, keychain, tmp_path, place):
    environ = keychain if place == "keychain" else {}
    login(office, environ=environ)
    done = office.run("login", "--forget", environ=environ)
    assert (done.code, done.err) == (
        0,
        f"The API token of {CLIENT} at https://controller.example is forgotten.\n",
    )
    assert TOKEN not in "".join(p.read_text() for p in tmp_path.rglob("*") if p.is_file())
    again = office.run("login", "--forget", environ=environ)
    assert again.err == (
        f"The API token of {CLIENT} at https://controller.example was not kept here; nothing was "
        "changed.\n"
    )


def test_where_there_is_neither_keychain_nor_workspace_nothing_is_kept(office, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = login(office, "--workspace", elsewhere, "--client", CLIENT)
    assert (done.code, list(elsewhere.iterdir())) == (5, [])
    assert done.err == (
        "Error: This system has no keychain, and no workspace is here to keep the token in. Go into "
        "your workspace, or name it with --workspace; `opscom-import init` makes one.\n"
    )


def test_what_is_no_token_is_refused_and_not_repeated(office):
    done = login(office, given="two words of a secret\n")
    assert (done.code, done.err) == (
        5,
        (
            "Error: The API token in standard input is not valid: a token has 1 to 50 characters and no "
            "blanks. Copy it again from OPSCOM's message.\n"
        ),
    )


def test_a_byte_order_mark_before_a_token_is_none_of_it(office):
    assert login(office, given=f"\ufeff{TOKEN}\r\n").code == 0
    assert (office.folder / ".opscom-token").read_text() == TOKEN


def test_a_token_is_tried_with_one_question_that_changes_nothing(tmp_path):
    with Controller() as controller:
        office = Office(tmp_path, controller.url, token=None)
        done = login(office, "--test", "--json")
        assert (done.code, done.json["tested"]) == (0, True)
        assert done.err.splitlines()[-1].startswith("The token works: OPSCOM told ")


def test_a_token_that_opscom_refuses_is_said_so(tmp_path):
    with Controller({("*", 0): Fault("answer", code=9002)}) as controller:
        office = Office(tmp_path, controller.url, token=None)
        done = login(office, "--test")
        assert done.code == 3
        assert done.err.splitlines()[-1] == (
            "The token was tried and did not work. OPSCOM answers 9002: the API token has no permission "
            "for this request. Ask your OPSCOM administrator to allow this endpoint for your token "
            "(OPSCOM_API_TOKEN, or `token_file:` in opscom.yaml). "
            "Look into that, then run `opscom-import login --test` again."
        )


@POSIX
def test_on_a_terminal_the_token_is_typed_without_being_shown(office):
    with Terminal(office, "login") as terminal:
        terminal.wait_for("API token (it is not shown): ")
        terminal.type(TOKEN)
        assert terminal.end() == 0
        assert "is kept in" in terminal.screen
        assert TOKEN not in terminal.screen
