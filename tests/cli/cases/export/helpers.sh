# grid NAME SEEDS
grid() {
  cat >"$1.yaml" <<END
experiment: $1
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 4, coarse: 4}
  loss: bce
  train: {on: realfake, epochs: 2, batch: 2, size: 64}
axes:
  seed: $2
END
}

# value EXPRESSION: what an expression gives
value() {
  rows r.sqlite "SELECT $1"
}

# quoted FILE: its text, to stand between quotes in SQL
quoted() {
  tr -d '\n' <"$1" | sed "s/'/''/g"
}
