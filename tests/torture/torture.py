#!/usr/bin/env python3
"""tools/torture [--seed S] [--minutes M | --rounds N] [--build DIR] [SCENARIO...] - kills commands at any moment, lets their
system calls fail, runs them again, and compares every file and every row with those of a command that was left alone.

A scenario is a command and what it finds; --list names them (default: all). A round disturbs it once or several times at
system calls that change files, chosen by the seed; `--only SCENARIO:ROUND` with the same seed repeats one round, as nearly
as threads allow. --in-turn takes each call in turn instead, under each fault. Failed rounds keep their folder. Exit status:
0 nothing differs, 1 something does, 77 the kernel lets no process be traced."""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import inputs
from compare import close_databases, compare_folders, names as names_in
from scenarios import all_scenarios, copy_tree

NOT_PERMITTED, KILLED, TIMEOUT = 77, 137, 120
DEEDS = ["kill", "EIO", "EIO+", "ENOSPC", "ENOSPC+", "EINTR", "short", "short+"]


class Failure(Exception):
    pass


def alike(path, other):
    """Whether a file is as it is to become; what is to go is not judged here."""
    return not other.is_file() or path.read_bytes() == other.read_bytes()


class Torture:
    def __init__(self, build, work, seed):
        self.build, self.work, self.seed = build, work, seed
        self.disturb = build / "tests/disturb"
        self.known, self.calls, self.status = all_scenarios(), {}, {}
        self.told = {}  # scenario -> what its last command printed when left alone
        self.env = dict(os.environ, OMP_NUM_THREADS="1", LC_ALL="C", TZ="UTC", XDG_CACHE_HOME=str(work / "cache"),
                        GIT_CEILING_DIRECTORIES=str(work), PATH=f"{inputs.SOURCE}/tests/stubs/slurm:{os.environ['PATH']}")

    # ---- commands ----

    def words(self, command):
        if command[0] == "OPEN":
            return [str(self.build / "tests/open_database"), *command[1:]]
        return [str(self.build / "inpaintlab"), *command]

    def start(self, folder, command, n, deed, number=0):
        report = self.work / f"report.{number}"
        out, err = open(self.work / f"out.{number}", "wb"), open(self.work / f"err.{number}", "wb")
        words = [str(self.disturb), str(report), str(n), deed, *self.words(command)]
        with out, err:
            return subprocess.Popen(words, cwd=folder, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def finish(self, process, number=0):
        """-> status, what it said, the report: (counted, disturbed, where, all calls)."""
        try:
            status = process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failure(f"not finished after {TIMEOUT} s") from None
        first, *calls = (self.work / f"report.{number}").read_text(errors="replace").splitlines() or ["0 0 "]
        counted, disturbed, where = first.split(" ", 2)
        said = (self.work / f"err.{number}").read_text(errors="replace")
        return status, said, (int(counted), int(disturbed), where, calls)

    def run(self, folder, command, n=0, deed="kill"):
        return self.finish(self.start(folder, command, n, deed))

    def run_alone(self, folder, command):
        """-> status, what it said, what it printed."""
        try:
            done = subprocess.run(self.words(command), cwd=folder, env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            raise Failure(f"not finished after {TIMEOUT} s") from None
        return done.returncode, done.stderr.decode(errors="replace"), done.stdout.decode(errors="replace")

    # ---- references ----

    def reference(self, name):
        return self.work / "references" / name

    def fresh(self, scenario):
        """The round's folder, as the command finds it."""
        folder = self.work / "round"
        shutil.rmtree(folder, ignore_errors=True)
        if scenario.found:
            copy_tree(self.reference(scenario.found), folder)
        else:
            folder.mkdir()
        if scenario.prepare:
            scenario.prepare(folder)
        return folder

    def make_reference(self, name):
        scenario = self.known[name]
        if self.reference(name).exists():
            return
        if scenario.found:
            self.make_reference(scenario.found)
        folder = self.fresh(scenario)
        status, said, report = self.run(folder, scenario.command)
        if status == NOT_PERMITTED and not said:
            print("skipped: the kernel does not let processes be traced here")
            sys.exit(NOT_PERMITTED)
        if status not in scenario.statuses:
            sys.exit(f"{name}: left alone, it ends with {status}: {said}")
        self.status[name], self.calls[name, "kill"] = status, report[3]
        if scenario.then:
            self.told[name] = self.run_then(folder, scenario)
        copy_tree(folder, self.reference(name))

    def run_then(self, folder, scenario):
        status, said, told = self.run_alone(folder, scenario.then)
        if status != 0:
            raise Failure(f"{' '.join(scenario.then)}: status {status}: {said or told}")
        return told

    def count(self, scenario, deed):
        """The calls that a deed fits, in the command left alone."""
        deed = deed.rstrip("+")
        if (scenario.name, deed) not in self.calls:
            self.calls[scenario.name, deed] = self.run(self.fresh(scenario), scenario.command, 0, deed)[2][3]
        return self.calls[scenario.name, deed]

    # ---- rounds ----

    def moment(self, rng, scenario, deed):
        """Which call. Half of the time any; else kinds of calls and of files have equal chances, since most are SQLite's."""
        calls = self.count(scenario, deed)
        if not calls:
            return 1
        if rng.random() < 0.5:
            return rng.randint(1, len(calls))
        kinds = {}
        for i, call in enumerate(calls):
            name, _, path = call.partition(" ")
            kinds.setdefault((name, path.rsplit("/", 1)[-1].rstrip("0123456789-.tmp")), []).append(i + 1)
        return rng.choice(kinds[rng.choice(sorted(kinds))])

    def plan(self, rng, scenario, number, in_turn):
        """[(deed, moment)]: one fault, or one to four kills."""
        if in_turn:
            deed = DEEDS[number % len(DEEDS)]
            return [(deed, 1 + number // len(DEEDS) % max(1, len(self.count(scenario, deed))))]
        if rng.random() < 0.3:
            deed = rng.choice(DEEDS[1:])
            return [(deed, self.moment(rng, scenario, deed))]
        return [("kill", self.moment(rng, scenario, "kill")) for _ in range(rng.choice([1, 1, 2, 3, 4]))]

    def check_whole(self, folder, scenario):
        theirs = self.reference(scenario.name)
        for pattern in scenario.whole:
            if pattern.endswith("/"):
                there = compare_folders(folder / pattern, theirs / pattern) if (folder / pattern).exists() else []
            else:
                there = [f"{path.relative_to(folder)}: is there by half" for path in folder.glob(pattern)
                         if not alike(path, theirs / path.relative_to(folder))]
            if there:
                raise Failure(f"before it was repeated: {there[0]}")

    def check_tidy(self, folder, scenario):
        """A command that could remove files leaves no draft, and all files of a thing or none."""
        drafts = names_in(folder) - names_in(self.reference(scenario.name))
        drafts = sorted(name for name in drafts if not name.endswith(("-wal", "-shm")))
        if scenario.tidy and drafts:
            raise Failure(f"before it was repeated: {drafts[0]}: was left behind")
        sets = Counter(path.name.split(".")[0] for path in folder.glob("out/*") if scenario.sets)
        for name, count in sets.items():
            if count != scenario.sets:
                raise Failure(f"before it was repeated: out/{name}.*: {count} files; expected {scenario.sets} or none")

    def check_ending(self, scenario, deed, status, said):
        """A command that was disturbed, but not killed, ends well or tells why not, in a line for each thing that failed."""
        if status >= 128:
            raise Failure(f"{deed}: ended by signal {status - 128}: {said}")
        lines = said.splitlines()
        good = 1 <= len(lines) <= scenario.lines and all(line.startswith(scenario.begins) for line in lines)
        if status not in scenario.statuses and not good:
            raise Failure(f"{deed}: status {status}, and it said {said!r}; expected a line")

    def disturb_one(self, folder, scenario, deed, n, landed):
        """-> whether the command must be repeated."""
        status, said, (_, disturbed, where, _) = self.run(folder, scenario.command, n, deed)
        landed[deed] += disturbed > 0
        self.where = f"{deed} {n} ({where or 'not reached'})"
        if not (deed == "kill" and status == KILLED and disturbed):
            self.check_ending(scenario, deed, status, said)
        self.check_whole(folder, scenario)
        if deed.startswith(("ENOSPC", "EINTR", "short")):
            self.check_tidy(folder, scenario)
        kept = deed.startswith("EIO") and "unlink" in self.where  # what cannot be removed goes with the next
        return status != self.status[scenario.name] or kept

    def disturb_runners(self, rng, folder, scenario, landed):
        """Several at once, some of them killed."""
        count = rng.randint(*scenario.runners)
        chosen = [(i, self.moment(rng, scenario, "kill") if rng.random() < 0.6 else 0) for i in range(count)]
        self.where = f"{len(chosen)} runners, kills at {[n for _, n in chosen if n]}"
        processes = [(self.start(folder, scenario.command, n, "kill", i), i, n) for i, n in chosen]
        for process, i, n in processes:
            status, said, (_, disturbed, _, _) = self.finish(process, i)
            landed["kill"] += disturbed > 0
            told = (self.work / f"out.{i}").read_text()
            left = status == 1 and not said.strip() and " 0 failed; some runs are left to another process" in told
            if not (status == 0 or left or (disturbed and status == KILLED)):
                raise Failure(f"runner {i}: status {status}: {said or told}")
        self.check_whole(folder, scenario)
        return True

    def complete(self, folder, scenario):
        status, said, _ = self.run_alone(folder, scenario.command)
        refused = scenario.refuses and scenario.refuses in said
        if status != self.status[scenario.name] and not refused:
            raise Failure(f"repeated, it ends with {status}: {said}")

    def round(self, name, number, landed, in_turn=False):
        scenario, rng = self.known[name], random.Random(f"{self.seed} {name} {number}")
        self.where, again = "", False
        plan = [] if scenario.runners[1] > 1 else self.plan(rng, scenario, number, in_turn)
        folder, trail = self.fresh(scenario), []
        try:
            for deed, n in plan:
                again = self.disturb_one(folder, scenario, deed, n, landed)
                trail.append(self.where)
                if not again:
                    break
            if scenario.runners[1] > 1:
                again = self.disturb_runners(rng, folder, scenario, landed)
            if again:
                self.complete(folder, scenario)
            elif plan and plan[-1][0] != "kill":
                close_databases(folder)
            # A run that failed is trained after the others, and several runners take turns as they like.
            found = (scenario.judge(folder) if scenario.judge
                     else compare_folders(folder, self.reference(name), not plan or plan[-1][0] != "kill"))
            if not found and scenario.then and self.run_then(folder, scenario) != self.told[name]:
                found = [f"{' '.join(scenario.then)}: did not print {self.told[name]!r}"]
            if found:
                raise Failure("\n  ".join(found[:12]))
        except Failure as failure:
            if self.where not in trail:
                trail.append(self.where)
            self.keep(name, f"{number}{' --in-turn' if in_turn else ''}", folder, trail, failure)
            return False
        return True

    def keep(self, name, number, folder, trail, failure):
        kept = self.work / "failed" / f"{name}-{number.split()[0]}"
        copy_tree(folder, kept)
        print(f"FAILED {name}:{number.split()[0]} (--seed {self.seed} --only {name}:{number}): "
              f"{', then '.join(trail)}\n  {failure}\n  kept in {kept}", flush=True)


def summary(name, rounds, failed, landed):
    kills, faults = landed["kill"], sum(count for deed, count in landed.items() if deed != "kill")
    return f"{name}: {rounds} rounds, {kills} kills and {faults} faults landed, {failed} failed"


def run_rounds(torture, names, options):
    """-> rounds failed."""
    rounds, failed, landed = Counter(), Counter(), {name: Counter() for name in names}
    end, start = time.monotonic() + options.minutes * 60, time.monotonic()
    try:
        while not options.rounds or min(rounds[name] for name in names) < options.rounds:
            for name in names:
                for _ in range(torture.known[name].share if not options.rounds else 1):
                    if not options.rounds and time.monotonic() >= end:
                        raise KeyboardInterrupt
                    failed[name] += not torture.round(name, options.start + rounds[name], landed[name], options.in_turn)
                    rounds[name] += 1
    except KeyboardInterrupt:
        pass
    for name in names:
        print(summary(name, rounds[name], failed[name], landed[name]))
    print(f"seed {options.seed}: {sum(rounds.values())} rounds in {time.monotonic() - start:.0f} s, "
          f"{sum(failed.values())} failed")
    return sum(failed.values())


def parse():
    parser = argparse.ArgumentParser(prog="tools/torture", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter, add_help=True, usage=argparse.SUPPRESS)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=0, help="of each scenario, instead of --minutes")
    parser.add_argument("--start", type=int, default=0, help="number of the first round")
    parser.add_argument("--only", metavar="SCENARIO:ROUND")
    parser.add_argument("--in-turn", action="store_true")
    parser.add_argument("--build", type=Path, default=inputs.SOURCE / "build-test")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("scenarios", nargs="*")
    options = parser.parse_args()
    known = all_scenarios()
    if options.only:
        name, _, number = options.only.partition(":")
        options.scenarios, options.start, options.rounds = [name], int(number), 1
    chosen = options.scenarios
    names = [name for name in known if not chosen or any(name == s or name.startswith(s + "-") for s in chosen)]
    unknown = [s for s in chosen if not any(name == s or name.startswith(s + "-") for name in known)]
    if unknown:
        parser.error(f"no scenario is called {unknown[0]}; expected {', '.join(known)}")
    if options.list:
        print("\n".join(known))
        sys.exit()
    return options, names


def stop(_number, _frame):
    raise KeyboardInterrupt


def main():
    options, names = parse()
    signal.signal(signal.SIGINT, stop)  # also where a shell has it ignored
    signal.signal(signal.SIGTERM, stop)
    work = Path(tempfile.mkdtemp(prefix="torture-")).resolve()
    torture = Torture(options.build.resolve(), work, options.seed)
    failed = 1
    try:
        inputs.write_inputs(work / "inputs")
        torture.make_reference("build")
        copy_tree(torture.reference("build") / "data", work / "inputs/data")
        for name in names:
            torture.make_reference(name)
        failed = run_rounds(torture, names, options)
    except Failure as failure:
        print(f"left alone: {failure}")
    except KeyboardInterrupt:
        print("stopped before the first round")
    finally:
        if not (work / "failed").exists():
            shutil.rmtree(work, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
