# grid NAME DEGRADE
grid() {
  cat >"$1.yaml" <<END
experiment: $1
base:
  dataset: {name: dataset2, root: made}
  model: {name: unet, fine: 4, coarse: 4}
  loss: bce
  train: {on: fakefake, epochs: 1, batch: 8, size: 128, crop: 64}
  test: [fakefake]
${2:+  degrade: $2}
END
}
