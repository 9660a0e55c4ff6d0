"""``check``: all that a push would say, without a socket, a token or a trace."""

import re

from commanding import Office, read_results, user


def test_check_says_what_would_be_sent_and_sends_nothing(office, controller, call):
    office.table("inbox/roster.csv", [user(0), user(1) | {"Id": ""}])
    done = call("check", "--json")
    assert done.code == 1
    assert done.states == {"roster.csv": {"ready": 1, "invalid": 1}}
    assert re.fullmatch(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}", done.json["run"])
    path = office.folder / "results" / "roster-checked.xlsx"
    assert done.json["files"][0]["results"] == str(path)
    rows = read_results(path)
    assert [row["opscom_status"] for row in rows] == ["ready", "invalid"]
    assert rows[1]["opscom_error_code"] == "9013"
    assert (controller.connections, office.journal.exists()) == (0, False)
    assert [found.name for found in office.inbox.iterdir()] == ["roster.csv"]
    assert call("check").out == ""


def test_check_knows_what_was_pushed_before_also_where_the_host_is_spelled_otherwise(office, call):
    office.roster(2)
    assert call("push", "--yes", "--keep", "--limit", "1").code == 3
    text = (office.folder / "opscom.yaml").read_text(encoding="utf-8")
    office.write("opscom.yaml", text.replace("http://", "HTTP://").rstrip() + "/\n")
    assert call("check", "--json").states == {"roster.csv": {"ready": 1, "unchanged": 1}}


def test_the_encoding_that_a_note_asks_for_lets_the_rows_go(office, call):
    people = "".join(f"{n},Zo\u00e9,Pr\u00e9fontaine,p{n}@u.example\r\n" for n in range(4))
    path = office.inbox / "roster.csv"
    path.write_bytes(f"Id,First,Last,Mail\r\n{people}".encode("cp850"))
    assert call("check", "--json").states == {"roster.csv": {"invalid": 4}}
    mapping = next((office.folder / "mappings").glob("*.yaml"))
    mapping.write_text(
        f"{mapping.read_text(encoding='utf-8')}\nencoding: cp850\n", encoding="utf-8"
    )
    done = call("check", "--json")
    assert done.states == {"roster.csv": {"ready": 4}}
    [row, *_] = read_results(done.json["files"][0]["results"])
    assert (row["First"], row["Last"]) == ("Zo\u00e9", "Pr\u00e9fontaine")


NO_SOCKETS = """\
import socket, sys
class Refusing(socket.socket):
    def __new__(*_, **__): raise AssertionError('a socket was opened')
socket.socket = Refusing
socket.getaddrinfo = Refusing.__new__
from importer.cli import main
main(sys.argv[1:])
"""


def test_check_opens_no_socket_and_needs_neither_token_nor_client(tmp_path):
    office = Office(tmp_path, token=None, client=None)
    office.roster(2)
    done = office.run("check", "--json", code=NO_SOCKETS)
    assert (done.code, done.states) == (0, {"roster.csv": {"ready": 2}}), done.err
    proof = office.run("push", "--yes", "--sandbox", code=NO_SOCKETS)
    assert "AssertionError" in proof.err


def test_check_works_without_a_workspace_and_leaves_the_users_folder_alone(office, call):
    (office.folder / "opscom.yaml").unlink()
    (office.folder / "inbox").rmdir()
    office.roster(1, "roster.csv")
    done = call("check", "roster.csv", "--mapping", "mappings/roster.yaml", "--json")
    assert (done.code, done.states) == (0, {"roster.csv": {"ready": 1}})
    assert re.fullmatch(
        r"No workspace is here; what was sent is remembered in .*\Wopscom-importer\W.*journal\.sqlite alone\. "
        r"Work in one workspace \(`opscom-import init`\), so that nothing is sent twice\.",
        done.err.splitlines()[0],
    )
    assert (office.folder / "results" / "roster-checked.xlsx").exists()
    assert list(office.home.iterdir()) == []
    nothing = call("check")
    assert nothing.code == 5
    assert nothing.err == (
        f"Error: There is no inbox in {office.folder}. "
        "Go into your workspace, or name it with --workspace; or name a file. "
        "`opscom-import init` makes a new workspace.\n"
    )
