"""Whatever is written to a text file in a supported form comes back as the person sees it."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from importer.errors import InputError
from importer.reading import read_source
from importer.reading.delimited import read_delimited

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1252"]
DELIMITERS = [",", ";", "\t", "|"]
# No £: between letters it is what the ú of a DOS code page looks like, and such rows are held.
western = st.text(st.sampled_from("abcXYZ019éüñßç ',;|-_./"), min_size=1, max_size=9)


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


PIECES = [
    "a", "0012", "Zoë", '"', '""', ",", ";", "\t", "\n", "\r\n", "\r\r\n", " ", "\u2028", "🚗",
]  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from(["utf-8", "utf-16"]))
def test_text_of_any_shape_is_read_as_the_csv_module_reads_it_or_refused(pieces, encoding):
    text = "a,b\n" + "".join(pieces)
    try:
        grid = read_delimited(text.encode(encoding), Path("people.csv"))
    except InputError:
        return
    assert grid.lengths is not None
    cells = zip(grid.frame.to_numpy().tolist(), grid.lengths.tolist(), strict=True)
    found = dict(zip(grid.rows.tolist(), (row[:length] for row, length in cells), strict=True))
    assert any(found == records for records in oracles(text))


def oracles(text):
    """Yield what the csv module reads with each delimiter: cells by the number of the record."""
    for delimiter, skipping in itertools.product(",;\t|", (False, True)):
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=delimiter,
            strict=True,
            skipinitialspace=skipping,
        )
        with contextlib.suppress(csv.Error):
            yield {number: record for number, record in enumerate(reader, start=1) if any(record)}
