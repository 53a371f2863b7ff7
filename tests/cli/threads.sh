#!/usr/bin/env bash
# How long waiting threads spin: set by the commands that compute, unless the user has set it. Usage: threads.sh PROGRAM
program=$1
failures=0
fail() { echo "$1"; failures=$((failures + 1)); }

# expect WHAT PATTERN TIMES COMMAND… : libgomp tells its settings each time it is loaded; the last ones match PATTERN.
expect() {
  local what=$1 pattern=$2 times=$3 out
  shift 3
  out=$(env -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT OMP_DISPLAY_ENV=verbose "$@" 2>&1 >/dev/null) || fail "$what: exit status $?"
  [ "$(grep -c 'ENVIRONMENT BEGIN' <<<"$out")" -eq "$times" ] || fail "$what: not loaded $times times"
  grep -E 'OMP_WAIT_POLICY|GOMP_SPINCOUNT' <<<"$out" | tail -n 2 | grep -qE "$pattern" || fail "$what: expected $pattern in: $out"
}

expect "run" "GOMP_SPINCOUNT = '1000'" 2 "$program" run --help
expect "run with a policy" "OMP_WAIT_POLICY = 'ACTIVE'" 1 OMP_WAIT_POLICY=active "$program" run --help
expect "run with a count" "GOMP_SPINCOUNT = '77'" 1 GOMP_SPINCOUNT=77 "$program" run --help
expect "plan" "GOMP_SPINCOUNT = '300000'" 1 "$program" plan --help

[ "$failures" -eq 0 ] && echo "threads: as expected"
exit $((failures > 0))
