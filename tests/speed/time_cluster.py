#!/usr/bin/env python3
"""time_cluster.py PROGRAM [SHARDS] - seconds and memory of `slurm --print` and `slurm --status` for a grid of 10,000 runs, all of
them recorded in SHARDS shards (default 100). No Slurm is needed."""
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent.parent
FINE, EPOCHS, SEEDS = [8, 12, 16, 20], [3, 5, 7, 9, 11], range(1, 501)
GRID = f"""experiment: many
base:
  dataset: {{name: dataset1, root: data}}
  model: {{name: unet, fine: 8, coarse: 12}}
  mask_policy: full
  loss: bce
  train: {{on: realfake, batch: 1, size: 256, crop: 64, lr: 0.003}}
  test: [realfake]
axes:
  model.fine: {FINE}
  train.epochs: {EPOCHS}
  seed: {list(SEEDS)}
"""


def make_data(folder):
    photos = SOURCE / "experiments/quickstart/photos"
    for split in "train", "validation", "test":
        (folder / "data" / split).mkdir(parents=True)
        for name in "01", "02", "05":
            shutil.copy(photos / f"{name}.png", folder / "data" / split / f"{name}.realfake.png")
            shutil.copy(SOURCE / "tests/data/cli/01.mask.png", folder / "data" / split / f"{name}.mask.png")


def columns(db, table, without):
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] not in without]


def fill(path, names):
    """The shard of one run, made to hold all of these."""
    db = sqlite3.connect(path)
    (config,), = db.execute("SELECT config FROM runs")
    db.execute("UPDATE experiment_cells SET run_name = 'template'")
    runs, tests = columns(db, "runs", {"id", "hash", "name", "config"}), columns(db, "tests", {"id", "run"})
    cells = columns(db, "experiment_cells", {"id", "run", "run_name", "test"})
    for number, (fine, epochs, seed) in enumerate(names, 2):
        name, own = f"model.fine={fine},seed={seed},train.epochs={epochs}", json.loads(config)
        own["model"]["params"]["fine"], own["train"]["epochs"], own["seed"] = fine, epochs, seed
        text = json.dumps(own, sort_keys=True, separators=(",", ":"))
        db.execute(f"INSERT INTO runs (id, hash, name, config, {', '.join(runs)}) SELECT ?, ?, ?, ?, {', '.join(runs)}"
                   " FROM runs WHERE id = 1", (number, f"{hash(name) & (1 << 64) - 1:064x}", name, text))
        db.execute(f"INSERT INTO tests (id, run, {', '.join(tests)}) SELECT ?, ?, {', '.join(tests)} FROM tests WHERE id = 1",
                   (number, number))
        db.execute("INSERT INTO experiment_runs (experiment, name, run) VALUES (1, ?, ?)", (name, number))
        db.execute(f"INSERT INTO experiment_cells (run, run_name, test, {', '.join(cells)})"
                   f" SELECT ?, ?, ?, {', '.join(cells)} FROM experiment_cells WHERE id = 1", (number, name, number))
    for table in "experiment_cells", "experiment_runs", "tests":
        db.execute(f"DELETE FROM {table} WHERE run = 1")
    db.execute("DELETE FROM runs WHERE id = 1")
    db.commit()
    db.close()


def measure(*command):
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    last = ""
    for last in child.stdout:
        pass
    _, _, used = os.wait4(child.pid, 0)
    print(f"{' '.join(command[1:])}: {time.monotonic() - start:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of CPU, "
          f"{used.ru_maxrss / 1024:.0f} MB; {last.strip()[:100]}")


def main():
    program, shards = str(Path(sys.argv[1]).resolve()), int(sys.argv[2]) if len(sys.argv) > 2 else 100
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_data(Path(folder))
        Path("grid.yaml").write_text(GRID)
        measure(program, "slurm", "--print", "--per-task", "100", "grid.yaml")
        one = "results/one.sqlite"
        subprocess.run([program, "run", "-q", "--device", "cpu", "--threads", "1", "--db", one, "--only",
                        f"model.fine=8,seed=1,train.epochs={EPOCHS[0]}", "grid.yaml"], check=True, stdout=subprocess.DEVNULL)
        names = [(fine, epochs, seed) for fine in FINE for epochs in EPOCHS for seed in SEEDS]
        Path("results/results.shards/many").mkdir(parents=True)
        for i in range(shards):
            path = f"results/results.shards/many/1-{i + 1:04}.sqlite"
            shutil.copy(one, path)
            fill(path, names[i::shards])
        print(f"{shards} shards")
        measure(program, "slurm", "--status", "grid.yaml")


if __name__ == "__main__":
    main()
