"""What the tools that measure share. Their options are looked at before hours of measuring, and told of in one line; their results
stand beside those that are there until all has succeeded."""
import argparse
import json
import os
import shutil
import subprocess
import time
from pathlib import Path


class Options(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message.removeprefix('argument ')}; --help tells more\n")


def number(least, most):
    def read(text):
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"'{text}' is no whole number from {least} to {most}")
        return int(text)
    return read


def output_file(text):
    path = Path(os.path.abspath(text))
    if os.path.isdir(path):
        raise argparse.ArgumentTypeError(f"{text} is a folder; expected a file")
    folder = path.parent
    while not os.path.exists(folder):
        folder = folder.parent
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError(f"{text} cannot be written in {folder}")
    return path


def python_with(*modules):
    """An interpreter that has these."""
    asks = f"import importlib.util as u; print(*[n for n in {modules} if not u.find_spec(n)])"

    def read(text):
        found = shutil.which(text)
        done = found and subprocess.run([found, "-c", asks], capture_output=True, text=True)
        if not found or done.returncode:
            raise argparse.ArgumentTypeError(f"{text} cannot be run")
        if done.stdout.strip():
            raise argparse.ArgumentTypeError(f"{text} has no {', '.join(done.stdout.split())}")
        return os.path.abspath(found)
    return read


def beside(path, more):
    """results/gpu.json -> results/gpu<more>.json"""
    return path.with_name(path.stem + more + ".json")


def draft_of(path):
    """A file of its own for each try: an earlier one may have good figures."""
    return beside(path, time.strftime(".partial-%Y%m%d-%H%M%S"))


def try_output(parser, draft):
    """Now, not after hours."""
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.touch()
        draft.unlink()
    except OSError as e:
        parser.error(f"--json: {draft}: {e.strerror}")


def write(path, data):
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.write_text(json.dumps(data, indent=1) + "\n")
    unfinished.replace(path)


def shown(path):
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
