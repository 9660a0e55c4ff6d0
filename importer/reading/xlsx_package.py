"""The zip file around an ``.xlsx`` workbook: its safety, its sheets, styles and shared texts.

The source is ECMA-376 part 1, sections 18.2, 18.4 and 18.8. No part may inflate beyond what a
spreadsheet can be, and no XML with a document type is accepted, so that no entity is ever resolved.
"""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from xlrd.formatting import excel_default_palette_b8, std_format_strings

from importer.errors import InputError
from importer.reading import sniffing
from importer.reading.display import Looks, Style

_LARGEST: Final = 4 << 30
_SUSPICIOUS: Final = 64 << 20
_RATIO: Final = 250
"""Sheets shrink to a tenth or a thirtieth; only a bomb shrinks more than this."""
_LARGEST_KEPT: Final = 32 << 20
"""Of one row, or of what is not rows: styles, lists of merges. Elements take up to thirty times as much."""
_PIECE: Final = 8 << 10
"""A dozen rows: the elements of more would be looked through again and again by the garbage collector."""
YES: Final = frozenset({"1", "true"})
BUILT_IN: Final[Mapping[int, str]] = {
    **std_format_strings,
    **dict.fromkeys((*range(27, 32), 36, *range(50, 59), *range(71, 76)), "yyyy-mm-dd"),
    **dict.fromkeys((*range(32, 36), 76, 77, 79, 81), "h:mm:ss"),
    78: "m/d/yy h:mm",
    80: "[h]:mm:ss",
}
"""Format codes that workbooks use by number alone (ECMA-376 part 1, section 18.8.30).

Numbers 27 to 36, 50 to 58 and 71 to 81 are dates and times whose look depends on the language of Excel;
what they show is read as a date or a time all the same.
"""
_INDEXED: Final = {str(at): bytes(rgb).hex() for at, rgb in enumerate(excel_default_palette_b8, 8)}
_ESCAPED_RE: Final = re.compile("_x([0-9A-Fa-f]{4})_")


class Workbook(NamedTuple):
    """What the workbook says about its sheets, and what their cells lean on."""

    sheets: Mapping[str, tuple[str, bool]]
    """Name → part and whether it is visible, in the order of the tabs; charts and macros have no rows."""
    looks: Looks
    texts: Sequence[str]
    """The shared texts."""
    calculates: bool
    """Whether it is to be calculated when it is opened, so that stored values may be stand-ins."""


_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, ParseError, EOFError, LookupError, ArithmeticError, RuntimeError, ValueError,
)  # fmt: skip


@contextmanager
def refusing_damage(name: str) -> Iterator[None]:
    """Say of whatever the standard library cannot unpack or parse that the workbook is damaged."""
    try:
        yield
    except _DAMAGE as error:
        raise sniffing.damaged(name) from error


class Package:
    r"""The parts of a package by the names that they stand for.

    Letters of either case are the same (ECMA-376 part 2, section 6.3.5), and old versions of .NET wrote
    ``xl\workbook.xml``.
    """

    def __init__(self, data: bytes, name: str) -> None:
        """Look at the directory; nothing is unpacked.

        Raises:
            InputError: A part claims to inflate to more than any spreadsheet's.
        """
        self._file, self.name = zipfile.ZipFile(io.BytesIO(data)), name
        sizes = [(entry.compress_size, entry.file_size) for entry in self._file.infolist()]
        sizes.append((len(data), sum(size for _, size in sizes)))  # they may overlap
        if any(size > min(_LARGEST, max(_SUSPICIOUS, packed * _RATIO)) for packed, size in sizes):
            raise _too_large(name)
        self.parts = {_plain(part): part for part in self._file.namelist()}

    def parse(
        self,
        part: str,
        within: str = "",
        take: Callable[[Sequence[Element]], None] | None = None,
    ) -> Element:
        """Return the XML of a part.

        Args:
            part: Its path.
            within: The name of an element, whose children are left out of what is returned.
            take: Is given these children, some at a time, in order.
        """
        builder = TreeBuilder()
        root = builder.start("part", {})
        parser = XMLParser(target=builder)  # noqa: S314 - a document type is refused
        before, kept = b"", 0
        with self._file.open(part) as stream:
            for data in iter(lambda: stream.read(_PIECE), b""):
                refuse_document_type(before + data, self.name)
                parser.feed(data)
                before, kept = data, kept + len(data)
                inner = _open(root, within)
                if take is not None and inner is not None and len(inner) > 1:
                    take(inner[:-1])
                    del inner[:-1]
                    kept = 0
                if kept > _LARGEST_KEPT:
                    raise _too_large(self.name)
        parser.close()
        if take is not None and (inner := root.find(f".//{{*}}{within}")) is not None:
            take(inner[:])
            inner.clear()
        return root


def _open(root: Element, name: str) -> Element | None:
    """Return the element of this name, one or two levels down, that is being read."""
    for _ in range(2):
        if len(root):
            root = root[-1]
            if root.tag.rpartition("}")[2] == name:
                return root
    return None


def _too_large(name: str) -> InputError:
    return InputError(
        f"{name}: unpacked, the workbook would be too large to be a spreadsheet.",
        hint="Copy the rows into a new workbook and save that.",
    )


def refuse_document_type(data: bytes, name: str) -> None:
    """Refuse the beginning of an XML file that declares what only entity tricks need."""
    if b"<!DOCTYPE" in data.replace(b"\0", b""):
        raise InputError(
            f"{name}: the workbook holds a document type definition, which no program writes.",
            hint="Do not trust this file; ask for a fresh export.",
        )


def read_workbook(package: Package) -> Workbook:
    """Return the list of sheets, the styles and the shared texts."""
    [path] = [part for _, kind, part in _relations(package, "") if kind == "officeDocument"]
    related = {key: (kind, part) for key, kind, part in _relations(package, path)}
    root = package.parse(path)
    sheets = {}
    for sheet in root.iterfind(".//{*}sheets/{*}sheet"):
        # A sheet that leads nowhere is damage; only modules of old macros have an empty relation.
        (key,) = [text for name, text in sheet.items() if name.endswith("}id")]
        kind, part = related[key] if key else ("", "")
        if kind == "worksheet":
            sheets[sheet.attrib["name"]] = part, sheet.get("state", "visible") == "visible"
    if len(set(sheets.values())) < len(sheets):
        raise zipfile.BadZipFile
    named = dict(related.values())
    texts: list[str] = []
    if "sharedStrings" in named:
        package.parse(
            named["sharedStrings"],
            "sst",
            lambda items: texts.extend(without_escapes(text_of(item)) for item in items),
        )
    styles = (
        _styles(package.parse(named["styles"])) if "styles" in named else {"0": Style("General")}
    )
    since_1904 = any(each.get("date1904") in YES for each in root.iterfind(".//{*}workbookPr"))
    return Workbook(
        sheets,
        Looks(styles, since_1904=since_1904),
        texts,
        any(each.get("fullCalcOnLoad") in YES for each in root.iterfind(".//{*}calcPr")),
    )


def text_of(item: Element) -> str:
    """Return the text of a cell or shared text, its runs in several fonts joined, phonetic help left out."""
    if len(item) == 1 and not len(item[0]):
        return item[0].text or ""
    return "".join(run.findtext("{*}t", "") for run in (item, *item.iterfind("{*}r")))


def without_escapes(text: str) -> str:
    """Return a text with its characters in the place of their numbers: ``_x000D_`` is a return.

    The source is ECMA-376 part 1, section 22.9.2.19.
    """
    return _ESCAPED_RE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _plain(name: str) -> str:
    return name.replace("\\", "/").lower()


def _relations(package: Package, part: str) -> list[tuple[str, str, str]]:
    """Return id, type and target of what a part refers to."""
    folder, file = posixpath.split(_plain(part))
    path = posixpath.join(folder, "_rels", f"{file}.rels")
    if path not in package.parts:
        return []
    found = []
    for each in package.parse(package.parts[path]).iterfind(".//{*}Relationship"):
        if each.get("TargetMode") != "External":
            target = _plain(each.attrib["Target"])
            path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = each.attrib["Type"].rpartition("/")[2]
            found.append((each.attrib["Id"], kind, package.parts.get(path, target)))
    return found


def _styles(root: Element) -> dict[str, Style]:
    """Return what each cell style makes of a cell, by the number that cells refer to it with."""
    sheet = root[0]
    own = {
        int(each.attrib["numFmtId"]): each.get("formatCode", "General")
        for each in sheet.iterfind("{*}numFmts/{*}numFmt")
    }
    struck = {
        at
        for at, font in enumerate(sheet.iterfind("{*}fonts/{*}font"))
        for strike in font.iterfind("{*}strike")
        if strike.get("val", "1") in YES
    }
    colours = {
        at: _colour(pattern)
        for at, fill in enumerate(sheet.iterfind("{*}fills/{*}fill"))
        for pattern in fill.iterfind("{*}patternFill[@patternType='solid']")
    }
    used: list[Style] = []
    for each in sheet.iterfind("{*}cellXfs/{*}xf"):
        number, font, fill = (int(each.get(key, "0")) for key in ("numFmtId", "fontId", "fillId"))
        code = own.get(number) or BUILT_IN.get(number, "General")
        used.append(Style(code, font in struck, colours.get(fill, "")))
    return {str(at): style for at, style in enumerate(used or [Style("General")])}


def _colour(fill: Element) -> str:
    """Return a background as ``FF0000`` or, where only the theme knows, ``theme 5 +40%``; none for white."""
    colour = fill.find("{*}fgColor")
    if colour is None:
        return ""
    if (theme := colour.get("theme")) is not None:
        tint = float(colour.get("tint", "0"))
        shade = f" {tint:+.0%}" if tint else ""
        return "" if theme == "0" and not tint else f"theme {theme}{shade}"
    found = _INDEXED.get(colour.get("indexed", ""), colour.get("rgb", ""))
    return found[-6:].upper().replace("FFFFFF", "")
