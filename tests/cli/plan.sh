#!/usr/bin/env bash
# plan.sh PROGRAM SOURCE_DIR - what `plan` says of a grid beside the published tables and of what is missing; that results with
# --set and without are kept beside each other; and that missing data are no failure in the report.
set -u
program=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() { echo "$*"; failures=$((failures + 1)); }
export OMP_NUM_THREADS=1

grid() { # FILE LABEL ROOT KINDS
  cat >"$1" <<END
experiment: ${1%.yaml}
published: 3
base:
  dataset: {name: dataset1, root: $3}
  model: {name: unet, fine: 4, coarse: 4, label: $2}
  loss: bce
  train: {on: realfake, epochs: 1, batch: 2, size: 64}
  test: [$4]
END
}
# ends STATUS WORDS COMMAND…: its exit status, and words of what it prints.
ends() {
  local status=$1 words=$2 got ended
  shift 2
  got=$("$program" "$@" 2>&1)
  ended=$?
  [ $ended -eq "$status" ] || fail "$*: status $ended, expected $status: $got"
  [[ $got == *"$words"* ]] || fail "$*: '$got' lacks '$words'"
}
sql() { "$program" sql --db r.sqlite --format csv "$1" | tail -n +2 | tr -d '\r'; }
is() { [ "$(sql "$1")" = "$2" ] || fail "$1: '$(sql "$1")', expected '$2'"; }

# ---- what is missing ----
grid table.yaml fcn data 'realfake, fakefake'
"$program" plan --db r.sqlite table.yaml >out.txt 2>&1
[ $? -eq 1 ] || fail "plan of missing data: $(cat out.txt)"
[ "$(grep -c 'data: No such file' out.txt)" = 1 ] || fail "a missing folder is not told once: $(cat out.txt)"
grep -q "^missing, for 1 run and 2 tests: data set 'dataset1': data: No such file" out.txt || fail "$(cat out.txt)"
grep -q 'README.md tells' out.txt || fail "nothing is said of what to do: $(cat out.txt)"
"$program" run -q --db r.sqlite table.yaml >out.txt 2>&1 && fail "run without data: status 0"
is "SELECT DISTINCT status FROM cells" 'no data'
ends 0 'realfake    realfake        no data' report --db r.sqlite --table 3
"$program" report --db r.sqlite --format html | grep -q 'no data</strong>: <code>table</code>' || fail "the page does not tell that data are missing"

# ---- beside the paper ----
for split in train validation test; do
  mkdir -p data/$split
  for i in 1 2; do
    for kind in realfake fakefake mask; do
      cp "$source/experiments/quickstart/photos/0$i.png" data/$split/p$i.$kind.png
    done
  done
done
ends 0 'to run     table  [' plan --db r.sqlite table.yaml # no stale one: the earlier run never had its data
ends 0 'beside table 3 of the paper: 2 of 2 cells' plan table.yaml
ends 0 'not as in the paper, 1 of 1 runs: model unet (paper: fcn), train.weights none (paper: 1167a1af), loss bce (paper: focal), train.batch 2 (paper: 8), train.epochs 1 (paper: 100), train.size 64 (paper: 512)' plan table.yaml
ends 0 'pictures of dataset1, realfake: train 2 (table 1: 9000), validation 2 (table 1: 500), test 2 (table 1: 500)' plan table.yaml
grid judged.yaml fcn data 'realfake, {images: fakefake, mask_policy: any}' # another truth than the paper's column
ends 0 'beside table 3 of the paper: 1 of 2 cells' plan judged.yaml
ends 0 'test_batch 4 (paper: 8)' plan --set test_batch=4 table.yaml
grid mine.yaml mymodel data realfake
ends 0 'warning: no cell stands beside table 3 of the paper' plan mine.yaml
ends 0 'dataset1 mymodel full realfake realfake' plan mine.yaml
sed -i '/^published/d' mine.yaml
"$program" plan mine.yaml | grep -q paper && fail "a grid without 'published' is compared with the paper"

# ---- with --set and without ----
"$program" run -q --db r.sqlite table.yaml >out.txt 2>&1 || fail "run: $(cat out.txt)"
is "SELECT COUNT(*) FROM runs" 1 # the one without data is gone
hash=$(sql "SELECT hash FROM runs")
"$program" run -q --db r.sqlite --set train.as_published=true table.yaml >out.txt 2>&1 || fail "run --set: $(cat out.txt)"
"$program" run -q --db r.sqlite --set mask_policy=any table.yaml >out.txt 2>&1 || fail "run --set: $(cat out.txt)"
is "SELECT run || ' ' || mask_policy || ' ' || tested_weights FROM cells WHERE tested_on = 'realfake'" \
'table full best
"table,train.as_published=true full last"
"table,mask_policy=any any best"'
is "SELECT hash = '$hash' FROM runs WHERE name = 'table'" 1
ends 0 'done       table,mask_policy=any  [' plan --db r.sqlite --set mask_policy=any table.yaml
ends 0 'done       table  [' plan --db r.sqlite --set mask_policy=full table.yaml # as the grid has it: no other name
ends 0 'done       table  [' plan --db r.sqlite --set dataset.root=./data/ table.yaml
ends 0 'Remark 1, not as in the paper:' report --db r.sqlite --table 3

[ "$failures" -eq 0 ] && echo "plan: all as expected"
exit $((failures > 0))
