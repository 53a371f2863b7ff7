#!/usr/bin/env python3
"""time_merge.py BUILD_DIR FOLDER [--shards N] [--runs N] [--pictures N] - makes shards in FOLDER, unless it has some, merges
them, merges them again, and prints seconds, peak memory and whether the second time changed a byte of the dump.

Every run has 20 epochs, three tests with scores and three examples, and a weights file of 64 KiB."""
import argparse
import hashlib
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import time

from time_database import KINDS, config_of, make_pool

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "schema"
TESTS, EPOCHS, BATCH, WEIGHTS = 3, 20, 8, 1 << 16
VERSION = len(list(SCHEMA.glob("results*.sql")))


def hash_of(shard, run):
    return hashlib.sha256(f"{shard} {run}".encode()).hexdigest()


def weights_of(shard, run):
    return random.Random(f"{shard} {run}").randbytes(WEIGHTS)


def put_run(db, run, pools, pictures, rng):
    db.execute("INSERT INTO runs (id, hash, name, config, manifest, seed, model, dataset, mask_policy, loss, trained_on, status,"
               " started_at, ended_at, weights_path, weights_sha256) VALUES (?, ?, ?, ?, '{\"files\":{}}', 1, 'fcn', 'dataset2',"
               " 'full', 'focal', 'realfake', 'done', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', ?, ?)",
               (run, "-", "-", config_of(1, "0.001", run), "-", "-"))
    db.executemany("INSERT INTO epochs VALUES (?, ?, ?, 0.5, 0.5, 0.5, 1, 10, 0.1)", [(run, e, 1 / e) for e in range(1, EPOCHS + 1)])
    for kind in KINDS[:TESTS]:
        test = db.execute("INSERT INTO tests (run, dataset, images, split, digest, batch, status, finished_at) VALUES"
                          " (?, 'dataset2', ?, 'test', ?, 8, 'done', '2026-01-02T00:00:00Z') RETURNING id", (run, kind, kind)).fetchone()[0]
        drawn = [pools[kind][rng.randrange(100)] for _ in range(pictures)]
        db.executemany("INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                       [(test, f"{i:06}", i // BATCH, *p[:4]) for i, p in enumerate(drawn)])
        db.executemany("INSERT INTO scores VALUES (?, ?, ?, ?)", [(test, f"{i:06}", *p[4:]) for i, p in enumerate(drawn)])
        db.executemany("INSERT INTO examples VALUES (?, ?, ?, ?, ?, ?, 0.5)",
                       [(test, f"{i:06}", rank, b"p" * 2000, b"t" * 500, b"s" * 500) for i, rank in enumerate(["best", "median", "worst"])])
        db.execute("INSERT INTO experiment_cells (experiment, run_name, run, test, model, dataset, mask_policy, loss, trained_on,"
                   " tested_dataset, tested_on, split) VALUES (1, ?, ?, ?, 'fcn', 'dataset2', 'full', 'focal', 'realfake',"
                   " 'dataset2', ?, 'test')", (f"-{run}", run, test, kind))


def make_first(build, path, runs, pictures):
    rng = random.Random(1)
    db = sqlite3.connect(path)
    for n in range(1, VERSION + 1):
        db.executescript((SCHEMA / ("results.sql" if n == 1 else f"results-{n}.sql")).read_text())
    db.executescript(f"PRAGMA application_id = {0x494c6162}; PRAGMA user_version = {VERSION}")
    db.execute("INSERT INTO experiments (id, name, title) VALUES (1, 'grid', 'Grid')")
    pools = {kind: make_pool(rng, False, True) for kind in KINDS[:TESTS]}
    for run in range(1, runs + 1):
        db.execute("UPDATE runs SET hash = 'x' || id WHERE hash = '-'")
        put_run(db, run, pools, pictures, rng)
    db.commit()
    db.close()
    subprocess.run([build / "tests/open_database", path], check=True)  # fills in the metrics


def make_shard(first, folder, shard, runs):
    path = folder / f"{shard:03}" / "shard.sqlite"
    path.parent.mkdir()
    shutil.copy(first, path)
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("DROP TRIGGER runs_new_weights")  # which would take the tests away
    db.execute("UPDATE experiment_cells SET run_name = ? || run_name", (str(shard),))
    for run in range(1, runs + 1):
        name, data = hash_of(shard, run), weights_of(shard, run)
        sha = hashlib.sha256(data).hexdigest()
        db.execute("DELETE FROM experiment_runs WHERE run = ?", (run,))
        db.execute("INSERT INTO experiment_runs VALUES (1, ?, ?)", (f"{shard}-{run}", run))
        weights = path.parent / "runs" / name[:16] / "weights.safetensors"
        weights.parent.mkdir(parents=True)
        weights.write_bytes(data)
        db.execute("UPDATE runs SET hash = ?, name = ?, weights_path = ?, weights_sha256 = ? WHERE id = ?",
                   (name, f"{shard}-{run}", str(weights), sha, run))
    db.commit()
    db.close()


def merge(words):
    start = time.monotonic()
    child = subprocess.Popen(words, stdout=subprocess.PIPE)
    said = child.stdout.read().decode().strip()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        sys.exit(f"merge: status {status}")
    print(f"{time.monotonic() - start:.1f} s ({usage.ru_utime + usage.ru_stime:.1f} s CPU), {usage.ru_maxrss / 1024:.0f} MB: {said}")


def dump(path):
    text = hashlib.sha256()
    for line in sqlite3.connect(path).iterdump():
        text.update(line.encode())
    return text.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--shards", type=int, default=100)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--pictures", type=int, default=36)
    o = parser.parse_args()
    o.folder.mkdir(exist_ok=True)
    if not (o.folder / "first.sqlite").exists():
        make_first(o.build, o.folder / "first.sqlite", o.runs, o.pictures)
        for shard in range(o.shards):
            make_shard(o.folder / "first.sqlite", o.folder, shard, o.runs)
    shards = sorted(o.folder.glob("*/shard.sqlite"))
    target = o.folder / "results" / "results.sqlite"
    shutil.rmtree(target.parent, ignore_errors=True)
    print(f"{len(shards)} shards, {sum(p.stat().st_size for p in shards) / 1e6:.0f} MB")
    words = [o.build / "inpaintlab", "merge", target, *shards]
    merge(words)
    before = dump(target)
    merge(words)
    print("the same dump" if dump(target) == before else "ANOTHER DUMP")


main()
