"""What must hold for every batch, judged by a second reading of the rules in plain Python."""

from datetime import date

import numpy as np
import pandas as pd
from checked import batch_of, check
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import TABLES
from schemas.kinds import judge

TODAY = date(2026, 9, 1)
KEYS = {
    "users": ["unique_id"],
    "vehicles": ["plate", "plateTypeID", "plateType", "provID", "prov"],
    "permits": ["plate", "zone", "startTime", "endTime", "permitNo"],
    "permit-updates": ["referenceID"],
    "permit-deletes": ["referenceID"],
    "plates": ["plate"],
}


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
def test_only_live_rows_have_problems_untold_values_break_no_rule_and_no_two_rows_are_one(batch):
    result = check(batch, TABLES[batch.endpoint], today=TODAY)
    live = set(np.flatnonzero(~batch.skipped).tolist())
    assert {problem.position for problem in result.problems} | result.repeats.keys() <= live
    assert not result.held & set(result.repeats)
    assert all(problem.row == problem.position + 2 for problem in result.problems)
    for name in result.batch.frame:
        known, told = (
            TABLES[batch.endpoint].field(name),
            {p.position for p in result.problems if p.field == name},
        )
        for position in live - told - result.strays - result.repeats.keys():
            text = str(result.batch.frame.loc[position, name])
            assert not any(rule.holds for rule, _ in judge(known.kind, text) if text)
            assert len(text) <= (known.max_length or len(text))
    kept = result.batch.frame.loc[sorted(live - result.held - result.repeats.keys())]
    for names in (KEYS[batch.endpoint], ["email"], ["user_name"]):
        values = kept[[name for name in names if name in kept]]
        if names != KEYS[batch.endpoint]:
            values = values[(values != "").all(axis=1)].apply(lambda texts: texts.str.casefold())
        assert not (values.columns.any() and values.duplicated().any())
