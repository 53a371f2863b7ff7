"""Figures for the tests of detect: Pillow's exif_transpose, scipy.ndimage.label, numpy's windows, scipy's Wilson
interval. Run in this folder."""
import json
import struct

import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage, stats

rng = np.random.default_rng(5)


def exif(orientation, big=False, long=False, prefix=b""):
    o = ">" if big else "<"
    kind, value = (4, struct.pack(o + "I", orientation)) if long else (3, struct.pack(o + "HH", orientation, 0))
    other = struct.pack(o + "HHI", 0x010F, 2, 4) + b"abc\0"  # the maker stands before it
    entry = struct.pack(o + "HHI", 0x0112, kind, 1) + value
    head = (b"MM\0*" if big else b"II*\0") + struct.pack(o + "I", 8)
    return prefix + head + struct.pack(o + "H", 2) + other + entry + struct.pack(o + "I", 0)


# ---- orientation: 48x32 with four different corners, flat in JPEG's blocks ----
blocks = rng.integers(30, 220, (2, 3, 3)).astype(np.uint8)
photo = Image.fromarray(np.kron(blocks, np.ones((16, 16, 1), np.uint8)))
for o in range(1, 9):
    jpeg = f"turn-{o}.jpg"
    photo.save(jpeg, quality=100, subsampling=0, exif=exif(o, big=o % 2 == 0, prefix=b"Exif\0\0"))
    ImageOps.exif_transpose(Image.open(jpeg)).convert("RGB").save(f"turn-{o}-expected.png")
noise = Image.fromarray(rng.integers(0, 256, (5, 9, 3)).astype(np.uint8))
noise.save("turn-6.png", exif=exif(6, big=True))
noise.save("turn-8.webp", lossless=True, exif=exif(8, prefix=b"Exif\0\0"))
for name in "turn-6.png", "turn-8.webp":
    ImageOps.exif_transpose(Image.open(name)).convert("RGB").save(name.replace(".", "-") + "-expected.png")

def largest_mean(score):
    """Of the windows of 8x8 pixels, as many as there are on a shorter side."""
    window = tuple(min(8, n) for n in score.shape)
    return float(np.lib.stride_tricks.sliding_window_view(score, window).mean((2, 3)).max() / 255)


# ---- regions ----
def spiral(n):
    a = np.zeros((n, n), bool)
    y = x = 0
    dy, dx = 0, 1
    a[0, 0] = True
    seen = a.copy()
    while True:
        moved = False
        for _ in range(2):
            ny, nx, fy, fx = y + dy, x + dx, y + 2 * dy, x + 2 * dx
            if 0 <= ny < n and 0 <= nx < n and not (0 <= fy < n and 0 <= fx < n and seen[fy, fx]) and not seen[ny, nx]:
                y, x = ny, nx
                a[y, x] = seen[y, x] = moved = True
                break
            dy, dx = dx, -dy
        if not moved:
            return a


comb = np.zeros((20, 41), bool)
comb[:, ::2] = True
comb[-1] = True
cases = {
    "empty": np.zeros((7, 5), bool), "full": np.ones((6, 9), bool), "dot": np.ones((1, 1), bool),
    "checkers": np.indices((16, 17)).sum(0) % 2 == 0, "comb": comb, "comb-turned": comb[::-1], "spiral": spiral(41),
    "diagonals": np.indices((30, 30)).sum(0) % 4 == 0, "row": rng.random((1, 97)) < 0.5, "column": rng.random((97, 1)) < 0.5,
}
for share in 5, 20, 35, 45, 60:
    cases[f"noise-{share}"] = rng.random((61, 83)) < share / 100
    cases[f"blobs-{share}"] = ndimage.gaussian_filter(rng.random((120, 90)), 2) < 0.44 + share / 1000
figures = []
for name, mask in cases.items():
    score = rng.integers(0, 256, mask.shape).astype(np.uint8)
    Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(f"regions-{name}-mask.png")
    Image.fromarray(score).save(f"regions-{name}-score.png")
    label, count = ndimage.label(mask, np.ones((3, 3)))
    found = []
    for i, (ys, xs) in enumerate(ndimage.find_objects(label), 1):
        inside = label == i
        found.append([int(inside.sum()), ys.start, xs.start, xs.stop - xs.start, ys.stop - ys.start,
                      float(score[inside].mean() / 255)])
    found.sort(key=lambda f: (-f[0], f[1], f[2]))
    least = 3
    large = [f for f in found if f[0] >= least]
    figures.append({"name": name, "least": least, "count": len(large), "regions": large[:100], "all": len(found),
                    "image_score": largest_mean(score)})

# ---- one forged region in pictures of several sizes ----
region = rng.integers(150, 251, (63, 62)).astype(np.uint8)
Image.fromarray(region).save("pasted-region.png")
pasted = []
for width, height, left, top in (256, 256, 100, 90), (768, 512, 706, 449), (3000, 2000, 1234, 987), (62, 63, 0, 0):
    score = np.full((height, width), 12, np.uint8)
    score[top:top + 63, left:left + 62] = region
    pasted.append([width, height, left, top, largest_mean(score)])
wilson = []
for hits, count in (0, 1), (0, 100), (1, 100), (3, 100), (50, 100), (100, 100), (7, 13), (2, 3000):
    ci = stats.binomtest(hits, count).proportion_ci(0.95, "wilson")
    wilson.append([hits, count, float(ci.low), float(ci.high)])
json.dump({"regions": figures, "pasted": pasted, "wilson": wilson}, open("figures.json", "w"), separators=(",", ":"))
