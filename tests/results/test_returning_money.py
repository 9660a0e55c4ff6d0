"""Amounts whose cell shows less than it stores, in a results workbook that comes back."""

import pytest
import xlsxwriter
from commanding import PERMITS

FORMATS = {
    "whole dollars": ("$#,##0", 1234.56, "1234.56"),
    "one decimal": ("0.0", 14.25, "14.25"),
    "a decimal comma in quotes": ('#,##0.00\\ "$"', 1234.5, "1234.50"),
    "float noise": ("0.00", 0.1 + 0.2, "0.30"),
    "cents": ("0.00", 14.5, "14.50"),
}


@pytest.fixture
def desk(desk):
    mapping = desk.folder / "mappings" / "permits.yaml"
    mapping.write_text(PERMITS + "  amount: Price\n", encoding="utf-8")
    return desk


def write_permits(desk, form, amount, *ends):
    with xlsxwriter.Workbook(desk.folder / "permits.xlsx") as book:
        sheet = book.add_worksheet("Sold")
        sheet.write_row(0, 0, ["Plate", "From", "To", "Number", "Price"])
        money = book.add_format({"num_format": form})
        for at, end in enumerate(ends, start=1):
            sheet.write_row(at, 0, [f"PL{at}", "2026-09-01T08:00:00", end, f"N{at}"])
            sheet.write_number(at, 4, amount, money)


@pytest.mark.parametrize(("form", "amount", "sent"), FORMATS.values(), ids=FORMATS)
def test_a_corrected_row_brings_the_stored_amount_whatever_its_cell_showed(
    desk, controller, form, amount, sent
):
    write_permits(desk, form, amount, "2026-12-20T18:00:00", "soon")
    counted = desk.push("permits.xlsx", code=1)["files"][0]["states"]
    assert counted == {"pushed": 1, "invalid": 1}
    counted = desk.give_back("permits", ("PL2", "To", "2026-12-21T18:00:00"), sheet="Sold", code=0)[
        "files"
    ][0]["states"]
    assert counted == {"unchanged": 1, "pushed": 1}
    assert [entry.body["amount"] for entry in controller.ledger] == [sent, sent]


def test_parts_of_a_cent_are_not_rounded_by_giving_the_workbook_back(desk, controller):
    write_permits(desk, "$0.00", 12.345, "2026-12-20T18:00:00")
    desk.push("permits.xlsx", code=1)
    desk.push(desk.results("permits"), code=1)
    assert not controller.ledger
    desk.give_back("permits", ("PL1", "Price", "12.35"), sheet="Sold", code=0)
    assert [entry.body["amount"] for entry in controller.ledger] == ["12.35"]
