"""Figures of small autoencoders of every kind, and of one in the original layout.

    python make.py        needs torch, diffusers 0.36, safetensors

Weights are not stored: each value follows from the tensor's name and its index (`numbers`), here and in the test. For each case:
NAME.json, diffusers' config.json; NAME.names, one line per tensor: name in the file, diffusers' name, sizes; and in
figures.safetensors what diffusers makes of the picture `image`. Where a file is in the original layout, diffusers reads it too
(from_single_file) and must find the same weights. taesd_encoder.pth and taesd_decoder.pth are a TAESD of 8 channels with the
normed branches of TAEF2, computed by the few lines below.
"""
import json
import math
import re
from pathlib import Path

import numpy as np
import torch
from diffusers import AsymmetricAutoencoderKL, AutoencoderKL, AutoencoderKLFlux2, AutoencoderTiny
from safetensors.torch import save_file
from torch import nn

HERE = Path(__file__).parent
SHAPE = (1, 3, 32, 24)


def uniform(name, count):
    """splitmix64 from the name's FNV-1a hash: whole numbers of 24 bits as [-1,1)."""
    seed = 0xCBF29CE484222325
    for c in name.encode():
        seed = ((seed ^ c) * 0x100000001B3) % 2**64
    z = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, count + 1, dtype=np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def numbers(name, shape):
    """Scales as 1/sqrt(fan in); norms about 1; biases small."""
    u = uniform(name, math.prod(shape))
    if len(shape) > 1:
        u = u * math.sqrt(2.0 / math.prod(shape[1:]))
    elif name.endswith("bias"):
        u = u * 0.1
    else:
        u = 1 + u * 0.1
    return torch.from_numpy(u.astype(np.float32).reshape(shape))


def fill(model):
    model.load_state_dict({k: numbers(k, v.shape) if v.is_floating_point() else v for k, v in model.state_dict().items()})
    return model.eval()


def picture(name="image", channels=3):
    return numbers(name, (1, channels) + SHAPE[2:]).mul(0).add(
        torch.from_numpy(uniform(name, channels * SHAPE[2] * SHAPE[3]).astype(np.float32).reshape(1, channels, *SHAPE[2:])))


def original(name, levels):
    """CompVis' name of an autoencoder's tensor."""
    name = re.sub(r"^encoder\.down_blocks\.", "encoder.down.", name)
    name = re.sub(r"^decoder\.up_blocks\.(\d+)\.", lambda m: f"decoder.up.{levels - 1 - int(m[1])}.", name)
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    for a, b in [("mid_block.attentions.0.group_norm", "mid.attn_1.norm"), ("mid_block.attentions.0.to_q", "mid.attn_1.q"),
                 ("mid_block.attentions.0.to_k", "mid.attn_1.k"), ("mid_block.attentions.0.to_v", "mid.attn_1.v"),
                 ("mid_block.attentions.0.to_out.0", "mid.attn_1.proj_out"), (".resnets.", ".block."),
                 ("downsamplers.0.", "downsample."), ("upsamplers.0.", "upsample."), ("conv_norm_out", "norm_out"),
                 ("conv_shortcut", "nin_shortcut")]:
        name = name.replace(a, b)
    return name


def write_names(case, rows):
    text = "".join(f"{a} {b} {','.join(map(str, shape))}\n" for a, b, shape in rows)
    (HERE / f"{case}.names").write_text(text)


def kl(levels, **more):
    return dict(down_block_types=("DownEncoderBlock2D",) * levels, up_block_types=("UpDecoderBlock2D",) * levels, **more)


CASES = {
    "kl16": (AutoencoderKL, kl(3, block_out_channels=(32, 64, 64), layers_per_block=2, latent_channels=16,
                               scaling_factor=1.5305, shift_factor=0.0609, use_quant_conv=False,
                               use_post_quant_conv=False)),
    "no-attention": (AutoencoderKL, kl(2, block_out_channels=(16, 32), norm_num_groups=8, latent_channels=4,
                                       mid_block_add_attention=False, scaling_factor=0.13025)),
    "flux2": (AutoencoderKLFlux2, kl(2, block_out_channels=(32, 32), layers_per_block=1, latent_channels=32)),
    "asymmetric": (AsymmetricAutoencoderKL, dict(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        down_block_out_channels=(16, 16, 32, 32), layers_per_down_block=1, up_block_out_channels=(16, 32, 48, 48),
        layers_per_up_block=2, norm_num_groups=8, latent_channels=4)),
    "tiny": (AutoencoderTiny, dict(encoder_block_out_channels=(16,) * 4, decoder_block_out_channels=(16,) * 4,
                                   latent_channels=16)),
}


def config_of(model):
    return {k: v for k, v in json.loads(model.to_json_string()).items()}


@torch.no_grad()
def make_case(out, case, kind, options):
    model = fill(kind(**options))
    (HERE / f"{case}.json").write_text(json.dumps(config_of(model), indent=1) + "\n")
    write_names(case, [(k, k, v.shape) for k, v in model.state_dict().items() if v.is_floating_point()])
    x = picture()
    encoded = model.encode(x)
    z = encoded.latents if kind is AutoencoderTiny else encoded.latent_dist.mode()
    y = model.decode(z).sample
    out[f"{case}.mean"], out[f"{case}.decoded"] = z, y
    print(case, "latents", z.std().item(), "decoded", y.std().item())
    if kind is AsymmetricAutoencoderKL:
        mask = torch.zeros(1, 1, *SHAPE[2:])
        mask[:, :, 5:21, 3:17] = 1
        out[f"{case}.mask"], out[f"{case}.around"] = mask, model.decode(z, image=x, mask=mask).sample
    return model


def make_original(case, model, levels, prefix, inner=()):
    """The names of the case's tensors in the original layout; `inner`: what Black Forest Labs keep in the halves."""
    rows, checkpoint = [], {}
    for k, v in model.state_dict().items():
        if not v.is_floating_point():
            continue
        name = original(k, levels)
        for a, b in inner:
            name = re.sub(a, b, name)
        if ".attn_1." in name and v.dim() == 2: # as convolutions
            v = v[:, :, None, None]
        rows.append((prefix + name, k, v.shape))
        checkpoint[prefix + name] = v
    write_names(case + "-original", rows)
    return checkpoint


def check_original(checkpoint, kind, model, case):
    """diffusers' own reading of the original layout."""
    folder = Path("/tmp/inpaintlab-vaes") / case
    folder.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in checkpoint.items()}, folder / "original.safetensors")
    (folder / "config.json").write_text((HERE / f"{case}.json").read_text())
    read = kind.from_single_file(str(folder / "original.safetensors"), config=str(folder), local_files_only=True)
    for k, v in model.state_dict().items():
        assert torch.equal(read.state_dict()[k], v), k


# ---- TAESD's sequences ----


class Block(nn.Module):
    def __init__(self, width, pooled):
        super().__init__()
        self.conv = nn.Sequential(*[m for i in range(3) for m in (nn.Conv2d(width, width, 3, padding=1), nn.ReLU())][:-1])
        self.pool = nn.Sequential(nn.Conv2d(width, 4 * width, 1, bias=False), nn.GroupNorm(4, 4 * width), nn.ReLU(),
                                  nn.Conv2d(4 * width, width, 1, bias=False)) if pooled else None

    def forward(self, x):
        x = x + self.pool(x) if self.pool else x
        return torch.relu(self.conv(x) + x)


class Soft(nn.Module):
    def forward(self, x):
        return torch.tanh(x / 3) * 3


def sequences(width, latents):
    def step(**more):
        return nn.Conv2d(width, width, 3, padding=1, bias=False, **more)

    encoder = [nn.Conv2d(3, width, 3, padding=1), Block(width, False)]
    for level in range(3):
        encoder += [step(stride=2)] + [Block(width, level == 2) for _ in range(3)]
    decoder = [Soft(), nn.Conv2d(latents, width, 3, padding=1), nn.ReLU()]
    for level in range(3):
        decoder += [Block(width, level == 0) for _ in range(3)] + [nn.Upsample(scale_factor=2), step()]
    return (nn.Sequential(*encoder, nn.Conv2d(width, latents, 3, padding=1)),
            nn.Sequential(*decoder, Block(width, False), nn.Conv2d(width, 3, 3, padding=1)))


@torch.no_grad()
def make_taesd(out):
    encoder, decoder = (fill(m).half().float() for m in sequences(8, 32))
    for name, m in (("encoder", encoder), ("decoder", decoder)):
        torch.save({k: v.half() for k, v in m.state_dict().items()}, HERE / f"taesd_{name}.pth")
    x = picture() / 2 + 0.5
    z = encoder(x)
    out["taesd.mean"], out["taesd.decoded"] = z, decoder(z).clamp(0, 1)
    print("taesd", "latents", z.std().item(), "decoded", decoder(z).std().item())


def main():
    out = {}
    models = {case: make_case(out, case, *rest) for case, rest in CASES.items()}
    check_original(make_original("kl16", models["kl16"], 3, ""), AutoencoderKL, models["kl16"], "kl16")
    make_original("flux2", models["flux2"], 2, "", [(r"^quant_conv", "encoder.quant_conv"),
                                                    (r"^post_quant_conv", "decoder.post_quant_conv")])
    make_taesd(out)
    save_file({k: v.contiguous() for k, v in out.items()}, HERE / "figures.safetensors")


if __name__ == "__main__":
    main()
