"""Bytes of a file become sheets: what kind of file it is, what its cells show, where its header is."""

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from importer.errors import InputError
from importer.model import Grid, Source
from importer.reading.delimited import read_delimited
from importer.reading.header import find_header, take_sheet
from importer.reading.html import read_html
from importer.reading.resubmitted import (
    SUMMARY,
    results_header,
    told_by,
    told_gone,
    without_summary,
)
from importer.reading.sniffing import is_lock_file, sniff
from importer.reading.spreadsheetml import read_spreadsheetml
from importer.reading.xls import read_xls
from importer.reading.xlsx import read_xlsx

__all__ = [
    "find_header",
    "is_lock_file",
    "read_source",
    "read_summary",
    "results_header",
    "take_sheet",
    "told_by",
    "told_gone",
    "uncollected",
]

_WORKBOOKS: Final = {"xlsx": read_xlsx, "xls": read_xls, "xml": read_spreadsheetml}
_TEXTS: Final = {"html": read_html, "text": read_delimited}


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep Python's garbage collector away: cells and rows refer to nothing, so that millions are looked through in vain."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@uncollected()
def read_source(path: Path, *, encoding: str | None = None) -> Source:
    """Read a workbook or text file, whatever it is called.

    Args:
        path: The file.
        encoding: The encoding of a text file or web page, where a person knows it; else it is
            found out.

    Returns:
        The visible sheets with every cell as the person sees it. Rows without any cell are left
        out; ``Grid.rows`` keeps the numbers of the others.

    Raises:
        InputError: The file cannot be opened, or it is no spreadsheet that can be read.
    """
    data = _bytes(path)
    container = sniff(data, path)
    sheets = _WORKBOOKS[container](data, path) if container in _WORKBOOKS else []
    grids = [sheet.read() for sheet in sheets if sheet.visible]
    if container in _TEXTS:
        grids = [_TEXTS[container](data, path, encoding=encoding)]
    hidden = {sheet.name: sheet for sheet in sheets if not sheet.visible}
    if SUMMARY in hidden and any(results_header(grid) is not None for grid in grids):
        # Hidden sheets are no input, but a results workbook whose summary somebody hid stays what it is.
        grids.append(hidden.pop(SUMMARY).read())
    notes = (f"Hidden sheets ({', '.join(hidden)}) were not read.",) if hidden else ()
    inputs, origin = without_summary(grids)
    return Source(
        path=path,
        digest=hashlib.sha256(data).hexdigest(),
        container=container,
        grids=inputs,
        notes=notes,
        origin=origin,
        encoding=encoding if container in _TEXTS else None,
    )


def read_summary(path: Path) -> Grid | None:
    """Return the sheet Summary of a workbook, ``None`` where it has none; no other sheet is read.

    Raises:
        InputError: The workbook is damaged or dangerous.
        OSError: It cannot be opened.
    """
    sheets = read_xlsx(path.read_bytes(), path)
    return next((sheet.read() for sheet in sheets if sheet.name == SUMMARY), None)


def _bytes(path: Path) -> bytes:
    try:
        path.name.encode()  # journal and workbook name the file
        before, data, after = path.stat(), path.read_bytes(), path.stat()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{path.name}: the name of this file holds bytes that are no text.", hint="Rename it."
        ) from error
    except FileNotFoundError as error:
        raise InputError(
            f"{path.name}: there is no such file.", hint="Look at the name and the folder."
        ) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"{path.name}: the file could not be read ({reason}).",
            hint="Close it in other programs, or copy it to this computer, and try again.",
        ) from error
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise InputError(
            f"{path.name}: the file changed while it was read.",
            hint="Wait until it is saved or copied whole, then run the command again.",
        )
    return data
