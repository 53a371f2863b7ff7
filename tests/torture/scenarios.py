"""What is disturbed: a command, the folder that it finds, and which of its files are never there by half."""
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import inputs


@dataclass
class Scenario:
    name: str
    command: list                  # run in the round's folder; the inputs are at ../inputs
    found: str = ""                # the scenario whose result the command finds
    prepare: object = None         # changes what is found: prepare(folder)
    then: list = field(default_factory=list)  # a command that must end well at the end of a round, and print what it did
    whole: tuple = ()              # patterns of files, or a folder with '/': complete or not there, at any time
    tidy: bool = False             # a failed command leaves nothing
    sets: int = 0                  # out/NAME.*: so many files of each name, or none
    refuses: str = ""              # what a repeated command may say if its result is there already
    statuses: tuple = (0,)         # that tell of success
    lines: int = 1                 # about as many things that may fail
    begins: str = "inpaintlab: "   # each such line
    runners: tuple = (1, 1)        # how many of them at once
    share: int = 1                 # rounds in each turn
    judge: object = None           # in place of comparing with the folder that was left alone: judge(folder) -> what is wrong


TRAIN = ["run", "-q", "--threads", "1", "--loader-threads", "1", "--device", "cpu", "--checkpoint", "0.001"]
DETECT = ["detect", "-q", "--threads", "1", "--device", "cpu", "--db", "results.sqlite", "--run", "1"]
GRID = "../inputs/grid.yaml"
SLURM = ["slurm", "--db", "results.sqlite", "../inputs/array.yaml", "--", "--time=1"]
MERGE = ["merge", "results.sqlite", "a/shard.sqlite", "b/shard.sqlite"]


def no_calibration(folder):
    for path in Path(folder).rglob("calibration*"):
        path.unlink()


def submitted_once(folder):
    """What is wrong in a queue that is to have each task once, and a job for each submission that merges them when all have ended."""
    queued, merges, found = [], {}, []
    shards = folder / "results.shards/array"
    for line in (folder / "slurm.queue").read_text().splitlines():
        number, tasks, after, command = line.split("|")
        script, argument = command.rsplit(" ", 1)
        if argument == "merge":
            merges.setdefault(script, []).append(sorted(after.split(":")))
            continue
        lines = Path(script[:-3] + ".tasks").read_text().splitlines()
        queued += [(script, number, run) for text in lines[int(argument):int(argument) + int(tasks)]
                   for run in json.loads(text)["runs"]]
    for run in sorted(f"seed={i}" for i in range(1, 6)):
        count = sum(run == name for _, _, name in queued)
        if count != 1:
            found.append(f"{run}: submitted {count} times")
    for script in {script for script, _, _ in queued}:
        if merges.get(script) != [sorted({number for other, number, _ in queued if other == script})]:
            found.append(f"{script}: merged after {merges.get(script)}")
    for record in shards.glob("*.tasks"):
        if not any(Path(script).stem == record.stem for script, _, _ in queued):
            found.append(f"{record.name}: was left behind")
    return found + [f"{name}: was left behind" for name in shards.glob("*.tmp")]


def older(version):
    def prepare(folder):
        present = folder / "results.sqlite"
        kept = folder / "present.sqlite"
        present.rename(kept)
        inputs.write_older(present, version, kept)
        kept.unlink()
    return prepare


def all_scenarios():
    """In the order in which they need each other."""
    run = TRAIN + ["--db", "results.sqlite", GRID]
    known = [
        Scenario("build", ["dataset", "build", "-q", "--threads", "2", "--device", "cpu", "../inputs/recipe.yaml", "-o", "data"],
                 whole=("data/*/*.webp",)),
        Scenario("augment", ["dataset", "augment", "--device", "cpu", "--count", "4", GRID, "-o", "out"], whole=("out/",), tidy=True,
                 refuses="already exists"),
        Scenario("run", run, whole=("runs/*/weights.safetensors",), lines=2, share=3),
        Scenario("runners", run, whole=("runs/*/weights.safetensors",), runners=(2, 5)),
        Scenario("second", TRAIN + ["--db", "second.sqlite", GRID], found="run", prepare=inputs.put_other_weights, then=run,
                 lines=2),
        Scenario("merge", MERGE, found="run", prepare=inputs.split_into_shards, whole=("runs/*/*.safetensors",), then=MERGE,
                 lines=3),
        # sbatch and squeue, stubs whose queue is a file, are killed and disturbed as well
        Scenario("slurm", SLURM, then=SLURM, lines=9, begins="", judge=submitted_once),
        Scenario("prune", ["prune", "--yes", "--db", "results.sqlite"], found="run", prepare=inputs.ask_for_one),
        Scenario("calibrate", DETECT + ["--calibrate", "../inputs/authentic", "../inputs/photos/08.png"], found="run",
                 whole=("runs/*/*",), statuses=(0, 1), lines=2, refuses="--replace"),
        Scenario("detect", DETECT + ["-o", "out", "../inputs/photos"], found="run", whole=("out/*",), statuses=(0, 1),
                 lines=9, tidy=True, sets=4),
        Scenario("weights", ["weights", "-q", "--db", "results.sqlite", "1", "-o", "copy.safetensors"], found="calibrate",
                 whole=("copy.safetensors*",), tidy=True),
        Scenario("report", ["report", "--db", "results.sqlite", "--format", "html", "-o", "report.html"], found="run",
                 whole=("report.html",), tidy=True),
        Scenario("export", ["export", "--db", "results.sqlite", "-o", "out"], found="run", whole=("out/",),
                 tidy=True, refuses="already exists"),
        Scenario("tensorboard", ["export", "--db", "results.sqlite", "--format", "tensorboard", "-o", "out"], found="run",
                 whole=("out/*/*",), tidy=True),
    ]
    for version in range(1, inputs.versions()):
        known.append(Scenario(f"migrate-{version}", ["OPEN", "results.sqlite"], found="run", prepare=older(version),
                              begins=""))
    return {scenario.name: scenario for scenario in known}


def copy_tree(source, target):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
