#!/usr/bin/env bash
# broken.sh PROGRAM BUILD_DIR SOURCE_DIR - wrong input of every kind: YAML, options, images, masks, weights, checkpoints,
# databases, plugins. Each must end with the exit status and the one line on stderr that the table says; nothing may
# die from a signal, print more, or leave a file half written. `print` as fourth argument shows what came instead.
set -u
program=$(realpath "$1") build=$(realpath "$2") source=$(realpath "$3") print=${4:-}
work=$(mktemp -d)
export XDG_CACHE_HOME=$work/cache
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1
export INPAINTLAB_PLUGIN_PATH=$build/tests/broken LC_ALL=C
photos=$source/experiments/quickstart/photos
cases=0 failures=0

for split in train validation test; do
  mkdir -p data/$split
  for id in 01 02; do
    cp "$photos/$id.png" "data/$split/$id.realfake.png"
    cp "$photos/05.png" "data/$split/$id.mask.png"
  done
done
cat > good.yaml <<'EOF'
experiment: good
title: a small grid
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 4, coarse: 4}
  mask_policy: {name: threshold, level: 100}
  loss: {name: focal, gamma: 1}
  train: {on: realfake, epochs: 1, batch: 2, size: 64, lr: 0.01}
  test: [realfake]
axes:
  seed: [1, 2]
EOF

# expect STATUS LINE COMMAND… : exit status and the last line on stderr, where "…" stands for anything.
expect() {
  local status=$1 line=$2; shift 2
  local got out
  cases=$((cases + 1))
  "$@" >out.txt 2>err.txt
  got=$?
  out=$(tail -n 1 err.txt)
  local pattern=${line//\\/\\\\}
  pattern=${pattern//\[/\\[}; pattern=${pattern//\*/\\*}; pattern=${pattern//\?/\\?}
  pattern=${pattern//…/*}
  # shellcheck disable=SC2053
  if [ $got -ne "$status" ] || [[ $out != $pattern ]]; then
    echo "case $cases: $*"
    echo "  expected $status: $line"
    echo "  got      $got: $out"
    failures=$((failures + 1))
  fi
  [ -z "$print" ] || echo "$got $out"
}

# grid SED LINE : good.yaml changed by SED is refused by plan and by run with that line, and no database appears.
grid() {
  sed -E "$1" good.yaml > broken.yaml
  cmp -s good.yaml broken.yaml && { echo "case $cases: '$1' changes nothing"; failures=$((failures + 1)); }
  expect 1 "inpaintlab: broken.yaml$2" "$program" plan --db none.sqlite broken.yaml
  expect 1 "inpaintlab: broken.yaml$2" "$program" run -q --db none.sqlite broken.yaml
  [ ! -e none.sqlite ] || { echo "case $cases: a database was made"; failures=$((failures + 1)); rm -f none.sqlite*; }
}

# data COMMAND LINE : with the data changed by COMMAND, run records a failure that ends so; the data are then restored.
data() {
  cp -r data kept
  eval "$1"
  expect 1 "$2" "$program" run -q --db data.sqlite --only seed=1 good.yaml
  rm -rf data data.sqlite* runs
  mv kept data
}

expect 0 "" "$program" run -q --db fine.sqlite good.yaml
held=$(ls -d runs/*/lock | head -n 1)
expect 1 "" flock "$held" "$program" run -q --db fine.sqlite good.yaml # left to another process
grep -q 'left to another process' out.txt || { echo "nothing was left to the holder of $held"; failures=$((failures + 1)); }
weights=$(echo runs/*/weights.safetensors | cut -d' ' -f1)
cp "$weights" good.safetensors
cp -r runs good-runs

# ---- YAML ----
grid 's/^base:/bsae:/' ":3:1: unknown key 'bsae'; did you mean 'base'?"
grid 's/epochs: 1/epocs: 1/' ":8:25: unknown key 'epocs'; did you mean 'epochs'?"
grid 's/epochs: 1/epochs: many/' ":8:33: train.epochs: 'many' is not an integer"
grid 's/epochs: 1/epochs: "1"/' ":8:33: train.epochs: quoted text where a plain value is expected"
grid 's/epochs: 1/epochs: 0/' ":8:33: train.epochs: 0 is out of range, expected 1 to 1000000"
grid 's/batch: 2/batch: -2/' ":8:43: train.batch: -2 is out of range, expected 1 to 65536"
grid 's/lr: 0.01/lr: fast/' ":8:60: train.lr: 'fast' is not a number"
grid 's/name: unet/name: unte/' ":5:17: no model is called 'unte'; did you mean 'unet'?"
grid 's/name: dataset1/name: datset1/' ":4:19: no dataset is called 'datset1'; did you mean 'dataset1'?"
grid 's/name: focal/name: fokal/' ":7:16: no loss is called 'fokal'; did you mean 'focal'?"
grid 's/name: threshold/name: treshold/' ":6:23: no mask policy is called 'treshold'; did you mean 'threshold'?"
grid 's/fine: 4/fin: 4/' ":5:23: …'fin'…did you mean 'fine'?"
grid 's/fine: 4/fine: 0/' ":5:29: …"
grid 's/level: 100/level: 300/' ":6:41: …"
grid 's/gamma: 1/gamma: high/' ":7:30: …"
grid 's/root: data/rot: data/' ":4:29: …'rot'…did you mean 'root'?"
grid 's/, root: data//' ":4:19: dataset 'dataset1': setting 'root' is missing (a path)"
grid 's/seed: \[1, 2\]/seed: []/' ":11:9: …"
grid 's/seed: \[1, 2\]/seed: [1, 1]/' ":11:…"
grid 's/seed: \[1, 2\]/sead: [1, 2]/' ":11:3: …'sead'…did you mean 'seed'?"
grid 's/seed: \[1, 2\]/train.seed: [1]/' ":11:3: …"
grid 's/seed: \[1, 2\]/model.depth: [1]/' ":11:3: …"
grid 's/^experiment: good/experiment: Good Grid/' ":1:13: …"
grid '/^experiment/d' ":…'experiment' is missing"
grid '/^base/,/test/d' ":…'base' is missing"
grid 's/^title/published: 9\ntitle/' ":2:12: …"
grid 's/\[realfake\]/[]/' ":9:9: …"
grid 's/\[realfake\]/[{imags: realfake}]/' ":9:11: …did you mean 'images'?"
grid 's/^  loss/   loss/' ":…"
grid 's/gamma: 1\}/gamma: 1/' ":…"
grid 's/^title: (.*)/title: \1\ntitle: \1/' ":3:1: key 'title' is repeated…"
grid 's/^axes:/exclude: [{seed: 7}]\naxes:/' ":10:…"
printf 'a: [\xff\xfe]\n' > broken.yaml
expect 1 "inpaintlab: broken.yaml:…" "$program" plan broken.yaml
: > broken.yaml
expect 1 "inpaintlab: broken.yaml:…" "$program" plan broken.yaml
printf '[%.0s' {1..200} > broken.yaml
expect 1 "inpaintlab: broken.yaml:…: …" "$program" plan broken.yaml
expect 1 "inpaintlab: none.yaml: …No such file or directory" "$program" plan none.yaml
expect 1 "inpaintlab: data: …" "$program" plan data

# ---- README's grid and what it says of a wrong key ----
mkdir experiments
sed -n '/^```yaml$/,/^```$/{/^```/d;p;/^exclude/{n;p;q}}' "$source/README.md" > experiments/widths.yaml
expect 1 "" "$program" plan --db none.sqlite experiments/widths.yaml
grep -q '^15 no data, 0 of 45 cells measured$' out.txt || { echo "README's grid: $(tail -n 1 out.txt)"; failures=$((failures + 1)); }
sed -i 's/epochs:/epocs:/' experiments/widths.yaml
expect 1 "$(sed -n 's/^ *\(inpaintlab: experiments\/widths.yaml:.*\)/\1/p' "$source/README.md")" "$program" plan experiments/widths.yaml

# ---- options ----
expect 2 "inpaintlab: plan: expected one grid file…" "$program" plan
expect 2 "inpaintlab: run: unknown option '--bd'; did you mean '--db'?; see 'inpaintlab run --help'" "$program" run --bd x good.yaml
expect 2 "inpaintlab: run: --db: a value is missing" "$program" run good.yaml --db
expect 2 "inpaintlab: --threads: 'two' is no number from 0 to 1024" "$program" run --threads two good.yaml
expect 2 "inpaintlab: no command is called 'rnu'; did you mean 'run'?; see 'inpaintlab help'" "$program" rnu
expect 1 "inpaintlab: --set train.epocs=3: unknown key 'train.epocs'; did you mean 'train.epochs'?" "$program" plan --set train.epocs=3 good.yaml
expect 1 "inpaintlab: --set train.epochs=x: …" "$program" plan --set train.epochs=x good.yaml
expect 2 "inpaintlab: --set nothing: expected KEY=VALUE, as in train.epochs=3" "$program" plan --set nothing good.yaml
expect 2 "inpaintlab: --only seed=9: none of the 2 runs of good.yaml is called so; did you mean 'seed=1'" "$program" plan --only 'seed=9' good.yaml
expect 1 "inpaintlab: …" "$program" run -q --device cuda:7 --db fine.sqlite good.yaml
expect 1 "inpaintlab: …" "$program" run -q --device gpu --db fine.sqlite good.yaml
expect 1 "inpaintlab: no plugin is called 'unett'; did you mean 'unet'?" "$program" plugins unett

# ---- images, masks, folders ----
lead="inpaintlab: seed=1: failed: "
data 'rm data/train/01.mask.png' "$lead…01…no mask…"
data 'rm data/train/*' "$lead…"
data 'rm -r data/validation' "$lead…validation…"
data 'rm -r data' "$lead…data…"
data ': > data/train/01.realfake.png' "$lead…data/train/01.realfake.png: …empty…"
data 'truncate -s 20000 data/train/02.realfake.png' "$lead…data/train/02.realfake.png: …"
data 'truncate -s 20000 data/test/02.realfake.png' "$lead…data/test/02.realfake.png: …"
data 'echo "this is no picture" > data/validation/01.realfake.png' "$lead…data/validation/01.realfake.png: …"
data 'cp "$photos/04.png" data/train/01.mask.png' "$lead…01…"
data 'cp data/train/01.realfake.png data/train/01.realfake.jpg' "$lead…01…"
data 'rm data/train/01.realfake.png; mkdir data/train/01.realfake.png' "$lead…01.realfake.png…"

# ---- weights ----
set_lead="inpaintlab: seed=1,…: failed: " # what --set changes is a part of the name
weights() { expect 1 "$2" "$program" run -q --db weights.sqlite --only seed=1 --set "train.weights=$1" good.yaml; rm -rf weights.sqlite* runs; }
printf '' > empty.pth;                      weights empty.pth "$set_lead…empty.pth: …"
echo hello > text.pth;                      weights text.pth "$set_lead…text.pth: …"
head -c 3000 good.safetensors > cut.safetensors; weights cut.safetensors "$set_lead…cut.safetensors: …"
printf '\xff\xff\xff\xff\xff\xff\xff\x7f{}' > huge.safetensors; weights huge.safetensors "$set_lead…huge.safetensors: …"
printf '\x02\x00\x00\x00\x00\x00\x00\x00{}' > none.safetensors; weights none.safetensors "$set_lead…none.safetensors: …fine0.0.weight…"
cp "$photos/01.png" picture.pth;            weights picture.pth "$set_lead…picture.pth: …"
weights data "$set_lead…data…"
weights none.pth "${set_lead}train.weights: none.pth: cannot be opened: No such file or directory"
expect 1 "$set_lead…head.weight…" "$program" run -q --db weights.sqlite --only seed=1 \
  --set train.weights=good.safetensors --set model.fine=5 --set 'train.skip=[fine*,coarse*,merge*]' good.yaml
rm -rf weights.sqlite* runs
expect 1 "$set_lead…text.pth: …" "$program" run -q --db weights.sqlite --only seed=1 \
  --set 'model={name: torchscript, file: text.pth}' good.yaml
rm -rf weights.sqlite* runs

# ---- databases ----
echo "not a database, whatever it is called" > text.sqlite
expect 1 "inpaintlab: text.sqlite: not an SQLite database" "$program" run -q --db text.sqlite good.yaml
expect 1 "inpaintlab: text.sqlite: not an SQLite database" "$program" report --db text.sqlite
expect 1 "inpaintlab: none.sqlite: no such database…" "$program" report --db none.sqlite
expect 1 "inpaintlab: none.sqlite: no such database…" "$program" sql --db none.sqlite "SELECT 1"
expect 1 "inpaintlab: data: …" "$program" report --db data
head -c 6000 fine.sqlite > cut.sqlite
expect 1 "inpaintlab: cut.sqlite: …" "$program" report --db cut.sqlite
expect 1 "inpaintlab: …" "$program" sql --db fine.sqlite "DELETE FROM runs"
expect 1 "inpaintlab: …no such column: iuo" "$program" sql --db fine.sqlite "SELECT iuo FROM cells"
expect 1 "inpaintlab: …" "$program" sql --db fine.sqlite "SELECT 1; SELECT 2"
expect 2 "inpaintlab: …" "$program" report --db fine.sqlite --format doc
expect 2 "inpaintlab: …" "$program" report --db fine.sqlite --table 8
expect 1 "inpaintlab: …" "$program" run -q --db /proc/none/results.sqlite good.yaml

# ---- plugins ----
plugin() { expect 1 "$2" "$program" plan --set "model=$build/tests/broken/$1.so" good.yaml; }
plugin wrong_abi "inpaintlab: …wrong_abi.so…ABI…"
plugin no_symbol "inpaintlab: …no_symbol.so…il_plugin_entry…"
plugin failing_open "inpaintlab: …failing_open.so: is a mask policy, expected a model"
expect 1 "inpaintlab: …failing_open…" "$program" plan --set mask_policy=failing_open good.yaml
plugin missing_callback "inpaintlab: …missing_callback.so…"
plugin wrong_kind "inpaintlab: …wrong_kind.so…"
plugin empty_name "inpaintlab: …empty_name.so…"
plugin undefined_symbol "inpaintlab: …undefined_symbol.so…"
plugin not_there "inpaintlab: …not_there.so…"
echo "no shared object" > text.so
expect 1 "inpaintlab: …text.so…" "$program" plan --set "model=./text.so" good.yaml

# ---- checkpoints ----
rm -rf runs; cp -r good-runs runs
for folder in runs/*/; do mv "$folder/weights.safetensors" "$folder/checkpoint.safetensors"; done
expect 1 "$lead…checkpoint.safetensors (remove it to start the run anew): …" "$program" run -q --db new.sqlite --only seed=1 good.yaml
for folder in runs/*/; do echo "{}" > "$folder/checkpoint.safetensors"; done
expect 1 "$lead…checkpoint.safetensors…" "$program" run -q --db new.sqlite --only seed=1 good.yaml

# ---- data sets ----
mkdir -p some && cp "$photos/03.png" "$photos/07.png" some/
cat > recipe.yaml <<EOF
recipe: fine
photos: {root: some, size: 64, fit: crop}
splits: {train: 0.5, test: 0.5}
maskers: {name: rectangle, least: 16}
inpaint: {name: small, weights: $source/tests/data/generator-nearest.safetensors}
EOF
# recipe SED LINE : recipe.yaml changed by SED is refused with that line, and no folder appears.
recipe() {
  sed -E "$1" recipe.yaml > bad.yaml
  cmp -s recipe.yaml bad.yaml && { echo "case $cases: '$1' changes nothing"; failures=$((failures + 1)); }
  expect 1 "inpaintlab: $2" "$program" dataset build -q -o none bad.yaml
  [ ! -e none ] || { echo "case $cases: a folder appeared"; failures=$((failures + 1)); rm -r none; }
}
expect 2 "'inpaintlab dataset COMMAND --help' tells more; so does 'man inpaintlab'." "$program" dataset
expect 2 "inpaintlab: dataset: no command is called 'biuld'; did you mean 'build'?; …" "$program" dataset biuld
expect 2 "inpaintlab: dataset build: expected one recipe and -o DIR, …" "$program" dataset build recipe.yaml
expect 2 "inpaintlab: dataset build: expected one recipe and -o DIR, …" "$program" dataset build -o none
expect 2 "inpaintlab: dataset build: -o: a value is missing" "$program" dataset build recipe.yaml -o
expect 2 "inpaintlab: --threads: 'x' is no number from 0 to 256" "$program" dataset build recipe.yaml -o none --threads x
expect 2 "inpaintlab: dataset build: unknown option '--colour'; …" "$program" dataset build --colour recipe.yaml -o none
expect 1 "inpaintlab: …nothing.yaml…No such file or directory" "$program" dataset build nothing.yaml -o none
expect 1 "inpaintlab: …" "$program" dataset build recipe.yaml -o none --device cuda:99
recipe 's/recipe: fine/recipes: fine/' "bad.yaml:1:1: unknown key 'recipes'; did you mean 'recipe'?"
recipe 's/root: some/root: nowhere/' "nowhere: No such file or directory"
recipe 's/root: some/root: runs/' "runs: holds no photo (.jpg, .jpeg, .png, .webp)"
recipe 's/size: 64/size: 65/' "bad.yaml:5:10: generator 'small' needs sides that are multiples of 64, 'photos.size' is 65"
recipe 's/fit: crop/fit: zoom/' "bad.yaml:2:37: …"
recipe 's/test: 0.5/test: 0.6/' "bad.yaml:3:9: 'splits': the shares sum to 1.1, expected at most 1"
recipe 's/train: 0.5, test: 0.5/train: 1, test: 5/' "bad.yaml: the splits want 6 photos, some has 2 that can be used"
recipe 's/least: 16/lest: 16/' "bad.yaml:4:28: …did you mean 'least'?"
recipe 's/name: small/name: smell/' "bad.yaml:5:17: no generator is called 'smell'; did you mean 'small'?"
recipe 's#weights: .*#weights: absent.safetensors}#' "bad.yaml:5:17: generator 'small': weights: absent.safetensors: No such file or directory"
echo text > text.safetensors
sed 's#weights: .*#weights: text.safetensors}#' recipe.yaml > bad.yaml
expect 1 "inpaintlab: generator 'small': text.safetensors…" "$program" dataset build -q -o text bad.yaml
expect 0 "" "$program" dataset build -q -o made recipe.yaml
expect 1 "inpaintlab: made: was begun with another recipe, …" "$program" dataset build -q -o made bad.yaml
expect 1 "inpaintlab: some: holds files, but no recipe.json of a build; choose a new folder" "$program" dataset build -q -o some recipe.yaml
expect 1 "inpaintlab: /proc/none: cannot be made: …" "$program" dataset build -q -o /proc/none recipe.yaml
expect 1 "inpaintlab: nowhere: No such file or directory…" "$program" dataset check nowhere
expect 2 "inpaintlab: …" "$program" dataset check
expect 2 "inpaintlab: …" "$program" dataset check --as dataset3 made
expect 1 "inpaintlab: …" "$program" dataset check some
expect 2 "inpaintlab: …" "$program" dataset preview made
expect 2 "inpaintlab: …" "$program" dataset preview made -o page.html --count 0
expect 1 "inpaintlab: …" "$program" dataset preview nowhere -o page.html
expect 1 "inpaintlab: /proc/none/page.html…" "$program" dataset preview made -o /proc/none/page.html
[ ! -e page.html ] || { echo "a page appeared"; failures=$((failures + 1)); }
expect 0 "" "$program" dataset check made
expect 1 "inpaintlab: nowhere/manifest.jsonl: …" "$program" sql --data nowhere "SELECT 1"
echo '{"id": 3}' > made/manifest.jsonl
expect 1 "inpaintlab: made/manifest.jsonl:1: …" "$program" sql --data made "SELECT 1"
expect 1 "inpaintlab: made/manifest.jsonl:1: …" "$program" dataset build -q -o made recipe.yaml
expect 1 "inpaintlab: …fakes…nowhere.yaml…" "$program" plan --set "dataset={name: fakes, recipe: nowhere.yaml}" good.yaml

# What was good is still whole.
expect 0 "" "$program" report --db fine.sqlite
left=$(find . -name '*.tmp*' | head -3)
[ -z "$left" ] || { echo "left over: $left"; failures=$((failures + 1)); }
echo "$cases cases, $failures failures"
[ $failures -eq 0 ]
