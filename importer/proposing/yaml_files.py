"""What is written as YAML: a proposal as a mapping, each line with its reason, and what the office confirmed."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain
from math import inf
from pathlib import Path
from typing import Final

import yaml

from importer.errors import InputError
from importer.files import write_whole
from importer.mapping.document import read_document
from importer.proposing.answers import COLUMNS, FIELDS, ROWS, VALUES, Answers, Key, not_a_field
from importer.proposing.profiles import names_of
from importer.proposing.proposal import Proposal
from importer.reading import find_header, take_sheet
from importer.text import fold
from schemas import TABLES

_DEPTHS: Final = {COLUMNS: (2,), FIELDS: (2,), VALUES: (3,), ROWS: (2, 3)}
_HEAD: Final = """\
# What this office has confirmed: which column is which field, what its values mean, what holds for all.
# `opscom-import map` starts from it and asks less. Correct it freely; a line that goes is asked again.
"""
_TERMS: Final = (
    "january|february|march|april|may|june|july|august|september|october|november|december|"
    "jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|fall|winter|spring|summer|automne|hiver|printemps|ete|été|"
    "janvier|février|fevrier|mars|avril|mai|juin|juillet|août|aout|septembre|octobre|novembre|décembre|decembre|"
    "januar|februar|märz|maerz|juni|juli|oktober|dezember|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|"
    "octubre|noviembre|diciembre|autumn|sommer|herbst|otoño|invierno|primavera|verano|"
    "run|final|v|wk|week|copy|copie|[hpaefws](?=[0-9])|(?:fa|sp|su|wi|ws|ss|wise|sose)(?=[ _]?[0-9])|q(?=[1-4])"
)
_CHANGING_RE: Final = re.compile(
    rf"(?:(?<![^\W\d_])(?:{_TERMS})[\s_.-]*|(?<![^\W_]))\(?[0-9](?:[0-9\s_.,:()-]|(?<=[0-9]{{2}})(?:fa|sp|su|wi|[hpaefws])(?![^\W\d_]))*|\(?(?<![^\W\d_])(?:{_TERMS})(?![^\W\d_])\)?",
    re.IGNORECASE,
)
_NUMBER_RE: Final = re.compile(r"[1-9][0-9]{0,4}")
_OPENING: Final = (
    "# Proposed by `opscom-import map` from {}. Read it through, and correct it freely."
)
_SEAL: Final = "# As `opscom-import map` wrote it ({}): while nobody changes it, later answers about the file replace it.\n"
_WIDTH, _MOST_CHOICES, _ROWS = 100, 100, 5
_UNSAFE_RE: Final = re.compile(
    "[^\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]"
)
"""What YAML does not allow in a text, or takes for a line break."""


def mapping_text(proposal: Proposal, *, matched: bool = True) -> str:
    """Return the mapping as YAML text; open questions stand in it as comments and under ``ask``.

    Args:
        proposal: What is proposed.
        matched: Whether it is taken for files of this name by itself.
    """
    look = proposal.look
    file = look.source.path
    title = re.sub(r"[\s_.-]+", " ", _CHANGING_RE.sub(" ", file.stem)).strip()
    head: dict[str, object] = {
        "version": "1",
        "name": proposal.kept.get("name") or title or file.stem,
        "endpoint": proposal.endpoint,
    }
    if matched:
        head["match"] = proposal.kept.get("match", {"files": [pattern(file)]})
    if look.only_sheet is not None and _needs_sheet(proposal, look.only_sheet):
        head["sheet"] = look.only_sheet
    if look.source.encoding:
        head["encoding"] = look.source.encoding
    if look.header_rows != (1,):
        rows = look.header_rows
        head["header_row"] = str(rows[0]) if len(rows) == 1 else list(rows)
    beside = ("defaults", "blanks", "blank_if")
    head |= {key: proposal.kept[key] for key in beside if key in proposal.kept}
    lines = [_OPENING.format(_remark(file.name))]
    lines += [line for key, value in head.items() for line in _entry(key, value)]
    lines += ["skip_rows:"] if proposal.skips else []
    for skip in proposal.skips:
        first = ", ".join(map(str, skip.rows[:_ROWS])) + " …" * (len(skip.rows) > _ROWS)
        where = f"; row{'s' * (len(skip.rows) > 1)} {first}" if first else ""
        lines.append(f"  - {_flow(skip.rule)}   # {skip.why}{where}")
    if proposal.duplicates != "error":
        lines += _entry("duplicates", proposal.duplicates)
    lines += ["fields:", *_fields(proposal)]
    why = "not sent when this was made; what is new since is said by `check`"
    lines.append(f"seen: {_flow(dict(proposal.seen))}   # {why}")
    if proposal.held:
        lines.append(
            "ask:   # answer these with `opscom-import map`, or here, and remove the lines"
        )
    for q in proposal.held:
        said, choices = _remark(q.text), q.choices[:_MOST_CHOICES]
        parts = {"field": q.field, "column": q.column, "question": said, "choices": choices}
        lines.append(f"  - {_flow({name: part for name, part in parts.items() if part})}")
    text = "\n".join(lines) + "\n"
    return text + _SEAL.format(_digest(text))


def _needs_sheet(proposal: Proposal, name: str) -> bool:
    """Whether a mapping names its sheet: not where that has a term in its name and no other has its headers."""
    look, source = proposal.look, proposal.look.source
    others = [grid for grid in source.grids if grid.name != name]
    if not _CHANGING_RE.search(name):
        return bool(others)
    wanted = {fold(look.headers[position]) for position in proposal.mapped}
    for grid in others:
        found_at = find_header(grid, wanted) or 0
        rows = (found_at,) if look.header_rows == (1,) else look.header_rows
        with suppress(InputError):
            found = names_of(take_sheet(grid, *rows).columns).values()
            if wanted <= set(map(fold, found)):
                return True
    return False


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def is_untouched(text: str, file: Path | None = None) -> bool:
    """Return whether a mapping is as ``map`` wrote it, for this file."""
    lines = text.splitlines(keepends=True)
    ours = _SEAL.format(_digest("".join(lines[:-1]))) == "".join(lines[-1:])
    return ours and (file is None or lines[0] == _OPENING.format(_remark(file.name)) + "\n")


def _fields(proposal: Proposal) -> list[str]:
    """Return the fields with their reasons, open questions as comments before them."""
    drafted = {made.field for made in proposal.drafts}
    asks: dict[str, list[str]] = {}
    for question in proposal.questions:
        own = question.field in drafted and question.about != "column"
        remark = f"  # ASK: {_remark(question.text)}"
        asks.setdefault(question.field if own else "", []).append(remark)
    lines = []
    for made in proposal.drafts:
        lines += [*asks.get(made.field, ()), *_entry(made.field, made.rule, 2, made.why)]
    return [*(lines or ["  {}"]), *asks.get("", ())]


def pattern(file: Path) -> str:
    """Return the pattern of a file's name, without what changes: dates, terms, run numbers.

    >>> pattern(Path("HR_Extract_20260901_run12.csv"))
    'HR_Extract_*'
    """
    fixed = re.sub(r"\*[\s_.*-]*\*", "*", _CHANGING_RE.sub("*", file.stem)).replace("[", "[[]")
    if not re.search(r"[^\W\d_]", fixed):
        return f"{file.stem}*"
    return fixed if fixed.endswith("*") else f"{fixed}*"


def load_glossary(path: Path) -> dict[str, Answers]:
    """Return endpoint → what the office confirmed; nothing where there is no glossary.

    Raises:
        MappingError: The file is no YAML.
        InputError: A part of it is not in its place, or names a field that OPSCOM does not have.
    """
    found: dict[str, Answers] = {}
    if not path.is_file():
        return found
    document = read_document(path)
    faults = [(fault.line or 1, fault.message) for fault in document.faults]
    for endpoint, parts in document.data.items():
        if endpoint not in {"version", *TABLES}:
            none = f"`{endpoint}` is none of {', '.join(TABLES)}"
            faults.append((document.line((endpoint,)), none))
        elif endpoint != "version":
            leaves = dict(_leaves((), parts))
            found[endpoint] = Answers({key: text or "" for key, text in leaves.items()})
            wrong = {key: _fault(endpoint, key, text) for key, text in leaves.items()}
            faults += [(document.line((endpoint, *key)), why) for key, why in wrong.items() if why]
    if faults:
        line, what = min(faults)
        raise InputError(
            f"{path.name}, line {line}: {what.removesuffix('.')}.",
            hint="Correct or remove the line; what is gone is asked again.",
        )
    return found


def _fault(endpoint: str, key: Key, text: str | None) -> str:
    if text is None or len(key) not in _DEPTHS.get("".join(key[:1]), ()):
        return f"`{'.'.join((endpoint, *key))}` is not in its place"
    return not_a_field(text, endpoint) if key[0] == COLUMNS else ""


def _leaves(place: Key, value: object) -> Iterator[tuple[Key, str | None]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves((*place, key), inner)
    else:
        yield place, value if isinstance(value, str) else None


def save_glossary(path: Path, glossary: Mapping[str, Answers]) -> None:
    """Write what the office confirmed, whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    data: dict[str, object] = {"version": "1"}
    for endpoint, answers in glossary.items():
        for key, text in answers.given.items():
            inner: dict[str, object] = data
            for name in (endpoint, *key[:-1]):
                inner = inner.setdefault(name, {})  # type: ignore[assignment]
            inner[key[-1]] = text
    text = "\n".join(line for key, value in data.items() for line in _entry(key, value)) + "\n"
    write_whole(path, _HEAD + text)


def _entry(key: str, value: object, indent: int = 0, comment: str = "") -> list[str]:
    """Return one key with its value as lines, the comment behind the first."""
    pad = " " * indent
    name = _flow(key)
    behind = f"   # {_remark(comment)}" if comment else ""
    number = isinstance(value, str) and _NUMBER_RE.fullmatch(value)
    line = f"{pad}{name}: {value if number else _flow(value)}"
    if isinstance(value, Mapping):
        deep = indent == 0 and any(isinstance(inner, Mapping) for inner in value.values())
        if deep or len(line) > _WIDTH:
            inner = (_entry(each, part, indent + 2) for each, part in value.items())
            return [f"{pad}{name}:{behind}", *chain(*inner)]
    return [line + behind]


def _flow(value: object) -> str:
    """Return a value as YAML writes it on one line."""
    text = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=inf
    )
    return text.removesuffix("...\n").strip()


def _remark(text: str) -> str:
    """Return a text as a comment holds it: one line, and nothing that YAML does not allow."""
    return _UNSAFE_RE.sub("\ufffd", " ".join(text.split()))
