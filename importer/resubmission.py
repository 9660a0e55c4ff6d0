"""What a person says in a results workbook that comes back as an input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from importer.errors import InputError
from importer.model import Told
from importer.text import clean, fold

if TYPE_CHECKING:
    from importer.model import Checked, Origin, Outcome, Sheet

ANSWERS = frozenset({"yes", "no", "new"})


def read_told(sheet: Sheet) -> dict[int, Told]:
    """Return what each row says beside the source's own cells, by position; nothing for other sheets."""
    ours = {fold(column.header): column.position for column in sheet.columns if column.ours}
    if not ours:
        return {}
    rows = len(sheet.frame)
    status, number, answer = (
        [clean(cell) for cell in sheet.frame[ours[name]].tolist()] if name in ours else [""] * rows
        for name in ("opscom_status", "opscom_reference_id", "opscom_answer")
    )
    from_source = "opscom_row" in ours
    return {
        position: Told(
            status[position].casefold(),
            number[position],
            _answer(answer[position]),
            from_source and position not in sheet.added,
        )
        for position in range(rows)
    }


def _answer(text: str) -> str:
    return text.casefold() if text.casefold() in ANSWERS else text


def keep_ids(outcomes: Sequence[Outcome], checked: Checked) -> tuple[Outcome, ...]:
    """Return the outcomes of updates and deletes with the id that each row itself holds.

    The workbook is the next input: without the id a row that is not settled could never be sent again.
    """
    frame = checked.batch.frame
    if checked.batch.endpoint not in {"permit-updates", "permit-deletes"}:
        return tuple(outcomes)
    own = frame["referenceID"].tolist() if "referenceID" in frame else [""] * len(frame)
    return tuple(
        replace(outcome, reference_id=number) if number else outcome
        for outcome, number in zip(outcomes, own, strict=True)
    )


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
        hint="Push the file that the rows first came from, corrected there.",
    )
