"""A proposal as the YAML that a person would have written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

_PLAIN_RE: Final = re.compile(r"[^\W\d_](?:[\w ./()\u2019'+-]*[\w)./])?")
_NUMBER_RE: Final = re.compile(r"[1-9][0-9]{0,4}")
_SPECIAL: Final = {"yes", "no", "true", "false", "null", "on", "off", "y", "n", "nan", "inf"}
_WIDTH: Final = 100
_UNSAFE_RE: Final = re.compile(
    "[^\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]"
)
"""What YAML does not allow in a text, or takes for a line break."""


def scalar(text: str) -> str:
    """Return a text as YAML writes it: bare where nobody can read it as anything else."""
    bare = _PLAIN_RE.fullmatch(text) and text.casefold() not in _SPECIAL
    return text if bare else _UNSAFE_RE.sub(_escaped, json.dumps(text, ensure_ascii=False))


def remark(text: str) -> str:
    """Return a text as a comment holds it: one line, and nothing that YAML does not allow."""
    return _UNSAFE_RE.sub("\ufffd", " ".join(text.split()))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def flow(value: object) -> str:
    """Return a value in one line."""
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{scalar(key)}: {flow(inner)}" for key, inner in value.items()) + "}"
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return scalar(str(value))


def yaml_block(data: Mapping[str, object], indent: int = 0) -> str:
    """Return keys with values, a line each, what is too long for a line in a block of its own."""
    lines: list[str] = []
    for key, value in data.items():
        lines += entry(key, value, indent)
    return "\n".join(lines) + "\n"


def entry(key: str, value: object, indent: int, comment: str = "") -> list[str]:
    """Return one key with its value as lines, the comment behind the first."""
    pad = " " * indent
    name = scalar(key)
    behind = f"   # {remark(comment)}" if comment else ""
    line = f"{pad}{name}: {_number(value)}"
    deep = isinstance(value, Mapping) and any(
        isinstance(inner, Mapping) for inner in value.values()
    )
    if isinstance(value, Mapping) and (len(line) > _WIDTH or (deep and indent < 2)):  # noqa: PLR2004 - levels
        lines = [f"{pad}{name}:{behind}"]
        for inner, part in value.items():
            lines += entry(inner, part, indent + 2)
        return lines
    return [line + behind]


def _number(value: object) -> str:
    return value if isinstance(value, str) and _NUMBER_RE.fullmatch(value) else flow(value)
