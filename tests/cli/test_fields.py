"""``fields``: names to copy, limits, codes and an example each, in 80 columns."""

import pytest

from importer.cli.fields import example
from importer.codes import CODES
from schemas import POLICIES, TABLES


@pytest.mark.parametrize("endpoint", TABLES)
def test_each_field_has_its_names_in_one_piece_and_an_example_in_80_columns(call, endpoint):
    done = call("fields", endpoint)
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 80
    for field in TABLES[endpoint].fields:
        assert {f" {name} " in done.out for name in (field.name, *field.aliases)} == {True}
        assert f" {example(field)} " in done.out


@pytest.mark.parametrize("endpoint", POLICIES)
def test_every_example_is_one_that_a_check_takes(office, call, endpoint):
    cells = {field.name: example(field) for field in TABLES[endpoint].fields}
    fields = "".join(f"  {name}: {name}\n" for name in cells)
    text = f"version: 1\nname: All\nendpoint: {endpoint}\nfields:\n{fields}"
    mapping, source = office.write("all.yaml", text), office.table("all.csv", [cells])
    done = call("check", source, "--mapping", mapping, "--json")
    assert (done.states, done.json["files"][0]["problems"]) == ({"all.csv": {"ready": 1}}, [])


def test_programs_get_the_same_as_an_object(call):
    found = call("fields", "users", "--json").json
    names = {field["name"]: field for field in found["users"]["fields"]}
    assert names["postal_code"] == {
        "name": "postal_code",
        "aliases": ["zip"],
        "title": "Postal Code - address 1",
        "need": "optional",
        "limit": "up to 20 characters",
        "codes": [9030, 9033],
        "example": "K1A 0B1",
    }
    assert call("fields", "--codes", "--json").json["9013"]["fields"] == ["unique_id"]


def test_every_code_is_shown_with_what_to_do(call):
    done = call("fields", "--codes")
    words = " ".join(done.out.split())
    assert [str(code) for code in CODES if f" {code} " not in words] == []
    assert max(map(len, done.out.splitlines())) <= 80
