"""What must hold for every batch, judged by a second reading of the rules in plain Python."""

import re
import unicodedata
from calendar import monthrange
from datetime import date

import numpy as np
import pandas as pd
from checked import batch_of, check
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import TABLES
from schemas.kinds import judge

TODAY = date(2026, 9, 1)
# fmt: off
LENGTHS = {
    "users": {
        "unique_id": 50, "login_source": 20, "first_name": 50, "last_name": 50, "user_name": 50, "email": 100,
        "city": 50, "postal_code": 20, "street2": 20, "city2": 50, "postal_code2": 20, "phone_cell": 20,
        "employ_no": 50, "employee_phone": 50, "student_no": 50, "student_phone": 50, "driver_licence_num": 255,
    },
    "vehicles": {
        "plate": 50, "plateType": 50, "prov": 50, "make": 50, "type": 50, "colour": 50, "vin": 25,
    },
    "permits": {"plate": 25, "permitNo": 50, "zone": 200},
    "permit-updates": {"referenceID": 50, "plate": 25},
    "permit-deletes": {"referenceID": 50},
    "plates": {},
}
NEEDED = {
    "users": [{"unique_id"}, {"login_source"}],
    "vehicles": [{"plate"}, {"plateTypeID", "plateType"}, {"provID", "prov"}],
    "permits": [{"startTime"}, {"endTime"}, {"plate"}],
    "permit-updates": [{"referenceID"}, {"endTime", "plate", "amount", "currency"}],
    "permit-deletes": [{"referenceID"}],
    "plates": [{"plate"}],
}
KEYS = {
    "users": ["unique_id"],
    "vehicles": ["plate", "plateTypeID", "plateType", "provID", "prov"],
    "permits": ["plate", "zone", "startTime", "endTime", "permitNo"],
    "permit-updates": ["referenceID"],
    "permit-deletes": ["referenceID"],
    "plates": ["plate"],
}
# fmt: on
TIMES = {"startTime", "endTime"}
PROVINCES = {"province", "province2", "driver_licence_prov"}


def real(year, month, day):
    return year > 0 and 0 < month <= 12 and 0 < day <= monthrange(year, month)[1]


def satisfies(endpoint, name, value):  # noqa: C901, PLR0911 (a rule a line)
    """Whether one filled value is as documented, and no rule of its kind holds it."""
    if any(found.rule.holds for found in judge(TABLES[endpoint].field(name).kind, value)):
        return False
    ascii_digits = "0123456789"
    if name in PROVINCES:
        return len(value) == 2 and value.isascii() and value.isalpha()
    if name.lower().endswith("id") and name not in {"unique_id", "referenceID"}:
        return set(value) <= set(ascii_digits)
    if name == "year":
        return len(value) == 4 and set(value) <= set(ascii_digits)
    if name == "currency":
        return value in {"CAD", "USD"}
    if name == "amount":
        whole, _, cents = value.partition(".")
        fits = 1 <= len(whole) <= 6 and len(cents) == 2 and set(whole + cents) <= set(ascii_digits)
        return fits and int(whole + cents) > 0
    if name == "date_of_birth" or name in TIMES:
        shape = r"(\d{4})-(\d{2})-(\d{2})" + (r"T(\d{2}):(\d{2}):(\d{2})" if name in TIMES else "")
        found = re.fullmatch(shape, value, re.ASCII)
        if not found:
            return False
        year, month, day, *time = map(int, found.groups())
        if not real(year, month, day):
            return False
        if time:
            possible = (year >= 1990 and value < "2076-09-01") or value.startswith("9999-12-31")
            return possible and time[0] < 24 and time[1] < 60 and time[2] < 60
        return date(year, month, day) <= TODAY
    if any(unicodedata.category(letter) == "Cc" for letter in value):
        return False
    if name == "email" and ("@" not in value or any(letter.isspace() for letter in value)):
        return False
    return len(unicodedata.normalize("NFC", value)) <= LENGTHS[endpoint].get(name, len(value))


TEXTS = st.one_of(
    st.just(""),
    st.sampled_from(
        [
            "a@b.ca", "s-1", "ON", "xx", "7", "2011", "14.50", "0.00", "CAD", "2001-02-03", "2999-01-01", "2001-02-30",
            "2018-07-02T09:00:00", "2018-07-02T09:30:00", "2018-02-30T09:30:00", "0000-01-01", "x" * 21, "x" * 300,
            "8GKS1AKC7FR518845", "tab\there", "Zo\u0065\u0308", "a\u00a0b@c", "\u0663",
        ]
    ),
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.text("0123456789-:T.@ aZ", max_size=20),
)  # fmt: skip


@st.composite
def batches(draw):
    endpoint = draw(st.sampled_from(list(TABLES)))
    fields = TABLES[endpoint].fields
    names = [known.name for known in fields if draw(st.booleans())]
    count = draw(st.integers(0, 4))
    rows = [[draw(TEXTS) for _ in names] for _ in range(count)]
    if count and draw(st.booleans()):
        rows.append(list(rows[0]))
    frame = pd.DataFrame(rows, columns=names, index=pd.RangeIndex(len(rows)), dtype="str")
    skipped = np.array([draw(st.booleans()) for _ in rows], dtype=bool)
    return batch_of(
        endpoint,
        frame,
        sheet=None,
        skipped=skipped if draw(st.booleans()) else np.zeros(len(rows), dtype=bool),
        duplicates=draw(st.sampled_from(["error", "error", "first", "last"])),
        omit_if_invalid=frozenset(name for name in names if draw(st.integers(0, 3)) == 0),
    )


@settings(deadline=None, max_examples=70)
@given(batches())
def test_what_has_no_error_is_as_documented_and_what_has_none_is_held_for_no_reason(batch):
    endpoint = batch.endpoint
    result = check(batch, TABLES[endpoint], today=TODAY)
    rows = [dict(row) for _, row in result.batch.frame.iterrows()]
    live = [position for position in range(len(rows)) if not batch.skipped[position]]

    assert {problem.position for problem in result.problems} <= set(live)
    assert set(result.repeats) <= set(live)
    assert not result.held & set(result.repeats)
    assert [problem.row for problem in result.problems] == [
        problem.position + 2 for problem in result.problems
    ]
    across = {p.position for p in result.problems if p.code in {9019, 9020, 9022}}
    for position in set(live) - set(result.repeats):
        filled = {name: text for name, text in rows[position].items() if text}
        good = all(satisfies(endpoint, name, text) for name, text in filled.items())
        good &= all(filled.keys() & names for names in NEEDED[endpoint])
        good &= endpoint != "permits" or filled.get("endTime", "") > filled.get("startTime", "")
        assert (position not in result.held) == (good and position not in across)


@settings(deadline=None, max_examples=40)
@given(batches())
def test_of_the_rows_to_be_sent_no_two_are_about_one_record(batch):
    result = check(batch, TABLES[batch.endpoint], today=TODAY)
    kept = result.batch.frame[
        [
            not batch.skipped[position]
            and position not in result.held
            and position not in result.repeats
            for position in range(len(batch.frame))
        ]
    ]
    keys = kept[[name for name in KEYS[batch.endpoint] if name in kept]]

    if len(kept):
        assert not keys.duplicated().any()
    for name in ("email", "user_name"):
        if name in kept:
            values = kept[name][kept[name] != ""].str.casefold()
            assert not values.duplicated().any()
