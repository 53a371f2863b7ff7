"""Narrow networks for tests of the model `exported`; make.py exports them and writes what PyTorch computes."""
import torch
from torch import nn
from torch.nn import functional as F


class UNet(nn.Module):
    """Batch norm, dropout, a transposed convolution, sizes taken from tensors; a dict of two outputs."""

    def __init__(self, dropout=0.2):
        super().__init__()
        self.first, self.norm1 = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.down, self.norm2 = nn.Conv2d(6, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8)
        self.drop = nn.Dropout(dropout)
        self.up, self.head = nn.ConvTranspose2d(8, 6, 2, stride=2), nn.Conv2d(12, 1, 1)
        self.side = nn.Conv2d(8, 2, 1)

    def forward(self, image):
        fine = F.relu(self.norm1(self.first(image)))
        coarse = self.drop(F.leaky_relu(self.norm2(self.down(fine)), 0.1))
        up = F.interpolate(self.up(coarse), size=fine.shape[-2:], mode="bilinear")
        return {"aux": self.side(coarse), "out": self.head(torch.cat([fine, up], 1))}


class DropPath(nn.Module):
    """Stochastic depth as timm writes it, and as transformers does."""

    def __init__(self, p, floor):
        super().__init__()
        self.p, self.floor = p, floor

    def forward(self, x):
        if not self.training:
            return x
        keep, shape = 1 - self.p, (x.shape[0],) + (1,) * (x.ndim - 1)
        if self.floor:
            mask = keep + torch.rand(shape, dtype=x.dtype, device=x.device)
            return x.div(keep) * mask.floor_()
        return x * x.new_empty(shape).bernoulli_(keep).div_(keep)


class Block(nn.Module):
    def __init__(self, width, heads, p, floor):
        super().__init__()
        self.heads, self.norm1, self.norm2 = heads, nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.scale, self.path = nn.Parameter(torch.full((width,), 0.5)), DropPath(p, floor)

    def forward(self, x):
        n, tokens, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=0.1 if self.training else 0.0)
        x = x + self.path(self.scale * self.out(y.transpose(1, 2).reshape(n, tokens, width)))
        return x + self.path(self.down(F.gelu(self.up(self.norm2(x)))))


class ViT(nn.Module):
    """Patches of 8, a class token, position embeddings that are interpolated: sides are multiples of 8."""

    def __init__(self, width=16):
        super().__init__()
        self.patch, self.token = nn.Conv2d(3, width, 8, stride=8), nn.Parameter(torch.randn(1, 1, width) * 0.1)
        self.position = nn.Parameter(torch.randn(1, 4 * 4, width) * 0.1)
        self.register_buffer("shift", torch.full((1, 3, 1, 1), 0.5), persistent=False)
        self.blocks = nn.ModuleList([Block(width, 2, 0.2, False), Block(width, 2, 0.2, True)])
        self.norm, self.head = nn.LayerNorm(width), nn.Conv2d(width, 1, 1)

    def forward(self, image):
        x = self.patch(image - self.shift)
        n, width, high, wide = x.shape
        position = self.position.reshape(1, 4, 4, width).permute(0, 3, 1, 2)
        position = F.interpolate(position, size=(high, wide), mode="bicubic")
        x = (x + position).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(n, -1, -1), x], 1)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)[:, 1:].transpose(1, 2).reshape(n, width, high, wide)
        return F.interpolate(self.head(x), size=image.shape[2:], mode="bilinear")


class Mobile(nn.Module):
    """Depthwise convolutions, squeeze and excitation, tied weights, a tuple; exported in evaluation mode."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8)
        self.deep, self.norm2 = nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=8, bias=False), nn.BatchNorm2d(8)
        self.squeeze, self.excite = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1)
        self.mix, self.again = nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1)
        self.again.weight = self.mix.weight
        self.drop, self.head = nn.Dropout2d(0.3), nn.Conv2d(8, 2, 1)

    def forward(self, image):
        x = F.hardswish(self.norm(self.stem(image)))
        x = F.hardswish(self.norm2(self.deep(x)))
        x = x * F.hardsigmoid(self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(x, 1)))))
        x = self.drop(self.again(F.silu(self.mix(x))))
        return self.head(x), x.mean((2, 3))


def unet(dropout=0.2):
    return UNet(dropout)


def vit():
    return ViT()


def mobile():
    return Mobile()
