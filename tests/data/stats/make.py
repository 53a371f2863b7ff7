"""make.py - figures.json for the statistics, from scikit-learn and SciPy on random data. Usage: make.py (beside itself)."""
import json
import pathlib
import numpy as np
import scipy.stats as st
import sklearn.metrics as skm

rng = np.random.default_rng(20)
MASK = (1 << 64) - 1


def number(x):
    return None if x is None or not np.isfinite(x) else float(x)


def code(bins):
    """LEB128 of the 256 counts, as hexadecimal."""
    out = bytearray()
    for n in map(int, bins):
        while n >= 0x80:
            out.append(n & 0x7F | 0x80)
            n >>= 7
        out.append(n)
    return out.hex()


def bins_of(p):
    return np.bincount(np.maximum(np.ceil(p * 256).astype(int) - 1, 0), minlength=256)


# ---- counts ----

counts = []
for kind in range(24):
    n = [10, 1000, 2**40][kind % 3]
    tp, fp, fn, tn = (int(v) for v in rng.integers(0, n, 4))
    if kind >= 12:
        tp, fp, fn, tn = (v if rng.random() < 0.5 else 0 for v in (tp, fp, fn, tn))
    truth, found, weight = [1, 0, 1, 0], [1, 1, 0, 0], [tp, fp, fn, tn]
    one_kind = 0 in (tp + fp, tp + fn, tn + fp, tn + fn)
    none = tp + fp + fn == 0
    call = lambda f, **more: float(f(truth, found, sample_weight=weight, **more))
    counts.append({
        "counts": weight,
        "il_iou": None if none else call(skm.jaccard_score, zero_division=0),
        "il_f1": None if none else call(skm.f1_score, zero_division=0),
        "il_precision": None if tp + fp == 0 else call(skm.precision_score, zero_division=0),
        "il_recall": None if tp + fn == 0 else call(skm.recall_score, zero_division=0),
        "il_specificity": None if tn + fp == 0 else call(skm.recall_score, pos_label=0, zero_division=0),
        "il_accuracy": None if sum(weight) == 0 else call(skm.accuracy_score),
        "il_mcc": None if one_kind else call(skm.matthews_corrcoef),
    })

# ---- histograms ----


def f1_curve(truth, score):
    precision, recall, _ = skm.precision_recall_curve(truth, score)
    with np.errstate(invalid="ignore"):
        return np.nanmax(2 * precision * recall / (precision + recall))


def best_threshold(p, truth):
    f1 = [skm.f1_score(truth, p > k / 256, zero_division=0) if k else skm.f1_score(truth, p >= 0) for k in range(256)]
    return int(np.flatnonzero(np.array(f1) >= max(f1) - 1e-14)[0]) / 256


histograms = []
for kind in range(8):
    n = 3000
    truth = rng.random(n) < [0.3, 0.01, 0.9, 0.5, 0.2, 0.0, 1.0, 0.3][kind]
    logit = rng.normal([0, 1, 3, 0.5, -2, 0, 0, 0][kind] * (2 * truth - 1), [1, 2, 4, 1, 1, 2, 2, 0][kind])
    p = 1 / (1 + np.exp(-logit))
    p[:20] = rng.integers(0, 257, 20) / 256  # on the edges
    tampered, clean, score = bins_of(p[truth]), bins_of(p[~truth]), np.maximum(np.ceil(p * 256) - 1, 0)
    both = truth.any() and not truth.all()
    histograms.append({
        "tampered": code(tampered), "clean": code(clean),
        "above": [[k / 256, int((p[truth] > k / 256).sum()), int((p[~truth] > k / 256).sum())]
                  for k in (1, 64, 128, 129, 200, 255, 256)],
        "il_auc": float(skm.roc_auc_score(truth, score)) if both else None,
        "il_ap": float(skm.average_precision_score(truth, score)) if truth.any() else None,
        "il_best_f1": float(f1_curve(truth, score)) if truth.any() else None,
        "il_best_f1_inverted": float(f1_curve(truth, -score)) if truth.any() else None,
        "il_best_threshold": best_threshold(p, truth) if truth.any() else None,
    })

# ---- samples ----


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & MASK
    return x ^ x >> 31


def draws(seed, n):
    """10,000 resamples of n, by SplitMix64."""
    state = (np.uint64(seed) + np.arange(10000 * n, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    with np.errstate(over="ignore"):
        x = state + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    unit = (x >> np.uint64(11)).astype(float) * 2.0**-53
    return (unit * n).astype(int).reshape(10000, n)


assert mix(0) == 0xE220A8397B1DCDAF  # the published first number of SplitMix64


def ends(values, level):
    values = values[np.isfinite(values)]
    return [number(v) for v in np.quantile(values, [(1 - level) / 2, (1 + level) / 2])]


samples = []
for kind, n in enumerate([1, 2, 3, 5, 8, 12, 13, 14, 20, 25, 50, 51, 120, 9, 13, 20, 40, 60]):
    a = rng.random(n)
    b = a + rng.normal(0.05, 0.2, n)
    if kind >= 13:  # ties and zeros
        a, b = np.round(a, 1), np.round(b, 1)
        b[0] = a[0]
    label = (rng.random(n) < 0.4).astype(int)
    level, seed = [(0.95, 0), (0.9, 7), (0.99, 2**52 + 1)][kind % 3]
    q = round(float(rng.random()), 3)
    pick = draws(seed, n)
    den = np.where(rng.random(n) < 0.2, 0, np.round(b + 1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = a[pick].sum(1) / den[pick].sum(1)
    more, less = int((a > b).sum()), int((a < b).sum())
    zeros = np.all(a == b)
    samples.append({
        "a": a.tolist(), "b": b.tolist(), "label": label.tolist(), "denominator": den.tolist(),
        "q": q, "level": level, "seed": seed,
        "il_median": float(np.median(a)),
        "il_quantile": float(np.quantile(a, q)),
        "il_stdev": number(np.std(a, ddof=1)) if n > 1 else None,
        "il_boot": ends(a[pick].mean(1), level),
        "il_boot_ratio": ends(ratios, level) if np.isfinite(ratios).any() else [None, None],
        # SciPy draws other numbers: only near
        "scipy_boot": ends(st.bootstrap((a,), np.mean, n_resamples=10000, method="percentile", rng=1,
                                        confidence_level=level).bootstrap_distribution, level) if n > 1 else None,
        "il_wilcoxon_p": None if zeros else number(st.wilcoxon(a, b).pvalue),
        "il_ttest_p": number(st.ttest_rel(a, b).pvalue) if n > 1 else None,
        "il_sign_p": None if zeros else float(st.binomtest(more, more + less).pvalue),
        "il_image_auc": float(skm.roc_auc_score(label, np.round(a, 1))) if 0 < label.sum() < n else None,
    })

# ---- Holm ----

holm = []
for n in (1, 3, 6):
    p = rng.random(n) ** 3
    order, corrected, highest = np.argsort(p), np.zeros(n), 0.0
    for i, k in enumerate(order):
        highest = max(highest, min(1.0, p[k] * (n - i)))
        corrected[k] = highest
    holm.append({"p": p.tolist(), "corrected": corrected.tolist()})

# ---- three cells of the same pictures; in the second the picture 3 is undefined, the third lacks the last five ----

cells = rng.integers(1, 400, (3, 30, 3))
cells[1, :, 0] += 150
cells[1, 3] = 0
cells[2, 25:] = -1
with np.errstate(invalid="ignore"):
    iou = np.where(cells[:, :, 0] < 0, np.nan, cells[:, :, 0] / cells.sum(2))
pairs = []
for i, k in ((0, 1), (0, 2), (1, 2)):
    both = np.isfinite(iou[i]) & np.isfinite(iou[k])
    a, b = iou[i][both], iou[k][both]
    pairs.append({"n": int(both.sum()), "difference": float(np.mean(a - b)),
                  "interval": ends((a - b)[draws(0, len(a))].mean(1), 0.95),
                  "wilcoxon": float(st.wilcoxon(a, b).pvalue), "ttest": float(st.ttest_rel(a, b).pvalue)})
means = [float(np.nanmean(v)) for v in iou]
compare = {"cells": cells.tolist(), "means": means, "pairs": pairs, "stdev": float(np.std(means[:2], ddof=1)),
           "intervals": [ends(v[np.isfinite(v)][draws(0, np.isfinite(v).sum())].mean(1), 0.95) for v in iou]}

figures = {"compare": compare, "counts": counts, "histograms": histograms, "samples": samples, "holm": holm}
path = pathlib.Path(__file__).with_name("figures.json")
path.write_text(json.dumps(figures, indent=None, separators=(",", ":")).replace('},{', '},\n{') + "\n")
