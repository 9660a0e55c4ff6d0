"""Which rows are no records, which are of people that left or are marked, and which keys repeat."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from importer.proposing.answers import ROWS, Key, Question
from importer.proposing.dating import read_date, read_dates
from importer.proposing.profiles import FEW, Profile, folded
from importer.proposing.proposal import Proposal, Skip
from importer.proposing.vocabulary import languages, means, total_pattern
from importer.text import clean, count, fold, names_colour, spans
from schemas import TABLES

Hits = npt.NDArray[np.bool_]
Rule = Mapping[str, object]

SKIP, SEND = "skip", "send"
LEFT: Final = "left, as you said"
_ALONE: Final = "one cell alone is filled: a title, a note or a section"
_FULL, _NAMED, _DATED = 3, 4, 0.9
_REPEATED: Final = ("error", "first", "last")
_PLAIN_RE: Final = re.compile("[0-9A-F]{6}")
_ENDS: Final = r".+[ -](?:totals?|totaux|totales|count)"
"""As Excel names its own subtotals: "Lot C Total"."""
_TOTAL_RE: Final = re.compile(r"(?:[^\W\d_]+[ -])?(?:sub|sous)?total\w*|[^\W\d_]+", re.IGNORECASE)


def passed_over(made: Proposal) -> list[Skip]:
    """Return the rows that are no records, but for those that a person wants sent after all."""
    return [skip for skip in _no_records(made) if made.answers.get(ROWS, skip.why) != SEND]


def judge_rows(made: Proposal) -> None:
    """Add what is asked about rows to those passed over, and what to do with repeated keys."""
    skips: list[Skip] = []
    secret = {place.profile.column.position for place in made.places if place.secret}
    sets, seen = languages()["english"].sets, dict[str, list[str]]()
    telling = sets["status"] | sets["present"] | sets["leaving"]
    types = {p.profile.column.position for p in made.places if p.field == "user_type_id"}
    # "Lost" is the name of a lot, and "Disabled" a kind of plate.
    silent = secret.union(made.mapped) - types
    for profile in made.look.profiles:
        position, header = profile.column.position, made.look.headers[profile.column.position]
        if not header:
            continue
        shown = profile.few and position not in silent
        tells = shown and (
            not telling.isdisjoint(_header_words(profile.column.header))
            or any(_has_left(profile, text) for text in profile.counts)
        )
        if position not in made.mapped:
            seen[header] = list(profile.counts) if tells else []
        dated = position not in {*secret, *made.mapped} and profile.share("date") > _DATED
        gone = _left(made, profile) if shown else []
        gone += _departed(made, profile) if dated else []
        if gone:
            texts = made.look.sheet.frame[position].map(fold)
            hits = texts.isin(list(map(fold, gone))).to_numpy()
            rule = {"column": header, "matches": _pattern(gone)}
            skips.append(Skip(rule, _numbers(made, hits), LEFT))
    made.seen = seen
    notes = {row for skip in made.skips if skip.why == _ALONE for row in skip.rows}
    made.skips += [*skips, *_marked(made, notes)]
    made.duplicates = _repeated(made, {row for skip in made.skips for row in skip.rows})


def _left_out(made: Proposal, key: Key, text: str, column: str = "", value: str = "") -> bool:
    """Return whether a person said to skip these rows; ask where nobody said."""
    said = made.answers.get(ROWS, *key)
    if said is None:
        asked = Question("row", (ROWS, *key), text, (SKIP, SEND), column=column, value=value)
        made.questions.append(asked)
    return said == SKIP


def _numbers(made: Proposal, hits: Hits) -> tuple[int, ...]:
    return tuple(made.look.sheet.rows[hits].tolist())


def _no_records(made: Proposal) -> Iterator[Skip]:
    """Yield rows that are no records: repeated headers, totals, and titles or notes in one cell."""
    look, frame = made.look, made.look.sheet.frame
    if not made.mapped or not len(frame):
        return
    taken = np.zeros(len(frame), dtype=np.bool_)
    for found, rule, why in (_headers(made), *_totals(made)):
        hits = found & ~taken
        taken |= hits
        if hits.any():
            yield Skip(rule, _numbers(made, hits), why)
    filled = np.column_stack([(frame[c.position] != "").to_numpy() for c in look.sheet.columns])
    lone = (filled.sum(axis=1) == 1) & ~taken
    records = filled[~lone & ~taken]
    if not lone.any() or not len(records) or np.median(records.sum(axis=1)) < _FULL:
        return
    # Up to three mapped columns that records fill and these rows leave blank.
    full = {p: records[:, p].mean() for p in made.mapped if not filled[lone, p].any()}
    best = sorted(full, key=lambda p: full[p], reverse=True)[:_FULL]
    if best and records[:, best].any(axis=1).all():
        rule = {"columns": [look.headers[position] for position in sorted(best)], "blank": True}
        yield Skip(rule, _numbers(made, lone), _ALONE)


def _headers(made: Proposal) -> tuple[Hits, Rule, str]:
    """Return the rows that repeat the header in its own places."""
    look, frame = made.look, made.look.sheet.frame
    same = np.zeros(len(frame), dtype=np.int64)
    for profile in look.profiles:
        position, header = profile.column.position, fold(profile.column.header)
        if position in made.mapped:
            short = (text for text in profile.counts if len(text) < len(header) + _FULL)
            near = [text for text in short if fold(text) == header]
            same += frame[position].map(clean).isin(near).to_numpy() if near else 0
    first = made.mapped[0]
    rule = {"column": look.headers[first], "matches": _pattern([look.sheet.columns[first].header])}
    return same >= max(2, len(made.mapped) // 2), rule, "the header, repeated"


def _totals(made: Proposal) -> Iterator[tuple[Hits, Rule, str]]:
    """Yield the rows whose first words are "Total" or the like, by the first column that has some."""
    frame = made.look.sheet.frame
    first = [p.column.position for p in made.look.profiles[:_FULL]]
    # A rule names its column, so that one without a header tells nothing.
    for position in filter(made.look.headers.get, dict.fromkeys(first + made.mapped)):
        texts = frame[position]
        begins, ends = (
            pc.match_substring_regex(pa.array(texts), each).to_numpy(zero_copy_only=False)
            for each in (total_pattern(), rf"(?i)^{_ENDS}\s*$")
        )
        hits: Hits = begins | ends
        if 0 < hits.sum() <= max(2, len(texts) / 4):
            # "Sous-total 5" is a "sous-total", and a "Sous-marin" is none.
            words = (_TOTAL_RE.match(text.strip()) for text in texts[begins])
            heads = {word[0].casefold() for word in words if word}
            ways = [r"({})\b.*".format("|".join(map(re.escape, sorted(heads))))] if heads else []
            pattern = "(?i)" + "|".join(ways + [_ENDS] * any(ends & ~begins))
            yield hits, {"column": made.look.headers[position], "matches": pattern}, "totals"
            return


def _pattern(texts: Sequence[str]) -> str:
    return f"(?i)({'|'.join(map(re.escape, texts))})".replace("\\ ", " ")


def _left(made: Proposal, profile: Profile) -> list[str]:
    """Ask about people that have left; return the values of those not to be sent."""
    header, gone = made.look.headers[profile.column.position], []
    for text, number in folded(profile.counts).items():
        asked = f'"{header}" is "{text}" in {count(number, "row")}. Are these not to be sent?'
        if _has_left(profile, text) and _left_out(made, (header, text), asked, header, text):
            gone.append(text)
    return gone


def _departed(made: Proposal, profile: Profile) -> list[str]:
    """Ask about people whose day of leaving, which the others lack, has passed; return the days."""
    header = made.look.headers[profile.column.position]
    words = languages()["english"].sets["leaving"]
    if words.isdisjoint(_header_words(profile.column.header)) or profile.filled == profile.rows:
        return []
    today, form = dt.datetime.now(dt.UTC).date().isoformat(), read_dates(profile.counts).form
    gone = [text for text in profile.counts if "" < read_date(text, form)[:10] < today]
    number = count(sum(profile.counts[text] for text in gone), "row")
    asked = f'"{header}" is a day that has passed in {number}. Are these not to be sent?'
    said = 0 < len(gone) <= FEW and _left_out(made, (header, "passed"), asked, header)
    return gone if said else []


@cache
def _header_words(header: str) -> set[str]:
    """Return the words of a header in every language."""
    return {word for language in languages().values() for word in language.words(header)}


def _has_left(profile: Profile, text: str) -> bool:
    """Whether a value says so: by a word, or by a letter beside letters of people who are there."""
    if means("left", text):
        return True
    known, sets = _header_words(profile.column.header), languages()["english"].sets
    # Active: No, Suspended: Yes
    if known & sets["present"] and means("no", text):
        return True
    if any(means("left", word) for word in known) and means("yes", text):
        return True
    if known >= {"enrolment", "status"} and "0" in profile.counts and text.isdigit():
        # PowerSchool's Enroll_Status: 0 is there, 1 to 3 are inactive, gone or graduated.
        return text != "0"
    if means("left letters", text) is None or not any(means("active", v) for v in profile.counts):
        return False
    return not known.isdisjoint(sets["status"])


def _marked(made: Proposal, notes: set[int]) -> Iterator[Skip]:
    """Ask about rows that are struck out, or filled in a colour that a note explains."""
    look, sheet = made.look, made.look.sheet
    legends = [(text, behind, "the sheet") for _, text, behind in sheet.above]
    around = [
        (sheet.frame, sheet.fills, np.flatnonzero(np.isin(sheet.rows, list(notes))), "the sheet")
    ]
    # Beside the records a legend may have a sheet of its own, of a line or two of cells.
    around += [
        (grid.frame, grid.fills, np.arange(min(len(grid.frame), FEW)), f"the sheet {grid.name}")
        for grid in look.source.grids
        if grid.name not in {sheet.name, *look.also} and len(grid.frame.columns) < _FULL
    ]
    for frame, fills, rows, where in around:
        for at in rows.tolist():
            colours = frozenset(colour for _, colour in fills.get(at, ()))
            legends.append((" ".join(filter(None, frame.iloc[at])), colours, where))
    marks: list[tuple[str, Rule, Iterable[tuple[int, int]], str]]
    marks = [("struck out", {"struck": True}, sheet.struck, "Struck out")]
    for colour in sorted({colour for cells in sheet.fills.values() for _, colour in cells}):
        legend = [
            (text, where) for text, behind, where in legends
            if colour in behind or names_colour(text)
        ]  # fmt: skip
        if legend and _PLAIN_RE.fullmatch(colour):
            text, where = legend[0]
            how = f'Of the background {colour}, and {where} says "{text[:60]}"'
            marks.append((f"background {colour}", {"fill": colour}, sheet.coloured(colour), how))
    for name, rule, cells, how in marks:
        found = sorted(set(sheet.rows_marked(cells, set(made.told_by), set(made.mapped))))
        numbers = tuple(row for row in sheet.rows[found].tolist() if row not in notes)
        most = "fill" in rule and 2 * len(numbers) >= len(sheet.frame)
        which = f"{how}: {count(len(numbers), 'row')} ({spans(numbers)})"
        if numbers and not most and _left_out(made, (name,), f"{which}. Are these not to be sent?"):
            yield Skip(rule, numbers, "not to be sent, as you said")


def _repeated(made: Proposal, skipped: set[int]) -> str:
    """Ask what to do with keys that stand in several rows, and say in which columns those differ."""
    frame, headers = made.look.sheet.frame, made.look.headers
    if not made.told_by or len(made.told_by) < len(TABLES[made.endpoint].key):
        return "error"
    key = pd.Series("", index=frame.index, dtype="str")
    counted = ~np.isin(made.look.sheet.rows, list(skipped))
    for position in made.told_by:
        key = key + "|" + frame[position].str.strip().str.casefold()
        counted &= (frame[position] != "").to_numpy()
    twice = counted & key[counted].duplicated(keep=False).reindex(key.index, fill_value=False)
    said = made.answers.get(ROWS, "repeated")
    if not twice.any():
        return "error"
    if said in _REPEATED:
        return said
    twins, different = key[twice], key[twice].nunique()
    differ = [
        f'"{headers[p]}"'
        for p in made.mapped
        if p not in made.told_by and len(set(zip(twins, frame[p][twice], strict=True))) > different
    ]
    how = "They are the same in every column that is sent"
    if differ:
        how = f"They differ in {', '.join(differ[:_NAMED])}"
    text = (
        f"{count(different, 'key')} {'stands' if different == 1 else 'stand'} in several rows "
        f"({count(len(twins), 'row')}). {how}. Hold them (error), or send the first or the last of each?"
    )
    made.questions.append(Question("row", (ROWS, "repeated"), text, _REPEATED))
    return "error"
