"""Sheets whose tags were lost, doubled or swapped: both ways agree, or one of them refuses."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.parsers.expat import ExpatError

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.errors import InputError
from importer.reading.xlsx_careful import read_carefully
from importer.reading.xlsx_direct import Manner, read_directly
from importer.reading.xlsx_scan import Unusual

USUAL = (
    '<worksheet><cols><col min="2" max="2" hidden="1"/></cols><sheetData>'
    '<row r="1" hidden="1"><c r="A1" s="1"><v>12</v></c><c r="B1" t="s"><v>0</v></c></row>'
    '<row r="3"><c r="B3" t="str"><f>A1</f><v>t</v></c><c r="C3" t="e"><v>#N/A</v></c></row>'
    '<row r="4"><c r="A4" s="1"/><c r="C4" t="inlineStr"><is><t>Zo&amp;</t></is></c></row>'
    "</sheetData></worksheet>"
)
PARTS = re.findall(r"<[^>]*>|[^<]+", USUAL)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["del", "twice", "swap"]), *[st.integers(0, len(PARTS) - 1)] * 2),
    max_size=3,
)


@settings(max_examples=200)
@given(CHANGES)
def test_a_damaged_sheet_reads_the_same_both_ways_or_is_refused(changes):
    parts = list(PARTS)
    for kind, one, other in changes:
        if kind == "swap":
            parts[one], parts[other] = parts[other], parts[one]
        else:
            parts[one] = "" if kind == "del" else parts[one] * 2
    manner = Manner(
        ("General", "0000"), since_1904=False, texts=lambda: pa.array(["x"], pa.large_string())
    )
    data = "".join(parts).encode()
    try:
        direct = read_directly(lambda: io.BytesIO(data), manner, "S")
    except (Unusual, InputError):
        return
    try:
        blocks, around = read_carefully(lambda: io.BytesIO(data), manner, "S")
    except (InputError, ValueError, ExpatError):
        # Tags around rows and cells may be wrong; no text is read that none of them holds.
        texts = direct.blocks.frame().to_numpy().ravel()
        assert all(re.fullmatch("(?:12|x|t|#N/A|Zo&|A1|0)*", text) for text in texts)
        return
    left, right = (each.grid(Path("p.xlsx"), "S") for each in (direct.blocks, blocks))
    assert left.frame.to_numpy().tolist() == right.frame.to_numpy().tolist()
    assert (left.rows.tolist(), left.flaws, left.stored) == (
        right.rows.tolist(),
        right.flaws,
        right.stored,
    )
    assert direct.around == around
