#!/usr/bin/env bash
# How long waiting threads spin: set by the commands that compute, unless the user has set it. Usage: threads.sh PROGRAM
program=$1
failures=0
fail() { echo "$1"; failures=$((failures + 1)); }

# expect WHAT PATTERN COMMAND… : libgomp tells its settings when it is loaded, with libtorch; they match PATTERN. The commands end
# at a device that is none, after that.
expect() {
  local what=$1 pattern=$2 out
  shift 2
  out=$(env -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT OMP_DISPLAY_ENV=verbose "$@" 2>&1 >/dev/null)
  [ "$(grep -c 'ENVIRONMENT BEGIN' <<<"$out")" -eq 1 ] || fail "$what: libgomp is not loaded once: $out"
  grep -E 'OMP_WAIT_POLICY|GOMP_SPINCOUNT' <<<"$out" | grep -qE "$pattern" || fail "$what: expected $pattern in: $out"
}

bench=("$program" bench --model unet --device none)
expect "bench" "GOMP_SPINCOUNT = '1000'" "${bench[@]}"
expect "bench with a policy" "OMP_WAIT_POLICY = 'ACTIVE'" OMP_WAIT_POLICY=active "${bench[@]}"
expect "bench with a count" "GOMP_SPINCOUNT = '77'" GOMP_SPINCOUNT=77 "${bench[@]}"
expect "model" "GOMP_SPINCOUNT = '300000'" "$program" model unet --device none

[ "$failures" -eq 0 ] && echo "threads: as expected"
exit $((failures > 0))
