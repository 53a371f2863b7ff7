#!/usr/bin/env bash
# Data sets as a user makes them: built, killed at random moments and gone on with, checked, shown, trained on.
# Usage: dataset.sh PROGRAM SOURCE_DIR TEST_DATA [KILLS]
set -u
program=$(realpath "$1") source=$2 data=$(realpath "$3") kills=${4:-6}
work=$(mktemp -d /tmp/inpaintlab-dataset-XXXXXX)
export XDG_CACHE_HOME=$work/cache
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

mkdir "$work/photos"
for n in 01 05 09 13 17 21; do cp "$source/experiments/quickstart/photos/$n.png" "$work/photos/"; done
cat > "$work/recipe.yaml" <<END
recipe: kodak
photos: {root: $work/photos, size: 128, fit: tiles, order: name}
splits: {train: 3, validation: 1, test: 2}
maskers: [{name: rectangle, least: 32}, {name: rectangle, least: 48}]
inpaint: {name: small, weights: $data/generator-nearest.safetensors}
batch: 2
END
cd "$work" || exit 1
export OMP_NUM_THREADS=1

"$program" dataset build recipe.yaml -o whole -q || fail "build"
[ "$(wc -l < whole/manifest.jsonl)" -eq 144 ] || fail "expected 144 samples"

# ---- killed at random moments ----
killed=0
for i in $(seq "$kills"); do
  "$program" dataset build recipe.yaml -o cut -q --threads $((1 + i % 3)) & pid=$!
  sleep "0.$((RANDOM % 9 + 1))"
  if kill -9 $pid 2> /dev/null; then killed=$((killed + 1)); fi
  wait $pid 2> /dev/null
done
"$program" dataset build recipe.yaml -o cut -q || fail "build after $killed kills"
diff -r whole cut || fail "the build that was killed differs"
echo "killed $killed times: the same bytes"
[ "$killed" -gt 0 ] || fail "nothing was killed"

# ---- checked ----
"$program" dataset check whole > check.txt || { cat check.txt; fail "check of a good data set"; }
cp -r whole broken
printf 'x' >> broken/train/01-0.realfake.webp
rm broken/test/17-3.mask.webp
"$program" dataset check broken > broken.txt && fail "check passed a broken data set"
grep -q '01-0' broken.txt || fail "check does not name the changed file"
grep -q '17-3' broken.txt || fail "check does not name the missing mask"

# ---- shown ----
"$program" dataset preview whole -o page.html --count 4 || fail "preview"
[ "$(grep -o '<img' page.html | wc -l)" -ge 20 ] || fail "the page shows too few pictures"

# ---- trained on: as stored, and made on the fly ----
cat > grid.yaml <<END
experiment: made
base:
  dataset: {name: dataset2, root: whole, label: stored}
  model: {name: unet, fine: 4, coarse: 4}
  loss: bce
  train: {on: realfake, epochs: 1, batch: 8, size: 128, crop: 64}
  test: [realfake, fakefake]
include:
  - {dataset: {name: fakes, recipe: recipe.yaml, label: fly}, train.on: fakefake}
END
"$program" run grid.yaml --db r.sqlite -q > run.txt || { cat run.txt; fail "run"; }
cells=$("$program" sql --db r.sqlite "SELECT count(*) FROM cells WHERE iou IS NOT NULL" --format csv | tail -1 | tr -d '\r')
[ "$cells" = 4 ] || fail "expected 4 cells, found $cells"
"$program" run grid.yaml --db r.sqlite -q | grep -q '2 already done' || fail "the runs are not known as done"

# ---- queried: measurements beside where the pictures come from ----
"$program" sql --db r.sqlite --data whole --format csv \
  "SELECT s.masker, count(*) FROM images i JOIN samples s ON s.id = i.id AND s.split = 'test' GROUP BY 1" > query.txt ||
  fail "sql --data"
grep -q '^rectangle,' query.txt || { cat query.txt; fail "the query joins nothing"; }

[ "$failures" -eq 0 ] && echo "data sets: all as expected"
exit $((failures > 0))
