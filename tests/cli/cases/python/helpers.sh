NETS=$DATA/python

# grid FILE CALL [SETTINGS [TRAINING]]: one run of a model in Python on pictures whose dark part is tampered
grid() {
    cat >python.yaml <<END
experiment: python
base:
  dataset: {name: pairs, root: $DATA/cases/saturated-scores/d, split: all}
  model: {name: python, file: $1, call: "$2"$3}
  train: {on: tampered, size: 64, ${4:-epochs: 1, batch: 1, lr: 1e-9}}
  test: [{images: tampered, split: all}]
END
}

# tried FILE CALL [SETTINGS [TRAINING]]: runs it in a new database and prints what is said
tried() {
    rm -rf python.sqlite runs
    grid "$@"
    inpaintlab run --device cpu --db python.sqlite python.yaml 2>&1 | grep -E 'warning|failed:|trained,|talk' | grep -v 'between 0 and 1' | sort -u
}

# looked FILE CALL: what `model` says
looked() {
    inpaintlab model python --set "file=$1" --set "call=$2" --size 16 | grep total
}
