#!/usr/bin/env python3
"""make_layout_seeds.py FOLDER - writes small safetensors for the target layout: names as in the layouts that are read, and shapes of
no more than what the networks' options follow from, so that building is reached; the tiny ones are whole."""
import json
import sys
from math import prod
from pathlib import Path


def file(shapes):
    header, at = {}, 0
    for name, shape in shapes.items():
        header[name] = {"dtype": "U8", "shape": shape, "data_offsets": [at, at + prod(shape)]}
        at += prod(shape)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(at)


def autoencoder(prefix, block="block", down="encoder.down", up="decoder.up"):
    return {f"{prefix}{down}.0.{block}.0.conv1.weight": [32], f"{prefix}{down}.1.{block}.0.conv1.weight": [32],
            f"{prefix}{up}.0.{block}.0.conv1.weight": [32], f"{prefix}{up}.0.{block}.1.conv1.weight": [1],
            f"{prefix}{up}.1.{block}.0.conv1.weight": [32], f"{prefix}{up}.1.{block}.1.conv1.weight": [1],
            f"{prefix}decoder.conv_in.weight": [1, 4], f"{prefix}quant_conv.weight": [1],
            f"{prefix}encoder.mid.attn_1.norm.weight": [1], "bn.running_mean": [1]}


def sequence(half, blocks):
    """blocks: (index, kind, in, out)"""
    shapes = {}
    for index, kind, a, b in blocks:
        name = f"{half}{index}"
        if kind == "block":
            shapes |= {f"{name}.conv.{k}.{part}": ([b, a, 3, 3] if part == "weight" else [b])
                       for k in (0, 2, 4) for part in ("weight", "bias")}
        else:
            shapes[f"{name}.weight"] = [b, a, 3, 3]
            if kind == "conv":
                shapes[f"{name}.bias"] = [b]
    return shapes


UNET = "model.diffusion_model."
unet = {UNET + name: shape for name, shape in {
    "input_blocks.0.0.weight": [32, 9], "input_blocks.1.0.in_layers.2.weight": [32], "input_blocks.1.1.norm.weight": [1],
    "input_blocks.2.0.op.weight": [1], "input_blocks.3.0.in_layers.2.weight": [32], "output_blocks.0.1.conv.weight": [1],
    "output_blocks.1.1.norm.weight": [1], "middle_block.1.proj_in.weight": [1, 1, 1, 1],
    "middle_block.1.transformer_blocks.0.attn2.to_k.weight": [1, 8], "out.2.weight": [4]}.items()}
CLIP = "cond_stage_model.transformer.text_model."
OPEN = "cond_stage_model.model."
clip = {CLIP + "embeddings.token_embedding.weight": [2, 64], CLIP + "embeddings.position_embedding.weight": [3],
        CLIP + "encoder.layers.0.mlp.fc1.weight": [5], CLIP + "embeddings.position_ids": [1]}
open_clip = {OPEN + "token_embedding.weight": [2, 64], OPEN + "positional_embedding": [3], OPEN + "logit_scale": [],
             **{OPEN + f"transformer.resblocks.{i}.{name}": [6] for i in (0, 1) for name in (
                 "mlp.c_fc.weight", "attn.in_proj_weight", "attn.in_proj_bias")}}
tiny = (sequence("encoder.layers.", [(0, "conv", 3, 2), (1, "block", 2, 2), (2, "bare", 2, 2), (3, "conv", 2, 4)]) |
        sequence("decoder.layers.", [(0, "conv", 4, 2), (2, "block", 2, 2), (4, "bare", 2, 2), (5, "conv", 2, 3)]))
encoder = file(sequence("", [(0, "conv", 3, 2), (1, "block", 2, 2), (2, "bare", 2, 2), (3, "conv", 2, 4)]))
decoder = file(sequence("", [(1, "conv", 4, 2), (3, "block", 2, 2), (5, "bare", 2, 2), (6, "conv", 2, 3)]))
SEEDS = {"ae": (0, autoencoder("")), "part": (0, autoencoder("first_stage_model.")),
         "diffusers": (0, autoencoder("vae.", "resnets", "encoder.down_blocks", "decoder.up_blocks")), "tiny": (0, tiny),
         "unet": (2, unet), "clip": (3, clip), "open-clip": (3, open_clip)}
(Path(sys.argv[1]) / "pair").write_bytes(bytes([1]) + len(encoder).to_bytes(2, "big") + encoder + decoder)
for name, (what, shapes) in SEEDS.items():
    (Path(sys.argv[1]) / name).write_bytes(bytes([what]) + file(shapes))
