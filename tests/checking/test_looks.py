"""Rows that are struck out are held back, colours that only some rows have are told with their legend."""

import pytest
import xlsxwriter
from commanding import PERMITS, permit
from returning import edited, set_cell

HEADER = ["Number", "Plate", "From", "To", "Remark"]


def row(number):
    cells = permit(number)
    return [cells[name] for name in HEADER[:4]] + ["as asked"]


def lay(path, rows, *, struck=(), fills=None, above=(), below=()):
    """Write a workbook; ``struck`` and ``fills`` are cells like ``(row of the list, column)``."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Sheet")
        for at, cells in enumerate([*above, HEADER, *rows, *below]):
            for column, value in enumerate(cells):
                here = (at - len(above) - 1, column)
                looks = {"font_strikeout": True} if here in struck else {}
                colour = (fills or {}).get(here)
                looks |= {"bg_color": f"#{colour}"} if colour else {}
                sheet.write(at, column, value, book.add_format(looks) if looks else None)
    return path


def whole(at, columns=range(5)):
    return {(at, column) for column in columns}


@pytest.fixture
def checked(desk):
    def check(rows, *, skip="", **looks):
        desk.write("mappings/permits.yaml", PERMITS + skip)
        (file,) = desk.do("check", lay(desk.folder / "permits.xlsx", rows, **looks))["files"]
        return file

    return check


@pytest.mark.parametrize("struck", [whole(1, range(4)), {(1, 1)}], ids=["all mapped", "key"])
def test_a_row_whose_key_or_all_of_whose_mapped_cells_are_struck_out_is_held(checked, struck):
    file = checked([row(n) for n in range(4)], struck=struck)
    assert file["states"] == {"ready": 3, "invalid": 1}
    [problem] = file["problems"]
    assert problem["message"] == "this is struck out, so the row is probably not to be sent."
    assert problem["remedy"] == (
        "Delete the row, or pass such rows over with `skip_rows: [{struck: true}]` in the mapping; if it is "
        "to be sent, take away the line, and [correct this] where it stands behind the cell."
    )
    skip = "skip_rows: [{struck: true}]\n"
    skipped = checked([row(n) for n in range(4)], struck=struck, skip=skip)
    assert skipped["states"] == {"ready": 3, "skipped": 1}


def test_a_line_through_another_cell_says_nothing_of_the_row(checked):
    file = checked([row(n) for n in range(4)], struck={(0, 2), (1, 3), (2, 4)})
    assert (file["states"], file["problems"]) == ({"ready": 4}, [])


def test_a_struck_row_stays_held_in_the_results_until_a_person_says_so(desk, controller):
    desk.push(lay(desk.folder / "permits.xlsx", [row(1), row(2)], struck=whole(1)), code=1)
    for _ in range(2):
        (file,) = desk.push(desk.results("permits"), code=1)["files"]
        assert file["states"] == {"unchanged": 1, "invalid": 1}
    assert controller.requests == 1
    with edited(desk.results("permits"), "Sheet") as page:
        set_cell(page, "N0002 [correct this]", "Number", "N0002")
    (file,) = desk.push(desk.results("permits"), code=0)["files"]
    assert file["states"] == {"unchanged": 1, "pushed": 1}


def test_a_colour_that_some_rows_have_is_a_note_with_rows_and_legend(checked):
    rows = [row(n) for n in range(8)]
    fills = dict.fromkeys(whole(1) | whole(4) | whole(5), "FF0000")
    file = checked(rows, fills=fills, above=[["Permits of fall"], ["red = cancelled"]])
    assert file["notes"] == [
        (
            'Rows 5, 8 to 9 have a red (FF0000) background; row 2 says "red = cancelled". They are sent like '
            'the others. To pass such rows over say `skip_rows: [{fill: "FF0000"}]` in the mapping.'
        )
    ]
    assert file["states"] == {"ready": 8}
    skipped = checked(rows, fills=fills, skip='skip_rows: [{fill: "ff0000"}]\n')
    assert (skipped["states"], skipped["notes"]) == ({"ready": 5, "skipped": 3}, [])


THREE = dict.fromkeys(whole(1) | whole(3) | whole(5), "FF0000")
YELLOW = dict.fromkeys(whole(2), "FFFF00")
BESIDE = [[*row(n), "", "Red = cancelled" if n == 0 else ""] for n in range(5)]
LEGENDS = {
    "the colour itself": (
        {"fills": YELLOW | {(-2, 0): "FFFF00"}, "above": [["not paid"]]},
        'Row 5 has a yellow (FFFF00) background; row 1 says "not paid".',
    ),
    "beside the list under no header": (
        {"rows": BESIDE, "fills": dict.fromkeys(whole(2), "FF0000")},
        'Row 4 has a red (FF0000) background; row 2 says "Red = cancelled".',
    ),
    "nowhere, of a few rows that are not every second one": (
        {"rows": [row(n) for n in range(12)], "fills": THREE}, "Rows 3, 5, 7 have a red (FF0000) background.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", LEGENDS)
def test_where_a_legend_may_stand(checked, kind):
    looks, said = LEGENDS[kind]
    [note] = checked(**{"rows": [row(n) for n in range(5)]} | looks)["notes"]
    assert note.startswith(said)


USUAL = {
    "a coloured column": {(at, 1): "D9E1F2" for at in range(8)},
    "every second row": dict.fromkeys(whole(1) | whole(3) | whole(5) | whole(7), "DDEBF7"),
    "white": dict.fromkeys(whole(2), "FFFFFF"),
}


@pytest.mark.parametrize("kind", USUAL)
def test_colours_that_are_there_to_be_read_by_are_not_told(checked, kind):
    for rows in (8, 9):
        assert checked([row(n) for n in range(rows)], fills=USUAL[kind])["notes"] == []


def test_the_colours_of_a_results_workbook_are_ours(desk, controller):
    desk.push(lay(desk.folder / "permits.xlsx", [row(n) for n in range(9)]), code=0)
    (file,) = desk.push(desk.results("permits"), code=0)["files"]
    assert file["notes"] == []
    assert controller.requests == 9


@pytest.mark.parametrize("currency", ["CAD", "USD", ""])
@pytest.mark.parametrize("shown", ["CAD", "USD"])
def test_an_amount_shown_in_another_currency_than_the_row_says_is_held(desk, shown, currency):
    desk.write("mappings/permits.yaml", f"{PERMITS}  amount: Price\n  currency: Currency\n")
    path = desk.folder / "permits.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Sheet")
        sheet.write_row(0, 0, [*HEADER[:4], "Currency", "Price"])
        sheet.write_row(1, 0, [*row(0)[:4], currency])
        sheet.write_number(1, 5, 14.5, book.add_format({"num_format": f'"{shown} "0.00'}))
    (file,) = desk.do("check", path)["files"]
    said = f"this is an amount whose cell shows {shown}, and the currency of the row is another."
    found = [problem["message"] for problem in file["problems"] if problem["severity"] == "error"]
    assert found == ([] if shown == (currency or "CAD") else [said])
