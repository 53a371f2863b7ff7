"""Photos, and a data set whose marked half is all, half, all and none of the truth."""
from pathlib import Path
from PIL import Image
for folder in ("photos/sub", "set"):
    Path(folder).mkdir(parents=True)
for i in range(4):
    Image.new("RGB", (32, 16), (i, 90, 90)).save(f"photos/sub/{i}.jpg")
for i, right in enumerate((16, 32, 16, 0)):  # the marked half is all, half, all, none of the truth
    mask = Image.new("L", (32, 16))
    mask.paste(254, (0, 0, min(right + 8, 32), 16))  # the grey rim of a blurred mask: must not count
    mask.paste(255, (0, 0, right, 16))
    mask.save(f"set/p{i}.mask.webp", lossless=True)
    for kind in ("original", "realfake"):
        Image.new("RGB", (32, 16), (i, 90, 90)).save(f"set/p{i}.{kind}.webp", lossless=True)
