"""Checked rows as they are sent, built when they are asked for, with what a returned workbook says of them.

A hundred thousand payloads at once would take more memory than the sheet that they come from.
"""

from collections.abc import Iterator, Mapping, Sequence

from importer.model import Checked, Record, Resubmitted, Sheet
from importer.schema import Table, record_key
from importer.text import clean, fold

_NOTHING = Resubmitted()
CHUNK = 4_000
"""Rows taken out of the frame at a time."""


class Rows:
    """The rows of one sheet that may be sent."""

    def __init__(self, checked: Checked, table: Table) -> None:
        """Take the rows of a checked batch; ``table`` is the page of its endpoint."""
        self._table = table
        self._batch = batch = checked.batch
        self._names = [str(name) for name in batch.frame.columns]
        self._columns = [batch.frame[name] for name in self._names]
        self._left = checked.held | checked.repeats.keys() | checked.elsewhere.keys()
        self._told = read_resubmitted(batch.sheet)
        # A mapping is asked for its names and then for each value: the row asked for last is at hand.
        self._last: tuple[int, dict[str, str]] = (-1, {})

    def __iter__(self) -> Iterator[Record]:
        """Yield the rows in file order, each with its payload."""
        rows, skipped = self._batch.sheet.rows, self._batch.skipped
        for start in range(0, len(rows), CHUNK):
            chunk = [column.iloc[start : start + CHUNK].tolist() for column in self._columns]
            for position, values in enumerate(zip(*chunk, strict=True), start):
                if skipped[position] or position in self._left:
                    continue
                payload = self._payload(position, values)
                key = record_key(self._table, payload)
                told = self._told.get(position, _NOTHING)
                yield Record(position, int(rows[position]), key, payload, told)

    def lean(self, record: Record) -> Record:
        """Return a row whose payload is built again each time that somebody asks for it."""
        position = record.position
        return Record(position, record.row, record.key, _Later(self, position), record.told)

    def payload(self, position: int) -> dict[str, str]:
        """Build the payload of one row."""
        at, built = self._last
        if at != position:
            built = self._payload(position, [str(column.iat[position]) for column in self._columns])
            self._last = (position, built)
        return built

    def _payload(self, position: int, values: Sequence[str]) -> dict[str, str]:
        pairs = zip(self._names, values, strict=True)
        if self._batch.blanks != "send":
            return {name: value for name, value in pairs if value}
        left_out = self._batch.left_out
        return {n: value for n, value in pairs if value or (position, n) not in left_out}


class _Later(Mapping[str, str]):
    """A payload that is not kept."""

    __slots__ = ("_position", "_rows")

    def __init__(self, rows: Rows, position: int) -> None:
        self._rows = rows
        self._position = position

    def __getitem__(self, name: str) -> str:
        return self._rows.payload(self._position)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows.payload(self._position))

    def __len__(self) -> int:
        return len(self._rows.payload(self._position))


ANSWERS = frozenset({"yes", "no", "new", "update"})
LONGEST_ID = 50
"""Source: API documentation, attribute "Reference ID"."""


def may_be_id(text: str) -> bool:
    """Whether an answer may be an id: words such as ``oui``, ``done`` or ``?`` hold no digit, ids do."""
    blank = any(letter.isspace() for letter in text)
    digits = any(map(str.isdigit, text)) and bool(text.strip("0"))
    return len(text) <= LONGEST_ID and not blank and digits


def read_resubmitted(sheet: Sheet) -> dict[int, Resubmitted]:
    """Return what each row says beside the source's own cells, by position; nothing for other sheets."""
    ours = {fold(column.header): column.position for column in sheet.columns if column.ours}
    if not ours:
        return {}
    blank = [""] * len(sheet.frame)
    names = (
        f"opscom_{name}" for name in ("status", "reference_id", "answer", "error_code", "message")
    )
    columns = [sheet.frame[ours[name]].tolist() if name in ours else blank for name in names]
    from_source = "opscom_row" in ours
    return {
        position: Resubmitted(
            clean(status).casefold(),
            clean(number),
            told if (told := clean(answer).casefold()) in ANSWERS else clean(answer),
            from_source and position not in sheet.added,
            f"{code} {message}",
        )
        for position, (status, number, answer, code, message) in enumerate(
            zip(*columns, strict=True)
        )
    }
