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
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed file",
    b"7z\xbc\xaf": "a compressed file",
    b"Rar!": "a compressed file",
    b"{\\rtf": "a text document (RTF)",
    b"SQLite format 3\x00": "a database",
}
_UTF_32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_HTML_RE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|meta|style|div)\b",
    re.IGNORECASE | re.DOTALL,
)
_CONTROLS = bytes({*range(9), 11, *range(14, 26), *range(27, 32)})
_LOOK = 4096
AS_XLSX = "Open it in Excel or LibreOffice and save it as an Excel workbook (.xlsx)."
AGAIN = "Export or download it again."
MEND = "Save it again in Excel, or export or download it again."
"""Excel can often mend a damaged workbook."""


class Container(StrEnum):
    """The kinds of file that can be read."""

    XLSX = "xlsx"
    XLS = "xls"
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
    for start, kind in _FOREIGN.items():
        if data.startswith(start):
            raise InputError(
                f"{name}: this is {kind}, not a spreadsheet.",
                hint="Choose the spreadsheet itself (.xlsx, .xls or .csv).",
            )
    if _OLD_EXCEL.match(data):
        raise InputError(f"{name}: this workbook is older than Excel 97.", hint=AS_XLSX)
    return _text(data, name)


def _ole(data: bytes, name: str) -> Container:
    """Tell old workbooks from protected ones by the names in the container's directory."""
    if _stream(data, "EncryptedPackage"):
        raise password(name)
    if _stream(data, "Workbook") or _stream(data, "Book"):
        return Container.XLS
    raise InputError(f"{name}: this is an Office document, but no workbook.", hint=AS_XLSX)


def _stream(data: bytes, stream: str) -> bool:
    """Whether the directory names this stream (MS-CFB, section 2.6.1: UTF-16, length at byte 64)."""
    spelled = stream.encode("utf-16-le") + b"\x00\x00"
    entry = spelled.ljust(64, b"\x00") + len(spelled).to_bytes(2, "little")
    return entry in data


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
            parts = set(package.namelist())
            kind = package.read("mimetype")[:80] if "mimetype" in parts else b""
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise InputError(f"{name}: the workbook is damaged or was cut off.", hint=MEND) from error
    if "[Content_Types].xml" in parts and any(part.endswith("workbook.xml") for part in parts):
        return Container.XLSX
    if any(part.endswith("workbook.bin") for part in parts):
        raise InputError(f"{name}: binary workbooks (.xlsb) are not read.", hint=AS_XLSX)
    if b"opendocument.spreadsheet" in kind:
        raise InputError(f"{name}: OpenDocument spreadsheets (.ods) are not read.", hint=AS_XLSX)
    if any(part.startswith("Index/") and part.endswith(".iwa") for part in parts):
        raise InputError(
            f"{name}: Numbers spreadsheets are not read.",
            hint="Export it from Numbers as an Excel workbook (.xlsx).",
        )
    raise InputError(
        f"{name}: this is a compressed file (.zip) without a workbook in it.",
        hint="Unpack it and give the spreadsheet itself.",
    )


def _text(data: bytes, name: str) -> Container:
    start = data[:_LOOK]
    wide = b"\x00" in start and not start.startswith(_UTF_32)
    for bom in _BOMS:
        start = start.removeprefix(bom)
    text = start.replace(b"\x00", b"").decode("latin-1")
    if "urn:schemas-microsoft-com:office:spreadsheet" in text and "<?xml" in text[:200]:
        raise InputError(f"{name}: XML spreadsheets of Excel 2003 are not read.", hint=AS_XLSX)
    if _HTML_RE.match(text):
        return Container.HTML
    if text.lstrip().startswith("<?xml"):
        raise InputError(f"{name}: this is an XML file, not a spreadsheet.", hint=AS_XLSX)
    controls = len(start) - len(start.translate(None, _CONTROLS[1:]))
    if controls * 20 > len(start) or (wide and start.count(b"\x00") * 4 > len(start) * 3):
        raise InputError(
            f"{name}: this is neither a workbook nor text.",
            hint="Choose the spreadsheet itself (.xlsx, .xls or .csv).",
        )
    return Container.TEXT
