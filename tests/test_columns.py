"""What the bytes of whole columns tell, beside what a look at each text tells."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.columns import (
    arrow_of,
    blank_at_an_end,
    content_of,
    controls,
    edges_of,
    holds,
    printable,
)

texts = st.lists(st.text(st.sampled_from("aZ~ #\t\x7f\x85\xa0é漢"), max_size=4), max_size=5)


def arrays(cells):
    """Yield the same texts as a whole array and as a part of a longer one."""
    yield pa.array(cells, pa.large_string())
    yield pa.array(["#\té ", *cells, " \x00"], pa.large_string()).slice(1, len(cells))


@given(texts)
def test_the_bytes_of_a_column_tell_what_its_texts_tell(cells):
    for array in arrays(cells):
        assert bytes(content_of(array)) == "".join(cells).encode()
        assert len(edges_of(array)) == len(cells) + 1
        assert holds(array, "#") == any("#" in cell for cell in cells)
        assert printable(array) == all(c.isascii() and c.isprintable() for c in "".join(cells))
        assert blank_at_an_end(array) == any(cell != cell.strip(" ") for cell in cells)
        assert controls(array) >= any(c < " " or "\x7f" <= c < "\xa0" for c in "".join(cells))


def test_an_ordinary_column_is_not_suspected_of_control_characters():
    assert not controls(pa.array(["Zoë", "O'Brien-Smith", "漢字", ""], pa.large_string()))


PARTS = {"whole": slice(None), "middle": slice(1, 3), "none": slice(0, 0)}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_a_column_of_a_frame_is_had_as_one_array_of_texts(part):
    column = pd.Series(["a", "", "é", "d"], dtype="str")
    joined = pd.concat([column[:2], column[2:]])
    assert arrow_of(column[part]).to_pylist() == column[part].tolist()
    assert arrow_of(joined[part]).to_pylist() == column[part].tolist()
    assert arrow_of(joined[part]).type == pa.large_string()
