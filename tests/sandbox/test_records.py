"""What the sandbox remembers: one user an id, one vehicle a plate, a permit each time."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from controller import records_of
from rehearsing import LEAST, PERMIT, USER, VEHICLE, Client, calling

from importer.errors import SettingsError
from importer.sandbox import Sandbox


@pytest.fixture
def client():
    with calling() as client:
        yield client


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


def test_an_empty_text_blanks_what_is_stored(client):
    body = LEAST["profiles/push"]
    client.post("profiles/push", {**body, "city": "Ottawa"})
    client.post("profiles/push", {**body, "city": ""})
    assert client.records("users") == [{"reference_id": "1", **body}]


def test_records_are_kept_under_the_first_name_and_the_token_is_not_kept(client):
    client.post(
        "profiles/push",
        {**LEAST["profiles/push"], "state": "NY", "province2": "ON", "state2": "MA"},
    )
    (user,) = client.records("users")
    assert user == {
        "reference_id": "1",
        **LEAST["profiles/push"],
        "province": "NY",
        "province2": "ON",
    }


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


def test_a_permit_that_is_sent_twice_is_created_twice(client):
    answers = [client.tell("permits/push", PERMIT) for _ in range(2)]
    records = client.records("permits")
    assert [record["reference_id"] for record in records] == [
        answer["reference_id"] for answer in answers
    ]
    assert records[0] == {
        "reference_id": answers[0]["reference_id"],
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


def test_an_update_cannot_end_a_permit_before_its_start(client):
    number = client.tell("permits/push", PERMIT)["reference_id"]
    body = {"referenceID": number, "endTime": "2018-07-02T09:00:00"}
    assert client.code("permits/update", body) == 9005


def test_a_deleted_permit_is_not_found_again(client):
    number = {"referenceID": client.tell("permits/push", PERMIT)["reference_id"]}
    assert client.code("permits/delete", number) is None
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
    with calling(Sandbox(path)) as client:
        assert {kind: client.records(kind) for kind in kept} == kept
        assert client.tell("profiles/push", {**USER, "city": "Elsewhere"})["reference_id"] == 1
        assert client.code("vehicles/push", VEHICLE) == 9012
        assert client.code("permits/update", {"referenceID": number, "plate": "N"}) is None
        assert client.tell("violations/send_overdue_to_collections")["records"] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such permissions")
def test_the_file_is_readable_by_its_owner_alone(tmp_path):
    path = tmp_path / "sandbox.sqlite"
    with Sandbox(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_two_sandboxes_may_share_a_file(tmp_path):
    path = tmp_path / "sandbox.sqlite"
    with Sandbox(path) as first, Sandbox(path) as second:
        clients = [Client(first), Client(second)]
        numbers = [
            client.tell("profiles/push", {"unique_id": str(number), "login_source": "X"})
            for number, client in enumerate(clients)
        ]
        assert [answer["reference_id"] for answer in numbers] == [1, 2]
        assert len(clients[0].records("users")) == 2
        for client in clients:
            client.session.close()


def test_a_file_that_is_no_store_is_named(tmp_path):
    path = tmp_path / "sandbox.sqlite"
    path.write_text("This is a letter, and no database at all.\n" * 50, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        Sandbox(path).start()
    assert str(caught.value) == (
        f"{path}: the sandbox cannot keep its records in this file. "
        "Move the file away or make its folder writable."
    )


def test_eight_callers_at_once_lose_nothing(tmp_path):
    with Sandbox(tmp_path / "sandbox.sqlite") as sandbox:

        def caller(name):
            client = Client(sandbox)
            for number in range(50):
                assert (
                    client.code("permits/push", {**PERMIT, "permitNo": f"{name}-{number}"}) is None
                )
                if number % 10 == 0:
                    client.post("profiles/push", {"unique_id": "same", "login_source": str(name)})
            client.session.close()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(caller, range(8)))
        permits = records_of(sandbox, "permits")
        assert len({permit["permitNo"] for permit in permits}) == 400
        assert len({permit["reference_id"] for permit in permits}) == 400
        assert len(records_of(sandbox, "users")) == 1
