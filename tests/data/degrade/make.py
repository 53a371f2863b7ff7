#!/usr/bin/env python3
"""Writes figures.json: what Pillow, OpenCV and plain Python make of pictures of ../images, and the WebP pictures beside it.

Usage: make.py (Pillow, numpy and opencv at hand). Random numbers are SplitMix64, written anew here.
"""
import hashlib
import io
import json
import math
import os

import cv2
import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
PICTURES = os.path.join(HERE, "../images")
MASK = (1 << 64) - 1
NAMES = ("rgb.png", "noise.png", "grey.png", "row.png", "column.png", "dot.png")
SEED, REVISION = 20240613, 1


def read(name):
    return Image.open(os.path.join(PICTURES, name))


def digest(pixels):
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()


# ---- random numbers ----

def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


class Stream:
    def __init__(self, kind, level, settings, name):
        text = f"{kind} {level:.17g}{settings} revision {REVISION} seed {SEED}"
        self.state = named(named(SEED, text), name)

    def bits(self):
        x = mix(self.state)
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        return x

    def unit(self):
        return (self.bits() >> 11) * 2.0**-53


def named(seed, name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return mix(h ^ mix(seed))


# ---- the degradations ----

def coded(image, form, quality):
    to = io.BytesIO()
    image.save(to, form, quality=quality)
    return Image.open(io.BytesIO(to.getvalue())), len(to.getvalue())


def figure(name, kind, level, pixels, **more):
    return {"file": name, "kind": kind, "level": level, "width": pixels.shape[1], "height": pixels.shape[0],
            "sha256": digest(pixels), **more}


def jpegs():
    out = []
    for name in NAMES:
        for quality in (100, 90, 80, 70, 60, 50, 10, 1):
            image, size = coded(read(name), "JPEG", quality)
            out.append(figure(name, "jpeg", quality, np.asarray(image), bytes=size))
    return out


def double_jpegs():
    out = []
    for name in ("rgb.png", "noise.png", "grey.png"):
        for quality, first, shift in ((90, 75, False), (60, 75, False), (95, 50, True), (70, 85, True)):
            pixels = np.asarray(read(name))
            left = top = 0
            if shift:
                stream = Stream("double_jpeg", quality, '{"first":%d,"shift":true}' % first, name)
                left, top = stream.bits() & 7, stream.bits() & 7
            wide = np.pad(pixels, ((top, 0), (left, 0)) + ((0, 0),) * (pixels.ndim - 2), mode="edge")
            once = np.asarray(coded(Image.fromarray(wide), "JPEG", first)[0])[top:, left:]
            twice = np.asarray(coded(Image.fromarray(np.ascontiguousarray(once)), "JPEG", quality)[0])
            out.append(figure(name, "double_jpeg", quality, twice, first=first, shift=shift))
    return out


def webps():
    """libwebp's versions differ in their choices: compared with a tolerance."""
    out = []
    for name in ("rgb.png", "noise.png"):
        for quality in (100, 90, 50, 1):
            image, size = coded(read(name).convert("RGB"), "WEBP", quality)
            kept = f"{name[:-4]}-webp-{quality}.png"
            image.save(os.path.join(HERE, kept))
            out.append({"file": name, "level": quality, "bytes": size, "expected": kept})
    return out


def blurs():
    return [figure(name, "blur", size, cv2.GaussianBlur(np.asarray(read(name)), (size, size), 0))
            for name in NAMES for size in (3, 5, 7, 9, 11, 15, 19, 23, 99)]


def noises():
    out = []
    for name in ("rgb.png", "grey.png", "dot.png"):
        for deviation in (0.5, 3, 23, 200):
            pixels = np.asarray(read(name))
            stream, draws = Stream("noise", deviation, "", name), []
            while len(draws) < pixels.size:
                radius, angle = math.sqrt(-2 * math.log(1 - stream.unit())), 2 * math.pi * stream.unit()
                draws += [radius * math.cos(angle), radius * math.sin(angle)]
            noisy = pixels.reshape(-1) + deviation * np.array(draws[: pixels.size])
            noisy = np.clip(np.rint(noisy), 0, 255).astype(np.uint8).reshape(pixels.shape)
            out.append(figure(name, "noise", deviation, noisy))
    return out


def side(n, factor):
    return max(1, int(np.rint(n * factor)))


def resizes():
    out = []
    for name in NAMES:
        for factor in (1.5, 0.9, 0.78, 0.5, 0.25, 0.05):
            image, mask = read(name), read("mask.png").resize(read(name).size, Image.NEAREST)
            size = side(image.width, factor), side(image.height, factor)
            pixels = np.asarray(image.resize(size, Image.BILINEAR))
            out.append(figure(name, "resize", factor, pixels, mask=digest(np.asarray(mask.resize(size, Image.NEAREST)))))
    return out


def crops():
    out = []
    for name in NAMES:
        for kept in (0.9, 0.75, 0.5, 0.05):
            pixels, mask = np.asarray(read(name)), np.asarray(read("mask.png").resize(read(name).size, Image.NEAREST))
            h, w = side(pixels.shape[0], kept), side(pixels.shape[1], kept)
            stream = Stream("crop", kept, "", name)
            left = int(stream.unit() * (pixels.shape[1] - w + 1))
            top = int(stream.unit() * (pixels.shape[0] - h + 1))
            cut = np.s_[top : top + h, left : left + w]
            out.append(figure(name, "crop", kept, pixels[cut], mask=digest(mask[cut])))
    return out


def main():
    exact = jpegs() + double_jpegs() + blurs() + noises() + resizes() + crops()
    with open(os.path.join(HERE, "figures.json"), "w") as f:
        json.dump({"exact": exact, "webp": webps()}, f, indent=0)
        f.write("\n")


if __name__ == "__main__":
    main()
