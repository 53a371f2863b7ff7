#!/usr/bin/env bash
# detect.sh PROGRAM SOURCE_DIR TEST_DATA - a detector of one's own on pictures as people have them: which run is taken,
# what is written and said, exit status, and files that are damaged or odd: one clear line each.
set -u
program=$(realpath "$1") source=$(realpath "$2") data=$(realpath "$3")
work=$(mktemp -d /tmp/inpaintlab-detect-XXXXXX)
export XDG_CACHE_HOME=$work/cache
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
failures=0 cases=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
export OMP_NUM_THREADS=1 LC_ALL=C
photos=$source/experiments/quickstart/photos

# ---- a small trained detector ----
mkdir "$work/photos"
for n in 01 05 09 13; do cp "$photos/$n.png" "$work/photos/"; done
cd "$work" || exit 1
cat > recipe.yaml <<END
recipe: kodak
photos: {root: $work/photos, size: 128, fit: tiles, order: name}
splits: {train: 2, validation: 1, test: 1}
maskers: {name: rectangle, least: 32}
inpaint: {name: small, weights: $data/generator-nearest.safetensors}
END
"$program" dataset build recipe.yaml -o made -q || fail "build"
cat > grid.yaml <<'END'
experiment: small
base:
  dataset: {name: dataset2, root: made}
  model: {name: unet, fine: 4, coarse: 4}
  loss: bce
  train: {on: fakefake, epochs: 1, batch: 8, size: 128, crop: 64}
  test: [fakefake, original]
axes:
  seed: [1, 2]
END
"$program" run grid.yaml --db r.sqlite -q > run.txt || { cat run.txt; fail "run"; }
sql() { "$program" sql --db r.sqlite --format csv "$1" | tail -n +2 | tr -d '\r'; }
picture=$(find made/test -name '*.fakefake.webp' | sort | head -1)
cp "$picture" one.webp

# expect STATUS OUT ERR ARGUMENTS… : exit status, the last lines on stdout and stderr (but that the detector, which hardly
# trained, is weak); "…" stands for anything.
matches() {
  local pattern=${2//\\/\\\\}
  pattern=${pattern//\[/\\[}; pattern=${pattern//\*/\\*}; pattern=${pattern//\?/\\?}; pattern=${pattern//…/*}
  # shellcheck disable=SC2053
  [[ $1 == $pattern ]]
}
expect() {
  local status=$1 out=$2 err=$3 got; shift 3
  cases=$((cases + 1))
  "$program" detect --db r.sqlite "$@" > out.txt 2> err.txt
  got=$?
  if [ $got -ne "$status" ] || ! matches "$(tail -n 1 out.txt)" "$out" || ! matches "$(grep -v ': the detector is weak: ' err.txt | tail -n 1)" "$err"; then
    fail "case $cases: detect $*"
    echo "  expected $status: $out | $err"
    echo "  got      $got: $(tail -n 1 out.txt) | $(tail -n 1 err.txt)"
  fi
}
all="--threshold 0.000001" none="--threshold 0.999999"

# ---- verdicts, exit status, card ----
expect 0 "one.webp: whole image, 100.0 % marked, 1 region, score 0.…" "detector: run …model unet, trained on fakefake of dataset2, mask policy …, test IoU …, false alarms on … % of … authentic pictures" $all one.webp
expect 1 "one.webp: nothing found, 0.0 % marked, 0 regions, score 0.…" "" -q $none one.webp
expect 2 "one.webp: whole image…" "inpaintlab: gone.png: No such file or directory" -q $all gone.png one.webp
[ "$(wc -l < out.txt)" = 1 ] || fail "a missing file must not keep the next from being examined"
best=$(sql "SELECT r.id FROM cells c JOIN runs r ON r.hash = c.run_hash WHERE c.tested_on = 'fakefake' ORDER BY c.iou DESC, r.id LIMIT 1")
expect 0 "…" "detector: run $best (…" $all one.webp
expect 0 "…" "detector: run 2 (seed=2)…" $all --run 2 one.webp
expect 0 "…" "detector: run 1 (seed=1)…" $all --run seed=1 one.webp
expect 2 "" "inpaintlab: --run seed*: fits 2 runs: 1 (seed=1), 2 (seed=2)" --run 'seed*' one.webp
if command -v sqlite3 >/dev/null; then # to call two runs alike, as a grid does after its pictures changed
  cp r.sqlite once.sqlite
  sqlite3 r.sqlite "UPDATE runs SET name = 'seed=1', ended_at = '2999-01-01T00:00:00Z' WHERE id = 2"
  expect 0 "…" "detector: run 2 (seed=1)…" $all --run seed=1 one.webp
  grep -qxF "inpaintlab: run 2 is taken, the newest of 2 finished runs called 'seed=1'" err.txt || fail "which run is taken is not said: $(cat err.txt)"
  "$program" weights --db r.sqlite seed=1 2> err.txt | grep -q '^run 2: seed=1,' || fail "weights of another run"
  grep -qxF "inpaintlab: run 2 is taken, the newest of 2 finished runs called 'seed=1'" err.txt || fail "weights: $(cat err.txt)"
  expect 0 "…" "" -q $all --run seed=1 one.webp
  mv once.sqlite r.sqlite
fi
expect 2 "" "inpaintlab: --run none: no finished run is called so; there are 1 (seed=1), 2 (seed=2)" --run none one.webp

# ---- wrong usage ----
expect 2 "" "inpaintlab: detect: expected pictures, …"
expect 2 "" "inpaintlab: detect: unknown option '--tlie'; …" --tlie 3 one.webp
expect 2 "" "inpaintlab: detect: --tile: a value is missing" one.webp --tile
expect 2 "" "inpaintlab: --tile: '16' is no number from 32 to 4096" --tile 16 one.webp
expect 2 "" "inpaintlab: --overlap: 64 is not below the tile's 64" --tile 64 --overlap 64 one.webp
expect 2 "" "inpaintlab: --threshold: '2' is no number from 0 to 1" --threshold 2 one.webp
expect 2 "" "inpaintlab: --threshold: expected a number between 0 and 1" --threshold 0 one.webp
expect 2 "" "inpaintlab: --min-area: 'x' is no number from 0 to 100" --min-area x one.webp
expect 2 "" "inpaintlab: detect: --model says what --weights belong to; …" --model unet one.webp
expect 2 "" "inpaintlab: detect: --run and --weights exclude each other" --run 1 --weights x one.webp
expect 2 "" "inpaintlab: none.sqlite: no such database; …" --db none.sqlite one.webp
expect 2 "" "inpaintlab: …" --device cuda:77 one.webp
expect 2 "" "inpaintlab: one.webp: is no folder" -o one.webp one.webp
expect 2 "" "inpaintlab: /proc/none: cannot be made: …" -o /proc/none one.webp

# ---- weights ----
weights=$(sql "SELECT weights_path FROM runs WHERE id = 1")
cp "$weights" w.safetensors
expect 0 "one.webp: whole image…" "detector: w.safetensors, model unet, trained on fakefake of dataset2, …" $all --weights w.safetensors one.webp
expect 0 "one.webp: whole image…" "detector: w.safetensors, …" $all --weights w.safetensors --model '{name: unet, fine: 4, coarse: 4}' one.webp
expect 2 "" "inpaintlab: w.safetensors: …" --weights w.safetensors --model unet one.webp
expect 2 "" "inpaintlab: no model is called 'unte'; did you mean 'unet'?" --weights w.safetensors --model unte one.webp
expect 2 "" "inpaintlab: --model: …'fin'…" --weights w.safetensors --model '{name: unet, fin: 4}' one.webp
expect 2 "" "inpaintlab: --model:…" --weights w.safetensors --model '{name: unet' one.webp
expect 2 "" "inpaintlab: gone.safetensors: …" --weights gone.safetensors --model unet one.webp
expect 2 "" "inpaintlab: one.webp: …" --weights one.webp --model unet one.webp
"$program" detect -q --db r.sqlite --run 1 --json one.webp > by-run.txt
"$program" detect -q --weights w.safetensors --json one.webp > by-file.txt
[ "$(grep -o '"share":[^,]*' by-run.txt)" = "$(grep -o '"share":[^,]*' by-file.txt)" ] || fail "a run and its weights differ"
printf 'x' >> "$weights"
expect 2 "" "inpaintlab: run 1 (seed=1): …weights.safetensors: its SHA-256 is …, the database says …" --run 1 one.webp
cp w.safetensors "$weights"

# ---- files that are written ----
mkdir -p in/a in/b
cp one.webp in/a/photo.webp; cp "$photos/02.png" in/b/photo.png
expect 0 "in/b/photo.png: …" "" -q $all in -o found
for file in photo photo-2; do
  for kind in mask.png heat.png overlay.png json; do
    [ -s found/$file.$kind ] || fail "found/$file.$kind is absent"
  done
done
[ "$(find found -type f | wc -l)" = 8 ] || fail "expected 8 files, found $(ls found)"
size() { od -An -tu1 -j16 -N8 "$1" | awk '{ print ($3 * 256 + $4) "x" ($7 * 256 + $8) }'; }
for kind in mask heat overlay; do
  [ "$(size found/photo-2.$kind.png)" = "$(size "$photos/02.png")" ] || fail "$kind has another size: $(size found/photo-2.$kind.png)"
done
find found -type f | sort | xargs sha256sum > before.txt
expect 0 "…" "" -q $all in found -o found # what is in the folder of results is passed over
[ "$(wc -l < out.txt)" = 2 ] || fail "results were examined: $(cat out.txt)"
sha256sum -c --quiet before.txt || fail "the same pictures gave other results"

# ---- JSON ----
json() { "$program" sql --db r.sqlite --format csv "SELECT $1" | tail -n 1 | tr -d '\r'; }
expect 0 "{…}" "" -q $all --json in
[ "$(wc -l < out.txt)" = 2 ] || fail "expected one line per picture"
while read -r line; do
  line=${line//\'/\'\'}
  got=$(json "json_extract('$line', '$.verdict') || ' ' || json_extract('$line', '$.detector.mask_policy') || ' ' || json_extract('$line', '$.detector.weights_sha256') || ' ' || json_extract('$line', '$.image_score.convention')")
  want="whole image full $(sql "SELECT weights_sha256 FROM runs WHERE id = $best") mean3x3_p99.9"
  [ "$got" = "$want" ] || fail "JSON says '$got', expected '$want'"
  [ "$(json "json_extract('$line', '$.regions[0].area') = json_extract('$line', '$.width') * json_extract('$line', '$.height')")" = 1 ] || fail "the whole image is not the region"
done < out.txt
[ "$(json "json_extract('$(head -1 out.txt | sed "s/'/''/g")', '$.sha256')")" = "$(sha256sum in/a/photo.webp | cut -c1-64)" ] || fail "sha256"
[ "$(json "json_extract('$(tr -d '\n' < found/photo.json | sed "s/'/''/g")', '$.file')")" = in/a/photo.webp ] || fail "photo.json"

# ---- standard input, patterns ----
"$program" detect -q --db r.sqlite $all - < one.webp > out.txt || fail "standard input"
grep -q '^standard input: whole image' out.txt || fail "standard input: $(cat out.txt)"
expect 2 "" "inpaintlab: standard input: is empty; expected a picture" -q - < /dev/null
expect 0 "in/b/photo.png: …" "" -q $all 'in/*/photo.*'
[ "$(wc -l < out.txt)" = 2 ] || fail "the pattern fits two"
expect 2 "" "inpaintlab: in/*.gif: no file fits this pattern" -q 'in/*.gif'

# ---- tiles and memory ----
expect 0 "…" "" -q $all --tile 64 --overlap 0 one.webp
expect 2 "" "inpaintlab: $photos/02.png: …x… pixels in tiles of 128 need about … MiB; --memory allows 20" -q --memory 20 "$photos/02.png"
expect 0 "…" "…inpaintlab: warning: $photos/02.png: …x… pixels; the detector was trained on pictures of 128 a side at most (said once)" $all "$photos/02.png" "$photos/02.png"
[ "$(grep -c 'trained on pictures' err.txt)" = 1 ] || fail "a warning was said twice"

# ---- authentic pictures ----
expect 0 "marked pixels: 0.000 % of a picture on average" "" -q $none --calibrate in
grep -q '^false alarms: 0 of 2, 0.0 % (95 % Wilson interval 0.0 to 65.8 %)$' out.txt || fail "calibrate: $(cat out.txt)"
expect 0 "one.webp: …" "" -q $all --calibrate in one.webp
grep -q '^false alarms: 2 of 2, 100.0 % (95 % Wilson interval 34.2 to 100.0 %)$' out.txt || fail "calibrate: $(cat out.txt)"
expect 2 "" "inpaintlab: --calibrate gone: no picture could be examined" -q --calibrate gone

# ---- calibration ----
mkdir jpegs few; for i in $(seq 10 49); do cp "$data/images/rgb.jpg" "jpegs/$i.jpg"; done; cp jpegs/1*.jpg few/
weights=$(sql "SELECT weights_path FROM runs WHERE id = 1"); kept=$weights.calibration.json
unsure="inpaintlab: warning: jpegs/10.jpg: the detector cannot tell: it was not calibrated on authentic lossy pictures; …"
expect 1 "jpegs/10.jpg: uncertain, …" "$unsure" --run 1 jpegs/10.jpg
expect 0 "jpegs/10.jpg: …" "inpaintlab: warning: …" --run 1 $all jpegs/10.jpg # the marks alone decide
expect 1 "jpegs/10.jpg: uncertain, …" "" -q --run 1 --calibrate few jpegs/10.jpg
grep -q '^few: 10 authentic lossy pictures; 40 are needed to choose the score that counts as found$' out.txt || fail "few: $(cat out.txt)"
[ -s "$kept" ] || fail "no calibration was kept"
expect 1 "jpegs/10.jpg: nothing found, …" "" -q --run 1 --calibrate jpegs jpegs/10.jpg
grep -q '^jpegs: 40 authentic lossy pictures; by the first 20, \(scores above 0\.[0-9]* count\|any region counts\) as found$' out.txt || fail "jpegs: $(cat out.txt)"
grep -q '^false alarms: 0 of the other 20, 0.0 % (95 % Wilson interval 0.0 to 16.1 %)$' out.txt || fail "jpegs: $(cat out.txt)"
"$program" detect --db r.sqlite --run 1 jpegs/10.jpg > out.txt 2> err.txt; [ $? = 1 ] || fail "calibrated: status"
grep -q '^jpegs/10.jpg: nothing found' out.txt || fail "the calibration is not used: $(cat out.txt)"
grep -q 'false alarms on 0.0 % of 20 authentic lossy pictures$' err.txt || fail "the card lacks it: $(cat err.txt)"
[ "$("$program" detect -q --db r.sqlite --run 1 --json jpegs/10.jpg | grep -o '"lossless":null,"lossy":{"chosen_on":20')" ] || fail "JSON lacks the calibration"
expect 1 "jpegs/10.jpg: uncertain, …" "$unsure" --run 1 --min-area 0.2 jpegs/10.jpg
grep -q "calibration.json: is of other weights or settings; not used$" err.txt || fail "other settings: $(cat err.txt)"
cp "$weights" w.safetensors; cp "$kept" w.safetensors.calibration.json
expect 1 "jpegs/10.jpg: nothing found, …" "" -q --weights w.safetensors jpegs/10.jpg
echo '{"of": ' > "$kept"
expect 2 "" "inpaintlab: …weights.safetensors.calibration.json:…: …" --run 1 jpegs/10.jpg
expect 1 "jpegs/10.jpg: nothing found, …" "" -q --run 1 --calibrate jpegs jpegs/10.jpg
expect 1 "jpegs/10.jpg: nothing found, …" "" -q --run 1 --calibrate few jpegs/10.jpg # fewer do not undo it
cp "$kept" before.json
expect 2 "" "inpaintlab: $kept: 40 authentic lossy pictures have chosen already what counts as found; --replace replaces that" -q --run 1 --calibrate jpegs jpegs/10.jpg
expect 2 "" "inpaintlab: $kept: is of other weights or settings; --replace replaces it" -q --run 1 --min-area 0.2 --calibrate jpegs
cmp -s "$kept" before.json || fail "a calibration was replaced unasked"
expect 1 "jpegs/10.jpg: nothing found, …" "" -q --run 1 --min-area 0.2 --replace --calibrate jpegs jpegs/10.jpg
cmp -s "$kept" before.json && fail "--replace did not replace"
expect 1 "jpegs/10.jpg: nothing found, …" "" -q --run 1 --replace --calibrate jpegs jpegs/10.jpg
cmp -s "$kept" before.json || fail "the same pictures gave another calibration"
expect 2 "" "inpaintlab: detect: --replace says that --calibrate may replace a calibration" --replace one.webp

# ---- exported weights judge as the run does ----
judged() { "$program" detect -q --db r.sqlite --json "$@" | sed 's/"run":[^,]*,"name":[^,]*,//'; }
exported() { # what is alike, file by file
  for pictures in jpegs/10.jpg one.webp in; do
    judged --run 1 $pictures > by-run.txt; judged --weights mine.safetensors $pictures > by-file.txt
    cmp -s by-run.txt by-file.txt && [ -s by-run.txt ] || fail "$1: a run and its weights judge $pictures differently: $(diff by-run.txt by-file.txt | cut -c1-2000)"
  done
}
"$program" weights -q --db r.sqlite 1 -o mine.safetensors || fail "export"
exported calibrated
grep -q '"chosen_on":20' by-file.txt || fail "the calibration did not travel"
"$program" weights --db r.sqlite 1 -o mine.safetensors | grep -qx 'calibration: mine.safetensors.calibration.json, to be kept beside the weights' || fail "the calibration is not told"
sed -i 's/"chosen_on": 20/"chosen_on": 21/' mine.safetensors.calibration.json; cp mine.safetensors.calibration.json before.json
"$program" weights -q --db r.sqlite 1 -o mine.safetensors 2> err.txt && fail "another calibration was replaced"
grep -q 'mine.safetensors.calibration.json: is another calibration of these weights, and stays' err.txt || fail "export: $(cat err.txt)"
cmp -s mine.safetensors.calibration.json before.json || fail "another calibration was replaced"
rm "$kept" w.safetensors.calibration.json mine.safetensors.calibration.json
"$program" weights -q --db r.sqlite 1 -o mine.safetensors || fail "export"
exported "tests alone"
grep -q '"false_alarms":{"authentic_pictures"' by-file.txt || fail "the false alarms of the run's tests did not travel"
rm mine.safetensors.calibration.json

# ---- a data set as authentic pictures ----
mkdir set; cp "$(find made/test -name '*.original.webp' | sort | head -1)" set/a.original.webp
for kind in mask inpainted realfake fakefake; do cp one.webp set/a.$kind.webp; done
cp one.webp set/.mask.webp; cp one.webp set/mask.webp; cp one.webp set/b.realfakes.webp
expect 0 "marked pixels: …" "" -q --calibrate set $none
grep -qx 'set: 4 masks and forgeries of a data set are passed over' out.txt || fail "set: $(cat out.txt)"
grep -q '^false alarms: 0 of 3,' out.txt || fail "set: $(cat out.txt)"

# ---- what the line says ----
expect 0 "one.webp: whole image, 100.0 % marked, 1 region, score …, 128x128 at 0,0, false alarms on 100.0 % of 3…" "" -q $all --calibrate set one.webp
expect 1 "one.webp: nothing found, 0.0 % marked, 0 regions, score …, false alarms not measured…" "" -q $none one.webp
"$program" detect -q --db r.sqlite $all --json --calibrate set one.webp 2> err.txt > out.txt
grep -q '"kind":"weak","text":"the detector is weak: .*false alarms on 3 of 3 authentic pictures"' out.txt || fail "weak: $(cat out.txt)"
grep -qx 'set: 4 masks and forgeries of a data set are passed over' err.txt || fail "set, JSON: $(cat err.txt)"
expect 0 "one.webp: …; weak detector…" "detector: …" $all --calibrate set one.webp
grep -q '^inpaintlab: warning: one.webp: the detector is weak: .*false alarms on 3 of 3 authentic pictures (said once)$' err.txt || fail "weak: $(cat err.txt)"

# ---- several image kinds in one run ----
sed -e 's/experiment: small/experiment: joined/; s/on: fakefake/on: fakefake+original/; s/test: .*/test: [fakefake+original, fakefake]/; s/\[1, 2\]/[3]/' grid.yaml > joined.yaml
"$program" run joined.yaml --db j.sqlite -q > run.txt || { cat run.txt; fail "joined kinds"; }
joined() { "$program" sql --db j.sqlite --format csv "$1" | tail -n 1 | tr -d '\r'; }
[ "$(joined "SELECT count(*) || ' ' || sum(id LIKE '%.original' AND tp + fn = 0) || ' ' || sum(id LIKE '%.fakefake' AND tp + fn > 0) FROM images WHERE test = (SELECT id FROM tests WHERE images = 'fakefake+original')")" = "$(( 2 * $(find made/test -name '*.fakefake.webp' | wc -l) )) $(find made/test -name '*.original.webp' | wc -l) $(find made/test -name '*.fakefake.webp' | wc -l)" ] || fail "the joined kinds are not there"
[ "$(joined "SELECT value IS NOT NULL FROM metrics WHERE tested_on = 'fakefake+original' AND convention = 'image level' AND metric = 'auc'")" = 1 ] || fail "no AUC of pictures"
sed -i 's/test: .*/test: [fakefake+gone]/' joined.yaml
"$program" run joined.yaml --db j.sqlite -q > run.txt 2>&1 && fail "an absent kind"
grep -q "image kind 'gone' is unknown" run.txt || fail "an absent kind: $(cat run.txt)"

# ---- damaged and odd files: one line each ----
images=$data/images
odd=0
# good FILE [WARNING] : examined. bad FILE MESSAGE : refused.
good() {
  odd=$((odd + 1))
  expect 0 "$1: …" "${2:+inpaintlab: warning: $1: $2 (said once)}" $all "$1"
  [ -n "${2:-}" ] || [ "$(grep -c -v '^detector:' err.txt)" = 0 ] || [ -z "${3:-}" ] || fail "$1: $(cat err.txt)"
  [ "$(wc -l < out.txt)" = 1 ] || fail "$1: $(wc -l < out.txt) lines"
}
bad() {
  odd=$((odd + 1))
  expect 2 "" "inpaintlab: $1: $2" -q "$1"
  [ "$(wc -l < err.txt)" = 1 ] || fail "$1: $(wc -l < err.txt) lines on stderr"
}
mkdir odd; cd odd || exit 1; ln -s ../r.sqlite r.sqlite; ln -s ../runs runs
cp "$images"/{cmyk.jpg,rgb-16.png,grey-16.png,interlaced-16.png,animated.webp,claims-20000.png,palette-transparent.png} .
cp "$images"/{dot.png,row.png,column.png,bits-1.png,grey-alpha.png,rgba.png,alpha-lossy.webp,progressive.jpg,grey.jpg} .
: > zero.png;                                       bad zero.png "the file is empty; expected a picture"
head -c 20000 "$photos/02.png" > cut.png;           bad cut.png "damaged PNG: …"
head -c 400 "$images/rgb.jpg" > cut.jpg;            bad cut.jpg "damaged JPEG: …"
head -c 100 "$images/lossy.webp" > cut.webp;        bad cut.webp "damaged WebP: …"
echo "this is no picture" > text.png;               bad text.png "is no picture that can be read; expected PNG, JPEG or WebP"
printf 'GIF89a\1\0\1\0' > old.gif;                  bad old.gif "its format is GIF; expected PNG, JPEG or WebP: convert it to PNG, at full size, not to JPEG, which removes part of the trace"
printf '\0\0\0\24ftypheic\0\0\0\0mif1' > phone.heic; bad phone.heic "its format is HEIC; …"
printf '\xff\xd8\xff' > start.jpg;                  bad start.jpg "damaged JPEG: …"
printf 'RIFF\4\0\0\0WEBP' > start.webp;             bad start.webp "damaged WebP: …"
printf '\x89PNG\r\n\x1a\n' > start.png;             bad start.png "damaged PNG: …"
cp "$photos/02.png" flipped.png; printf '\x5a\xa5\x5a' | dd of=flipped.png bs=1 seek=30000 conv=notrunc status=none
                                                    bad flipped.png "damaged PNG: …"
truncate -s 2G sparse.png;                          bad sparse.png "the file has 2147483648 bytes; …"
                                                    bad claims-20000.png "claims to be 20000x20000 pixels; at most …"
                                                    bad animated.webp "is an animated WebP; expected a single picture"
mkdir folder.jpg;                                   bad folder.jpg "the folder holds no picture"
ln -s round.png round.png;                          bad round.png "Too many levels of symbolic links"
ln -s gone.png link.png;                            bad link.png "No such file or directory"
mkfifo pipe.png;                                    bad pipe.png "is no regular file; expected a picture"
                                                    bad /dev/zero "is no regular file; expected a picture"
                                                    bad "" "No such file or directory"
cp "$photos/02.png" secret.png; chmod 000 secret.png
if [ -r secret.png ]; then echo "secret.png: skipped, this user may read everything"; else bad secret.png "Permission denied"; fi
rm -f secret.png
cp "$photos/02.png" png.jpg;                        good png.jpg "768x512 pixels; the detector was trained on pictures of 128 a side at most"
cp "$images/rgb.jpg" jpeg.png;                      good jpeg.png "…"
grep -q 'lossy compression (JPEG)' err.txt || fail "jpeg.png: the compression is not told"
                                                    good cmyk.jpg "CMYK was converted to RGB"
                                                    good rgb-16.png "16 bits a channel were reduced to 8"
                                                    good grey-16.png "16 bits a channel were reduced to 8"
                                                    good interlaced-16.png "16 bits a channel were reduced to 8"
                                                    good palette-transparent.png "transparency was dropped"
                                                    good grey-alpha.png "transparency was dropped"
                                                    good rgba.png "transparency was dropped"
                                                    good alpha-lossy.webp "transparency was dropped"
                                                    good dot.png "1x1 pixels are smaller than a tile; padded with black"
                                                    good row.png "…x1 pixels are smaller than a tile; padded with black"
                                                    good column.png "1x… pixels are smaller than a tile; padded with black"
                                                    good bits-1.png "…"
                                                    good progressive.jpg "…"
                                                    good grey.jpg "…"
                                                    good "$data/detect/turn-6.jpg" "32x48 pixels are smaller than a tile; padded with black"
name=$(printf 'caf\xe9.png'); cp dot.png "$name"; odd=$((odd + 1)) # a line is UTF-8 whatever a file is called
expect 0 "caf?.png: …" "inpaintlab: warning: caf?.png: 1x1 pixels are smaller than a tile; padded with black (said once)" $all "$name"
[ "$odd" -ge 30 ] || fail "only $odd odd files"
expect 2 "{…}" "inpaintlab: ./zero.png: …" -q --json $all . # all at once: every good one is still examined
bad_lines=$(grep -c '^inpaintlab: ' err.txt)
[ "$(wc -l < err.txt)" = "$bad_lines" ] || fail "other lines on stderr: $(grep -v '^inpaintlab: ' err.txt | head -3)"
[ "$(wc -l < out.txt)" = 17 ] || fail "expected 17 pictures of the folder, found $(wc -l < out.txt)"
[ "$bad_lines" = 16 ] || fail "expected 16 complaints, found $bad_lines: $(cat err.txt)"
left=$(find "$work" -name '*.tmp*' | head -3)
[ -z "$left" ] || fail "left over: $left"

echo "$cases cases, $odd odd files, $failures failures"
[ "$failures" -eq 0 ]
