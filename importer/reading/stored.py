"""Stored numbers of cells whose shown text says something else, kept as two arrays.

A formatted column has one for every cell. As Python texts in a dictionary those of a hundred thousand
rows would weigh more than the whole sheet.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from importer.columns import Marks, Numbers

_TEXT = pa.large_string()


class StoredNumbers(Mapping[int, str]):
    """Position → stored number as plain decimal text."""

    __slots__ = ("places", "texts")

    def __init__(self, places: Numbers, texts: pa.Array) -> None:
        """Take ascending positions and their texts, ``large_string``."""
        self.places = places
        self.texts = texts

    @classmethod
    def of(cls, numbers: Mapping[int, str]) -> StoredNumbers:
        """Return any mapping in this form."""
        if isinstance(numbers, StoredNumbers):
            return numbers
        places = sorted(numbers)
        return cls(np.array(places, np.int64), pa.array([numbers[at] for at in places], _TEXT))

    @classmethod
    def where(cls, marks: Marks, texts: pa.Array) -> StoredNumbers:
        """Return those of the texts that are marked."""
        return cls(np.flatnonzero(marks), texts if marks.all() else texts.filter(pa.array(marks)))

    def moved(self, kept: Numbers) -> StoredNumbers:
        """Return those at the positions that are kept (ascending), under their new positions."""
        places = np.searchsorted(kept, self.places)
        there = kept[np.minimum(places, len(kept) - 1)] == self.places if len(kept) else places < 0
        return StoredNumbers(
            places[there], self.texts if there.all() else self.texts.filter(pa.array(there))
        )

    def __getitem__(self, position: int) -> str:
        """Return the number at a position."""
        at = int(np.searchsorted(self.places, position))
        if at == len(self.places) or self.places[at] != position:
            raise KeyError(position)
        return str(self.texts[at])

    def __iter__(self) -> Iterator[int]:
        """Yield the positions."""
        return iter(self.places.tolist())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.places)

    def items(self) -> ItemsView[int, str]:
        """Return all pairs, made at once."""
        return dict(zip(self.places.tolist(), self.texts.to_pylist(), strict=True)).items()
