#!/usr/bin/env python3
"""Writes figures.json: what torchvision, Pillow and numpy make of pictures of ../images, and the rule by which changes are drawn,
written down a second time.

Usage: make.py (torch 2.11 and torchvision 0.26 at hand, with their Pillow).

A stream is a number: mix(mix(mix(mix(seed) + epoch) + named(crop, name)) + AUGMENT). Change i of a list draws from the SplitMix64 stream
that begins at mix(stream + i): first whether it happens (unit < p), then its level, then jitter's factors and order; what is left
is for the change itself (noise, the place of a crop).
"""
import hashlib
import io
import json
import math
import os

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
PICTURES = os.path.join(HERE, "../images")
MASK = (1 << 64) - 1
AUGMENT = 4 # of the loader's purposes, after order, left, top and flip
INTEGERS = {"jpeg": 1, "double_jpeg": 1, "webp": 1, "blur": 2}
COLOURS = ("brightness", "contrast", "saturation")
ADJUST = {"brightness": F.adjust_brightness, "contrast": F.adjust_contrast, "saturation": F.adjust_saturation}


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


def named(seed, name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return mix(h ^ mix(seed))


def stream_of(seed, epoch, name, crop):
    key = mix((mix((mix(seed) + epoch) & MASK) + named(crop, name)) & MASK)
    return mix((key + AUGMENT) & MASK)


class Stream:
    def __init__(self, state):
        self.state = state

    def unit(self):
        x = mix(self.state)
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        return (x >> 11) * 2.0**-53

    def choose(self, n):
        return int(self.unit() * n)


# ---- one list, drawn and applied ----

def draw(change, stream, i):
    """What happens, and the stream that is left; or None."""
    own = Stream(mix((stream + i) & MASK))
    happens = own.unit() < change["p"]
    kind, low, high = change["kind"], change.get("low", 0), change.get("high", 0)
    done = {"kind": kind}
    if kind == "rotate":
        done["level"] = 90 * own.choose(4)
        happens = happens and done["level"] > 0
    elif kind in INTEGERS:
        step = INTEGERS[kind]
        done["level"] = low + step * own.choose((high - low) // step + 1)
    else:
        done["level"] = low + own.unit() * (high - low)
    if kind == "jitter":
        factors, order = [], []
        for k, spread in enumerate(change["spread"]):
            least = max(0, 1 - spread)
            factors.append(least + own.unit() * (1 + spread - least))
            order += [k] * (spread > 0)
        for k in range(len(order) - 1, 0, -1):
            j = own.choose(k + 1)
            order[k], order[j] = order[j], order[k]
        done["steps"] = [[COLOURS[k], factors[k]] for k in order]
    return (done, own) if happens else None


def side(n, factor):
    return max(1, int(np.rint(n * factor)))


def jpeg(pixels, quality):
    to = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(to, "JPEG", quality=quality)
    return np.asarray(Image.open(io.BytesIO(to.getvalue())))


def resized(pixels, size, how):
    """The width first, as Pillow did before version 13."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(image.resize((size[0], image.height), how).resize(size, how))


def noisy(pixels, deviation, own):
    draws = []
    while len(draws) < pixels.size:
        radius, angle = math.sqrt(-2 * math.log(1 - own.unit())), 2 * math.pi * own.unit()
        draws += [radius * math.cos(angle), radius * math.sin(angle)]
    values = pixels.reshape(-1) + deviation * np.array(draws[: pixels.size])
    return np.clip(np.rint(values), 0, 255).astype(np.uint8).reshape(pixels.shape)


def jittered(pixels, steps):
    tensor = torch.from_numpy(np.array(pixels)).reshape(*pixels.shape[:2], -1).permute(2, 0, 1)
    for name, factor in steps:
        tensor = ADJUST[name](tensor, factor)
    return tensor.permute(1, 2, 0).reshape(pixels.shape).numpy()


def apply(pixels, mask, done, own, upright):
    kind, level = done["kind"], done["level"]
    if kind == "jpeg":
        return jpeg(pixels, level), mask
    if kind == "noise":
        return noisy(pixels, level, own), mask
    if kind == "jitter":
        return jittered(pixels, done["steps"]), mask
    if kind == "rotate":
        return np.rot90(pixels, level // 90), np.rot90(mask, level // 90)
    if kind == "flip":
        return np.flip(pixels, 0 if upright else 1), np.flip(mask, 0 if upright else 1)
    h, w = side(pixels.shape[0], level), side(pixels.shape[1], level)
    if kind == "resize":
        return resized(pixels, (w, h), Image.BILINEAR), resized(mask, (w, h), Image.NEAREST)
    assert kind == "crop"
    left = int(own.unit() * (pixels.shape[1] - w + 1))
    top = int(own.unit() * (pixels.shape[0] - h + 1))
    return pixels[top : top + h, left : left + w], mask[top : top + h, left : left + w]


def shown(done, upright):
    if done["kind"] == "flip":
        return "flip vertical" if upright else "flip horizontal"
    if done["kind"] == "jitter":
        return "jitter" + "".join(f" {name} {factor:.6g}" for name, factor in done["steps"])
    return f"{done['kind']} {done['level']:.10g}"


LISTS = [
    [{"kind": "jpeg", "low": 60, "high": 100, "p": 0.5}, {"kind": "resize", "low": 0.6, "high": 1.5, "p": 0.5},
     {"kind": "rotate", "p": 1}, {"kind": "jitter", "spread": [0.2, 0.3, 0], "p": 0.5}],
    [{"kind": "flip", "p": 0.5}, {"kind": "flip", "upright": True, "p": 0.5}, {"kind": "crop", "low": 0.5, "high": 0.9, "p": 1},
     {"kind": "noise", "low": 1, "high": 9, "p": 0.5}, {"kind": "jpeg", "low": 90, "high": 90, "p": 1}],
    [{"kind": "jitter", "spread": [1.5, 0.5, 0.9], "p": 1}],
]
DRAWN = [[{"kind": "webp", "low": 50, "high": 90, "p": 1}, {"kind": "blur", "low": 3, "high": 9, "p": 0.7},
          {"kind": "double_jpeg", "low": 70, "high": 72, "first": 60, "p": 0.5}]]


def chain(changes, seed, epoch, name, crop, file):
    stream = stream_of(seed, epoch, name, crop)
    figure = {"list": changes, "seed": str(seed), "epoch": epoch, "name": name, "crop": crop, "stream": str(stream)}
    drawn = [(draw(change, stream, i), change.get("upright", False)) for i, change in enumerate(changes)]
    figure["shown"] = "+".join(shown(d[0], upright) for d, upright in drawn if d) or "unchanged"
    if file:
        pixels, mask = np.asarray(read(file)), np.asarray(read("mask.png"))
        for d, upright in drawn:
            if d:
                pixels, mask = apply(pixels, mask, *d, upright)
        figure.update(file=file, width=pixels.shape[1], height=pixels.shape[0], sha256=digest(pixels), mask=digest(mask))
    return figure


def chains():
    places = [(1, 1, "p0", 0), (1, 2, "p0", 0), (1, 1, "p0", 1), (1, 1, "p1", 0), (2**64 - 1, 100, "photo 7", 4), (2, 1, "p0", 0)]
    out = [chain(changes, *place, "rgb.png") for changes in LISTS for place in places]
    return out + [chain(changes, *place, None) for changes in DRAWN for place in places]


def colours():
    out = []
    steps = [[[name, factor]] for name in COLOURS for factor in (0, 0.3, 0.77, 1.0, 1.23, 1.7, 4.5)]
    steps += [[["contrast", 1.3], ["brightness", 0.8], ["saturation", 1.4]]]
    for file in ("rgb.png", "noise.png", "grey.png"):
        for some in steps:
            out.append({"file": file, "steps": some, "sha256": digest(jittered(np.asarray(read(file)), some))})
    return out


def moves():
    turns = {"rotate 90": Image.ROTATE_90, "rotate 180": Image.ROTATE_180, "rotate 270": Image.ROTATE_270,
             "flip horizontal": Image.FLIP_LEFT_RIGHT, "flip vertical": Image.FLIP_TOP_BOTTOM}
    return [{"file": file, "move": name, "sha256": digest(np.asarray(read(file).transpose(how)))}
            for file in ("rgb.png", "grey.png", "row.png", "dot.png") for name, how in turns.items()]


def main():
    with open(os.path.join(HERE, "figures.json"), "w") as f:
        json.dump({"colours": colours(), "moves": moves(), "chains": chains()}, f, indent=0)
        f.write("\n")


if __name__ == "__main__":
    main()
