"""Writes figures.json: IoU and batch means by scikit-learn's jaccard_score, and early stopping by the loop that PyTorch
users write. Needs numpy, scikit-learn and torch; run it in this folder."""
import json
import warnings

import numpy as np
import torch
from sklearn.metrics import confusion_matrix, jaccard_score

rng = np.random.default_rng(7)


def picture(share_true, share_found, size):
    return rng.random(size) < share_true, rng.random(size) < share_found


def counts(true, found):
    tn, fp, fn, tp = confusion_matrix(true, found, labels=[False, True]).ravel().tolist()
    return [tp, fp, fn, tn]


def score(true, found):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # undefined: 0, as the default of zero_division has it
        return float(jaccard_score(true, found))


shares = [(0.3, 0.4), (0.0, 0.0), (0.5, 0.0), (0.0, 0.2), (1.0, 1.0), (0.1, 0.9), (0.7, 0.6), (0.0, 0.0)]
runs = []
for batch, size in [(1, 64), (3, 100), (8, 49), (5, 256)]:
    pictures = [picture(*shares[i % len(shares)], size) for i in range(11)]
    if batch == 1:
        pictures[3] = (np.zeros(size, bool), np.zeros(size, bool))
    batches = [pictures[i:i + batch] for i in range(0, len(pictures), batch)]
    flat = [(np.concatenate([t for t, _ in b]), np.concatenate([f for _, f in b])) for b in batches]
    defined = [score(t, f) for t, f in pictures if t.any() or f.any()]
    everything = np.concatenate([t for t, _ in pictures]), np.concatenate([f for _, f in pictures])
    runs.append({
        "batch": batch,
        "pictures": [{"counts": counts(t, f), "iou": score(t, f) if t.any() or f.any() else None} for t, f in pictures],
        "published": float(np.mean([score(t, f) for t, f in flat])),
        "image_mean": float(np.mean(defined)),
        "pooled": score(*everything),
    })


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.counter, self.best, self.best_epoch, self.early_stop = patience, 0, torch.inf, 0, False

    def __call__(self, epoch, loss):
        if loss < self.best:
            self.best, self.best_epoch, self.counter = loss, epoch, 0
        else:
            self.counter += 1
            self.early_stop = self.counter >= self.patience


def course(patience, losses):
    stopping = EarlyStopping(patience)
    for epoch, loss in enumerate(torch.tensor(losses, dtype=torch.float64), start=1):
        stopping(epoch, loss)
        if stopping.early_stop:
            break
    return {"patience": patience, "losses": [None if np.isnan(x) else x for x in losses], "last_epoch": epoch,
            "stopped": stopping.early_stop, "best_epoch": stopping.best_epoch}


nan = float("nan")
courses = [
    course(5, [.5, .4, .3, .35, .31, .3, .32, .30, .1]),        # a tie is no new best
    course(5, [.5, .4, .3, .35, .31, .33, .32, .29, .4, .4, .4, .4, .4, .1]),
    course(1, [.5, .4, .41, .1]),
    course(2, [nan, nan, .1]),
    course(3, [.5, nan, nan, .4, nan, nan, nan, .1]),
    course(4, [.9, .8, .7, .6]),
    course(3, rng.random(40).tolist()),
    course(6, (1 / np.arange(1, 30) + .02 * rng.random(29)).tolist()),
]

with open("figures.json", "w") as f:
    json.dump({"runs": runs, "courses": courses}, f)
    f.write("\n")
