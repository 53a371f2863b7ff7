"""make.py - results.sql, made/manifest.jsonl and the expected answer of each query of schema/COOKBOOK.md (01.csv to 11.csv),
computed here from the pixels by NumPy and scikit-learn. Usage: make.py (beside itself)."""
import json
import pathlib
import numpy as np
import sklearn.metrics as skm

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(11)
PIXELS, TAMPERED, AUTHENTIC, BATCH = 400, 12, 8, 4
MODELS, SEEDS = ["fcn", "unet"], [1, 2, 3]
skill = {"fcn": 2.5, "unet": 1.5}
rate = lambda m, s: 0.0003 if (m, s) == ("unet", 3) else 0.001  # what no label tells
hard = {"p05": -4.0, "p11": -3.5}  # what every detector loses there


TESTS = "tests (id, run, dataset, images, split, digest, batch, status, message, seconds, left_out, finished_at)"
CELLS = ("experiment_cells (id, experiment, run_name, run, test, model, dataset, mask_policy, loss, "
         "trained_on, tested_dataset, tested_on, split, published_table)")
IMAGES = "images (test, id, batch, tp, fp, fn, tn, photo)"


def photo_of(i):
    """The tampered pictures are tiles, three of each photo."""
    return f"'photo{(int(i[1:]) - 1) // 3}.jpg'" if i[0] == "p" else "NULL"


def code(bins):
    """LEB128 of the 256 counts."""
    out = bytearray()
    for n in map(int, bins):
        while n >= 0x80:
            out.append(n & 0x7F | 0x80)
            n >>= 7
        out.append(n)
    return "x'" + out.hex() + "'"


def bins_of(p):
    return np.bincount(np.maximum(np.ceil(p * 256).astype(int) - 1, 0), minlength=256)


def draws(n):
    """10,000 resamples of n by SplitMix64, seed 0."""
    state = np.arange(10000 * n, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        x = state + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return ((x >> np.uint64(11)).astype(float) * 2.0**-53 * n).astype(int).reshape(10000, n)


truth = {f"p{i + 1:02}": np.arange(PIXELS) < int(PIXELS * a)
         for i, a in enumerate(rng.permutation(np.linspace(0.05, 0.6, TAMPERED)))}
truth |= {f"a{i + 1:02}": np.zeros(PIXELS, bool) for i in range(AUTHENTIC)}
kind_of = {i: "realfake" if i[0] == "p" else "original" for i in truth}

sql = ["PRAGMA application_id = 1229742434;", "BEGIN;", "INSERT INTO experiments (id, name) VALUES (1, 'cookbook');",
       "INSERT INTO published (id, published_table, dataset, model, mask_policy, trained_on, tested_on, iou)"
       " VALUES (1, '4', 'dataset2', 'fcn', 'full', 'realfake', 'realfake', 0.6);"]
runs = []  # dicts
cells = []
for m in MODELS:
    for s in SEEDS:
        run = {"id": len(runs) + 1, "model": m, "seed": s, "name": f"model={m},seed={s}", "seconds": round(50 * skill[m] + 3.3 * s, 2),
               "parameters": {"fcn": 32947137, "unet": 95161}[m], "epochs": [], "tests": {}}
        n = 5 + s
        best = 3 + s % 3
        for e in range(1, n + 1):
            run["epochs"].append((e, round(0.7 / e, 4), round(0.5 + 0.02 * (e - best) ** 2 + 0.01 * s, 4), round(10 + 0.5 * e * s, 2)))
        config = {"model": {"name": m, "params": {}, "revision": 1}, "seed": s, "train": {"batch": 8, "lr": repr(rate(m, s)), "skip": []}}
        run["best_epoch"] = min(run["epochs"], key=lambda r: r[2])[0]
        runs.append(run)
        sql.append(f"INSERT INTO runs (id, hash, name, config, seed, model, parameters, dataset, mask_policy, loss, trained_on, status, device,"
                   f" started_at, seconds, best_epoch) VALUES ({run['id']}, 'h{run['id']}', '{run['name']}', '{json.dumps(config)}', {s}, '{m}', {run['parameters']},"
                   f" 'dataset2', 'full', 'focal', 'realfake', 'done', 'cpu', 'now', {run['seconds']}, {run['best_epoch']});")
        for e in run["epochs"]:
            sql.append(f"INSERT INTO epochs (run, epoch, train_loss, validation_loss, images_per_second) VALUES ({run['id']}, {e[0]}, {e[1]}, {e[2]}, {e[3]});")
        for kind in ("realfake", "original"):
            test = {"id": 2 * run["id"] - (kind == "realfake"), "seconds": round(1.5 + 0.1 * s + (kind == "original"), 2), "pictures": {}}
            run["tests"][kind] = test
            sql.append(f"INSERT INTO {TESTS} VALUES ({test['id']}, {run['id']}, 'dataset2', '{kind}', 'test', 'd {kind}', {BATCH}, 'done', NULL,"
                       f" {test['seconds']}, 0, 'now');")
            for k, i in enumerate(sorted(i for i in truth if kind_of[i] == kind)):
                t = truth[i]
                logit = rng.normal(np.where(t, 1, -1) * (skill[m] + hard.get(i, 0) + 0.2 * rng.standard_normal()) - 0.5, 1.5)
                logit += (kind == "original") * rng.normal(-0.8, 1.0)
                p = 1 / (1 + np.exp(-logit))
                tp, fp, fn, tn = (int(v.sum()) for v in ((p > .5) & t, (p > .5) & ~t, (p <= .5) & t, (p <= .5) & ~t))
                test["pictures"][i] = {"batch": k // BATCH, "counts": (tp, fp, fn, tn), "p": p}
                sql.append(f"INSERT INTO {IMAGES} VALUES ({test['id']}, '{i}', {k // BATCH}, {tp}, {fp}, {fn}, {tn}, {photo_of(i)});")
                sql.append(f"INSERT INTO scores VALUES ({test['id']}, '{i}', {code(bins_of(p[t]))}, {code(bins_of(p[~t]))});")
            table = "'4'" if m == "fcn" and kind == "realfake" else "NULL"
            cells.append({"cell": len(cells) + 1, "run": run, "kind": kind, "test": test})
            sql.append(f"INSERT INTO {CELLS} VALUES ({len(cells)}, 1, '{run['name']}', {run['id']}, {test['id']}, '{m}', 'dataset2', 'full',"
                       f" 'focal', 'realfake', 'dataset2', '{kind}', 'test', {table});")
# the same weights on the validation split, whose easier pictures have the same names: no answer but the thresholds' has them
easier = np.random.default_rng(12)
validated = []
for r in runs:
    m, test = r["model"], {"id": 100 + r["id"], "pictures": {}}
    sql.append(f"INSERT INTO {TESTS} VALUES ({test['id']}, {r['id']}, 'dataset2', 'realfake', 'validation', 'd validation', {BATCH}, 'done', NULL, 0, 0, 'now');")
    for k, i in enumerate(sorted(i for i in truth if kind_of[i] == "realfake")):
        t = truth[i]
        p = 1 / (1 + np.exp(-easier.normal(np.where(t, 1, -1) * (skill[m] + 3), 1.0)))
        tp, fp, fn, tn = (int(v.sum()) for v in ((p > .5) & t, (p > .5) & ~t, (p <= .5) & t, (p <= .5) & ~t))
        test["pictures"][i] = {"batch": k // BATCH, "counts": (tp, fp, fn, tn), "p": p}
        sql.append(f"INSERT INTO {IMAGES} VALUES ({test['id']}, '{i}', {k // BATCH}, {tp}, {fp}, {fn}, {tn}, {photo_of(i)});")
        sql.append(f"INSERT INTO scores VALUES ({test['id']}, '{i}', {code(bins_of(p[t]))}, {code(bins_of(p[~t]))});")
    validated.append({"cell": len(cells) + len(validated) + 1, "run": r, "kind": "realfake", "test": test})
    sql.append(f"INSERT INTO {CELLS} VALUES ({validated[-1]['cell']}, 1, '{r['name']}', {r['id']}, {test['id']}, '{m}', 'dataset2', 'full',"
               f" 'focal', 'realfake', 'dataset2', 'realfake', 'validation', NULL);")
sql.append("COMMIT;")
(here / "results.sql").write_text("\n".join(sql) + "\n")

maskers = {i: ["irregular", "rectangle", "yolov8"][k % 3] for k, i in enumerate(sorted(truth))}
areas = {i: round(float(truth[i].mean()) + 0.01, 4) for i in truth}
(here / "made").mkdir(exist_ok=True)
(here / "made/manifest.jsonl").write_text("".join(json.dumps(
    {"id": i, "split": "test", "photo": f"{i}.png", "photo_sha256": "0" * 64, "seed": "1", "masker": maskers[i], "rule": "by rule",
     "area": areas[i], "core": 0.0, "prompt": "", "sha256": {}}) + "\n" for i in sorted(truth)))

# ---- the answers ----


def iou(c):
    tp, fp, fn, _ = c
    return tp / (tp + fp + fn) if tp + fp + fn else None


def text(v):
    if isinstance(v, str) or v is None:
        return v or ""
    if isinstance(v, (int, np.integer)):
        return str(v)
    return repr(round(float(v), 12))


def answer(n, names, rows):
    lines = [",".join(names)] + [",".join('"' + t + '"' if "," in t else t for t in map(text, r)) for r in rows]
    (here / f"{n:02}.csv").write_text("\n".join(lines) + "\n")


def ious_of(c):
    return [iou(p["counts"]) for _, p in sorted(c["test"]["pictures"].items())]


real = [c for c in cells if c["kind"] == "realfake"]
rows = []
for c in real:
    v = np.array(ious_of(c))
    photos = v.reshape(4, 3).mean(1)  # three tiles each
    low, high = np.quantile(photos[draws(4)].mean(1), [0.025, 0.975])
    rows.append([c["cell"], c["run"]["model"], "realfake", "realfake", "full", c["run"]["seed"], len(v), 4, round(v.mean(), 4), round(low, 4), round(high, 4)])
answer(1, "cell model trained_on tested_on truth seed pictures photos iou low high".split(), sorted(rows, key=lambda r: (-r[8], r[0]))[:5])

rows = []
ordered = sorted((i for i in truth if kind_of[i] == "realfake"), key=lambda i: (truth[i].mean(), i))
for m in MODELS:
    for q in range(4):
        ids = ordered[3 * q:3 * q + 3]
        rows.append([m, "realfake", "full", q + 1, round(truth[ids[0]].mean(), 4), round(truth[ids[-1]].mean(), 4),
                     round(np.mean([iou(c["test"]["pictures"][i]["counts"]) for c in real if c["run"]["model"] == m for i in ids]), 4)])
answer(2, "model tested_on truth quartile least most iou".split(), rows)

rows = []
for c in real + validated:
    ids = sorted(c["test"]["pictures"])
    t = np.concatenate([truth[i] for i in ids])
    p = np.concatenate([c["test"]["pictures"][i]["p"] for i in ids])
    f1 = np.array([skm.f1_score(t, p > k / 256) for k in range(256)])
    k = int(np.flatnonzero(f1 >= f1.max() - 1e-14)[0])
    rows.append([c["cell"], c["run"]["model"], c["run"]["seed"], "test" if c in real else "validation", k / 256, round(f1[k], 4), round(f1[128], 4)])
answer(3, "cell model seed split threshold f1 f1_at_half".split(), rows)

rows = []
for i in sorted(i for i in truth if kind_of[i] == "realfake"):
    best = max(iou(c["test"]["pictures"][i]["counts"]) for c in real)
    if best < 0.25:
        rows.append(["dataset2", "realfake", "full", i, len(real), round(best, 4)])
assert rows, "no picture is hard enough"
answer(4, "tested_dataset tested_on truth id detectors best".split(), sorted(rows, key=lambda r: (r[5], r[3])))


def published(c):
    """Mean over batches of the batch's IoU."""
    batches = {}
    for p in c["test"]["pictures"].values():
        batches.setdefault(p["batch"], []).append(p["counts"])
    return np.mean([iou(np.sum(b, axis=0)) for b in batches.values()])


of_model = {m: [published(c) for c in real if c["run"]["model"] == m] for m in MODELS}
rows = []
for split, m in (("test", "fcn"), ("test", "unet"), ("validation", "fcn"), ("validation", "unet")):
    for lr in (0.001, 0.0003):
        v = [published(c) for c in (real if split == "test" else validated) if c["run"]["model"] == m and rate(m, c["run"]["seed"]) == lr]
        if v:
            rows.append(["cookbook", f"model={m},seed={3 if len(v) == 1 else 1}", "realfake", split, len(v), round(np.mean(v), 4),
                         round(np.std(v, ddof=1), 4) if len(v) > 1 else None, round(min(v), 4), round(max(v), 4)])
answer(5, "experiment first tested_on split seeds mean deviation least most".split(), sorted(rows, key=lambda r: (r[3], -r[5], r[1])))

rows = []
for k in sorted(set(maskers.values())):
    ids = [i for i in truth if kind_of[i] == "realfake" and maskers[i] == k]
    rows.append(["dataset2", "full", k, len(ids), round(np.mean([areas[i] for i in ids]), 4),
                 round(np.mean([iou(c["test"]["pictures"][i]["counts"]) for c in real for i in ids]), 4)])
answer(6, "tested_dataset truth masker pictures area iou".split(), rows)

rows = []
for r in runs:
    losses, last = [e[2] for e in r["epochs"]], r["epochs"][-1]
    rows.append([r["id"], r["name"], len(losses), r["best_epoch"], min(losses), last[2], round(last[2] / min(losses), 3), round(last[2] - last[1], 4)])
answer(7, "run name epochs best_epoch best at_end worse gap".split(), sorted(rows, key=lambda r: (-r[6], r[0])))

rows = []
for r in runs:
    seconds = sum(t["seconds"] for t in r["tests"].values())
    rows.append([r["id"], r["name"], r["parameters"], "cpu", round(r["seconds"], 1), round(float(np.median([e[3] for e in r["epochs"]])), 1),
                 round(seconds, 1), round(1000 * seconds / (2 * TAMPERED + AUTHENTIC), 2)])
answer(8, "run name parameters device training images_per_second testing ms_per_tested_picture".split(), sorted(rows, key=lambda r: (-r[4], r[0])))

v = of_model["fcn"]
answer(9, "published_table dataset model trained_on tested_on runs measured published difference lowest highest".split(),
       [["4", "dataset2", "fcn", "realfake", "realfake", 3, round(np.mean(v), 4), 0.6, round(np.mean(v) - 0.6, 4), round(min(v), 4), round(max(v), 4)]])

rows = []
for r in runs:
    p = [(t, *q["counts"], q["p"]) for kind, t in (("realfake", 1), ("original", 0)) for q in r["tests"][kind]["pictures"].values()]
    label = [x[0] for x in p]
    marked = [(x[1] + x[2]) / PIXELS for x in p]
    highest = [np.ceil(x[5].max() * 256) / 256 for x in p]  # histograms know scores to 1/256
    rows.append([r["id"], r["name"], "dataset2", TAMPERED, AUTHENTIC, round(skm.roc_auc_score(label, marked), 4), round(skm.roc_auc_score(label, highest), 4),
                 round(np.mean([m > 0 for m, t in zip(marked, label) if not t]), 4)])
answer(10, "run name dataset tampered authentic auc_by_share auc_by_highest false_alarms".split(), rows)

rows = []
for lr in (0.0003, 0.001):
    v = [published(c) for c in real if rate(c["run"]["model"], c["run"]["seed"]) == lr]
    rows.append([lr, "realfake", "full", len(v), round(np.mean(v), 4), round(max(v), 4)])
answer(11, "lr tested_on truth runs mean best".split(), rows)
