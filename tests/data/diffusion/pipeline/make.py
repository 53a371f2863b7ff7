"""Completes the small pipelines (model_index.json, scheduler) and writes what diffusers inpaints with them.

    python make.py [--steps 8] [-o FOLDER]      after ../make.py and ../tokenizer/make.py

Writes sd15-small.safetensors and sd2-small.safetensors: the inputs, and a picture for each scheduler and guidance, and for an
empty mask; also the VAE's reconstructions of the same pictures, in both ranges.
"""
import argparse
import json
from pathlib import Path

import torch
from diffusers import DDIMScheduler, PNDMScheduler, StableDiffusionInpaintPipeline
from safetensors.torch import save_file

HERE = Path(__file__).parent
SCHEDULER = {"_diffusers_version": "0.42.1", "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085,
             "clip_sample": False, "num_train_timesteps": 1000, "set_alpha_to_one": False, "skip_prk_steps": True,
             "steps_offset": 1, "trained_betas": None}
PIPELINES = {
    # As in the published folders, 1.5 inpainting names DDIM and 2 inpainting PNDM. (Theirs both predict epsilon.)
    "sd15-small": {"_class_name": "DDIMScheduler"} | SCHEDULER,
    # steps_offset 0: diffusers' pipelines put 1 in its place
    "sd2-small": {"_class_name": "PNDMScheduler", "prediction_type": "v_prediction"} | SCHEDULER | {"steps_offset": 0},
}
PROMPTS = ["a photo of a cat on the table!", "2 dogs, İstanbul"]
NEGATIVE = "blurry, low quality"
SEEDS = [11, 2**40 + 5]


def complete(name):
    folder = HERE.parent / name
    scheduler = PIPELINES[name]
    (folder / "scheduler").mkdir(exist_ok=True)
    (folder / "scheduler/scheduler_config.json").write_text(json.dumps(scheduler, indent=2) + "\n")
    index = {"_class_name": "StableDiffusionInpaintPipeline", "_diffusers_version": "0.42.1",
             "feature_extractor": [None, None], "image_encoder": [None, None], "requires_safety_checker": False,
             "safety_checker": [None, None], "scheduler": ["diffusers", scheduler["_class_name"]],
             "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
             "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
    return folder


def inputs():
    g = torch.Generator().manual_seed(3)
    image = torch.rand((2, 3, 5, 3), generator=g)
    image = torch.nn.functional.interpolate(image, (40, 24), mode="bicubic").clamp(0, 1)
    mask = torch.zeros((2, 1, 40, 24))
    mask[0, :, 8:29, 5:20] = 1
    mask[1, :, :17, 9:] = 0.5
    mask[1, :, 17:, :12] = 0.49
    return image, mask


@torch.no_grad()
def figures(folder, steps):
    pipe = StableDiffusionInpaintPipeline.from_pretrained(folder, torch_dtype=torch.float32, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    image, mask = inputs()
    out = {"image": image, "mask": mask, "steps": torch.tensor([steps])}
    for name, kind in {"pndm": PNDMScheduler, "ddim": DDIMScheduler}.items():
        pipe.scheduler = kind.from_config(pipe.scheduler.config)
        for guidance in (7.5, 1.0):
            generators = [torch.Generator().manual_seed(s) for s in SEEDS]
            made = pipe(PROMPTS, image=image, mask_image=mask, height=40, width=24, num_inference_steps=steps,
                        guidance_scale=guidance, negative_prompt=[NEGATIVE] * 2, generator=generators,
                        output_type="pt").images
            out[f"{name}.{guidance:g}"] = made
            print(folder.name, name, guidance, "mean", made.mean().item(), "std", made.std().item(),
                  "at the limits", ((made == 0) | (made == 1)).float().mean().item())
    made = pipe(PROMPTS, image=image, mask_image=torch.zeros_like(mask), height=40, width=24, num_inference_steps=steps,
                guidance_scale=7.5, negative_prompt=[NEGATIVE] * 2,
                generator=[torch.Generator().manual_seed(s) for s in SEEDS], output_type="pt").images
    out["ddim.7.5.nothing"] = made
    vae = pipe.vae
    out["signed"] = (vae.decode(vae.encode(2 * image - 1).latent_dist.mode()).sample / 2 + 0.5).clamp(0, 1)
    out["published"] = vae.decode(vae.encode(image).latent_dist.mode()).sample.clamp(0, 1)
    out["published.bytes"] = out["published"].mul(255).byte()  # torchvision's ToPILImage
    return out


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--steps", type=int, default=8)
    p.add_argument("-o", type=Path, default=HERE)
    a = p.parse_args()
    for name in PIPELINES:
        made = figures(complete(name), a.steps)
        save_file({k: v.contiguous() for k, v in made.items()}, a.o / f"{name}.safetensors")


main()
