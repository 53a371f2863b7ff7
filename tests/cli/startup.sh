#!/usr/bin/env bash
# startup.sh BUILD_DIR SOURCE_DIR - which commands need libtorch: in an installation whose libinpaintlab_torch.so was taken
# away, those that compute nothing work, and the others say so in one line.
. "$(dirname "$0")/script.sh"
build=$(realpath "$1")
failures=0
fail() { echo "$*"; failures=$((failures + 1)); }
export OMP_NUM_THREADS=1

cmake --install "$build" --prefix "$work/usr" >"$work/install.log" 2>&1 || { tail -5 "$work/install.log"; exit 1; }
cd "$work" || exit 1
lib=$(dirname "$(find usr -name libinpaintlab.so)")
export PATH=$work/usr/bin:$PATH

# ---- every public function is there for plugins ----
nm -D --defined-only "$lib/libinpaintlab.so" | awk '{ print $3 }' | sort -u >symbols.txt
for name in $(cat usr/include/inpaintlab/*.h | grep -E '^[a-z].*\bil_[a-z0-9_]+\(' | grep -vE '^(typedef|static)' |
    grep -oE '\bil_[a-z0-9_]+\(' | tr -d '(' | sort -u); do
  grep -qx "$name" symbols.txt || fail "libinpaintlab.so lacks $name"
done
[ "$(grep -c '^il_' symbols.txt)" -gt 200 ] || fail "only $(grep -c '^il_' symbols.txt) functions in libinpaintlab.so"

# ---- something to report ----
folders 01 realfake 05
cat >grid.yaml <<'END'
experiment: start
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 4, coarse: 4}
  train: {on: realfake, epochs: 1, batch: 1, size: 64}
axes:
  loss: [bce, focal]
END
inpaintlab run -q grid.yaml >run.txt 2>&1 || { cat run.txt; exit 1; }

# ---- without libtorch ----
mv "$lib/libinpaintlab_torch.so" kept.so
# works WORDS COMMAND…
works() {
  local words=$1 got
  shift
  got=$(inpaintlab "$@" 2>&1) || fail "$*: status $?: $got"
  [[ $got == *"$words"* ]] || fail "$*: '$got' lacks '$words'"
}
works libtorch --version
works usage: help
works 1 sql "SELECT 1"
works start report
works start report --format html
mapfile -t cells < <(inpaintlab sql --format csv "SELECT cell FROM cells" | tail -n +2 | tr -d '\r')
[ ${#cells[@]} = 2 ] || fail "expected two cells: ${cells[*]}"
works focal compare "${cells[@]}"
works '' export -o tables
[ -s tables/cells.csv ] || fail "export wrote $(ls tables)"
works focal plugins
works 'alpha' plugins focal
works done plan grid.yaml
works usage: plan --help
works usage: run --help
works mine new loss mine
works '' dataset preview data -o preview.html
[ -s preview.html ] || fail 'no preview'

# refuses REASON COMMAND… : one line, and an exit status of its own
refuses() {
  local reason=$1 got status
  shift
  got=$(inpaintlab "$@" 2>&1 >/dev/null)
  status=$?
  [ $status -gt 0 ] && [ $status -lt 126 ] || fail "$*: status $status: $got"
  [ "$(grep -c "cannot load libtorch: .*$reason" <<<"$got")" = 1 ] || fail "$*: '$got' does not name $reason once"
}
missing='libinpaintlab_torch.so: cannot open shared object file: No such file or directory'
refuses "$missing" run -q grid.yaml --set train.epochs=2
refuses "$missing" model unet
refuses "$missing" bench --model unet
weights=$(find results -name '*.safetensors' | head -n 1)
refuses "$missing" detect --run "$weights" data/test/01.realfake.png
inpaintlab check-plugin "$lib/inpaintlab/plugins/losses/focal.so" >checked.txt 2>&1 && fail "check-plugin passes without libtorch"
grep -q "cannot load libtorch: .*$missing" checked.txt || fail "check-plugin: $(cat checked.txt)"

echo text >"$lib/libinpaintlab_torch.so"
refuses 'file too short' model unet
cp "$lib/libinpaintlab.so" "$lib/libinpaintlab_torch.so"
refuses 'undefined symbol: il_torch_table' model unet

mv kept.so "$lib/libinpaintlab_torch.so"
works parameters model unet

# ---- without Python, which nothing else needs ----
for file in "$(command -v inpaintlab)" "$lib"/libinpaintlab.so "$lib"/libinpaintlab_torch.so "$lib"/inpaintlab/plugins/models/*.so; do
  ldd "$file" | grep -E 'libpython|torch_python' && fail "$file needs Python"
done
rm -f "$lib/libinpaintlab_python.so"
touch net.py
python=(model python --set file=net.py --set 'call=build()')
got=$(inpaintlab "${python[@]}" 2>&1) && fail "a model in Python ran without Python: $got"
[ "$got" = "inpaintlab: model python: this build has no Python: install python3-dev, then configure and build again" ] || fail "$got"
[ "$failures" -eq 0 ] && echo "startup: libtorch is loaded when a tensor is needed"
exit $((failures > 0))
