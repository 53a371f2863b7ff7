"""Writes TIFF files of many layouts beside NAME.png, the pixels that reading gives: 16 bits by their upper 8, alpha dropped.
Needs numpy, Pillow and tifffile; imagecodecs for LZW and JPEG is not needed, since Pillow writes those."""
import pathlib

import numpy as np
import tifffile
from PIL import Image

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(4)
H, W = 37, 53
wave = np.add.outer(np.arange(H) * 3, np.arange(W) * 2)
rgb = np.stack([wave % 256, (wave * 5 + 40) % 256, (255 - wave) % 256], 2).astype(np.uint8)
grey = rgb[..., 1]
deep = (rgb.astype(np.uint16) << 8) + rng.integers(0, 256, rgb.shape).astype(np.uint16)
alpha = rng.integers(0, 256, (H, W, 1)).astype(np.uint8)
two = (grey > 100)


def save(name, pixels, data, **options):
    Image.fromarray(pixels).save(HERE / f"{name}.png")
    tifffile.imwrite(HERE / f"{name}.tif", data, metadata=None, software=None, **options)


save("grey", grey, grey)
save("grey16", (deep[..., 0] >> 8).astype(np.uint8), deep[..., 0])
save("white-is-0", 255 - grey, grey, photometric="miniswhite")
save("rgb", rgb, rgb, photometric="rgb")
save("rgb16-big-endian", (deep >> 8).astype(np.uint8), deep, photometric="rgb", byteorder=">")
save("rgba", rgb, np.concatenate([rgb, alpha], 2), photometric="rgb", extrasamples=["unassalpha"])
save("planes", rgb, rgb.transpose(2, 0, 1).copy(), photometric="rgb", planarconfig="separate")
save("tiles", rgb, rgb, photometric="rgb", tile=(16, 32))
save("deflate", rgb, rgb, photometric="rgb", compression="zlib", rowsperstrip=5)
with tifffile.TiffWriter(HERE / "pages.tif") as out:
    for page in (rgb, 255 - rgb):
        out.write(page, photometric="rgb", metadata=None, software=None)
Image.fromarray(rgb).save(HERE / "pages.png")
palette = Image.fromarray(rgb).quantize(40)
palette.save(HERE / "palette.tif")
palette.convert("RGB").save(HERE / "palette.png")
Image.fromarray(rgb).save(HERE / "lzw.tif", compression="tiff_lzw")
Image.fromarray(rgb).save(HERE / "lzw.png")
Image.fromarray(two).save(HERE / "bits.tif", compression="group4")
Image.fromarray(two.astype(np.uint8) * 255).save(HERE / "bits.png")
Image.fromarray(rgb).save(HERE / "jpeg.tif", compression="jpeg", quality=90)
Image.open(HERE / "jpeg.tif").convert("RGB").save(HERE / "jpeg.png")
tifffile.imwrite(HERE / "refused-float.tif", rgb.astype(np.float32) / 255, photometric="rgb", metadata=None)
tifffile.imwrite(HERE / "refused-preview.tif", rgb, photometric="rgb", subfiletype=1, metadata=None)
data = (HERE / "deflate.tif").read_bytes()
(HERE / "refused-cut.tif").write_bytes(data[:len(data) // 2])
