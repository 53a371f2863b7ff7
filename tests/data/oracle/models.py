"""Writes the models' figures in float64: small NIX-Nets, the quickstart's detector, more of FCN, a script; and a
torchvision file. fcn.json and nix40, 60, 85.json are the published networks' (float32, PyTorch 2.11 on a CPU)."""
import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torchvision.models.segmentation import fcn_resnet50
from torchvision.ops import sigmoid_focal_loss

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from fill import PRECISION, crops, fill, noise  # noqa: E402
from nix import Nix, srm  # noqa: E402
from without_notes import strip  # noqa: E402


def sample(y):
    """mean, std and 16 values of logits (2,1,H,W)."""
    h, w = y.shape[-2:]
    at = [[i % 2, (37 * i + 11) % h, (61 * i + 5) % w] for i in range(16)]
    return {"mean": y.mean().item(), "std": y.std(unbiased=False).item(),
            "at": [[n, r, c, y[n, 0, r, c].item()] for n, r, c in at]}


def look(net, height, width, head="out"):
    net.eval()
    with torch.no_grad():
        y = net(crops(height, width))
    return {"height": height, "width": width, "head": head, **sample(y[head] if isinstance(y, dict) else y)}


def train(net, weight_decay, gradients):
    net.train()
    adam = torch.optim.Adam(net.parameters(), lr=1e-4, weight_decay=weight_decay)
    image, target = crops(128, 128), torch.zeros(2, 1, 128, 128, dtype=PRECISION)
    target[:, :, 32:96, 24:80] = 1
    out = {"loss": [], "grad": {}}
    for step in range(3):
        y = net(image)
        loss = sigmoid_focal_loss(y["out"] if isinstance(y, dict) else y, target, reduction="mean")
        adam.zero_grad()
        loss.backward()
        if step == 0:  # a bias before a batch norm has no gradient but rounding
            grad = {k: p.grad for k, p in net.named_parameters() if p.grad is not None and p.grad.norm() > 1e-6}
            chosen = list(grad)[:: max(1, len(grad) // gradients)]
            out["grad"] = {k: [grad[k].norm().item(), grad[k].flatten()[0].item()] for k in chosen}
        adam.step()
        out["loss"].append(loss.item())
    return out


def write(name, net, seed, looks=((128, 128, "out"),), weight_decay=None):
    fill(net.to(PRECISION), seed)
    d = {"seed": seed, "params": sum(p.numel() for p in net.parameters()),
         "keys": [[k, list(v.shape)] for k, v in net.state_dict().items()],
         "looks": [look(net, *at) for at in looks]}
    if weight_decay is not None:
        d["train"] = train(net, weight_decay, 24)
    (HERE / name).write_text(json.dumps(d) + "\n")


class Unet(nn.Module):
    """The quickstart's detector."""

    def __init__(self, fine, coarse, level):
        super().__init__()
        def layer(i, o, stride=1):
            return nn.Sequential(nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU())
        self.level = level
        self.fine0, self.fine1 = layer(6 if level else 3, fine), layer(fine, fine)
        self.coarse0, self.coarse1 = layer(fine, coarse, 2), layer(coarse, coarse)
        self.coarse2, self.coarse3 = layer(coarse, coarse), layer(coarse, coarse)
        self.merge = layer(fine + coarse, fine)
        self.head = nn.Conv2d(fine, 1, 1)

    def forward(self, x):
        if self.level:
            x = torch.cat([x, srm(x).clamp(-self.level, self.level) / self.level], 1)
        f = self.fine1(self.fine0(x))
        c = self.coarse3(self.coarse2(self.coarse1(self.coarse0(f))))
        return self.head(self.merge(torch.cat([f, F.interpolate(c, f.shape[-2:], mode="nearest")], 1)))


class Tiny(nn.Module):
    """For the torchscript model: batch norm, a dict result, an entry beside it."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU())
        self.last = nn.Conv2d(6, 1, 1)

    def forward(self, x):
        y = self.features(x)
        return {"aux": y, "out": self.last(y)}


def torchvision_file(path):
    """A torchvision state dict (21 classes) whose tensors are strided views of one small storage: a small .pth.
    Without layer4 and classifier.0, since the reader refuses small files that unfold into much memory."""
    base = torch.from_numpy(noise("strided", 8192, 9).astype(np.float32))
    state = fcn_resnet50(weights=None, weights_backbone=None, aux_loss=True).state_dict()
    for i, (k, v) in enumerate(list(state.items())):
        if k.startswith(("backbone.layer4.", "classifier.0.")):
            del state[k]
        else:
            state[k] = base.as_strided(v.shape, (1, 2, 7, 5)[:v.ndim], i) if v.ndim else torch.tensor(i)
    torch.save(state, path)


def main():
    torch.manual_seed(0)
    for size in (40, 60, 85):
        write(f"nix{size}-w8.json", Nix(size, 8), 5, ((128, 128, "out"), (61, 47, "out")), 1e-3)
    write("nix40-w8-truncated.json", Nix(40, 8, 2.5), 6)
    write("nix60-w8-linear.json", Nix(60, 8, linear=True), 5, ((128, 128, "out"), (61, 47, "out")), 1e-3)
    write("unet.json", Unet(24, 48, 8), 10, ((128, 128, "out"), (61, 47, "out")), 0.0)
    write("unet-plain.json", Unet(5, 7, None), 11)
    fcn = fcn_resnet50(weights=None, weights_backbone=None, aux_loss=True, num_classes=1)
    write("fcn-looks.json", fcn, 7, ((75, 53, "out"), (75, 53, "aux")))
    write("script.json", Tiny(), 8, ((128, 128, "out"), (33, 20, "out")), 0.0)
    torch.jit.script(Tiny()).save(HERE / "script.pt")
    strip(HERE / "script.pt")
    torchvision_file(HERE / "fcn-strided.pth")


main()
