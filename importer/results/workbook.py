"""Outcomes and sheets → one workbook that a person can review, mend and hand back as the next input."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from importer.files import put_in_place
from importer.results.inert import hold, sheet_name
from importer.results.pages import write_page, write_payloads
from importer.results.parts import About, Page
from importer.results.stream import inert_book
from importer.results.styles import Context, make_styles
from importer.results.summary import write_summary


def write_workbook(
    path: Path, about: About, pages: Sequence[Page], *, note: Callable[[str], object] = str
) -> Path:
    """Write a results or checked workbook.

    The sheet ``Summary`` comes first, then one sheet for each page with the six columns of ours
    (``importer.model.RESULT_COLUMNS``) before all columns of the source, one row for each row of the
    source, in order. All cells of the source are text exactly as in ``Sheet.frame`` (but for money that
    shows less than it stores, see ``inert.given_back``), whatever they look like: never a formula, a
    number or a link. Characters that no workbook can hold become U+FFFD; texts beyond 32,767 characters
    are cut, and Summary says so.

    A checked workbook ends with what would be sent, one sheet for each page that has such rows.

    Rows are streamed, so that memory does not grow with them. Only the owner can read the file. An older file of
    that name is kept beside it, that of a check in the folder ``old checks``. The path really written is returned: another
    one where the wanted file is open in a program, and ``note`` takes the sentence that says so.

    Raises:
        InputError: The workbook could not be written; nothing was changed.
    """
    taken, named = {"summary", "history"}, []
    for page in pages:
        name = sheet_name(page.sheet.title, taken)
        taken.add(name.casefold())
        named.append(replace(page, name=name))

    def write(file: BinaryIO) -> None:
        properties = {"title": "OPSCOM import", "comments": hold(f"Run {about.run}")}
        with inert_book(file, properties) as book:
            context = Context(about, make_styles(book))
            # Summary stands first and is written last, when all is counted.
            summary = book.add_worksheet("Summary")
            sheets = [book.add_worksheet(page.name) for page in named]
            for sheet, page in zip(sheets, named, strict=True):
                write_page(sheet, page, context)
            if about.command == "check":
                write_payloads(book, named, context)
            write_summary(book, summary, named, context)

    aside = path.parent / "old checks" if about.command == "check" else None
    return put_in_place(path, write, aside=aside, note=note)
