#!/usr/bin/env bash
# api.sh SOURCE_DIR - the reference can be made, every public function is in it, and one without a description is found.
set -u
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; exit 1; }
"$source/tools/make-api" --check -o "$work/api.md" || fail "some functions are not told of"
for header in "$source"/core/include/inpaintlab/*.h; do
  # external declarations begin at the line's start; typedefs are none
  for name in $(grep -E '^[a-z].*\bil_[a-z0-9_]+\(' "$header" | grep -v '^typedef' | grep -oE '\bil_[a-z0-9_]+\(' | sort -u); do
    grep -qF "$name" "$work/api.md" || fail "$name) of $(basename "$header") is not in the reference"
  done
  grep -qF "## inpaintlab/$(basename "$header")" "$work/api.md" || fail "$(basename "$header") has no chapter"
done
[ "$(grep -c '^```c$' "$work/api.md")" -gt 100 ] || fail "hardly anything is in the reference"
[ $(($(grep -c '^```' "$work/api.md") % 2)) = 0 ] || fail "a code block does not end"
mkdir "$work/bad"
printf '/* x.h - a header. */\n/* Told. */\nint il_x_told(void);\nint il_x_too(void);\n\nint il_x_untold(int a,\n    int b);\n' >"$work/bad/x.h"
"$source/tools/make-api" --check "$work/bad" >"$work/out" && fail "a function without a description passes"
[ "$(grep -c 'no comment tells' "$work/out")" = 1 ] && grep -q 'x.h: il_x_untold' "$work/out" || fail "$(cat "$work/out")"
echo "api: $(grep -c '^```c$' "$work/api.md") blocks"
