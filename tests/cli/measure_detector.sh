#!/usr/bin/env bash
# measure_detector.sh SOURCE_DIR - tools/measure-detector with a program that finds what each picture's name asks for: shares,
# intervals, IoU; wrong input is refused. And README quotes what results/detector.json holds, or nothing.
set -u
tool=$1/tools/measure-detector source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

quoted=$(sed -n '/^<!-- measure-detector begins -->$/,/^<!-- measure-detector ends -->$/p' "$source/README.md" | grep '^|')
measured=
[ ! -e "$source/results/detector.json" ] || measured=$("$tool" --table "$source/results/detector.json" | grep '^|')
[ "$quoted" = "$measured" ] || fail "README quotes other figures than results/detector.json: $(diff <(echo "$quoted") <(echo "$measured"))"
if ! python3 -c 'import PIL' 2>/dev/null; then
  [ "$failures" = 0 ] || exit 1
  echo "Pillow is absent: only the quoted table was compared"
  exit 77
fi

cd "$work" || exit 1
# The program: marks the left half of each picture; the first of the folder is found, the second uncertain, others nothing.
cat >program <<'END'
#!/usr/bin/env python3
import json, sys
from pathlib import Path
from PIL import Image
if sys.argv[1] == "--version":
    sys.exit(print("stub 1"))
out = Path(sys.argv[sys.argv.index("-o") + 1])
out.mkdir()
for i, p in enumerate(sorted(Path(sys.argv[-1]).iterdir())):
    with Image.open(p) as image:
        size, form = image.size, image.format
    mask = Image.new("L", size)
    mask.paste(255, (0, 0, size[0] // 2, size[1]))
    mask.save(out / f"{p.stem}.mask.png")
    verdict = ["region", "uncertain"][i] if i < 2 else "nothing found"
    if form == "JPEG" and not str(p.resolve()).startswith(sys.path[0] + "/photos"):
        verdict = "nothing found"
    print(json.dumps({"verdict": verdict, "region_count": 1, "files": {"mask": str(out / f"{p.stem}.mask.png")},
                      "detector": {"name": "stub", "arguments": sys.argv[1:-3]}}))
END
chmod +x program
python3 - <<'END'
from pathlib import Path
from PIL import Image
for folder in ("photos/sub", "set"):
    Path(folder).mkdir(parents=True)
for i in range(4):
    Image.new("RGB", (32, 16), (i, 90, 90)).save(f"photos/sub/{i}.jpg")
for i, right in enumerate((16, 32, 16, 0)):  # the marked half is all, half, all, none of the truth
    mask = Image.new("L", (32, 16))
    mask.paste(254, (0, 0, min(right + 8, 32), 16))  # the grey rim of a blurred mask: must not count
    mask.paste(255, (0, 0, right, 16))
    mask.save(f"set/p{i}.mask.webp", lossless=True)
    for kind in ("original", "realfake"):
        Image.new("RGB", (32, 16), (i, 90, 90)).save(f"set/p{i}.{kind}.webp", lossless=True)
END
"$tool" --program ./program -o r.json --run one --db r.sqlite --authentic photos --authentic tiles=set --forged a=set --jpeg 90 >out.txt || fail "status $?"
python3 - <<'END' || fail "other figures: $(cat r.json)"
import json
data = json.load(open("r.json"))
assert data["command"].startswith("tools/measure-detector --program ./program -o r.json --run one"), data["command"]
assert data["program"] == "stub 1" and data["pillow"]
(d,) = data["detectors"]
assert d["detector"]["arguments"] == ["detect", "--json", "-q", "--run", "one", "--db", "r.sqlite"], d["detector"]
r = d["results"]
assert [(x["set"], x["kind"], x["saved_as"]) for x in r] == [
    (s, k, q) for s, k in (("photos", "authentic"), ("tiles", "authentic"), ("a", "realfake"))
    for q in ("as it is", "JPEG, quality 90")], r
assert all(x["pictures"] == 4 for x in r), "masks and forgeries are no authentic pictures"
lossless, lossy = r[4:]
assert lossless["found"] == 1 and lossless["share"] == 0.25 and lossless["marked"] == 4
assert lossless["verdicts"] == {"nothing found": 2, "region": 1, "uncertain": 1}
assert [round(v, 4) for v in lossless["interval_95"]] == [0.0456, 0.6994]
assert lossy["found"] == 0 and lossy["interval_95"][0] == 0 and round(lossy["interval_95"][1], 4) == 0.4899
assert lossless["iou_mean"] == 0.625 and lossless["iou_median"] == 0.75, "1, 0.5, 1 and 0"
assert "iou_mean" not in r[0]
END
"$tool" --table r.json | grep -qxF '| a, realfake, as it is | 4 | 1 (25.0 %, 4.6 to 69.9 %) | 1 | 4 | 0.625, 0.750 |' || fail "table: $("$tool" --table r.json)"

# refused STATUS WORDS ARGUMENTS…
refused() {
  local words=$1 got; shift
  got=$("$tool" --program ./program -o no.json "$@" 2>&1) && fail "$*: not refused"
  [[ $got == *"$words"* ]] || fail "$*: '$got' lacks '$words'"
  [ ! -e no.json ] || fail "$*: something was written"
}
refused 'photos: holds no such picture' --run one --forged photos
rm set/p2.mask.webp
refused 'p2.realfake.webp: has no p2.mask.* beside it' --run one --forged set
refused 'expected -o, --run or --weights' --run one
printf '#!/bin/sh\necho "inpaintlab: no such run" >&2; exit 2\n' >broken; chmod +x broken
refused 'inpaintlab: no such run' --run one --authentic photos --program ./broken

echo "$failures failures"
[ "$failures" -eq 0 ]
