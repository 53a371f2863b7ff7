#!/usr/bin/env python3
"""make_elf_seeds.py FOLDER - writes small shared objects for the target elf: only what il_elf_word reads of them."""
import struct
import sys
from pathlib import Path


def shared_object(abi=4, name=b"il_plugin_entry", symbols=1, table_size=None, kind=3, address=0x1000, held=8):
    """Header, one segment at 0x1000 with `held` bytes of the file, three sections: none, .dynsym, .dynstr."""
    data, names = struct.pack("<II", abi, 0), b"\0" + name + b"\0"
    table = b"".join(struct.pack("<IBBHQQ", 1, 0x11, 0, 1, address, 8) for _ in range(symbols))
    at = 64 + 56 + 3 * 64
    offsets = [at, at + len(data), at + len(data) + len(table)]
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", kind, 62, 1, 0, 64, 120, 0, 64, 56, 1, 64, 3, 2)
    segment = struct.pack("<IIQQQQQQ", 1, 6, offsets[0], 0x1000, 0x1000, held, 8, 8)
    size = len(table) if table_size is None else table_size
    sections = bytes(64) + struct.pack("<IIQQQQIIQQ", 0, 11, 2, 0, offsets[1], size, 2, 0, 8, 24)
    sections += struct.pack("<IIQQQQIIQQ", 0, 3, 2, 0, offsets[2], len(names), 0, 0, 1, 0)
    return head + segment + sections + data + table + names


SEEDS = {
    "plugin": shared_object(),
    "other-abi": shared_object(abi=5),
    "no-symbol": shared_object(name=b"main"),
    "zeros": shared_object(held=0),
    "program": shared_object(kind=2),
    "endless-table": shared_object(name=b"none", table_size=2**64 - 1),
    "outside": shared_object(address=2**64 - 2),
    "short": shared_object()[:200],
}
for seed, content in SEEDS.items():
    (Path(sys.argv[1]) / seed).write_bytes(content)
