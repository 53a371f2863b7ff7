#!/usr/bin/env python3
"""run.py [--update] [--keep] [--build DIR] FILE.test|FOLDER... - runs command-line cases and compares what they print.
run.py [--update] [--build DIR] --docs FILE.md... - the same for the examples of a Markdown file.

A case is a file of text. Lines that start in the first column are comments; lines indented by two spaces are commands and what
they print:

    # needs: sqlite3             else the case is skipped: a program, python:MODULE, a path in the source tree, or one of CONDITIONS
    # timeout: 300               seconds for the whole file, else 120
      $ inpaintlab plan x.yaml   all commands of a file go to one shell, in a new folder
      > second line of it
      on standard output
      ! on standard error
      seed [*]: ? (glob)         '*' fits anything, '?' any character; a backslash makes the next character plain
      0\\.[0-9]+ (re)             a regular expression for the whole line
      \\x1b[31m (esc)             unprintable characters are escaped; (no-eol): the last line has no end
      [1]                        the exit status, where it is not 0

What is printed reads $WORK for the case's folder, $SOURCE and $BUILD for the trees of sources and of the build; the shell has these
variables too. It reads helpers.sh beside this file and beside the case. setup.sh beside the case runs once; each case gets a copy
of the files that it made. Where all cases are skipped the exit status is 77. --update writes into the files what was printed, and
keeps patterns, or words of them, where they fit; --keep keeps the folders.

In Markdown an example is a code block with lines that start with '$ '. '...' stands for any text, on a line of its own for any
lines. A command that is followed by no output only has to succeed. <!-- needs: NAME --> on the line before has a block skipped,
always where NAME is data. An inpaintlab command in a block without '$ ' and without that mark is an error."""
import argparse
import functools
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from case import Step, judge, parse_case, parse_markdown

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent.parent


@functools.lru_cache(None)
def runs_python():
    """Whether a model in Python can run here; else says why not."""
    net = f"file={SOURCE}/tests/data/python/net.py"
    command = [prepared.env["IL"], "model", "python", "--set", net, "--set", "call=build()", "--size", "16"]
    done = subprocess.run(command, env=prepared.env, capture_output=True, text=True)
    if done.returncode:
        print(f"no model in Python can run: {done.stderr.strip()}")
    return done.returncode == 0


CONDITIONS = {
    "python-models": runs_python,
    "data": lambda: False,  # the published data: hours of training
    "user": lambda: os.geteuid() != 0,  # root may read and write everything
    "sanitizer": lambda: bool(os.environ.get("SANITIZE")),
    "no-sanitizer": lambda: not os.environ.get("SANITIZE"),
}


def missing(needs):
    def there(name):
        if name.startswith("python:"):
            return importlib.util.find_spec(name[7:]) is not None
        return CONDITIONS[name]() if name in CONDITIONS else (SOURCE / name).exists() or shutil.which(name) is not None
    return [name for name in needs if not there(name)]


def read(path, mark, places):
    """The lines of what was printed as a case writes them."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    for place, name in places:
        text = text.replace(place, name)
    *lines, rest = text.split("\n")
    lines += [rest + " (no-eol)"] if rest else []

    def plain(c):
        return c if c.isprintable() or c == "\t" else {"\r": "\\r"}.get(c, f"\\x{ord(c) & 0xff:02x}")
    return [mark + (line if all(plain(c) == c for c in line) else "".join(map(plain, line)) + " (esc)") for line in lines]


def shell(steps, folder, helpers, env, timeout, merged):
    """Runs all steps in one shell. -> what each printed that was reached; a complaint or None."""
    io, work, complaint = folder / "io", folder / "work", None
    io.mkdir()
    script = [f". '{helper}'" for helper in helpers if helper.exists()]
    for i, step in enumerate(steps):
        streams = f">'{io}/{i}.out' " + ("2>&1" if merged else f"2>'{io}/{i}.err'")
        script += ["{", *step.command, f"}} {streams} </dev/null", f"echo $? >'{io}/{i}.status'"]
    (io / "script").write_text("\n".join(script) + "\n", "utf-8")
    with open(io / "shell", "wb") as out:
        process = subprocess.Popen(["sh", io / "script"], cwd=work, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   start_new_session=True, env=dict(env, WORK=str(work), XDG_CACHE_HOME=str(folder / "cache")))
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        complaint = f"not finished after {timeout} s"
    try:  # what still runs in the background
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    places = sorted([(str(work), "$WORK"), (env["SOURCE"], "$SOURCE"), (env["BUILD"], "$BUILD")], key=lambda p: -len(p[0]))
    results = []
    for i in range(len(steps)):
        if not (io / f"{i}.status").exists():
            return results, complaint or f"the shell ended: {(io / 'shell').read_text('utf-8', 'replace')}"
        status = (io / f"{i}.status").read_text().strip()
        results.append(read(io / f"{i}.out", "", places) + ([] if merged else read(io / f"{i}.err", "! ", places))
                       + ([] if status == "0" else [f"[{status}]"]))
    return results, None


def new_folder():
    folder = Path(tempfile.mkdtemp(prefix="inpaintlab-")).resolve()
    (folder / "work").mkdir()
    return folder


@functools.lru_cache(None)
def prepared(folder):
    """The folder in which setup.sh of a folder of cases ran, and its seconds."""
    place, start = new_folder(), time.monotonic()
    prepared.places.append(place)
    step = Step(1, "", f"( set -e; . '{folder}/setup.sh' )")
    results, complaint = shell([step], place, [HERE / "helpers.sh", folder / "helpers.sh"], prepared.env, 600, True)
    if complaint or results[0][-1:] and re.fullmatch(r"\[\d+\]", results[0][-1]):
        sys.exit("\n".join([f"FAILED {folder.name}/setup.sh: {complaint or ''}", *sum(results, [])]))
    prepared.times.append((time.monotonic() - start, f"{folder.name}/setup.sh"))
    return place


def run_steps(path, steps, options, timeout):
    """Runs the steps of a file in a new folder. -> as shell()."""
    ready = prepared(path.parent) if not options.docs and (path.parent / "setup.sh").exists() else None
    start, folder, name = time.monotonic(), new_folder(), f"{path.parent.name}/{path.name}"
    if ready:
        shutil.copytree(ready / "work", folder / "work", symlinks=True, dirs_exist_ok=True)
    for entry in ("core", "experiments", "plugins", "schema", "tests", "tools") if options.docs else ():
        (folder / "work" / entry).symlink_to(SOURCE / entry)
    helpers = [] if options.docs else [HERE / "helpers.sh", path.parent / "helpers.sh"]
    results, complaint = shell(steps, folder, helpers, prepared.env, timeout, options.docs)
    prepared.times.append((time.monotonic() - start, name))
    if options.keep:
        print(f"{name}: {folder}")
    else:
        subprocess.run(["chmod", "-R", "u+rwX", folder], check=False)
        shutil.rmtree(folder)
    return results, complaint


def run_file(path, options):
    """-> "ok", "failed" or "skipped", after saying why."""
    name, docs = f"{path.parent.name}/{path.name}", options.docs
    lines = path.read_text("utf-8").rstrip("\n").split("\n")
    parts, needs, timeout = parse_case(lines) if not docs else (parse_markdown(lines)[0], [], 600)
    complaints = parse_markdown(lines)[1] if docs else []
    if absent := missing(needs):
        print(f"skipped {name}: needs {', '.join(absent)}")
        return "skipped"
    steps = [part for part in parts if isinstance(part, Step)]
    for step in steps:
        if absent := missing(step.needs):
            print(f"skipped {name}:{step.line}: needs {', '.join(absent)}: $ {step.command[0]}")
    steps = [step for step in steps if not missing(step.needs)]
    results, complaint = run_steps(path, steps, options, timeout)
    updated = False
    for step, printed in zip(steps, results):
        wanted, difference = judge(step, printed, docs)
        if difference and options.update:
            print(f"updated {name}:{step.line}")
            step.expected, updated = wanted, True
        elif difference:
            complaints.append(f"line {step.line}: $ {step.command[0]}\n{difference}")
    if updated:
        path.write_text("\n".join(line for p in parts for line in (p.text() if isinstance(p, Step) else [p])) + "\n", "utf-8")
    if complaint:
        complaints.append(f"line {(steps + [Step('last', '', '')])[len(results)].line}: {complaint}")
    for text in complaints:
        print(f"FAILED {name}: {text}")
    return "failed" if complaints else "ok"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    for flag in ("--update", "--keep", "--docs"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--build", type=Path, default=SOURCE / "build-test")
    parser.add_argument("paths", type=Path, nargs="+")
    options = parser.parse_args()
    build = options.build.resolve()
    prepared.times, prepared.places = [], []
    prepared.env = dict(os.environ, LC_ALL="C", OMP_NUM_THREADS="1", PATH=f"{build}:{os.environ['PATH']}", BUILD=str(build),
                        IL=str(build / "inpaintlab"), SOURCE=str(SOURCE), CLI=str(HERE), DATA=str(SOURCE / "tests/data"), PYTHONDONTWRITEBYTECODE="1",
                        PHOTOS=str(SOURCE / "experiments/quickstart/photos"))
    files = [f.resolve() for p in options.paths for f in (sorted(p.rglob("*.test")) if p.is_dir() else [p])]
    try:
        outcomes = [run_file(path, options) for path in files]
    finally:
        for place in prepared.places:
            shutil.rmtree(place)
    for seconds, name in sorted(prepared.times, reverse=True)[:10]:
        print(f"{seconds:6.1f} s  {name}")
    print(", ".join(f"{outcomes.count(o)} {o}" for o in ("ok", "failed", "skipped")))
    sys.exit(1 if "failed" in outcomes or not outcomes else 77 if set(outcomes) == {"skipped"} else 0)


if __name__ == "__main__":
    main()
