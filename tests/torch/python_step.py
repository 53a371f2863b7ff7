#!/usr/bin/env python3
"""python_step.py PROGRAM LIBTORCH_DIR [FILE.py CALL]... - models in plain PyTorch and in PROGRAM (python_step.c): names, logits,
gradients and buffers must have the same bits. Without FILE those of tests/data/python. Status 77: this build cannot run them."""
import array
import importlib
import pathlib
import subprocess
import sys
import tempfile

program, libtorch = sys.argv[1:3]
DATA = pathlib.Path(__file__).resolve().parent.parent / "data/python"
CALLS = ["build()", "build(width=5, drop=0.5)", "ByView()", "squared()", "tied()", "Remembers()", "build(width=4)"]
MODELS = list(zip(sys.argv[3::2], sys.argv[4::2])) or [(str(DATA / "net.py"), call) for call in CALLS]
FREEZE = {"build(width=4)": "first.norm.running_*"}  # so that this batch norm is evaluated
SEED, GOLDEN = 11, 0x9E3779B97F4A7C15  # of core/torch/random.cpp


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def ours(file, call, folder):
    """[(name, values)] of PROGRAM."""
    values = pathlib.Path(folder) / "values"
    freeze = FREEZE.get(call, "").split()
    done = subprocess.run([program, file, call, str(SEED), values, *freeze], capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1]
        if said.startswith(("this build has no Python", "Python ")):
            skip(said)
        sys.exit(f"{call}: {said}")
    numbers = array.array("f", values.read_bytes())
    found = []
    for line in done.stdout.splitlines():
        name, count = line.rsplit(" ", 1)
        found.append((name, numbers[:int(count)]))
        numbers = numbers[int(count):]
    return found


def plain(file, call):
    """The same in PyTorch."""
    import torch
    torch.manual_seed(SEED)
    sys.path.insert(0, str(pathlib.Path(file).resolve().parent))
    model = eval(call, vars(importlib.import_module(pathlib.Path(file).stem)))
    picked = lambda y: y["out"] if isinstance(y, dict) else y  # noqa: E731
    x = torch.tensor([(i * 7919 % 1000) / 1000 for i in range(2 * 3 * 24 * 24)]).view(2, 3, 24, 24)
    told = []
    with torch.no_grad():
        told.append(("testing", picked(model.eval()(x))))
    torch.manual_seed((SEED + GOLDEN) % 2**64)
    model.train()
    if call in FREEZE:
        model.get_submodule(FREEZE[call].removesuffix(".running_*")).eval()
    y = picked(model(x))
    told.append(("training", y))
    (y * y).mean().backward()
    seen = set()
    for name, value in model.state_dict(keep_vars=True).items():
        told.append((name, value))
        if value.requires_grad and id(value) not in seen:
            told.append(("its gradient", value.grad))
        seen.add(id(value))
    return [(name, array.array("f", t.detach().float().flatten().tolist())) for name, t in told]


def compare(file, call, folder):
    got, wanted = ours(file, call, folder), plain(file, call)
    assert [n for n, _ in got] == [n for n, _ in wanted], f"{call}: {[n for n, _ in got]}, expected {[n for n, _ in wanted]}"
    for (name, a), (_, b) in zip(got, wanted):
        difference = max((abs(p - q) for p, q in zip(a, b)), default=0)
        assert a == b, f"{call}: {name} differs by up to {difference} of {max(map(abs, b))}"
    print(f"{call}: {len(got)} tensors, the same bits")


with tempfile.TemporaryDirectory() as work:
    ours(*MODELS[0], work)
    sys.path.append(str(pathlib.Path(libtorch).parent.parent))
    sys.dont_write_bytecode = True
    try:
        import torch  # noqa: F401
    except ImportError as e:
        skip(f"python3 cannot import torch: {e}")
    for model in MODELS:
        compare(*model, work)
