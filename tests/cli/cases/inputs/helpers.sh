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
