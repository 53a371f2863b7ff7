"""The small inputs of the scenarios: photos, a recipe, a grid, databases of older versions."""
import hashlib
import random
import sqlite3
import struct
import zlib
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent.parent
STORE_ID = 1229742434  # PRAGMA application_id of a database of ours
SIDE = 64

RECIPE = f"""recipe: torture
photos: {{root: ../inputs/photos, size: {SIDE}, fit: resize, order: name}}
splits: {{train: 4, validation: 2, test: 3}}
maskers: {{name: rectangle, least: 16}}
inpaint: {{name: small, weights: ../inputs/generator.safetensors}}
"""
GRID = f"""experiment: torture
base:
  dataset: {{name: dataset1, root: ../inputs/data}}
  model: {{name: unet, fine: 2, coarse: 2}}
  loss: bce
  train: {{on: realfake, epochs: 2, patience: 0, batch: 2, size: {SIDE}, crop: 32, lr: 0.01}}
  test: [realfake, fakefake]
  degrade: [{{name: jpeg, levels: [90]}}]
axes:
  seed: [1, 2]
"""


def write_png(path, seed):
    """A smooth picture with some noise, another one for each seed."""
    rng = random.Random(seed)
    start, slope = [rng.randrange(256) for _ in range(3)], [rng.uniform(0.3, 3) for _ in range(6)]
    rows = b"".join(b"\0" + bytes(int(start[c] + slope[c] * x + slope[c + 3] * y + rng.randrange(12)) % 256
                                  for x in range(SIDE) for c in range(3)) for y in range(SIDE))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def write_inputs(folder):
    for name, count in (("photos", 9), ("authentic", 40)):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            write_png(folder / name / f"{i:02}.png", f"{name} {i}")
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "grid.yaml").write_text(GRID)
    generator = SOURCE / "experiments/quickstart/generator-a.safetensors"
    (folder / "generator.safetensors").write_bytes(generator.read_bytes())


def schema(version):
    names = ["results.sql"] + [f"results-{i}.sql" for i in range(2, version + 1)]
    return "\n".join((SOURCE / "schema" / name).read_text() for name in names)


def versions():
    """How many versions of the database there are."""
    return 1 + len(list((SOURCE / "schema").glob("results-*.sql")))


def write_older(path, version, present):
    """A database of an older version, with the rows of a present one, which is used up, as far as it had room for them."""
    db = sqlite3.connect(path)
    db.executescript(schema(version))
    db.execute("ATTACH ? AS present", (str(present),))
    if "degradation" not in [row[1] for row in db.execute("PRAGMA main.table_info(tests)")]:
        db.execute("PRAGMA foreign_keys = ON")
        for table in ("experiment_cells", "tests"):
            db.execute(f"DELETE FROM present.{table} WHERE degradation IS NOT NULL")
        db.commit()
        db.execute("PRAGMA foreign_keys = OFF")
    known = {name for name, in db.execute("SELECT name FROM present.sqlite_schema WHERE type = 'table'")}
    for table, in db.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'").fetchall():
        def columns(place):
            return [row[1] for row in db.execute(f"PRAGMA {place}.table_info('{table}')")]
        common = [f'"{c}"' for c in columns("main") if c in columns("present")]
        if table in known and common:
            db.execute(f"INSERT INTO main.\"{table}\" ({', '.join(common)}) SELECT {', '.join(common)} FROM present.\"{table}\"")
    db.commit()
    db.execute("DETACH present")
    db.executescript(f"PRAGMA application_id = {STORE_ID}; PRAGMA user_version = {version}; PRAGMA journal_mode = WAL")
    db.close()


def split_into_shards(folder):
    """As if each run of `folder` had been done by a task of its own, in a folder of its own."""
    whole = folder / "results.sqlite"
    for name, (run, run_hash) in zip("ab", sqlite3.connect(whole).execute("SELECT id, hash FROM runs").fetchall()):
        shard = folder / name / "shard.sqlite"
        shard.parent.mkdir()
        shard.write_bytes(whole.read_bytes())
        (shard.parent / "runs").mkdir()
        (folder / "runs" / run_hash[:16]).rename(shard.parent / "runs" / run_hash[:16])
        db = sqlite3.connect(shard)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("DELETE FROM runs WHERE id <> ?", (run,))
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
    whole.unlink()
    (folder / "runs").rmdir()


def ask_for_one(folder):
    """As if the grid of `folder` had changed, so that only one of its runs is asked for."""
    db = sqlite3.connect(folder / "results.sqlite")
    for table in ("experiment_cells", "experiment_runs"):
        db.execute(f"DELETE FROM {table} WHERE run = 2")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def put_other_weights(folder):
    """As if the weights in `folder`, of the same runs, had come out otherwise on another machine."""
    db = sqlite3.connect(folder / "results.sqlite")
    for run, path in db.execute("SELECT id, weights_path FROM runs").fetchall():
        file = folder / path
        data = bytearray(file.read_bytes())
        data[-4] ^= 1  # the lowest bit of one weight
        file.write_bytes(data)
        # not by UPDATE alone: a change of weights takes the tests away
        db.execute("CREATE TEMP TABLE kept AS SELECT sql FROM sqlite_schema WHERE name = 'runs_new_weights'")
        db.execute("DROP TRIGGER runs_new_weights")
        db.execute("UPDATE runs SET weights_sha256 = ? WHERE id = ?", (hashlib.sha256(data).hexdigest(), run))
        db.execute(db.execute("SELECT sql FROM kept").fetchone()[0])
        db.execute("DROP TABLE kept")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
