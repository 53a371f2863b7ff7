# train ARGUMENT...: on one thread, so that the bits are those of any other process
train() { inpaintlab run -q --threads 1 --loader-threads 1 --device cpu "$@"; }

# alike DATABASE DATABASE: what differs in their rows, by what numbers stand for; times, hosts and the cache of hashes are left out
alike() {
  python3 - "$@" <<'END'
import os, re, sys
sys.path.insert(0, os.environ["SOURCE"] + "/tests/torture")
from compare import contents
ours, theirs = (contents(path, True) for path in sys.argv[1:])
for table in sorted(set(ours) | set(theirs)):
    plain = [{re.sub(r"'weights_path': '[^']*/runs/", "", row) for row in side.get(table, ())} for side in (ours, theirs)]
    if table != "files" and plain[0] != plain[1]:
        print(table, "differs:", *[row[:500] for row in sorted(plain[0] ^ plain[1])[:2]])
END
}

# dump DATABASE: a digest of all that it holds
dump() { python3 -c 'import sqlite3, sys, hashlib; print(hashlib.sha256("\n".join(sqlite3.connect(sys.argv[1]).iterdump()).encode()).hexdigest())' "$1"; }

# change DATABASE SQL: without the trigger that takes the tests of changed weights away
change() {
  python3 - "$@" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
trigger, = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'runs_new_weights'").fetchone()
db.execute("DROP TRIGGER runs_new_weights")
db.executescript(sys.argv[2])
db.execute(trigger)
db.commit()
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
END
}

# round_otherwise FOLDER: as if the weights of its run had come out otherwise, on another processor
round_otherwise() {
  file=$(echo "$1"/runs/*/weights.safetensors)
  python3 -c 'import sys; d = bytearray(open(sys.argv[1], "rb").read()); d[-4] ^= 1; open(sys.argv[1], "wb").write(d)' "$file"
  change "$1/shard.sqlite" "UPDATE runs SET weights_sha256 = '$(sha256sum "$file" | cut -c 1-64)'"
}

# hashes: of run 1 of a database, without the digits that are not in paths
hash_of() { rows "$1" "SELECT substr(hash, 1, 16) FROM runs LIMIT 1"; }
