"""The sandbox takes what the vendor's pages show, and answers as they show."""

import pytest
from rehearsing import PERMIT, UPDATE, USER, VEHICLE, calling


@pytest.fixture
def client():
    with calling() as client:
        yield client


@pytest.fixture(scope="module")
def shared():
    """One sandbox for the tests that store nothing they look at."""
    with calling() as client:
        yield client


def test_the_sample_user_gets_a_number(client):
    assert client.tell("profiles/push", USER) == {"status": "success", "reference_id": 1}


def test_the_sample_vehicle_gets_its_id_as_text(client):
    assert client.tell("vehicles/push", VEHICLE) == {"status": "success", "vehicle_id_id": "1"}


def test_the_sample_permit_gets_one_uuid_under_two_names(client):
    answer = client.tell("permits/push", PERMIT)
    assert list(answer) == ["status", "reference_id", "InternalReferenceID"]
    assert answer["status"] == "success"
    assert answer["reference_id"] == answer["InternalReferenceID"]
    assert [len(part) for part in answer["reference_id"].split("-")] == [8, 4, 4, 4, 12]


def test_the_sample_update_and_delete_answer_the_reference_id_of_the_permit(client):
    created = client.tell("permits/push", PERMIT)
    number = {"referenceID": created["reference_id"]}
    assert client.tell("permits/update", {**UPDATE, **number}) == created
    assert client.tell("permits/delete", number) == created


def test_the_sample_stats_count_permits_by_zone_as_text(client):
    for zone in ("Lot 01", "Lot 02", "Lot 02", "Lot 03"):
        client.post("permits/push", {**PERMIT, "zone": zone})
    assert client.tell("permits/stats", {"zones": "Lot 01,Lot 02"}) == {
        "data": [
            {"type": "standard", "zone": "Lot 01", "total": "1"},
            {"type": "standard", "zone": "Lot 02", "total": "2"},
        ]
    }
    assert len(client.tell("permits/stats")["data"]) == 3
    assert client.tell("permits/stats", {"zones": "NOT-REQUIRED--LIST-OF-ZONES"}) == {"data": []}


def test_the_user_types_are_those_of_the_sample_answer(shared):
    answer = shared.tell("profiles/types/list")
    assert answer["status"] == "success"
    assert answer["user_types"][0] == {
        "id": "1",
        "type_name": "Full Time Student",
        "ext_info": "Student",
    }
    assert [each["id"] for each in answer["user_types"]] == ["1", *map(str, range(6, 14))]


def test_overdue_violations_are_told_once_and_then_marked_as_sent(client):
    call = "violations/send_overdue_to_collections"
    first, second = client.tell(call), client.tell(call)
    assert [each["ViolationID"] for each in first["records"]] == [1, 2, 3]
    assert second == {"records": [], "state": first["state"]}
    assert list(first["state"]) == ["version", "csrf_token"]
    record = first["records"][0]
    assert len(record) == 50
    assert len(record["vehicle"]["drivers"][0]) == 75
    assert record["vehicle"]["province"]["ProvCode"] == "ON"


def test_a_plate_tells_its_permits_in_both_forms(client):
    for zone in ("BIKE", "MOTO-S"):
        body = {**PERMIT, "LicencePlate": "ABC123", "zone": zone, "endTime": "2025-04-30T23:59:59"}
        client.post("permits/push", body)
    text = "standard: BIKE\n Expires: 2025-04-30 23:59:59\nstandard: MOTO-S\n Expires: 2025-04-30 23:59:59\n\n"
    assert client.plate("abc123").json() == {
        "error": 0,
        "data": {
            "response": text,
            "plate": "abc123",
            "responseJSON": {
                "permits": [
                    {"expires": "2025-04-30 23:59:59", "type": "standard", "shortName": "BIKE"},
                    {"expires": "2025-04-30 23:59:59", "type": "standard", "shortName": "MOTO-S"},
                ]
            },
        },
        "message": "",
    }
