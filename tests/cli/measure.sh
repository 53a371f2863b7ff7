#!/usr/bin/env bash
# measure.sh PROGRAM - `model` and `bench` as a user meets them: what they print, and one line for whatever is wrong.
set -u
program=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir temporary
export LC_ALL=C TMPDIR=$work/temporary ASAN_OPTIONS=${ASAN_OPTIONS:-}:allocator_may_return_null=1
failures=0
fail() { echo "$*"; failures=$((failures + 1)); }

# ends STATUS LINE COMMAND…: exit status, and the one line on stderr.
ends() {
  local status=$1 line=$2 got ended
  shift 2
  got=$("$@" 2>&1 >/dev/null)
  ended=$?
  got=$(sed '/WARNING: AddressSanitizer failed to allocate/d' <<<"$got") # it says so beside the program
  [ $ended -eq "$status" ] || fail "$*: status $ended, expected $status"
  [ "$got" = "$line" ] || fail "$*: '$got', expected '$line'"
  [ -z "$(ls temporary)" ] || { fail "$*: leaves $(ls temporary)"; rm -rf temporary/*; }
}
# shows PATTERN COMMAND…: it succeeds, says nothing on stderr, and a line of its output fits.
shows() {
  local pattern=$1
  shift
  "$@" >out.txt 2>err.txt || fail "$*: status $?: $(cat err.txt)"
  [ ! -s err.txt ] || fail "$*: $(head -n 1 err.txt)"
  grep -Eq "$pattern" out.txt || fail "$*: no line '$pattern' in: $(cat out.txt)"
}

model="$program model"
shows '^total +95161 +535 +0.4 ' $model unet --size 32
shows '^fine0 .*' $model unet --size 32 --batch 2 --depth 1
shows '"parameters": 39442053,' $model nix --size 32 --json
shows '^usage: inpaintlab model' $model --help
ends 1 "inpaintlab: no model is called 'fnc'; did you mean 'fcn'?" $model fnc
ends 1 "inpaintlab: --set siez=60: unknown setting 'siez'; did you mean 'size'?" $model nix --set siez=60
ends 1 "inpaintlab: --set size=50: size: '50' is unknown, expected one of 40, 60, 85" $model nix --set size=50
ends 2 "inpaintlab: --set size: expected KEY=VALUE, as in --set size=60" $model nix --set size
ends 2 "inpaintlab: model: expected one name, as in 'inpaintlab model nix --set size=60'" $model
ends 2 "inpaintlab: --size: '0' is no number from 1 to 16384" $model nix --size 0
ends 2 "inpaintlab: model: unknown option '--bogus'; see 'inpaintlab model --help'" $model nix --bogus
ends 2 "inpaintlab: model: --set: a value is missing" $model nix --set

bench="$program bench --model unet --size 32 --batch 2 --repeats 2 --threads 1"
shows '^training step +[0-9].* %' $bench
for name in 'loading, decoded' 'loading, from memory' evaluation 'epoch on files, first' 'epoch on one batch'; do
  grep -q "^$name  *[0-9]" out.txt || fail "bench: no row '$name'"
done
shows '"name": "loading, decoded"' $bench --stages loading --pictures 3 --json
shows '^evaluation +[0-9]' $bench --stages evaluation --precision bf16
grep -q ', bf16$' out.txt || fail "bench: its head does not name the precision"
[ -z "$(ls temporary)" ] || fail "bench leaves $(ls temporary)"
ends 1 "inpaintlab: --set model=fnc: no model is called 'fnc'; did you mean 'fcn'?" "$program" bench --model fnc
ends 2 "inpaintlab: --precision: 'bf61' is none of fp32, tf32, bf16, fp16; did you mean 'bf16'?" $bench --precision bf61
ends 2 "inpaintlab: --stages: 'traning' is none of loading, evaluation, training, epoch; did you mean 'training'?" \
  $bench --stages loading,traning
ends 1 "inpaintlab: data set 'dataset1': nowhere: No such file or directory; expected the folder of a data set" \
  $bench --data nowhere
ends 1 "inpaintlab: --set train.lrr=3: unknown key 'train.lrr'; did you mean 'train.lr'?" $bench --set train.lrr=3
ends 2 "inpaintlab: --batch: '0' is no number from 1 to 4096" $bench --batch 0
ends 2 "inpaintlab: bench: expected no word but options; a model is named by --model" $bench fcn
ends 2 "inpaintlab: bench: --pictures is of the generated set; --data names another" $bench --data x --pictures 3
ends 2 "inpaintlab: --pictures: 1 are less than a batch of 2" $bench --pictures 1
ends 1 "inpaintlab: device 'tpu': expected auto, cpu, cuda or cuda:N" $bench --device tpu

# As much memory as there is not: one line, no crash.
ends 1 "inpaintlab: full: the host's memory is full; set \`train.accumulate\` or \`train.recompute\`, or a smaller \`batch\` or \`crop\`" \
  $model unet --size 16384 --batch 4096

# Stopped by a signal: nothing is left behind.
$bench --repeats 1000 --stages training >/dev/null 2>err.txt &
sleep 2
kill -TERM $!
wait $!
[ $? -eq 1 ] || fail "a stopped bench does not end with status 1"
[ "$(cat err.txt)" = "inpaintlab: stopped" ] || fail "a stopped bench says '$(cat err.txt)'"
[ -z "$(ls temporary)" ] || fail "a stopped bench leaves $(ls temporary)"

[ $failures -eq 0 ] && echo "measure: all as expected"
exit $((failures > 0))
