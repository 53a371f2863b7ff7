#!/usr/bin/env bash
# kit.sh BUILD_DIR SOURCE_DIR - what an author of plugins meets: `inpaintlab new` writes projects that build without a warning
# and pass check-plugin; the commands of plugins/TUTORIAL.md, run as they stand in an empty folder against an installation.
. "$(dirname "$0")/script.sh"
build=$(realpath "$1") source=$(realpath "$2")
export HOME=$work
cmake --install "$build" --prefix "$HOME/inpaintlab" >"$HOME/install.log" 2>&1 || fail "$(tail -5 "$HOME/install.log")"
lib=$(dirname "$(dirname "$(find "$HOME/inpaintlab" -name inpaintlab.pc)")")
[ "$lib" = "$HOME/inpaintlab/lib" ] || ln -sT "$lib" "$HOME/inpaintlab/lib" 2>/dev/null # another folder of libraries
export OMP_NUM_THREADS=2

# ---- the tutorial ----
cd "$HOME" || exit 1
awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$source/plugins/TUTORIAL.md" >tutorial.sh
[ "$(grep -c '^inpaintlab ' tutorial.sh)" -ge 15 ] || fail "only $(grep -c '^inpaintlab ' tutorial.sh) commands in the tutorial"
start=$SECONDS
bash -eu tutorial.sh >tutorial.log 2>&1 || fail "the tutorial ends with: $(tail -20 tutorial.log)"
took=$((SECONDS - start))
grep -q '^stale ' tutorial.log || fail "the tutorial's change makes nothing stale: $(cat tutorial.log)"
grep -qE '^(mine|unet) +[12] +0\.[0-9]+' tutorial.log || fail "the tutorial shows no IoU: $(tail -20 tutorial.log)"
grep -q "^    version 0.1.0, by mine's authors$" tutorial.log || fail "plugins does not tell vendor and version: $(cat tutorial.log)"
[ "$(grep -c 'checks, all good$' tutorial.log)" = 3 ] || fail "the tutorial's plugins are not all good"
PATH=$HOME/inpaintlab/bin:$PATH
export PATH PKG_CONFIG_PATH=$HOME/inpaintlab/lib/pkgconfig
cd first || exit 1
[ "$(inpaintlab sql --format csv "SELECT count(*) FROM cells WHERE status = 'done' AND iou IS NOT NULL" | tr -d '\r' | tail -1)" = 8 ] ||
  fail "expected eight cells: $(inpaintlab sql 'SELECT * FROM cells')"

# ---- every kind ----
share=$(pkg-config --variable=datadir inpaintlab)
cp "$share/experiments/quickstart/generator-a.safetensors" generator.safetensors
for kind in model dataset loss mask-policy masker generator; do
  inpaintlab new $kind some_${kind//-/_}2 -o "kits/$kind" >out.txt 2>&1
  [ $? -ne 0 ] && grep -q "^inpaintlab: cannot create the folder kits/$kind: " out.txt || fail "new in a folder that is not there: $(cat out.txt)"
  mkdir -p "try/$kind"
  inpaintlab new $kind some_${kind//-/_}2 -o "try/$kind" >out.txt || fail "new $kind: $(cat out.txt)"
  (cd "try/$kind" && make CFLAGS=-Werror >make.log 2>&1) || fail "$kind: $(cat "try/$kind/make.log")"
  grep -q 'warning' "try/$kind/make.log" && fail "$kind: $(cat "try/$kind/make.log")"
  grep -rq 'my_plugin\|MY_' "try/$kind" --include='*.c' --include='*.md' --include='*.yaml' --include=Makefile && fail "$kind: a mark is left"
done
mkdir -p folders
for split in train validation test; do
  mkdir -p folders/$split/fakefake folders/$split/mask
  for picture in data/"$split"/*.fakefake.webp; do
    id=$(basename "$picture" .fakefake.webp)
    cp "$picture" folders/$split/fakefake/"$id".webp
    cp data/$split/"$id".mask.webp folders/$split/mask/"$id".webp
  done
done
inpaintlab check-plugin try/dataset/some_dataset2.so --set root=folders >out.txt || fail "dataset: $(cat out.txt)"
for kind in mask-policy masker generator; do
  inpaintlab check-plugin "try/$kind"/*.so >out.txt || fail "$kind: $(cat out.txt)"
done

# Their grids and recipes, as they stand but for the data set's place.
for kind in model dataset loss mask-policy; do
  (cd "try/$kind" && if [ $kind = dataset ]; then ln -s ../../folders data; else ln -s ../../data data; fi &&
    inpaintlab run -q ./*.yaml --set train.epochs=1 >run.log 2>&1) || fail "$kind: $(cat "try/$kind/run.log")"
done
for kind in masker generator; do
  (cd "try/$kind" && mkdir photos && cp ../../generator.safetensors . && for i in 1 2 3; do
    cp "$share/experiments/quickstart/photos/0$i.png" photos/; done &&
    inpaintlab dataset build -q ./*.yaml -o data >build.log 2>&1 && [ -s data/manifest.jsonl ]) ||
    fail "$kind: $(cat "try/$kind/build.log")"
done
echo "the tutorial in $took s, six kinds"
