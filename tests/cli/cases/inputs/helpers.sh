# Inputs that went wrong once, as they came from users.
CASES=$SOURCE/tests/data/cases

# grid NAME ROOT MODEL: tests MODEL on the tampered pictures of a folder with Tp and Gt; more of `train` as a fourth argument
grid() {
    cat >"$1.yaml" <<END
experiment: $1
base:
  dataset: {name: pairs, root: $2, split: all}
  model: $3
  train: {on: tampered, epochs: 1, size: 64, batch: 1, lr: 1e-9$4}
  test: [{images: tampered, split: all}]
END
}

# script FILE [SETTINGS]: tests a TorchScript module on pictures whose dark part is tampered, and prints what is said and measured
script() {
    rm -f script.sqlite
    grid script "$CASES/saturated-scores/d" "{name: torchscript, file: $CASES/script-outputs/$1$2}"
    inpaintlab run --db script.sqlite script.yaml 2>&1 | grep -E 'warning|failed:'
    inpaintlab sql --db script.sqlite "SELECT metric, value FROM metrics WHERE convention = 'pooled' AND metric IN ('iou', 'auc')" | tail -n +3
}
