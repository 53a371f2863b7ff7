"""What TAESD's published code makes of photos with the weights of TAEF2.

    python taef2.py TAESD.PY WEIGHTS PHOTO… [-o FOLDER]

TAESD.PY is taesd.py of github.com/madebyollin/taesd, WEIGHTS the folder with taef2_encoder.pth and taef2_decoder.pth. Writes
FOLDER/STEM.safetensors per photo: `image` and, rounded, `bytes`, both (3,H,W) of whole numbers. Without -o, the middle 64x64 pixels
of the first photo, as taef2.safetensors here.
"""
import argparse
import importlib.util
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

HERE = Path(__file__).parent
p = argparse.ArgumentParser()
p.add_argument("code")
p.add_argument("weights", type=Path)
p.add_argument("photos", type=Path, nargs="+")
p.add_argument("-o", type=Path)
a = p.parse_args()
spec = importlib.util.spec_from_file_location("taesd", a.code)
taesd = importlib.util.module_from_spec(spec)
spec.loader.exec_module(taesd)
net = taesd.TAESD(a.weights / "taef2_encoder.pth", a.weights / "taef2_decoder.pth", 32, "flux_2").eval().float()
for photo in a.photos if a.o else a.photos[:1]:
    image = torch.from_numpy(np.array(Image.open(photo).convert("RGB"))).permute(2, 0, 1).contiguous()
    if not a.o:
        y, x = image.shape[1] // 2 - 32, image.shape[2] // 2 - 32
        image = image[:, y:y + 64, x:x + 64].contiguous()
    with torch.no_grad():
        made = net.decoder(net.encoder(image[None].float() / 255)).clamp(0, 1)
    save_file({"image": image, "bytes": made[0].mul(255).round().byte()},
              a.o / f"{photo.stem}.safetensors" if a.o else HERE / "taef2.safetensors")
