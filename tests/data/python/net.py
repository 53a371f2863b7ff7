"""Models as people write them, for the model `python`. What they import lies beside this file."""
import random
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from layers import Block


class UNet(nn.Module):
    """Batch norm, dropout, a skip connection, a tied weight, a frozen one, and a buffer that no state dict has."""

    def __init__(self, width, drop=0.1):
        super().__init__()
        self.first = Block(3, width)
        self.down = Block(width, 2 * width)
        self.up = Block(3 * width, width)
        self.drop = nn.Dropout2d(drop)
        self.head = nn.Conv2d(width, 1, 1)
        self.scale = nn.Parameter(torch.ones(1), requires_grad=False)
        self.register_buffer("grid", torch.linspace(0, 1, 7), persistent=False)

    def forward(self, x):
        a = self.first(x)
        b = self.down(F.max_pool2d(a, 2))
        b = F.interpolate(b, size=a.shape[-2:], mode="bilinear", align_corners=False)
        return self.head(self.drop(self.up(torch.cat([a, b], 1)))) * self.scale


class ByView(nn.Module):
    """Whose view() needs its input in PyTorch's usual order."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(3, 1)

    def forward(self, x):
        n, c, h, w = x.shape
        return self.mix(x.view(n, c, h * w).transpose(1, 2)).transpose(1, 2).view(n, 1, h, w)


class Tied(nn.Module):
    """One weight by two names, in a module that is there twice."""

    def __init__(self):
        super().__init__()
        self.there = self.here = nn.Conv2d(3, 3, 3, padding=1)
        self.bias = self.here.bias

    def forward(self, x):
        return self.there(self.here(x)).mean(1, keepdim=True) + self.bias.sum()


class Square(torch.autograd.Function):
    """Whose gradient is Python's."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 2 * x * grad


class BadSquare(Square):
    @staticmethod
    def backward(ctx, grad):
        raise ValueError("no gradient today")


class Uncommon(nn.Module):
    """What `wrap` makes of two channels."""

    def __init__(self, wrap=lambda y: y, square=None):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3, padding=1)
        self.wrap, self.square = wrap, square

    def forward(self, x):
        y = self.conv(x)
        if self.square:
            y = self.square.apply(y)
        return self.wrap(y)


class Pair(NamedTuple):
    score: torch.Tensor
    mask: torch.Tensor


@dataclass
class Result:
    loss: object
    mask: torch.Tensor


class Remembers(nn.Module):
    """Sets a buffer anew rather than in place."""

    def __init__(self, grows=False):
        super().__init__()
        self.conv, self.grows = nn.Conv2d(3, 1, 1), grows
        self.register_buffer("mean", torch.zeros(1))

    def forward(self, x):
        y = self.conv(x) - self.mean
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * y.detach().mean().reshape(1)
            if self.grows:
                self.mean = torch.cat([self.mean, self.mean])
        return y


class Noisy(nn.Module):
    """Draws from Python's generator, and once only from PyTorch's in testing."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 1)

    def forward(self, x):
        print("a model may talk")
        return self.conv(x) + random.random() + torch.rand(1)


def build(width=8, drop=0.1):
    return UNet(width, drop)


def lazy():
    return nn.LazyConv2d(1, 1)


def a_dict():
    return Uncommon(lambda y: OrderedDict(loss=None, logits=y))


def a_tuple():
    return Uncommon(lambda y: Pair(y.mean(), y))


def a_class():
    return Uncommon(lambda y: Result(None, y))


def a_number():
    return Uncommon(lambda y: 3)


def tied():
    return Tied()


def squared():
    return Uncommon(lambda y: y[:, :1], Square)


def badly_squared():
    return Uncommon(lambda y: y[:, :1], BadSquare)


def raising(what):
    def wrap(y):
        if what == "exit":
            raise SystemExit(3)
        if what == "interrupt":
            raise KeyboardInterrupt
        if what == "shape":
            return y @ torch.ones(3, 3)
        raise ValueError("the\nreason")
    return Uncommon(wrap)


def no_module():
    return 3
