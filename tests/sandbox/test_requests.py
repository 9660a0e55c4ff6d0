"""Tokens, client codes, paths and bodies: what the sandbox answers before it looks at a record."""

import pytest
from rehearsing import CALLS, CLIENT, LEAST, calling


@pytest.fixture(scope="module")
def shared():
    """One sandbox for the tests that store nothing they look at."""
    with calling() as client:
        yield client


@pytest.mark.parametrize("call", CALLS, ids=str)
@pytest.mark.parametrize(
    ("token", "code"),
    [
        pytest.param("", 9001, id="empty"),
        pytest.param(None, 9001, id="null"),
        pytest.param("x" * 51, 9034, id="51"),
        pytest.param("a b", 9034, id="blank-inside"),
        pytest.param(7, 9034, id="number"),
    ],
)
def test_every_call_asks_for_a_token(shared, call, token, code):
    assert shared.code(call, LEAST.get(call), token=token) == code


def test_a_token_of_50_characters_is_taken(shared):
    assert shared.code("profiles/types/list", token="x" * 50) is None


def test_a_request_without_a_token_gets_the_documented_error(shared):
    url = f"{shared.sandbox.url}/api/{CLIENT}/v1/profiles/push"
    assert shared.session.post(url, json={}, timeout=10).json() == {
        "ErrorCode": 9001,
        "ErrorMessage": "The sandbox refuses this.",
    }


def test_a_path_without_a_client_code_is_told(shared):
    assert shared.code("profiles/types/list", client="") == 9000


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"api_token": None}, 9001, id="token"),
        pytest.param({"client": ""}, 9000, id="client"),
        pytest.param({"plate": ""}, 9006, id="plate"),
    ],
)
def test_a_plate_query_tells_what_it_lacks_in_its_own_words(shared, body, code):
    answer = shared.plate(**body).json()
    assert list(answer) == ["error", "data", "message"]
    assert (answer["error"], answer["data"]) == (code, {})


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"apiToken": "YOUR-API-TOKEN",}', id="comma-as-in-two-samples"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"\xff", id="bytes"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_what_is_no_json_object_cannot_be_parsed(shared, raw):
    url = f"{shared.sandbox.url}/api/{CLIENT}/v1/profiles/types/list"
    answer = shared.session.post(url, raw, headers={"Content-Type": "application/json"}, timeout=10)
    assert answer.json()["ErrorCode"] == 9003


@pytest.mark.parametrize(
    ("method", "path", "media", "status"),
    [
        pytest.param("GET", "/api/C/v1/profiles/push", "application/json", 405, id="get"),
        pytest.param("GET", "/api/v1/validate/plate", "application/json", 405, id="get-plate"),
        pytest.param("POST", "/api/C/v1/profiles/push", "text/plain", 415, id="text"),
        pytest.param("POST", "/api/v1/validate/plate", "text/plain", 415, id="text-plate"),
        pytest.param("POST", "/api/C/v1/profiles/delete", "application/json", 404, id="call"),
        pytest.param("POST", "/", "application/json", 404, id="root"),
    ],
)
def test_a_wrong_method_media_type_or_path_gets_a_page(shared, method, path, media, status):
    answer = shared.session.request(
        method, shared.sandbox.url + path, data=b"{}", headers={"Content-Type": media}, timeout=10
    )
    assert answer.status_code == status
    assert answer.text.startswith("<!DOCTYPE html>")


def test_a_charset_beside_the_media_type_is_taken(shared):
    answer = shared.post(
        "profiles/types/list", headers={"Content-Type": "Application/JSON; charset=utf-8"}
    )
    assert answer.json()["status"] == "success"
