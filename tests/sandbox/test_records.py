"""The sandbox answers as the vendor's pages show, and remembers: a user an id, a vehicle a plate, each permit."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from controller import records_of
from rehearsing import LEAST, PERMIT, UPDATE, USER, VEHICLE, Client, calling

from importer.errors import SettingsError
from importer.sandbox import Sandbox


@pytest.fixture
def client():
    with calling() as client:
        yield client


# The samples


def test_the_sample_user_gets_a_number_and_the_sample_vehicle_its_id_as_text(client):
    assert client.tell("profiles/push", USER) == {"status": "success", "reference_id": 1}
    assert client.tell("vehicles/push", VEHICLE) == {"status": "success", "vehicle_id_id": "1"}


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


def test_the_user_types_are_those_of_the_sample_answer(client):
    answer = client.tell("profiles/types/list")
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


# Records


def test_a_user_is_updated_under_the_number_that_it_got(client):
    for unique_id in ("a", "A"):
        client.post(
            "profiles/push", {"unique_id": unique_id, "login_source": "X", "city": "Ottawa"}
        )
    answer = client.tell("profiles/push", {"unique_id": "a", "login_source": "Y", "street2": "9"})
    assert answer["reference_id"] == 1
    assert client.records("users") == [
        {
            "reference_id": "1",
            "unique_id": "a",
            "login_source": "Y",
            "city": "Ottawa",
            "street2": "9",
        },
        {"reference_id": "2", "unique_id": "A", "login_source": "X", "city": "Ottawa"},
    ]


def test_records_are_kept_under_the_first_name_and_an_empty_text_blanks_what_is_stored(client):
    body = LEAST["profiles/push"]
    client.post("profiles/push", {**body, "city": "Ottawa"})
    client.post(
        "profiles/push", {**body, "state": "NY", "province2": "ON", "state2": "MA", "city": ""}
    )
    stored = {"reference_id": "1", **body, "province": "NY", "province2": "ON"}
    assert client.records("users") == [stored]


@pytest.mark.parametrize(("name", "code"), [("email", 9019), ("user_name", 9020)], ids=str)
def test_an_email_and_a_username_belong_to_one_user(client, name, code):
    def push(unique_id, value):
        return client.code(
            "profiles/push", {"unique_id": unique_id, "login_source": "X", name: value}
        )

    assert push("1", "ada@example.com") is None
    assert push("1", "Ada@example.com") is None
    assert push("2", "ADA@EXAMPLE.COM") == code
    assert push("1", "other@example.com") is None
    assert push("2", "ADA@EXAMPLE.COM") is None


def test_a_vehicle_is_there_once_for_its_plate_province_and_plate_type(client):
    assert client.code("vehicles/push", VEHICLE) is None
    assert client.code("vehicles/push", {**VEHICLE, "plate": "pl8rdr", "colour": "blue"}) == 9012
    for change in ({"plate": "X"}, {"prov": "ON"}, {"plateType": "Car"}, {"plateTypeID": "4"}):
        assert client.code("vehicles/push", {**VEHICLE, **change}) is None
    assert len(client.records("vehicles")) == 5


def test_a_permit_gets_one_uuid_under_two_names_and_a_second_one_if_it_is_sent_twice(client):
    answers = [client.tell("permits/push", PERMIT) for _ in range(2)]
    ids = [answer["reference_id"] for answer in answers]
    assert answers[0] == {
        "status": "success",
        "reference_id": ids[0],
        "InternalReferenceID": ids[0],
    }
    assert [len(part) for part in ids[0].split("-")] == [8, 4, 4, 4, 12]
    records = client.records("permits")
    assert [record["reference_id"] for record in records] == ids
    assert records[0] == {
        "reference_id": ids[0],
        "amount": "14.50",
        "currency": "CAD",
        "startTime": "2018-07-02T09:00:00",
        "endTime": "2018-07-02T09:30:00",
        "plate": "PL8RDR",
        "permitNo": "L4-1138",
        "zone": "Lot 4",
    }


def test_an_update_changes_what_it_names(client):
    number = client.tell("permits/push", PERMIT)["reference_id"]
    body = {"reference_id": number.upper(), "plate": "NEW", "EndDateUtc": "2018-07-03T00:00:00"}
    assert client.tell("permits/update", body)["reference_id"] == number
    (permit,) = client.records("permits")
    assert (permit["plate"], permit["endTime"], permit["amount"]) == (
        "NEW",
        "2018-07-03T00:00:00",
        "14.50",
    )
    assert client.plate("PL8RDR").json()["data"]["response"] == ""
    assert client.plate("NEW").json()["data"]["response"] != ""


def test_an_update_cannot_end_a_permit_before_its_start_and_a_deleted_one_is_not_found_again(
    client,
):
    created = client.tell("permits/push", PERMIT)
    number = {"referenceID": created["reference_id"]}
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
        client.post("violations/send_overdue_to_collections")
        kept = {kind: client.records(kind) for kind in ("users", "vehicles", "permits")}
        if sys.platform != "win32":
            assert path.stat().st_mode & 0o777 == 0o600
    with calling(Sandbox(path)) as client:
        assert {kind: client.records(kind) for kind in kept} == kept
        assert client.tell("profiles/push", {**USER, "city": "Elsewhere"})["reference_id"] == 1
        assert client.code("vehicles/push", VEHICLE) == 9012
        assert client.code("permits/update", {"referenceID": number, "plate": "N"}) is None
        assert client.tell("violations/send_overdue_to_collections")["records"] == []


def test_a_file_that_is_no_store_is_named(tmp_path):
    path = tmp_path / "sandbox.sqlite"
    path.write_text("This is a letter, and no database at all.\n" * 50, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        Sandbox(path)
    assert str(caught.value) == (
        f"{path}: the sandbox cannot keep its records in this file. "
        "Move the file away or make its folder writable."
    )


def test_eight_callers_of_two_sandboxes_that_share_a_file_lose_nothing(tmp_path):
    path = tmp_path / "sandbox.sqlite"
    with Sandbox(path) as first, Sandbox(path) as second:

        def caller(name):
            client = Client((first, second)[name % 2])
            for number in range(25):
                body = {**PERMIT, "permitNo": f"{name}-{number}"}
                assert client.code("permits/push", body) is None
                if number % 5 == 0:
                    client.post("profiles/push", {"unique_id": "same", "login_source": str(name)})
            client.session.close()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(caller, range(8)))
        permits = records_of(first, "permits")
        assert len({permit["permitNo"] for permit in permits}) == 200
        assert len({permit["reference_id"] for permit in permits}) == 200
        assert len(records_of(second, "users")) == 1
