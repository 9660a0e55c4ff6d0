"""Overdue violations: the answer of one call → pages that a person, or a collector, can work with.

Source: API documentation, "Pull API: Overdue Violations", "Successful Response".
"""

import json
import re
from types import MappingProxyType

from importer.pulls.book import Page, Record, flat, page_of, several, without_secrets
from schemas.reads import OVERDUE_VIOLATIONS

MONEY = frozenset(
    {"Fine", "AdjustedFine", "Towing", "taxAmount", "offenceFine", "discountAmount"}
    | {"type.DefaultCost", "type.discountAmount"}
)
"""Amounts, some of which OPSCOM answers as text."""
_KEY = "ViolationID"
_LISTS = MappingProxyType(
    {"details": "Details", "vehicle.drivers": "Drivers", "attachments": "Attachments"}
)
"""What a violation has several of, and the page of each."""
_BEGIN_RE = re.compile(r'"records"\s*:\s*\[')
_BETWEEN_RE = re.compile(r"[\s,]*")


def read_violations(text: str) -> tuple[list[Record], bool]:
    """Return the records of an answer, flat, and whether it came to its end; else those that arrived whole.

    An answer that holds no list of records did not come to its end.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return _flat(_salvaged(text)), False
    records = found.get("records") if isinstance(found, dict) else None
    return _flat(several(records)), isinstance(records, list)


def _flat(records: list[Record]) -> list[Record]:
    return [flat(without_secrets(each)) for each in records]


def _salvaged(text: str) -> list[Record]:
    begin = _BEGIN_RE.search(text)
    if begin is None:
        return []
    decoder, at = json.JSONDecoder(), begin.end()
    records: list[Record] = []
    while between := _BETWEEN_RE.match(text, at):
        try:
            found, at = decoder.raw_decode(text, between.end())
        except (ValueError, RecursionError):
            break
        records += several(found)
    return records


def pages_of(records: list[Record]) -> list[Page]:
    """Lay flat records out: the violations, each with its vehicle, then their details, drivers and attachments.

    Each row of each page names its violation.
    """
    violations: list[Record] = []
    lists: dict[str, list[Record]] = {name: [] for name in _LISTS}
    for record in records:
        rest = dict(record)
        for name, rows in lists.items():
            if isinstance(rest.get(name), list):
                own = map(flat, several(rest.pop(name)))
                rows += [{**each, _KEY: record.get(_KEY)} for each in own]
        violations.append(rest)
    first = dict.fromkeys((_KEY, "Ticket", "vehicle.Plate", *OVERDUE_VIOLATIONS.columns))
    pages = [page_of("Violations", violations, tuple(first), MONEY)]
    pages += [page_of(page, lists[name], (_KEY,), MONEY) for name, page in _LISTS.items()]
    return pages
