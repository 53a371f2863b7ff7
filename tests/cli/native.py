#!/usr/bin/env python3
"""native.py PROGRAM CASES [COUNT] - pictures of random sizes, some truths empty, some full, measured by `inpaintlab run` at native
size, beside NumPy and scikit-learn on the same pictures: counts exactly for a scripted model whose logit is a function of the
pixel alone, AUC and AP to the bins' bound; and the same marked pixels from `run` and `detect` for a trained network. Status 77
where NumPy, scikit-learn or Pillow is missing."""
import json
import math
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

try:
    import numpy as np
    from PIL import Image
    from sklearn.metrics import average_precision_score, roc_auc_score
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

PROGRAM, CASES = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 200
BOUND = 1e-4  # of AUC and AP, by the bins
random = np.random.default_rng(20)


def run(*words):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}: {done.stdout}{done.stderr}")
    return done.stdout


def make(root):
    """Smooth colours and noise; the mask a rectangle, nothing or everything."""
    for part in ("Tp", "Gt"):
        (root / part).mkdir(parents=True)
    for i in range(COUNT):
        width, height = (int(v) for v in np.exp(random.uniform(math.log(8), math.log(701), 2)))
        channels = 1 if i % 5 == 4 else 3
        base = random.integers(0, 256, (1 + height // 40, 1 + width // 40, channels), dtype=np.uint8)
        photo = np.kron(base, np.ones((40, 40, 1), np.uint8))[:height, :width].astype(int)
        photo = np.clip(photo + random.integers(-40, 41, photo.shape), 0, 255).astype(np.uint8)
        mask = np.zeros((height, width), np.uint8)
        if i % 10 == 3:
            mask[:] = 255
        elif i % 10 != 7:
            x, y = random.integers(0, width), random.integers(0, height)
            mask[y : y + height // 2 + 1, x : x + width // 2 + 1] = 255
        Image.fromarray(photo[..., 0] if channels == 1 else photo).save(root / "Tp" / f"p{i:03}.png")
        Image.fromarray(mask).save(root / "Gt" / f"p{i:03}.png")


def tensors(path):
    """The weight (1,3,1,1) and the bias of a module that is one convolution, from its archive."""
    with zipfile.ZipFile(path) as z:
        found = [np.frombuffer(z.read(n), "<f4") for n in sorted(z.namelist()) if "/data/" in n and n.split("/")[-1].isdigit()]
    return next(t for t in found if t.size == 3), next(t for t in found if t.size == 1)


def grid(path, root, model, more=()):
    path.write_text("\n".join([
        "experiment: native", "base:", f"  dataset: {{name: pairs, root: {root}, split: all, label: d}}", f"  model: {model}",
        "  loss: bce", "  train: {on: tampered, epochs: 1, batch: 2, size: 256, crop: 32, lr: 1e-12}",
        f"  validation: {{dataset: {{name: pairs, root: {root}, split: all, label: d}}, images: tampered, split: test}}",
        "  tile: 256", "  overlap: 64", *more]) + "\n")
    return path


def check_scripted(work, root):
    weight, bias = tensors(CASES / "saturated-scores/mid.pt")
    db = work / "scripted.sqlite"
    run("run", "-q", "--device", "cpu", "--db", db, grid(work / "scripted.yaml", root, f"{{name: torchscript, file: {CASES}/saturated-scores/mid.pt}}"))
    rows = {r[0]: r[1:] for r in sqlite3.connect(db).execute("SELECT id, tp, fp, fn, tn FROM images")}
    assert len(rows) == COUNT, (len(rows), COUNT)
    wrong = near = pixels = 0
    truths, scores = [], []
    for id, counted in rows.items():
        photo = np.asarray(Image.open(root / "Tp" / f"{id}.png").convert("RGB"), np.float32) / 255
        truth = np.asarray(Image.open(root / "Gt" / f"{id}.png")) > 0
        logit = photo.astype(np.float64) @ weight.astype(np.float64) + float(bias[0])
        near += int((abs(logit) < 1e-5).sum())
        marked = logit > 0
        expected = [(marked & truth).sum(), (marked & ~truth).sum(), (~marked & truth).sum(), (~marked & ~truth).sum()]
        assert sum(counted) == truth.size, f"{id}: {sum(counted)} pixels counted of {truth.size}"
        wrong += sum(abs(int(a) - int(b)) for a, b in zip(counted, expected)) // 2
        pixels += truth.size
        truths.append(truth.ravel())
        scores.append(logit.ravel())
    assert wrong <= near, f"{wrong} pixels counted otherwise, {near} near the threshold"
    truth, score = np.concatenate(truths), np.concatenate(scores)
    theirs = roc_auc_score(truth, score), average_precision_score(truth, score)
    ours = [sqlite3.connect(db).execute("SELECT value FROM test_metrics WHERE convention = 'pooled' AND metric = ?", (m,)).fetchone()[0]
            for m in ("auc", "ap")]
    off = [abs(a - b) for a, b in zip(ours, theirs)]
    print(f"scripted: {COUNT} pictures, {pixels} pixels, {wrong} counted otherwise ({near} within 1e-5 of the threshold); "
          f"AUC {ours[0]:.6f} (scikit-learn {theirs[0]:.6f}), AP {ours[1]:.6f} ({theirs[1]:.6f})")
    assert max(off) < BOUND, off


def check_network(work, root):
    db = work / "network.sqlite"
    file = grid(work / "network.yaml", root, "{name: unet, fine: 6, coarse: 8}", ["  seed: 3"])
    run("run", "-q", "--device", "cpu", "--db", db, "--set", "train.lr=0.003", file)
    run("run", "-q", "--device", "cpu", "--db", db, "--set", "train.lr=0.003", "--set", "test_batch=1", file)
    ask = "SELECT i.id, tp + fp FROM images i JOIN tests t ON t.id = i.test WHERE t.batch = ?"
    by_batch, alone = (dict(sqlite3.connect(db).execute(ask, (b,))) for b in (8, 1))
    pictures = sorted((root / "Tp").iterdir())
    words = ["detect", "-q", "--device", "cpu", "--db", db, "--tile", 256, "--overlap", 64, "--json", "--threshold", 0.5, "--run", 1]
    found = {}
    done = subprocess.run([PROGRAM, *map(str, words), *pictures], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    for one in map(json.loads, done.stdout.splitlines()):
        found[Path(one["file"]).stem] = round(one["share"] * one["width"] * one["height"])
    off = {k: abs(by_batch[k] - found[k]) for k in by_batch}
    spread = {k: abs(by_batch[k] - alone[k]) for k in by_batch}
    print(f"network: {len(off)} pictures, {sum(by_batch.values())} marked pixels; detect differs in {sum(off.values())}, "
          f"batches of one in {sum(spread.values())}")
    assert max(off.values()) <= 2 and max(spread.values()) <= 2, (max(off.values()), max(spread.values()))


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        make(work / "pictures")
        check_scripted(work, work / "pictures")
        check_network(work, work / "pictures")


main()
