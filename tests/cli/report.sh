#!/usr/bin/env bash
# report.sh PROGRAM SOURCE_DIR - a page and LaTeX tables of a small grid with an awkward title; refused wishes leave nothing behind.
set -u
program=$(realpath "$1") source=$(realpath "$2")
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1
export LC_ALL=C
failures=0
fail() { echo "$*"; failures=$((failures + 1)); }

for split in train validation test; do
  mkdir -p data/$split
  for id in 01 02 03; do
    cp "$source/experiments/quickstart/photos/$id.png" "data/$split/$id.realfake.png"
    cp "$source/experiments/quickstart/photos/05.png" "data/$split/$id.mask.png"
  done
done
cat > grid.yaml <<'YAML'
experiment: awkward_title
title: '50% of <script>alert(1)</script> \x | ~y^2 {z} #1 $x "q" ähnlich 中文'
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 4, coarse: 4}
  mask_policy: {name: threshold, level: 100}
  loss: bce
  train: {on: realfake, epochs: 1, batch: 2, size: 64, lr: 0.01}
  test: [realfake]
axes:
  seed: [1, 2]
YAML
"$program" run -q --device cpu --db r.sqlite grid.yaml > /dev/null || fail "the grid does not run"

# ---- the page ----
before=$(sha256sum r.sqlite)
"$program" report --db r.sqlite --format html -o page.html || fail "no page"
"$program" report --db r.sqlite --format html | cmp - page.html || fail "the page differs on standard output"
[ "$before" = "$(sha256sum r.sqlite)" ] || fail "the report changes the database"
grep -q '<script' page.html && fail "a title becomes a script"
grep -q '&#60;script&#62;alert(1)' page.html || fail "the title is not on the page"
[ "$(grep -c '<strong>Best</strong>' page.html)" -eq 2 ] || fail "the best pictures of two cells are missing"
[ "$(grep -o 'src="data:image/' page.html | wc -l)" -eq 24 ] || fail "expected 24 pictures on the page"
grep -oE '(src|href)="[^"]{5}' page.html | grep -vE '"(data:|#)' && fail "the page loads something"

# refuse STATUS LINE FILE COMMAND… : that status and line (… stands for anything), and FILE is as it was.
refuse() {
  local status=$1 line=$2 file=$3 was=absent is=absent got out; shift 3
  [ -e "$file" ] && was=$(sha256sum < "$file")
  out=$("$@" 2>&1 >/dev/null)
  got=$?
  [ -e "$file" ] && is=$(sha256sum < "$file")
  # shellcheck disable=SC2053
  if [ $got -ne "$status" ] || [[ $out != ${line//…/*} ]] || [ "$was" != "$is" ]; then
    fail "$*: $got: $out"
  fi
  ls ./*.tmp 2>/dev/null && fail "$*: a draft is left behind"
}
echo "an older page" > old.html
refuse 1 "inpaintlab: none/page.html: cannot be written: …" none/page.html "$program" report --db r.sqlite --format html -o none/page.html
refuse 1 "inpaintlab: experiment nix: not in the database; …" old.html "$program" report --db r.sqlite --format html --experiment nix -o old.html
refuse 1 "inpaintlab: none.sqlite: no such database…" old.html "$program" report --db none.sqlite --format html -o old.html
refuse 1 "inpaintlab: /dev/full: cannot be written: …" old.html "$program" report --db r.sqlite --format html -o /dev/full
refuse 1 "inpaintlab: data: cannot be written: …" old.html "$program" report --db r.sqlite --format html -o data
refuse 2 "inpaintlab: --table: a page has all tables…" old.html "$program" report --db r.sqlite --format html --table 4 -o old.html
refuse 2 "inpaintlab: --format: 'pdf' is none of text, md, csv, latex, json, html" old.html "$program" report --db r.sqlite --format pdf -o old.html
refuse 2 "inpaintlab: --format: 'html' is none of text, md, csv, latex, json" old.html "$program" sql --db r.sqlite --format html "SELECT 1"
[ -e none.sqlite ] && fail "none.sqlite was made"
"$program" report --db r.sqlite --format html --experiment awkward_title -o old.html || fail "an older page is not replaced"
grep -q '</html>' old.html || fail "the new page is not whole"

# ---- LaTeX ----
"$program" report --db r.sqlite --format latex -o all.tex || fail "no LaTeX"
"$program" report --db r.sqlite --format latex --table 4 -o four.tex || fail "no LaTeX of table 4"
if command -v pdflatex > /dev/null; then
  {
    echo '\documentclass{article}\usepackage[T1]{fontenc}\usepackage{booktabs}\begin{document}'
    echo '\input{all.tex}\input{four.tex}Table~\ref{tab:published-4}, \ref{tab:awkward-title-dataset1-test}.\end{document}'
  } > paper.tex
  for i in 1 2; do # the second time resolves the references
    pdflatex -interaction=nonstopmode -halt-on-error paper.tex > log.txt || { fail "pdflatex stops:"; grep -A3 '^!' log.txt; }
  done
  grep -q 'undefined' log.txt && fail "a reference leads nowhere"
else
  echo "LaTeX was not compiled: pdflatex is not installed"
fi

[ $failures -eq 0 ] && echo "reports: good"
exit $((failures > 0))
