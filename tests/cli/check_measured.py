"""check_measured.py FILE - what tools/measure-detector must have written of the pictures and the program of cases/measure_detector."""
import json
import sys

data = json.load(open(sys.argv[1]))
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
