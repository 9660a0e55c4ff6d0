"""Rows as they are sent: built when asked for, the same each time."""

import datetime as dt

import pytest
from checked import batch_of, check

from importer.records import CHUNK, Rows
from schemas import TABLES


@pytest.mark.parametrize("blanks", ["omit", "send"])
def test_rows_past_the_first_chunk_are_theirs_and_what_is_built_later_was_planned(blanks):
    filled = [
        {"unique_id": f"U{n}", "login_source": "OPSCOM", "first_name": f"F{n}"}
        for n in range(CHUNK + 3)
    ]
    batch = batch_of("users", [row | {"city": ""} for row in filled], blanks=blanks)
    rows = Rows(check(batch, today=dt.date(2026, 1, 1)), TABLES["users"])
    blank = {"city": ""} if blanks == "send" else {}
    for record, row in zip(rows, filled, strict=True):
        for each in (record, rows.lean(record)):
            assert dict(each.payload) == each.payload == row | blank
            assert (each.key, each.row) == (row["unique_id"], record.position + 2)
