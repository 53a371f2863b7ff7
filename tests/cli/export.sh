#!/usr/bin/env bash
# export.sh PROGRAM SOURCE_DIR - `inpaintlab weights` and `inpaintlab export` on a small experiment of their own: what is
# written says what the database says; wrong input is refused and leaves nothing behind.
set -u
program=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() { echo "$*"; failures=$((failures + 1)); }
export OMP_NUM_THREADS=1

for split in train validation test; do
  mkdir -p data/$split
  for i in 1 2; do
    cp "$source/experiments/quickstart/photos/0$i.png" data/$split/p$i.realfake.png
    cp "$source/experiments/quickstart/photos/0$i.png" data/$split/p$i.mask.png
  done
done
grid() { # NAME SEEDS
  cat >"$1.yaml" <<END
experiment: $1
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 4, coarse: 4}
  loss: bce
  train: {on: realfake, epochs: 2, batch: 2, size: 64}
axes:
  seed: $2
END
  "$program" run -q --db r.sqlite "$1.yaml" || { echo "$1 cannot be run"; exit 1; }
}
grid one '[1, 2]'
grid two '[2, 3]'
sql() { "$program" sql --db r.sqlite --format csv "$1" | tail -n +2 | tr -d '\r'; }
# ends STATUS WORDS COMMAND…
ends() {
  local status=$1 words=$2 got ended
  shift 2
  got=$("$program" "$@" 2>&1)
  ended=$?
  [ $ended -eq "$status" ] || fail "$*: status $ended, expected $status: $got"
  [[ $got == *"$words"* ]] || fail "$*: '$got' lacks '$words'"
}

# ---- weights ----
file=$(sql "SELECT weights_path FROM runs WHERE id = 1")
ends 0 "sha256: $(sha256sum "$file" | cut -c1-64) (as the database says)" weights --db r.sqlite 1
ends 0 'F32   [4, 6, 3, 3]  fine0.0.weight' weights --db r.sqlite 1
ends 0 'I64   []  fine0.1.num_batches_tracked' weights --db r.sqlite seed=1
ends 0 'format: pt' weights "$file"
ends 0 '' weights -q --db r.sqlite 1 -o copy.safetensors
cmp -s copy.safetensors "$file" || fail "the copy has other bytes"
header=$(od -An -tu8 -N8 copy.safetensors | tr -d ' ')
head -c $((8 + header)) copy.safetensors | tail -c "$header" >header.json
[ "$(sql "SELECT json_extract('$(sed "s/'/''/g" header.json)', '\$.\"head.weight\".dtype') || json_extract('$(sed "s/'/''/g" header.json)', '\$.\"head.weight\".shape')")" = '"F32[1,4,1,1]"' ] ||
  fail "the header is no safetensors header: $(head -c 300 header.json)"
values=$("$program" weights copy.safetensors | sed -n 's/.* tensors, \([0-9]*\) values/\1/p')
counts=$(grep -o 'num_batches_tracked' header.json | wc -l)
[ "$(stat -c %s copy.safetensors)" = $((8 + header + 4 * values + 4 * counts)) ] || fail "its size is not that of header and values"
"$program" weights "$source/tests/data/weights/zip.pth" -o converted.safetensors >list.txt 2>&1 || fail "a state dict of PyTorch: $(cat list.txt)"
"$program" weights converted.safetensors | grep '^F32' >converted.txt
grep '^F32' list.txt | cmp -s - converted.txt && [ -s converted.txt ] || fail "the converted tensors are others"
ends 2 '--run 9: no finished run is called so' weights --db r.sqlite 9
ends 1 'nowhere/x.safetensors: no such file' weights nowhere/x.safetensors
ends 1 'one.yaml' weights one.yaml
ends 1 '/proc/none/x' weights copy.safetensors -o /proc/none/x
ends 2 'expected one run or file' weights
ends 2 "unknown option '--into'" weights --into x 1
printf 'x' >>"$file"
ends 1 'its SHA-256 is ' weights --db r.sqlite 1 -o bad.safetensors
[ ! -e bad.safetensors ] || fail "damaged weights were copied"
cp copy.safetensors "$file"

# ---- tables ----
ends 0 '' export --db r.sqlite -o csv
[ "$(ls csv | tr '\n' ' ')" = 'cells.csv deviations.csv epochs.csv experiments.csv images.csv metrics.csv published_cells.csv robustness.csv runs.csv scores.csv splits.csv tests.csv ' ] || fail "files: $(ls csv)"
for table in experiments runs epochs tests cells images metrics robustness splits deviations; do
  "$program" sql --db r.sqlite --format csv "SELECT * FROM $table" | cmp -s - csv/$table.csv || fail "$table.csv is not what sql prints"
done
[ "$(head -1 csv/scores.csv | tr -d '\r')" = test,id,bin,tampered,clean ] || fail "$(head -1 csv/scores.csv)"
"$program" sql --db r.sqlite --format csv "SELECT * FROM published_cells WHERE experiment IS NULL" | cmp -s - csv/published_cells.csv ||
  fail "published_cells.csv is not what sql prints"
for table in metrics robustness splits published_cells; do
  [ "$(wc -l <csv/$table.csv)" -gt 1 ] || fail "$table.csv has no rows"
done
decoded=$(awk -F, 'NR > 1 { t[$1 "," $2] += $4; c[$1 "," $2] += $5; if ($3 >= 128) { a[$1 "," $2] += $4; b[$1 "," $2] += $5 } }
  END { for (k in t) print k "," t[k] "," c[k] "," a[k] + 0 "," b[k] + 0 }' csv/scores.csv | sort)
stored=$(sql "SELECT test, id, tp + fn, fp + tn, tp, fp FROM images" | sort)
[ "$decoded" = "$stored" ] || fail "scores: '$decoded', the counts say '$stored'"
ends 0 '' export --db r.sqlite --format json -o json --experiment two
[ "$(wc -l <json/runs.jsonl)" = 2 ] && [ "$(wc -l <json/cells.jsonl)" = 2 ] || fail "of experiment two: $(wc -l json/*)"
[ "$(grep -c '"experiment":"two"' json/metrics.jsonl)" = "$(wc -l <json/metrics.jsonl)" ] && [ -s json/metrics.jsonl ] ||
  fail "metrics of experiment two: $(head -3 json/metrics.jsonl)"
while read -r line; do
  [ "$(sql "SELECT json_valid('${line//\'/\'\'}')")" = 1 ] || fail "no JSON: $line"
done <json/cells.jsonl
[ "$(sql "SELECT abs(json_extract('$(head -1 json/epochs.jsonl)', '\$.train_loss') - (SELECT train_loss FROM epochs WHERE run = 2 AND epoch = 1)) < 1e-12")" = 1 ] ||
  fail "the first epoch: $(head -1 json/epochs.jsonl)"

# ---- TensorBoard ----
"$program" run -q --db r.sqlite one.yaml --only 'seed=1*' --set 'degrade=[{name: jpeg, levels: [90]}]' || fail "no degraded test"
ends 0 '' export --db r.sqlite --format tensorboard -o board
[ "$(ls board | tr '\n' ' ')" = '1-seed=1 2-seed=2 3-seed=3 ' ] || fail "board: $(ls board)"
event=$(echo board/1-seed=1/events.out.tfevents.*.inpaintlab)
[ "$(grep -c 'brain.Event:2' "$event")" -ge 1 ] || fail "no event file"
for tag in loss/train loss/validation iou/train iou/validation images_per_second; do
  [ "$(grep -ao "$tag" "$event" | wc -l)" = 2 ] || fail "$tag: $(grep -ao "$tag" "$event" | wc -l) times, expected one for each epoch"
done
[ "$(grep -ao 'test_iou/dataset1/realfake' "$event" | wc -l)" = 2 ] || fail "the tests are not in $event"
[ "$(grep -ao 'test_iou/dataset1/realfake/jpeg 90' "$event" | wc -l)" = 1 ] || fail "the degraded test is not in $event"

# ---- refusals ----
before=$(ls)
ends 1 'csv: is there already; nothing was changed' export --db r.sqlite -o csv
ends 1 "no experiment is called 'three'" export --db r.sqlite --experiment three -o three
ends 1 'none.sqlite: no such database' export --db none.sqlite -o three
ends 1 'cannot be made' export --db r.sqlite -o /proc/none/x
ends 2 "'xml' is none of csv, json, tensorboard" export --db r.sqlite --format xml -o three
ends 2 'expected -o DIR' export --db r.sqlite
[ "$before" = "$(ls)" ] || fail "files appeared: $(ls)"

[ "$failures" -eq 0 ] && echo "weights and export: all as expected"
exit $((failures > 0))
