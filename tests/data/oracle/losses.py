"""Writes losses.json: values and gradients of the losses in PyTorch (float64), on one small batch."""
import json
import pathlib

import torch
import torch.nn.functional as F
from torchvision.ops import sigmoid_focal_loss

HERE = pathlib.Path(__file__).parent
SHAPE = (2, 1, 3, 4)
LOGIT = torch.linspace(-4, 4, 24, dtype=torch.float64).roll(5).reshape(SHAPE)
EXTREME = torch.tensor([-90, -30, -12, 0, 12, 30, 90, 1e-3], dtype=torch.float64).repeat(3).reshape(SHAPE)
HARD = (torch.arange(24) % 3 == 0).double().reshape(SHAPE)
SOFT = (torch.arange(24, dtype=torch.float64) * 7 % 24 / 23).reshape(SHAPE)
HALF_EMPTY = HARD * torch.tensor([1., 0.]).reshape(2, 1, 1, 1)
EMPTY = torch.zeros(SHAPE, dtype=torch.float64)


def focal(x, t, alpha=0.25, gamma=2):
    return sigmoid_focal_loss(x, t, alpha, gamma, reduction="mean")


def bce(x, t, pos_weight=1):
    return F.binary_cross_entropy_with_logits(x, t, pos_weight=torch.tensor(float(pos_weight)))


def dice(x, t, smooth=1):
    p, t = x.sigmoid().flatten(1), t.flatten(1)
    return (1 - (2 * (p * t).sum(1) + smooth) / (p.sum(1) + t.sum(1) + smooth)).mean()


CASES = [
    (focal, {}, LOGIT, HARD), (focal, {}, LOGIT, SOFT), (focal, {}, EXTREME, HARD),
    (focal, {"alpha": -1}, LOGIT, SOFT), (focal, {"gamma": 0}, LOGIT, HARD),
    (focal, {"alpha": 0.75, "gamma": 3.5}, LOGIT, SOFT), (focal, {"alpha": 0}, LOGIT, HARD),
    (bce, {}, LOGIT, HARD), (bce, {}, LOGIT, SOFT), (bce, {}, EXTREME, SOFT),
    (bce, {"pos_weight": 5}, LOGIT, HARD), (bce, {"pos_weight": 0.3}, LOGIT, SOFT),
    (bce, {"pos_weight": 5}, EXTREME, SOFT),
    (dice, {}, LOGIT, HARD), (dice, {}, LOGIT, SOFT), (dice, {"smooth": 0.001}, LOGIT, HALF_EMPTY),
    (dice, {"smooth": 100}, LOGIT, HARD), (dice, {}, EXTREME, EMPTY), (dice, {}, EXTREME, HARD),
]

rows = []
for f, settings, logit, target in CASES:
    x = logit.clone().requires_grad_()
    value = f(x, target, **settings)
    value.backward()
    rows.append({"loss": f.__name__, "settings": {k: str(v) for k, v in settings.items()},
                 "logit": logit.flatten().tolist(), "target": target.flatten().tolist(),
                 "value": value.item(), "grad": x.grad.flatten().tolist()})
(HERE / "losses.json").write_text("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")
