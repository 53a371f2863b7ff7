#!/usr/bin/env bash
# sql.sh INPAINTLAB BUILD_DIR SOURCE_DIR OPEN_DATABASE - the SQL functions in the program and, loaded, in the plain sqlite3 shell;
# the views in programs without them; `compare` from the command line. Status 77 without sqlite3.
set -u
inpaintlab=$1 extension=$2/inpaintlab_sql
command -v sqlite3 >/dev/null || { echo "skipped: no sqlite3 shell"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() { echo "$*"; failures=$((failures + 1)); }

# is WANTED COMMAND…: what it prints, both streams.
is() {
  local wanted=$1 got
  shift
  got=$("$@" 2>&1)
  [ "$got" = "$wanted" ] || fail "$*: '$got', expected '$wanted'"
}
# ends STATUS WORDS COMMAND…: its exit status, and words of its message.
ends() {
  local status=$1 words=$2 got
  shift 2
  got=$("$@" 2>&1)
  local ended=$?
  [ $ended -eq "$status" ] || fail "$*: status $ended, expected $status"
  [[ $got == *"$words"* ]] || fail "$*: '$got' lacks '$words'"
}
shell() { sqlite3 "$1" ".load $extension" "$2"; }

is '0.25|2.0' shell :memory: "SELECT il_iou(1, 1, 2), il_median(value) FROM json_each('[1, 2, 5]')"
is '1' shell :memory: "SELECT il_iou(0, 0, 0) IS NULL"
ends 1 'il_auc: the histogram is damaged' shell :memory: "SELECT il_auc(zeroblob(256), zeroblob(3))"
ends 1 'il_f1: tp is text; expected a number' shell :memory: "SELECT il_f1('a', 1, 1)"

# A database of the program's own making: two tests of two pictures. Its schema is what the program knows.
shell results.sqlite "SELECT 1" >/dev/null
migrations=("$3"/schema/results.sql "$3"/schema/results-[0-9]*.sql)
for schema in "${migrations[@]}"; do sqlite3 results.sqlite <"$schema" || fail "$schema"; done
sqlite3 results.sqlite <<END || fail "the results are not taken"
PRAGMA application_id = 1229742434;
PRAGMA user_version = ${#migrations[@]};
INSERT INTO experiments (id, name) VALUES (1, 'x');
INSERT INTO runs (id, hash, name, config, seed, model, dataset, mask_policy, loss, trained_on, status, started_at)
  VALUES (1, 'h1', 'one', '{}', 1, 'fcn', 'd', 'full', 'bce', 'realfake', 'done', 'now'),
         (2, 'h2', 'two', '{}', 2, 'fcn', 'd', 'full', 'bce', 'realfake', 'done', 'now');
INSERT INTO tests SELECT id, id, 'd', 'realfake', 'test', 'x', 2, 'done', NULL, 1, 0, 'now', NULL, NULL, NULL FROM runs;
INSERT INTO images VALUES (1, 'a', 0, 1, 1, 2, 252), (1, 'b', 0, 3, 1, 0, 252), (2, 'a', 0, 2, 1, 1, 252), (2, 'b', 0, 4, 0, 0, 252);
INSERT INTO experiment_cells SELECT id, 1, name, id, id, 'fcn', 'd', 'full', 'bce', 'realfake', 'd', 'realfake', 'test', NULL, NULL, NULL FROM runs;
END
"$4" results.sqlite || fail "the database cannot be opened"
query="SELECT convention, metric, value FROM metrics WHERE cell = 1 AND convention <> 'image level' AND value IS NOT NULL"
"$inpaintlab" sql --format csv --db results.sqlite "$query" | tail -n +2 | tr -d '\r' >ours
sqlite3 -csv results.sqlite "$query" | tr -d '\r"' >theirs
[ "$(wc -l <ours)" -ge 10 ] || fail "the view metrics has $(wc -l <ours) values"
cmp ours theirs || fail "the program and the shell disagree"

# The values that the functions give on the pictures are those that are kept, and every view is plain SQLite.
query="SELECT AVG(COALESCE(il_f1(tp, fp, fn), 0.0)) = (SELECT value FROM metrics WHERE cell = 1 AND convention = 'IMDL-BenCo'
  AND metric = 'f1') FROM images WHERE test = 1"
is 1 shell results.sqlite "$query"
command -v python3 >/dev/null && { python3 - results.sqlite <<'END' || fail "Python's sqlite3 cannot read every view"; }
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
views = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")]
rows = {view: db.execute(f"SELECT * FROM {view}").fetchall() for view in views}
assert len(views) >= 16 and {"cells", "metrics", "published_cells", "robustness", "varied"} <= set(views), views
assert len(rows["cells"]) == 2 and len(rows["metrics"]) == 40 and len(rows["published_cells"]) >= 60, {v: len(r) for v, r in rows.items()}
END

ends 0 'il_wilcoxon_p(a, b)' "$inpaintlab" sql --functions
ends 0 'Spread over seeds' "$inpaintlab" compare 1 2 --db results.sqlite
ends 0 '1,2,2,0,0,-0.25,' "$inpaintlab" compare 'one/*' 'two/d/real*' --format csv --db results.sqlite
ends 0 '"pairs"' "$inpaintlab" compare 1 2 --metric mcc --format json --db results.sqlite
ends 0 'usage: inpaintlab compare' "$inpaintlab" compare --help
ends 1 '7: no measured cell is called so' "$inpaintlab" compare 1 7 --db results.sqlite
ends 1 'no such database' "$inpaintlab" compare 1 2 --db none.sqlite
ends 2 'expected cells' "$inpaintlab" compare --db results.sqlite
ends 2 "'iuo' is none of iou, f1, mcc, auc" "$inpaintlab" compare 1 2 --metric iuo
ends 2 "unknown option '--alpha'" "$inpaintlab" compare 1 2 --alpha

[ "$failures" -eq 0 ] && echo "sql: all as expected"
exit $((failures > 0))
