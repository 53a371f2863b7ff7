#!/usr/bin/env python3
"""same_rows.py DATABASE DATABASE - whether two databases hold the same rows: all but times and hosts, with numbers of rows as what
they stand for, and weights of the same bytes. Prints the first differences; exit status 1 where there are any."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "torture"))
import compare  # noqa: E402

# Nothing measured: where files lie, and a cache of their hashes.
compare.NOT_COMPARED["runs"] |= {"weights_path"}
compare.NOT_COMPARED["files"] = {"path", "size", "mtime_ns", "sha256", "width", "height", "levels"}


def main():
    first, second = sys.argv[1:]
    found = compare.compare_databases("rows", first, second, True)
    print("\n".join(found) or "the same rows")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
