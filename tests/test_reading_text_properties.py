"""Whatever is written to a text file in a supported form comes back as the person sees it."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from importer.reading import read_source

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1252"]
DELIMITERS = [",", ";", "\t", "|"]
western = st.text(st.sampled_from("abcXYZ019éüñ£ßç ',;|-_./"), min_size=1, max_size=9)


@given(
    st.lists(st.lists(western, min_size=3, max_size=3), min_size=3, max_size=8),
    st.sampled_from(ENCODINGS),
    st.sampled_from(DELIMITERS),
    st.sampled_from(["\n", "\r\n"]),
)
def test_delimited_text_in_every_encoding_comes_back_as_written(
    tmp_path_factory, records, encoding, delimiter, end
):
    out = io.StringIO(newline="")
    # With every cell in quotes, the delimiter is the one between the quotes.
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([["first", "second", "third"], *records])
    path = tmp_path_factory.mktemp("t") / "people.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    grid = read_source(path).grids[0]
    assert grid.frame.to_numpy().tolist()[1:] == records
    assert grid.flaws == ()
