# grids: three.yaml, of three runs, and its data
grids() {
  folders 01 realfake 05
  cat >three.yaml <<'END'
experiment: three
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 4, coarse: 4}
  mask_policy: {name: threshold, level: 100}
  loss: bce
  train: {on: realfake, batch: 1, size: 64, lr: 0.01}
  test: [realfake]
axes:
  train.epochs: [1, 3, 2]
END
}
run() { inpaintlab run -q --device cpu --threads 1 --loader-threads 1 "$@"; }
shards=results/results.shards/three
