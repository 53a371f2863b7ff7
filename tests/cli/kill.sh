#!/usr/bin/env bash
# kill.sh PROGRAM [TIMES] - runs that are killed with SIGKILL at random moments and gone on with must end with the same rows in
# every table and the same files, bit by bit, as one that was left alone. Every second kill is aimed at the tests, which are
# short beside the training.
. "$(dirname "$0")/script.sh"
program=$(realpath "$1") times=${2:-3} here=$(realpath "$(dirname "$0")")
same() { python3 "$here/same_results.py" "$@"; }
cd "$work" || exit 1
folders "01 02 05" "realfake fakefake" 01
for file in data/*/*.fakefake.png; do cp "$PHOTOS/03.png" "$file"; done # else both tests would be one

cat > grid.yaml <<EOF
experiment: killed
title: killed and gone on with
base:
  dataset: {name: dataset1, root: $work/data}
  model: {name: unet, fine: 8, coarse: 12}
  mask_policy: full
  loss: bce
  train: {on: realfake, epochs: 3, batch: 1, size: 256, crop: 64, crops: 4, lr: 0.003}
  test: [realfake, fakefake]
axes:
  seed: [1, 2]
EOF

options=(--quiet --checkpoint 0.2 --threads 1 --loader-threads 1 --device cpu)
run() { "$program" run "${options[@]}" --db "$1" grid.yaml; }

start=$(date +%s.%N)
run whole/results.sqlite >/dev/null || fail "the undisturbed run failed"
whole=$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { print b - a }')
same whole whole || fail "a folder differs from itself"
[ "$("$program" sql --db whole/results.sqlite --format csv "SELECT COUNT(*) FROM examples" | tail -n 1 | tr -d '\r')" = 12 ] ||
  fail "the undisturbed run has not all examples"

# moment KILLS AIMED: from nothing to the whole duration, so that every phase is hit, and progress is made after a few tries;
# aimed: soon after there are weights.
moment() {
  awk -v whole="$whole" -v seed="$RANDOM$1" -v kills="$1" -v aimed="$2" \
    'BEGIN { srand(seed); print rand() * whole * (aimed ? 0.4 : 0.3 + 0.1 * kills) }'
}

# killer PID FOLDER KILLS
killer() {
  aimed=$(($3 % 2))
  while [ $aimed -eq 1 ] && [ -z "$(find "$2/runs" -name weights.safetensors 2>/dev/null)" ] && kill -0 "$1" 2>/dev/null; do
    sleep 0.01
  done
  sleep "$(moment "$3" $aimed)"
  kill -9 "$1" 2>/dev/null
}

total=0
for ((i = 1; i <= times; i++)); do
  kills=0
  while :; do
    # Not by way of the function: $! would be a shell's, and the program would survive it.
    "$program" run "${options[@]}" --db "cut$i/results.sqlite" grid.yaml >/dev/null 2>err.txt &
    pid=$!
    killer $pid "cut$i" $kills &
    killer=$!
    wait $pid 2>/dev/null
    status=$?
    kill $killer 2>/dev/null
    wait $killer 2>/dev/null
    [ $status -eq 137 ] || break
    kills=$((kills + 1))
  done
  [ $status -eq 0 ] || fail "run $i: status $status after $kills kills: $(cat err.txt)"
  run "cut$i/results.sqlite" >/dev/null || fail "run $i: the next one failed"
  same whole "cut$i" || fail "run $i: differs after $kills kills"
  total=$((total + kills))
done
echo "$times runs, $total kills: same rows and files"

# A second runner on the same database at the same time does no harm, and neither trains what the other does.
# Whichever finds a run in the other's hands leaves it there and ends with 1: that, and no other failure, may happen here.
finished() { # finished status output
  [ "$1" -eq 0 ] || { [ "$1" -eq 1 ] && grep -q ' 0 failed; some runs are left to another process' "$2"; }
}
run both/results.sqlite >one.txt 2>&1 &
first=$!
run both/results.sqlite >two.txt 2>&1
second=$?
wait $first
first=$?
finished $first one.txt || fail "first of two runners: status $first: $(cat one.txt)"
finished $second two.txt || fail "second of two runners: status $second: $(cat two.txt)"
trained=$(cat one.txt two.txt | sed -n 's/^\([0-9]*\) trained.*/\1/p' | awk '{ n += $1 } END { print n }')
[ "$trained" = 2 ] || fail "two runners trained $trained runs of 2: $(cat one.txt two.txt)"
run both/results.sqlite >three.txt || fail "after two runners: $(cat three.txt)"
grep -q '^0 trained' three.txt || fail "two runners left work: $(cat three.txt)"
