"""Timesteps and trajectories of diffusers' PNDM and DDIM schedulers -> figures.json.

At call i the "network" gives 1.5 sin(1.3 i + 0.7 j) for element j; the first latents are cos(j).
"""
import json
from pathlib import Path

import torch
from diffusers import DDIMScheduler, PNDMScheduler

STEPS = [1, 2, 3, 4, 5, 10, 25, 50, 100]
ELEMENTS = 6
SD = {"beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085, "num_train_timesteps": 1000,
      "skip_prk_steps": True, "steps_offset": 1}
CASES = [
    ("PNDM", SD | {"set_alpha_to_one": False, "clip_sample": False, "trained_betas": None}),
    ("PNDM", SD | {"prediction_type": "v_prediction"}),
    ("PNDM", {"skip_prk_steps": True}),
    ("PNDM", SD | {"set_alpha_to_one": True, "timestep_spacing": "leading", "steps_offset": 0}),
    ("PNDM", SD | {"timestep_spacing": "linspace", "prediction_type": "epsilon"}),
    ("PNDM", SD | {"timestep_spacing": "trailing", "set_alpha_to_one": True}),
    ("DDIM", SD | {"set_alpha_to_one": False, "clip_sample": False}),
    ("DDIM", SD | {"set_alpha_to_one": False, "clip_sample": False, "prediction_type": "v_prediction"}),
    ("DDIM", {}),
    ("DDIM", {"beta_schedule": "linear", "clip_sample_range": 0.5, "prediction_type": "v_prediction"}),
    ("DDIM", SD | {"timestep_spacing": "linspace", "clip_sample": True, "thresholding": False}),
    ("DDIM", SD | {"timestep_spacing": "trailing", "clip_sample": False, "rescale_betas_zero_snr": False}),
    ("DDIM", {"num_train_timesteps": 237, "beta_start": 0.001, "beta_end": 0.05, "clip_sample": False}),
]


def run(scheduler, steps):
    scheduler.set_timesteps(steps)
    j = torch.arange(ELEMENTS, dtype=torch.float64)
    x = torch.cos(j).float().reshape(1, 1, 2, 3)
    after = []
    for i, t in enumerate(scheduler.timesteps):
        output = (1.5 * torch.sin(1.3 * i + 0.7 * j)).float().reshape(x.shape)
        x = scheduler.step(output, t, x, return_dict=False)[0]
        after.append([float(v) for v in x.flatten()])
    return {"steps": steps, "timesteps": scheduler.timesteps.tolist(), "after": after if steps <= 10 else after[-1:]}


def main():
    cases = []
    for name, config in CASES:
        kind = {"PNDM": PNDMScheduler, "DDIM": DDIMScheduler}[name]
        cases.append({"name": name.lower(), "config": config | {"_class_name": kind.__name__},
                      "runs": [run(kind.from_config(config), steps) for steps in STEPS]})
    rows = ",\n".join(json.dumps(c) for c in cases)
    Path(__file__).with_name("figures.json").write_text(f"[\n{rows}\n]\n")


main()
