"""scripted.py FOLDER - a detector whose logit is a function of the pixel alone (dark.pt with these weights finds what is darker
than grey), authentic pictures of 128x128 with a few dark spots, and the same forged region of 62x63 pixels pasted into pictures
of three sizes. Standard library only."""
import json
import struct
import sys
import zlib
from pathlib import Path


def png(path, width, height, rows):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    data = zlib.compress(b"".join(b"\0" + row for row in rows), 1)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def picture(path, width, height, left=0, top=0, patch=()):
    """Light grey; a patch is a list of rows of grey values."""
    rows = [bytearray(b"\xb4" * (3 * width)) for _ in range(height)]
    for y, row in enumerate(patch):
        rows[top + y][3 * left:3 * (left + len(row))] = bytes(v for v in row for _ in range(3))
    png(path, width, height, rows)


def weights(path):
    head = {"w": {"dtype": "F32", "shape": [1, 3, 1, 1], "data_offsets": [0, 12]},
            "b": {"dtype": "F32", "shape": [1], "data_offsets": [12, 16]}}
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + struct.pack("<4f", -4, -4, -4, 6))


folder = Path(sys.argv[1])
(folder / "authentic").mkdir()
weights(folder / "w.safetensors")
for i in range(40):
    spot = [[100 + i] * 9] * 9 if i % 20 in (3, 7) else []
    picture(folder / "authentic" / f"{i:02}.png", 128, 128, 10 + i, 20, spot)
forged = [[50 + (x * 31 + y * 17 + x * y) % 47 for x in range(62)] for y in range(63)]
for width, height, left, top in (256, 256, 100, 90), (768, 512, 406, 249), (3000, 2000, 1234, 987):
    picture(folder / f"pasted-{width}x{height}.png", width, height, left, top, forged)
