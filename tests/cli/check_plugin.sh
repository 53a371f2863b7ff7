#!/usr/bin/env bash
# check_plugin.sh PROGRAM BUILD_DIR SOURCE_DIR - `inpaintlab check-plugin`: sound plugins pass; every fault of tests/unsound is
# found by the check that is meant for it, and by no other; crashes, exits and endless loops are findings too.
set -u
program=$1 build=$2 source=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0 cases=0
fail() { echo "$*"; failures=$((failures + 1)); }
export OMP_NUM_THREADS=1
# Freed memory that a sanitizer keeps for a while must not look like growth.
[ -z "${SANITIZE:-}" ] || export ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=1:thread_local_quarantine_size_kb=64

# Pictures: one split and kind in the folders of the template, and one picture with a mask of another size.
mkdir -p data/train/fakefake data/train/mask data/train/original odd even
for i in 1 2 3; do
  cp "$source/experiments/quickstart/photos/0$i.png" data/train/fakefake/p$i.png
  cp "$source/experiments/quickstart/photos/0$i.png" data/train/original/p$i.png
  cp "$source/experiments/quickstart/photos/0$i.png" data/train/mask/p$i.png
done
cp data/train/fakefake/p1.png odd/picture.png
cp "$source/tests/data/images/bits-1.png" odd/mask.png
cp data/train/fakefake/p1.png even/picture.png
cp data/train/mask/p1.png even/mask.png

# sound KIND/NAME OPTIONS… : every check is ok.
sound() {
  local file=$1 status
  shift
  cases=$((cases + 1))
  "$program" check-plugin "$build/$file.so" "$@" >out.txt 2>err.txt
  status=$?
  if [ $status -ne 0 ] || grep -qv '^ok \|^skip ' <(head -n -1 out.txt) || ! grep -q 'checks, all good$' out.txt; then
    fail "$file: status $status"; grep -v '^ok ' out.txt; cat err.txt
  fi
  [ "$(wc -l <out.txt)" -gt 6 ] || fail "$file: only $(wc -l <out.txt) lines"
}
# unsound NAME CHECK WORDS OPTIONS… : CHECK fails, with WORDS in what it says, and it alone.
unsound() {
  local name=$1 check=$2 words=$3 status found
  shift 3
  cases=$((cases + 1))
  "$program" check-plugin "$build/tests/unsound/$name.so" "$@" >out.txt 2>err.txt
  status=$?
  found=$(sed -n 's/^FAIL  \(.\{12\}\).*/\1/p' out.txt | sed 's/ *$//' | tr '\n' ',')
  [ $status -eq 1 ] || fail "$name: status $status, expected 1"
  [ "$found" = "$check," ] || { fail "$name: found by '$found', expected '$check,'"; cat out.txt; }
  grep '^FAIL' out.txt | grep -qF -- "$words" || fail "$name: '$(grep '^FAIL' out.txt)' lacks '$words'"
  grep -q "^inpaintlab: .*$name.so: 1 of [0-9]* checks failed" err.txt || fail "$name: $(cat err.txt)"
}
# refused STATUS MESSAGE ARGUMENTS…
refused() {
  local status=$1 message=$2 got
  shift 2
  cases=$((cases + 1))
  "$program" check-plugin "$@" >out.txt 2>err.txt
  got=$?
  [ $got -eq "$status" ] || fail "check-plugin $*: status $got, expected $status"
  grep -qF -- "$message" err.txt out.txt || fail "check-plugin $*: '$(cat out.txt err.txt)' lacks '$message'"
}

sound tests/templates/model
sound tests/templates/loss
sound tests/templates/mask_policy
sound tests/templates/dataset --set root=data
sound tests/templates/masker
sound tests/templates/generator
sound plugins/models/unet --set fine=8 --set coarse=8
sound plugins/losses/focal
sound plugins/losses/dice
sound plugins/losses/bce
sound plugins/losses/bce --set pos_weight=3
sound plugins/mask_policies/soft
sound plugins/maskers/rectangle
sound plugins/generators/small --set "weights=$source/tests/data/generator-nearest.safetensors"

if [ -n "${SANITIZE:-}" ]; then crash='the plugin ended' left=; else crash='the plugin crashed' left=3; fi # a sanitizer exits
unsound crashes shapes "$crash"
grep -q 'those behind the last one were not made' err.txt || fail "crashes: $(cat err.txt)"
unsound wrong_shape shapes 'not the shape (1,1,64,64) of logits'
unsound nan_logits finite 'a black picture: the logit at column 0, row 0 is '
unsound restless evaluation 'the same batch twice'
unsound batch_bound evaluation 'a picture alone and beside another'
unsound eager_buffer gradients 'passes changes outside training'
unsound no_gradient gradients 'idle gets no gradient'
unsound half_gradient slope 'finite differences in '
unsound hidden_state 'weights file' 'logits differ by up to '
unsound dull 'one batch' 'two pictures cannot be learnt'
if [ -z "${SANITIZE:-}" ]; then unsound leaks memory 'every repetition leaves at least '; fi
unsound leaves range "the plugin ended the program, with status $left"
unsound hangs range 'took over 2 s' --timeout 2
unsound out_of_range range 'grey level 2 becomes 2; expected a number from 0 to 1'
unsound no_scalar value 'gave 2 values instead of one'
unsound overflows extremes 'the loss is inf'
unsound steep_root extremes 'the gradient is no finite number'
unsound wrong_slope slope 'finite differences in double precision'
unsound wrong_way direction 'expected less and less'
unsound ignores_mask mask 'a picture beside one that does not count costs'
unsound thin_mean mask 'a picture beside one that does not count costs'
unsound leaky_mask mask 'no pixel counts: the loss is 0 and a gradient '
unsound careless_list absent 'expected IL_EDATA and what is absent' --set root=even
unsound careless_list scan "have the same id 'a'" --set root=even --set twice=true
unsound gambler seeds 'expected a function of the seed'
unsound too_bright reconstruct 'expected 0 to 1'

refused 1 "descriptor    $build/tests/broken/wrong_abi.so: was built for plugin ABI" "$build/tests/broken/wrong_abi.so"
refused 1 'open          this plugin never opens' "$build/tests/broken/failing_open.so"
refused 1 "setting 'root' is missing" "$build/tests/templates/dataset.so"
refused 1 "did you mean 'width'?" "$build/tests/templates/model.so" --set wdith=3
refused 1 '--set width=0' "$build/tests/templates/model.so" --set width=0
refused 2 '--set width: expected setting=value' "$build/tests/templates/model.so" --set width
refused 1 'none.so' none.so
refused 2 'expected one file' 
refused 2 "unknown option '--st'" --st x.so
refused 2 "'0' is no number" x.so --timeout 0

cases=$((cases + 1))
"$program" check-plugin "$build/tests/unsound/careless_list.so" --set root=odd >out.txt 2>err.txt
grep -q '^FAIL  reading .*the mask is 61x47 pixels, its picture .* 768x512; expected equal sizes' out.txt || fail "odd sizes: $(cat out.txt)"

echo "$cases cases, $failures failures"
[ $failures -eq 0 ]
