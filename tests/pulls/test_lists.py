"""User types and permit counts: asked as often as it takes, kept, and laid out in workbooks."""

import json
import os
import stat

import openpyxl
import pytest
from commanding import CLIENT, TOKEN
from controller import Fault
from pulling import answer, body, rows_of, sample

from importer.delivery.policy import settings_fault
from importer.errors import InputError
from importer.workspace import KeptTypes, UserType, keep_user_types, kept_user_types

TYPES = "profiles/types/list"
HOST = "https://opscom.example"


def kept_of(*types):
    return KeptTypes(HOST, CLIENT, types)


def test_user_types_are_listed_kept_and_laid_out(office):
    types = json.loads(answer("user-types"))["user_types"]
    done, (entry,) = office.ask(sample("user-types"), "user-types")
    assert done.code == 0
    results = office.results / "user-types.xlsx"
    assert done.json == {
        "exit_code": 0,
        "user_types": types,
        "kept": str(office.folder / "user-types.json"),
        "results": str(results),
    }
    assert (len(types), rows_of(results, "User types")) == (9, types)
    assert openpyxl.load_workbook(results).sheetnames == ["Summary", "User types"]
    assert done.err.splitlines()[2:5] == [
        "  1  Full Time Student  Student",
        "  6  Demo  Public",
        "  7  Full Time Staff  Staff",
    ]
    if os.name == "posix":
        assert stat.S_IMODE((office.folder / "user-types.json").stat().st_mode) == 0o600
    kept = kept_user_types(office.folder)
    assert (kept.host, kept.client) == (f"http://{entry.headers['host']}", CLIENT)
    assert kept.ids["Full Time Staff"] == "7"
    assert (entry.path, entry.body) == (f"/api/{CLIENT}/v1/{TYPES}", {"apiToken": TOKEN})


def test_permit_stats_of_the_zones_asked_for_are_numbers_that_can_be_added_up(office):
    done, (entry,) = office.ask(sample("permit-stats"), "permit-stats", "--zones", "zone1,Lot 9")
    results = office.results / "permit-stats.xlsx"
    data = json.loads(answer("permit-stats"))["data"]
    assert done.json == {"exit_code": 0, "data": data, "results": str(results)}
    assert entry.body == {"apiToken": TOKEN, "zones": "zone1,Lot 9"}
    assert rows_of(results, "Permit stats") == [
        {"type": "standard", "zone": "zone1", "total": 4},
        {"type": "temp", "zone": "zone1", "total": 35},
    ]


SOON = {"Retry-After": "0"}
PASSING = {
    "lost": Fault("lost"),
    "a page with 200": Fault("answer", body="<html>no</html>"),
    "503": Fault("answer", status=503, headers=SOON),
    "429": Fault("answer", status=429, headers=SOON),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_read_is_asked_again_after_whatever_passes(office, fault):
    done, ledger = office.ask({("*", 1): fault}, "user-types")
    assert (done.code, len(ledger)) == (0, 2)


LASTING = {
    "settings": (Fault("answer", code=9034), settings_fault("9034")),
    "told to wait too long": (
        Fault("answer", status=429, headers={"Retry-After": "9999"}),
        "OPSCOM asks to go more slowly (HTTP 429). OPSCOM asks to wait longer than a run may wait.",
    ),
}


@pytest.mark.parametrize(("fault", "why"), LASTING.values(), ids=LASTING)
def test_a_read_that_cannot_be_answered_ends_with_exit_3_its_reason_and_what_was_kept_before(
    office, fault, why
):
    keep_user_types(office.folder, kept_of(UserType("1", "Old", "")))
    done, ledger = office.ask(fault, "user-types")
    assert (done.code, len(ledger)) == (3, 1)
    assert done.json["error"] == (
        f"OPSCOM gave no list of user-types. {why} Look into that, then run the same command again."
    )
    assert kept_user_types(office.folder).ids == {"Old": "1"}


def test_the_token_and_secrets_of_an_answer_are_nowhere(office):
    secret = {"api_token": "hush", "salt": "hush"}
    kind = {"id": "1", "type_name": f"x {TOKEN}", "ext_info": ""}
    done, _ = office.ask(body({"status": "success", "user_types": [kind | secret]}), "user-types")
    assert done.json["user_types"] == [kind | {"type_name": "x [API token]"}]
    held = office.everything() + (done.out + done.err).encode()
    assert (TOKEN.encode() in held, b"hush" in held) == (False, False)


# What is kept


def test_a_name_that_two_types_share_stands_for_neither():
    types = (UserType("1", "Staff", "A"), UserType("2", "STAFF ", "B"), UserType("3", "Demo", ""))
    kept = kept_of(*types)
    assert kept.ids == {"Demo": "3"}
    assert kept.shared_names == ("STAFF ",)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"types": 1}', "\xff"], ids=repr)
def test_a_damaged_file_of_user_types_is_said_with_what_to_do(tmp_path, text):
    path = tmp_path / "user-types.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError) as error:
        kept_user_types(tmp_path)
    assert str(error.value) == f"{path} cannot be read. Run `opscom-import pull user-types` again."
