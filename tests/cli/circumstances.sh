#!/usr/bin/env bash
# circumstances.sh PROGRAM SOURCE_DIR - what goes wrong around the program: streams that are closed or full, names that
# hold line breaks, grids without end. Each ends with a nonzero status and one line that says why.
set -u
program=$(realpath "$1") source=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export LC_ALL=C
failures=0
fail() { echo "$*"; failures=$((failures + 1)); }

# expect STATUS PATTERN [full|closed] COMMAND… : exit status, and stderr as a single line that fits; standard output may be
# full or closed.
expect() {
  local status=$1 pattern=$2; shift 2
  case $1 in
    full) shift; timeout 300 "$@" 2>err.txt >/dev/full ;;
    closed) shift; timeout 300 "$@" 2>err.txt >&- ;;
    *) timeout 300 "$@" 2>err.txt ;;
  esac
  local got=$?
  [ $got -eq "$status" ] || fail "$*: status $got, expected $status: $(cat err.txt)"
  [ "$(wc -l < err.txt)" -eq 1 ] || fail "$*: expected one line: $(cat err.txt)"
  grep -q -- "$pattern" err.txt || fail "$*: expected '$pattern': $(cat err.txt)"
}

photos=$source/experiments/quickstart/photos
for split in train validation test; do
  mkdir -p data/$split
  cp "$photos/01.png" data/$split/01.realfake.png
  cp "$photos/05.png" data/$split/01.mask.png
done
cat > good.yaml <<'END'
experiment: good
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 4, coarse: 4}
  mask_policy: {name: threshold, level: 100}
  loss: bce
  train: {on: realfake, epochs: 1, batch: 1, size: 64, lr: 0.01}
  test: [realfake]
END

# ---- standard streams ----
for how in full closed; do
  expect 1 "standard output cannot be written" $how "$program" help
  expect 1 "standard output cannot be written" $how "$program" --version
  expect 1 "standard output cannot be written" $how "$program" plan --help
  expect 1 "standard output cannot be written" $how "$program" plugins
  expect 1 "standard output cannot be written" $how "$program" sql --functions
  expect 1 "standard output cannot be written" $how "$program" plan good.yaml
  expect 1 "standard output cannot be written" $how "$program" run -q --device cpu --db $how.sqlite good.yaml
  expect 1 "standard output cannot be written" $how "$program" weights --db $how.sqlite 1
  expect 1 "standard output: cannot be written" $how "$program" report --db $how.sqlite
  expect 2 "standard output cannot be written" $how "$program" detect -q --device cpu --db $how.sqlite data/test/01.realfake.png
done
{ "$program" run --device cpu --db blind.sqlite good.yaml >&- 2>&- <&-; }
[ $? -eq 1 ] || fail "all streams closed: no failure"
cmp -s <("$program" sql --db blind.sqlite "SELECT weights_sha256 FROM runs") \
  <("$program" sql --db full.sqlite "SELECT weights_sha256 FROM runs") || fail "all streams closed: other weights"

# ---- names that hold anything ----
odd=$'a b\'"\n<x>&\xc3\xa9%$_#{}\\,;|*?[q]\x1b[31m'
expect 1 "a b'\"  *<x>.*cannot be opened: No such file" "$program" plan "$odd.yaml"
mkdir "$odd"
cp -r data "$odd/data"
"$program" run -q --device cpu --db "$odd/r.sqlite" --set "dataset={name: dataset1, root: \"a b'\\\"\\n<x>&\\xe9%\$_#{}\\\\,;|*?[q]\\e[31m/data\"}" \
  good.yaml >/dev/null || fail "an odd folder cannot be trained on"
"$program" report --db "$odd/r.sqlite" --format html -o "$odd/page.html" || fail "no report in an odd folder"
"$program" detect -q --device cpu --db "$odd/r.sqlite" "$odd/data/test/01.realfake.png" -o "$odd/out" > out.txt 2>&1
[ $? -le 1 ] || fail "nothing detected in an odd folder: $(cat out.txt)"
[ "$(wc -l < out.txt)" -eq 1 ] || fail "detect: not one line for one picture: $(cat out.txt)"
grep -q $'\x1b' out.txt && fail "detect: an escape sequence goes to the terminal"

# ---- grids without end ----
{ cat good.yaml; echo "include:"; for i in {1..10001}; do echo "  - {seed: $i}"; done; } > includes.yaml
expect 1 "includes.yaml:10010:5: 'include' has more than 10000 entries" "$program" plan includes.yaml
{ cat good.yaml; echo "axes: {seed: [1, 2]}"; echo "include:"; for i in {3..10001}; do echo "  - {seed: $i}"; done; } > runs.yaml
expect 1 "runs.yaml:10009:5: 'include' makes more than 10000 runs" "$program" plan runs.yaml
levels=$(seq -s ', ' 0.5 0.5 100)
{ sed '/test:/d' good.yaml; echo "  degrade: [{name: noise, levels: [$levels]}]"; echo "axes: {seed: [$(seq -s ', ' 2000)]}"; } > cells.yaml
expect 1 "cells.yaml:.*more than 200000 cells: 2000 runs, tested on 201 sets of pictures each" "$program" plan cells.yaml
{ sed '/test:/d' good.yaml; echo "  degrade: [{name: noise, levels: [$levels]}]"
  echo "  test: [$(for i in {1..50}; do echo "{split: s$i}, "; done) {split: test}]"; } > tests.yaml
expect 1 "tests.yaml:.*a run is tested more than 10000 times" "$program" plan tests.yaml

echo "$failures failures"
[ $failures -eq 0 ]
