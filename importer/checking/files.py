"""The same record in several files of one run: the later file counts."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from importer.records import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from importer.model import Checked, Record
    from importer.schema import Table

    Key = str | tuple[str, ...]


def overrule(
    files: Sequence[Sequence[Checked]], table: Table
) -> tuple[list[tuple[Checked, ...]], Counter[tuple[int, int]]]:
    """Find the rows whose record a later file holds with other values.

    Sent, each would undo what the other brought, in this run and in every later one. Rows that are
    held back or repeat another row count in no file: a person has yet to look at them.

    Args:
        files: The sheets of each file, all of one endpoint, in the order in which they are sent.
        table: The page of that endpoint.

    Returns:
        The sheets with ``overruled``, and how many rows that concerns: (earlier file, later file), by
        their places in ``files``, → rows.
    """
    claims: dict[Key, tuple[bytes, int]] = {}
    counts: Counter[tuple[int, int]] = Counter()
    found: list[tuple[Checked, ...]] = []
    for at in reversed(range(len(files))):
        own: dict[Key, tuple[bytes, int]] = {}
        sheets = []
        for checked in files[at]:
            overruled = {}
            for record in Rows(checked, table):
                key, content = _identity(table, record), _content(record)
                later, counting = claims.get(key, (content, at))
                if key and later != content:
                    overruled[record.position] = files[counting][0].batch.sheet.source.name
                    counts[at, counting] += 1
                elif key:
                    own[key] = (content, at)
            sheets.append(replace(checked, overruled=overruled))
        claims = own | claims
        found.append(tuple(sheets))
    return found[::-1], counts


def _identity(table: Table, record: Record) -> Key:
    """Return what two rows of one record have in common; nothing where no field tells."""
    return record.key or tuple(record.payload.get(name, "").upper() for name in table.alike)


def _content(record: Record) -> bytes:
    """Return a digest of what is sent, whatever the order of the mapping's fields."""
    sent = repr(sorted(record.payload.items())).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(sent, digest_size=16).digest()
