"""A proposal becomes a mapping file: tidy, in the vendor's order, each line with its reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from importer.proposing.writing import entry, flow, remark, scalar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from importer.proposing.proposal import Proposal, Question

_TERMS: Final = (
    "january|february|march|april|may|june|july|august|september|october|november|december|"
    "jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|fall|winter|spring|summer|automne|hiver|printemps|ete|été|"
    "run|final|v|copy|copie|[hpaef](?=[0-9])"
)
_CHANGING_RE: Final = re.compile(
    rf"(?:(?<![a-z])(?:{_TERMS})[\s_.-]*|(?<![a-z0-9]))\(?[0-9][0-9\s_.,:()-]*|\(?(?<![a-z])(?:{_TERMS})(?![a-z])\)?",
    re.IGNORECASE,
)
_HOWS: Final = 100


def mapping_text(proposal: Proposal, *, more: Sequence[str] = ()) -> str:
    """Return the mapping as YAML text; open questions stand in it as comments and under ``ask``.

    Args:
        proposal: What is proposed.
        more: Questions about the rows themselves.
    """
    look = proposal.look
    file = look.source.path
    lines = [
        f"# Proposed by `opscom-import map` from {remark(file.name)}. Read it through, and correct it freely.",
        "version: 1",
        f"name: {scalar(_title(file))}",
        f"endpoint: {proposal.endpoint}",
        f"match: {{files: [{scalar(pattern(file))}]}}",
    ]
    others = [grid for grid in look.source.grids if grid.name != look.sheet.name]
    if look.only_sheet is not None and others:
        lines.append(f"sheet: {scalar(look.only_sheet)}")
    if look.header_row > 1:
        lines.append(f"header_row: {look.header_row}")
    if proposal.skips:
        lines.append("skip_rows:")
        for skip in proposal.skips:
            rows = ", ".join(map(str, skip.rows[:5])) + (" …" if len(skip.rows) > 5 else "")  # noqa: PLR2004
            lines.append(f"  - {flow(skip.rule)}   # {skip.why}; rows {rows}")
    if proposal.duplicates != "error":
        lines.append(f"duplicates: {proposal.duplicates}")
    lines += ["fields:", *_fields(proposal)]
    held = questions_of(proposal)
    if held or more:
        lines.append(
            "ask:   # answer these with `opscom-import map`, or here, and remove the lines"
        )
        lines += [f"  - {flow({'question': text})}" for text in more]
        lines += [_ask(question) for question in held]
    return "\n".join(lines) + "\n"


def _fields(proposal: Proposal) -> list[str]:
    """Return the fields with their reasons, open questions as comments before them."""
    drafted = {made.field for made in proposal.drafts}
    asks = [
        (
            q.field if q.field in drafted and q.about != "column" else "",
            f"  # ASK: {remark(q.text)}",
        )
        for q in proposal.questions
    ]
    lines = []
    for made in proposal.drafts:
        lines += [ask for name, ask in asks if name == made.field]
        lines += entry(made.field, made.rule, 2, remark(made.why))
    return [*(lines or ["  {}"]), *(ask for name, ask in asks if not name)]


def _ask(question: Question) -> str:
    parts: dict[str, object] = {}
    if question.field:
        parts["field"] = question.field
    if question.column:
        parts["column"] = question.column
    parts["question"] = remark(question.text)
    if question.choices:
        parts["choices"] = list(question.choices[:_HOWS])
    return f"  - {flow(parts)}"


def _title(file: Path) -> str:
    words = re.sub(r"[\s_.-]+", " ", _CHANGING_RE.sub(" ", file.stem)).strip()
    return words or file.stem


def pattern(file: Path) -> str:
    """Return the pattern of a file's name, without what changes: dates, terms, run numbers.

    >>> pattern(Path("HR_Extract_20260901_run12.csv"))
    'HR_Extract_*'
    """
    fixed = _CHANGING_RE.sub("*", file.stem)
    fixed = re.sub(r"\*[\s_.*-]*\*", "*", fixed)
    fixed = re.sub(r"\[", "[[]", fixed)
    if not re.search(r"[^\W\d_]", fixed):
        return f"{file.stem}*"
    return fixed if fixed.endswith("*") else f"{fixed}*"


def questions_of(proposal: Proposal) -> Sequence[Question]:
    """Return the questions without whose answer the mapping may not be used."""
    return [question for question in proposal.questions if question.held]
