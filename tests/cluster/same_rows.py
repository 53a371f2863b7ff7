#!/usr/bin/env python3
"""same_rows.py DATABASE DATABASE - whether two databases hold the same rows: all but times and hosts, with numbers of rows as what
they stand for, and weights of the same bytes. Prints the first differences; exit status 1 where there are any."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "torture"))
import compare  # noqa: E402

compare.NOT_COMPARED["runs"] |= {"weights_path"}
all_contents = compare.contents


def contents(path, by_meaning):
    """Without the cache of what is known of files, which is not merged."""
    tables = all_contents(path, by_meaning)
    del tables["files"]
    return tables


def main():
    compare.contents = contents
    first, second = sys.argv[1:]
    found = compare.compare_databases("rows", first, second, True)
    print("\n".join(found) or "the same rows")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
