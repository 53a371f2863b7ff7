"""Writes logits.json: histograms over the logit, counted and encoded by numpy as core/store/stats/histogram.h describes,
beside the AUC and average precision of the logits themselves by scikit-learn. Needs numpy and scikit-learn."""
import json
import pathlib

import numpy as np
import sklearn.metrics as skm

rng = np.random.default_rng(29)
positive = np.array([i / 32 for i in range(1, 1024)] + [2.0 ** (5 + i // 128) * (1 + i % 128 / 128) for i in range(640)])
edges = np.concatenate([-positive[::-1], [0], positive])
BINS = len(edges) + 1


def encode(counts):
    """Bits as text; the rule is that of core/store/stats/histogram_code.c."""
    bits, mean, last, i = "", 16, [0, 0, 0], 0

    def number(n):
        nonlocal bits, mean
        low = 0
        while 2 ** (low + 4) < mean:
            low += 1
        tail = format(n % 2 ** low, f"0{low}b") if low else ""
        bits += "1" * (n >> low) + "0" + tail if n >> low < 24 else "1" * 24 + format(n, "064b")
        mean += min(n, 2 ** 40) - mean // 8

    while i < len(counts):
        if last[:2] == [0, 0]:
            run = 0
            while i + run < len(counts) and counts[i + run] == 0:
                run += 1
            i += run
            digits = format(run + 1, "b")
            bits += "0" * (len(digits) - 1) + digits
            if i == len(counts):
                break
            number(int(counts[i]) - 1)
        else:
            mid, n = (sum(last) + 1) // 3, int(counts[i])
            number(n if n > 2 * mid else 2 * (n - mid) if n >= mid else 2 * (mid - n) - 1)
        last = [int(counts[i])] + last[:2]
        i += 1
    bits += "0" * (-len(bits) % 8)
    return "800001" + "".join(format(int(bits[k:k + 8], 2), "02x") for k in range(0, len(bits), 8))


def case(name, clean, tampered):
    clean, tampered = (np.asarray(v, np.float32).astype(float) for v in (clean, tampered))
    x, y = np.concatenate([clean, tampered]), np.repeat([0, 1], [len(clean), len(tampered)])
    bins = [np.bincount(np.searchsorted(edges, v, side="left"), minlength=BINS) for v in (tampered, clean)]
    precision, recall, _ = skm.precision_recall_curve(y, x)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    return {"name": name, "tampered": encode(bins[0]), "clean": encode(bins[1]),
            "il_auc": float(skm.roc_auc_score(y, x)), "il_ap": float(skm.average_precision_score(y, x)),
            "il_best_f1": float(f1.max()), "above": [int((v > 0).sum()) for v in (tampered, clean)]}


def normal(mean, deviation, n):
    return rng.normal(mean, deviation, n)


cases = []
for middle in (-20, -10, 0, 10, 20):
    for spread in (1, 2, 3):
        for apart in (0.2, 1, 3):
            cases.append(case(f"{middle}+-{spread}, {apart} apart", normal(middle - apart / 2, spread, 200000),
                              normal(middle + apart / 2, spread, 50000)))
both = np.concatenate
cases += [
    case("at both ends", both([normal(-11, 1, 50000), normal(10, 1, 3000)]),
         both([normal(-10, 1, 3000), normal(11, 1, 12000)])),
    case("three heaps", both([normal(m, 0.7, 20000) for m in (-10, 0, 10)]),
         both([normal(m + 0.5, 0.7, 5000) for m in (-10, 0, 10)])),
    case("wide", normal(-10, 30, 60000), normal(10, 30, 9000)),
    case("very wide", normal(-50, 200, 60000), normal(50, 200, 9000)),
    case("heavy tails", rng.standard_cauchy(60000), rng.standard_cauchy(9000) + 1),
    case("rare", normal(-12, 1, 70000), normal(-9, 1, 3000)),
    case("mostly tampered", normal(9, 1, 3000), normal(10, 1, 60000)),
    case("few values", rng.choice(np.arange(-12, 12, 0.25), 9000), rng.choice(np.arange(-11, 13, 0.25), 2000)),
    case("one value", np.full(900, -10.3), np.full(100, -10.3)),
    case("ordered, below", np.full(900, -10.2), np.full(100, -9.8)),
    case("ordered, above", np.full(900, 9.8), np.full(100, 10.2)),
    case("inverted", np.full(900, 14.1), np.full(100, 14)),
    case("far out", np.full(900, -3e30), np.full(100, 3e30)),
]
path = pathlib.Path(__file__).with_name("logits.json")
path.write_text(json.dumps(cases, separators=(",", ":")).replace("},{", "},\n{") + "\n")
