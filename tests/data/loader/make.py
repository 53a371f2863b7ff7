#!/usr/bin/env python3
"""Writes choices.json: order, windows and flips of the loader, from its rule written down a second time.

choose(seed, epoch, position, purpose, n) = mix(mix(mix(mix(seed) + epoch) + position) + purpose) mod n, where mix is
SplitMix64's step. The order of an epoch is a Fisher-Yates shuffle from the last position down; window and flip belong to
picture * crops + crop.
"""
import json
import os

MASK = (1 << 64) - 1
ORDER, LEFT, TOP, FLIP = range(4)


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def choose(seed, epoch, position, purpose, n):
    return mix((mix((mix((mix(seed) + epoch) & MASK) + position) & MASK) + purpose) & MASK) % n


def case(seed, epoch, sizes, crop, crops, shuffle, flip):
    order = list(range(len(sizes) * crops))
    if shuffle:
        for i in range(len(order) - 1, 0, -1):
            j = choose(seed, epoch, i, ORDER, i + 1)
            order[i], order[j] = order[j], order[i]
    samples = []
    for entry in order:
        w, h = sizes[entry // crops]
        left = choose(seed, epoch, entry, LEFT, w - crop + 1) if crop and w > crop else 0
        top = choose(seed, epoch, entry, TOP, h - crop + 1) if crop and h > crop else 0
        samples.append([entry // crops, left, top, choose(seed, epoch, entry, FLIP, 2) if flip else 0])
    return {"seed": str(seed), "epoch": epoch, "sizes": sizes, "crop": crop, "crops": crops, "shuffle": shuffle, "flip": flip,
            "samples": samples}


def main():
    sizes = [[40, 30], [17, 25], [40, 40], [33, 9], [12, 12], [40, 21], [8, 38]]
    cases = [case(0, 1, sizes, 0, 1, False, False), case(7, 1, sizes, 0, 1, True, True),
             case(7, 1, sizes, 16, 3, True, True), case(7, 2, sizes, 16, 3, True, True),
             case(2**64 - 1, 100, sizes, 16, 3, True, False), case(1, 1, sizes, 64, 2, True, True),
             case(3, 5, sizes, 10, 1, False, True)]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "choices.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


main()
