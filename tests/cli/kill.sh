#!/usr/bin/env bash
# kill.sh PROGRAM PICTURES [TIMES] - runs of the quickstart's detector, killed with SIGKILL at random moments and gone on
# with, must end with the same weights, bit by bit, and the same rows as one that was left alone. PICTURES is the folder
# that `inpaintlab dataset build` made. Exit status 77: it is not there.
. "$(dirname "$0")/script.sh"
program=$(realpath "$1") pictures=$2 times=${3:-3}
[ -e "$pictures/a/manifest.jsonl" ] || { echo "skipped: no pictures in $pictures"; exit 77; }
pictures=$(realpath "$pictures")
cd "$work" || exit 1

cat > grid.yaml <<EOF
experiment: killed
title: killed and gone on with
base:
  dataset: {name: dataset1, root: $pictures/a}
  model: {name: unet, fine: 8, coarse: 12}
  mask_policy: full
  loss: bce
  train: {on: realfake, epochs: 3, batch: 16, size: 256, crop: 64, crops: 1, lr: 0.003}
  test: [realfake]
axes:
  train.on: [realfake, fakefake]
EOF

# What must not depend on how often a run was cut off: everything but times.
rows="SELECT r.name, r.hash, r.status, r.weights_sha256, r.best_epoch, e.epoch, e.train_loss, e.train_iou,
             e.validation_loss, e.validation_iou FROM runs r JOIN epochs e ON e.run = r.id ORDER BY 1, 6;"
counts="SELECT r.name, t.images, i.id, i.batch, i.tp, i.fp, i.fn, i.tn FROM images i JOIN tests t ON t.id = i.test JOIN runs r ON r.id = t.run
        ORDER BY r.name, t.images, i.id;"
dump() { "$program" sql --db "$1" --format csv "$rows" && "$program" sql --db "$1" --format csv "$counts"; }
options=(--quiet --checkpoint 0.2 --threads 1 --loader-threads 1 --device cpu)
run() { "$program" run "${options[@]}" --db "$1" grid.yaml; }

start=$(date +%s.%N)
run whole/results.sqlite >/dev/null || fail "the undisturbed run failed"
whole=$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { print b - a }')
dump whole/results.sqlite > whole.csv
[ "$(wc -l < whole.csv)" -gt 8 ] || { echo "the undisturbed run left too few rows"; cat whole.csv; exit 1; }

for ((i = 1; i <= times; i++)); do
  kills=0
  while :; do
    # Not by way of the function: $! would be a shell's, and the program would survive it.
    "$program" run "${options[@]}" --db "cut$i/results.sqlite" grid.yaml >/dev/null 2>err.txt &
    pid=$!
    # From nothing to the whole duration, so that every phase is hit, and progress is made after a few tries.
    pause=$(awk -v whole="$whole" -v seed="$RANDOM$i$kills" -v kills="$kills" 'BEGIN { srand(seed); print rand() * whole * (0.3 + 0.1 * kills) }')
    ( sleep "$pause"; kill -9 $pid 2>/dev/null ) &
    killer=$!
    wait $pid 2>/dev/null
    status=$?
    kill $killer 2>/dev/null
    wait $killer 2>/dev/null
    [ $status -eq 137 ] || break
    kills=$((kills + 1))
  done
  [ $status -eq 0 ] || fail "run $i: status $status after $kills kills: $(cat err.txt)"
  dump "cut$i/results.sqlite" > cut.csv
  cmp whole.csv cut.csv || { echo "run $i: differs after $kills kills"; diff whole.csv cut.csv | head; exit 1; }
  for weights in whole/runs/*/weights.safetensors; do
    cmp "$weights" "cut$i/${weights#whole/}" || exit 1
  done
  left=$(find "cut$i/runs" -name '*checkpoint*' -o -name '*.tmp*' | wc -l)
  [ "$left" -eq 0 ] || fail "run $i: $left files left over after $kills kills"
  echo "run $i: $kills kills, same weights and rows; $left files left over"
done

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
dump both/results.sqlite > both.csv
cmp whole.csv both.csv || fail "two runners: other rows"
echo "two runners: same rows; $(cat one.txt) | $(cat two.txt)"
