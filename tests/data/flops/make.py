"""Writes flops.json: PyTorch's own count of floating-point operations (two for each multiply-add), by FlopCounterMode on
tensors without values, of torchvision's FCN without its auxiliary head and of NIX-Net. `fixed` is NIX's noise filter, which
has no weights. `training` is forward and backward; the picture wants no gradient."""
import json
import pathlib
import sys

import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.segmentation import fcn_resnet50

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "oracle"))
from nix import Nix, Up, srm  # noqa: E402

# 1x1 convolution before interpolation, as ours: the same values for a quarter of the work
Up.forward = lambda self, x, like: torch.nn.functional.interpolate(self.conv(x), like.shape[-2:], mode="bilinear",
                                                                   align_corners=False)


def count(run):
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()


def fcn():
    net = fcn_resnet50(weights=None, weights_backbone=None, aux_loss=True, num_classes=1)
    net.aux_classifier = None
    return net


def nix(size):
    return Nix(size, 128)


def logits(net, x):
    y = net(x)
    return y["out"] if isinstance(y, dict) else y


def attention():
    q, k, v = (torch.randn(shape, requires_grad=True) for shape in ((2, 3, 5, 8), (2, 3, 7, 8), (2, 3, 7, 8)))
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        return count(lambda: torch.nn.functional.scaled_dot_product_attention(q, k, v)), count(
            lambda: torch.nn.functional.scaled_dot_product_attention(q, k, v).sum().backward())


def layers():
    """Of each kind one: forward, and forward and backward. Of groups forward alone: for the weight's gradient the counter
    takes no notice of them."""
    f = torch.nn.functional
    x, t = torch.randn(2, 4, 9, 7, requires_grad=True), torch.randn(2, 4, 5, 6, requires_grad=True)
    w, g = torch.randn(6, 4, 3, 3, requires_grad=True), torch.randn(6, 2, 3, 3, requires_grad=True)
    u = torch.randn(4, 3, 2, 2, requires_grad=True)
    a, m = torch.randn(2, 5, 8, requires_grad=True), torch.randn(3, 8, requires_grad=True)
    runs = {"conv2d": lambda: f.conv2d(x, w, stride=2, padding=1),
            "conv_transpose2d": lambda: f.conv_transpose2d(t, u, stride=2), "linear": lambda: f.linear(a, m)}
    out = {name: [count(run), count(lambda: run().sum().backward())] for name, run in runs.items()}
    grouped = count(lambda: f.conv2d(x, g, stride=2, padding=1, groups=2))
    return out | {"attention": list(attention()), "grouped": [grouped, None]}


def kept(net, side):
    """Bytes that a forward pass in training leaves for the backward pass: storages that autograd saves, each once, without
    parameters, buffers and the picture; and the output."""
    x = torch.zeros(1, 3, side, side) + 0.5
    known = {t.untyped_storage().data_ptr() for t in [x, *net.parameters(), *net.buffers()]}
    found = {}

    def note(t):
        storage = t.untyped_storage()
        if storage.data_ptr() not in known:
            found[storage.data_ptr()] = storage.nbytes()
        return t

    with torch.autograd.graph.saved_tensors_hooks(note, lambda t: t):
        y = logits(net.train(), x)
    note(y)
    return sum(found.values())


out = {"torch": torch.__version__.split("+")[0], "layers": layers(), "nets": []}
with torch.device("meta"):
    nets = {"fcn": fcn()} | {f"nix{size}": nix(size) for size in (40, 60, 85)}
for name, net in nets.items():
    for side in (64, 224, 512):
        x = torch.zeros(1, 3, side, side, device="meta")
        fixed = count(lambda: srm(x)) if name != "fcn" else 0
        row = {"net": name, "side": side, "forward": count(lambda: logits(net, x)) - fixed,
               "training": count(lambda: logits(net, x).sum().backward()) - fixed, "fixed": fixed}
        if side == 64 and name in ("fcn", "nix40"):
            row["kept"] = kept({"fcn": fcn, "nix40": lambda: nix(40)}[name](), side)
        out["nets"].append(row)
        print(row)
(HERE / "flops.json").write_text(json.dumps(out, indent=1) + "\n")
