"""What kind of file this is, by its bytes and never by its name.

Exports lie: HTML and tab-separated text are named ``.xls``, workbooks are named ``.csv``. What
cannot be read is refused with a sentence that says why and what to do.
"""

from __future__ import annotations

import io
import re
import zipfile
from enum import StrEnum
from typing import TYPE_CHECKING

from importer.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLD_EXCEL = re.compile(rb"\x09[\x00\x02\x04\x08][\x04-\x10]\x00")
"""The first record of Excel 2 to 5 files that have no container around them."""
_FOREIGN = {
    rb"%PDF": "a PDF document",
    rb"\x89PNG|\xff\xd8\xff|GIF8": "a picture",
    rb"\x1f\x8b|BZh9|\xfd7zXZ\x00|\x28\xb5\x2f\xfd|7z\xbc\xaf|Rar!": "a compressed file",
    rb"{\\rtf": "a text document (RTF)",
    rb"SQLite format 3\x00|\x00\x01\x00\x00Standard": "a database",
}
"""How other files begin."""
WORKBOOKS = ("Workbook", "Book")
"""Streams of MS-XLS files, the old name last."""
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_HTML_RE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body|title|meta|base|link|style|script|div"
    r"|center|form|frameset|h[1-6]|table|caption|colgroup|col|thead|tbody|tfoot|tr|th|td)(?=[\s/>])",
    re.IGNORECASE,
)
_MARKUP_RE = re.compile(
    r"\s*<(?:a|b|big|br|em|font|hr|i|iframe|img|label|nobr|p|pre|small|span|strong|u)(?=[\s/>])",
    re.IGNORECASE,
)
"""Tags that stand in cells of text files too; a page that begins with one has a table below."""
_TABLE_RE = re.compile(rb"<\x00?t\x00?(?:a\x00?b\x00?l\x00?e|r)\x00?[\s>]", re.IGNORECASE)
_LATE_HTML_RE = re.compile(
    r"[^\"]*?^[ \t]*<(?:!doctype\s+html|html|table)(?=[\s>])", re.IGNORECASE | re.MULTILINE
)
"""A page below a line of text or the headers of its server; in a table it would stand in quotes."""
_XML_RE = re.compile(r"\s*<(?:\?xml|[A-Za-z_][\w.:-]*(?:\s[^<>]*)?(?:/>|>\s*<|>[^<,;\t|]*</))")
_WORKBOOK_RE = re.compile(r"<(?:\w+:)?Workbook[\s>]")
_OTHER_TEXTS = {
    r"(?:[A-Z][A-Z0-9-]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*+\r?\n)*?MIME-Version:": (
        "an e-mail or a web archive (.mht)"
    ),
    r"ID;P\w*(?:;[NE])*\s*[\r\n]+(?:[A-Z]{1,2};[^\r\n]*[\r\n]+)*?C;(?:[XY]\d+;)*K": (
        "a symbolic link (.slk, SYLK)"
    ),
    r"TABLE\r?\n\d+,\d+\r?\n\"": "a file of data interchange (.dif)",
    r'\s*(?:\{\s*"(?:[^"\\]|\\.)*+"\s*:|\[\s*[\[{])': "a JSON file",
    r"(?:\s|--[^\n]*\n|/\*(?>.*?\*/)|;|(?:begin|drop|pragma|set|start|use)\s[^;]*;)*+"
    r"(?:insert\s+into|create\s+(?:table|database)|copy\s[^;]*\sfrom\s+stdin)\b": (
        "a dump of a database (SQL)"
    ),
}
"""How texts begin that hold no table."""
_CONTROLS = bytes({*range(9), 11, *range(14, 26), *range(27, 32)})
_LOOK = 4096
_COMMENT_RE = re.compile(r"\A\s*(?:<!--.*?-->\s*)+", re.DOTALL)
_COMMENTS = 64 << 10
"""How much comment may stand before a page."""
AS_XLSX = "Open it in Excel or LibreOffice and save it as an Excel workbook (.xlsx)."
ITSELF = "Choose the spreadsheet itself (.xlsx, .xls or .csv)."
AGAIN = "Export or download it again."
AS_TABLE = "Export it as an Excel workbook (.xlsx) or as a CSV file."
MEND = "Save it again in Excel, or export or download it again."
"""Excel can often mend a damaged workbook."""


class Container(StrEnum):
    """The kinds of file that can be read."""

    XLSX = "xlsx"
    XLS = "xls"
    XML = "xml"
    HTML = "html"
    TEXT = "text"


def is_lock_file(path: Path) -> bool:
    """Whether this is the small file that Excel or LibreOffice keeps beside an open workbook."""
    return path.name.startswith(("~$", ".~lock."))


def sniff(data: bytes, path: Path) -> Container:
    """Return what kind of file this is.

    Args:
        data: The whole file.
        path: For messages only, but for lock files, which are known by their name.

    Raises:
        InputError: It is empty, protected by a password, cut off, or of a kind that is not read.
    """
    name = path.name
    if is_lock_file(path):
        raise InputError(
            f"{name}: this is only a lock file, a sign that the workbook is open elsewhere.",
            hint="Close the workbook and give its own name.",
        )
    if not data.strip(b"\x00\x1a\t\r\n \xef\xbb\xbf\xff\xfe"):
        raise InputError(f"{name}: the file is empty.", hint=AGAIN)
    if data.startswith(_OLE):
        return _ole(data, name)
    if data.startswith(_ZIP):
        return _zip(data, name)
    for pattern, kind in _FOREIGN.items():
        if re.match(pattern, data):
            raise InputError(f"{name}: this is {kind}, not a spreadsheet.", hint=ITSELF)
    if _OLD_EXCEL.match(data):
        raise InputError(f"{name}: this workbook is older than Excel 97.", hint=AS_XLSX)
    return _text(data, name)


def _ole(data: bytes, name: str) -> Container:
    """Tell old workbooks from protected ones by the names in the container's directory."""
    if stream_entry(data, "EncryptedPackage") is not None:
        raise password(name)
    if any(stream_entry(data, name) is not None for name in WORKBOOKS):
        return Container.XLS
    raise InputError(
        f"{name}: this Office document holds no workbook, or it was cut off.", hint=ITSELF
    )


def stream_entry(data: bytes, stream: str) -> int | None:
    """Return where the directory names this stream, in letters of either case.

    The source is MS-CFB, sections 2.6.1 and 2.6.4: an entry has 128 bytes, first the name in UTF-16, with
    the kind of entry at byte 66. A name ends at its NUL, whatever length some programs tell.
    """
    spelled, low = (stream.encode("utf-16-le") + b"\0\0").lower(), data.lower()
    place = low.find(spelled)
    while place >= 0 and (place % 128 or data[place + 66 : place + 67] != b"\2"):
        place = low.find(spelled, place + 1)
    return place if place >= 0 else None


def damaged(name: str) -> InputError:
    """Return the refusal of a workbook that cannot be unpacked."""
    return InputError(f"{name}: the workbook is damaged or was cut off.", hint=MEND)


def password(name: str) -> InputError:
    """Return the refusal of a workbook that is protected by a password."""
    return InputError(
        f"{name}: the workbook is protected by a password.",
        hint="Open it in Excel and take the password away "
        "(File, Info, Protect Workbook, Encrypt with Password).",
    )


def _zip(data: bytes, name: str) -> Container:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = {name.replace("\\", "/").lower() for name in package.namelist()}
            kind = b""
            if "mimetype" in parts:
                with package.open("mimetype") as stream:
                    kind = stream.read(80)  # the package may be a bomb
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise damaged(name) from error
    if "[content_types].xml" in parts and any(part.endswith("workbook.xml") for part in parts):
        return Container.XLSX
    if any(part.endswith("workbook.bin") for part in parts):
        raise InputError(f"{name}: binary workbooks (.xlsb) are not read.", hint=AS_XLSX)
    if b"opendocument.spreadsheet" in kind:
        raise InputError(f"{name}: OpenDocument spreadsheets (.ods) are not read.", hint=AS_XLSX)
    if any(part.startswith("index/") and part.endswith(".iwa") for part in parts):
        raise InputError(
            f"{name}: Numbers spreadsheets are not read.",
            hint="Export it from Numbers as an Excel workbook (.xlsx).",
        )
    raise InputError(
        f"{name}: this is a document or a compressed file (.zip) without a workbook in it.",
        hint="Unpack it and give the spreadsheet itself.",
    )


def _text(data: bytes, name: str) -> Container:
    start = data[:_COMMENTS]
    for bom in _BOMS:
        start = start.removeprefix(bom)
    text = _COMMENT_RE.sub("", start.replace(b"\x00", b"").decode("latin-1"))[:_LOOK]
    if "urn:schemas-microsoft-com:office:spreadsheet" in text and _WORKBOOK_RE.search(text):
        return Container.XML
    markup = _MARKUP_RE.match(text)
    if _HTML_RE.match(text) or _LATE_HTML_RE.match(text) or (markup and _TABLE_RE.search(data)):
        return Container.HTML
    if _XML_RE.match(text) and not markup:
        raise InputError(f"{name}: this is an XML file, not a spreadsheet.", hint=AS_XLSX)
    for pattern, kind in _OTHER_TEXTS.items():
        if re.match(pattern, text, re.IGNORECASE | re.DOTALL):
            raise InputError(f"{name}: this is {kind}, not a spreadsheet.", hint=AS_XLSX)
    start = start[:_LOOK]
    controls = len(start) - len(start.translate(None, _CONTROLS[1:]))
    if controls * 20 > len(start) or start.count(b"\x00") * 4 > len(start) * 3:
        raise InputError(f"{name}: this is neither a workbook nor text.", hint=ITSELF)
    return Container.TEXT
