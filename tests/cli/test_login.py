"""``login``: the token is kept where only its owner can read it, found again, and shown nowhere."""

import io
import os
import stat
import sys

import keyring.backend
import keyring.errors
import pytest
from commanding import CLIENT, TOKEN, Office
from controller import Fault


@pytest.fixture
def office(tmp_path, controller):
    return Office(tmp_path, controller.url, token=None)


@pytest.fixture
def kept(office):
    return office.folder / ".opscom-token"


class Keychain(keyring.backend.KeyringBackend):
    """A keychain of a system, which may be locked."""

    priority, locked = 9, False

    def __init__(self):
        super().__init__()
        self._tokens = {}

    @property
    def tokens(self):
        if self.locked:
            raise keyring.errors.KeyringLocked("locked")
        return self._tokens

    def get_password(self, service, username):
        return self.tokens.get((service, username))

    def set_password(self, service, username, password):
        self.tokens[service, username] = password

    def delete_password(self, service, username):
        del self.tokens[service, username]


@pytest.fixture
def keychain():
    before, made = keyring.get_keyring(), Keychain()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def login(call, monkeypatch):
    """Make a function that runs ``login`` with a token on standard input, as a script does."""

    def run(*options, given=f"{TOKEN}\n"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        done = call("login", *options)
        assert TOKEN not in done.out + done.err
        return done

    return run


def test_the_keychain_of_the_system_keeps_the_token_for_client_code_and_host(
    office, controller, call, login, kept, keychain
):
    account = f"{CLIENT} at {controller.url}"
    office.roster(1)
    assert call("push", "--yes").err.splitlines()[-1] == (
        "Error: The API token is missing; nothing was sent. Keep it with `opscom-import login`, set "
        "OPSCOM_API_TOKEN, or name a file that only you can read as `token_file:` in opscom.yaml."
    )
    assert login().err == f"The API token of {account} is kept in the keychain of this system.\n"
    assert (keychain.tokens, kept.exists()) == ({("opscom-import", account): TOKEN}, False)
    assert TOKEN not in call("push", "--yes").err
    assert [entry.body["apiToken"] for entry in controller.ledger] == [TOKEN]
    # Plate validation is on a host of its own, and takes the same token.
    other = controller.url.replace("127.0.0.1", "localhost")
    cars = ("pull", "plates", office.roster(1, "cars.csv"), "--column", "First")
    assert call(*cars, "--plate-host", other).code == 0
    assert controller.ledger[-1].body["api_token"] == TOKEN
    assert login("--forget").err == f"The API token of {account} is forgotten.\n"
    assert keychain.tokens == {}
    nothing = f"The API token of {account} was not kept here; nothing was changed.\n"
    assert login("--forget").err == nothing


def test_a_keychain_that_does_not_open_is_no_keychain(login, kept, keychain):
    keychain.locked = True
    assert login().code == 0
    assert kept.read_text() == TOKEN


def test_without_a_keychain_a_file_of_the_workspace_keeps_it_that_nobody_else_can_read(
    office, controller, call, login, kept
):
    office.roster(1)
    done = login("--json")
    assert (done.code, kept.read_text()) == (0, TOKEN)
    who = "only you can read" if os.name == "posix" else "whoever may read its folder can read"
    where = {"client": CLIENT, "host": controller.url, "kept": f"{kept}, which {who}"}
    assert done.json == {"exit_code": 0} | where
    if os.name == "posix":
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert call("push", "--yes").code == 0
    assert [entry.body["apiToken"] for entry in controller.ledger] == [TOKEN]
    # A byte order mark and the line ends of Windows are none of a token.
    assert login(given="\ufeffanother-token\r\n").code == 0
    assert kept.read_text() == "another-token"
    assert (login("--forget").code, kept.exists()) == (0, False)


def test_where_there_is_neither_keychain_nor_workspace_it_is_said(login, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = login("--workspace", elsewhere, "--client", CLIENT)
    assert (done.code, list(elsewhere.iterdir())) == (5, [])
    assert done.err == (
        "Error: This system has no keychain, and no workspace is here to keep the token in. Go into "
        "your workspace, or name it with --workspace; `opscom-import init` makes one.\n"
    )


def test_a_token_is_tried_with_one_question_that_changes_nothing(controller, login):
    done = login("--test", "--json")
    assert (done.code, done.json["tested"]) == (0, True)
    assert done.err.splitlines()[-1] == "The token works: OPSCOM told 9 user types."
    controller.plan["*", 0] = Fault("answer", code=9002)
    done = login("--test")
    assert (done.code, {entry.call for entry in controller.ledger}) == (3, {"profiles/types/list"})
    assert done.err.splitlines()[-1] == (
        "The token was tried and did not work. OPSCOM answers 9002: the API token has no permission "
        "for this request. Ask your OPSCOM administrator to allow this endpoint for your token "
        "(`opscom-import login`, OPSCOM_API_TOKEN, or `token_file:` in opscom.yaml). "
        "Look into that, then run the same command again."
    )


def test_the_token_just_given_is_tried_and_else_the_one_that_is_kept(
    controller, login, monkeypatch
):
    with monkeypatch.context() as here:
        here.setenv("OPSCOM_API_TOKEN", "another-token")
        assert login("--test").code == 0
    done = login("--test", given="")
    assert (done.code, done.err) == (0, "The token works: OPSCOM told 9 user types.\n")
    assert [entry.body["apiToken"] for entry in controller.ledger] == [TOKEN, TOKEN]
    assert login(given="").err == (
        "Error: The API token in standard input is empty. Ask OPSCOM for it.\n"
    )
