# Data, a grid that was run, weights, and a recipe: all good.
folders "01 02" realfake 05
cat >good.yaml <<'END'
experiment: good
title: a small grid
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 4, coarse: 4}
  mask_policy: {name: threshold, level: 100}
  loss: {name: focal, gamma: 1}
  train: {on: realfake, epochs: 1, batch: 2, size: 64, lr: 0.01}
  test: [realfake]
axes:
  seed: [1, 2]
END
inpaintlab run -q --db fine.sqlite good.yaml
for weights in runs/*/weights.safetensors; do cp "$weights" good.safetensors; done
mkdir some
cp "$PHOTOS/03.png" "$PHOTOS/07.png" some/
cat >recipe.yaml <<END
recipe: fine
photos: {root: some, size: 64, fit: crop}
splits: {train: 0.5, test: 0.5}
maskers: {name: rectangle, least: 16}
inpaint: {name: small, weights: $DATA/generator-nearest.safetensors}
END
