"""What is disturbed: a command, the folder that it finds, and which of its files are never there by half."""
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


TRAIN = ["run", "-q", "--threads", "1", "--loader-threads", "1", "--device", "cpu", "--checkpoint", "0.001"]
DETECT = ["detect", "-q", "--threads", "1", "--device", "cpu", "--db", "results.sqlite", "--run", "1"]
GRID = "../inputs/grid.yaml"
MERGE = ["merge", "results.sqlite", "a/shard.sqlite", "b/shard.sqlite"]


def no_calibration(folder):
    for path in Path(folder).rglob("calibration*"):
        path.unlink()


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
        Scenario("run", run, whole=("runs/*/weights.safetensors",), lines=2, share=3),
        Scenario("runners", run, whole=("runs/*/weights.safetensors",), runners=(2, 5)),
        Scenario("second", TRAIN + ["--db", "second.sqlite", GRID], found="run", prepare=inputs.put_other_weights, then=run,
                 lines=2),
        Scenario("merge", MERGE, found="run", prepare=inputs.split_into_shards, whole=("runs/*/weights.safetensors",), then=MERGE,
                 lines=3),
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
