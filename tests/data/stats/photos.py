"""photos.py - photos.json: statistics over photos and over seeds, from NumPy and SciPy. Usage: photos.py (beside itself)."""
import json
import pathlib
import numpy as np
import scipy.stats as st

rng = np.random.default_rng(36)


def draws(seed, n):
    """10,000 resamples of n, by SplitMix64, as make.py has it."""
    state = np.uint64(seed) + np.arange(10000 * n, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        x = state + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    unit = (x >> np.uint64(11)).astype(float) * 2.0**-53
    return (unit * n).astype(int).reshape(10000, n)


def ends(values, level=0.95):
    return np.quantile(values, [(1 - level) / 2, (1 + level) / 2]).tolist()


def near(x, y, photo):
    """The same interval with NumPy's own random numbers, whole photos put together tile by tile."""
    names = sorted(set(photo))
    groups = [np.flatnonzero(photo == n) for n in names]
    values = []
    for _ in range(10000):
        index = np.concatenate([groups[k] for k in rng.integers(0, len(groups), len(groups))])
        values.append(x[index].sum() / y[index].sum())
    return ends(values)


# Two detectors on 36 tiles of 6 photos (one photo lacks two of its tiles, another has more), and on one without tiles.
cases = []
for sizes in ([6] * 6, [6, 4, 6, 8, 6, 6], [1] * 12, [5, 7], [3] * 12):
    photo = np.repeat([f"photo{i}.jpg" for i in range(len(sizes))], sizes)
    truth = rng.integers(50, 400, len(photo))
    level = np.repeat(rng.uniform(0.4, 0.95, len(sizes)), sizes)  # tiles of one photo are alike
    cells = []
    for shift in (0.0, -0.12):
        tp = np.floor(truth * np.clip(level + shift + rng.normal(0, 0.05, len(photo)), 0, 1)).astype(int)
        cells.append((tp, rng.integers(0, 60, len(photo))))
    iou = [tp / (truth + fp) for tp, fp in cells]
    names = sorted(set(photo))
    member = np.array([[n == p for p in photo] for n in names], dtype=float)
    pictures = member.sum(1)
    means = [member @ v / pictures for v in iou]
    pick = draws(0, len(names))

    def interval(x, y=None):
        x = member @ x
        y = pictures if y is None else member @ y
        return ends(x[pick].sum(1) / y[pick].sum(1)) if len(names) > 2 else None

    tp, fp = cells[0]
    cases.append({
        "photo": photo.tolist(), "truth": truth.tolist(),
        "tp": [c[0].tolist() for c in cells], "fp": [c[1].tolist() for c in cells],
        "mean": [float(v.mean()) for v in iou], "interval": [interval(v) for v in iou],
        "near": near(iou[0], np.ones(len(photo)), photo),
        "pooled": interval(tp.astype(float), (truth + fp).astype(float)),
        "difference": float((iou[0] - iou[1]).mean()), "difference_interval": interval(iou[0] - iou[1]),
        "wilcoxon": float(st.wilcoxon(*means).pvalue), "ttest": float(st.ttest_rel(*means).pvalue),
        "tiles_wilcoxon": float(st.wilcoxon(*iou).pvalue),
    })

seeds = []
for a, b in (([0.748, 0.763, 0.732], [0.596, 0.704, 0.661]), ([0.1, 0.2], [0.3, 0.35, 0.31, 0.4]), ([0.5] * 3, [0.7, 0.8])):
    seeds.append({"a": a, "b": b, "welch": float(st.ttest_ind(a, b, equal_var=False).pvalue),
                  "interval": list(map(float, st.t.interval(0.95, len(a) - 1, np.mean(a), st.sem(a)))) if np.ptp(a) else [a[0], a[0]]})

path = pathlib.Path(__file__).with_name("photos.json")
path.write_text(json.dumps({"cases": cases, "seeds": seeds}, separators=(",", ":")).replace('},{', '},\n{') + "\n")
