"""What a person says in a results workbook that comes back as an input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.errors import InputError
from importer.model import RESULT_COLUMNS, Told
from importer.text import clean, fold

if TYPE_CHECKING:
    from importer.model import Origin, Sheet

ANSWERS = frozenset({"yes", "no", "new"})


def read_told(sheet: Sheet) -> dict[int, Told]:
    """Return what each row says beside the source's own cells, by position; nothing for other sheets."""
    ours = {fold(column.header): column.position for column in sheet.columns[: len(RESULT_COLUMNS)]}
    if not set(RESULT_COLUMNS) <= set(ours):
        return {}
    status, number, answer, row = (
        [clean(cell) for cell in sheet.frame[ours[name]].tolist()]
        for name in ("opscom_status", "opscom_reference_id", "opscom_answer", "opscom_row")
    )
    return {
        position: Told(
            status[position].casefold(),
            number[position],
            _answer(answer[position]),
            row[position] == str(int(sheet.rows[position])),
        )
        for position in range(len(sheet.frame))
    }


def _answer(text: str) -> str:
    return text.casefold() if text.casefold() in ANSWERS else text


def refuse_stranger(name: str, origin: Origin | None, *, same: bool, sandbox: bool) -> None:
    """Refuse a results workbook whose rows went to another system than this run's.

    Args:
        name: The file's.
        origin: Where its rows went; ``None`` for any other file.
        same: Whether the journal holds that host and client code for this run's system.
        sandbox: Whether this run goes to the sandbox.

    Raises:
        InputError: It is another system.
    """
    # A workbook of a check that had no client code to name went nowhere.
    if origin is None or same or not origin.run or (not origin.client and not origin.sandbox):
        return
    there = "the sandbox" if origin.sandbox else f"{origin.host}, client code {origin.client}"
    here = "the sandbox" if sandbox else "another OPSCOM"
    raise InputError(
        f"{name} is a results workbook of {there}, and this run goes to {here}: its ids and states say "
        "nothing there.",
        hint="Push the file that the rows first came from.",
    )
