#!/usr/bin/env python3
"""make.py - the masks of this folder, by Pillow and NumPy: 8 rows, 10 columns; rows 2 to 5 and columns 3 to 6 are inpainted."""
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
true = np.zeros((8, 10), bool)
true[2:6, 3:7] = True
grey = np.where(true, 255, 0).astype(np.uint8)
zero = np.zeros_like(grey)
full = np.full_like(grey, 255)


def save(name, array, mode=None, **how):
    image = array if isinstance(array, Image.Image) else Image.fromarray(array, mode)
    image.save(HERE / name, **how)


save("grey.png", grey)
save("bits.png", Image.fromarray(grey).convert("1"))
save("zero-one.png", (grey // 255))
save("class-ids.png", np.where(true, 3, 0).astype(np.uint8))
save("sixteen.png", (grey.astype(np.uint16) * 257))
save("sixteen-small.png", grey.astype(np.uint16))
save("sixteen-one.png", (grey // 255).astype(np.uint16))
save("red.png", np.dstack([grey, zero, zero]))
save("dark-green.png", np.dstack([zero, grey // 2, zero]))
save("brick.png", np.dstack([np.where(true, v, 0).astype(np.uint8) for v in (200, 40, 41)]))
save("yellow.png", np.dstack([grey, grey, zero]))
save("rgb.png", np.dstack([grey] * 3))
save("red-green.png", np.dstack([255 - grey, grey, zero]))
save("white-green.png", np.dstack([255 - grey, full, 255 - grey]))
save("opaque.png", np.dstack([grey, grey, grey, full]))
save("cut-out.png", np.dstack([grey, grey, grey, grey]))
save("alpha.png", np.dstack([zero, zero, zero, grey]))
save("grey-alpha.png", np.dstack([full, grey]), "LA")
for name, colours in (("palette", [0, 0, 0, 0, 128, 0]), ("palette-grey", [0, 0, 0, 255, 255, 255])):
    image = Image.fromarray((grey // 255), "P")
    image.putpalette(colours)
    save(name + ".png", image)
image = Image.fromarray((grey // 255), "P")
image.putpalette([0, 0, 0, 0, 40, 200])
save("palette-blue.png", image)
three = Image.fromarray((grey // 255 + 2 * (np.arange(10) > 8)).astype(np.uint8), "P")
three.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
save("palette-three.png", three)
large = np.kron(grey, np.ones((6, 6), np.uint8))
save("lossy.jpg", large, quality=90)
save("lossy-rgb.jpg", np.dstack([large] * 3), quality=90)
