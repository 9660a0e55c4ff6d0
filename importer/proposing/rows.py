"""Which rows are no records, who has left, and which keys repeat."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from importer.proposing.answers import ROWS
from importer.proposing.meanings import means, plain, total_pattern
from importer.proposing.profiles import folded
from importer.proposing.proposal import Question, Skip
from importer.text import clean, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from importer.proposing.answers import Answers
    from importer.proposing.profiles import Profile
    from importer.proposing.proposal import Look, Place

SKIP, SEND = "skip", "send"
_FULL = 3
_STATUS: Final = {
    "status",
    "statut",
    "state",
    "active",
    "flag",
    "enrolment",
    "employment",
    "situation",
    "type",
    "standing",
}
_REPEATED: Final = ("error", "first", "last")


def find_skips(look: Look, places: Sequence[Place]) -> list[Skip]:
    """Return rows that are no records: repeated headers, totals, and titles or notes in one cell."""
    used = [place.profile.column.position for place in places if place.used]
    mapped = list(dict.fromkeys(used))
    if not mapped or not len(look.sheet.frame):
        return []
    frame = look.sheet.frame
    filled = np.column_stack([(frame[c.position] != "").to_numpy() for c in look.sheet.columns])
    skips, taken = [], np.zeros(len(frame), dtype=np.bool_)
    for found in (_headers(look, mapped), _totals(look, places)):
        if found is not None:
            hits, rule, why = found
            hits = hits & ~taken
            if hits.any():
                skips.append(Skip(rule, _numbers(look, hits), why))
                taken |= hits
    lone = filled.sum(axis=1) == 1
    records = filled[~lone & ~taken].sum(axis=1)
    if lone[~taken].any() and len(records) and np.median(records) >= _FULL:
        hits = lone & ~taken
        others = _always_filled(mapped, filled, hits, taken | lone)
        if others:
            rule = {"columns": [look.headers[position] for position in others], "blank": True}
            skips.append(
                Skip(
                    rule,
                    _numbers(look, hits),
                    "one cell alone is filled: a title, a note or a section",
                )
            )
    return skips


def _numbers(look: Look, hits: npt.NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(row) for row in look.sheet.rows[hits])


def _headers(
    look: Look, mapped: Sequence[int]
) -> tuple[npt.NDArray[np.bool_], dict[str, object], str] | None:
    """Rows that repeat the header in its own places."""
    same = np.zeros(len(look.sheet.frame), dtype=np.int64)
    counts = {profile.column.position: profile.counts for profile in look.profiles}
    for position in mapped:
        header = look.sheet.columns[position].header
        near = [
            t
            for t in counts[position]
            if abs(len(t) - len(header)) < _FULL and t.casefold() == header.casefold()
        ]
        if near:
            same += look.sheet.frame[position].map(clean).isin(near).to_numpy().astype(np.int64)
    rows = same >= max(2, len(mapped) // 2)
    if not rows.any():
        return None
    first = mapped[0]
    header = look.headers[first]
    pattern = f"(?i){re.escape(look.sheet.columns[first].header)}".replace("\\ ", " ")
    return rows, {"column": header, "matches": pattern}, "the header, repeated"


def _totals(
    look: Look, places: Sequence[Place]
) -> tuple[npt.NDArray[np.bool_], dict[str, object], str] | None:
    """Rows whose first words are "Total" or the like."""
    used = [place.profile.column.position for place in places if place.used]
    for position in dict.fromkeys([p.column.position for p in look.profiles[:_FULL]] + used):
        texts = look.sheet.frame[position]
        hits = pc.match_substring_regex(pa.array(texts), total_pattern()).to_numpy(
            zero_copy_only=False
        )
        if 0 < hits.sum() <= max(2, len(texts) / 4):
            heads = sorted(
                {re.split(r"[\W\d]", text.strip())[0].casefold() for text in texts[hits]}
            )
            pattern = "(?i)(" + "|".join(re.escape(head) for head in heads) + r")\b.*"
            rule: dict[str, object] = {
                "column": look.headers[position],
                "matches": pattern,
            }
            return hits, rule, "totals"
    return None


def _always_filled(
    mapped: Sequence[int],
    filled: npt.NDArray[np.bool_],
    hits: npt.NDArray[np.bool_],
    not_records: npt.NDArray[np.bool_],
) -> list[int]:
    """Return up to three mapped columns that records fill and these rows leave blank."""
    records = ~not_records
    full = {p: filled[records, p].mean() for p in mapped if not filled[hits, p].any()}
    best = sorted(full, key=lambda p: full[p], reverse=True)[:_FULL]
    every = filled[records][:, best].any(axis=1).all() if best else False
    return sorted(best) if every else []


def ask_who(
    look: Look, places: Sequence[Place], answers: Answers
) -> tuple[list[Skip], list[Question]]:
    """Ask about people that have left; an answer ``skip`` makes a rule."""
    skips, questions = [], []
    for profile in look.profiles:
        secret = any(p.secret for p in places if p.profile is profile)
        if secret or not profile.few:
            continue
        header = look.headers[profile.column.position]
        gone: list[str] = []
        for text, rows in folded(profile.counts).items():
            if not _has_left(profile, text):
                continue
            said = answers.get(ROWS, header, text)
            if said == SKIP:
                gone.append(text)
            elif said is None:
                questions.append(Question(
                    "row", (ROWS, header, text),
                    f'"{header}" is "{text}" in {rows} rows. Are these not to be sent?',
                    (SKIP, SEND), column=header, value=text,
                ))  # fmt: skip
        if gone:
            pattern = "(?i)(" + "|".join(re.escape(text).replace("\\ ", " ") for text in gone) + ")"
            column = look.sheet.frame[profile.column.position].map(clean)
            hits = column.map(fold).isin([fold(text) for text in gone]).to_numpy()
            skips.append(
                Skip(
                    {"column": header, "matches": pattern},
                    _numbers(look, hits),
                    "left, as you said",
                )
            )
    return skips, questions


def _has_left(profile: Profile, text: str) -> bool:
    if means("left", text):
        return True
    if means("left letters", text) is None or len(profile.counts) < 2:  # noqa: PLR2004 - a choice
        return False
    from importer.proposing.vocabulary import languages

    words = {word for language in languages() for word in language.words(profile.column.header)}
    known = any(means("active", other) for other in profile.counts)
    return bool(words & _STATUS) and known and plain(text) != plain("F")


def ask_repeated(
    look: Look, places: Sequence[Place], keys: Sequence[str], answers: Answers, skipped: set[int]
) -> tuple[str, list[Question]]:
    """Ask what to do with keys that stand in several rows, and say in which columns those differ."""
    positions = [
        p.profile.column.position for name in keys for p in places if p.field == name and p.used
    ]
    if not positions or len(positions) < len(keys):
        return "error", []
    frame = look.sheet.frame
    key = pd.Series("", index=frame.index, dtype="str")
    blank = np.zeros(len(frame), dtype=np.bool_)
    for position in positions:
        key = key + "|" + frame[position].str.strip().str.casefold()
        blank |= (frame[position] == "").to_numpy()
    counted = ~blank & ~np.isin(look.sheet.rows, list(skipped))
    twice = key[counted].duplicated(keep=False)
    if not twice.any():
        return "error", []
    said = answers.get(ROWS, "repeated")
    if said in _REPEATED:
        return said, []
    rows = frame[counted][twice]
    mapped = dict.fromkeys(p.profile.column.position for p in places if p.used)
    twins = key[counted][twice]
    differ = [
        look.headers[p]
        for p in mapped
        if p not in positions and len(set(zip(twins, rows[p], strict=True))) > twins.nunique()
    ]
    names = ", ".join(f'"{name}"' for name in differ[:4])
    how = f"They differ in {names}" if differ else "They are the same in every column that is sent"
    count = int(key[counted][twice].nunique())
    what = "1 key stands" if count == 1 else f"{count} keys stand"
    return "error", [Question(
        "row", (ROWS, "repeated"),
        f"{what} in several rows ({len(rows)} rows). {how}. Hold them (error), or send the first or the last of each?",
        _REPEATED, proposal="error",
    )]  # fmt: skip
