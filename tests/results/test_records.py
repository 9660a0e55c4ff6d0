"""Rows as they are sent: built when asked for, the same each time."""

import datetime as dt

import pytest
from checked import check

from importer.mapping import apply_mapping, load_mapping
from importer.reading import read_source, take_sheet
from importer.records import CHUNK, Rows
from schemas import TABLES

NAMES = ("unique_id", "login_source", "first_name", "city")


@pytest.mark.parametrize("blanks", ["omit", "send"])
def test_rows_past_the_first_chunk_are_theirs_and_what_is_built_later_is_what_was_planned(
    tmp_path, blanks
):
    mapping, path, count = tmp_path / "m.yaml", tmp_path / "f.csv", CHUNK + 3
    fields = "".join(f"  {name}: {name}\n" for name in NAMES)
    mapping.write_text(
        f"version: 1\nname: M\nendpoint: users\nblanks: {blanks}\nfields:\n{fields}", "utf-8"
    )
    lines = (f"U{n},OPSCOM,F{n}," for n in range(count))
    path.write_text("\n".join([",".join(NAMES), *lines]), encoding="utf-8")
    source = read_source(path)
    batch = apply_mapping(load_mapping(mapping), take_sheet(source.grids[0], 1))
    rows = Rows(check(batch, TABLES["users"], today=dt.date(2026, 1, 1)), TABLES["users"])
    blank = {"city": ""} if blanks == "send" else {}
    for n, record in enumerate(rows):
        whole = {"unique_id": f"U{n}", "login_source": "OPSCOM", "first_name": f"F{n}"} | blank
        for each in (record, rows.lean(record)):
            assert (dict(each.payload), each.key, each.row) == (whole, f"U{n}", n + 2)
            assert each.payload == whole
    assert n == count - 1
