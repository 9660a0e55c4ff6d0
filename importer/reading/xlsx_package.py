"""The zip file around an ``.xlsx`` workbook: its safety, its sheets, styles and shared texts.

The source is ECMA-376 part 1, sections 18.2, 18.4 and 18.8. No part may inflate beyond what a
spreadsheet can be, and no XML with a document type is accepted, so that no entity is ever resolved.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn
from urllib.parse import unquote
from xml.parsers import expat

from xlrd.formatting import excel_default_palette_b8

from importer.errors import InputError
from importer.reading import sniffing
from importer.reading.grid import Style, whole_unicode
from importer.reading.number_format import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Attributes = dict[str, str]

_LARGEST: Final = 4 << 30
_LARGEST_TEXTS: Final = 1 << 30
_SUSPICIOUS: Final = 64 << 20
_RATIO: Final = 250
"""Sheets shrink to a tenth or a thirtieth; only a bomb shrinks more than this."""
_PIECE: Final = 1 << 20
_YES: Final = frozenset({"1", "true"})
_ESCAPED_RE: Final = re.compile("_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A sheet as the workbook lists it."""

    name: str
    part: str
    """Path of its XML in the package."""
    visible: bool


@dataclass(frozen=True, slots=True)
class Workbook:
    """What the workbook says about its sheets, and what their cells lean on."""

    sheets: tuple[SheetPart, ...]
    """Those with rows, in the order of their tabs; charts and macros have none."""
    styles: tuple[Style, ...]
    texts: tuple[str, ...]
    """The shared texts."""
    since_1904: bool
    calculates: bool
    """Whether it is to be calculated when it is opened, so that stored values may be stand-ins."""


class Names(dict[str, str]):
    """Tags and attributes without their prefixes, each cut once."""

    def __missing__(self, tag: str) -> str:
        """Cut a prefix off (``x:row``), as some libraries write one everywhere."""
        self[tag] = tag.rpartition(":")[2]
        return self[tag]


@contextmanager
def open_package(data: bytes, name: str) -> Iterator[Package]:
    """Open a package, after a look at what its parts claim to inflate to.

    Raises:
        InputError: It is damaged or dangerous, or a part is larger than any spreadsheet's.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            yield Package(file, name)
    except (
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        EOFError,
        LookupError,
        NotImplementedError,
        OverflowError,
        RuntimeError,
        ValueError,
    ) as error:
        raise InputError(
            f"{name}: the workbook is damaged or was cut off.", hint=sniffing.MEND
        ) from error


class Package:
    r"""The parts of a package by the names that they stand for.

    Letters of either case are the same (ECMA-376 part 2, section 6.3.5), and old versions of .NET wrote
    ``xl\workbook.xml``.
    """

    def __init__(self, file: zipfile.ZipFile, name: str) -> None:
        """Look at the directory; nothing is unpacked."""
        self._file, self._name = file, name
        for entry in file.infolist():
            limit = _LARGEST if "worksheets" in entry.filename.lower() else _LARGEST_TEXTS
            swollen = (
                entry.file_size > _SUSPICIOUS and entry.file_size > entry.compress_size * _RATIO
            )
            if entry.file_size > limit or swollen:
                raise InputError(
                    f"{name}: unpacked, the workbook would be too large to be a spreadsheet.",
                    hint="Copy the rows into a new workbook and save that.",
                )
        self.parts = {_plain(part): part for part in file.namelist()}
        if len(self.parts) < len(file.namelist()):
            raise zipfile.BadZipFile  # programs differ on which of two parts of one name counts

    def parse(
        self,
        part: str,
        start: Callable[[str, Attributes], None],
        text: Callable[[str], None] | None = None,
        end: Callable[[str], None] | None = None,
    ) -> None:
        """Call these for the tags and texts of a part, with names as they are written."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = start
        parser.CharacterDataHandler = text
        parser.EndElementHandler = end
        parser.StartDoctypeDeclHandler = self._refuse_document_type
        with self._file.open(part) as stream:
            for data in iter(lambda: stream.read(_PIECE), b""):
                parser.Parse(data, False)  # noqa: FBT003 - the standard library's signature
            parser.Parse(b"", True)  # noqa: FBT003 - the standard library's signature

    def _refuse_document_type(self, *_: object) -> NoReturn:
        raise InputError(
            f"{self._name}: the workbook holds a document type definition, which no program writes.",
            hint="Do not trust this file; ask for a fresh export.",
        )


def read_workbook(package: Package) -> Workbook:
    """Return the list of sheets, the styles and the shared texts."""
    roots = [part for _, kind, part in _relations(package, "") if kind == "officeDocument"]
    root = roots[0] if roots else package.parts["xl/workbook.xml"]
    related = {key: (kind, part) for key, kind, part in _relations(package, root)}
    sheets: list[SheetPart] = []
    kinds: list[str] = []
    since_1904: list[bool] = []
    calculates: list[bool] = []

    def start(tag: str, attributes: Attributes) -> None:
        name = tag.rpartition(":")[2]
        if name == "workbookPr":
            since_1904.append(attributes.get("date1904") in _YES)
        elif name == "calcPr":
            calculates.append(attributes.get("fullCalcOnLoad") in _YES)
        elif name == "sheet":
            # A sheet that leads nowhere is damage; only modules of old macros have an empty relation.
            keys = [text for key, text in attributes.items() if key.partition(":")[2] == "id"]
            kind, part = related[keys[0]] if keys[0] else ("", "")
            visible = attributes.get("state", "visible") == "visible"
            kinds.append(kind)
            if kind == "worksheet":
                sheets.append(SheetPart(attributes.get("name", ""), part, visible))

    package.parse(root, start)
    if not kinds:
        raise zipfile.BadZipFile
    named = dict(reversed(related.values()))
    return Workbook(
        tuple(sheets),
        _styles(package, named["styles"]) if "styles" in named else (Style("General"),),
        _texts(package, named["sharedStrings"]) if "sharedStrings" in named else (),
        any(since_1904),
        any(calculates),
    )


def without_escapes(text: str) -> str:
    """Return a text with its characters in the place of their numbers: ``_x000D_`` is a return.

    The source is ECMA-376 part 1, section 22.9.2.19.
    """
    if "_x" not in text:
        return text
    return whole_unicode(_ESCAPED_RE.sub(lambda found: chr(int(found[1], 16)), text))


def _plain(name: str) -> str:
    return name.replace("\\", "/").lower()


def _relations(package: Package, part: str) -> list[tuple[str, str, str]]:
    """Return id, type and target of what a part refers to."""
    folder, file = posixpath.split(_plain(part))
    found: list[tuple[str, str, str]] = []

    def start(tag: str, attributes: Attributes) -> None:
        if tag.rpartition(":")[2] == "Relationship" and attributes.get("TargetMode") != "External":
            target = _plain(attributes["Target"])
            paths = (
                posixpath.normpath(posixpath.join("/", folder, spelled)).lstrip("/")
                for spelled in (target, unquote(target))
            )
            kind = attributes["Type"].rpartition("/")[2]
            named = next((package.parts[path] for path in paths if path in package.parts), target)
            found.append((attributes["Id"], kind, named))

    path = posixpath.join(folder, "_rels", f"{file}.rels")
    if path in package.parts:
        package.parse(package.parts[path], start)
    return found


def _styles(package: Package, part: str) -> tuple[Style, ...]:
    """Return what each cell style makes of a cell, in the order in which cells refer to them."""
    own: dict[int, str] = {}
    struck: list[bool] = []
    colours: list[str] = []
    used: list[Style] = []
    inside, solid = "", False

    def start(tag: str, attributes: Attributes) -> None:
        nonlocal inside, solid
        name = tag.rpartition(":")[2]
        if name in {"numFmts", "fonts", "fills", "borders", "cellXfs", "cellStyleXfs", "dxfs"}:
            inside = name
        elif name == "numFmt" and inside == "numFmts":
            own[int(attributes["numFmtId"])] = attributes.get("formatCode", "General")
        elif name == "font" and inside == "fonts":
            struck.append(False)
        elif name == "strike" and inside == "fonts":
            struck[-1] = attributes.get("val", "1") in _YES
        elif name == "fill" and inside == "fills":
            colours.append("")
        elif name == "patternFill" and inside == "fills":
            solid = attributes.get("patternType") == "solid"
        elif name == "fgColor" and inside == "fills" and solid:
            colours[-1] = _colour(attributes)
        elif name == "xf" and inside == "cellXfs":
            number, font, fill = (
                int(attributes.get(key, "0")) for key in ("numFmtId", "fontId", "fillId")
            )
            code = own.get(number) or BUILT_IN.get(number, "General")
            colour = colours[fill] if fill < len(colours) else ""
            used.append(Style(code, font < len(struck) and struck[font], colour))

    package.parse(part, start)
    return tuple(used) or (Style("General"),)


def _colour(attributes: Attributes) -> str:
    """Return a background as ``FF0000`` or, where only the theme knows, ``theme 5 +40%``; none for white."""
    if "theme" in attributes:
        tint = float(attributes.get("tint", "0"))
        shade = f" {tint:+.0%}" if tint else ""
        return (
            "" if attributes["theme"] == "0" and not tint else f"theme {attributes['theme']}{shade}"
        )
    if "indexed" in attributes:
        index = int(attributes["indexed"])
        palette = excel_default_palette_b8
        red_green_blue = palette[index - 8] if 0 <= index - 8 < len(palette) else (255, 255, 255)
        colour = bytes(red_green_blue).hex().upper()
    else:
        colour = attributes.get("rgb", "")[-6:].upper()
    return "" if colour == "FFFFFF" else colour


def _texts(package: Package, part: str) -> tuple[str, ...]:
    """Return the shared texts, those in several fonts joined, without phonetic help."""
    names = Names()
    texts: list[str] = []
    runs: list[str] = []
    taking = phonetic = False

    def start(tag: str, _: Attributes) -> None:
        nonlocal taking, phonetic
        name = names[tag]
        if name == "t":
            taking = not phonetic
        elif name == "rPh":
            phonetic = True

    def text(found: str) -> None:
        if taking:
            runs.append(found)

    def end(tag: str) -> None:
        nonlocal taking, phonetic
        name = names[tag]
        if name == "t":
            taking = False
        elif name == "rPh":
            phonetic = False
        elif name == "si":
            texts.append(without_escapes("".join(runs)))
            runs.clear()

    package.parse(part, start, text, end)
    return tuple(texts)
