#!/usr/bin/env bash
# together.sh PROGRAM - one training by two processes that srun starts on a real Slurm: as one process makes it, but for rounding. A
# warning ends both with 75 and a checkpoint, from which one process goes on; a killed one takes the other with it. Ends with 77
# where there is no Slurm, or no MPI that srun can start.
. "$(dirname "$0")/../cli/script.sh"
. "$(dirname "$0")/cluster.sh"
program=$(realpath "$1")
[ -e "$(dirname "$program")/libinpaintlab_mpi.so" ] || skip "this build found no MPI"
inpaintlab() { "$program" "$@"; }
trap 'cluster_stop; rm -rf "$work"' EXIT
cd "$work" || exit 1
cluster_start
srun --mpi=list 2>&1 | grep -qw pmix || skip "srun has no pmix"
folders "01 02 05" "realfake" 01

cat > grid.yaml <<X
experiment: together
title: one training by two processes
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 6, coarse: 8}
  mask_policy: full
  loss: bce
  train: {on: realfake, patience: 0, batch: 3, size: 96, crop: 64, crops: 8, epochs: 25, lr: 0.003}
  test: [realfake]
X
run=("$program" run grid.yaml --quiet --device cpu --threads 1 --loader-threads 1 --checkpoint 0.2 --db)
two=(srun --mpi=pmix -N1 -n2 --kill-on-bad-exit)
losses() { rows "$1" "SELECT train_loss FROM epochs ORDER BY epoch"; }
close() { # close A B: as many losses, which rounding alone drives apart
  paste <(losses "$1") <(losses "$2") |
    awk 'NF != 2 { bad = 1 } { d = $1 - $2; if (d < 0) d = -d; if (d > 0.05 * $1) bad = 1 } END { exit bad || NR == 0 }'
}
begun() { # waits for a checkpoint
  for ((i = 0; i < 300; i++)); do
    ! ls "$1"/runs/*/checkpoint.safetensors >/dev/null 2>&1 || return 0
    sleep 0.1
  done
  return 1
}

mkdir alone two warned killed
"${run[@]}" alone/r.sqlite >/dev/null || fail "one process failed"
"${two[@]}" "${run[@]}" two/r.sqlite >two.txt 2>&1 || fail "two processes failed: $(cat two.txt)"
close alone/r.sqlite two/r.sqlite || fail "other losses: $(paste <(losses alone/r.sqlite) <(losses two/r.sqlite))"
[ "$(rows two/r.sqlite 'SELECT ranks, hash FROM runs')" = "2,$(rows alone/r.sqlite 'SELECT hash FROM runs')" ] ||
  fail "not the same run by two processes: $(rows two/r.sqlite 'SELECT ranks, hash FROM runs')"

"${two[@]}" "${run[@]}" warned/r.sqlite >warned.txt 2>&1 &
launcher=$!
begun warned || fail "no checkpoint: $(cat warned.txt)"
kill -USR1 "$launcher" # srun passes it on to both
wait "$launcher"
status=$?
[ "$status" = 75 ] || fail "warned: $status instead of 75: $(cat warned.txt)"
[ "$(grep -c '^inpaintlab: ' warned.txt)" = 1 ] || fail "warned: not one line: $(cat warned.txt)"
"${run[@]}" warned/r.sqlite >/dev/null || fail "one process does not go on"
close alone/r.sqlite warned/r.sqlite || fail "begun by two, finished by one: $(losses warned/r.sqlite)"

"${two[@]}" "${run[@]}" killed/r.sqlite >killed.txt 2>&1 &
launcher=$!
begun killed || fail "no checkpoint: $(cat killed.txt)"
victim=$(pgrep -n -f -- "^$program run grid.yaml .*--db killed/r.sqlite") || fail "no process to kill"
kill -9 "$victim"
start=$SECONDS
wait "$launcher" && fail "a killed process went unnoticed"
[ $((SECONDS - start)) -le 10 ] || fail "killed: ended after $((SECONDS - start)) s"
[ "$(grep -c '^inpaintlab: ' killed.txt)" -le 1 ] || fail "killed: more than one line: $(cat killed.txt)"
"${two[@]}" "${run[@]}" killed/r.sqlite >/dev/null 2>&1 || fail "two processes do not go on"
close alone/r.sqlite killed/r.sqlite || fail "killed and resumed: $(losses killed/r.sqlite)"

apart=$("${two[@]}" sh -c "exec $program run grid.yaml --db r\$SLURM_PROCID.sqlite" 2>&1) && fail "two databases were taken"
[ "$(grep -c 'launch them apart' <<<"$apart")" = 1 ] || fail "two databases: $apart"
inpaintlab slurm grid.yaml --db array.sqlite --device cpu -- --nodes=1 --ntasks=2 >array.txt 2>&1 || fail "slurm: $(cat array.txt)"
for ((i = 0; i < 400; i++)); do
  [ -n "$(squeue -h)" ] || break
  sleep 0.5
done
[ "$(rows array.sqlite 'SELECT ranks FROM runs')" = 2 ] || fail "a task of two: $(cat array.txt array.shards/together/logs/*)"
close alone/r.sqlite array.sqlite || fail "a task of two has other losses: $(losses array.sqlite)"
echo "srun: two processes train as one, stop, go on and end together"
