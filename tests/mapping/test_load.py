"""A mapping file → ``Mapping``, or one error that lists every fault with line, place and remedy; nothing is guessed."""

import pytest
from packages import saved

from importer.errors import MappingError
from importer.mapping import load_mapping
from importer.mapping.document import read_document


def load(folder, text, loading=load_mapping):
    return loading(saved(folder, text, "m.yaml"))


def read(folder, text):
    """Return what the YAML of a mapping says, before anybody looks what it means."""
    return load(folder, text, read_document)


def faults(folder, text):
    with pytest.raises(MappingError) as caught:
        load(folder, text)
    assert caught.value.exit_code == 5
    return caught.value.message.splitlines()


def rule_faults(folder, rule, endpoint="users"):
    """Return the faults of one rule without file, line and place of the rule's field."""
    field = rule.split(":")[0]
    found = faults(folder, f"version: 1\nendpoint: {endpoint}\nfields:\n  {rule}\n")
    start = f"m.yaml, line 4, fields.{field}"
    assert all(fault.startswith(start) for fault in found), found
    return [fault.removeprefix(start).removeprefix(".") for fault in found]


def test_a_constant_and_a_default_are_converted_for_their_field(tmp_path):
    mapping = load(
        tmp_path,
        'version: 1\nendpoint: permits\ndefaults: {Amount: "1,014.5"}\n'
        "fields: {currency: {value: cad}, startTime: {value: 2026-09-01, time: 07:30}}\n",
    )
    assert {rule.name: rule.part.value for rule in mapping.rules} == {
        "currency": "CAD",
        "startTime": "2026-09-01T07:30:00",
    }
    assert mapping.defaults == {"amount": "1014.50"}


def test_the_faults_of_all_keys_are_told_at_once_in_the_order_of_the_file(tmp_path):
    text = """\
version: 2
nam: x
endpoint: users
match: {file: ["*student*"]}
skip_rows:
  - {column: A, matches: "("}
  - {colum: A}
duplicates: frist
blanks:
fields:
  unique_id: A
  unique_id: X
  login_source: {vale: OPSCOM, pad: x}
  date_of_birth: {column: C, date: ["%d/%m", "%d/%m/%Y %I:%M", "%Y-%d-%m", "%q"]}
  zip: {column: Z, convert: [uper]}
  phone_cell: {column: B, extract: "a", truncate: perhaps}
"""
    assert faults(tmp_path, text) == [
        "m.yaml, line 1, version: this must be 1.",
        "m.yaml, line 2, nam: there is no such key. Did you mean name?",
        "m.yaml, line 4, match: `files` is missing. Add it.",
        "m.yaml, line 4, match.file: there is no such key. Did you mean files?",
        "m.yaml, line 6, skip_rows[1].matches: this is not a valid regular expression (missing )). Correct it.",
        "m.yaml, line 7, skip_rows[2].colum: there is no such key. Did you mean column?",
        "m.yaml, line 8, duplicates: this must be error, first or last. Did you mean first?",
        "m.yaml, line 9, blanks: nothing stands here. Write a value, or remove it.",
        "m.yaml, line 12, fields.unique_id: this key stands in line 11 already. Remove one.",
        "m.yaml, line 13, fields.login_source.pad: write a whole number from 1 here.",
        "m.yaml, line 13, fields.login_source.vale: there is no such key. Did you mean value?",
        *(
            f"m.yaml, line 14, fields.date_of_birth.date[{at}]: a date format needs year, month and day, each once, and beside a time of day its hour (%H, or %I with %p)."
            for at in (1, 2)
        ),
        "m.yaml, line 14, fields.date_of_birth.date[3]: this date format reads yyyy-mm-dd in another way than the calendar's.",
        "m.yaml, line 14, fields.date_of_birth.date[4]: %q is not a part of a date format here; known are %Y %y %m %d %H %I %M %S %f %b %B %a %A %p %z.",
        "m.yaml, line 15, fields.zip.convert[1]: this must be upper, lower, title, digits, plate, phone, email, province or unwrap. Did you mean upper?",
        "m.yaml, line 16, fields.phone_cell.extract: this needs exactly one group ( ); use (?: ) for others.",
        "m.yaml, line 16, fields.phone_cell.truncate: write true or false here.",
    ]


def test_what_its_sound_keys_mean_is_told_at_once_too(tmp_path):
    text = """\
version: 1
endpoint: users
defaults: {citty: X}
skip_rows: [{column: A}]
fields:
  birth_date: A
  unique_id: {column: A, value: B}
"""
    assert faults(tmp_path, text) == [
        "m.yaml, line 3, defaults.citty: OPSCOM's users have no field of this name. Did you mean city? `opscom-import fields users` lists them.",
        "m.yaml, line 4, skip_rows[1]: say either `blank: true` or `matches`.",
        "m.yaml, line 6, fields.birth_date: OPSCOM's users have no field of this name. Did you mean date_of_birth? `opscom-import fields users` lists them.",
        "m.yaml, line 7, fields.unique_id: say one of `column`, `first_of`, `join` and `value`, where the value comes from.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("version: 1\nfields: {unique_id: A}\n", "m.yaml, line 1: `endpoint` is missing. Add it.", id="no endpoint"),
        pytest.param("version: 1\nendpoint: users\n", "m.yaml, line 1: `fields` is missing. Add it.", id="no fields"),
        pytest.param("version: 1\nendpoint: users\nfields: {}\n", "m.yaml, line 3, fields: this is empty. Fill it or remove it.", id="empty fields"),
        pytest.param("version: 1\nendpoint: users\nfields: [unique_id]\n", "m.yaml, line 3, fields: keys with values are wanted here, like {a: b}.", id="fields as a list"),
        pytest.param("version: 1\nendpoint: vehicle\nfields: {plate: A}\n", "m.yaml, line 2, endpoint: this must be users, vehicles, permits, permit-updates, permit-deletes or plates. Did you mean vehicles?", id="unknown endpoint"),
        pytest.param("version: 1\nendpoint: users\nsheet: [A, ]\nskip_rows: A\nfields: {unique_id: A}\n", "m.yaml, line 4, skip_rows: a list is wanted here, like [A, B].", id="skip_rows as a text"),
        pytest.param("version: 1\nendpoint: users\nskip_rows: [{blank: true}]\nfields: {unique_id: A}\n", "m.yaml, line 3, skip_rows[1]: name either `column` or `columns`.", id="skip without column"),
        pytest.param("version: 1\nendpoint: users\nskip_rows: [{columns: [A, B], matches: x}]\nfields: {unique_id: A}\n", "m.yaml, line 3, skip_rows[1].matches: `matches` goes with `column`, for one column.", id="skip matches of two columns"),
        pytest.param("version: 1\nendpoint: users\nskip_rows: [{struck: true, column: A}]\nfields: {unique_id: A}\n", "m.yaml, line 3, skip_rows[1]: `struck` or `fill` stands alone, in an entry of its own.", id="struck and a column"),
        pytest.param("version: 1\nendpoint: users\nskip_rows: [{fill: red}]\nfields: {unique_id: A}\n", "m.yaml, line 3, skip_rows[1].fill: write the colour as six digits, like FF0000 for red.", id="a colour by name"),
        pytest.param("version: 1\nendpoint: users\nencoding: utf-9\nfields: {unique_id: A}\n", "m.yaml, line 3, encoding: there is no such encoding, like utf-8 or windows-1252.", id="unknown encoding"),
        pytest.param("version: 1\nendpoint: users\ndefaults: {city: ''}\nfields: {unique_id: A}\n", "m.yaml, line 3, defaults.city: this must not be blank. Write a value, or remove it.", id="blank default"),
        pytest.param("version: 1\nendpoint: users\ndefaults: {date_of_birth: 1.2.2000}\nfields: {unique_id: A}\n", "m.yaml, line 3, defaults.date_of_birth: this date can be read in two ways. Correct the value.", id="default that is no date"),
    ],
)  # fmt: skip
def test_a_fault_says_where_what_and_what_to_do(tmp_path, text, expected):
    assert faults(tmp_path, text) == [expected]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param("city: {}", [": say one of `column`, `first_of`, `join` and `value`, where the value comes from."], id="no source"),
        pytest.param('city: {column: " "}', ["column: this is empty. Fill it or remove it."], id="blank header"),
        pytest.param("city: {first_of: A}", ["first_of: a list is wanted here, like [A, B]."], id="first_of as a text"),
        pytest.param("city: {join: []}", ["join: this is empty. Fill it or remove it."], id="empty list"),
        pytest.param('city: {value: ""}', ["value: this must not be blank. Write a value, or remove it."], id="blank constant"),
        pytest.param("date_of_birth: {value: 2001-02-30}", ["value: there is no such day or time. Correct the value."], id="constant that is no date"),
        pytest.param("city: {column: A, lookup: {x: 1, X : 2}}", ['lookup: "X" stands here twice, but for case and blanks. Remove one.'], id="lookup twice"),
        pytest.param("city: {column: A, lookup: {x: }}", ["lookup.x: nothing stands here. Write a value, or remove it."], id="lookup without value"),
        pytest.param("city: {column: A, lookup: types}", ['lookup: this must be user-types or a table like {Full Time: "1"}.'], id="unknown list"),
        pytest.param("locker_user_type_id: {column: A, lookup: user-types}", ["lookup: `lookup: user-types` is for user_type_id alone, not locker_user_type_id."], id="user types of lockers"),
        pytest.param("city: {column: A, date: '%Y-%m-%d'}", ["date: `date` is for another kind of field than city. Remove it."], id="date on a text"),
        pytest.param("email: {column: A, truncate: true}", ["truncate: email cannot be cut: OPSCOM takes it whole. Remove it."], id="cut an e-mail"),
        pytest.param("unique_id: {column: A, if_invalid: omit}", ["if_invalid: OPSCOM needs unique_id, so it cannot be left out. Remove it."], id="omit what is required"),
        pytest.param("city: {column: A, if_invalid: skip}", ["if_invalid: this must be omit."], id="other than omit"),
        pytest.param("startTime: {column: A, time: 25:00}", ['time: this is not a time of day. Write it like "08:30:00".'], id="no such time"),
        pytest.param("startTime: {column: A, timezone: America/Toronta}", ["timezone: there is no such time zone, like America/Toronto."], id="no such zone"),
    ],
)  # fmt: skip
def test_a_rule_that_its_field_cannot_take_is_a_fault(tmp_path, rule, expected):
    endpoint = "permits" if rule.startswith(("startTime", "amount")) else "users"
    assert rule_faults(tmp_path, rule, endpoint) == expected


# --- Its YAML -------------------------------------------------------------------------------------

PLAIN = ["NO", "off", "0012", "1E5", "2001-02-03", "1_000", "0x1F", "12:30:45", "null", "Null", ".inf", "="]  # fmt: skip


def test_a_plain_key_or_value_stays_the_text_that_was_written(tmp_path):
    text = "".join(f"{each}: [{each}]\n" for each in PLAIN)
    assert read(tmp_path, text).data == {each: [each] for each in PLAIN}


def test_what_is_not_written_is_a_fault_and_a_quoted_blank_is_a_text(tmp_path):
    found = read(tmp_path, 'a:\nb: ~\nc: ""\nd: "~"\n')
    assert found.data == {"a": None, "b": None, "c": "", "d": "~"}
    assert [fault.place for fault in found.faults] == [("a",), ("b",)]


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(tmp_path):
    found = read(tmp_path, b"\xef\xbb\xbfa: x\r\nb: Pr\xc3\xa9nom\r\n").data
    assert found == {"a": "x", "b": "Prénom"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "m.yaml: a mapping is a list of keys with values, like `endpoint: users`.", id="empty"),
        pytest.param("- a\n", "m.yaml, line 1: a mapping is a list of keys with values, like `endpoint: users`.", id="list"),
        pytest.param("a: b\n\tc: d\n", "m.yaml, line 2: a tab stands here, and YAML wants blanks. Replace it by blanks.", id="tab"),
        pytest.param("a: b: c\n", "m.yaml, line 1: this is not valid YAML (mapping values are not allowed here). Check indentation, colons and quotes here.", id="two colons"),
        pytest.param('a: "b\nc: d\n', "m.yaml, line 3: this is not valid YAML (found unexpected end of stream). Check indentation, colons and quotes here.", id="open quote"),
        pytest.param("a: [b\nc: d\n", "m.yaml, line 2: this is not valid YAML (a bracket is not closed, or the indentation is off). Check indentation, colons and quotes here.", id="open bracket"),
        pytest.param(b"a: b\nc: Pr\xe9nom\n", "m.yaml, line 2: the file is not UTF-8 text. Save it again with the encoding UTF-8.", id="cp1252"),
        pytest.param("a: b\nc: d\x07\n", "m.yaml: this is not valid YAML (special characters are not allowed). Check indentation, colons and quotes here.", id="control character"),
        pytest.param("a: " + "[" * 900 + "]" * 900, "m.yaml: the file nests or repeats far more than a mapping needs. Write it out plainly.", id="nested"),
        pytest.param("a: &a [*a]\n", "m.yaml: the file nests or repeats far more than a mapping needs. Write it out plainly.", id="contains itself"),
        pytest.param(f"a: &a [{'x, ' * 999}]\nb: [{'*a, ' * 999}]\n", "m.yaml: the file nests or repeats far more than a mapping needs. Write it out plainly.", id="alias bomb"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path, text, message):
    assert faults(tmp_path, text) == [message]


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(MappingError) as caught:
        load_mapping(tmp_path / "none.yaml")
    assert caught.value.message == (
        "none.yaml: the file cannot be read (no such file or directory). Check its name and who may read it."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("? [a]\n: b\n", "a key must be a text."),
        ("permitNo: Permit #", 'a # behind a blank begins a comment, so that only Permit is read here. If it belongs to the name, quote it: "Permit #".'),
        ("a: [Id, Name]\nb: Phone  #2 ", 'a # behind a blank begins a comment, so that only Phone is read here. If it belongs to the name, quote it: "Phone  #2".'),
        ("a: “Full Time”", 'curly quotes are letters in YAML. Write straight ones: "Full Time".'),
        ("a: {‘Full Time’: 1}", 'curly quotes are letters in YAML. Write straight ones: "Full Time".'),
    ],
    ids=["key", "hash", "number", "curly", "curly key"],
)  # fmt: skip
def test_what_yaml_reads_otherwise_than_it_was_meant_is_a_fault(tmp_path, text, message):
    assert [fault.message for fault in read(tmp_path, text).faults] == [message]


def test_comments_that_say_something_and_quoted_names_are_no_fault(tmp_path):
    text = 'a: Id  # the id\nb: "Permit #"  # it is quoted\nc: #\n  - x#1\nd: “half\n'
    found = read(tmp_path, text)
    assert found.faults == ()
    assert found.data == {"a": "Id", "b": "Permit #", "c": ["x#1"], "d": "“half"}
