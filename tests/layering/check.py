#!/usr/bin/env python3
"""check.py SOURCE_DIR [--graph] - who may include and use what; --graph prints the graph of rooms instead.

Private includes are "room/file.h". ROOMS says which rooms each room may include besides itself; public headers
(<inpaintlab/...>) are open to all. No room and no file may depend on itself through others."""
import collections
import os
import re
import sys

ROOMS = {
    # foundations
    "base": "",
    "parallel": "base",
    "image": "base",
    "torch": "base parallel image",
    "diffusion": "base torch",
    # stations
    "plugin": "base image torch",
    "plan": "base image plugin",
    "loader": "base image plugin plan",
    "store": "base dataset/manifest.h",
    "train": "base parallel image torch plugin plan loader store",
    "report": "base image store",
    # products
    "dataset": "base image torch plugin loader",
    "detect": "base image torch plugin store",
    "check": "base image torch plugin loader",
    "bench": "base image torch plugin plan loader train",
    "cluster": "base plugin plan loader store",
    # face
    "cli": "base parallel image torch diffusion plugin plan loader store train report dataset detect check bench cluster",
}

# What only the named files and folders use: (what, pattern, where).
ONLY = [
    ("libyaml", r"#include <yaml\.h>", "core/base/yaml_build.c"),
    ("libmd", r"#include <sha2\.h>", "core/base/sha256.c"),
    ("libjpeg", r"#include <jpeglib\.h>", "core/image/jpeg.c"),
    ("libwebp", r"#include <webp/", "core/image/webp.c"),
    ("libtiff", r"#include <tiff", "core/image/tiff.c"),
    ("libpng", r"#include <png\.h>", "core/image/png.c"),
    ("zlib", r"#include <zlib\.h>", "core/torch/zip.cpp"),
    ("sqlite3", r"#include <sqlite3\.h>", "core/store/"),
    ("sqlite3ext", r"#include <sqlite3ext\.h>", "core/store/sql/arguments.h"),
    ("libutf8proc", r"#include <utf8proc\.h>", "core/base/utf8.c core/diffusion/unicode.c"),
    ("libtorch", r"#include <(torch|ATen|c10)/", "core/torch/"),
    ("C++", r"#include <(vector|string|memory|cstring|exception)>", "core/torch/"),
    ("Python", r"#include <Python\.h>", "core/torch/python_embedded.cpp"),
    ("dlopen", r"\bdlopen\(", "core/plugin/library.c core/torch/ core/parallel/"),
    ("MPI", r"#include <mpi\.h>", "core/parallel/mpi.c"),
    ("CUDA", r"__global__|<<<|\bcuda[A-Z]|#include <(cuda|ATen/cuda|c10/cuda)",
     "core/torch/kernels/kernels.cu core/torch/cuda_graph_capture.cpp"),
    ("CLOCK_MONOTONIC", r"\bCLOCK_MONOTONIC\b", "core/base/clock.c tools/"),
]

MOST_LINES, MOST_LINES_CPP, MOST_LINES_FUNCTION = 430, 1000, 80 # as clang-format breaks them

failures = []


def fail(text):
    failures.append(text)
    print(text)


def sources(*folders):
    for folder in folders:
        for path, _, names in os.walk(folder):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".cpp", ".hpp", ".cu")):
                    yield os.path.join(path, name)


def room_of(path):
    return path.split("/")[1]


def includes_of(path):
    with open(path, encoding="utf-8") as file:
        return re.findall(r'^\s*#\s*include\s+"([^"]+)"', file.read(), re.M)


def private_includes():
    """(file, included file) of core, both as paths; complains of what is no "room/file.h"."""
    for path in sources("core"):
        if path.startswith("core/include/"):
            if includes_of(path):
                fail(f"{path}: a public header includes a private one")
            continue
        for header in includes_of(path):
            target = "core/" + header
            if "/" not in header:
                fail(f'{path}: includes "{header}"; expected "room/file.h"')
            elif not os.path.exists(target):
                fail(f'{path}: includes "{header}", which is not in core')
            else:
                yield path, target


def allowed(room, target):
    own = target[len("core/"):]
    return room_of(target) == room or any(own == may or may == room_of(target) for may in ROOMS[room].split())


def circles(edges):
    """The strongly connected parts of more than one node (Tarjan)."""
    graph = collections.defaultdict(set)
    for a, b in edges:
        if a != b:
            graph[a].add(b)
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            part = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(part) > 1:
                found.append(sorted(part))

    sys.setrecursionlimit(10000)
    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def stem(path):
    """A source and its header are one file; a declaration that others define belongs to the header."""
    return re.sub(r"\.\w+$", "", path)


def check_includes():
    edges = list(private_includes())
    for path, target in edges:
        room = room_of(path)
        if room not in ROOMS:
            fail(f"{path}: '{room}' is not in the table of rooms")
        elif not allowed(room, target):
            fail(f"{path}: includes {target[5:]}; {room} may include {ROOMS[room] or 'no other room'}")
    for part in circles((stem(a), stem(b)) for a, b in edges):
        fail("files in a circle: " + ", ".join(part))
    for part in circles((room_of(a), room_of(b)) for a, b in edges if not b.endswith("dataset/manifest.h")):
        fail("rooms in a circle: " + ", ".join(part))
    return edges


def check_plugins():
    """Plugins include <inpaintlab/...> and libc; one of several files includes its own too."""
    for path in sources("plugins"):
        for header in includes_of(path):
            if path.count("/") < 3 or not os.path.exists(os.path.join(os.path.dirname(path), header)):
                fail(f'{path}: includes "{header}", which is not its own')


def strip(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)


def check_uses():
    texts = {path: open(path, encoding="utf-8").read() for path in sources("core", "plugins", "tools")}
    for what, pattern, where in ONLY:
        users = [path for path, text in texts.items() if re.search(pattern, text)]
        for path in users:
            if not any(path == place or (place.endswith("/") and path.startswith(place)) for place in where.split()):
                fail(f"{path}: only {where} may use {what}")
        if not users:
            fail(f"{what}: nobody uses it, so the rule checks nothing")
    for path, text in texts.items():
        if path.startswith("core/torch/kernels/"):
            for header in includes_of(path):
                if not header.startswith("torch/kernels/") and header != "base/score_bins.h":
                    fail(f"{path}: includes {header}; pixels know nothing of the rest")
        if not path.startswith(("core/cli/", "tools/")):
            for match in re.finditer(r"\b(?:_?exit|abort)\(", strip(text)):
                fail(f"{path}: {match.group()}) ends the process; the engine returns errors")


def check_types():
    """A type has one meaning, also where no file sees both."""
    where = collections.defaultdict(list)
    for path in sources("core"):
        if path.endswith(".h"):
            for name in re.findall(r"\} (il_\w+);", open(path, encoding="utf-8").read()):
                where[name].append(path)
    constants = collections.defaultdict(list)
    for path in sources("core"):
        if path.endswith(".h"):
            for body in re.findall(r"\benum\s*\w*\s*\{([^}]*)\}", strip(open(path, encoding="utf-8").read())):
                for item in body.split(","):
                    name = re.match(r"\s*(IL_\w+)", item)
                    if name:
                        constants[name.group(1)].append(path)
    for name, paths in {**where, **constants}.items():
        if len(paths) > 1:
            fail(f"{name}: is defined in {' and '.join(paths)}")


def check_sizes():
    for path in sources("core", "plugins", "tools"):
        lines = open(path, encoding="utf-8").read().split("\n")
        most = MOST_LINES_CPP if path.endswith(".cpp") else MOST_LINES
        if len(lines) - 1 > most:
            fail(f"{path}: {len(lines) - 1} lines, at most {most}")
        start = 0
        for number, line in enumerate(lines, 1):
            if line.startswith("{"):
                start = number
            elif line.startswith("}"):
                if start and number - start > MOST_LINES_FUNCTION:
                    fail(f"{path}:{start}: function of {number - start} lines, at most {MOST_LINES_FUNCTION}")
                start = 0


def check_tests():
    """tests/<room>/test_<file>.c stands beside a room that exists."""
    for path in sources("tests"):
        match = re.match(r"tests/([\w/]+)/test_(\w+)\.c$", path)
        if match and match.group(1).split("/")[0] not in {*ROOMS, "plugins"}:
            fail(f"{path}: tests/{match.group(1)} is not a room")


def print_graph(edges):
    count = collections.Counter((room_of(a), room_of(b)) for a, b in edges)
    for room in ROOMS:
        to = [f"{other} ({n})" for (a, other), n in sorted(count.items()) if a == room and other != room]
        print(f"{room:10} -> {', '.join(to) or '-'}")


def main():
    os.chdir(sys.argv[1])
    edges = check_includes()
    if "--graph" in sys.argv:
        print_graph(edges)
        return 0
    check_plugins()
    check_uses()
    check_types()
    check_sizes()
    check_tests()
    if not failures:
        print(f"layering: all rules hold ({len(edges)} includes in {len(ROOMS)} rooms)")
    return failures != []


if __name__ == "__main__":
    sys.exit(main())
