# A grid of two runs that one process did, and the same as two tasks did it, in shards.
folders "01 02" "realfake fakefake" 01
for file in data/*/*.fakefake.png; do cp "$PHOTOS/03.png" "$file"; done # else both tests would be one
cat >grid.yaml <<END
experiment: shared
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 2, coarse: 2}
  mask_policy: full
  loss: bce
  train: {on: realfake, epochs: 2, batch: 2, size: 64, crop: 32, lr: 0.01}
  test: [realfake, fakefake]
axes:
  seed: [1, 2]
END
train --db whole/results.sqlite grid.yaml
train --db a/shard.sqlite --only seed=1 grid.yaml
train --db b/shard.sqlite --only seed=2 grid.yaml
