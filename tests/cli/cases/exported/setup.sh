# Pictures, two exported models, and a grid.
folders "01 02" realfake 05
cp "$DATA/exported/vit.pt2" "$DATA/exported/unet.pt2" .
cat >grid.yaml <<'END'
experiment: brought
base:
  dataset: {name: dataset1, root: data}
  model: {name: exported, file: vit.pt2}
  loss: bce
  train: {on: realfake, epochs: 6, batch: 1, size: 64, crop: 32, crops: 4, lr: 0.003}
  test: [realfake]
END
