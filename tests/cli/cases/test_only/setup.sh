# Three detectors, and two folders of pictures.
folders "02 05" "realfake fakefake" 01
for split in train validation test; do cp "$PHOTOS/03.png" data/$split/05.fakefake.png; done
mv data other
folders "01 02 03" "realfake fakefake" 05
for split in train validation test; do cp "$PHOTOS/05.png" data/$split/01.fakefake.png; done
cat >own.yaml <<'GRID'
experiment: own
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 4, coarse: 4}
  mask_policy: {name: threshold, level: 100}
  loss: bce
  train: {on: realfake, epochs: 1, batch: 2, size: 64, lr: 0.01}
  fit: resize
  test_size: 128
  test: [realfake]
axes:
  seed: [1, 2, 3]
GRID
inpaintlab run -q --device cpu --db own.sqlite own.yaml
mkdir weights
for n in 1 2 3; do cp "$(rows own.sqlite "SELECT weights_path FROM runs WHERE seed = $n")" weights/$n.safetensors; done
cat >published.yaml <<'GRID'
experiment: published
base:
  model: {name: unet, fine: 4, coarse: 4}
  mask_policy: {name: threshold, level: 100}
  train: none
  fit: resize
  test_size: 128
  degrade: [{name: jpeg, levels: [90]}, {name: noise, levels: [3]}]
  test:
    - {dataset: {name: dataset1, root: data}, images: realfake}
    - {dataset: {name: dataset1, root: data}, images: fakefake}
    - {dataset: {name: dataset1, root: other, label: other}, images: realfake}
    - {dataset: {name: dataset1, root: other, label: other}, images: fakefake, split: validation}
axes:
  weights: [weights/1.safetensors, {file: weights/2.safetensors, label: second}, weights/3.safetensors]
GRID
