#!/usr/bin/env python3
"""check_help.py - for every command: what --help lists is what the man page and the completion list, and the other way round;
its text fits. Prints what is wrong, and nothing otherwise."""
import os
import re
import subprocess

SOURCE = os.environ["SOURCE"]


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or done.stderr:
        print(f"{' '.join(command)}: status {done.returncode}: {done.stderr}")
    return done.stdout


def listed(text):
    return re.findall(r"^  ([a-z-]+) ", text, re.M)


def all_commands():
    for command in listed(run("inpaintlab", "help")):
        if command == "dataset":
            yield from (f"dataset {c}" for c in listed(run("inpaintlab", "dataset", "--help")))
        else:
            yield command


def options_of_help(command):
    """The names of options in --help, after a look at its form."""
    text = run("inpaintlab", *command.split(), "--help")
    lines = text.splitlines()
    if not text.startswith(f"usage: inpaintlab {command}"):
        print(f"{command} --help: {lines[:1]}")
    if not any("xit status" in line for line in lines[-2:]):
        print(f"{command} --help: nothing on the exit status")
    for line in lines:
        if len(line) > 120:
            print(f"{command} --help: {len(line)} columns: {line}")
    # "  -o, --output FILE  text": every text begins at one column, and so does what is broken
    starts = {len(re.match(r"  (-[a-z], )?--[a-z-]+( [A-Z=/]+)? {2,}| +", line)[0]) for line in lines if line.startswith(" ")}
    if len(starts) != 1:
        print(f"{command} --help: texts begin in columns {sorted(starts)}")
    for short, long in re.findall(r"^  (-[a-z], )?(--[a-z-]+)", text, re.M):
        yield from filter(None, (short.rstrip(", "), long))


def options_of_man(commands):
    """Each entry under OPTIONS names its commands in parentheses; none: all commands."""
    with open(f"{SOURCE}/core/cli/inpaintlab.1", encoding="utf-8") as file:
        text = re.search(r"^\.SH OPTIONS\n(.*?)^\.SH EXIT", file.read(), re.M | re.S)[1]
    text = re.sub(r"f[RPIB]", "", re.sub(r'[\\"]', "", text))
    for entry in text.split(".TP\n")[1:]:
        head, _, body = entry.partition("\n")
        names = {name.strip() for group in re.findall(r"\(([^)]*)\)", body.replace("\n", " ")) for name in group.split(",")}
        for command in (names & set(commands)) or commands:
            for word in re.split("[ ,]+", head):
                if re.match("--?[a-z]", word):
                    yield f"{command}: {word}"


def compare(left, right, name):
    for line in sorted(left ^ right):
        print(f"{line}: only {'--help' if line in left else name} has it")


def main():
    commands = list(all_commands())
    helped = {f"{c}: {option}" for c in commands for option in options_of_help(c)}
    if len(commands) < 16 or len(helped) <= 120:
        print(f"few commands or options: {len(commands)}, {len(helped)}")
    compare(helped, set(options_of_man(commands)), "the man page")
    offered = run(f"{os.path.dirname(os.path.abspath(__file__))}/complete.sh", *(f"{c} --" for c in commands))
    completed = {f"{c}: {word}" for c, line in zip(commands, offered.splitlines()) for word in line.split(" ->")[1].split()}
    compare({line for line in helped if not re.search(": -.$", line)}, completed, "the completion")


main()
