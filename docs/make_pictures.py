"""Make ``docs/pictures/``: the workbooks that the samples end in, as LibreOffice shows them, and terminals.

Run ``python docs/make_pictures.py`` after a change of the workbook's looks or of what is said. It needs
LibreOffice (``soffice``) and poppler (``pdftoppm``); the pictures are committed, so that nobody else needs them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import zipfile
from pathlib import Path

import openpyxl
import pexpect
from openpyxl.worksheet.properties import PageSetupProperties

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "samples" / "students-with-problems.xlsx"
PICTURES = ROOT / "docs" / "pictures"
SHEETS = {
    "summary": (1, 96),
    "rows": (2, 230),
    "answers": (2, 150),
    "would-be-sent": (3, 110),
    "mapping": (1, 100),
    "first-day/rows": (2, 110),
    "first-day/summary": (1, 80),
    "first-day/semester": (1, 80),
}
"""Picture → sheet of the workbook, counted from 1, and dots per inch."""
_A3 = "8"
_WIDEST = 1900
"""Pixels; what stands further to the right is cut."""
_MARGIN = 14
"""Pixels left around what is drawn."""


def main() -> None:
    """Make all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pushed, checked = _make_workbooks(folder)
        _draw(_make_questions(folder), "answers", folder)
        _draw(pushed, "summary", folder)
        _draw(pushed, "rows", folder)
        _draw(checked, "would-be-sent", folder)
        _draw(_make_mapping(folder), "mapping", folder)
        _make_first_day(folder)


def _make_workbooks(folder: Path) -> tuple[Path, Path]:
    """Push and check the sample; return the two workbooks."""
    workspace = ["--workspace", folder / "parking", "--results", folder]
    for command in (["push", "--sandbox"], ["check"]):
        # Rows that need a correction end in exit code 1, which is what the pictures show.
        subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "importer", *command, *workspace, SAMPLE],
            cwd=ROOT,
            env={**os.environ, "LOGNAME": "registrar", "OPSCOM_CLIENT": "OC_CAMPUS"},
            check=False,
            capture_output=True,
        )
    names = (f"{SAMPLE.stem}-results.xlsx", f"{SAMPLE.stem}-checked.xlsx")
    return folder / names[0], folder / names[1]


def _make_mapping(folder: Path) -> Path:
    """Let `map` write its questions about a sample as a workbook; return it."""
    sample = ROOT / "samples" / "personnel-2026-09-01.csv"
    command = [sys.executable, "-m", "importer", "map", sample, "--workbook"]
    options = ["--workspace", folder / "map", "--results", folder]
    subprocess.run([*command, *options], cwd=ROOT, check=False, capture_output=True)  # noqa: S603 - our own
    # This workbook is openpyxl's, which can set its page itself.
    book = openpyxl.load_workbook(folder / f"{sample.stem}-mapping.xlsx")
    for page in book.worksheets[1:]:
        book.remove(page)
    page = book.active
    page.data_validations.dataValidation.clear()
    page.page_setup.paperSize, page.page_setup.orientation = int(_A3), "landscape"
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_setup.fitToHeight = 0
    page.print_options.gridLines = True
    book.save(folder / "mapping.xlsx")
    return folder / "mapping.xlsx"


ANSWERS = {
    "login source": "OPSCOM",
    "not to be sent": "1",
    "Is that right": "",
    "Save the mapping": "",
}
"""What a question holds → what is typed."""
LATER = (
    "204487,Vandenberg,Gwen,gwen.vandenberg@campus.example,(555) 210-4487,Library,2027-01-11,Active"
)


def _make_first_day(folder: Path) -> None:
    """Go through the guide with the sample that it names, and draw what is seen."""
    office = folder / "parking"
    for name in ("map", "rows", "push", "summary", "semester"):
        # The guide that `init` lays into the workspace takes what is there.
        (PICTURES / "first-day").mkdir(exist_ok=True)
        (PICTURES / "first-day" / f"{name}.png").touch()
    _talk(["init", str(office)], folder)
    shutil.copy(ROOT / "samples" / "new-staff.csv", office / "inbox")
    talk = _talk(["map", "inbox/new-staff.csv"], office)
    # From the first question to the one before it saves.
    first, last = talk.index("What is the login source"), talk.index("One row as it would be sent")
    _draw_text("$ opscom-import map inbox/new-staff.csv\n…\n\n" + talk[first:last], "map", folder)
    _talk(["check"], office)
    said = _talk(["push", "--sandbox"], office).replace(str(office.resolve()), "…")
    # The bar is gone when a run has ended.
    lines = [line for line in said.splitlines() if not re.search(r"[-\d]:[-\d]{2}", line)]
    _draw_text("\n".join(["$ opscom-import push --sandbox", *lines]), "push", folder)
    sample = (office / "inbox" / "new-staff.csv").read_text(encoding="utf-8")
    later = sample.replace("okafor at campus", "okafor@campus").replace("210-4417", "210-9999")
    lines = [line for line in later.splitlines() if "Björklund" not in line]
    lines.append(LATER)
    (office / "inbox" / "new-staff.csv").unlink()
    text = "\n".join(lines) + "\n"
    (office / "inbox" / "new-staff-2027.csv").write_text(text, encoding="utf-8")
    _talk(["push", "--sandbox"], office)
    results = office / "results" / "sandbox"
    _draw(results / "new-staff-2027-results.xlsx", "first-day/semester", folder)
    _draw(office / "results" / "new-staff-checked.xlsx", "first-day/rows", folder)
    _draw(results / "new-staff-results.xlsx", "first-day/summary", folder)


def _talk(arguments: list[str], folder: Path) -> str:
    """Run a command on a terminal and answer its questions; return what was seen."""
    child = pexpect.spawn(
        sys.executable,
        ["-m", "importer", *arguments],
        cwd=str(folder),
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "LOGNAME": "registrar"},
        encoding="utf-8",
        dimensions=(60, 96),
    )
    seen = ""
    while child.expect(["\n>[^\n]* $", pexpect.EOF]) == 0:
        question = child.before.split("\r\n\r\n")[-1]
        child.sendline(next(typed for words, typed in ANSWERS.items() if words in question))
        seen += child.before + child.after
    return re.sub("\x1b\\[[0-9;?]*[a-zA-Z]|\r", "", seen + child.before)


def _draw_text(text: str, picture: str, folder: Path) -> None:
    """Draw what a terminal shows, a line a cell."""
    book = openpyxl.Workbook()
    page = book.active
    page.column_dimensions["A"].width = 110
    page.page_setup.paperSize, page.page_setup.orientation = int(_A3), "portrait"
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    for at, line in enumerate((part for each in text.splitlines() for part in _wrapped(each)), 1):
        cell = page.cell(at, 1, line)
        cell.data_type = "s"
        cell.font = openpyxl.styles.Font(name="DejaVu Sans Mono", size=9)
        cell.fill = openpyxl.styles.PatternFill("solid", "EEF1F4")
    path = folder / f"first-day-{picture}.xlsx"
    book.save(path)
    _print(path, f"first-day/{picture}", 84, folder)


def _wrapped(line: str) -> list[str]:
    """Break a line where a terminal of 96 columns would, between words."""
    return textwrap.wrap(line, 96, subsequent_indent="  ", break_long_words=False) or [""]


PERMITS = """\
version: 1
name: Fall permits
endpoint: permits
fields: {plate: Plate, zone: Lot, startTime: From, endTime: To, permitNo: Permit}
"""
ROWS = """\
Plate,Lot,From,To,Permit
KLPA 417,North,2026-09-01T00:00:00,2026-12-31T23:59:00,F-101
BRRT 902,North,2026-09-01T00:00:00,2026-12-31T23:59:00,F-102
CVWZ 655,South,2026-09-01T00:00:00,2026-12-31T23:59:00,F-103
DMHE 130,South,2026-09-01T00:00:00,2026-12-31T23:59:00,F-104
"""


def _make_questions(folder: Path) -> Path:
    """Push permits to a sandbox that loses an answer, then with another end; return the workbook."""
    office = folder / "questions"
    (office / "mappings").mkdir(parents=True)
    (office / "mappings" / "permits.yaml").write_text(PERMITS, encoding="utf-8")
    (office / "opscom.yaml").write_text("client: OC_CAMPUS\n", encoding="utf-8")
    program = [sys.executable, "-m", "importer"]
    options = ["--port", "0", "--json", "--fault", "lost:row=3"]
    settings = {"cwd": ROOT, "env": {**os.environ, "OPSCOM_API_TOKEN": "rehearsal"}}
    with subprocess.Popen(  # noqa: S603 - our own command
        [*program, "sandbox", *options, "--workspace", office],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        **settings,
    ) as sandbox:
        try:
            address = json.loads(sandbox.stdout.readline())["url"]
            for rows in (ROWS, ROWS.replace("12-31T23:59:00,F-104", "10-31T23:59:00,F-104")):
                (office / "permits.csv").write_text(rows, encoding="utf-8")
                subprocess.run(  # noqa: S603 - our own command
                    [
                        *program,
                        "push",
                        "--workspace",
                        office,
                        "--workers",
                        "1",
                        "--yes",
                        "--host",
                        address,
                        office / "permits.csv",
                    ],
                    check=False,
                    capture_output=True,
                    **settings,
                )
        finally:
            sandbox.terminate()
    return office / "results" / "permits-results.xlsx"


def _draw(workbook: Path, picture: str, folder: Path) -> None:
    """Print one sheet of a workbook on one page."""
    number, dots = SHEETS[picture]
    single = folder / f"{picture.replace('/', '-')}.xlsx"
    if workbook != single:
        _leave_one_sheet(workbook, single, number)
    _print(single, picture, dots, folder)


def _print(document: Path, picture: str, dots: int, folder: Path) -> None:
    """Print a document, and cut the paper to what is drawn on its first page."""
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    _call("soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder, document)
    page, plain = document.with_suffix(".pdf"), document.with_suffix("")
    _call("pdftoppm", "-r", dots, "-singlefile", page, plain)
    width, height, pixels = _read_ppm(document.with_suffix(".ppm"))
    left, top, right, bottom = _drawn(width, height, pixels)
    crop = ("-x", left, "-y", top, "-W", min(right - left, _WIDEST), "-H", bottom - top)
    _call("pdftoppm", "-png", "-r", dots, "-singlefile", *crop, page, plain)
    target = PICTURES / f"{picture}.png"
    target.parent.mkdir(exist_ok=True)
    shutil.move(document.with_suffix(".png"), target)
    print(f"docs/pictures/{picture}.png")


def _call(program: str, *arguments: object) -> None:
    """Run another program to its end."""
    command = [shutil.which(program) or program, *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - named here


def _leave_one_sheet(workbook: Path, target: Path, number: int) -> None:
    """Copy a workbook, hide all sheets but one, and fit that one to the width of an A3 page."""
    with zipfile.ZipFile(workbook) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            text = source.read(name)
            if name == "xl/workbook.xml":
                text = _show_only(text, number)
            elif name.startswith("xl/worksheets/sheet"):
                text = text.replace(b' tabSelected="1"', b"")
                if name == f"xl/worksheets/sheet{number}.xml":
                    text = _fit(text.replace(b"<sheetView ", b'<sheetView tabSelected="1" ', 1))
            copy.writestr(name, text)


def _show_only(book: bytes, number: int) -> bytes:
    """Hide all sheets but one, which is shown first."""
    first, *sheets = book.split(b"<sheet ")
    shown = [
        b"<sheet " + (b"" if at == number else b'state="hidden" ') + sheet
        for at, sheet in enumerate(sheets, 1)
    ]
    first = re.sub(rb' (activeTab|firstSheet)="\d+"', b"", first)
    # LibreOffice prints hidden sheets too, where they have an area to be printed.
    shown[-1] = re.sub(rb"<definedNames>.*</definedNames>", b"", shown[-1], flags=re.DOTALL)
    tab = f'<workbookView activeTab="{number - 1}" '.encode()
    return first.replace(b"<workbookView ", tab) + b"".join(shown)


def _fit(sheet: bytes) -> bytes:
    """Set an A3 page, as wide as the sheet, without a footer."""
    sheet = re.sub(rb"<headerFooter>.*?</headerFooter>", b"", sheet, flags=re.DOTALL)
    page = f'<pageSetup paperSize="{_A3}" orientation="landscape" fitToHeight="0"/>'.encode()
    sheet = re.sub(rb"<pageSetup [^>]*/>", page, sheet)
    lines = b'<printOptions gridLines="1"/>'
    if b"showGridLines" not in sheet:
        sheet = sheet.replace(b"<pageMargins ", lines + b"<pageMargins ", 1)
    if b"fitToPage" not in sheet:
        fit = b'<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        # A filter has left its own <sheetPr> behind.
        sheet = re.sub(rb"<sheetPr[^>]*/>", b"", sheet)
        sheet = sheet.replace(b"<dimension ", fit + b"<dimension ", 1)
    return sheet


def _read_ppm(path: Path) -> tuple[int, int, bytes]:
    kind, size, _most, pixels = path.read_bytes().split(b"\n", 3)
    if kind != b"P6":
        raise SystemExit(f"{path} is no picture in colours.")
    width, height = map(int, size.split())
    return width, height, pixels


def _drawn(width: int, height: int, pixels: bytes) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what is not white, with a margin."""
    line = 3 * width
    lines = [pixels[at * line : (at + 1) * line] for at in range(height)]
    inked = [at for at, each in enumerate(lines) if each.strip(b"\xff")]
    lefts = [(len(each) - len(each.lstrip(b"\xff"))) // 3 for each in lines if each.strip(b"\xff")]
    rights = [len(each.rstrip(b"\xff")) // 3 for each in lines if each.strip(b"\xff")]
    return (
        max(min(lefts) - _MARGIN, 0),
        max(inked[0] - _MARGIN, 0),
        min(max(rights) + _MARGIN, width),
        min(inked[-1] + _MARGIN, height),
    )


if __name__ == "__main__":
    main()
