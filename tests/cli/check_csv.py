#!/usr/bin/env python3
"""check_csv.py FOLDER FILE.csv... - the same cells as in FOLDER's files of these names, but that numbers may differ by 1e-4. Prints
what differs."""
import csv
import os
import sys


def same(a, b):
    try:
        return a == b or abs(float(a) - float(b)) <= 1.0001e-4
    except ValueError:
        return False


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


for name in sys.argv[2:]:
    wanted, got = read(os.path.join(sys.argv[1], name)), read(name)
    if len(wanted) != len(got):
        print(f"{name}: {len(got)} rows, expected {len(wanted)}")
    for w, g in zip(wanted, got):
        if len(w) != len(g) or not all(map(same, w, g)):
            print(f"{name}: {g}, expected {w}")
