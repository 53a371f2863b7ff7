#!/usr/bin/env python3
"""Fuzzes each target of tests/fuzz until M minutes have brought no new edge, then minimises what it has found. All times are
those of the processor, so that a busy machine proves no less.

Inputs and totals stay in build-fuzz/campaign, so that a campaign that was stopped (Ctrl-C, --most) goes on where it was, as
long as the program is the same; --fresh forgets them. Inputs that reach edges which the seeds do not reach are kept
in tests/fuzz/corpus, the smallest ones, KEEP bytes per target at most. An input that does harm is left in
build-fuzz/campaign/TARGET/harm: mend what it has found, and commit it as tests/fuzz/found/TARGET/NAME; what is mended is
forgotten by the next campaign."""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "fuzz"
KEEP = 130_000
INTERRUPTED = 72  # libFuzzer's status
MOST_HARM = 3  # inputs of one target, then it stops
SHARED = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
stopping = threading.Event()


def processor_seconds(pid):
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Target:
    def __init__(self, name, build, fresh):
        self.name, self.program, self.build = name, build / "tests" / f"fuzz.{name}", build
        self.folder = build / "campaign" / name
        if fresh:
            shutil.rmtree(self.folder, ignore_errors=True)
        for part in ("corpus", "harm"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        self.totals = {"program": "", "executions": 0, "seconds": 0.0, "edges": 0, "quiet": 0.0}
        try:
            self.totals.update(json.loads((self.folder / "totals.json").read_text()))
        except (OSError, ValueError):
            pass
        program = self.identity()
        if self.totals["program"] != program:  # other code has other edges
            self.totals.update(program=program, executions=0, seconds=0.0, edges=0, quiet=0.0)

    def identity(self):
        h = hashlib.sha256()
        for path in (self.program, self.build / "libinpaintlab.so"):
            h.update(path.read_bytes())
        return h.hexdigest()

    def seeds(self):
        """The folders that ctest replays, less the one that this program writes."""
        tests = json.loads(subprocess.run(["ctest", "--test-dir", str(self.build), "--show-only=json-v1", "-R",
                                           f"^fuzz\\.{self.name}$"], check=True, capture_output=True).stdout)
        words = tests["tests"][0]["command"][1:]
        return [w for w in words if os.path.isdir(w) and pathlib.Path(w) != self.kept()]

    def kept(self):
        return HERE / "corpus" / self.name

    def harm(self):
        return sorted(p for p in (self.folder / "harm").iterdir())

    def tensors(self):
        """Linked with libtorch, whose memory a search for leaks would go through after every second input."""
        return "libinpaintlab_torch" in subprocess.run(["ldd", str(self.program)], capture_output=True, text=True).stdout

    def command(self, *words):
        options = ["-print_final_stats=1", "-timeout=300", "-report_slow_units=300",
                   "-rss_limit_mb=4096", "-reload=0", f"-artifact_prefix={self.folder}/harm/"]
        return [str(self.program), *options, *map(str, words)]

    def environment(self, folder):
        return dict(os.environ, INPAINTLAB_PLUGIN_PATH=str(self.build / "tests" / "stubs"), TMPDIR=folder,
                    ASAN_OPTIONS="allocator_may_return_null=1:quarantine_size_mb=32", OMP_NUM_THREADS="1")

    def save(self):
        (self.folder / "totals.json").write_text(json.dumps(self.totals))

    def watch(self, process, started, quiet, most):
        """Counts processor time once the seeds were read; ends the process when nothing new has come for long enough."""
        t, before = self.totals, None
        while process.poll() is None:
            now = processor_seconds(process.pid)
            if started.is_set() and now is not None:
                spent, before = (now - before if before is not None else 0.0), now
                t["quiet"] += spent
                t["seconds"] += spent
            if t["quiet"] >= quiet or t["seconds"] >= most or stopping.is_set():
                process.terminate()
                return
            time.sleep(0.2)

    def follow(self, process, log, started):
        """Reads the output to its end, and takes edges and executions from it."""
        t, before = self.totals, self.totals["executions"]
        read = 0  # inputs that were there
        for line in process.stderr:
            log.write(line)
            found = re.match(r"#(\d+)\s+(\w+)\s+cov: (\d+)", line)
            final = re.match(r"stat::number_of_executed_units:\s*(\d+)", line)
            if found and int(found[3]) > t["edges"]:
                t.update(edges=int(found[3]), quiet=0.0)
            if found and found[2] == "INITED":
                read = int(found[1])
                started.set()
            if started.is_set() and (found or final):
                t["executions"] = before + int((found or final)[1]) - read

    def run(self, quiet, most):
        """Until it is quiet, or time is up, or too much harm was found."""
        t = self.totals
        most += t["seconds"]
        self.forget_mended()
        while t["quiet"] < quiet and t["seconds"] < most and not stopping.is_set() and len(self.harm()) < MOST_HARM:
            self.fuzz(quiet, most)
        if not stopping.is_set() or t["executions"]:
            self.merge()

    def fuzz(self, quiet, most):
        """Once, until it is ended, or an input does harm."""
        inputs = [self.folder / "corpus", *([self.kept()] if self.kept().is_dir() else []), *self.seeds()]
        leaks = ["-detect_leaks=0"] if self.tensors() else []
        before, started = len(self.harm()), threading.Event()
        with tempfile.TemporaryDirectory(prefix="il-campaign-", dir=SHARED) as temporary, \
                open(self.folder / "log", "a", buffering=1, errors="replace") as log:
            process = subprocess.Popen(self.command(*leaks, *inputs), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                       text=True, errors="replace", env=self.environment(temporary), cwd=temporary)
            watcher = threading.Thread(target=self.watch, args=(process, started, quiet, most))
            watcher.start()
            self.follow(process, log, started)
            process.wait()
            watcher.join()
        self.save()
        if leaks:
            self.call("-runs=0", self.folder / "corpus")  # looks for leaks in what was found
        if process.returncode not in (0, INTERRUPTED) and len(self.harm()) == before:
            raise RuntimeError(f"ended with status {process.returncode}; see {self.folder}/log")

    def call(self, *words):
        with tempfile.TemporaryDirectory(prefix="il-campaign-", dir=SHARED) as temporary, open(self.folder / "log", "a") as log:
            return subprocess.run(self.command(*words), stdout=subprocess.DEVNULL, stderr=log, cwd=temporary,
                                  env=self.environment(temporary)).returncode

    def forget_mended(self):
        for path in self.harm():
            if self.call(path) == 0:
                path.unlink()

    def merge(self):
        """tests/fuzz/corpus/NAME: the smallest inputs for the edges that the seeds do not reach."""
        with tempfile.TemporaryDirectory(prefix="il-campaign-", dir=SHARED) as temporary:
            first = pathlib.Path(temporary) / "first"
            first.mkdir()
            for folder in self.seeds():
                for path in pathlib.Path(folder).iterdir():
                    if path.is_file():
                        (first / hashlib.sha1(path.read_bytes()).hexdigest()).write_bytes(path.read_bytes())
            known = {p.name for p in first.iterdir()}
            kept = [self.kept()] if self.kept().is_dir() else []
            if self.call("-merge=1", "-use_counters=0", first, *kept, self.folder / "corpus") != 0:
                raise RuntimeError(f"cannot be minimised; see {self.folder}/log")
            new = sorted((p for p in first.iterdir() if p.name not in known), key=lambda p: (p.stat().st_size, p.name))
            shutil.rmtree(self.kept(), ignore_errors=True)
            self.kept().mkdir(parents=True)
            size = 0
            for path in new:
                size += path.stat().st_size
                if size <= KEEP:
                    shutil.copy(path, self.kept() / path.name[:16])

    def row(self):
        t = self.totals
        size = sum(p.stat().st_size for p in self.kept().iterdir()) if self.kept().is_dir() else 0
        return (self.name, f"{t['executions']:,}", f"{t['executions'] / max(t['seconds'], 1):,.0f}", t["edges"],
                f"{t['quiet'] / 60:.1f}", f"{t['seconds'] / 60:.1f}", len(self.harm()), f"{size / 1000:.0f}")


def table(targets):
    head = ("target", "executions", "per second", "edges", "min. without a new edge", "min. in all", "harm", "kB kept")
    rows = [head, *(tuple(map(str, t.row())) for t in targets)]
    wide = [max(len(r[i]) for r in rows) for i in range(len(head))]
    for r in rows:
        print("  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(r, wide))), flush=True)


def make(build, names):
    """The build folder of the preset; names of all targets where none were asked for."""
    if not (build / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", "fuzz", "-B", str(build)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    listing = subprocess.run(["ctest", "--test-dir", str(build), "-N", "-R", "^fuzz\\."], check=True, capture_output=True,
                             text=True)
    known = re.findall(r"Test +#\d+: fuzz\.(\w+)", listing.stdout)
    for name in names:
        if name not in known:
            sys.exit(f"fuzz: unknown target '{name}'; expected one of {', '.join(known)}")
    names = names or known
    subprocess.run(["cmake", "--build", str(build), "--target", *(f"fuzz.{n}" for n in names)], check=True)
    return names


def main():
    p = argparse.ArgumentParser(prog="tools/fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("targets", nargs="*", metavar="TARGET", help="names of tests/fuzz/TARGET.c; none: all")
    p.add_argument("--minutes", type=float, default=10, metavar="M",
                   help="without a new edge, then a target is done (default: 10)")
    p.add_argument("--most", type=float, default=600, metavar="M",
                   help="minutes for each target, whatever it finds (default: 600)")
    p.add_argument("--jobs", type=int, default=1, metavar="N", help="targets at once (default: 1)")
    p.add_argument("--build", type=pathlib.Path, default=ROOT / "build-fuzz", help="build folder (default: build-fuzz)")
    p.add_argument("--fresh", action="store_true", help="forget the inputs and totals of earlier campaigns")
    o = p.parse_args()
    build = o.build.resolve()
    targets = [Target(n, build, o.fresh) for n in make(build, o.targets)]
    failed = False
    with concurrent.futures.ThreadPoolExecutor(o.jobs) as pool:
        futures = {pool.submit(t.run, 60 * o.minutes, 60 * o.most): t for t in targets}
        try:
            for future in concurrent.futures.as_completed(futures):
                if future.exception():
                    failed = True
                    print(f"{futures[future].name}: {future.exception()}", file=sys.stderr)
                else:
                    table([futures[future]])
        except KeyboardInterrupt:
            stopping.set()
            print("stopping; the inputs found so far are being minimised", file=sys.stderr)
    print()
    table(targets)
    return 1 if failed or any(t.harm() for t in targets) else 0


if __name__ == "__main__":
    sys.exit(main())
