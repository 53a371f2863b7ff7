# A grid of two runs with an awkward title.
folders "01 02 03" realfake 05
cat >grid.yaml <<'END'
experiment: awkward_title
title: '50% of <script>alert(1)</script> \x | ~y^2 {z} #1 $x "q" ähnlich 中文'
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 4, coarse: 4}
  mask_policy: {name: threshold, level: 100}
  loss: bce
  train: {on: realfake, epochs: 1, batch: 2, size: 64, lr: 0.01}
  test: [realfake]
axes:
  seed: [1, 2]
END
inpaintlab run -q --device cpu --db r.sqlite grid.yaml
