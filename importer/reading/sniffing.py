"""What kind of file this is, and which encoding a text is in: by its bytes, and never by its name.

Exports lie: HTML and tab-separated text are named ``.xls``, workbooks are named ``.csv``. What
cannot be read is refused with a sentence that says why and what to do.

An encoding is found by byte order mark, UTF-16 by its pattern of zero bytes, strict UTF-8, Windows-1252.
Statistical detectors turned £ of ordinary Windows-1252 exports into Ł.
"""

import codecs
import io
import re
import zipfile
from pathlib import Path
from typing import NamedTuple

from importer.errors import InputError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLD_EXCEL = re.compile(rb"\x09[\x00\x02\x04\x08][\x04-\x10]\x00")
"""The first record of Excel 2 to 5 files that have no container around them."""
AS_XLSX = "Open it in Excel or LibreOffice and save it as an Excel workbook (.xlsx)."
_ITSELF = "Choose the spreadsheet itself (.xlsx, .xls or .csv)."
_FOREIGN = {
    rb"%PDF": ("a PDF document", _ITSELF),
    rb"\x89PNG|\xff\xd8\xff|GIF8": ("a picture", _ITSELF),
    rb"\x1f\x8b|BZh9|\xfd7zXZ\x00|\x28\xb5\x2f\xfd|7z\xbc\xaf|Rar!": ("a compressed file", _ITSELF),
    rb"{\\rtf": ("a text document (RTF)", _ITSELF),
    rb"SQLite format 3\x00|\x00\x01\x00\x00Standard": ("a database", _ITSELF),
    rb"(?:(?:[\w-]+:|[ \t])[^\r\n]*\r?\n)*?MIME-Version:": (
        "an e-mail or a web archive (.mht)", AS_XLSX,
    ),
    rb"ID;P.*?[\r\n]C;[XY]\d": ("a symbolic link (.slk, SYLK)", AS_XLSX),
    rb"TABLE\r?\n\d+,\d+\r?\n\"": ("a file of data interchange (.dif)", AS_XLSX),
    rb'[\s\xef\xbb\xbf]*\{[^{}]*"doc_id"': (
        "a link to Google Sheets (.gsheet)", "Open it in the browser and download it as Microsoft Excel (.xlsx).",
    ),
    rb'[\s\xef\xbb\xbf]*(?:\{\s*"|\[\s*[\[{])': ("a JSON file", AS_XLSX),
}  # fmt: skip
"""How other files begin, what they are, and what to do."""
WORKBOOKS = ("Workbook", "Book")
"""Streams of MS-XLS files, the old name last."""
_HTML_RE = re.compile(
    r"(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body)[\s/>]", re.IGNORECASE
)
_WORKBOOK_RE = re.compile(r"<(?:\w+:)?Workbook[\s>]")
_TABLE_RE = re.compile(r"<t(?:able|r)[\s>]", re.IGNORECASE)
_COMMENT_RE = re.compile(r"\A\s*(?:<!--.*?-->\s*)*", re.DOTALL)
_CONTROLS = bytes({*range(1, 9), *range(14, 26), 27})
"""Of no text; what stands for a line break is not among them."""
_LOOK = 64 << 10
"""Bytes that a file is known by: long comments and styles may stand before a page."""


def is_lock_file(path: Path) -> bool:
    """Whether this is the small file that Excel or LibreOffice keeps beside an open workbook."""
    return path.name.startswith(("~$", ".~lock."))


def sniff(data: bytes, path: Path) -> str:
    """Return what kind of file this is: ``xlsx``, ``xls``, ``xml``, ``html`` or ``text``.

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
        raise InputError(f"{name}: the file is empty.", hint="Export or download it again.")
    if data.startswith(_OLE):
        # An Office document names its parts in a directory.
        if stream_entry(data, "EncryptedPackage") is not None:
            raise password(name)
        if all(stream_entry(data, name) is None for name in WORKBOOKS):
            raise InputError(
                f"{name}: this Office document holds no workbook, or it was cut off.", hint=_ITSELF
            )
        return "xls"
    if data.startswith(_ZIP):
        return _zip(data, name)
    for pattern, (kind, hint) in _FOREIGN.items():
        if re.match(pattern, data[:_LOOK], re.IGNORECASE | re.DOTALL):
            raise InputError(f"{name}: this is {kind}, not a spreadsheet.", hint=hint)
    if _OLD_EXCEL.match(data):
        raise InputError(f"{name}: this workbook is older than Excel 97.", hint=AS_XLSX)
    return _text(data, name)


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
    return InputError(
        f"{name}: the workbook is damaged or was cut off.",
        hint="Save it again in Excel, or export or download it again.",
    )


def password(name: str) -> InputError:
    """Return the refusal of a workbook that is protected by a password."""
    return InputError(
        f"{name}: the workbook is protected by a password.",
        hint="Open it in Excel and take the password away "
        "(File, Info, Protect Workbook, Encrypt with Password).",
    )


def _zip(data: bytes, name: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = {name.replace("\\", "/").lower() for name in package.namelist()}
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError) as error:
        raise damaged(name) from error
    if any(part.endswith("workbook.xml") for part in parts):
        return "xlsx"
    if any(part.endswith("workbook.bin") for part in parts):
        kind, hint = "binary workbooks (.xlsb) are not read", AS_XLSX
    elif b"opendocument.spreadsheet" in data[:128]:  # the first part says so, and is not packed
        kind, hint = "OpenDocument spreadsheets (.ods) are not read", AS_XLSX
    elif any(part.startswith("index/") and part.endswith(".iwa") for part in parts):
        kind = "Numbers spreadsheets are not read"
        hint = "Export it from Numbers as an Excel workbook (.xlsx)."
    else:
        kind = "this is a document or a compressed file (.zip) without a workbook in it"
        hint = "Unpack it and give the spreadsheet itself."
    raise InputError(f"{name}: {kind}.", hint=hint)


def _text(data: bytes, name: str) -> str:
    start = data[:_LOOK].lstrip(_MARK_BYTES)
    text = _COMMENT_RE.sub("", start.replace(b"\x00", b"").decode("latin-1"))
    if "urn:schemas-microsoft-com:office:spreadsheet" in text and _WORKBOOK_RE.search(text):
        return "xml"
    xml = text.startswith("<?xml")
    if _HTML_RE.match(text) or (text[:1] == "<" and not xml and _TABLE_RE.search(text)):
        return "html"
    if xml:
        raise InputError(f"{name}: this is an XML file, not a spreadsheet.", hint=AS_XLSX)
    controls = len(start) - len(start.translate(None, _CONTROLS))
    if controls * 20 > len(start) and data[:1] not in _MARK_BYTES:
        raise InputError(f"{name}: this is neither a workbook nor text.", hint=_ITSELF)
    return "text"


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARK_BYTES = b"".join(mark for mark, _ in _MARKS)
_WESTERN = "cp1252"
_OTHERS = {"cp850": "a code page of DOS", "mac-roman": "Mac Roman", "cp863": "a code page of DOS"}
"""Codec → how a person knows it. Excel writes them as CSV (MS-DOS) and CSV (Macintosh)."""
_SIGNS = "€‚ƒ„…†‡ˆ‰‹“”•˜™›¡¢£¤¥¦§¨©ª«¬®¯°±²³µ¶¸¹º»¼½¾¿×÷"  # noqa: RUF001
"""Neither letters nor apostrophes, dashes and the like, which stand between letters."""
_SENSELESS_RE = re.compile(
    rf"\ufffd|(?<=[A-Za-z])[{_SIGNS}]+(?=[A-Za-z])|(?<=[a-z])[ŠŒŽŸ]"
    r"|(?<=[A-Za-z])[\u2018\u201a\u201e\u0192\u02c6\u2030\u2039](?!\w)|\u0192(?=[a-z])"
    r"|(?<=[a-z])\u00d5|(?<=[A-Z])\u00d5(?=[A-Z][a-z])|(?<=[A-Z])[ŠŒŽŸ](?=[a-z])"
    r"|\b[A-Z][\u2013\u2014\xa0](?=[a-z]{2})|(?<=[a-z])[\u2013\u2014](?=[a-z]\b)|(?<=[a-z]{2})\u2019(?=a\b)"
    r"|(?<=[a-z])\u2018(?=[b-df-hj-np-tv-z])"
)
"""Signs of Windows-1252 where no text has them. Bytes that it lacks are U+FFFD."""
_LOST = "\ufffd"


class Encoding(NamedTuple):
    """How the bytes of a file become text."""

    name: str
    """A codec of Python."""
    start: int = 0
    """Bytes of the byte order mark, to be passed over."""
    suspected: tuple[str, str] | None = None
    """Label and codec of the encoding that it more probably is; then no accent is to be trusted."""
    note: str | None = None
    """What a person should know about the choice."""

    @property
    def errors(self) -> str:
        """What becomes of bytes that a guessed encoding lacks: U+FFFD, which no row is sent with."""
        return "replace" if self.note else "strict"


def find_encoding(data: bytes, path: Path, wanted: str | None = None) -> Encoding:
    """Return the encoding of a file: of its byte order mark, the one that a person wants, or a guess.

    Raises:
        InputError: Its bytes do not fit it, or there is none of this name.
    """
    mark = next((Encoding(name, len(sign)) for sign, name in _MARKS if data.startswith(sign)), None)
    encoding = mark or Encoding(wanted or _utf_16(data) or "utf-8")
    try:
        "".encode(encoding.name)  # not of bytes or of letters, as hex and rot13 are
        data[encoding.start :].decode(encoding.name)
    except LookupError as error:
        raise InputError(
            f"{wanted}: there is no encoding of this name.", hint="Common names: utf-8, cp1252."
        ) from error
    except UnicodeDecodeError as error:
        before = data[: encoding.start + error.start]
        line = max(before.count(b"\n"), before.count(b"\r")) + 1
        if mark or wanted:
            raise InputError(
                f"{path.name}, line {line}: these bytes are no text in {encoding.name.upper()}.",
                hint="Export it again as UTF-8.",
            ) from error
        if error.reason == "unexpected end of data" and not before.isascii():
            raise InputError(
                f"{path.name}, line {line}: the file ends in the middle of a letter, so it was cut off.",
                hint="Export or download it again.",
            ) from error
        return _western(data, line)
    return encoding


def _utf_16(data: bytes) -> str | None:
    """Return UTF-16 where nearly every second byte is zero, as in any Western text."""
    start = data[:_LOOK]
    if len(data) % 2:
        return None
    low, high = (start[at::2].count(0) / len(start) for at in (0, 1))
    if high > 0.35 and low < 0.05:  # noqa: PLR2004 - halves
        return "utf-16-le"
    return "utf-16-be" if low > 0.35 and high < 0.05 else None  # noqa: PLR2004


def _western(data: bytes, line: int) -> Encoding:
    """Take bytes that are no UTF-8, first on this line, as Windows-1252, unless most beyond ASCII are; note it."""
    text = data.decode("utf-8", "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    if beyond_ascii > 2 * text.count(_LOST):
        note = (
            f"The file is in UTF-8 but for a few bytes, the first on line {line}: what they stood for is lost, "
            f"and {_LOST} stands in its place. Type those letters, or export the file again as UTF-8."
        )
        return Encoding("utf-8", note=note)
    suspected = _suspected(data)
    if suspected:
        label, codec = suspected
        note = (
            f"The file is not in UTF-8 and looks like {label}. Rows with accents are held back until "
            f"encoding in the mapping, or --encoding, says what it is ({codec}, for example)."
        )
    else:
        note = (
            "The file is not in UTF-8; it was read as Windows-1252. "
            f"Compare letters with accents with the source, the first on line {line}."
        )
    return Encoding(_WESTERN, suspected=suspected, note=note)


def _suspected(data: bytes) -> tuple[str, str] | None:
    """Return what the encoding probably is (label and codec), where Windows-1252 makes no sense.

    A code page of DOS and Mac Roman have their accents where Windows-1252 has typographic signs, and those
    do not stand between letters: ``MontrŽal`` is Montréal.
    """
    text = data.decode(_WESTERN, "replace")
    odd = [found.end() - 1 for found in _SENSELESS_RE.finditer(text)]
    # One odd sign among many accents is only that.
    if len(odd) * 10 < sum(not sign.isascii() for sign in text):
        return None
    texts = {codec: data.decode(codec) for codec in _OTHERS}
    fitting = {codec: [text[at] for at in odd if _fits(text, at)] for codec, text in texts.items()}

    def likely(codec: str) -> tuple[int, int, int, int]:
        acute, grave, *others = map(fitting[codec].count, "éèâë")
        return len(fitting[codec]), acute, grave, sum(others)

    best = max(map(likely, _OTHERS))
    # Where two fit equally well a person looks: No‰l is Noël in one of them and Noâl in the other.
    codecs = {_OTHERS[codec]: codec for codec in reversed(_OTHERS) if likely(codec) == best}
    either = " or ".join(codecs), " or ".join(codecs.values())
    return either if best[0] * 2 > len(odd) else None


def _fits(text: str, at: int) -> bool:
    """Whether a sign is an apostrophe, a capital at a word's head or among capitals, or a small letter behind them."""
    if text[at] in "\u2019\u0131":  # the i of Turkish is in its place elsewhere
        return text[at] == "\u2019"
    before, after = text[max(at - 1, 0)], text[at + 1 : at + 2]
    if text[at].islower() and text[at] != "\u0192":
        head = before.isupper() and not text[at - 2 : at - 1].isalpha() and not after.isupper()
        return before.islower() or head
    return text[at].isupper() and not (before.islower() or (before.isupper() and after.islower()))
