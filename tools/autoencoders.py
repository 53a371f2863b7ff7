"""Two autoencoders of other architectures than those in train-generators, with the names and the config.json of diffusers, so that
diffusers and the generator `vae` read them: AutoencoderTiny and AutoencoderKL. Pictures go in and come out in [0, 1].

`attempt(x)` is a pass as in training: the picture, not clamped, and what is added to its loss.
"""
import torch
from torch import nn
from torch.nn import functional as F

KL_WEIGHT = 1e-4    # of the divergence's mean over latents; of Stable Diffusion's sum over all it is 1e-6
LATENT_NOISE = 0.03


def begin_at_zero(conv):
    """Of the last convolution of a residual block, which so begins as what it adds to: short trainings get further."""
    nn.init.zeros_(conv.weight)
    nn.init.zeros_(conv.bias)
    return conv


class TinyBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        conv = lambda: nn.Conv2d(width, width, 3, padding=1)
        self.conv = nn.Sequential(conv(), nn.ReLU(), conv(), nn.ReLU(), begin_at_zero(conv()))

    def forward(self, x):
        return F.relu(self.conv(x) + x)


class TinyHalf(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


class Tiny(nn.Module):
    """Blocks of three convolutions and ReLU, without any norm; sides are halved by strides and doubled by nearest neighbour."""

    def __init__(self, r):
        super().__init__()
        w, down, up = r["width"], r["encoder_blocks"], r["decoder_blocks"]
        layers = []
        for i, count in enumerate(down):
            layers.append(nn.Conv2d(w, w, 3, stride=2, padding=1, bias=False) if i else nn.Conv2d(3, w, 3, padding=1))
            layers += [TinyBlock(w) for _ in range(count)]
        self.encoder = TinyHalf(layers + [nn.Conv2d(w, r["latent"], 3, padding=1)])
        layers = [nn.Conv2d(r["latent"], w, 3, padding=1), nn.ReLU()]
        for i, count in enumerate(up):
            last = i + 1 == len(up)
            layers += [TinyBlock(w) for _ in range(count)] + ([] if last else [nn.Upsample(scale_factor=2)])
            layers.append(nn.Conv2d(w, 3 if last else w, 3, padding=1, bias=last))
        self.decoder = TinyHalf(layers)
        self.config = {
            "_class_name": "AutoencoderTiny", "in_channels": 3, "out_channels": 3, "act_fn": "relu", "upsample_fn": "nearest",
            "encoder_block_out_channels": [w] * len(down), "decoder_block_out_channels": [w] * len(up),
            "num_encoder_blocks": down, "num_decoder_blocks": up, "latent_channels": r["latent"],
            "upsampling_scaling_factor": 2, "latent_magnitude": 3, "latent_shift": 0.5, "scaling_factor": 1.0}

    def decode(self, z):
        return self.decoder(torch.tanh(z / 3) * 3)

    def attempt(self, x):
        z = self.encoder(x)
        return self.decode(z + torch.randn_like(z) * LATENT_NOISE), 0

    def reconstruct(self, x):
        return self.decode(self.encoder(x)).clamp(0, 1)


class Resnet(nn.Module):
    def __init__(self, i, o, groups):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(groups, i, eps=1e-6), nn.Conv2d(i, o, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(groups, o, eps=1e-6), begin_at_zero(nn.Conv2d(o, o, 3, padding=1))
        self.conv_shortcut = nn.Conv2d(i, o, 1) if i != o else nn.Identity()

    def forward(self, x):
        y = self.conv1(F.silu(self.norm1(x)))
        return self.conv2(F.silu(self.norm2(y))) + self.conv_shortcut(x)


class Scale(nn.Module):
    """Halves the sides after a zero row and column at the right and the bottom, or doubles them by nearest neighbour."""

    def __init__(self, width, up):
        super().__init__()
        self.up = up
        self.conv = nn.Conv2d(width, width, 3, padding=1) if up else nn.Conv2d(width, width, 3, stride=2)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest") if self.up else F.pad(x, (0, 1, 0, 1)))


class Middle(nn.Module):
    def __init__(self, width, groups):
        super().__init__()
        self.resnets = nn.ModuleList(Resnet(width, width, groups) for _ in range(2))

    def forward(self, x):
        return self.resnets[1](self.resnets[0](x))


class Level(nn.Module):
    def __init__(self, i, o, count, groups, scale):
        super().__init__()
        self.resnets = nn.ModuleList(Resnet(o if k else i, o, groups) for k in range(count))
        if scale:
            setattr(self, scale, nn.ModuleList([Scale(o, scale == "upsamplers")]))
        self.scale = scale

    def forward(self, x):
        for resnet in self.resnets:
            x = resnet(x)
        return getattr(self, self.scale)[0](x) if self.scale else x


class KLHalf(nn.Module):
    """widths: in the order of the pass. The encoder's middle comes last, the decoder's first."""

    def __init__(self, i, o, widths, layers, groups, up):
        super().__init__()
        self.up = up
        self.conv_in = nn.Conv2d(i, widths[0], 3, padding=1)
        scale = "upsamplers" if up else "downsamplers"
        levels = nn.ModuleList(Level(widths[max(k - 1, 0)], w, layers, groups, scale if k + 1 < len(widths) else None)
                               for k, w in enumerate(widths))
        self.mid_block = Middle(widths[0 if up else -1], groups)
        setattr(self, "up_blocks" if up else "down_blocks", levels)
        self.conv_norm_out = nn.GroupNorm(groups, widths[-1], eps=1e-6)
        self.conv_out = nn.Conv2d(widths[-1], o, 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        if self.up:
            x = self.mid_block(x)
        for level in self.up_blocks if self.up else self.down_blocks:
            x = level(x)
        if not self.up:
            x = self.mid_block(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


class KL(nn.Module):
    """Residual blocks with group norm and SiLU around latents that are drawn from normal distributions; without attention."""

    def __init__(self, r):
        super().__init__()
        widths, groups, self.latent = r["widths"], r["groups"], r["latent"]
        self.encoder = KLHalf(3, 2 * self.latent, widths, 1, groups, up=False)
        self.decoder = KLHalf(self.latent, 3, widths[::-1], 2, groups, up=True)
        self.quant_conv = nn.Conv2d(2 * self.latent, 2 * self.latent, 1)
        self.post_quant_conv = nn.Conv2d(self.latent, self.latent, 1)
        self.config = {
            "_class_name": "AutoencoderKL", "in_channels": 3, "out_channels": 3, "act_fn": "silu",
            "down_block_types": ["DownEncoderBlock2D"] * len(widths), "up_block_types": ["UpDecoderBlock2D"] * len(widths),
            "block_out_channels": widths, "layers_per_block": 1, "norm_num_groups": groups, "latent_channels": self.latent,
            "mid_block_add_attention": False, "sample_size": 256, "scaling_factor": 1.0}

    def encode(self, x):
        """Means and log variances."""
        return self.quant_conv(self.encoder(x * 2 - 1)).chunk(2, 1)

    def decode(self, z):
        return (self.decoder(self.post_quant_conv(z)) + 1) / 2

    def attempt(self, x):
        mean, log_var = self.encode(x)
        log_var = log_var.clamp(-30, 20)
        z = mean + torch.randn_like(mean) * torch.exp(log_var / 2)
        divergence = 0.5 * (mean ** 2 + log_var.exp() - 1 - log_var).mean()
        return self.decode(z), KL_WEIGHT * divergence

    def reconstruct(self, x):
        return self.decode(self.encode(x)[0]).clamp(0, 1)
