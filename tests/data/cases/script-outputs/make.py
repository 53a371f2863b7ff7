"""Writes the TorchScript modules of this folder that are not in a .py file of their own: what users' models give, and
ways to fail. Needs torch."""
import pathlib
import sys
import warnings

import torch

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))
from without_notes import strip  # noqa: E402

torch.manual_seed(1)
warnings.simplefilter("ignore")


class Bright(torch.nn.Module):
    """A detector of bright pixels."""

    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.full((1, 3, 1, 1), 20.0))
        self.b = torch.nn.Parameter(torch.tensor([-30.0]))

    def logit(self, x):
        return torch.conv2d(x, self.w, self.b)


class Tuple(Bright):
    def forward(self, x):
        return x, self.logit(x)


class Probabilities(Bright):
    def forward(self, x):
        y = torch.sigmoid(self.logit(x))
        return {"probability": torch.cat([1 - y, y], 1), "score": y.amax()}


class Raises(Bright):
    def forward(self, x):
        if x.size(2) > 1:
            raise ValueError("expects a square of 1 pixel")
        return self.logit(x)


class Shapes(Bright):
    def forward(self, x):
        return torch.conv2d(x[:, :2], self.w, self.b)


class Asserts(Bright):
    def forward(self, x):
        assert x.size(2) == 1, "expects one row\nor less"
        return self.logit(x)


class Norm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.drop = torch.nn.Conv2d(3, 1, 1), torch.nn.BatchNorm2d(1), torch.nn.Dropout2d(0.5)

    def forward(self, x):
        return self.drop(self.norm(self.conv(x)))


def save(module, name):
    module.save(HERE / name)
    strip(HERE / name)


for kind in (Tuple, Probabilities, Raises, Shapes, Asserts):
    save(torch.jit.script(kind()), f"{kind.__name__.lower()}.pt")
example = torch.rand(1, 3, 8, 8)
save(torch.jit.trace(Norm().train(), example, check_trace=False), "traced-training.pt")
save(torch.jit.trace(Norm().eval(), example), "traced.pt")
save(torch.jit.script(Norm().train()), "scripted-training.pt")
