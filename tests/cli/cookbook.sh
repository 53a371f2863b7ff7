#!/usr/bin/env bash
# cookbook.sh INPAINTLAB SOURCE_DIR OPEN_DATABASE - every query of schema/COOKBOOK.md on a made-up database, beside answers that
# tests/data/cookbook/make.py computed from the pixels. Status 77 without sqlite3.
set -u
program=$1 source=$2 data=$2/tests/data/cookbook open_database=$3
command -v sqlite3 >/dev/null || { echo "skipped: no sqlite3 shell"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() { echo "$*"; failures=$((failures + 1)); }

migrations=("$source"/schema/results.sql "$source"/schema/results-[0-9]*.sql)
for schema in "${migrations[@]}"; do sqlite3 results.sqlite <"$schema" || fail "$schema"; done
sqlite3 results.sqlite "PRAGMA user_version = ${#migrations[@]}"
sqlite3 results.sqlite <"$data/results.sql" || fail "the results are not taken"
# The program computes the metrics; what it knows of the paper gives way to what was made up.
"$open_database" results.sqlite || fail "the database cannot be opened"
{ echo "DELETE FROM published; DELETE FROM published_splits; DELETE FROM published_settings;"
  grep '^INSERT INTO published ' "$data/results.sql"; } | sqlite3 results.sqlite || fail "the published value is not taken"

# ## N. … ```sql … ``` -> N.sql
awk '/^## [0-9]+\./ { n = $2 + 0 } /^```sql$/ { on = 1; next } /^```$/ { on = 0 } on { print > sprintf("%02d.sql", n) }' \
  "$source/schema/COOKBOOK.md"
[ "$(ls ./*.sql | wc -l)" = 11 ] || fail "expected 11 queries, found $(ls ./*.sql)"

# Numbers may differ in the last decimal: bootstrap means are summed in another order.
same() {
  awk -F, -v OFS=, 'NR == FNR { wanted[FNR] = $0; rows = FNR; next }
    { n = split(wanted[FNR], w, ","); if (n != NF) bad = 1
      for (i = 1; i <= NF; i++) { d = $i - w[i]; if ($i != w[i] && !($i ~ /^-?[0-9.e-]+$/ && d * d <= 1.0001e-8)) bad = 1 } }
    END { exit bad || FNR != rows }' "$1" "$2"
}
for query in ./*.sql; do
  n=$(basename "$query" .sql)
  "$program" sql --format csv --db results.sqlite --data "$data/made" - <"$query" 2>err.txt | tr -d '\r"' >got.csv
  tr -d '"' <"$data/$n.csv" >wanted.csv
  [ ! -s err.txt ] || fail "query $n: $(cat err.txt)"
  same wanted.csv got.csv || { fail "query $n:"; diff wanted.csv got.csv; }
done

[ "$failures" -eq 0 ] && echo "cookbook: 11 queries, all as expected"
exit $((failures > 0))
