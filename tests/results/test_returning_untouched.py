"""A results workbook, given back as it is, sends nothing: every settled row is unchanged, whatever it held."""

from annotating import HOSTILE
from commanding import user
from hypothesis import given, settings
from hypothesis import strategies as st
from returning import sent

TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from(
            "=+-@'\"\t\n\r\x0b\x0c\x1c\x1f\x00\u2028\u200b\u202e\u00a0<>&_;,x000D0019éZ🚗"
        ),
    ),
    max_size=40,
)


def given_back(desk, controller, stem, rows):
    """Push rows, then their workbook as it is; return the states of both and what was sent the second time."""
    desk.table(f"{stem}.csv", rows)
    first = desk.push(f"{stem}.csv")["files"][0]
    before = len(controller.ledger)
    second = desk.push(desk.results(stem))["files"][0]
    assert (first["error"], second["error"]) == (None, None)
    return first["states"], second["states"], sent(controller, before)


def without(states):
    return {state: rows for state, rows in states.items() if state not in {"pushed", "unchanged"}}


def test_every_hostile_text_is_settled_once(desk, controller):
    texts = [text.replace("\ud800", "") for text in HOSTILE.values()]
    rows = [user(n) | {"First": text, "Last": f"L{n}"} for n, text in enumerate(texts)]
    first, second, again = given_back(desk, controller, "roster", rows)
    assert again == []
    assert first["pushed"] > len(rows) / 2
    assert (second.get("unchanged"), without(second)) == (first["pushed"], without(first))


def test_whatever_was_pushed_is_settled_once(desk, controller):
    numbers = iter(range(100_000))

    @settings(max_examples=15)
    @given(st.lists(TEXTS, min_size=4, max_size=12))
    def hold(texts):
        stem = f"roster-{next(numbers)}"
        rows = [user(next(numbers)) | {"First": text, "Last": "Quill"} for text in texts]
        first, second, again = given_back(desk, controller, stem, rows)
        assert again == []
        assert second.get("unchanged", 0) == first.get("pushed", 0)
        assert without(second) == without(first)

    hold()
