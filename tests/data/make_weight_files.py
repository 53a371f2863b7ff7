"""Writes weights/: small files of named tensors as PyTorch and safetensors write them, and TorchScript modules.

usage: python make_weight_files.py   (needs torch, safetensors, numpy; writes beside itself)
"""
import collections
import hashlib
import json
import pathlib
import struct

import torch

from without_notes import strip
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent / "weights"
HERE.mkdir(exist_ok=True)


def state(half=True):
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 8 - 1
    d = collections.OrderedDict()
    d["plain"] = base.clone()
    d["columns"] = base.t()          # strided view
    d["slice"] = base[1:3, 2:5]      # of the same storage
    d["tied"] = base
    d["tracked"] = torch.tensor(7)
    d["empty"] = torch.zeros(0, 3)
    d["parameter"] = torch.nn.Parameter(torch.tensor([0.1, -0.2]))
    if half:
        d["half"] = torch.tensor([1.5, -2.25], dtype=torch.float16)
        d["brain"] = torch.tensor([1.5, -2.25, 3.0], dtype=torch.bfloat16)
        d["double"] = torch.tensor([[1e-3]], dtype=torch.float64)
        d["bytes"] = torch.tensor([0, 127, 255], dtype=torch.uint8)
    return d


class Dict(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 2, 1)
        self.norm = torch.nn.BatchNorm2d(2)
        torch.nn.init.constant_(self.conv.weight, 0.5)
        torch.nn.init.constant_(self.conv.bias, 0.25)

    def forward(self, x):
        y = self.norm(self.conv(x))
        return {"aux": y * 2, "out": y[:, :1]}


class Pair(torch.nn.Module):
    def forward(self, x):
        return x[:, :1] * 2, x


class Text(torch.nn.Module):
    def forward(self, x):
        return "no tensor"


class Drop(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.dropout(x, 0.5, self.training)


def save_sealed(path):
    """As il_bundle_seal describes it: the file ends with the SHA-256 of what is before."""
    header = {
        "__metadata__": {"inpaintlab.sha256": "the tensor of this name, at the end, holds the SHA-256 of all bytes before it"},
        "a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]},
        "inpaintlab.sha256": {"dtype": "U8", "shape": [64], "data_offsets": [12, 76]},
    }
    text = json.dumps(header).encode()
    data = struct.pack("<Q", len(text)) + text + struct.pack("<3f", 1, 2, 3)
    path.write_bytes(data + hashlib.sha256(data).hexdigest().encode())


save_file({k: v.contiguous().clone() for k, v in state().items()}, HERE / "python.safetensors", {"by": "safetensors"})
save_sealed(HERE / "sealed.safetensors")
torch.save(state(), HERE / "zip.pth")
torch.save(state(), HERE / "legacy.pth", _use_new_zipfile_serialization=False)
torch.save(dict(state()), HERE / "dict.pth")
other = {"optimizer": {"step": torch.tensor([1], dtype=torch.int32)}, "epoch": 3, "loss": 0.5}
torch.save({"state_dict": state(), **other}, HERE / "checkpoint.pth")
torch.save({"model": state(), **other}, HERE / "checkpoint_legacy.pth", _use_new_zipfile_serialization=False)
torch.save(torch.nn.Sequential(torch.nn.Linear(2, 1)), HERE / "whole.pth")
torch.save({"model": torch.nn.Linear(2, 1)}, HERE / "whole_inside.pth")
torch.save({"a": torch.ones(2), "epoch": 3}, HERE / "not_only_tensors.pth")
torch.save(torch.ones(2), HERE / "one_tensor.pth")
torch.save([torch.ones(2)], HERE / "list.pth")
torch.save({"a": torch.ones(2, dtype=torch.int32)}, HERE / "int32.pth")
torch.serialization.set_crc32_options(False)
torch.save(state(), HERE / "unchecked.pth")
torch.serialization.set_crc32_options(True)
for name, module in (("dict", Dict()), ("pair", Pair()), ("text", Text()), ("drop", Drop())):
    torch.jit.script(module).save(HERE / f"script_{name}.pt")
    strip(HERE / f"script_{name}.pt")
