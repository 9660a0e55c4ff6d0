"""Rows as they are sent: built when asked for, the same each time."""

import datetime as dt

from checked import check
from hypothesis import given
from hypothesis import strategies as st

from importer.mapping import apply_mapping, load_mapping
from importer.reading import read_source, take_sheet
from importer.records import CHUNK, Rows
from schemas import TABLES

NAMES = ("unique_id", "login_source", "first_name", "city")
CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=5)


def rows_of(folder, cells, blanks="omit"):
    mapping, path = folder / "m.yaml", folder / "f.csv"
    fields = "".join(f"  {name}: {name}\n" for name in NAMES)
    mapping.write_text(
        f"version: 1\nname: M\nendpoint: users\nblanks: {blanks}\nfields:\n{fields}", "utf-8"
    )
    lines = ["\t".join(NAMES), *("\t".join(f'"{c}"' for c in row) for row in cells)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    source = read_source(path)
    batch = apply_mapping(load_mapping(mapping), take_sheet(source, source.grids[0], 1))
    return Rows(check(batch, TABLES["users"], today=dt.date(2026, 1, 1)), TABLES["users"])


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), st.sampled_from(["omit", "send"]))
def test_a_payload_that_is_built_later_is_the_one_that_was_planned(tmp_path, texts, blanks):
    cells = [
        (f"U{n}", "OPSCOM", first.replace('"', ""), city.replace('"', ""))
        for n, (first, city) in enumerate(texts)
    ]
    rows = rows_of(tmp_path, cells, blanks)
    for record in rows:
        later = rows.lean(record)
        assert dict(later.payload) == {**later.payload} == record.payload
        assert (later.key, later.row, later.position) == (record.key, record.row, record.position)
        assert (blanks == "send") <= ("city" in record.payload)


def test_rows_past_the_first_chunk_are_theirs(tmp_path):
    count = CHUNK * 2 + 3
    rows = rows_of(tmp_path, [(f"U{n}", "OPSCOM", f"F{n}", "") for n in range(count)])
    assert [record.key for record in rows] == [f"U{n}" for n in range(count)]
    last = {name: f"{name[0].upper()}{CHUNK + 1}" for name in ("unique_id", "first_name")}
    assert rows.payload(CHUNK + 1) == last | {"login_source": "OPSCOM"}
