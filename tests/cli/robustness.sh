#!/usr/bin/env bash
# robustness.sh PROGRAM SOURCE_DIR TEST_DATA - tests on degraded pictures as a user meets them: planned, run once, never
# trained for, the same whatever the threads, reported and compared.
set -u
program=$(realpath "$1") source=$(realpath "$2") data=$(realpath "$3")
work=$(mktemp -d /tmp/inpaintlab-robustness-XXXXXX)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
# is WANTED GOT WHAT
is() { [ "$1" = "$2" ] || fail "$3: expected '$1', got '$2'"; }
export OMP_NUM_THREADS=1 LC_ALL=C

mkdir "$work/photos"
for n in 01 05 09; do cp "$source/experiments/quickstart/photos/$n.png" "$work/photos/"; done
cd "$work" || exit 1
cat > recipe.yaml <<END
recipe: kodak
photos: {root: $work/photos, size: 128, fit: tiles, order: name}
splits: {train: 1, validation: 1, test: 1}
maskers: {name: rectangle, least: 32}
inpaint: {name: small, weights: $data/generator-nearest.safetensors}
END
"$program" dataset build recipe.yaml -o made -q || fail "build"

grid() { # NAME DEGRADE
  cat > "$1.yaml" <<END
experiment: $1
base:
  dataset: {name: dataset2, root: made}
  model: {name: unet, fine: 4, coarse: 4}
  loss: bce
  train: {on: fakefake, epochs: 1, batch: 8, size: 128, crop: 64}
  test: [fakefake]
$2
END
}
sql() { "$program" sql --db "${db:-r.sqlite}" --format csv "$1" | tail -n +2 | tr -d '\r'; }
counts="SELECT t.degradation, t.level, i.id, i.tp, i.fp, i.fn, i.tn FROM images i JOIN tests t ON t.id = i.test ORDER BY 1, 2, 3"

# ---- nothing is trained for degraded pictures, and each level is tested once ----
grid plain ""
"$program" run plain.yaml --db r.sqlite -q --device cpu >out 2>&1 || { cat out; fail "run plain"; }
grid hard "  degrade: [{name: jpeg, levels: [90, 30]}, {name: noise, levels: [8]}, {name: crop, levels: [0.5]}]"
"$program" plan hard.yaml --db r.sqlite > out || fail "plan hard"
grep -q 'trained; 4 of 5 tests are left' out || fail "plan: $(cat out)"
grep -q '^    done       tested on dataset2 fakefake (test)$' out || fail "the undegraded test is done: $(cat out)"
grep -q '^    to test    tested on dataset2 fakefake (test), jpeg 30$' out || fail "a level is to be tested: $(cat out)"
"$program" run hard.yaml --db r.sqlite --device cpu --loader-threads 4 >out 2>&1 || { cat out; fail "run hard"; }
grep -q '0 trained, 4 cells measured' out || fail "run: $(tail -1 out)"
"$program" run hard.yaml --db r.sqlite --device cpu >out 2>&1
grep -q '0 trained, 0 cells measured' out || fail "run again: $(tail -1 out)"
grid harder "  degrade: [{name: jpeg, levels: [90, 30, 10]}]"
"$program" run harder.yaml --db r.sqlite --device cpu >out 2>&1 || { cat out; fail "run harder"; }
grep -q '0 trained, 1 cells measured' out || grep -q '0 trained, 1 cell measured' out || fail "one more level: $(tail -1 out)"
is 1 "$(sql 'SELECT count(*) FROM runs')" "runs"
is 6 "$(sql 'SELECT count(*) FROM tests')" "tests"
is 5 "$(sql 'SELECT count(DISTINCT hex(s.tampered || s.clean)) FROM scores s JOIN tests t ON t.id = s.test WHERE t.id <= 5 AND s.id = (SELECT MIN(id) FROM scores)')" "other pictures, other scores"

# ---- the same counts with one thread, in a database of its own ----
"$program" run hard.yaml --db one.sqlite -q --device cpu --loader-threads 1 >out 2>&1 || { cat out; fail "run with one thread"; }
db=one.sqlite sql "$counts" > one
sql "$counts" | grep -v '^jpeg,10' > four
cmp one four || fail "threads change the degraded pictures"
[ "$(wc -l < one)" -ge 100 ] || fail "only $(wc -l < one) rows"

# ---- splits are counted once, published figures stay apart ----
is "1" "$(sql "SELECT count(*) FROM splits WHERE split = 'test'")" "splits"

# ---- report ----
"$program" report --db r.sqlite --experiment hard > out
grep -q '90' out && fail "report shows levels unasked: $(cat out)"
"$program" report --db r.sqlite --experiment hard --robustness > out || fail "report --robustness"
is 3 "$(grep -c 'degraded by' out)" "tables"
grep -q 'degraded by jpeg, a column for each' out || fail "heading: $(cat out)"
grep -Eq '^trained on +none +90 +30$' out || fail "columns: $(cat out)"
iou=$(sql "SELECT printf('%.3f', iou) FROM robustness WHERE experiment = 'hard' AND degradation = 'noise'")
grep -Eq "^fakefake +0\.[0-9]+ +$iou$" out || fail "noise $iou: $(cat out)"
"$program" report --db r.sqlite --robustness --format md | grep -q '^|' || fail "md"
"$program" report --db r.sqlite --robustness --format latex | grep -q '\\begin{tabular}' || fail "latex"
is 10 "$("$program" report --db r.sqlite --robustness --format csv | grep -c '^[a-z]*,unet')" "csv"
"$program" report --db r.sqlite --robustness --format json --experiment harder | grep -q '"degradation": *"jpeg"' || fail "json"
is "nothing tested on degraded pictures yet" "$("$program" report --db r.sqlite --robustness --experiment plain)" "plain"
"$program" report --db r.sqlite --robustness --table 3 2> err; is 2 $? "status"
grep -q 'report: --table and --robustness do not go together' err || fail "$(cat err)"

# ---- compare: levels have names of their own ----
"$program" compare --db r.sqlite 'hard/dataset2/fakefake' 'hard/dataset2/fakefake/jpeg 30' > out || fail "compare"
grep -q 'hard/dataset2/fakefake/jpeg 30' out || fail "compare: $(cat out)"
grep -q 'one was tested on dataset2 fakefake test, the other on dataset2 fakefake test, jpeg 30' out || fail "note: $(cat out)"

# ---- wrong input ----
grid wrong "  degrade: [jpg]"
"$program" plan wrong.yaml --db r.sqlite 2> err; is 1 $? "status of a wrong grid"
is "inpaintlab: wrong.yaml:8:13: degrade: 'jpg' is no degradation; did you mean 'jpeg'?" "$(cat err)" "wrong kind"

[ "$failures" -eq 0 ] && echo "robustness: all is well"
exit $((failures > 0))
