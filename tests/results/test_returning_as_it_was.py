"""A results workbook, given back as it is, sends nothing: every settled row is unchanged, whatever it held."""

from collections import Counter

import pytest
from annotating import HOSTILE
from commanding import PERMITS, user, write_book
from hypothesis import example, given, settings
from hypothesis import strategies as st
from returning import sent

ODD = "=+-@'\"\t\n\r\x0b\x0c\x1c\x1f\x00\u2028\u200b\u202e\u00a0<>&_;,x000D0019éZ🚗"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(ODD), max_size=40)
WITHOUT_HALF_PAIRS = [text.replace("\ud800", "") for text in HOSTILE.values()]


def test_whatever_was_pushed_is_settled_once(desk, controller):
    numbers = iter(range(100_000))

    @settings(max_examples=15)
    @given(st.lists(TEXTS, min_size=4, max_size=12))
    @example(WITHOUT_HALF_PAIRS)
    def rows(texts):
        people = [user(next(numbers)) | {"First": text, "Last": "Quill"} for text in texts]
        stem = f"roster-{next(numbers)}"
        first = desk.push(desk.table(f"{stem}.csv", people))["files"][0]
        before = len(controller.ledger)
        second = desk.push(desk.results(stem))["files"][0]
        assert (first["error"], second["error"], sent(controller, before)) == (None, None, [])
        states = Counter(first["states"])
        states["unchanged"] += states.pop("pushed", 0)
        assert Counter(second["states"]) == states

    rows()


# Amounts whose cell shows less than it stores

FORMATS = {
    "whole dollars": ("$#,##0", 1234.56, "1234.56"),
    "one decimal": ("0.0", 14.25, "14.25"),
    "a decimal comma in quotes": ('#,##0.00\\ "$"', 1234.5, "1234.50"),
    "float noise": ("0.00", 0.1 + 0.2, "0.30"),
    "cents": ("0.00", 14.5, "14.50"),
}


def write_permits(desk, form, amount, *ends):
    desk.write("mappings/permits.yaml", PERMITS + "  amount: Price\n")
    rows = [
        [f"PL{at}", "2026-09-01T08:00:00", end, f"N{at}", (amount, form)]
        for at, end in enumerate(ends, start=1)
    ]
    head = ["Plate", "From", "To", "Number", "Price"]
    write_book(desk.folder / "permits.xlsx", {"Sold": [head, *rows]})


@pytest.mark.parametrize(("form", "amount", "sent"), FORMATS.values(), ids=FORMATS)
def test_a_corrected_row_brings_the_stored_amount_whatever_its_cell_showed(
    desk, controller, form, amount, sent
):
    write_permits(desk, form, amount, "2026-12-20T18:00:00", "soon")
    [file] = desk.push("permits.xlsx", code=1)["files"]
    assert file["states"] == {"pushed": 1, "invalid": 1}
    corrected = ("PL2", "To", "2026-12-21T18:00:00")
    [file] = desk.give_back("permits", corrected, sheet="Sold", code=0)["files"]
    assert file["states"] == {"unchanged": 1, "pushed": 1}
    assert [entry.body["amount"] for entry in controller.ledger] == [sent, sent]


def test_parts_of_a_cent_are_not_rounded_by_giving_the_workbook_back(desk, controller):
    write_permits(desk, "$0.00", 12.345, "2026-12-20T18:00:00")
    desk.push("permits.xlsx", code=1)
    desk.push(desk.results("permits"), code=1)
    assert not controller.ledger
    desk.give_back("permits", ("PL1", "Price", "12.35"), sheet="Sold", code=0)
    assert [entry.body["amount"] for entry in controller.ledger] == ["12.35"]
