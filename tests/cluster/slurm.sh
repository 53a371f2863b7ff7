#!/usr/bin/env bash
# slurm.sh PROGRAM - a grid as an array on a real Slurm of two nodes: one task's program is killed with SIGKILL, one outlives its
# wall time again and again. What is merged is what one process measures, row for row but times and hosts. Ends with 77 where there
# is no Slurm.
. "$(dirname "$0")/../cli/script.sh"
. "$(dirname "$0")/cluster.sh"
here=$(realpath "$(dirname "$0")") program=$(realpath "$1")
inpaintlab() { "$program" "$@"; }
trap 'cluster_stop; rm -rf "$work"' EXIT
mkdir "$work/it's here" && cd "$work/it's here" || exit 1 # paths with a quote and a space
MAX_ARRAY=4 cluster_start # so that four tasks need two arrays
folders "01 02 05" "realfake fakefake" 01
for file in data/*/*.fakefake.png; do cp "$PHOTOS/03.png" "$file"; done # else both tests would be one

# The first of these is cut by its wall time. Slurm looks at times every 30 s, and its shortest limit is a minute.
cat > grid.yaml <<X
experiment: array
title: an array
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 8, coarse: 12}
  mask_policy: full
  loss: bce
  train: {on: realfake, patience: 0, batch: 1, size: 256, crop: 128, crops: 4, lr: 0.003}
  test: [realfake, fakefake]
axes:
  train.epochs: [EPOCHS, 12, 3, 2]
X
sed -i 's/EPOCHS/13/' grid.yaml
TIMEFORMAT=%U # what other programs do at the same time does not count
seconds=$({ time inpaintlab run grid.yaml --only 'train.epochs=13' --db timed/results.sqlite --device cpu --threads 1 --loader-threads 1 \
  -q >/dev/null 2>timed.txt; } 2>&1)
[ -e timed/runs ] || fail "the run that is timed failed: $(cat timed.txt)"
# about 45 s of work; of that Slurm gives a sitting 20 to 30, however many share the machine
epochs=$(awk -v s="$seconds" 'BEGIN { n = int(60 / s * 13); print (n < 40 ? 40 : (n > 1000 ? 1000 : n)) }')
sed -i "s/\[13,/[$epochs,/" grid.yaml
echo "a wall time of a minute for $epochs epochs"

shards="db/one's.shards/array"
job=(grid.yaml --db "db/one's.sqlite" --device cpu)
inpaintlab slurm "${job[@]}" -- --time=1 --signal=B:USR1@20 >submitted.txt || fail "slurm: $(cat submitted.txt)"
grep -q 'tasks 4 to 4' submitted.txt || fail "four tasks are not two arrays: $(cat submitted.txt)"
inpaintlab slurm "${job[@]}" >again.txt 2>&1 || fail "slurm again: $(cat again.txt)"
grep -q 'nothing is left to submit' again.txt || fail "what is queued was submitted again: $(cat again.txt)"

# The process of a task; the script's own command line has no such words.
victim() { pgrep -n -f -- "^$program run .*--tasks $shards/1.tasks --shard $1/4 "; }
killed= said=
for ((i = 0; i < 800; i++)); do
  if [ -z "$killed" ] && [ -e "$shards/1-0002.sqlite" ] && pid=$(victim 2) && [ -n "$pid" ]; then
    sleep 1
    kill -9 "$pid" 2>/dev/null && killed=yes
  fi
  [ -n "$said" ] || said=$(inpaintlab slurm "${job[@]}" --status 2>&1 | grep '^running .*, on n[12] since .*, task [0-9]*_[0-9]')
  [ -n "$(squeue -h)" ] || break
  sleep 0.5
done
[ -z "$(squeue -h)" ] || fail "not finished: $(squeue) $(tail -n 5 "$shards"/logs/*)"
[ -n "$killed" ] || fail "nothing was killed"
[ -n "$said" ] || fail "--status never told of a running task"
cuts=$(cat "$shards"/logs/*.log | grep -c ': stopped') # in an epoch, or while validating
[ "$cuts" -ge 1 ] || fail "the wall time cut nothing: $(cat "$shards"/logs/*)"

inpaintlab slurm "${job[@]}" --status >status.txt || fail "--status: $(cat status.txt)"
grep -qx 'array: 4 done, 8 of 8 cells measured' status.txt || fail "not all is done: $(cat status.txt "$shards"/logs/*)"
inpaintlab slurm "${job[@]}" 2>/dev/null | grep -qx 'nothing is left to submit' || fail "what is done was submitted again"

# What scancel ends stays ended, with a checkpoint, and can be submitted again.
sed 's/experiment: array/experiment: long/; s/train.epochs: .*/train.epochs: [100000]/' grid.yaml >long.yaml
inpaintlab slurm long.yaml --db long.sqlite --device cpu -- --time=9 >submitted.txt || fail "slurm: $(cat submitted.txt)"
for ((i = 0; i < 100; i++)); do
  ! ls long.shards/long/runs/*/checkpoint.safetensors >/dev/null 2>&1 || break
  sleep 0.5
done
scancel "$(head -n 1 long.shards/long/1.submitted | cut -d ' ' -f 1)" # the array
for ((i = 0; i < 100; i++)); do
  [ -n "$(squeue -h)" ] || break
  sleep 0.5
done
inpaintlab slurm long.yaml --db long.sqlite --status | grep -q '^interrupted .*: stopped' || fail "scancel: $(squeue; cat long.shards/long/logs/*)"
inpaintlab slurm long.yaml --db long.sqlite --print 2>&1 | grep -qx '1 run in 1 task' || fail "what was cancelled cannot be submitted again"

# One process, and what was merged.
inpaintlab run grid.yaml --db whole/results.sqlite --device cpu --threads 1 --loader-threads 1 -q >/dev/null || fail "one process failed"
python3 "$here/same_rows.py" "db/one's.sqlite" whole/results.sqlite || fail "other rows than those of one process"
dump() { python3 -c 'import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).iterdump(), sep="\n")' "$1"; }
dump "db/one's.sqlite" >once.sql
inpaintlab merge "db/one's.sqlite" "$shards"/1-*.sqlite >/dev/null || fail "merging twice failed"
dump "db/one's.sqlite" | cmp - once.sql || fail "merging twice changed the database"

# A test that is asked for later is done with the weights that are there.
sed 's/test: \[realfake, fakefake\]/test: [realfake, fakefake, {images: realfake, mask_policy: any}]/' grid.yaml >more.yaml
short=(more.yaml --db "db/one's.sqlite" --device cpu --only 'train.epochs=[23]')
told() { cat "$shards"/logs/*_*.log | grep -c "^$1"; }
before=$(told '0 trained, 1 cells measured') # a task that was killed between its tests has said so as well
inpaintlab slurm "${short[@]}" >submitted.txt || fail "slurm, one more test: $(cat submitted.txt)"
for ((i = 0; i < 200; i++)); do
  [ -n "$(squeue -h)" ] || break
  sleep 0.5
done
[ "$(told '1 trained')" -ge 1 ] || fail "no task has told what it did"
[ $(($(told '0 trained, 1 cells measured') - before)) = 2 ] ||
  fail "trained runs were not only tested further: $before before; $(cat "$shards"/logs/*_*.log | grep 'cells measured')"
inpaintlab slurm "${short[@]}" --status | grep -qx 'array: 2 done, 6 of 6 cells measured' || fail "$(inpaintlab slurm "${short[@]}" --status)"

# What Slurm will never run counts as refused.
inpaintlab slurm long.yaml --db refused.sqlite -- --mem=900G >refused.txt 2>&1 && fail "900 GB were promised: $(cat refused.txt)"
grep -q '^inpaintlab: sbatch' refused.txt || fail "it is not said that sbatch refused: $(cat refused.txt)"
ls refused.shards/long 2>/dev/null | grep -q submitted && fail "a refused submission left its record"

echo "four tasks in two arrays, one killed, one cut $cuts times: the rows of one process"
