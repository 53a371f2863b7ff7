#!/usr/bin/env bash
# In place of inpaintlab: makes the names of the tiles that the recipes make, notes questions, lists what a calibration takes.
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
