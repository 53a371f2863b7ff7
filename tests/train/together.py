#!/usr/bin/env python3
"""together.py BUILD [--long] [--kills N] [--speed ROUNDS] - trainings by several processes (mpirun), compared with those of one.

What one process does with a batch, several do together: in float64 to 1e-9 after 20 steps, in float32 to 1e-5 at the first; the
rows of tests are the same; a process that dies ends all, and what is resumed comes to the same weights."""
import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import zlib

SKIP = 77
HERE = os.path.dirname(os.path.abspath(__file__))
failures = []


def check(good, what):
    print(("ok   " if good else "FAIL ") + what, flush=True)
    if not good:
        failures.append(what)


# ---- pictures and grids ----

def write_png(path, side, channels, pixels):
    rows = b"".join(b"\0" + bytes(pixels[y * side * channels:(y + 1) * side * channels]) for y in range(side))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2 if channels == 3 else 0, 0, 0, 0)),
              (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in chunks:
            file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


def make_data(root, side, counts):
    """Pictures with grain, of which a square of each has little. Without any, neighbours of a pool would be equal, and rounding would
    choose among them."""
    draw = random.Random(3)
    for split, count in zip(("train", "validation", "test"), counts):
        os.makedirs(f"{root}/{split}")
        for i in range(count):
            left, top = i % 3 * side // 4, i % 2 * side // 4
            inside = [left <= x < left + side // 2 and top <= y < top + side // 2 for y in range(side) for x in range(side)]
            pixels = [min(255, 90 + n % side + 10 * c + draw.randrange(-8, 8) // (4 if hole else 1))
                      for n, hole in enumerate(inside) for c in range(3)]
            write_png(f"{root}/{split}/p{i:02}.realfake.png", side, 3, pixels)
            write_png(f"{root}/{split}/p{i:02}.mask.png", side, 1, [255 * hole for hole in inside])


def write_grid(path, root, model, train="", loss="bce", rest=""):
    """train None: nothing is trained."""
    size = "" if train is None or "size:" in train else ", size: 48"
    how = f"  loss: {loss}\n  train: {{on: realfake, patience: 0, flip: true{train}{size}}}\n  seed: 7\n" if train is not None else "  train: none\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"experiment: together\ntitle: test\nbase:\n  dataset: {{name: dataset1, root: {root}}}\n  model: {model}\n"
                   f"  mask_policy: full\n{how}  test_batch: 2\n{rest}")
    return path


# ---- running ----

class Lab:
    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.folder = tempfile.mkdtemp(prefix="inpaintlab-together-")
        kinds = os.listdir(f"{self.build}/plugins")
        self.env = dict(os.environ, OMP_NUM_THREADS="1", TMPDIR="/tmp",
                        INPAINTLAB_PLUGIN_PATH=":".join(f"{self.build}/plugins/{k}" for k in kinds))

    def path(self, name):
        return f"{self.folder}/{name}"

    def command(self, ranks, words):
        launcher = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", str(ranks)] if ranks else []
        return launcher + words

    def run(self, ranks, *words, env=None):
        return subprocess.run(self.command(ranks, list(words)), env=env or self.env, capture_output=True, text=True, timeout=3600,
                              check=False)

    def clean(self):
        for name in os.listdir(self.folder):
            if name.startswith(("double", "single")):
                os.remove(self.path(name))

    def program(self):
        return f"{self.build}/inpaintlab"

    def train(self, ranks, grid, name, *how, threads=1):
        """The path of the checkpoint that a training leaves, or None."""
        path = self.path(name.replace(" ", "_").replace(",", ""))
        done = self.run(ranks, f"{self.build}/tests/train.together", grid, path, *how, env=dict(self.env, OMP_NUM_THREADS=str(threads)))
        if done.returncode != 0:
            print(done.stdout, done.stderr)
        return path if done.returncode == 0 else None

    def apart(self, a, b):
        """Differences: of training losses, validation losses, weights, first moments."""
        if not a or not b:
            return [float("inf")] * 4
        done = self.run(0, f"{self.build}/tests/train.together", "compare", a, b)
        return [float(x) for x in done.stdout.split()]


# ---- what is tried ----

UNET, NIX, FCN, SEG = "{name: unet, fine: 6, coarse: 8}", "{name: nix, width: 8}", "fcn", "{name: segformer, size: b0}"
SETTINGS = { # name: model, settings of the training, loss
    "unet": (UNET, ", batch: 7, crop: 32", "bce"),
    "unet, batches of 3 of 7 pictures": (UNET, ", batch: 3, crop: 32", "focal"),
    "unet, padding, accumulated, dice": (UNET, ", batch: 7, accumulate: 2, size: 60", "dice"),
    "unet, recomputed": (UNET, ", batch: 7, crop: 32, recompute: true", "bce"),
    "unet, frozen in part, clipped": (UNET, ", batch: 7, crop: 32, freeze: [fine0.*], lr_of: {coarse*: 0.5}, clip: 0.05, monitor: iou", "bce"),
    "nix": (NIX, ", batch: 7, crop: 32", "bce"),
    "fcn": (FCN, ", batch: 7, crop: 32, aux_weight: 0.4", "bce"),
}

SHORT = ["unet, padding, accumulated, dice", "unet, frozen in part, clipped"]


def fcn_start(lab, norms):
    """A file of FCN's initial weights with other constants in its batch norms: {ending of a name: value}."""
    path = lab.path("start.safetensors")
    lab.run(0, lab.program(), "model", "fcn", "--seed", "7", "--initial", path)
    with open(path, "rb") as file:
        data = bytearray(file.read())
    (length,) = struct.unpack("<Q", data[:8])
    tensors = json.loads(data[8:8 + length])
    for name, tensor in tensors.items():
        value = next((v for end, v in norms.items() if name.endswith(end)), None)
        if value is not None and name.rpartition(".")[0] + ".running_var" in tensors:
            first, end = (8 + length + at for at in tensor["data_offsets"])
            data[first:end] = struct.pack(f"<{(end - first) // 4}f", *[value] * ((end - first) // 4))
    with open(path, "wb") as file:
        file.write(data)
    return path


# Residual branches of a tenth, as trained networks have them. Drawn as published, on few values per batch norm, FCN answers a change of
# one rounding a billionfold within 20 steps, with one process and two threads too.
CALM = {"bn3.weight": 0.1}
# What the norms give lies eight deviations above 0. Drawn as published, some of the values of fifty layers lie within rounding of 0, and a
# rectifier takes or leaves them: the first gradients of one process in float32 are then 5e-2 from those in float64.
OPEN = {".weight": 0.25, ".bias": 2.0}


def compare_double(lab, data, names):
    """Twenty steps: one epoch of as many crops."""
    for name in names:
        model, train, loss = SETTINGS[name]
        if loss == "focal": # whose own loop is of float32
            loss = "bce"
        crops = ", crops: 20" if "crop:" in train else ""
        epochs = 1 if crops else 20
        start = f", weights: {fcn_start(lab, CALM)}, lr: 1e-4" if name == "fcn" else ", lr: 1e-3"
        grid = write_grid(lab.path("double.yaml"), data, model, f"{train}{crops}, epochs: {epochs}{start}", loss)
        alone = lab.train(0, grid, "double", "float64")
        for ranks in 2, 3:
            loss_gap, other_gap, weights, _ = lab.apart(alone, lab.train(ranks, grid, f"double{ranks}", "float64"))
            check(max(loss_gap, other_gap, weights) < 1e-9, f"{name}, {ranks} processes, float64: losses {loss_gap:.1e}"
                  f" {other_gap:.1e}, weights {weights:.1e}")
        lab.clean()


def compare_single(lab, data, names):
    """One step: the first gradients are within 1e-5 of those of one process, or of those in float64, from which one process is
    farther away itself (NIX by 6e-4, with padding by 3e-4)."""
    for name in names:
        model, train, loss = SETTINGS[name]
        if "batches of" in name:
            continue
        start = f", weights: {fcn_start(lab, OPEN)}" if name == "fcn" else ""
        grid = write_grid(lab.path("single.yaml"), data, model, f"{train}{start}, epochs: 1, lr: 1e-3", loss)
        alone, exact = lab.train(0, grid, "single"), lab.train(0, grid, "double", "float64")
        check(lab.apart(alone, lab.train(1, grid, "single1")) == [0, 0, 0, 0], f"{name}, 1 process under mpirun: the same bits")
        own = lab.apart(exact, alone)[3]
        for ranks in 2, 3:
            together = lab.train(ranks, grid, f"single{ranks}")
            gap, _, _, from_one = lab.apart(alone, together)
            from_exact = lab.apart(exact, together)[3]
            nearest = min(from_one, from_exact)
            check(gap < 1e-5 and nearest < 1e-5,
                  f"{name}, {ranks} processes, float32: first loss {gap:.1e}, gradients {from_one:.1e} from one process,"
                  f" {from_exact:.1e} from float64 (one process: {own:.1e})")
        lab.clean()


def compare_runs(lab, data):
    """Whole runs: the rows of every test, and who writes."""
    grid = write_grid(lab.path("run.yaml"), data, UNET, ", epochs: 2, batch: 4, crop: 32, lr: 1e-2",
                      rest="  test: [realfake]\n")
    first = None
    for ranks in 0, 2, 3:
        database = lab.path(f"db{ranks}/r.sqlite")
        os.makedirs(os.path.dirname(database))
        done = lab.run(ranks, lab.program(), "run", grid, "--db", database, "--loader-threads", "1")
        again = lab.run(ranks, lab.program(), "run", grid, "--db", database)
        check(done.returncode == 0 and done.stdout == "1 trained, 1 cells measured, 0 already done, 0 failed\n",
              f"run, {ranks} processes: {done.stdout.strip()} {done.stderr.strip() if done.returncode else ''}")
        check(again.stdout == "0 trained, 0 cells measured, 1 already done, 0 failed\n",
              f"run again, {ranks} processes: {again.stdout.strip()}")
        check(done.stderr.count("together: epoch 1/2") == 1, f"run, {ranks} processes: one of them tells")
        with sqlite3.connect(database) as db:
            rows = db.execute("SELECT id, batch, tp + fn, fp + tn FROM images ORDER BY id").fetchall()
            name = db.execute("SELECT hash FROM runs").fetchall()
        first = first or (rows, name)
        check((rows, name) == first, f"run, {ranks} processes: identity and pictures are those of one ({len(rows)} rows)")


def ranks_of(launcher):
    """The processes that this launcher has started."""
    with open(f"/proc/{launcher.pid}/task/{launcher.pid}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


def weights_of(folder):
    with sqlite3.connect(f"{folder}/r.sqlite") as db:
        return db.execute("SELECT weights_sha256 FROM runs").fetchall()


def leave_out(lab):
    """A weight without gradients, in the bucket that is summed first, keeps no other from being summed early; and is summed when it
    has one after all."""
    for ranks in 2, 3:
        for steps in 2, 5:
            done = lab.run(ranks, f"{lab.build}/tests/train.together", "absent", str(steps))
            check(done.stdout == f"{steps} steps, summed within the backward pass\n",
                  f"a weight without gradients, {ranks} processes: {done.stdout.strip()} {done.stderr.strip()}")


def kill_and_resume(lab, data, times):
    """A rank is killed at a random moment, the last time the launcher is asked to stop; what is resumed has the weights of a run that
    was left alone."""
    grid = write_grid(lab.path("kill.yaml"), data, UNET, ", epochs: 12, batch: 4, crop: 32, crops: 4, lr: 1e-2")
    command = [lab.program(), "run", grid, "--loader-threads", "1", "--checkpoint", "0.2", "--db"]
    whole, cut = lab.path("whole"), lab.path("cut")
    os.makedirs(whole)
    start = time.monotonic()
    done = lab.run(3, *command, f"{whole}/r.sqlite")
    length = time.monotonic() - start
    check(done.returncode == 0, f"a run left alone takes {length:.1f} s {done.stderr[-300:] if done.returncode else ''}")
    draw = random.Random()
    i = 0
    while i <= times:
        number = -1 if i == times else draw.randrange(3)
        what = "Ctrl-C" if number < 0 else f"rank {number} killed"
        ended = end_early(lab, command, cut, number, draw.uniform(0.2, 0.8) * length)
        if not ended: # it was done before
            length *= 0.8
            continue
        i += 1
        status, took, lines, alive = ended
        check(status != 0 and took < 10 and len(lines) <= 1 and not alive, f"{what}: all ended in {took:.1f} s; {lines}")
        again = lab.run(3, *command, f"{cut}/r.sqlite")
        check(again.returncode == 0 and weights_of(cut) == weights_of(whole),
              f"{what}: resumed to the same weights {again.stderr[-300:] if again.returncode else ''}")
    resumed_by_others(lab, command, cut, length, losses_of(whole))


def losses_of(folder):
    with sqlite3.connect(f"{folder}/r.sqlite") as db:
        return [row[0] for row in db.execute("SELECT train_loss FROM epochs ORDER BY epoch")]


def end_early(lab, command, cut, number, after):
    """Kills that rank, or (-1) asks the launcher to stop: exit status, seconds, our own lines, who is still there."""
    shutil.rmtree(cut, ignore_errors=True)
    os.makedirs(cut)
    with open(f"{cut}/output", "w", encoding="utf-8") as output:
        launcher = subprocess.Popen(lab.command(3, command + [f"{cut}/r.sqlite"]), env=lab.env, stdout=output, stderr=output)
        time.sleep(after)
        victims = ranks_of(launcher) if launcher.poll() is None else []
        if len(victims) < 3:
            launcher.wait()
            return None
        if number < 0:
            launcher.send_signal(signal.SIGINT)
        else:
            os.kill(victims[number], signal.SIGKILL)
        start = time.monotonic()
        try:
            launcher.wait(30)
        except subprocess.TimeoutExpired:
            launcher.kill()
        while any(os.path.exists(f"/proc/{pid}") for pid in victims) and time.monotonic() - start < 10:
            time.sleep(0.05)
        took = time.monotonic() - start
    with open(f"{cut}/output", encoding="utf-8") as output:
        lines = [line.strip() for line in output if line.startswith("inpaintlab:")]
    return launcher.returncode, took, lines, [pid for pid in victims if os.path.exists(f"/proc/{pid}")]


def resumed_by_others(lab, command, cut, length, losses):
    """Begun by three, finished by two: the same but for rounding, which grows from step to step."""
    shutil.rmtree(cut)
    os.makedirs(cut)
    launcher = subprocess.Popen(lab.command(3, command + [f"{cut}/r.sqlite"]), env=lab.env, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
    time.sleep(length / 2)
    launcher.send_signal(signal.SIGINT)
    launcher.wait()
    done = lab.run(2, *command, f"{cut}/r.sqlite")
    gap = max((abs(a - b) / a for a, b in zip(losses, losses_of(cut))), default=1)
    check(done.returncode == 0 and len(losses_of(cut)) == len(losses) and gap < 0.05,
          f"begun by 3 processes, finished by 2: losses of epochs {gap:.1e}")


def test_foreign(lab, data):
    """A model that was made elsewhere: tested together, but not trained so."""
    model = f"{{name: torchscript, file: {HERE}/../data/cases/script-outputs/scripted-training.pt}}"
    grid = write_grid(lab.path("foreign.yaml"), data, model, ", epochs: 1, batch: 4, crop: 32, lr: 1e-2")
    done = lab.run(2, lab.program(), "run", grid, "--db", lab.path("foreign/r.sqlite"))
    lines = [line for line in done.stderr.splitlines() if "launch one process" in line]
    check(done.stdout.endswith("1 failed\n") and len(lines) == 1 and lines[0].startswith("inpaintlab: "), f"TorchScript: {lines}")
    grid = write_grid(lab.path("given.yaml"), data, model, None, rest="  test: [realfake]\n")
    rows = []
    for ranks in 0, 3:
        database = lab.path(f"given{ranks}/r.sqlite")
        done = lab.run(ranks, lab.program(), "run", grid, "--db", database)
        check(done.returncode == 0, f"train: none, {ranks} processes: {done.stdout.strip()} {done.stderr.strip() if done.returncode else ''}")
        with sqlite3.connect(database) as db:
            rows.append(db.execute("SELECT id, batch, tp, fp, fn, tn FROM images ORDER BY id").fetchall())
    check(rows[0] == rows[1] and len(rows[0]) == 5, f"train: none, 3 processes: the rows of one ({len(rows[1])})")


def refuse(lab, data):
    grid = write_grid(lab.path("refuse.yaml"), data, UNET, ", epochs: 1, batch: 4, crop: 32, lr: 1e-2")
    alone = lab.path("without")
    os.makedirs(alone)
    shutil.copy(f"{lab.build}/libinpaintlab.so.0", alone)
    for rank in 0, 1:
        env = dict(lab.env, LD_LIBRARY_PATH=alone, OMPI_COMM_WORLD_SIZE="2", OMPI_COMM_WORLD_RANK=str(rank))
        done = lab.run(0, lab.program(), "run", grid, "--db", lab.path("none.sqlite"), env=env)
        expected = "inpaintlab: launched as one of 2 processes, but this inpaintlab was built without MPI;" if rank == 0 else ""
        check(done.returncode != 0 and done.stderr.startswith(expected) and done.stderr.count("\n") == (rank == 0),
              f"without MPI, rank {rank}: {done.stderr.strip()}")
    nothing = lab.run(2, lab.program(), "run", grid, "--device", "tpu", "--db", lab.path("none.sqlite"))
    said = [line for line in nothing.stderr.splitlines() if line.startswith("inpaintlab:")]
    check(nothing.returncode != 0 and len(said) == 1 and "'tpu' is not" in said[0], f"no such device: all end, {said}")
    missing = lab.run(2, lab.program(), "run", lab.path("no.yaml"), "--db", lab.path("none.sqlite"))
    check(missing.returncode != 0 and missing.stderr.count("inpaintlab:") == 1, f"no grid: {missing.stderr.splitlines()[:1]}")


NCCL = ["ncclCommInitRank 0 of 2, \"made once\" 42", "ncclCommInitRank 1 of 2, \"made once\" 42", "ncclGetUniqueId"]
SUMS = ["ncclAllReduce in place of 3, type 7, operation 0, this communicator, stream 0x70",
        "ncclAllReduce in place of 5, type 8, operation 0, this communicator, stream 0x71"]


def call_nccl(lab):
    env = dict(lab.env, LD_LIBRARY_PATH=f"{lab.build}/tests/nccl")
    program = f"{lab.build}/tests/parallel.nccl"
    lines = lab.run(2, program, env=env).stdout.splitlines()
    check(sorted(lines) == sorted(NCCL + 2 * SUMS + 2 * ["ncclCommAbort this communicator"]), f"NCCL is called as it should be: {lines}")
    for call in "ncclGetUniqueId", "ncclCommInitRank", "ncclAllReduce":
        lines = lab.run(2, program, env=dict(env, INPAINTLAB_STUB=call)).stdout.splitlines()
        said = [line for line in lines if "NCCL says: internal error" in line]
        check(len(said) == 2, f"{call} fails: {said}")


SPEED = { # model, settings
    "unet": ("unet", ", batch: 16, crop: 64, size: 96, epochs: 1, crops: 4"),
    "nix, width 16": ("{name: nix, width: 16}", ", batch: 8, crop: 64, size: 96, epochs: 1, crops: 2"),
    "fcn": ("fcn", ", batch: 8, crop: 64, size: 96, epochs: 1, crops: 3"),
}


def measure(lab, rounds):
    """By turns: one process of two threads, two processes of one."""
    data = lab.path("larger")
    make_data(data, 96, (16, 2, 1))
    for name, (model, train) in SPEED.items():
        grid = write_grid(lab.path("speed.yaml"), data, model, train + ", lr: 1e-3")
        ratios = []
        for _ in range(rounds):
            images = []
            for ranks, threads in (0, 2), (2, 1):
                path = lab.path("speed")
                if os.path.exists(path):
                    os.remove(path)
                done = lab.run(ranks, f"{lab.build}/tests/train.together", grid, path, env=dict(lab.env, OMP_NUM_THREADS=str(threads)))
                print(f"{name}, {max(ranks, 1)} x {threads}: {done.stdout.strip()}", flush=True)
                images.append(float(done.stdout.split()[0]))
            ratios.append(images[1] / images[0])
        print(f"{name}: two processes are {sorted(ratios)[len(ratios) // 2]:.2f} times as fast as two threads"
              f" [{min(ratios):.2f}, {max(ratios):.2f}]", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--only-kills", action="store_true")
    parser.add_argument("--long", action="store_true", help="all models and settings, FCN in float64 too")
    parser.add_argument("--only", nargs="+", choices=SETTINGS, help="these models, nothing else")
    parser.add_argument("--speed", type=int, metavar="ROUNDS", help="measure instead")
    o = parser.parse_args()
    if not shutil.which("mpirun") or not os.path.exists(f"{o.build}/libinpaintlab_mpi.so"):
        print("skipped: there is no MPI (libopenmpi-dev, openmpi-bin), or this build found none")
        return SKIP
    lab = Lab(o.build)
    try:
        if o.speed:
            measure(lab, o.speed)
            return 0
        data = lab.path("data")
        make_data(data, 48, (7, 5, 5))
        chosen = o.only or (list(SETTINGS) if o.long else SHORT)
        small = [name for name in chosen if name != "fcn"] # 33 million parameters in float64 take minutes
        if not o.only_kills:
            compare_double(lab, data, chosen if o.long else small)
            compare_single(lab, data, chosen if o.long or o.only else ["unet"])
        if o.only:
            return bool(failures)
        leave_out(lab)
        compare_runs(lab, data)
        kill_and_resume(lab, data, o.kills)
        test_foreign(lab, data)
        refuse(lab, data)
        call_nccl(lab)
    finally:
        shutil.rmtree(lab.folder)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
