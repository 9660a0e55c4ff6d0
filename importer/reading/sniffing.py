"""What kind of file this is, and which encoding a text is in: by its bytes, and never by its name.

Exports lie: HTML and tab-separated text are named ``.xls``, workbooks are named ``.csv``. What
cannot be read is refused with a sentence that says why and what to do.

An encoding is found by byte order mark, UTF-16 by its pattern of zero bytes, strict UTF-8, Windows-1252.
Statistical detectors took ordinary Windows-1252 exports for Central European ones and turned £ into Ł;
names of people are no place for that.
"""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from dataclasses import dataclass
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
    r'\s*\{[^{}]*"doc_id"': "a link to Google Sheets (.gsheet)",
    r'\s*(?:\{\s*"(?:[^"\\]|\\.)*+"\s*:|\[\s*[\[{])': "a JSON file",
}
"""How texts begin that hold no table."""
_CONTROLS = bytes({*range(1, 9), *range(14, 26), 27})
"""Of no text; what stands for a line break is not among them."""
_LOOK = 4096
_COMMENT_RE = re.compile(r"\A\s*(?:<!--.*?-->\s*)+", re.DOTALL)
_COMMENTS = 64 << 10
"""How much comment may stand before a page."""
AS_XLSX = "Open it in Excel or LibreOffice and save it as an Excel workbook (.xlsx)."
FROM_GOOGLE = "Open it in the browser and download it as Microsoft Excel (.xlsx)."
ITSELF = "Choose the spreadsheet itself (.xlsx, .xls or .csv)."
AGAIN = "Export or download it again."
AS_TABLE = "Export it as an Excel workbook (.xlsx) or as a CSV file."
MEND = "Save it again in Excel, or export or download it again."
"""Excel can often mend a damaged workbook."""


def is_lock_file(path: Path) -> bool:
    """Whether this is the small file that Excel or LibreOffice keeps beside an open workbook."""
    return path.name.startswith(("~$", ".~lock."))


def sniff(data: bytes, path: Path) -> str:
    """Return what kind of file this is: ``xlsx``, ``xls``, ``xml``, ``html`` or ``text``.

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


def _ole(data: bytes, name: str) -> str:
    """Tell old workbooks from protected ones by the names in the container's directory."""
    if stream_entry(data, "EncryptedPackage") is not None:
        raise password(name)
    if any(stream_entry(data, name) is not None for name in WORKBOOKS):
        return "xls"
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


def _zip(data: bytes, name: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = {name.replace("\\", "/").lower() for name in package.namelist()}
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError) as error:
        raise damaged(name) from error
    if "[content_types].xml" in parts and any(part.endswith("workbook.xml") for part in parts):
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
    start = data[:_COMMENTS]
    for mark, _ in _MARKS:
        start = start.removeprefix(mark)
    text = _COMMENT_RE.sub("", start.replace(b"\x00", b"").decode("latin-1"))[:_LOOK]
    if "urn:schemas-microsoft-com:office:spreadsheet" in text and _WORKBOOK_RE.search(text):
        return "xml"
    markup = _MARKUP_RE.match(text)
    if _HTML_RE.match(text) or _LATE_HTML_RE.match(text) or (markup and _TABLE_RE.search(data)):
        return "html"
    if _XML_RE.match(text) and not markup:
        raise InputError(f"{name}: this is an XML file, not a spreadsheet.", hint=AS_XLSX)
    for pattern, kind in _OTHER_TEXTS.items():
        if re.match(pattern, text, re.IGNORECASE | re.DOTALL):
            hint = FROM_GOOGLE if "Google" in kind else AS_XLSX
            raise InputError(f"{name}: this is {kind}, not a spreadsheet.", hint=hint)
    marked, start = len(start) < len(data[:_COMMENTS]), start[:_LOOK]
    controls = len(start) - len(start.translate(None, _CONTROLS))
    if not marked and (controls * 20 > len(start) or start.count(b"\x00") * 4 > len(start) * 3):
        raise InputError(f"{name}: this is neither a workbook nor text.", hint=ITSELF)
    return "text"


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WESTERN = "cp1252"
_OTHERS = {"cp850": "a code page of DOS", "mac-roman": "Mac Roman", "cp863": "a code page of DOS"}
"""Codec → how a person knows it. Excel writes them as CSV (MS-DOS) and CSV (Macintosh)."""
_LETTERS = "ŠŒŽšœžŸ"
_APOSTROPHES = "\u2018\u2019\u2013\u2014\u00b7\u00b4\u00a0\u00ad"
"""Apostrophes, dashes and the like, which stand between letters."""
_SIGNS = re.escape(
    "".join(
        sign
        for sign in bytes(range(0x80, 0xC0)).decode(_WESTERN, "ignore")
        if sign not in _LETTERS + _APOSTROPHES
    )
    + "\u00d7\u00f7"
)
_SENSELESS_RE = re.compile(
    rf"\ufffd|(?<=[A-Za-z])[{_SIGNS}]+(?=[A-Za-z])|(?<=[a-z])[ŠŒŽŸ]"
    r"|(?<=[A-Za-z])[\u2018\u201a\u201e\u0192\u02c6\u2030\u2039](?!\w)|\u0192(?=[a-z])"
    r"|(?<=[a-z])\u00d5|(?<=[A-Z])\u00d5(?=[A-Z][a-z])"
)
"""Signs of Windows-1252 where no text has them. Bytes that it lacks are U+FFFD."""
_ASCII = 0x7F
_LOST = "\ufffd"
_SHARE = 10
"""At least every tenth byte beyond ASCII is such a sign: one odd sign among many accents is only that."""


@dataclass(frozen=True, slots=True)
class Encoding:
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
    """Return the encoding of a file; all of its bytes are known to fit it.

    Args:
        data: The whole file.
        path: For messages.
        wanted: An encoding that a person named; a byte order mark still is passed over.

    Raises:
        InputError: The bytes fit no encoding, or fit two that contradict each other.
    """
    mark = next((Encoding(name, len(sign)) for sign, name in _MARKS if data.startswith(sign)), None)
    encoding = mark or Encoding(_utf_16(data) or "utf-8")
    if wanted is not None:
        try:
            "".encode(wanted)  # not of bytes or of letters, as hex and rot13 are
            name = codecs.lookup(wanted).name
        except LookupError as error:
            raise InputError(
                f"{wanted}: there is no encoding of this name.", hint="Common names: utf-8, cp1252."
            ) from error
        same = mark is not None and name.replace("_", "-").startswith(mark.name[:6])
        encoding = encoding if same else Encoding(name)
    try:
        data[encoding.start :].decode(encoding.name)
    except UnicodeError as error:
        place = path.name
        if isinstance(error, UnicodeDecodeError):
            if wanted is None and encoding == Encoding("utf-8"):
                return _western(data, path, error)
            before = data[encoding.start : encoding.start + error.start]
            line = before.decode(encoding.name, "replace").count("\n") + 1
            place = f"{path.name}, line {line}"
        raise InputError(
            f"{place}: these bytes are no text in {encoding.name.upper()}.",
            hint="Export it again as UTF-8.",
        ) from error
    return encoding


def _utf_16(data: bytes) -> str | None:
    """Return UTF-16 where nearly every second byte is zero, as in any Western text."""
    start = data[:_LOOK]
    half = len(start) // 2
    if len(data) % 2 or not half:
        return None
    high, low = start[1::2].count(0), start[0::2].count(0)
    if high > half * 0.7 and low < half * 0.1:
        return "utf-16-le"
    if low > half * 0.7 and high < half * 0.1:
        return "utf-16-be"
    return None


def _western(data: bytes, path: Path, no_utf_8: UnicodeDecodeError) -> Encoding:
    """Take bytes that are no UTF-8 as Windows-1252, unless most of those beyond ASCII are; note it."""
    before = data[: no_utf_8.start]
    line = max(before.count(b"\n"), before.count(b"\r")) + 1
    if no_utf_8.reason == "unexpected end of data" and not before.isascii():
        raise InputError(
            f"{path.name}, line {line}: the file ends in the middle of a letter, so it was cut off.",
            hint="Export or download it again.",
        )
    text = data.decode("utf-8", "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    if beyond_ascii > 2 * text.count(_LOST):
        note = (
            f"The file is in UTF-8 but for a few bytes, the first on line {line}: what they stood for is lost, "
            f"and {_LOST} stands in its place. Type those letters, or export the file again as UTF-8."
        )
        return Encoding("utf-8", note=note)
    suspected = _suspected(data)
    note = (
        "The file is not in UTF-8; it was read as Windows-1252. "
        f"Compare letters with accents with the source, the first on line {line}."
    )
    if suspected:
        label, codec = suspected
        note = (
            f"The file is not in UTF-8 and looks like {label}. Rows with accents are held back until "
            f"encoding in the mapping, or --encoding, says what it is ({codec}, for example)."
        )
    return Encoding(_WESTERN, suspected=suspected, note=note)


def _suspected(data: bytes) -> tuple[str, str] | None:
    """Return what the encoding probably is (label and codec), where Windows-1252 makes no sense.

    A code page of DOS and Mac Roman have their accents where Windows-1252 has typographic signs, and those
    do not stand between letters: ``MontrŽal`` is Montréal.
    """
    text = data.decode(_WESTERN, "replace")
    odd = [found.start() for found in _SENSELESS_RE.finditer(text)]
    if len(odd) * _SHARE < sum(byte > _ASCII for byte in data):
        return None
    texts = {codec: data.decode(codec) for codec in _OTHERS}
    fitting = {codec: [text[at] for at in odd if _fits(text, at)] for codec, text in texts.items()}
    codec = max(
        _OTHERS, key=lambda codec: (len(fitting[codec]), *map(fitting[codec].count, "éèâë"))
    )
    return (_OTHERS[codec], codec) if len(fitting[codec]) * 2 > len(odd) else None


def _fits(text: str, at: int) -> bool:
    """Whether a sign is a letter or an apostrophe in its place: a capital at a word's head or among capitals, a small one behind them."""
    if (
        text[at] in "\u2019\u0131"
    ):  # an apostrophe, or the i of Turkish, which is in its place elsewhere
        return text[at] == "\u2019"
    before, after = text[max(at - 1, 0)], text[at + 1 : at + 2]
    if text[at].islower():
        return before.islower() or (before.isupper() and not text[at - 2 : at - 1].isalpha())
    return text[at].isupper() and not (before.islower() or (before.isupper() and after.islower()))
