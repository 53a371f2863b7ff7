# grid FILE LABEL IMAGES: a grid beside table 3 of the paper
grid() {
  cat >"$1" <<END
experiment: ${1%.yaml}
published: 3
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 4, coarse: 4, label: $2}
  loss: bce
  train: {on: realfake, epochs: 1, batch: 2, size: 64}
  test: [$3]
END
}

