#!/usr/bin/env python3
"""Writes the pictures of this folder and figures.json: what Pillow and torchvision make of them.

Usage: make.py (Pillow, numpy, torch and torchvision at hand). The test pictures are cut from experiments/quickstart/photos.
"""
import hashlib
import json
import os
import struct
import zlib

import numpy as np
import torch
from PIL import Image, ImageFilter
from torchvision.transforms import v2

HERE = os.path.dirname(os.path.abspath(__file__))
PHOTOS = os.path.join(HERE, "../../../experiments/quickstart/photos")


def path(name):
    return os.path.join(HERE, name)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(name, pixels, bits, colour, interlaced):
    """A PNG that Pillow cannot write: 16-bit colour, Adam7. pixels: (h, w, bytes per pixel), unfiltered."""
    h, w = pixels.shape[:2]
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for x, y, dx, dy in passes:
        part = pixels[y::dy, x::dx]
        if part.size:
            raw += b"".join(b"\0" + row.tobytes() for row in part)
    header = struct.pack(">IIBBBBB", w, h, bits, colour, 0, 0, int(interlaced))
    with open(path(name), "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def pictures():
    photo = Image.open(os.path.join(PHOTOS, "15.png")).convert("RGB")
    rgb = photo.crop((300, 120, 361, 167))  # 61 x 47
    grey = rgb.convert("L")
    rng = np.random.default_rng(7)
    noise = rng.integers(0, 256, (47, 61, 3), dtype=np.uint8)
    rgb.save(path("rgb.png"))
    grey.save(path("grey.png"))
    Image.fromarray(noise).save(path("noise.png"))
    Image.fromarray(noise[:, 20:21]).save(path("column.png"))
    Image.fromarray(noise[20:21, :, 0].copy()).save(path("row.png"))
    Image.fromarray(noise[:1, :1]).save(path("dot.png"))
    mask = np.zeros((47, 61), np.uint8)
    mask[10:30, 15:50] = 255
    Image.fromarray(mask).save(path("mask.png"))
    Image.fromarray(mask).filter(ImageFilter.GaussianBlur(3)).save(path("mask-blurred.png"))

    alpha = Image.fromarray(noise[:, :, 0].copy())
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    la = grey.copy()
    la.putalpha(alpha)
    rgba.save(path("rgba.png"))
    la.save(path("grey-alpha.png"))
    rgb.quantize(17).save(path("palette.png"))
    rgb.quantize(17).save(path("palette-transparent.png"), transparency=3)
    grey.point(lambda v: 255 * (v > 100)).convert("1").save(path("bits-1.png"))
    rgb.save(path("transparent-colour.png"), transparency=rgb.getpixel((0, 0)))
    wide = np.stack([np.asarray(rgb), noise], -1)  # high byte, low byte
    png("rgb-16.png", wide.reshape(47, 61, 6), 16, 2, False)
    png("grey-16.png", np.stack([np.asarray(grey), noise[:, :, 1]], -1), 16, 0, False)
    png("interlaced.png", np.asarray(rgb), 8, 2, True)
    png("interlaced-16.png", wide.reshape(47, 61, 6), 16, 2, True)

    huge = struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0)
    with open(path("claims-20000.png"), "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", huge) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))

    rgb.save(path("rgb.jpg"), quality=85)
    grey.save(path("grey.jpg"), quality=85)
    rgb.save(path("progressive.jpg"), quality=85, progressive=True)
    rgb.save(path("full-chroma.jpg"), quality=85, subsampling=0)
    rgb.convert("CMYK").save(path("cmyk.jpg"), quality=90)
    rgb.save(path("lossy.webp"), quality=80)
    rgb.save(path("lossless.webp"), lossless=True)
    rgba.save(path("alpha.webp"), lossless=True, exact=True)
    rgba.save(path("alpha-lossy.webp"), quality=80, exact=True)
    rgb.save(path("animated.webp"), save_all=True, append_images=[rgb.rotate(180)], lossless=True)


def bytes_of(image):
    a = np.ascontiguousarray(np.asarray(image))
    return {"width": a.shape[1], "height": a.shape[0], "channels": 1 if a.ndim == 2 else 3,
            "sha256": hashlib.sha256(a.tobytes()).hexdigest()}


def decoded(name):
    image = Image.open(path(name))
    if image.mode in ("I;16", "I;16B", "I"):
        return Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    return image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")


def reading():
    cases = []
    for name in sorted(os.listdir(HERE)):
        if name.endswith((".png", ".jpg", ".webp")) and not name.startswith(
                ("animated", "claims", "expected")):
            lossy = name.endswith(".jpg") or "lossy" in name
            case = {"file": name, "exact": not lossy, **bytes_of(decoded(name))}
            if lossy:  # decoders may differ by rounding: the pixels, not their hash
                case["pixels"] = "expected-" + name.replace(".", "-") + ".png"
                decoded(name).save(path(case["pixels"]))
            cases.append(case)
    return cases


def resizing():
    """In two steps, the width first: Pillow 13 takes the height first for some shapes."""
    sizes = [(61, 47), (122, 94), (64, 64), (31, 23), (30, 47), (61, 20), (1, 1), (1, 47), (61, 1), (7, 200), (200, 7)]
    cases = []
    for name in ("rgb.png", "grey.png", "noise.png", "column.png", "row.png", "dot.png", "mask-blurred.png"):
        image = decoded(name)
        for w, h in sizes:
            step = image.resize((w, image.height), Image.Resampling.BILINEAR)
            cases.append({"file": name, **bytes_of(step.resize((w, h), Image.Resampling.BILINEAR))})
    return cases


def blurring():
    cases = []
    for name in ("rgb.png", "grey.png", "noise.png", "column.png", "row.png", "dot.png", "mask.png"):
        for radius in (0, 0.3, 0.5, 1, 2, 3, 4.5, 10, 40, 500):
            cases.append({"file": name, "radius": radius,
                          **bytes_of(decoded(name).filter(ImageFilter.GaussianBlur(radius)))})
    return cases


def composing():
    cases = []
    for over, under, mask in (("rgb.png", "noise.png", "mask-blurred.png"), ("noise.png", "rgb.png", "mask.png"),
                              ("rgb.png", "noise.png", "grey.png"), ("grey.png", "mask.png", "mask-blurred.png")):
        result = Image.composite(decoded(over), decoded(under), decoded(mask))
        cases.append({"over": over, "under": under, "mask": mask, **bytes_of(result)})
    return cases


def torchvision():
    """torchvision's antialiased resize of the same pictures: on 8-bit tensors it differs by rounding, on float tensors by
    the 8-bit steps alone. `most` is the largest difference from Pillow in grey levels, `share` that of values that
    differ (8-bit) or by more than half a level (float)."""
    cases = []
    for name, sizes in (("rgb.png", [(32, 32), (64, 64), (122, 94)]), ("noise.png", [(32, 32), (64, 64)]),
                        ("../../../experiments/quickstart/photos/01.png", [(512, 512), (256, 256), (127, 127)])):
        image = decoded(name)
        tensor = torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())
        for w, h in sizes:
            step = image.resize((w, image.height), Image.Resampling.BILINEAR)
            pillow = np.asarray(step.resize((w, h), Image.Resampling.BILINEAR)).astype(float)
            resize = v2.Resize([h, w], antialias=True)
            eight = resize(tensor).numpy().transpose(1, 2, 0)
            single = resize(tensor.float() / 255).numpy().transpose(1, 2, 0) * 255.0
            off8, offf = abs(eight - pillow), abs(single - pillow)
            case = {"file": os.path.basename(name), "width": w, "height": h,
                    "uint8": {"most": float(off8.max()), "share": round(float((off8 > 0).mean()), 6)},
                    "float": {"most": round(float(offf.max()), 4), "share": round(float((offf > 0.5).mean()), 6)}}
            if w == 32:
                case["pixels"] = "expected-torchvision-" + name
                Image.fromarray(eight).save(path(case["pixels"]))
            cases.append(case)
    return cases


def main():
    pictures()
    figures = {"read": reading(), "resize": resizing(), "blur": blurring(), "composite": composing(),
               "torchvision": torchvision()}
    with open(path("figures.json"), "w") as f:
        f.write("{\n" + ",\n".join(
            f'"{key}": [\n' + ",\n".join(" " + json.dumps(c) for c in cases) + "\n]"
            for key, cases in figures.items()) + "\n}\n")


main()
