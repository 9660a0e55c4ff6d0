"""Which rows are no records, which are of people that left or are marked, and which keys repeat."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from importer.proposing.answers import ROWS, Question
from importer.proposing.profiles import folded
from importer.proposing.proposal import Skip
from importer.proposing.vocabulary import languages, means, total_pattern
from importer.text import clean, count, fold, spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt

    from importer.proposing.answers import Answers
    from importer.proposing.profiles import Profile
    from importer.proposing.proposal import Look, Place

    Hits = npt.NDArray[np.bool_]

SKIP, SEND = "skip", "send"
_ALONE: Final = "one cell alone is filled: a title, a note or a section"
_FULL, _NAMED = 3, 4
_REPEATED: Final = ("error", "first", "last")
_PLAIN_RE: Final = re.compile("[0-9A-F]{6}")
_COLOURS_RE: Final = re.compile(
    r"\b(?:red|orange|yellow|green|blue|purple|pink|gr[ea]y|rouges?|jaunes?|verte?s?|bleue?s?|roj[oa]s?|amarill[oa]s?"
    r"|azul(?:es)?|highlight\w*|colou?r\w*|couleur\w*)\b",
    re.IGNORECASE,
)


@dataclass
class Rows:
    """The rows of a sheet under a proposal, and what is asked about them."""

    look: Look
    places: Sequence[Place]
    answers: Answers
    keys: Sequence[str]
    """Fields by which OPSCOM knows a record."""
    questions: list[Question] = field(default_factory=list)

    @cached_property
    def mapped(self) -> list[int]:
        """Positions of the columns that are sent."""
        return list(dict.fromkeys(p.profile.column.position for p in self.places if p.used))

    @cached_property
    def told_by(self) -> list[int]:
        """Positions of the columns of the keys, in the order of the keys."""
        used = [place for place in self.places if place.used]
        return [p.profile.column.position for key in self.keys for p in used if p.field == key]

    def numbers(self, hits: Hits) -> tuple[int, ...]:
        """Return the numbers of rows as the spreadsheet shows them."""
        return tuple(self.look.sheet.rows[hits].tolist())

    def left_out(self, key: tuple[str, ...], text: str, column: str = "", value: str = "") -> bool:
        """Return whether a person said to skip these rows; ask where nobody said."""
        said = self.answers.get(ROWS, *key)
        if said is None:
            asked = Question("row", (ROWS, *key), text, (SKIP, SEND), column=column, value=value)
            self.questions.append(asked)
        return said == SKIP


def judge_rows(rows: Rows) -> tuple[list[Skip], list[Question], str]:
    """Return the rows to pass over, what is asked about rows, and what to do with repeated keys."""
    # What a person wants sent after all is no row to pass over.
    skips = [skip for skip in _no_records(rows) if rows.answers.get(ROWS, skip.why) != SEND]
    secret = {place.profile.column.position for place in rows.places if place.secret}
    for profile in rows.look.profiles:
        if profile.few and profile.column.header and profile.column.position not in secret:
            skips += _left(rows, profile)
    notes = {row for skip in skips if skip.why == _ALONE for row in skip.rows}
    skips += _marked(rows, notes)
    duplicates = _repeated(rows, {row for skip in skips for row in skip.rows})
    return skips, rows.questions, duplicates


def _no_records(rows: Rows) -> Iterator[Skip]:
    """Yield rows that are no records: repeated headers, totals, and titles or notes in one cell."""
    look, frame = rows.look, rows.look.sheet.frame
    if not rows.mapped or not len(frame):
        return
    filled = np.column_stack([(frame[c.position] != "").to_numpy() for c in look.sheet.columns])
    taken = np.zeros(len(frame), dtype=np.bool_)
    for hits, rule, why in (_headers(rows), *_totals(rows)):
        if (hits & ~taken).any():
            yield Skip(rule, rows.numbers(hits & ~taken), why)
            taken |= hits
    lone = (filled.sum(axis=1) == 1) & ~taken
    records = filled[~lone & ~taken]
    if not lone.any() or not len(records) or np.median(records.sum(axis=1)) < _FULL:
        return
    # Up to three mapped columns that records fill and these rows leave blank.
    full = {p: records[:, p].mean() for p in rows.mapped if not filled[lone, p].any()}
    best = sorted(full, key=lambda p: full[p], reverse=True)[:_FULL]
    if best and records[:, best].any(axis=1).all():
        rule = {"columns": [look.headers[position] for position in sorted(best)], "blank": True}
        yield Skip(rule, rows.numbers(lone), _ALONE)


def _headers(rows: Rows) -> tuple[Hits, dict[str, object], str]:
    """Return the rows that repeat the header in its own places."""
    frame = rows.look.sheet.frame
    same = np.zeros(len(frame), dtype=np.int64)
    for profile in rows.look.profiles:
        position, header = profile.column.position, fold(profile.column.header)
        if position in rows.mapped:
            short = (text for text in profile.counts if len(text) < len(header) + _FULL)
            near = [text for text in short if fold(text) == header]
            same += frame[position].map(clean).isin(near).to_numpy() if near else 0
    first = rows.mapped[0]
    pattern = f"(?i){_escaped(rows.look.sheet.columns[first].header)}"
    rule: dict[str, object] = {"column": rows.look.headers[first], "matches": pattern}
    return same >= max(2, len(rows.mapped) // 2), rule, "the header, repeated"


def _totals(rows: Rows) -> Iterator[tuple[Hits, dict[str, object], str]]:
    """Yield the rows whose first words are "Total" or the like, by the first column that has some."""
    frame = rows.look.sheet.frame
    first = [p.column.position for p in rows.look.profiles[:_FULL]]
    # A rule names its column, so that one without a header tells nothing.
    for position in filter(rows.look.headers.get, dict.fromkeys(first + rows.mapped)):
        texts = frame[position]
        found = pc.match_substring_regex(pa.array(texts), total_pattern())
        hits: Hits = found.to_numpy(zero_copy_only=False)
        if 0 < hits.sum() <= max(2, len(texts) / 4):
            heads = {re.split(r"[\W\d]", text.strip())[0].casefold() for text in texts[hits]}
            pattern = "(?i)(" + "|".join(map(re.escape, sorted(heads))) + r")\b.*"
            yield hits, {"column": rows.look.headers[position], "matches": pattern}, "totals"
            return


def _escaped(text: str) -> str:
    return re.escape(text).replace("\\ ", " ")


def _left(rows: Rows, profile: Profile) -> Iterator[Skip]:
    """Ask about people that have left; yield the rule for those not to be sent."""
    position = profile.column.position
    header = rows.look.headers[position]
    gone: list[str] = []
    for text, number in folded(profile.counts).items():
        asked = f'"{header}" is "{text}" in {count(number, "row")}. Are these not to be sent?'
        if _has_left(profile, text) and rows.left_out((header, text), asked, header, text):
            gone.append(text)
    if gone:
        wanted = [fold(text) for text in gone]
        hits = rows.look.sheet.frame[position].map(fold).isin(wanted).to_numpy()
        pattern = "(?i)(" + "|".join(map(_escaped, gone)) + ")"
        yield Skip({"column": header, "matches": pattern}, rows.numbers(hits), "left, as you said")


def _has_left(profile: Profile, text: str) -> bool:
    """Whether a value says so: by a word, or by a letter beside letters of people who are there."""
    if means("left", text):
        return True
    if means("left letters", text) is None or not any(means("active", v) for v in profile.counts):
        return False
    header = profile.column.header
    known = {word for language in languages().values() for word in language.words(header)}
    return not known.isdisjoint(languages()["english"].about["status"])


def _marked(rows: Rows, notes: set[int]) -> Iterator[Skip]:
    """Ask about rows that are struck out, or filled in a colour that a note explains."""
    sheet = rows.look.sheet
    legends = [(text, behind) for _, text, behind in sheet.above]
    for at in np.flatnonzero(np.isin(sheet.rows, list(notes))).tolist():
        colours = frozenset(colour for _, colour in sheet.fills.get(at, ()))
        legends.append((" ".join(filter(None, sheet.frame.iloc[at])), colours))

    marks: list[tuple[str, dict[str, object], Iterable[tuple[int, int]], tuple[str, str], str]]
    marks = [("struck out", {"struck": True}, sheet.struck, ("is", "are"), "struck out")]
    for colour in sorted({colour for cells in sheet.fills.values() for _, colour in cells}):
        legend = [text for text, behind in legends if colour in behind or _COLOURS_RE.search(text)]
        if legend and _PLAIN_RE.fullmatch(colour):
            name, how = f"background {colour}", f'and the sheet says "{legend[0][:60]}"'
            in_it = sheet.coloured(colour)
            marks.append((name, {"fill": colour}, in_it, ("has", "have"), f"the {name}, {how}"))
    for name, rule, cells, verbs, how in marks:
        found = sorted(set(sheet.rows_marked(cells, set(rows.told_by), set(rows.mapped))))
        numbers = tuple(row for row in sheet.rows[found].tolist() if row not in notes)
        if not numbers or ("fill" in rule and 2 * len(numbers) >= len(sheet.frame)):
            continue
        several = len(numbers) > 1
        which = f"{'Rows' if several else 'Row'} {spans(numbers)} {verbs[several]}"
        if rows.left_out((name,), f"{which} {how}. Are these not to be sent?"):
            yield Skip(rule, numbers, "not to be sent, as you said")


def _repeated(rows: Rows, skipped: set[int]) -> str:
    """Ask what to do with keys that stand in several rows, and say in which columns those differ."""
    frame, headers = rows.look.sheet.frame, rows.look.headers
    if not rows.keys or len(rows.told_by) < len(rows.keys):
        return "error"
    key = pd.Series("", index=frame.index, dtype="str")
    counted = ~np.isin(rows.look.sheet.rows, list(skipped))
    for position in rows.told_by:
        key = key + "|" + frame[position].str.strip().str.casefold()
        counted &= (frame[position] != "").to_numpy()
    twice = counted & key[counted].duplicated(keep=False).reindex(key.index, fill_value=False)
    said = rows.answers.get(ROWS, "repeated")
    if not twice.any():
        return "error"
    if said in _REPEATED:
        return said
    twins, different = key[twice], key[twice].nunique()
    differ = [
        f'"{headers[p]}"'
        for p in rows.mapped
        if p not in rows.told_by and len(set(zip(twins, frame[p][twice], strict=True))) > different
    ]
    how = "They are the same in every column that is sent"
    if differ:
        how = f"They differ in {', '.join(differ[:_NAMED])}"
    text = (
        f"{count(different, 'key')} {'stands' if different == 1 else 'stand'} in several rows "
        f"({count(len(twins), 'row')}). {how}. Hold them (error), or send the first or the last of each?"
    )
    rows.questions.append(Question("row", (ROWS, "repeated"), text, _REPEATED))
    return "error"
