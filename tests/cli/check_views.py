#!/usr/bin/env python3
"""check_views.py DATABASE - Python's sqlite3, which has none of our functions, reads every view of two cells."""
import sqlite3
import sys

db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
views = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")]
rows = {view: db.execute(f"SELECT * FROM {view}").fetchall() for view in views}
counts = {view: len(r) for view, r in rows.items()}
assert len(views) >= 16 and {"cells", "metrics", "published_cells", "robustness", "varied"} <= set(views), views
assert counts["cells"] == 2 and counts["metrics"] == 40 and counts["published_cells"] >= 60, counts
