"""YAML text → nested text: nothing is guessed, everything wrong is told with its line."""

from __future__ import annotations

import pytest

from importer.errors import MappingError
from importer.mapping.document import read_document


def document(folder, text):
    path = folder / "m.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return read_document(path)


def refusal(folder, text):
    with pytest.raises(MappingError) as caught:
        document(folder, text)
    return caught.value.message


PLAIN = ["NO", "off", "0012", "1E5", "2001-02-03", "1_000", "0x1F", "12:30:45", "null", "Null", ".inf", "="]  # fmt: skip


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_key_or_value_stays_the_text_that_was_written(tmp_path, text):
    assert document(tmp_path, f"{text}: {text}\nb: [{text}]\n").data == {text: text, "b": [text]}


def test_what_is_not_written_is_none_and_a_quoted_blank_is_a_text(tmp_path):
    read = document(tmp_path, 'a:\nb: ~\nc: ""\nd: "~"\n').data
    assert read == {"a": None, "b": None, "c": "", "d": "~"}


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(tmp_path):
    read = document(tmp_path, b"\xef\xbb\xbfa: x\r\nb: Pr\xc3\xa9nom\r\n").data
    assert read == {"a": "x", "b": "Prénom"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "m.yaml: a mapping is a list of keys with values, like `endpoint: users`.", id="empty"),
        pytest.param("- a\n", "m.yaml, line 1: a mapping is a list of keys with values, like `endpoint: users`.", id="list"),
        pytest.param("a: b\n\tc: d\n", "m.yaml, line 2: a tab stands here, and YAML wants blanks. Replace it by blanks.", id="tab"),
        pytest.param("a: b: c\n", "m.yaml, line 1: this is not valid YAML (mapping values are not allowed here). Check indentation, colons and quotes here.", id="two colons"),
        pytest.param('a: "b\nc: d\n', "m.yaml, line 3: this is not valid YAML (found unexpected end of stream). Check indentation, colons and quotes here.", id="open quote"),
        pytest.param("a: [b\nc: d\n", "m.yaml, line 2: this is not valid YAML (a bracket is not closed, or the indentation is off). Check indentation, colons and quotes here.", id="open bracket"),
        pytest.param("a: b\n---\nc: d\n", "m.yaml, line 2: a second document begins here (---). Keep one mapping in one file.", id="two documents"),
        pytest.param(b"a: b\nc: Pr\xe9nom\n", "m.yaml, line 2: the file is not UTF-8 text. Save it again with the encoding UTF-8.", id="cp1252"),
        pytest.param("a: b\nc: d\x07\n", "m.yaml, line 2: a character that no text may hold stands here. Remove it.", id="control character"),
        pytest.param(b"#" * (1024 * 1024 + 1), "m.yaml: the file is larger than 1 MiB. Is it a mapping?", id="too large"),
        pytest.param("a: " + "[" * 900 + "]" * 900, "m.yaml: the file nests or repeats far more than a mapping needs. Write it out plainly.", id="nested"),
        pytest.param("a: &a [*a]\n", "m.yaml: the file nests or repeats far more than a mapping needs. Write it out plainly.", id="contains itself"),
        pytest.param(
            "a: &a [x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdef", "bcdefg", strict=True)),
            "m.yaml: the file nests or repeats far more than a mapping needs. Write it out plainly.",
            id="alias bomb",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path, text, message):
    assert refusal(tmp_path, text) == message


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(MappingError) as caught:
        read_document(tmp_path / "none.yaml")
    assert caught.value.message == (
        "none.yaml: the file cannot be read (no such file or directory). Check its name and who may read it."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *[(f"a: {tagged}", "a tag like !!int stands here. Remove it: all values are text.") for tagged in ("!!int 5", "!!python/object/apply:os.system [ls]", "!mine x")],
        ("? [a]\n: b\n", "a key must be a text."),
        ("permitNo: Permit #", 'a # behind a blank begins a comment, so that only Permit is read here. If it belongs to the name, quote it: "Permit #".'),
        ("a: [Id, Name]\nb: Phone  #2 ", 'a # behind a blank begins a comment, so that only Phone is read here. If it belongs to the name, quote it: "Phone  #2".'),
        ("a: “Full Time”", 'curly quotes are letters in YAML. Write straight ones: "Full Time".'),
        ("a: {‘Full Time’: 1}", 'curly quotes are letters in YAML. Write straight ones: "Full Time".'),
    ],
    ids=["tag", "tag of Python", "own tag", "key", "hash", "number", "curly", "curly key"],
)  # fmt: skip
def test_what_yaml_reads_otherwise_than_it_was_meant_is_a_fault(tmp_path, text, message):
    assert [fault.message for fault in document(tmp_path, text).faults] == [message]


def test_comments_that_say_something_and_quoted_names_are_no_fault(tmp_path):
    text = 'a: Id  # the id\nb: "Permit #"  # it is quoted\nc: #\n  - x#1\nd: “half\n'
    read = document(tmp_path, text)
    assert read.faults == ()
    assert read.data == {"a": "Id", "b": "Permit #", "c": ["x#1"], "d": "“half"}
