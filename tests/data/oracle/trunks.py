"""Writes the figures of the models vit and segformer by transformers (4.57) in float64: trunks.json, the names and shapes of every
size as published; vit*.json and segformer*.json, logits and gradients of narrow models in both modes (dropout and drop path 0);
with --full also those of ViT-S/14 and B0 at full width, which INPAINTLAB_FULL_ORACLE=1 compares.

usage: python trunks.py [--full]   (needs torch, transformers, Pillow; writes beside itself)
"""
import hashlib
import json
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from transformers import (Dinov2Config, Dinov2Model, Dinov2WithRegistersConfig, Dinov2WithRegistersModel, SegformerConfig,
                          SegformerForSemanticSegmentation)

from fill import HERE, crops, fill, noise

SEED = 12
MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).reshape(3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).reshape(3, 1, 1)
DEPTHS = {"b0": [2, 2, 2, 2], "b1": [2, 2, 2, 2], "b2": [3, 4, 6, 3], "b3": [3, 4, 18, 3]}


def dinov2(width=384, depth=12, heads=6, registers=4, grid=37):
    o = dict(hidden_size=width, num_hidden_layers=depth, num_attention_heads=heads, image_size=14 * grid, patch_size=14)
    if registers:
        return Dinov2WithRegistersModel(Dinov2WithRegistersConfig(num_register_tokens=registers, **o))
    return Dinov2Model(Dinov2Config(**o))


class Vit(nn.Module):
    """DINOv2's trunk with the plugin's head."""

    def __init__(self, convolves=False, registers=4, **o):
        super().__init__()
        trunk = dinov2(registers=registers, **o)
        self.embeddings, self.encoder, self.layernorm = trunk.embeddings, trunk.encoder, trunk.layernorm
        self.trunk, self.first, width = [trunk], 1 + registers, trunk.config.hidden_size
        conv = [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        self.head = nn.Sequential(*conv, nn.Conv2d(width, 1, 1)) if convolves else nn.Conv2d(width, 1, 1)

    def train(self, mode=True):
        self.trunk[0].train(mode)
        return super().train(mode)

    def forward(self, image):
        h, w = image.shape[-2] // 14, image.shape[-1] // 14
        x = self.trunk[0]((image - MEAN) / STD).last_hidden_state[:, self.first:]
        x = self.head(x.transpose(1, 2).reshape(len(x), -1, h, w))
        return F.interpolate(x, image.shape[-2:], mode="bilinear", align_corners=False)


def segformer(size="b0", width=None, decoder=None):
    width, decoder = width or (32 if size == "b0" else 64), decoder or (768 if size in ("b2", "b3") else 256)
    return SegformerForSemanticSegmentation(SegformerConfig(
        depths=DEPTHS[size], hidden_sizes=[width * k for k in (1, 2, 5, 8)], decoder_hidden_size=decoder, num_labels=1,
        drop_path_rate=0, classifier_dropout_prob=0, num_attention_heads=[1, 2, 5, 8]))


class Segformer(nn.Module):
    def __init__(self, **o):
        super().__init__()
        whole = segformer(**o)
        self.segformer, self.decode_head, self.whole = whole.segformer, whole.decode_head, [whole]

    def train(self, mode=True):
        self.whole[0].train(mode)
        return super().train(mode)

    def forward(self, image):
        x = self.whole[0]((image - MEAN) / STD).logits
        return F.interpolate(x, image.shape[-2:], mode="bilinear", align_corners=False)


def short(x):
    return float(f"{x:.8g}")


def largest_and_some(t, count):
    """[[index, value], …]: the element that is largest, then others."""
    t = t.detach().flatten()
    at = [t.abs().argmax().item()] + [i * 2654435761 % t.numel() for i in range(1, count)]
    return [[i, short(t[i].item())] for i in at]


def look(net, height, width, training, gradients):
    net.train(training)
    net.zero_grad()
    y = net(crops(height, width))
    up = torch.from_numpy(noise("up", y.numel(), SEED)).reshape(y.shape)
    (y * up).mean().backward()
    d = {"height": height, "width": width, "training": training, "logits": largest_and_some(y, 40)}
    grads = {k: p.grad for k, p in net.named_parameters() if p.grad is not None}
    most = max(g.abs().max() for g in grads.values())
    # a key's bias has no gradient but rounding, nor has a bias before a batch norm
    d["gradients"] = {k: [short(g.norm().item()), *largest_and_some(g, gradients)] for k, g in grads.items()
                      if g.abs().max() > 1e-9 * most}
    return d


def write(name, net, sizes, gradients=4):
    fill(net.double(), SEED)
    looks = [look(net, *size, training, gradients) for training in (False, True) for size in sizes]
    d = {"seed": SEED, "keys": [[k, list(v.shape)] for k, v in net.state_dict().items()], "looks": looks}
    (HERE / name).write_text(json.dumps(d) + "\n")


def listed(net):
    """Number of parameters, of tensors, and the SHA-256 of lines "NAME SIZE,SIZE,…"."""
    state = net.state_dict()
    lines = "".join(f"{k} {','.join(map(str, v.shape))}\n" for k, v in state.items())
    return {"parameters": sum(p.numel() for p in net.parameters()), "tensors": len(state),
            "sha256": hashlib.sha256(lines.encode()).hexdigest()}


def main():
    torch.manual_seed(0)
    sizes = {"small": {}, "base": dict(width=768, heads=12)}
    with torch.device("meta"):
        trunks = [{"model": "vit", "settings": {"size": s, "registers": str(r)}, **listed(dinov2(registers=r, **sizes[s]))}
                  for s in sizes for r in (4, 0)]
    trunks += [{"model": "segformer", "settings": {"size": s}, **listed(segformer(s))} for s in DEPTHS]
    (HERE / "trunks.json").write_text(json.dumps(trunks, indent=1) + "\n")

    narrow, sides = dict(width=24, depth=2, heads=3, grid=5), [(56, 98), (70, 70)]
    write("vit.json", Vit(**narrow), sides)
    write("vit-conv.json", Vit(convolves=True, **narrow), sides)
    write("vit-plain.json", Vit(registers=0, **narrow), [(56, 98), (28, 42)])
    write("segformer.json", Segformer(width=8, decoder=24), [(64, 96), (67, 61)])
    if "--full" in sys.argv:
        write("vit-small.json", Vit(), [(126, 98), (266, 294)], 2)
        write("segformer-b0.json", Segformer(), [(128, 96), (131, 157)], 2)


main()
