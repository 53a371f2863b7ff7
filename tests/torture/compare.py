"""What two folders differ in: names, bytes of files, rows of databases."""
import hashlib
import sqlite3
from pathlib import Path

# Columns that may differ between two undisturbed runs: when, how long, where.
NOT_COMPARED = {
    "experiments": {"created_at", "updated_at"},
    "runs": {"created_at", "started_at", "ended_at", "seconds", "host", "processor", "git_revision", "failures"},
    "epochs": {"seconds", "images_per_second"},
    "tests": {"seconds", "finished_at"},
    "splits": {"seen_at"},
}
# Numbers that depend on who came first, for several runners: what they stand for is compared instead.
STANDS_FOR = {
    "experiments": "name",
    "runs": "hash",
    "tests": "(SELECT hash FROM runs WHERE id = tests.run) || ' ' || dataset || ' ' || images || ' ' || split || ' ' || digest"
             " || ' ' || batch || ' ' || ifnull(degradation, '') || ' ' || ifnull(level, '')",
}


def is_database(path):
    with open(path, "rb") as file:
        return file.read(15) == b"SQLite format 3"


def expressions(db, table, by_meaning):
    """The columns of a table that are compared, with `by_meaning` numbers of rows as what they stand for."""
    links = {}
    for row in db.execute(f"PRAGMA foreign_key_list('{table}')"):
        if row[2] in STANDS_FOR and row[3] in ("experiment", "run", "test"):
            links[row[3]] = row[2]
    if table in ("scores", "examples"):  # they refer to a picture of a test
        links["test"] = "tests"
    chosen = []
    for _, name, _, _, _, key in db.execute(f"PRAGMA table_info('{table}')"):
        if name in NOT_COMPARED.get(table, ()) or (by_meaning and key and name == "id" and (table in STANDS_FOR
                                                                                          or table == "experiment_cells")):
            continue
        if by_meaning and name in links:
            chosen.append((name, f"(SELECT {STANDS_FOR[links[name]]} FROM {links[name]} WHERE id = t.\"{name}\")"))
        else:
            chosen.append((name, f't."{name}"'))
    return chosen


def plain(value):
    return f"{len(value)} bytes, {hashlib.sha256(value).hexdigest()[:16]}" if isinstance(value, bytes) else value


def contents(path, by_meaning):
    """{table: {row as text}} of a database, with its schema and its complaints about itself."""
    logged = Path(f"{path}-wal").exists()
    db = sqlite3.connect(f"file:{path}?mode=ro{'' if logged else '&immutable=1'}", uri=True)  # immutable: leaves no files
    try:
        tables = {"the schema": set(map(repr, db.execute("SELECT type, name, sql FROM sqlite_schema"))),
                  "PRAGMA user_version": set(map(repr, db.execute("PRAGMA user_version"))),
                  "PRAGMA integrity_check": set(map(repr, db.execute("PRAGMA integrity_check"))),
                  "PRAGMA foreign_key_check": set(map(repr, db.execute("PRAGMA foreign_key_check")))}
        for table, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            columns = expressions(db, table, by_meaning)
            query = f"SELECT {', '.join(what for _, what in columns)} FROM \"{table}\" t"
            names = [name for name, _ in columns]
            tables[table] = {repr(dict(zip(names, map(plain, row)))) for row in db.execute(query)}
        return tables
    finally:
        db.close()


def shorten(text):
    return text if len(text) <= 300 else text[:300] + "..."


def compare_databases(name, ours, theirs, by_meaning):
    try:
        ours, theirs = contents(ours, by_meaning), contents(theirs, by_meaning)
    except sqlite3.Error as error:
        return [f"{name}: {error}"]
    found = []
    for table in sorted(set(ours) | set(theirs)):
        more, less = ours.get(table, set()) - theirs.get(table, set()), theirs.get(table, set()) - ours.get(table, set())
        if more or less:
            found.append(f"{name}: {table}: {len(less)} rows missing, {len(more)} not expected")
            found += [shorten(f"    missing: {row}") for row in sorted(less)[:2]]
            found += [shorten(f"    not expected: {row}") for row in sorted(more)[:2]]
    return found


def names(folder):
    return {str(p.relative_to(folder)) + ("/" if p.is_dir() else "") for p in Path(folder).rglob("*")}


def close_databases(folder):
    """Takes in the logs of databases that could not be closed well, as any program does that opens them next."""
    for log in [*Path(folder).rglob("*-wal"), *Path(folder).rglob("*-shm")]:
        db = sqlite3.connect(str(log)[:-4])
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        db.close()


def compare_folders(ours, theirs, by_meaning=False):
    """What is wrong with `ours`, a line each."""
    ours, theirs = Path(ours), Path(theirs)
    here, there = names(ours), names(theirs)
    found = [f"{name}: is missing" for name in sorted(there - here)]
    for name in sorted(n for n in here & there if not n.endswith("/")):
        if is_database(theirs / name) and is_database(ours / name):
            found += compare_databases(name, ours / name, theirs / name, by_meaning)
        elif (ours / name).read_bytes() != (theirs / name).read_bytes():
            found.append(f"{name}: other bytes")
    return found + [f"{name}: was left behind" for name in sorted(here - there)]
