#!/usr/bin/env python3
"""reference.py SOURCE_DIR - every line of C in plugins/README.md stands in a template (which the tests compile), its commands in
the tutorial (which a test runs), every name that begins with il_ or IL_ in a public header, and every kind has a row."""
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
text = (source / "plugins/README.md").read_text()
headers = "".join(p.read_text() for p in sorted((source / "core/include/inpaintlab").glob("*.h")))
templates = {line.strip() for p in (source / "plugins/templates").glob("*.c") for line in p.read_text().splitlines()}
tutorial = set((source / "plugins/TUTORIAL.md").read_text().splitlines())
wrong = []


def blocks(language):
    return [line for block in re.findall(rf"^```{language}\n(.*?)^```$", text, re.S | re.M) for line in block.splitlines()]


code, commands = blocks("c"), blocks("sh")
wrong += [f"no template has: {line}" for line in code if line.strip() not in templates]
wrong += [f"the tutorial does not run: {line}" for line in commands if line not in tutorial]
for name in sorted(set(re.findall(r"\b(?:il|IL)_[A-Za-z0-9_]+\b", text))):
    if not (re.search(rf"\b{name}\b", headers) or (name.endswith("_") and name in headers)):
        wrong.append(f"no public header has {name}")
for ops in re.findall(r"typedef struct (il_\w+_ops)", headers):
    if f"`{ops}`" not in text:
        wrong.append(f"{ops} is not told of")
abi = re.search(r"#define IL_ABI (\d+)u", headers)[1]
if f"`IL_ABI` is {abi}." not in text:
    wrong.append(f"the ABI is {abi}, which the reference does not say")
print("\n".join(wrong) or f"{len(code)} lines of C, {len(commands)} commands")
sys.exit(bool(wrong) or len(code) < 20 or len(commands) < 3)
