"""Writes tensor_figures.json, adam_figures.json, init_figures.json, residual_figures.json, transformer_figures.json,
randn_figures.json, adamw_figures.json, schedule_figures.json and adam*_parts_figures.json: what PyTorch gives for small inputs.

usage: python make_tensor_figures.py   (needs torch; writes beside itself)
"""
import json
import pathlib

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
torch.manual_seed(20)


def dump(t):
    return {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.detach().double().flatten().tolist()]}  # 9 digits: exact for float32


def case(name, inputs, f, wants=None, training=False, after=()):
    """One call of f; gradients of sum(out * up) for the inputs that want one; `after`: inputs that f changes."""
    wants = [x.is_floating_point() for x in inputs] if wants is None else wants
    entry = {"name": name, "training": training, "in": [dump(x) for x in inputs], "wants": wants}
    leaves = [x.clone().requires_grad_(True) if w else x.clone() for x, w in zip(inputs, wants)]
    out = f(*leaves)
    entry["out"] = dump(out)
    if any(wants):
        up = torch.randn_like(out)
        entry["up"] = dump(up)
        (out * up).sum().backward()
        entry["grads"] = [dump(x.grad) if w else None for x, w in zip(leaves, wants)]
    entry["after"] = {str(i): dump(leaves[i]) for i in after}
    return entry


def confusion(logit, target):
    p, t = (torch.sigmoid(logit.double()) > 0.5).flatten(1), (target > 0).flatten(1)
    return torch.stack([(p & t).sum(1), (p & ~t).sum(1), (~p & t).sum(1), (~p & ~t).sum(1)], 1)


def batch_norm(training):
    def f(x, w, b, mean, var, tracked):
        if training:
            tracked += 1
        return F.batch_norm(x, mean, var, w, b, training, 0.1, 1e-5)
    return f


def cases():
    r, u = torch.randn, torch.rand
    a, b = r(2, 3, 2), r(3, 1)
    x = r(2, 4, 7, 6)
    logit, target = 3 * r(2, 1, 3, 4), (u(2, 1, 3, 4) > 0.5).float() * u(2, 1, 3, 4)
    logit[0, 0, 0, :] = torch.tensor([0.0, 1e-9, -1e-9, 1e-3])  # sigmoid of 1e-9 rounds to 0.5 as float
    norm = [r(3, 2, 2, 3), 1 + 0.1 * r(2), r(2), r(2), u(2) + 0.5, torch.tensor(3)]
    norm_wants = [True, True, True, False, False, False]
    yield case("add", [a, b], torch.add)
    yield case("sub", [a, b], torch.sub)
    yield case("mul", [a, b], torch.mul)
    yield case("div", [a, 1 + u(3, 1)], torch.div)
    yield case("affine", [a], lambda v: v * -2.5 + 0.75)
    yield case("pow", [u(5) + 0.1], lambda v: v ** 1.7)
    yield case("clamp", [2 * a], lambda v: v.clamp(-0.5, 1))
    yield case("lerp", [a, r(2, 3, 2), u(2, 3, 2)], torch.lerp)
    yield case("sigmoid", [4 * a], torch.sigmoid)
    yield case("tanh", [a], torch.tanh)
    yield case("relu", [a], torch.relu)
    yield case("relu_", [a], lambda v: torch.relu_(v * 1))
    yield case("silu", [a], F.silu)
    yield case("greater", [a], lambda v: (v > 0.25).float(), wants=[False])
    yield case("mean", [a], torch.mean)
    yield case("sum", [a], torch.sum)
    yield case("sum_to", [x], lambda v: v.sum((2, 3)))
    yield case("amin_to", [x], lambda v: v.amin((1, 2, 3), keepdim=True))
    yield case("amax_to", [x], lambda v: v.amax((2, 3), keepdim=True))
    yield case("reshape", [a], lambda v: v.reshape(3, -1))
    yield case("permute", [a], lambda v: v.permute(2, 0, 1))
    yield case("cat", [a, r(2, 1, 2)], lambda v, w: torch.cat([v, w], 1))
    yield case("slice", [x], lambda v: v[:, :, 2:5])
    yield case("to_f16", [a], lambda v: v.half().float())
    yield case("detach", [a, b], lambda v, w: v.detach() * w, wants=[False, True])
    yield case("conv2d", [x, r(6, 4, 3, 3), r(6)], lambda v, w, c: F.conv2d(v, w, c, 2, 1))
    yield case("conv2d_dilated", [x, r(4, 2, 3, 2)], lambda v, w: F.conv2d(v, w, None, 1, 2, 2, 2))
    yield case("conv_transpose2d", [r(1, 3, 3, 4), r(3, 2, 2, 2), r(2)],
               lambda v, w, c: F.conv_transpose2d(v, w, c, 2))
    yield case("batch_norm", norm, batch_norm(False), norm_wants)
    yield case("batch_norm_training", norm, batch_norm(True), norm_wants, True, after=(3, 4, 5))
    yield case("max_pool2d", [x], lambda v: F.max_pool2d(v, 3, 2, 1))
    yield case("upsample_bilinear", [r(1, 2, 3, 4)],
               lambda v: F.interpolate(v, (7, 5), mode="bilinear", align_corners=False))
    yield case("upsample_nearest", [r(1, 2, 3, 4)], lambda v: F.interpolate(v, (7, 5), mode="nearest"))
    yield case("pixel_shuffle", [r(1, 8, 2, 3)], lambda v: F.pixel_shuffle(v, 2))
    yield case("bce_logits", [logit, target], lambda v, t: F.binary_cross_entropy_with_logits(v, t, reduction="none"),
               wants=[True, False])
    yield case("confusion", [logit, target], confusion, wants=[False, False])


def adam(weight_decay, kind=torch.optim.Adam):
    """Five steps on three parameters; "idle" never has a gradient, "late" has one from step 3 on."""
    params = {n: torch.nn.Parameter(torch.randn(4)) for n in ("w", "idle", "late")}
    entry = {"weight_decay": weight_decay, "lr": 0.01, "start": {n: dump(p) for n, p in params.items()}, "steps": []}
    optimizer = kind(params.values(), lr=0.01, weight_decay=weight_decay, fused=True)
    plain = [p.detach().clone().requires_grad_(True) for p in params.values()]
    reference = kind(plain, lr=0.01, weight_decay=weight_decay, foreach=False)
    for step in range(5):
        for group in (list(params.values()), plain):
            loss = (group[0] ** 3).sum() * (step + 1)
            if step >= 2:
                loss = loss + (group[2] * group[0]).sum()
            loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        reference.step()
        reference.zero_grad()
        for p, q in zip(params.values(), plain):
            assert torch.allclose(p, q, rtol=1e-5)
        entry["steps"].append({n: dump(p) for n, p in params.items()})
    return entry


def adam_parts(kind, clip):
    """Five steps with a learning rate of its own for "w" and for "late", weight decay, and gradients clipped to a norm; also the
    norms, to see that some steps are clipped and some are not."""
    params = {n: torch.nn.Parameter(torch.randn(4)) for n in ("w", "idle", "late")}
    factors = {"w": 0.1, "idle": 1.0, "late": 4.0}
    entry = {"weight_decay": 0.1, "lr": 0.01, "clip": clip, "factors": factors,
             "start": {n: dump(p) for n, p in params.items()}, "steps": [], "norms": []}
    optimizer = kind([{"params": [p], "lr": 0.01 * factors[n]} for n, p in params.items()], weight_decay=0.1, foreach=False)
    for step in range(5):
        loss = (params["w"] ** 3).sum() * (step + 1)
        if step >= 2:
            loss = loss + (params["late"] * params["w"]).sum()
        loss.backward()
        entry["norms"].append(torch.nn.utils.clip_grad_norm_(params.values(), clip).item())
        optimizer.step()
        optimizer.zero_grad()
        entry["steps"].append({n: dump(p) for n, p in params.items()})
    assert min(entry["norms"]) < clip < max(entry["norms"])
    return entry


def init():
    """Initial values: a generator seeded by SplitMix64(FNV-1a(name) + seed), and PyTorch's own distributions."""
    mask, seed = 2 ** 64 - 1, 11

    def draw(name, shape, fill):
        h = 14695981039346656037
        for c in name.encode():
            h = ((h ^ c) * 1099511628211) & mask
        h = (h + (seed + 1) * 0x9E3779B97F4A7C15) & mask
        h = ((h ^ h >> 30) * 0xBF58476D1CE4E5B9) & mask
        h = ((h ^ h >> 27) * 0x94D049BB133111EB) & mask
        return dump(fill(torch.empty(shape), torch.Generator().manual_seed(h ^ h >> 31)))

    conv = torch.nn.init.kaiming_uniform_
    return {
        "seed": seed,
        "conv.weight": draw("conv.weight", (5, 2, 3, 3), lambda t, g: conv(t, a=5 ** 0.5, generator=g)),
        "conv.bias": draw("conv.bias", (5,), lambda t, g: t.uniform_(-18 ** -0.5, 18 ** -0.5, generator=g)),
        "stem.weight": draw("stem.weight", (4, 3, 3, 3), lambda t, g: torch.nn.init.kaiming_normal_(
            t, mode="fan_out", nonlinearity="relu", generator=g)),
        "dense.weight": draw("dense.weight", (4, 6), lambda t, g: t.normal_(0, 0.02, generator=g)),
    }


def residual():
    k = torch.zeros(3, 5, 5)
    k[0] = torch.tensor([[-1, 2, -2, 2, -1], [2, -6, 8, -6, 2], [-2, 8, -12, 8, -2], [2, -6, 8, -6, 2],
                         [-1, 2, -2, 2, -1]]) / 12
    k[1, 1:4, 1:4] = torch.tensor([[-1, 2, -1], [2, -4, 2], [-1, 2, -1]]) / 4
    k[2, 1:4, 2] = torch.tensor([1, -2, 1]) / 2
    image = torch.randint(0, 256, (2, 3, 6, 7)).double() / 255
    image[1] = image[1] * 0.05 + 0.4  # smooth: not everything is clamped
    total = (image * 255).sum(1, keepdim=True)
    srm = F.conv2d(total, k.double()[:, None], padding=2)
    r = (image - srm).clamp(-1, 1)
    low, high = r.amin((1, 2, 3), keepdim=True), r.amax((1, 2, 3), keepdim=True)
    return {"image": dump(image), "srm": dump(srm), "published": dump((r - low) / (high - low)),
            "truncated": dump(srm.clamp(-3, 3))}


def transformer_cases():
    r = torch.randn
    x, w, b = r(2, 3, 4), r(5, 4), r(5)
    scale, shift = 1 + 0.2 * r(4), r(4)
    image, scale6, shift6 = r(2, 6, 3, 2) * 3 + 1, 1 + 0.2 * r(6), r(6)
    q, k, v = r(2, 2, 5, 3), r(2, 2, 7, 3), r(2, 2, 7, 3)
    yield case("linear", [x, w, b], F.linear)
    yield case("linear_no_bias", [x, w], F.linear)
    yield case("layer_norm", [x, scale, shift], lambda x, w, b: F.layer_norm(x, (4,), w, b, 1e-3))
    yield case("group_norm", [image, scale6, shift6], lambda x, w, b: F.group_norm(x, 3, w, b, 1e-3))
    yield case("group_norm_of_sequence", [image.flatten(2), scale6, shift6],
               lambda x, w, b: F.group_norm(x, 2, w, b, 1e-6))
    yield case("gelu", [3 * x], F.gelu)
    yield case("exp", [x], torch.exp)
    yield case("embedding", [w, torch.tensor([[4.0, 0.0], [1.0, 4.0]])],
               lambda w, i: F.embedding(i.long(), w), wants=[True, False])
    # attention is written out: libtorch's fused kernel is what is tested
    soft = lambda s, v: torch.softmax(s, -1) @ v  # noqa: E731
    later = torch.ones(5, 5).triu(1).bool()
    yield case("attention", [q, k, v], lambda q, k, v: soft(q @ k.mT / 3 ** 0.5, v))
    yield case("attention_causal", [q, k[:, :, :5].clone(), v[:, :, :5].clone()],
               lambda q, k, v: soft((q @ k.mT / 3 ** 0.5).masked_fill(later, -torch.inf), v))
    yield case("pad", [image], lambda x: F.pad(x, (1, 2, 0, 3)))
    yield case("pad_cuts", [image], lambda x: F.pad(x, (-1, 0, 2, -1)))
    yield from resized()


def resized():
    """With random numbers of their own, so that no other figure changes with them."""
    before = torch.get_rng_state()
    torch.manual_seed(21)
    small, wide = torch.randn(1, 2, 3, 4), torch.randn(2, 1, 9, 8)
    for name, x, antialias in [("bicubic", small, False), ("bicubic_antialias", small, True), ("bicubic_shrinks", wide, False),
                               ("bicubic_antialias_shrinks", wide, True)]:
        size = (3, 4) if "shrinks" in name else (7, 5)
        yield case(name, [x], lambda v, s=size, a=antialias: F.interpolate(v, s, mode="bicubic", antialias=a))
    torch.set_rng_state(before)


def randn():
    """Of the last of several calls with one generator."""
    for seed, skip, shape in [(0, 0, (2, 3, 4)), (7, 3, (1, 4, 4, 5)), (2 ** 40 + 3, 1, (17,)), (5, 2, (3,)),
                              (2 ** 63 + 9, 0, (4, 4)), (5, 1, (0, 2))]:
        g = torch.Generator().manual_seed(seed)
        for _ in range(skip + 1):
            t = torch.randn(shape, generator=g)
        yield {"seed": str(seed), "skip": skip, "out": dump(t)}


def schedules():
    """What the learning rate is multiplied by in each step."""
    optim = torch.optim.lr_scheduler
    for name, warmup, steps in [("constant", 0, 7), ("linear", 0, 7), ("cosine", 0, 7), ("constant", 3, 9), ("linear", 4, 10),
                                ("cosine", 4, 12), ("cosine", 2, 3)]:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        fall = {"constant": lambda: optim.ConstantLR(optimizer, 1, 1), "linear": lambda: optim.LinearLR(optimizer, 1, 0, steps - warmup),
                "cosine": lambda: optim.CosineAnnealingLR(optimizer, steps - warmup)}[name]
        if warmup:
            rise = optim.LinearLR(optimizer, 1 / warmup, 1, warmup - 1)
            whole = optim.SequentialLR(optimizer, [rise, fall()], [warmup])
        else:
            whole = fall()
        factors = []
        for _ in range(steps):
            factors.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            whole.step()
        yield {"name": name, "warmup": warmup, "steps": steps, "factors": factors}


def write(name, what):
    (HERE / name).write_text(json.dumps(what).replace('}, {"name"', '},\n{"name"') + "\n")


write("tensor_figures.json", list(cases()))
write("adam_figures.json", [adam(0.0), adam(0.1)])
write("init_figures.json", init())
write("residual_figures.json", residual())
write("transformer_figures.json", list(transformer_cases()))
write("randn_figures.json", list(randn()))
write("adamw_figures.json", [adam(0.1, torch.optim.AdamW)])
write("schedule_figures.json", list(schedules()))
torch.manual_seed(2)
write("adam_parts_figures.json", [adam_parts(torch.optim.Adam, 12.0)])
write("adamw_parts_figures.json", [adam_parts(torch.optim.AdamW, 12.0)])
