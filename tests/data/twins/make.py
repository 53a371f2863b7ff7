#!/usr/bin/env python3
"""hashes.json: perceptual hashes of the quickstart's photos by Pillow and scipy; NN.jpg: some of them, smaller and
recompressed. Needs Pillow, numpy, scipy. Run from this folder."""
import json
import pathlib

import numpy as np
from PIL import Image
from scipy.fft import dct

photos = sorted(pathlib.Path("../../../experiments/quickstart/photos").glob("*.png"))


def perceptual(image):
    grey = np.asarray(image.convert("L").resize((32, 32), Image.BILINEAR), dtype=np.float64)
    low = dct(dct(grey, type=2, axis=0), type=2, axis=1)[:8, :8]
    low[np.abs(low) < 4e-6] = 0  # scipy's DCT is four times the plain sum
    median = np.median(low)
    # no value may stand where rounding decides
    assert np.sort(np.abs(low - median).ravel())[2] > 1e-3 or not low[1:, 1:].any()
    return "".join(f"{byte:02x}" for byte in np.packbits((low > median).ravel()))


hashes = {path.name: perceptual(Image.open(path)) for path in photos}
for path in photos[::5]:
    image = Image.open(path).convert("RGB")
    name = path.stem + ".jpg"
    image.resize((image.width // 3, image.height // 3), Image.LANCZOS).save(name, quality=35)
    # the decoder's rounding of a JPEG may differ: these are only compared with the photo's own hash
hashes["flat"] = perceptual(Image.new("RGB", (40, 30), (90, 90, 90)))
pathlib.Path("hashes.json").write_text(json.dumps(hashes, indent=0) + "\n")
