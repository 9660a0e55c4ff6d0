"""The zip file around an ``.xlsx`` workbook: its safety, its sheets and its number formats.

Only what the values' reader does not tell is read here (ECMA-376 part 1, sections 18.2 and 18.8).
No XML with a document type is accepted, so no entity is ever resolved, and no part may inflate
beyond what a spreadsheet can be.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote
from xml.parsers import expat

from importer.errors import InputError
from importer.reading import sniffing
from importer.reading.built_in_formats import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_LARGEST_PART: Final = 4 << 30
_LARGEST_TEXTS: Final = 1 << 30
_LARGEST_SMALL: Final = 64 << 20
_SUSPICIOUS: Final = 64 << 20
_RATIO: Final = 250
"""Sheets shrink to a tenth or a thirtieth; only a bomb shrinks more than this."""
_PIECE: Final = 1 << 20
_TEXTS: Final = "sharedstrings.xml"

Attributes = dict[str, str]


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A sheet as the workbook lists it."""

    name: str
    part: str
    """Path of its XML in the package."""
    rows: bool
    """Whether it has rows and columns; charts and macros have none."""
    visible: bool


@dataclass(frozen=True, slots=True)
class Workbook:
    """What the workbook says about its sheets."""

    sheets: tuple[SheetPart, ...]
    """All sheets in the order of their tabs."""
    codes: tuple[str, ...]
    """Number format code of each cell style."""
    since_1904: bool
    styles: str | None
    """Path of the styles in the package."""
    texts: str | None
    """Path of the shared texts in the package."""


@contextmanager
def damage_is_refused(name: str) -> Iterator[None]:
    """Turn whatever a broken package raises into one sentence.

    Raises:
        InputError: Something in the package could not be read.
    """
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        EOFError,
        LookupError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        raise InputError(
            f"{name}: the workbook is damaged or was cut off.", hint=sniffing.MEND
        ) from error


def open_package(data: bytes, name: str) -> zipfile.ZipFile:
    """Return the package, after a look at what its parts claim to inflate to.

    Raises:
        InputError: It is damaged, or a part is larger than any spreadsheet's.
    """
    with damage_is_refused(name):
        package = zipfile.ZipFile(io.BytesIO(data))
        for entry in package.infolist():
            _refuse_bomb(entry, name)
        if len(entries(package.namelist())) < len(package.namelist()):
            raise zipfile.BadZipFile  # two parts of one name: programs differ on which of them counts
        for part in package.namelist():
            if _plain(part).endswith(_TEXTS):
                _read_through(package, part, name)
    return package


def entries(names: Sequence[str]) -> dict[str, str]:
    r"""Return the names in a zip file by the names that they stand for.

    Letters of either case are the same (ECMA-376 part 2, section 6.3.5), and old versions of .NET wrote
    ``xl\workbook.xml``.
    """
    return {_plain(name): name for name in names}


def _plain(name: str) -> str:
    return name.replace("\\", "/").lower()


def read_workbook(package: zipfile.ZipFile, name: str) -> Workbook:
    """Return the list of sheets and the number formats."""
    with damage_is_refused(name):
        root = _related(package, "", name).get("officeDocument") or [
            entries(package.namelist())["xl/workbook.xml"]
        ]
        related = {key: (kind, target) for key, kind, target in _relations(package, root[0], name)}
        sheets: list[SheetPart] = []
        dates: list[bool] = []

        def start(tag: str, attributes: Attributes) -> None:
            if tag == "sheet":
                # A name damaged in the zip's directory hides a whole part, the relations too: a sheet
                # that then leads nowhere must not pass for one that is not there.
                # Modules of old macros have no part: their relation is named and empty.
                key = _prefixed(attributes, "id")
                kind, target = ("", "") if key == "" else related[key]
                visible = attributes.get("state", "visible") == "visible"
                title = attributes.get("name", "")
                sheets.append(SheetPart(title, target, kind == "worksheet", visible))
            elif tag == "workbookPr":
                dates.append(attributes.get("date1904", "0") in {"1", "true"})

        _parse(package.read(root[0]), start, name)
        if not sheets:
            raise zipfile.BadZipFile
        parts = dict(reversed(related.values()))
        styles, texts = parts.get("styles"), parts.get("sharedStrings")
        codes = _codes(package.read(styles), name) if styles else ("General",)
        return Workbook(tuple(sheets), codes, any(dates), styles, texts)


def refuse_document_type(start: bytes, name: str) -> None:
    """Refuse XML that defines a document type, the carrier of every entity trick.

    Raises:
        InputError: It does.
    """
    if b"<!DOCTYPE" in start.replace(b"\x00", b"").upper():
        raise InputError(
            f"{name}: the workbook holds a document type definition, which no program writes.",
            hint="Do not trust this file; ask for a fresh export.",
        )


def _refuse_bomb(part: zipfile.ZipInfo, name: str) -> None:
    limit = _LARGEST_SMALL
    path = _plain(part.filename)
    if "/worksheets/" in path:
        limit = _LARGEST_PART
    elif path.endswith(_TEXTS) or not path.endswith((".xml", ".rels")):
        limit = _LARGEST_TEXTS  # a part of any name may be what the workbook calls its texts
    swollen = part.file_size > _SUSPICIOUS and part.file_size > part.compress_size * _RATIO
    if part.file_size > limit or swollen:
        raise InputError(
            f"{name}: unpacked, the workbook would be too large to be a spreadsheet.",
            hint="Copy the rows into a new workbook and save that.",
        )


def _read_through(package: zipfile.ZipFile, part: str, name: str) -> None:
    """Unpack a part once, so that one that lies about its size is found before it is trusted."""
    with package.open(part) as stream:
        refuse_document_type(stream.read(_PIECE), name)
        while stream.read(_PIECE):
            pass


def _parse(data: bytes, start: Callable[[str, Attributes], None], name: str) -> None:
    """Call ``start`` for each element, with the tag and its attributes without prefixes of tags."""
    refuse_document_type(data[:_PIECE], name)
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition(":")[2], attributes)
    parser.Parse(data, True)  # noqa: FBT003 - the standard library's signature


def _prefixed(attributes: Attributes, name: str) -> str:
    """Return the attribute of this name that has a prefix, as ``r:id`` has.

    Raises:
        ValueError: There is none.
    """
    for key, text in attributes.items():
        if key.partition(":")[2] == name:
            return text
    raise ValueError(name)


def _relations(package: zipfile.ZipFile, part: str, name: str) -> list[tuple[str, str, str]]:
    """Return id, type and target of what a part refers to."""
    named = entries(package.namelist())
    folder, file = posixpath.split(_plain(part))
    found: list[tuple[str, str, str]] = []

    def start(tag: str, attributes: Attributes) -> None:
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            target = _plain(attributes["Target"])
            paths = (
                posixpath.normpath(posixpath.join("/", folder, spelled)).lstrip("/")
                for spelled in (target, unquote(target))
            )
            kind = attributes["Type"].rpartition("/")[2]
            part = next((named[path] for path in paths if path in named), target)
            found.append((attributes["Id"], kind, part))

    path = posixpath.join(folder, "_rels", f"{file}.rels")
    if path in named:
        _parse(package.read(named[path]), start, name)
    return found


def _related(package: zipfile.ZipFile, part: str, name: str) -> dict[str, list[str]]:
    by_kind: dict[str, list[str]] = {}
    for _, kind, target in _relations(package, part, name):
        by_kind.setdefault(kind, []).append(target)
    return by_kind


def _codes(styles: bytes, name: str) -> tuple[str, ...]:
    """Return the format code of each cell style, in the order in which cells refer to them."""
    own: dict[int, str] = {}
    used: list[int] = []
    inside: list[str] = []

    def start(tag: str, attributes: Attributes) -> None:
        if tag == "numFmt" and inside == ["numFmts"]:
            own[int(attributes["numFmtId"])] = attributes.get("formatCode", "General")
        elif tag in {"numFmts", "cellXfs", "cellStyleXfs", "dxfs"}:
            inside[:] = [tag]
        elif tag == "xf" and inside == ["cellXfs"]:
            used.append(int(attributes.get("numFmtId", "0")))

    _parse(styles, start, name)
    return tuple(own.get(number) or BUILT_IN.get(number, "General") for number in used or [0])
