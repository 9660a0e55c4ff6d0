"""YAML text → nested text, with the line of every value, and what is wrong with it told all at once.

Nothing in a mapping file is ever a number, a date or a boolean here: ``NO``, ``0012``, ``1E5`` and
``2001-02-03`` stay what the person wrote. Only a value that is not written at all, or ``~``, is none.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, cast

import yaml

from importer.errors import MappingError
from importer.text import nearest

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"

_MOST_VALUES = 100_000
_TOO_MUCH = "the file nests or repeats far more than a mapping needs. Write it out plainly."
_CURLY_RE = re.compile(
    "[\u201c-\u201e\u2018\u2019\u00ab].*[\u201c\u201d\u2018\u2019\u00bb]", re.DOTALL
)
_SWALLOWED_RE = re.compile(r"[ \t]+#[0-9]*[ \t]*$")
"""A comment that says nothing, behind a text: ``Permit #``, ``Phone #2``."""


Place: TypeAlias = tuple[str | int, ...]
"""Keys and list positions (from 0) that lead to a value of the file; empty for the whole file."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a mapping file."""

    line: int | None
    """Counted from 1; ``None`` where the whole file is meant."""
    place: Place
    message: str
    """What is wrong and what to do, whole sentences, the first in lower case."""


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as nested text."""

    path: Path
    data: dict[str, Value]
    lines: dict[Place, int]
    """Place → line of its key (or of the value itself in a list), counted from 1."""
    faults: tuple[Fault, ...]
    """Faults of form that still leave the rest readable: repeated keys, keys that are no text."""

    def line(self, place: Place) -> int:
        """Return the line of a place, or of the nearest thing around it that stands in the file."""
        return self.fault(place, "").line or 1

    def fault(self, place: Place, message: str) -> Fault:
        """Return a fault at this place, or at what stands around it where it is not in the file."""
        while place and place not in self.lines:
            place = place[:-1]
        return Fault(self.lines.get(place, 1), place, message)


@dataclass(slots=True)
class _Builder:
    text: list[str]
    """The file's lines."""
    lines: dict[Place, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def build(self, node: yaml.Node, place: Place) -> Value:
        if len(self.lines) > _MOST_VALUES:
            raise RecursionError
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*place, at)) for at, item in enumerate(node.value)]
        return self._scalar(cast("yaml.ScalarNode", node), place)

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> str | None:
        """Return a text; a plain one may not be what the person meant."""
        text = str(node.value)
        if node.style is not None:
            return text
        if _CURLY_RE.fullmatch(text):
            message = f'curly quotes are letters in YAML. Write straight ones: "{text[1:-1]}".'
            self._fault(node, place, message)
        end = node.end_mark
        swallowed = _SWALLOWED_RE.match(self.text[end.line], end.column) if text else None
        if swallowed is not None:
            message = (
                f"a # behind a blank begins a comment, so that only {text} is read here. If it belongs to "
                f'the name, quote it: "{text}{swallowed[0].rstrip()}".'
            )
            self._fault(node, place, message)
        if text not in {"", "~"}:
            return text
        self._fault(node, place, "nothing stands here. Write a value, or remove it.")
        return None

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Value]:
        built: dict[str, Value] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._fault(key, place, "a key must be a text.")
                continue
            name = self._scalar(key, place) or ""
            inner = (*place, name)
            if name in built:
                first = self.lines[inner]
                self._fault(key, inner, f"this key stands in line {first} already. Remove one.")
                continue
            self.lines[inner] = key.start_mark.line + 1
            built[name] = self.build(value, inner)
        return built

    def _fault(self, node: yaml.Node, place: Place, message: str) -> None:
        self.faults.append(Fault(node.start_mark.line + 1, place, message))


def read_document(path: Path) -> Document:
    """Read a YAML file as nested text.

    Args:
        path: The file, UTF-8 with or without a byte order mark.

    Raises:
        MappingError: The file cannot be read at all: missing, not UTF-8, not YAML, or no keys with
            values at its top.
    """
    text = _text(path)
    builder = _Builder([*text.splitlines(), ""])
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
        data = None if node is None else builder.build(node, ())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        raise _unreadable(path, _yaml_sentence(error), line) from error
    except RecursionError:
        raise _unreadable(path, _TOO_MUCH) from None
    if not isinstance(data, dict):
        line = None if node is None else node.start_mark.line + 1
        message = "a mapping is a list of keys with values, like `endpoint: users`."
        raise _unreadable(path, message, line)
    return Document(path, data, builder.lines, tuple(builder.faults))


def _unreadable(path: Path, message: str, line: int | None = None) -> MappingError:
    return mapping_error(path, [Fault(line, (), message)])


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        message = f"the file cannot be read ({reason}). Check its name and who may read it."
        raise _unreadable(path, message) from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = "the file is not UTF-8 text. Save it again with the encoding UTF-8."
        raise _unreadable(path, message, line) from error


def _yaml_sentence(error: yaml.YAMLError) -> str:
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", "it is none"))
    if "'\\t'" in problem:
        return "a tab stands here, and YAML wants blanks. Replace it by blanks."
    if problem.startswith("expected"):
        problem = "a bracket is not closed, or the indentation is off"
    # What YAML quotes may be a secret that somebody put where it does not belong.
    problem = re.sub(r"""\s*(['"]).*\1""", "", problem)
    return f"this is not valid YAML ({problem}). Check indentation, colons and quotes here."


def spell(place: Place) -> str:
    """Return a place as people write it; list entries count from 1.

    >>> spell(("skip_rows", 1, "matches"))
    'skip_rows[2].matches'
    """
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return a sentence, with a blank before it, that offers the nearest name; empty without one."""
    near = nearest(name, names)
    return "" if near is None else f" Did you mean {near}?"


def mapping_error(path: Path, faults: Iterable[Fault]) -> MappingError:
    """Return one error that lists all faults, a line each, in the order of the file."""
    lines = []
    for fault in sorted(faults, key=lambda fault: (fault.line or 0, spell(fault.place))):
        where = [path.name]
        if fault.line is not None:
            where.append(f"line {fault.line}")
        if fault.place:
            where.append(spell(fault.place))
        lines.append(f"{', '.join(where)}: {fault.message}")
    return MappingError(*dict.fromkeys(lines))
