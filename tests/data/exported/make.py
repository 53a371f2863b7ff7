"""Writes NAME.pt2 and NAME-HxW.safetensors beside itself: exported networks, and what PyTorch computes with them in testing and in
training: logits, gradients, buffers. And double.safetensors: parameters after five steps of Adam in float64.

usage: python make.py   (needs torch 2.9 or newer)"""
import importlib.machinery
import importlib.util
import io
import json
import pathlib
import sys
import zipfile

import torch

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
import nets  # noqa: E402

loader = importlib.machinery.SourceFileLoader("export_model", str(HERE.parents[2] / "tools/export-model"))
tool = importlib.util.module_from_spec(importlib.util.spec_from_loader("export_model", loader))
loader.exec_module(tool)

CASES = [  # name, training mode, sides are multiples of, settings, sizes to compare
    ("unet", True, 1, {}, [(2, 32, 48), (1, 33, 41)]),
    ("vit", True, 8, {}, [(2, 32, 48), (3, 64, 24)]),
    ("mobile", False, 1, {"channel": "1", "resize": "true"}, [(2, 32, 48), (1, 45, 40)]),
]


def save(program, path):
    """Without lines of source, which hold paths, and without the sample."""
    large = io.BytesIO()
    torch.export.save(program, large)
    with zipfile.ZipFile(large) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            name = "net/" + entry.filename.split("/", 1)[1]
            if "sample_inputs" in name or "serialization_id" in name:
                continue
            if name.endswith(".json"):
                data = json.dumps(without_sources(json.loads(data)), separators=(",", ":")).encode()
            target.writestr(zipfile.ZipInfo(name), data)


def without_sources(value):
    if isinstance(value, dict):
        return {k: {} if k == "metadata" else without_sources(v) for k, v in value.items()}
    return [without_sources(v) for v in value] if isinstance(value, list) else value


def image_of(size, dtype=torch.float32):
    return torch.rand(size[0], 3, *size[1:], generator=torch.Generator().manual_seed(sum(size)), dtype=dtype)


def make(name, training, multiple, how, sizes):
    torch.manual_seed(3)
    module = getattr(nets, name)().train(training)
    with torch.no_grad():  # statistics that are not those of a new network
        for key, b in module.named_buffers():
            if "running" in key:
                b.uniform_(0.5, 1.5)
    state = {k: v.clone() for k, v in module.state_dict().items()}
    program, fixed, _ = tool.export(module, image_of(sizes[0]), multiple)
    assert not fixed, (name, fixed)
    module.load_state_dict(state)
    save(program, HERE / f"{name}.pt2")
    for size in sizes:
        module.load_state_dict(state)
        module.zero_grad()
        image = image_of(size)
        weight = torch.randn(size[0], 1, *size[1:], generator=torch.Generator().manual_seed(1))
        values = tool.python_side(module, image, weight, how)
        tool.write_tensors(HERE / f"{name}-{size[1]}x{size[2]}.safetensors", {"image": image, "weight": weight, **values})


def seed(name):
    """For the fuzz target: what is worth changing in an archive."""
    with zipfile.ZipFile(HERE / f"{name}.pt2") as z:
        parts = z.read("net/models/model.json"), z.read("net/data/weights/model_weights_config.json")
    (HERE.parents[1] / "fuzz/seeds/exported" / name).write_bytes(b"\n--\n".join(parts))


def make_double():
    torch.manual_seed(4)
    module = nets.unet(dropout=0.0).double().train()
    image = image_of((2, 24, 32), torch.float64)
    state = {k: v.clone() for k, v in module.state_dict().items()}
    program, fixed, _ = tool.export(module, image, 1)
    module.load_state_dict(state)
    save(program, HERE / "double.pt2")
    adam = torch.optim.Adam(module.parameters(), lr=0.01)
    for _ in range(5):
        adam.zero_grad()
        module(image)["out"].square().mean().backward()
        adam.step()
    tool.write_tensors(HERE / "double.safetensors", {"image": image, **{f"stepped.{k}": v for k, v in module.state_dict().items()}})


if __name__ == "__main__":
    for case in CASES:
        make(*case)
        seed(case[0])
    make_double()
