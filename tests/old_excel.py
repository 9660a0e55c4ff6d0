"""Writes small ``.xls`` workbooks byte by byte, so that the reader of them can be tested."""

from __future__ import annotations

import struct

SECTOR = 512
FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound(streams):
    """Return an OLE container (MS-CFB) with these streams, each filled up to whole sectors."""
    padded = {name: data.ljust(max(4096, -(-len(data) // SECTOR) * SECTOR), b"\0")
              for name, data in streams.items()}  # fmt: skip
    chain, starts = [TABLE, END], {}
    for name, data in padded.items():
        starts[name] = len(chain)
        count = len(data) // SECTOR
        chain += [*range(len(chain) + 1, len(chain) + count), END]
    assert len(chain) <= SECTOR // 4
    assert len(padded) <= 3
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack(
        "<HHHHH6xIII4xIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 4096, END, 0, END, 0
    )
    header += struct.pack("<109I", 0, *[FREE] * 108)
    table = struct.pack(f"<{SECTOR // 4}I", *chain, *[FREE] * (SECTOR // 4 - len(chain)))
    entries = [_entry("Root Entry", 5, END, 0, child=1)]
    for number, (name, data) in enumerate(padded.items(), start=1):
        right = number + 1 if number < len(padded) else FREE
        entries.append(_entry(name, 2, starts[name], len(data), right=right))
    folder = b"".join(entries).ljust(SECTOR, b"\0")
    return header + table + folder + b"".join(padded.values())


def _entry(name, kind, start, size, *, child=FREE, right=FREE):
    spelled = name.encode("utf-16-le") + b"\0\0"
    entry = spelled.ljust(64, b"\0") + struct.pack("<HBB", len(spelled), kind, 1)
    entry += struct.pack("<III", FREE, right, child) + bytes(36)
    return entry + struct.pack("<IQ", start, size)


def _record(kind, body=b""):
    return struct.pack("<HH", kind, len(body)) + body


def _text(text, size):
    return struct.pack(f"<{size}B", len(text), 1) + text.encode("utf-16-le")


def workbook(cells, codes=(), *, since_1904=False, extra=b""):
    """Return an Excel 97 workbook of the sheet S.

    ``cells`` maps (row, column) from 0 to a text, or to (number, index in ``codes``), with the tokens of its
    formula behind them if it has one.
    """
    start = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + extra
    start += _record(0x22, struct.pack("<H", since_1904))
    font = struct.pack("<HHHHHBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0) + _text("Arial", "B")
    start += _record(0x31, font) * 5
    for number, code in enumerate(codes, start=164):
        start += _record(0x41E, struct.pack("<H", number) + _text(code, "H"))
    for number in [0, *range(164, 164 + len(codes))]:
        start += _record(0xE0, struct.pack("<HHH", 0, number, 1) + bytes(14))
    name = _text("S", "B")
    behind = len(start) + len(_record(0x85, bytes(6) + name)) + len(_record(0x0A))
    start += _record(0x85, struct.pack("<IBB", behind, 0, 0) + name) + _record(0x0A)
    sheet = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    for place, value in cells.items():
        if isinstance(value, str):
            sheet += _record(0x204, struct.pack("<HHH", *place, 0) + _text(value, "H"))
            continue
        number, code, *tokens = value
        style = 0 if code is None else code + 1
        if tokens:
            head = struct.pack("<HHHdHIH", *place, style, number, 0, 0, len(tokens[0]))
            sheet += _record(0x6, head + tokens[0])
        else:
            sheet += _record(0x203, struct.pack("<HHHd", *place, style, number))
    return compound({"Workbook": start + sheet + _record(0x0A)})
