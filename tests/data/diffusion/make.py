"""Makes the small pipelines' networks (random weights), their figures, and the full-size configurations.

    python make.py              needs torch, diffusers, transformers, safetensors

Weights are stored in float16; the figures come from the stored values, computed in float32.
"""
import copy
import json
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel

HERE = Path(__file__).parent

UNET = {
    "sd15-small": dict(
        sample_size=8, in_channels=9, out_channels=4, block_out_channels=(8, 8, 16, 16), layers_per_block=1,
        attention_head_dim=2, cross_attention_dim=32, norm_num_groups=4,
    ),
    "sd2-small": dict(
        sample_size=8, in_channels=9, out_channels=4, block_out_channels=(8, 12, 12), layers_per_block=2,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=(1, 3, 2), cross_attention_dim=32, norm_num_groups=2, norm_eps=1e-6,
        use_linear_projection=True, upcast_attention=True, flip_sin_to_cos=False, freq_shift=1,
    ),
}
VAE = {
    "sd15-small": dict(block_out_channels=(4, 8, 8, 16), layers_per_block=1, norm_num_groups=4, sample_size=64,
                       scaling_factor=0.18215),
    "sd2-small": dict(block_out_channels=(4, 8, 8, 12), layers_per_block=2, norm_num_groups=2, sample_size=64,
                      scaling_factor=0.13025),
}
TEXT = {
    "sd15-small": dict(vocab_size=2514, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                       num_attention_heads=4, hidden_act="quick_gelu", projection_dim=32, bos_token_id=2512,
                       eos_token_id=2513, pad_token_id=2513),
    "sd2-small": dict(vocab_size=2514, hidden_size=32, intermediate_size=48, num_hidden_layers=3,
                      num_attention_heads=2, hidden_act="gelu", projection_dim=32, bos_token_id=2512,
                      eos_token_id=2513, pad_token_id=0),
}


def randomise(model, seed):
    """Every value of every parameter matters: no ones, no zeros; rounded to float16."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=g)
            if "embedding.weight" in name:
                p.copy_(0.5 * noise)
            elif p.dim() > 1:
                p.copy_(noise / p[0].numel() ** 0.5)
            elif name.endswith("weight"):
                p.copy_(1 + 0.2 * noise)
            else:
                p.copy_(0.1 * noise)
            p.copy_(p.half().float())
    return model.eval()


def half_file(path):
    save_file({k: v.half().contiguous() if v.is_floating_point() else v for k, v in load_file(path).items()}, path,
              metadata={"format": "pt"})


@torch.no_grad()
def unet_figures(out, model):
    g = torch.Generator().manual_seed(7)
    brain = copy.deepcopy(model).bfloat16()
    cases = {"even": ((2, 9, 8, 12), 20, 981), "odd": ((1, 9, 7, 9), 5, 1)}
    for name, (shape, tokens, t) in cases.items():
        x = torch.randn(shape, generator=g)
        text = torch.randn((shape[0], tokens, 32), generator=g)
        out[f"unet.{name}.x"], out[f"unet.{name}.text"] = x, text
        out[f"unet.{name}.t"] = torch.tensor([t])
        out[f"unet.{name}.out"] = model(x, t, text).sample
        out[f"unet.{name}.bf16"] = brain(x.bfloat16(), t, text.bfloat16()).sample.float()


@torch.no_grad()
def vae_figures(out, model):
    g = torch.Generator().manual_seed(8)
    for name, shape in {"even": (2, 3, 32, 48), "odd": (1, 3, 37, 29)}.items():
        x = torch.rand(shape, generator=g) * 2 - 1
        latents = model.encode(x).latent_dist
        out[f"vae.{name}.image"], out[f"vae.{name}.mean"], out[f"vae.{name}.std"] = x, latents.mode(), latents.std
        small = torch.randn((shape[0], 4, 2, 3), generator=g)
        out[f"vae.{name}.latents"], out[f"vae.{name}.decoded"] = small, model.decode(small).sample


@torch.no_grad()
def text_figures(out, model):
    g = torch.Generator().manual_seed(9)
    ids = torch.randint(0, 2512, (2, 77), generator=g)
    ids[:, 0] = 2512
    ids[0, 12:] = 2513
    out["text.ids"], out["text.out"] = ids, model(ids).last_hidden_state


def small(name, seed):
    folder = HERE / name
    unet = randomise(UNet2DConditionModel(**UNET[name]), seed)
    types = dict(down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4)
    vae = randomise(AutoencoderKL(**types, **VAE[name]), seed + 1)
    text = randomise(CLIPTextModel(CLIPTextConfig(**TEXT[name])), seed + 2)
    unet.save_pretrained(folder / "unet")
    vae.save_pretrained(folder / "vae")
    text.save_pretrained(folder / "text_encoder")
    if name == "sd15-small":  # as older versions wrote it
        path = folder / "text_encoder/model.safetensors"
        old = {k if k.startswith("text_model.") else "text_model." + k: v for k, v in load_file(path).items()}
        old["text_model.embeddings.position_ids"] = torch.arange(77)[None]
        save_file(old, path, metadata={"format": "pt"})
    for path in folder.glob("*/*.safetensors"):
        half_file(path)
    figures = {}
    unet_figures(figures, unet)
    vae_figures(figures, vae)
    text_figures(figures, text)
    save_file({k: v.contiguous() for k, v in figures.items()}, folder / "figures.safetensors")
    for key in ("unet.even", "vae.even.decoded", "text.out"):
        x = figures.get(key, figures.get(key + ".out"))
        print(name, key, "std", x.std().item(), "max", x.abs().max().item())
    print(name, "bf16 is off by", (figures["unet.even.bf16"] - figures["unet.even.out"]).abs().max().item())


def full():
    """The published models' options and their parameter counts."""
    common = dict(sample_size=64, in_channels=9, out_channels=4, block_out_channels=[320, 640, 1280, 1280],
                  layers_per_block=2, norm_num_groups=32, norm_eps=1e-5, act_fn="silu")
    unets = {
        "sd15-inpainting": dict(common, cross_attention_dim=768, attention_head_dim=8),
        "sd2-inpainting": dict(common, cross_attention_dim=1024, attention_head_dim=[5, 10, 20, 20],
                               use_linear_projection=True),
    }
    vae = dict(in_channels=3, out_channels=3, down_block_types=["DownEncoderBlock2D"] * 4,
               up_block_types=["UpDecoderBlock2D"] * 4, block_out_channels=[128, 256, 512, 512], layers_per_block=2,
               act_fn="silu", latent_channels=4, norm_num_groups=32, sample_size=512)
    texts = {
        "sd15-inpainting": dict(vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12,
                                num_attention_heads=12, hidden_act="quick_gelu", projection_dim=768),
        "sd2-inpainting": dict(vocab_size=49408, hidden_size=1024, intermediate_size=4096, num_hidden_layers=23,
                               num_attention_heads=16, hidden_act="gelu", projection_dim=512),
    }
    counts = {}
    for name in unets:
        with torch.device("meta"):
            models = {"unet": UNet2DConditionModel(**unets[name]), "vae": AutoencoderKL(**vae),
                      "text_encoder": CLIPTextModel(CLIPTextConfig(**texts[name]))}
        for part, model in models.items():
            model.save_config(HERE / "full" / name / part) if part != "text_encoder" else model.config.save_pretrained(
                HERE / "full" / name / part)
            counts[f"{name}/{part}"] = sum(p.numel() for p in model.parameters())
    (HERE / "full/counts.json").write_text(json.dumps(counts, indent=1) + "\n")
    print(counts)


if __name__ == "__main__":
    small("sd15-small", 1500)
    small("sd2-small", 2000)
    full()
    for path in sorted(HERE.rglob("*.safetensors")):
        size = path.stat().st_size
        print(path.relative_to(HERE), size, file=sys.stderr if size > 300000 else sys.stdout)
