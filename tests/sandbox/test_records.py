"""The sandbox answers as the vendor's pages show, and remembers: a user an id, a vehicle a plate, each permit."""

import sys

import pytest
from rehearsing import LEAST, PERMIT, UPDATE, USER, VEHICLE, calling

from importer.errors import SettingsError
from importer.sandbox.server import Sandbox

OVERDUE = "violations/send_overdue_to_collections"


@pytest.fixture
def client():
    with calling() as client:
        yield client


# The samples


def test_a_user_gets_a_number_and_a_vehicle_its_id_as_text_and_a_second_one_is_refused(client):
    assert client.tell("profiles/push", USER) == {"status": "success", "reference_id": 1}
    assert client.tell("vehicles/push", VEHICLE) == {"status": "success", "vehicle_id_id": "1"}
    assert client.code("vehicles/push", {**VEHICLE, "plate": "pl8rdr", "colour": "blue"}) == 9012
    for change in ({"plate": "X"}, {"prov": "ON"}, {"plateType": "Car"}, {"plateTypeID": "4"}):
        assert client.code("vehicles/push", {**VEHICLE, **change}) is None
    assert len(client.records("vehicles")) == 5


def test_the_sample_stats_count_permits_by_zone_as_text(client):
    for zone in ("Lot 01", "Lot 02", "Lot 02", "Lot 03"):
        client.post("permits/push", {**PERMIT, "zone": zone})
    counted = [("Lot 01", "1"), ("Lot 02", "2"), ("Lot 03", "1")]
    stats = [{"type": "standard", "zone": zone, "total": total} for zone, total in counted]
    assert client.tell("permits/stats", {"zones": "Lot 01,Lot 02"}) == {"data": stats[:2]}
    assert client.tell("permits/stats") == {"data": stats}
    assert client.tell("permits/stats", {"zones": "NOT-REQUIRED--LIST-OF-ZONES"}) == {"data": []}


def test_the_user_types_are_those_of_the_sample_answer(client):
    answer = client.tell("profiles/types/list")
    assert answer["status"] == "success"
    first = {"id": "1", "type_name": "Full Time Student", "ext_info": "Student"}
    assert answer["user_types"][0] == first
    assert [each["id"] for each in answer["user_types"]] == ["1", *map(str, range(6, 14))]


def test_overdue_violations_are_told_once_and_then_marked_as_sent(client):
    first, second = client.tell(OVERDUE), client.tell(OVERDUE)
    assert [each["ViolationID"] for each in first["records"]] == [1, 2, 3]
    assert second == {"records": [], "state": first["state"]}
    assert list(first["state"]) == ["version", "csrf_token"]
    record = first["records"][0]
    assert (len(record), len(record["vehicle"]["drivers"][0])) == (50, 75)
    assert record["vehicle"]["province"]["ProvCode"] == "ON"


def test_a_plate_tells_its_permits_in_both_forms(client):
    zones, until = ("BIKE", "MOTO-S"), "2025-04-30 23:59:59"
    for zone in zones:
        body = {**PERMIT, "LicencePlate": "ABC123", "zone": zone, "endTime": "2025-04-30T23:59:59"}
        client.post("permits/push", body)
    permits = [{"expires": until, "type": "standard", "shortName": zone} for zone in zones]
    text = "".join(f"standard: {zone}\n Expires: {until}\n" for zone in zones)
    data = {"response": f"{text}\n", "plate": "abc123", "responseJSON": {"permits": permits}}
    assert client.plate("abc123").json() == {"error": 0, "data": data, "message": ""}


# Records


def test_a_user_is_updated_under_the_number_that_it_got_and_an_empty_text_blanks(client):
    for unique_id in ("a", "A"):
        body = {"unique_id": unique_id, "login_source": "X", "city": "Ottawa", "state": "NY"}
        client.post("profiles/push", body)
    change = {"login_source": "Y", "city": "", "province2": "ON", "state2": "MA"}
    assert client.tell("profiles/push", {"unique_id": "a", **change})["reference_id"] == 1
    kept = {"login_source": "X", "city": "Ottawa", "province": "NY"}
    changed = {"login_source": "Y", "province": "NY", "province2": "ON"}
    assert client.records("users") == [
        {"reference_id": "1", "unique_id": "a", **changed},
        {"reference_id": "2", "unique_id": "A", **kept},
    ]


@pytest.mark.parametrize(("name", "code"), [("email", 9019), ("user_name", 9020)], ids=str)
def test_an_email_and_a_username_belong_to_one_user(client, name, code):
    pushes = [
        ("1", "ada@example.com", None),
        ("1", "Ada@example.com", None),
        ("2", "ADA@EXAMPLE.COM", code),
        ("1", "other@example.com", None),
        ("2", "ADA@EXAMPLE.COM", None),
    ]
    for unique_id, value, told in pushes:
        body = {**LEAST["profiles/push"], "unique_id": unique_id, name: value}
        assert client.code("profiles/push", body) == told


def test_a_permit_gets_one_uuid_under_two_names_and_a_second_one_if_it_is_sent_twice(client):
    answers = [client.tell("permits/push", PERMIT) for _ in range(2)]
    ids = [answer["reference_id"] for answer in answers]
    told = {"status": "success", "reference_id": ids[0], "InternalReferenceID": ids[0]}
    assert answers[0] == told
    assert [len(part) for part in ids[0].split("-")] == [8, 4, 4, 4, 12]
    records = client.records("permits")
    assert [record["reference_id"] for record in records] == ids
    names = {"Amount": "amount", "CurrencyID": "currency", "LicencePlate": "plate"}
    body = {names.get(name, name): text for name, text in PERMIT.items()}
    assert records[0] == {"reference_id": ids[0], **body}


def test_an_update_changes_what_it_names_and_a_deleted_permit_is_not_found_again(client):
    created = client.tell("permits/push", PERMIT)
    number = {"referenceID": created["reference_id"]}
    body = {"reference_id": created["reference_id"].upper(), "plate": "NEW"}
    late = {"EndDateUtc": "2018-07-03T00:00:00"}
    assert client.tell("permits/update", {**body, **late}) == created
    (permit,) = client.records("permits")
    changed = (permit["plate"], permit["endTime"], permit["amount"])
    assert changed == ("NEW", "2018-07-03T00:00:00", "14.50")
    there = [client.plate(plate).json()["data"]["response"] != "" for plate in ("PL8RDR", "NEW")]
    assert there == [False, True]
    assert client.code("permits/update", {**number, "endTime": "2018-07-02T09:00:00"}) == 9005
    assert client.tell("permits/update", {**UPDATE, **number}) == created
    assert client.tell("permits/delete", number) == created
    assert client.code("permits/delete", number) == 9009
    assert client.code("permits/update", number) == 9009
    assert client.records("permits") == []


def test_records_outlive_the_sandbox_in_their_file(tmp_path):
    path = tmp_path / "new" / "sandbox.sqlite"
    with calling(Sandbox(path)) as client:
        client.post("profiles/push", USER)
        number = client.tell("permits/push", PERMIT)["reference_id"]
        client.post("vehicles/push", VEHICLE)
        client.post(OVERDUE)
        kept = {kind: client.records(kind) for kind in ("users", "vehicles", "permits")}
        if sys.platform != "win32":
            assert path.stat().st_mode & 0o777 == 0o600
    with calling(Sandbox(path)) as client:
        assert {kind: client.records(kind) for kind in kept} == kept
        assert client.tell("profiles/push", {**USER, "city": "Elsewhere"})["reference_id"] == 1
        assert client.code("vehicles/push", VEHICLE) == 9012
        assert client.code("permits/update", {"referenceID": number, "plate": "N"}) is None
        assert client.tell(OVERDUE)["records"] == []


def test_a_file_that_is_no_store_is_named(tmp_path):
    path = tmp_path / "sandbox.sqlite"
    path.write_text("This is a letter, and no database at all.\n" * 50, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        Sandbox(path)
    assert str(caught.value) == (
        f"{path}: the sandbox cannot keep its records in this file. "
        "Move the file away or make its folder writable."
    )
