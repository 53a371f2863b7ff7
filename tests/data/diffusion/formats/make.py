"""Figures of Stable Diffusion inpainting in the formats in which it is downloaded.

    python make.py        needs torch, diffusers 0.36, transformers, safetensors; after ../pipeline/make.py and ../vaes/make.py

sd1.names and sd2.names: the tensors of two checkpoints in the original layout, one line each: name in the file, name that the values
follow from (../vaes/make.py), sizes. diffusers reads the same checkpoints (from_single_file) and must find the same weights.
figures.safetensors: image, mask, and what diffusers inpaints: `sd1`, `sd2`; `old`, with the folder ../sd15-small and the
scheduler's configuration of old folders (old_scheduler.json); `asymmetric`, with the autoencoder of ../vaes in that folder.
"""
import importlib.util
import json
import re
import shutil
from pathlib import Path

import torch
from diffusers import (AsymmetricAutoencoderKL, AutoencoderKL, DDIMScheduler, PNDMScheduler, StableDiffusionInpaintPipeline,
                       UNet2DConditionModel)
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

HERE = Path(__file__).parent
TEMP = Path("/tmp/inpaintlab-formats")
spec = importlib.util.spec_from_file_location("vaes", HERE.parent / "vaes/make.py")
vaes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(vaes)

STEPS, GUIDANCE = 4, 7.5
OLD = {"_class_name": "PNDMScheduler", "_diffusers_version": "0.2.2", "beta_end": 0.012, "beta_schedule": "scaled_linear",
       "beta_start": 0.00085, "num_train_timesteps": 1000, "skip_prk_steps": False}


def unet_name(name, layers):
    """CompVis' name of a U-Net's tensor; layers: per level."""
    for a, b in [("time_embedding.linear_1", "time_embed.0"), ("time_embedding.linear_2", "time_embed.2"),
                 ("conv_norm_out", "out.0"), ("conv_out", "out.2"), ("mid_block.resnets.0", "middle_block.0"),
                 ("mid_block.attentions.0", "middle_block.1"), ("mid_block.resnets.1", "middle_block.2")]:
        name = name.replace(a + ".", b + ".")
    name = re.sub(r"^conv_in\.", "input_blocks.0.0.", name)
    step = layers + 1
    name = re.sub(r"^down_blocks\.(\d)\.resnets\.(\d)", lambda m: f"input_blocks.{1 + int(m[1]) * step + int(m[2])}.0", name)
    name = re.sub(r"^down_blocks\.(\d)\.attentions\.(\d)", lambda m: f"input_blocks.{1 + int(m[1]) * step + int(m[2])}.1", name)
    name = re.sub(r"^down_blocks\.(\d)\.downsamplers\.0\.conv", lambda m: f"input_blocks.{(int(m[1]) + 1) * step}.0.op", name)
    name = re.sub(r"^up_blocks\.(\d)\.resnets\.(\d)", lambda m: f"output_blocks.{int(m[1]) * step + int(m[2])}.0", name)
    name = re.sub(r"^up_blocks\.(\d)\.attentions\.(\d)", lambda m: f"output_blocks.{int(m[1]) * step + int(m[2])}.1", name)
    # after the level's attention, or in its place where there is none
    name = re.sub(r"^up_blocks\.(\d)\.upsamplers\.0\.conv",
                  lambda m: f"output_blocks.{int(m[1]) * step + layers}.{UP_PART[int(m[1])]}.conv", name)
    if re.match(r"(input|output|middle)_blocks?\.", name):
        for a, b in [("norm1", "in_layers.0"), ("conv1", "in_layers.2"), ("time_emb_proj", "emb_layers.1"),
                     ("norm2", "out_layers.0"), ("conv2", "out_layers.3"), ("conv_shortcut", "skip_connection")]:
            if ".transformer_blocks." not in name:
                name = name.replace(f".{a}.", f".{b}.")
    return "model.diffusion_model." + name


UP_PART = {0: 1, 1: 2}  # the first level up has no attention


def clip_rows(text, second):
    """(name in the file, name of the values, values)"""
    state = {k.removeprefix("text_model."): v for k, v in text.state_dict().items()}
    if not second:
        rows = [("cond_stage_model.transformer.text_model." + k, "text." + k, v) for k, v in state.items()]
        return rows + [("cond_stage_model.transformer.text_model.embeddings.position_ids", "text.bias", torch.zeros(1, 77))]
    rows = []
    for k, v in state.items():
        name = k
        for a, b in [("encoder.layers.", "transformer.resblocks."), ("embeddings.token_embedding.", "token_embedding."),
                     ("embeddings.position_embedding.weight", "positional_embedding"), ("final_layer_norm.", "ln_final."),
                     ("layer_norm", "ln_"), ("mlp.fc1", "mlp.c_fc"), ("mlp.fc2", "mlp.c_proj"), ("self_attn", "attn")]:
            name = name.replace(a, b)
        if "k_proj" in name or "v_proj" in name:
            continue
        if "q_proj" in name:
            v = torch.cat([state[k.replace("q_proj", p)] for p in ("q_proj", "k_proj", "v_proj")])
            name, k = name.replace("q_proj.", "in_proj_"), k.replace("q_proj.", "in_proj_")
        rows.append(("cond_stage_model.model." + name, "text." + k, v))
    last = [r for r in rows if ".resblocks.0." in r[0]]  # a third layer, which is not used
    rows += [(a.replace(".0.", ".2.", 1), b, v) for a, b, v in last]
    width = text.config.hidden_size
    return rows + [("cond_stage_model.model.text_projection", "text.projection", torch.zeros(width, width)),
                   ("cond_stage_model.model.logit_scale", "text.scale", torch.zeros(1))]


def fill_text(text, second):
    state = text.state_dict()
    for k in state:
        name = "text." + k.removeprefix("text_model.")
        part = re.search(r"([qkv])_proj\.(weight|bias)$", name)
        if second and part:
            whole = vaes.numbers(re.sub(r"[qkv]_proj\.", "in_proj_", name), (3 * state[k].shape[0],) + state[k].shape[1:])
            state[k] = whole.chunk(3)["qkv".index(part[1])]
        elif state[k].is_floating_point():
            state[k] = vaes.numbers(name, state[k].shape)
    text.load_state_dict(state)
    return text.eval()


def fill(model, prefix):
    model.load_state_dict({k: vaes.numbers(prefix + k, v.shape) for k, v in model.state_dict().items()})
    return model.eval()


def networks(second):
    width = (64, 64) if second else (32, 64)
    unet = UNet2DConditionModel(
        sample_size=16, in_channels=9, out_channels=4, block_out_channels=width, layers_per_block=1, cross_attention_dim=64,
        attention_head_dim=[1, 1] if second else 8, use_linear_projection=second,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"))
    vae = AutoencoderKL(**vaes.kl(2, block_out_channels=(32, 32), layers_per_block=1, latent_channels=4))
    text = CLIPTextModel(CLIPTextConfig(vocab_size=2514, hidden_size=64, intermediate_size=96, num_hidden_layers=2,
                                        num_attention_heads=1, hidden_act="gelu" if second else "quick_gelu",
                                        bos_token_id=2512, eos_token_id=2513, projection_dim=64))
    return fill(unet, "unet."), fill(vae, "vae."), fill_text(text, second)


def pipeline(unet, vae, text, kind, name):
    options = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", set_alpha_to_one=False, steps_offset=1)
    scheduler = PNDMScheduler(skip_prk_steps=True, **options) if kind else DDIMScheduler(clip_sample=False, **options)
    return StableDiffusionInpaintPipeline(
        unet=unet, vae=vae, text_encoder=text, scheduler=scheduler, safety_checker=None, feature_extractor=None,
        tokenizer=CLIPTokenizer.from_pretrained(HERE.parent / name / "tokenizer"), requires_safety_checker=False)


def inputs():
    image = torch.from_numpy(vaes.uniform("image", 3 * 40 * 24).astype("float32").reshape(1, 3, 40, 24)) / 2 + 0.5
    mask = torch.zeros(1, 1, 40, 24)
    mask[:, :, 8:29, 5:20] = 1
    return image, mask


@torch.no_grad()
def inpaint(pipe):
    pipe.set_progress_bar_config(disable=True)
    image, mask = inputs()
    made = pipe(["a photo of a cat on the table!"], image=image, mask_image=mask, height=40, width=24, num_inference_steps=STEPS,
                guidance_scale=GUIDANCE, generator=[torch.Generator().manual_seed(11)], output_type="pt").images
    print("std", made.std().item(), "at the limits", ((made == 0) | (made == 1)).float().mean().item())
    return made


def checkpoint(name, second):
    unet, vae, text = networks(second)
    rows = [(unet_name(k, 1), "unet." + k, v) for k, v in unet.state_dict().items()]
    rows += [("first_stage_model." + vaes.original(k, 2), "vae." + k,
              v[:, :, None, None] if "attentions" in k and v.dim() == 2 else v) for k, v in vae.state_dict().items()]
    rows += clip_rows(text, second)
    rows += [("model_ema.decay", "ema.bias", torch.zeros(1))]
    (HERE / f"{name}.names").write_text("".join(f"{a} {b} {','.join(map(str, v.shape))}\n" for a, b, v in rows))
    pipe = pipeline(unet, vae, text, second, "sd2-small" if second else "sd15-small")
    folder = TEMP / name
    shutil.rmtree(folder, ignore_errors=True)
    pipe.save_pretrained(folder)
    save_file({a: v.contiguous().clone() for a, b, v in rows if ".resblocks.2." not in a and "position_ids" not in a},
              TEMP / f"{name}.safetensors")
    read = StableDiffusionInpaintPipeline.from_single_file(str(TEMP / f"{name}.safetensors"), config=str(folder),
                                                           local_files_only=True)
    for part in ("unet", "vae", "text_encoder"):
        mine, theirs = getattr(pipe, part).state_dict(), getattr(read, part).state_dict()
        for k in mine:
            assert torch.equal(mine[k], theirs[k]), (part, k)
    return inpaint(pipe)


def other(name, change):
    """../sd15-small, changed."""
    folder = TEMP / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE.parent / "sd15-small", folder)
    index = json.loads((folder / "model_index.json").read_text())
    change(folder, index)
    (folder / "model_index.json").write_text(json.dumps(index))
    return inpaint(StableDiffusionInpaintPipeline.from_pretrained(folder, torch_dtype=torch.float32, local_files_only=True))


def old(folder, index):
    (folder / "scheduler/scheduler_config.json").write_text(json.dumps(OLD))
    index["scheduler"] = ["diffusers", "PNDMScheduler"]


def asymmetric(folder, index):
    shutil.rmtree(folder / "vae")
    kind, options = vaes.CASES["asymmetric"]
    vaes.fill(kind(**options)).save_pretrained(folder / "vae")
    index["vae"] = ["diffusers", kind.__name__]


def main():
    TEMP.mkdir(exist_ok=True)
    (HERE / "old_scheduler.json").write_text(json.dumps(OLD) + "\n")
    image, mask = inputs()
    out = {"image": image, "mask": mask, "sd1": checkpoint("sd1", False), "sd2": checkpoint("sd2", True),
           "old": other("old", old), "asymmetric": other("asymmetric", asymmetric)}
    save_file({k: v.contiguous() for k, v in out.items()}, HERE / "figures.safetensors")


main()
