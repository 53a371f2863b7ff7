# grid: good.yaml, and its data
grid() {
  folders 01 realfake 05
  cat >good.yaml <<'END'
experiment: good
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 4, coarse: 4}
  mask_policy: {name: threshold, level: 100}
  loss: bce
  train: {on: realfake, epochs: 1, batch: 1, size: 64, lr: 0.01}
  test: [realfake]
END
}
