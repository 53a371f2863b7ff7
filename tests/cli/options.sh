#!/usr/bin/env bash
# options.sh PROGRAM SOURCE_DIR - for every command: what --help lists is what the man page and the completion list, and the
# other way round; lines fit; wrong lines end with the same words everywhere.
set -u
program=$(realpath "$1") source=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() { echo "$*" >&2; failures=$((failures + 1)); }

commands=$("$program" help | sed -nE 's/^  ([a-z-]+) .*/\1/p')
groups=dataset
commands=$(for c in $commands; do
  if [ "$c" = $groups ]; then "$program" "$c" --help | sed -nE "s/^  ([a-z-]+) .*/$c \1/p"; else echo "$c"; fi
done)
[ "$(wc -l <<<"$commands")" -ge 16 ] || fail "few commands: $commands"

# ---- what --help lists, as "COMMAND: OPTION", and what it looks like ----
while read -r c; do
  # shellcheck disable=SC2086
  "$program" $c --help >help.txt 2>err.txt || fail "$c --help: status $?"
  [ -s err.txt ] && fail "$c --help: $(cat err.txt)"
  grep -q "^usage: inpaintlab $c" help.txt || fail "$c --help: $(head -1 help.txt)"
  tail -2 help.txt | grep -q 'xit status' || fail "$c --help: nothing on the exit status"
  awk -v c="$c" 'length($0) > 120 { print c ": " length($0) " columns: " $0 }' help.txt >long.txt
  [ -s long.txt ] && fail "$(cat long.txt)"
  # "  -o, --output FILE  text": every text begins at one column, and so does what is broken
  columns=$(grep -E '^ ' help.txt | sed -E 's/^(  (-[a-z], )?--[a-z-]+( [A-Z=]+)? {2,}| +).*/\1/' | awk '{ print length($0) }' | sort -u)
  [ "$(wc -l <<<"$columns")" = 1 ] || fail "$c --help: texts begin in columns" $columns
  sed -nE 's/^  (-[a-z], )?(--[a-z-]+).*/\1 \2/p' help.txt | tr -d , | tr ' ' '\n' | sed "/./!d; s/^/$c: /"
done <<<"$commands" >help.all
sort help.all >help.list
[ "$(wc -l <help.list)" -gt 120 ] || fail "few options: $(wc -l <help.list)"

# ---- the man page: each entry under OPTIONS names its commands in parentheses; none: all commands ----
sed -n '/^\.SH OPTIONS/,/^\.SH EXIT/p' "$source/core/cli/inpaintlab.1" | tr -d '\\"' | sed 's/f[RPIB]//g' |
  awk -v commands="$(tr '\n' ';' <<<"$commands")" '
    function entry(   n, list, i, j, k, parts, m, names, some) {
      if (head == "") return
      n = split(commands, list, ";")
      while (match(text, /\([^)]*\)/)) {
        m = split(substr(text, RSTART + 1, RLENGTH - 2), names, ",")
        text = substr(text, RSTART + RLENGTH)
        for (i = 1; i <= m; i++) {
          gsub(/^ +| +$/, "", names[i])
          for (j = 1; j < n; j++) if (names[i] == list[j]) { some = 1; put(list[j]) }
        }
      }
      if (!some) for (j = 1; j < n; j++) put(list[j])
    }
    function put(command,   parts, n, i) {
      n = split(head, parts, /[ ,]+/)
      for (i = 1; i <= n; i++) if (parts[i] ~ /^--?[a-z]/) print command ": " parts[i]
    }
    /^\.TP/ { entry(); head = ""; text = ""; next }
    head == "" { head = $0; next }
    { text = text " " $0 }
    END { entry() }' | sort -u >man.list
diff help.list man.list >diff.txt || fail "--help (<) and the man page (>) differ:"$'\n'"$(grep '^[<>]' diff.txt)"

# ---- the completion ----
mkdir bin
ln -s "$program" bin/inpaintlab
export PATH=$work/bin:$PATH
. "$source/core/cli/inpaintlab.bash"
complete_words() { COMP_WORDS=(inpaintlab "$@") COMP_CWORD=$#; _inpaintlab; } # the last word is being typed
while read -r c; do
  # shellcheck disable=SC2086
  complete_words $c --
  printf "$c: %s\n" "${COMPREPLY[@]}"
done <<<"$commands" >complete.list
diff <(grep -v ': -.$' help.list) <(sort complete.list) >diff.txt ||
  fail "--help (<) and the completion (>) differ:"$'\n'"$(grep '^[<>]' diff.txt)"
completes() { # "WORDS" EXPECTED
  complete_words "${@:1:$#-1}"
  [ "${COMPREPLY[*]}" = "${*: -1}" ] || fail "completion of ${*:1:$#-1}: '${COMPREPLY[*]}', expected '${*: -1}'"
}
mkdir empty empty/folder
cd empty || exit 1
touch grid.yaml other.txt
completes '' "$("$program" help | sed -nE 's/^  ([a-z-]+) .*/\1/p' | tr '\n' ' ')help --help --version"
completes dataset '' 'build check preview help --help'
completes export --format '' 'csv json tensorboard'
completes report --format h html
completes sql --format h ''
completes bench --precision f 'fp32 fp16'
completes run --device c 'cpu cuda cuda:0'
completes run --threads '' ''
completes run g grid.yaml
completes run --cache o other.txt
completes detect --weights fo folder
completes new m 'model mask-policy masker'
cd ..

# ---- wrong lines ----
ends() { # STATUS LINE ARGUMENTS…
  local status=$1 line=$2 got ended; shift 2
  got=$("$program" "$@" 2>&1)
  ended=$?
  [ "$ended: $got" = "$status: $line" ] || fail "$*: '$ended: $got', expected '$status: $line'"
}
ends 2 "inpaintlab: plugins: unknown option '--nonsense'; see 'inpaintlab plugins --help'" plugins --nonsense
ends 2 "inpaintlab: run: '--c' is short for several options: --cache, --cache-limit, --checkpoint" run --c 3
ends 2 "inpaintlab: dataset check: unknown option '--fats'; did you mean '--fast'?; see 'inpaintlab dataset check --help'" dataset check --fats
ends 2 "inpaintlab: sql: --db: a value is missing" sql --db
ends 2 "inpaintlab: --as: 'dataset3' is none of dataset1, dataset2, inpainted; did you mean 'dataset1'?" dataset check --as dataset3 x
ends 2 "inpaintlab: --seed: '-1' is no number from 0 to 18446744073709551615" dataset preview x -o y --seed -1
ends 2 "inpaintlab: dataset preview: expected one folder or JSON list and -o PAGE.html; see 'inpaintlab dataset preview --help'" dataset preview x
ends 2 "inpaintlab: report: expected options only; see 'inpaintlab report --help'" report 3
ends 2 "inpaintlab: no command is called 'rnu'; did you mean 'run'?; see 'inpaintlab help'" rnu
ends 2 "inpaintlab: dataset: no command is called 'chekc'; did you mean 'check'?; see 'inpaintlab dataset help'" dataset chekc
if [ -w /dev/full ]; then
  got=$("$program" plugins 2>&1 >/dev/full)
  [ "$?: $got" = "1: inpaintlab: standard output cannot be written: No space left on device" ] || fail "a full disk: $got"
fi
[ "$failures" -eq 0 ] && echo "options: $(wc -l <help.list) names of $(wc -l <<<"$commands") commands, all as expected"
exit $((failures > 0))
