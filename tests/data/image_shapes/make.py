#!/usr/bin/env python3
"""Writes figures.json: what Pillow, SciPy and OpenCV make of pictures of ../images, as SHA-256 of their bytes.

Usage: make.py (Pillow, numpy, scipy and opencv at hand).
"""
import hashlib
import json
import os

import cv2
import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

HERE = os.path.dirname(os.path.abspath(__file__))
PICTURES = os.path.join(HERE, "../images")
MASK = (1 << 64) - 1


def read(name):
    return Image.open(os.path.join(PICTURES, name))


def digest(pixels):
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()


def greys():
    return [{"file": n, "sha256": digest(np.asarray(read(n).convert("L")))} for n in ("rgb.png", "noise.png", "grey.png")]


def maxima():
    out = []
    for name in ("grey.png", "mask-blurred.png", "noise.png", "row.png", "column.png", "dot.png"):
        pixels = np.asarray(read(name))
        for size in (1, 3, 5, 15, 45, 201):
            shape = (size, size, 1)[: pixels.ndim]
            out.append({"file": name, "size": size, "sha256": digest(ndimage.maximum_filter(pixels, size=shape))})
    return out


def resizes():
    out = []
    sizes = [(640, 493), (61, 47), (61, 20), (20, 47), (30, 23), (15, 11), (122, 94), (7, 90), (1, 1), (200, 1)]
    for name in ("rgb.png", "noise.png", "grey.png", "row.png", "column.png", "dot.png"):
        for w, h in sizes:
            result = cv2.resize(np.asarray(read(name)), (w, h), interpolation=cv2.INTER_LINEAR)
            out.append({"file": name, "width": w, "height": h, "sha256": digest(result)})
    even = np.asarray(read("noise.png"))[:46, :60]  # halved, and halved on one side only
    for w, h in ((30, 23), (30, 46), (60, 23), (15, 23), (120, 92)):
        result = cv2.resize(even, (w, h), interpolation=cv2.INTER_LINEAR)
        out.append({"file": "noise.png", "crop": [60, 46], "width": w, "height": h, "sha256": digest(result)})
    return out


def drawn(w, h, corners):
    """The bounding box of what Pillow draws, both ends inclusive; all of it is 255."""
    mask = Image.new("L", (w, h), 0)
    ImageDraw.Draw(mask).rectangle(corners, fill=255)
    box = mask.getbbox()
    if not box:
        return None
    assert np.asarray(mask.crop(box)).min() == 255
    return [box[0], box[1], box[2] - 1, box[3] - 1]


def rectangles():
    cases = [(3, 4, 9, 8), (0, 0, 19, 14), (-5, -5, 25, 25), (5, 5, 5, 5), (19, 14, 19, 14), (20, 3, 25, 9), (3, 15, 9, 20),
             (-9, 3, -1, 9), (3, -9, 9, -1), (2.9, 3.99, 7.99, 9.5), (0.5, 0.5, 20.0, 15.0), (-0.9, -0.9, 0.9, 0.9),
             (-1.1, 2, 4, 5), (20.0, 2.0, 20.0, 5.0)]
    return [{"corners": c, "drawn": drawn(20, 15, c)} for c in cases]


def units(seed):
    """SplitMix64, the upper 53 bits."""
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        x = seed
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
        yield ((x ^ (x >> 31)) >> 11) / 2**53


def random_rectangle(w, h, least, seed):
    u = units(seed)
    x = round(next(u) * (w - least) + least / 2)
    y = round(next(u) * (h - least) + least / 2)
    crop_w = round(next(u) * (w / 2 - least)) + least
    crop_h = round(next(u) * (h / 2 - least)) + least
    x, y = max(0, round(x - crop_w / 2)), max(0, round(y - crop_h / 2))
    return drawn(w, h, (x, y, min(w, x + crop_w), min(h, y + crop_h)))


def random_rectangles():
    out = []
    for w, h, least in ((512, 512, 64), (256, 256, 64), (640, 480, 64), (128, 129, 64), (481, 333, 7)):
        for k in range(40):
            seed = k if k < 20 else (k * 0x9E3779B97F4A7C15 + 12345) & (2**63 - 1)
            out.append([w, h, least, seed] + random_rectangle(w, h, least, seed))
    return out


def tensors():
    """Bytes of floats: round half to even of value * 255 in single precision, as numpy rounds."""
    values = [0.0, 1.0, -0.5, 1.5, 0.5 / 255, 1.5 / 255, 2.5 / 255, 0.25, 1 / 3, 0.999, float(np.float32(127.5 / 255)), 0.7]
    v = np.clip(np.array(values, np.float32), 0, 1)
    return {"values": values, "bytes": (v * np.float32(255)).round().astype(int).tolist()}


if __name__ == "__main__":
    figures = {"greys": greys(), "maxima": maxima(), "resizes": resizes(), "rectangles": rectangles(),
               "random": random_rectangles(), "tensors": tensors()}
    with open(os.path.join(HERE, "figures.json"), "w") as f:
        f.write("{\n" + ",\n".join(f' "{k}": ' + (
            "[\n  " + ",\n  ".join(json.dumps(x) for x in v) + "\n ]" if isinstance(v, list) else json.dumps(v))
            for k, v in figures.items()) + "\n}\n")
