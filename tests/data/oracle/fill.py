"""Weights by a formula of their name, as tests/plugins/fill.h has them, and the pictures of the figures. Used by models.py, trunks.py."""
import pathlib
import sys

import numpy as np
import torch
from PIL import Image

HERE = pathlib.Path(__file__).parent
PHOTOS = HERE.parents[2] / "experiments/quickstart/photos"
PRECISION = torch.float32 if "--single" in sys.argv else torch.float64
MASK, GOLDEN = (1 << 64) - 1, 0x9E3779B97F4A7C15


def noise(name, count, seed):
    """count numbers in [-1, 1), a function of name and seed (FNV-1a, SplitMix64)."""
    h = 14695981039346656037
    for c in name.encode():
        h = ((h ^ c) * 1099511628211) & MASK
    with np.errstate(over="ignore"):
        x = np.uint64((h + seed * GOLDEN + GOLDEN) & MASK) + np.arange(count, dtype=np.uint64)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return (x >> np.uint64(40)).astype(np.float64) / 2**24 * 2 - 1


def fill(net, seed):
    for name, t in net.state_dict().items():
        u = noise(name, t.numel(), seed)
        if name.endswith("num_batches_tracked"):
            u = 0 * u
        elif t.ndim == 4 or t.ndim == 2 and name.endswith(".weight"):
            u = u * np.sqrt(3 / t[0].numel())
        elif name.endswith(".running_var"):
            u = 1 + 0.5 * np.abs(u)
        elif name.endswith(".weight"):
            u = 1 + 0.1 * u
        else:
            u = 0.1 * u
        t.copy_(torch.from_numpy(u.astype(np.float32)).reshape(t.shape))


def crops(height, width):
    return torch.stack([torch.from_numpy(np.array(Image.open(PHOTOS / name))[64:64 + height, 96:96 + width].copy())
                        .permute(2, 0, 1).to(PRECISION) / 255 for name in ("01.png", "05.png")])
