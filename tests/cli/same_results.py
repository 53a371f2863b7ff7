#!/usr/bin/env python3
"""same_results.py FOLDER FOLDER - whether two folders with results.sqlite hold the same: every row of every table, apart from
times, and every other file, byte by byte. Prints the first differences; exit status 1 where there are any."""
import hashlib
import pathlib
import sqlite3
import sys

TIMES = {"seconds", "images_per_second", "mtime_ns"}  # and all that end in _at


def rows_of(folder):
    database = sqlite3.connect(f"file:{folder / 'results.sqlite'}?mode=ro", uri=True)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    tables = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    rows = {}
    for (table,) in tables.fetchall():
        columns = [c[1] for c in database.execute(f"PRAGMA table_info({table})")]
        kept = [c for c in columns if c not in TIMES and not c.endswith("_at")]
        found = database.execute(f"SELECT {', '.join(kept)} FROM {table}").fetchall()
        place = str(folder) + "/"
        lines = (" ".join(f"{c}={v!r}" for c, v in zip(kept, row)).replace(place, "") for row in found)
        rows[table] = sorted(lines)
    database.close()
    return rows


def files_of(folder):
    files = (f for f in folder.rglob("*") if f.is_file() and not f.name.startswith("results.sqlite"))
    return sorted(f"{f.relative_to(folder)} {hashlib.sha256(f.read_bytes()).hexdigest()}" for f in files)


def all_of(folder):
    return {**rows_of(folder), "files": files_of(folder)}


def main():
    first, second = (all_of(pathlib.Path(folder)) for folder in sys.argv[1:])
    different = False
    for table in sorted(first.keys() | second.keys()):
        a, b = set(first.get(table, [])), set(second.get(table, []))
        if len(first.get(table, [])) == len(second.get(table, [])) and a == b:
            continue
        different = True
        for mark, lines in (("-", a - b), ("+", b - a)):
            for line in sorted(lines)[:3]:
                print(f"{table}: {mark} {line[:600]}")
    if not different:
        print(f"{sum(map(len, first.values()))} rows and files of {len(first)} kinds are the same")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
