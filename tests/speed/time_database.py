#!/usr/bin/env python3
"""time_database.py make DATABASE [options] - writes a large database of results, as version 6 left it.
time_database.py time BUILD_DIR DATABASE - brings a copy of it up to date, and prints what opening, queries and reports cost.

Options of make: --cells N (5000), --pictures N per cell (200), --scores (histograms too), --experiments N (10).
The pictures of a test are drawn from a few hundred made-up ones, by a seed; every run is tested on five image kinds."""
import argparse
import json
import os
import pathlib
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "schema"
VERSION = 6  # the last one without rows of metrics
KINDS = ["realfake", "fakefake", "inpainted", "original", "realfake-2"]
POOL, PIXELS, BATCH = 256, 65536, 8


def leb128(counts):
    out = bytearray()
    for n in counts:
        while n >= 0x80:
            out.append(n & 0x7F | 0x80)
            n >>= 7
        out.append(n)
    return bytes(out)


def histogram(rng, below, above):
    """So many pixels in the lower and in the upper half of the 256 bins."""
    bins = [0] * 256
    for pixels, first in ((below, 0), (above, 128)):
        weights = [rng.random() ** 3 for _ in range(128)]
        total, left = sum(weights), pixels
        for i, weight in enumerate(weights):
            bins[first + i] = min(left, round(pixels * weight / total))
            left -= bins[first + i]
        bins[first] += left
    return leb128(bins)


def make_pool(rng, authentic, scores):
    """Made-up pictures, the best detected first: (tp, fp, fn, tn, tampered, clean)."""
    pool = []
    for i in range(POOL):
        tampered = 0 if authentic else rng.randrange(1000, PIXELS // 2)
        tp = round(tampered * (1 - i / POOL) * rng.random() ** 0.2)
        fp = round((PIXELS - tampered) * i / POOL * rng.random() ** 6) if rng.random() < 0.9 else 0
        fn, tn = tampered - tp, PIXELS - tampered - fp
        pool.append((tp, fp, fn, tn) + ((histogram(rng, fn, tp), histogram(rng, tn, fp)) if scores else ()))
    return pool


def config_of(seed, lr, width):
    return json.dumps({
        "dataset": {"name": "dataset2", "params": {}, "revision": 1}, "loss": {"name": "focal", "params": {}, "revision": 1},
        "mask_policy": {"name": "full", "params": {}, "revision": 1}, "missing": "refuse",
        "model": {"name": "fcn", "params": {"width": width}, "revision": 1}, "seed": seed,
        "train": {"as_published": False, "aux_weight": "0", "batch": 8, "crop": 0, "epochs": 100, "flip": False, "lr": lr,
                  "on": "realfake", "patience": 5, "size": 512, "skip": [], "weight_decay": "0", "weights": False}})


def put_run(db, run, experiment, epochs=20):
    seed, lr, width = run % 5 + 1, ["0.0001", "0.0003", "0.001"][run % 3], 32 + run
    db.execute("INSERT INTO runs (id, hash, name, config, manifest, seed, model, model_params, parameters, dataset, mask_policy,"
               " loss, trained_on, versions, status, started_at, ended_at, seconds, best_epoch, tested_epoch, device)"
               " VALUES (?, ?, ?, ?, ?, ?, 'fcn', ?, 1000, 'dataset2', 'full', 'focal', 'realfake', ?, 'done', '2026-01-01',"
               " '2026-01-02', 100, 7, 7, 'cpu')",
               (run, f"{run:064x}", f"model.width={width},seed={seed}", config_of(seed, lr, width),
                json.dumps({"files": {}, "train": {"digest": "d", "images": 1000, "left_out": 0},
                            "validation": {"digest": "e", "images": 100, "left_out": 0}}), seed, json.dumps({"width": width}),
                json.dumps({"inpaintlab": "0.1.0", "libtorch": "2.11.0"})))
    db.execute("INSERT INTO experiment_runs VALUES (?, ?, ?)", (experiment, f"model.width={width},seed={seed}", run))
    db.executemany("INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?, 1, 10)",
                   [(run, e, 1 / e, 1 - 1 / e, 1.1 / e, 0.9 - 1 / e) for e in range(1, epochs + 1)])


def put_cell(db, rng, cell, run, experiment, kind, pool, pictures):
    db.execute("INSERT INTO tests VALUES (?, ?, 'dataset2', ?, 'test', ?, ?, 'done', NULL, 1, 0, '2026-01-02', NULL, NULL, NULL)",
               (cell, run, kind, kind, BATCH))
    skill = rng.randrange(1, POOL)
    drawn = [pool[rng.randrange(skill)] for _ in range(pictures)]
    db.executemany("INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?)",
                   [(cell, f"{i:06}", i // BATCH, *p[:4]) for i, p in enumerate(drawn)])
    db.executemany("INSERT INTO scores VALUES (?, ?, ?, ?)",
                   [(cell, f"{i:06}", *p[4:]) for i, p in enumerate(drawn) if len(p) > 4])
    name = db.execute("SELECT name FROM runs WHERE id = ?", (run,)).fetchone()[0]
    db.execute("INSERT INTO experiment_cells VALUES (?, ?, ?, ?, ?, 'fcn', 'dataset2', 'full', 'focal', 'realfake', 'dataset2', ?,"
               " 'test', ?, NULL, NULL)",
               (cell, experiment, name, run, cell, kind, "4" if experiment == 1 and kind in KINDS[:3] else None))


def make(options):
    rng = random.Random(1)
    db = sqlite3.connect(options.database)
    db.execute("PRAGMA synchronous = OFF")
    for n in range(1, VERSION + 1):
        db.executescript((SCHEMA / ("results.sql" if n == 1 else f"results-{n}.sql")).read_text())
    db.executescript(f"PRAGMA application_id = {0x494c6162}; PRAGMA user_version = {VERSION}")
    pools = {kind: make_pool(rng, kind == "original", options.scores) for kind in KINDS}
    for experiment in range(1, options.experiments + 1):
        db.execute("INSERT INTO experiments (id, name, title) VALUES (?, ?, ?)",
                   (experiment, f"grid{experiment}", f"Grid {experiment}"))
    for cell in range(1, options.cells + 1):
        run, kind = (cell - 1) // len(KINDS) + 1, KINDS[(cell - 1) % len(KINDS)]
        experiment = (run - 1) * options.experiments // -(-options.cells // len(KINDS)) + 1
        if kind == KINDS[0]:
            put_run(db, run, experiment)
        put_cell(db, rng, cell, run, experiment, kind, pools[kind], options.pictures)
    db.commit()
    db.close()


# ---- what it costs ----


def run(words):
    """Seconds, those of CPU, and peak memory in MB of a command, and what it printed."""
    start = time.monotonic()
    child = subprocess.Popen(words, stdout=subprocess.PIPE)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        sys.exit(f"{words}: failed")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out


def repeated(words, turns=5):
    runs = [run(words) for _ in range(turns)]
    return statistics.median(r[0] for r in runs), statistics.median(r[1] for r in runs), max(r[2] for r in runs), len(runs[0][3])


def query(path, sql, turns=5):
    db, seconds = sqlite3.connect(f"file:{path}?mode=ro", uri=True), []
    for _ in range(turns):
        start, cpu = time.monotonic(), time.process_time()
        for _ in db.execute(sql):  # not kept: a child's peak memory begins at that of its parent
            pass
        seconds.append((time.monotonic() - start, time.process_time() - cpu))
    return tuple(statistics.median(s) for s in zip(*seconds))


def measure(options):
    program = f"{options.build}/inpaintlab"
    with tempfile.TemporaryDirectory(dir=pathlib.Path(options.database).parent) as folder:
        copy = f"{folder}/results.sqlite"
        shutil.copy(options.database, copy)
        before = pathlib.Path(copy).stat().st_size
        seconds, cpu, memory, _ = run([f"{options.build}/tests/open_database", copy])
        db = sqlite3.connect(copy)
        counts = [db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("experiment_cells", "images", "scores")]
        experiment, cells = db.execute("SELECT experiment, count(*) FROM cells GROUP BY 1 ORDER BY 2 DESC, 1").fetchone()
        db.close()
        print("%d cells, %d pictures, %d with scores, %.0f MB" % (*counts, before / 2**20))
        print("| what | seconds | of CPU | peak memory, MB |\n| --- | --- | --- | --- |")
        print(f"| brought up to date, once | {seconds:.1f} | {cpu:.1f} | {memory:.0f} |")
        for sql in ("SELECT count(*), avg(iou) FROM cells", "SELECT * FROM cells", "SELECT * FROM metrics",
                    "SELECT * FROM published_cells", "SELECT * FROM varied"):
            print("| `%s` in Python's sqlite3 | %.3f | %.3f | |" % (sql, *query(copy, sql)))
        for words in (["sql", "SELECT 1"], ["sql", "SELECT count(*), avg(iou) FROM cells"], ["report", "--experiment", experiment],
                      ["report", "--experiment", experiment, "--format", "html"], ["report"]):
            seconds, cpu, memory, size = repeated([program, *words, "--db", copy], 3)
            about = f" ({cells} cells)" if "--experiment" in words else ""
            print(f"| `inpaintlab {' '.join(words)}`{about}, {size} bytes | {seconds:.2f} | {cpu:.2f} | {memory:.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    maker = commands.add_parser("make")
    maker.add_argument("database")
    maker.add_argument("--cells", type=int, default=5000)
    maker.add_argument("--pictures", type=int, default=200)
    maker.add_argument("--experiments", type=int, default=10)
    maker.add_argument("--scores", action="store_true")
    maker.set_defaults(action=make)
    timer = commands.add_parser("time")
    timer.add_argument("build")
    timer.add_argument("database")
    timer.set_defaults(action=measure)
    options = parser.parse_args()
    options.action(options)


if __name__ == "__main__":
    main()
