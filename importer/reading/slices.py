"""Texts that are cut out of some bytes at known places, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from importer.columns import content_of

if TYPE_CHECKING:
    from importer.columns import Bytes, Numbers

_LAST_OF_ASCII = 127


def texts_between(data: Bytes, starts: Numbers, ends: Numbers) -> pa.Array:
    """Return these parts of some UTF-8 bytes as texts.

    Args:
        data: The bytes.
        starts: Where the parts begin, ascending.
        ends: Where they end, each before the next begins.

    Raises:
        ValueError: They are no UTF-8, or not in order.
    """
    # The parts and what lies between them are slices of one buffer, and every second one is a part.
    edges = np.empty(2 * len(starts) + 1, np.int64)
    edges[:-1:2], edges[1::2] = starts, ends
    edges[-1] = edges[-2] if len(starts) else 0
    if int(edges[-1]) > len(data) or bool((np.diff(edges) < 0).any()):
        raise ValueError("The parts overlap, or lie outside the bytes.")
    slices = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), 2 * len(starts), [None, pa.py_buffer(edges), pa.py_buffer(data)]
    )
    parts = slices.take(pa.array(np.arange(0, 2 * len(starts), 2)))
    texts = parts.view(pa.large_string())
    content = content_of(texts)
    if len(content) and int(content.max()) > _LAST_OF_ASCII:
        texts.validate(full=True)
    return texts
