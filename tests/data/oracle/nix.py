"""NIX-Net in PyTorch, of any width; written from the paper and the published state dicts."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Shrink(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.conv1 = nn.Conv2d(i, o, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(o)
        self.conv2 = nn.Conv2d(o, o, 3, 2, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(o)
        self.shortcut = nn.Sequential(nn.Conv2d(i, o, 1, 2, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


class Up(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.conv = nn.Conv2d(i, o, 1)

    def forward(self, x, like):
        return self.conv(F.interpolate(x, like.shape[-2:], mode="bilinear", align_corners=False))


class Down(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.conv = nn.Conv2d(i, o, 3, 2, 1)

    def forward(self, x):
        return self.conv(x)


class Fusion(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.upsample_1 = Up(2 * w, w)
        self.upsample_2 = nn.ModuleList([Up(4 * w, 2 * w), Up(2 * w, w)])
        self.stride_1 = Down(w, 2 * w)
        self.upsample_3 = Up(4 * w, 2 * w)
        self.stride_2 = nn.Sequential(Down(w, 2 * w), Down(2 * w, 4 * w))
        self.stride_3 = Down(2 * w, 4 * w)

    def forward(self, a, b, c):
        return (a + self.upsample_1(b, a) + self.upsample_2[1](self.upsample_2[0](c, b), a),
                self.stride_1(a) + b + self.upsample_3(c, b),
                self.stride_2(a) + self.stride_3(b) + c)


class Block(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.conv1 = nn.Sequential(nn.Conv2d(i, i, 3, 1, 1), nn.BatchNorm2d(i), nn.ReLU())
        if o:
            self.conv2 = nn.Sequential(nn.Conv2d(i, o, 3, 1, 1), nn.BatchNorm2d(o), nn.ReLU())

    def forward(self, x):
        x = self.conv1(x)
        return self.conv2(x) if hasattr(self, "conv2") else x


class Nix(nn.Module):
    def __init__(self, size, width, truncation=None, linear=False):
        super().__init__()
        w, v, keep = width, width if size == 40 else 2 * width, size == 85
        self.truncation = truncation
        for s in "xr":
            setattr(self, f"res_1_{s}", Shrink(3, w))
            setattr(self, f"res_2_{s}", Shrink(w, 2 * w))
            setattr(self, f"res_3_{s}", Shrink(2 * w, 4 * w))
        self.fusion_1, self.fusion_2, self.fusion_3 = Fusion(w), Fusion(w), Fusion(v)
        self.conv_1, self.conv_2, self.conv_3 = Block(2 * w, v), Block(4 * w, 2 * v), Block(8 * w, 4 * v)
        joined = 7 * v if keep else 3 * v
        self.conv_4 = Block(joined, 0 if linear else 1)
        self.upsample_1 = Up(2 * v, 2 * v if keep else v)
        self.upsample_2 = nn.ModuleList([Up(4 * v, 4 * v), Up(4 * v, 4 * v)] if keep else
                                        [Up(4 * v, 2 * v), Up(2 * v, v)])
        self.last = "linear" if linear else "upsample_3"
        setattr(self, self.last, Up(joined if linear else 1, 1))

    def stream(self, s, x):
        a = getattr(self, f"res_1_{s}")(x)
        b = getattr(self, f"res_2_{s}")(a)
        return a, b, getattr(self, f"res_3_{s}")(b)

    def forward(self, image):
        noise = published(image) if self.truncation is None else srm(image).clamp(-self.truncation, self.truncation)
        x, r = self.fusion_1(*self.stream("x", image)), self.fusion_2(*self.stream("r", noise))
        a, b, c = (torch.cat(pair, 1) for pair in zip(x, r))
        a, b, c = self.fusion_3(self.conv_1(a), self.conv_2(b), self.conv_3(c))
        y = torch.cat([a, self.upsample_1(b, a), self.upsample_2[1](self.upsample_2[0](c, b), a)], 1)
        return getattr(self, self.last)(self.conv_4(y), image)


KERNELS = torch.tensor([
    [[-1, 2, -2, 2, -1], [2, -6, 8, -6, 2], [-2, 8, -12, 8, -2], [2, -6, 8, -6, 2], [-1, 2, -2, 2, -1]],
    [[0, 0, 0, 0, 0], [0, -1, 2, -1, 0], [0, 2, -4, 2, 0], [0, -1, 2, -1, 0], [0, 0, 0, 0, 0]],
    [[0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, -2, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0]],
], dtype=torch.float32) / torch.tensor([12., 4., 2.]).reshape(3, 1, 1)


def srm(image):
    return F.conv2d((image * 255).sum(1, keepdim=True), KERNELS[:, None].to(image), padding=2)


def published(image):
    r = (image - srm(image)).clamp(-1, 1)
    low, high = r.amin((1, 2, 3), keepdim=True), r.amax((1, 2, 3), keepdim=True)
    return (r - low) / (high - low)
