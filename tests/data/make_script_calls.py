"""Writes weights/script_call_*.pt: TorchScript modules of two inputs whose results hold a sum and a difference.

usage: python make_script_calls.py   (needs torch; writes beside itself)
"""
import io
import pathlib
import zipfile
from typing import Dict, List, NamedTuple, Tuple

import torch
from torch import Tensor

HERE = pathlib.Path(__file__).parent / "weights"


class Both(NamedTuple):
    difference: Tensor
    sum: Tensor


class AsDict(torch.nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Dict[str, Tensor]:
        return {"other": a, "difference": a - b, "sum": a + b}


class AsTuple(torch.nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Tuple[Tensor, Tensor]:
        return a + b, a - b


class AsNamed(torch.nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Both:
        return Both(difference=a - b, sum=a + b)


class AsList(torch.nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> List[Tensor]:
        return [a + b, a - b]


class Mixed(torch.nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Tuple[Tensor, int]:
        return a + b, 3


class Text(torch.nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> str:
        return "no tensor"


def save(module, name):
    """Without debugging notes, which hold paths and source lines."""
    large = io.BytesIO()
    torch.jit.save(module, large)
    with zipfile.ZipFile(large) as source, zipfile.ZipFile(HERE / f"script_call_{name}.pt", "w") as target:
        for entry in source.infolist():
            if not entry.filename.endswith(".debug_pkl"):
                target.writestr(zipfile.ZipInfo(entry.filename), source.read(entry), zipfile.ZIP_DEFLATED)


for name, module in (("dict", AsDict()), ("tuple", AsTuple()), ("named", AsNamed()), ("list", AsList()), ("mixed", Mixed()),
                     ("text", Text())):
    save(torch.jit.script(module), name)
x = torch.ones(2)
save(torch.jit.trace(AsDict(), (x, x), strict=False), "traced")
