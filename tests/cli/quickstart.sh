#!/usr/bin/env bash
# quickstart.sh SOURCE_DIR - tools/quickstart with stubs for the installation and the program: which of two runs of one name it
# asks about, and on which pictures the detector is calibrated.
set -u
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

cd "$work" || exit 1
mkdir -p tools build
cp "$source/tools/quickstart" tools/
cp -r "$source/experiments" .
printf '#!/bin/sh\n' >tools/setup
# The program: makes the names of the tiles that the recipes make, notes questions, lists what a calibration takes.
cat >build/inpaintlab <<'END'
#!/usr/bin/env bash
set -u
tiles() { # SPLIT FIRST LAST PREFIX TILES
  mkdir -p "$out/$1"
  for photo in $(seq -w "$2" "$3"); do
    for tile in $(seq 0 "$5"); do for kind in original realfake mask; do echo . >"$out/$1/$4$photo-$tile.$kind.webp"; done; done
  done
}
case $1 in
  dataset)
    out=${*: -1}
    [[ $out == *mixed ]] && prefixes="photos_ jpeg_" || prefixes=-
    for prefix in $prefixes; do
      last=5; [ "$prefix" = jpeg_ ] && last=3
      tiles train 01 14 "${prefix#-}" "$last"; tiles validation 15 18 "${prefix#-}" "$last"; tiles test 19 24 "${prefix#-}" "$last"
    done ;;
  sql) echo "${*: -1}" >>asked.txt; printf 'column\r\nold\r\nnew\r\n' ;;
  detect)
    word=${*: -1}
    taken=taken-$(wc -l <taken.txt).txt
    if [ -d "$word" ]; then find -L "$word" -type f; else compgen -G "$word"; fi | LC_ALL=C sort >"$taken"
    echo "$word" >>taken.txt ;;
esac
END
: >taken.txt
chmod +x tools/setup build/inpaintlab

tools/quickstart >out.txt 2>err.txt || fail "status $?: $(cat err.txt)"
[ "$(wc -l <asked.txt)" = 2 ] && ! grep -qv 'ORDER BY' asked.txt || fail "the last row is taken of a question without an order: $(cat asked.txt)"
[ "$(wc -l <taken.txt)" = 2 ] || fail "expected two calibrations: $(cat taken.txt)"
for taken in taken-*.txt; do
  n=$(wc -l <"$taken")
  [ "$n" -ge 40 ] || fail "$taken: $n pictures choose nothing"
  halves=$(awk -v n="$n" '{ sub(".*/", ""); sub("-[0-9].*", ""); print (NR <= int(n / 2) ? "chooses" : "measures"), $0 }' "$taken" | sort -u)
  [ -z "$(echo "$halves" | sed 's/.* //; s/.*_//' | sort | uniq -d)" ] || fail "$taken: a photo is in both halves: $halves"
  [ -z "$(echo "$halves" | sed 's/.* //; s/.*_//' | awk '$1 < 15')" ] || fail "$taken: a photo that the detector trained on: $halves"
done
lossless=$(grep -l 'original.webp' taken-*.txt)
! grep -q 'jpeg\|realfake\|mask' "$lossless" || fail "the lossless pictures have been JPEG, or are forged"
tools/quickstart >out.txt 2>err.txt || fail "repeated: status $?: $(cat err.txt)"

echo "$failures failures"
[ "$failures" -eq 0 ]
