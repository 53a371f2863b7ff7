#!/usr/bin/env python3
"""Writes labels.json: the target of all 256 grey levels under each mask policy, as PyTorch computes them in float32."""
import json
import os

import torch

grey = torch.arange(256, dtype=torch.uint8)
tables = {
    "soft": grey.float().div(255),
    "any": (grey > 0).float(),
    "full": (grey == 255).float(),
    "threshold": (grey >= 128).float(),
    "threshold 1": (grey >= 1).float(),
    "threshold 200": (grey >= 200).float(),
    "threshold 255": (grey >= 255).float(),
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "labels.json"), "w") as f:
    f.write("{\n" + ",\n".join(f'"{k}": {json.dumps(v.tolist())}' for k, v in tables.items()) + "\n}\n")
