# pairs ROOT [KEY: VALUE ...]: a grid over ROOT/Tp and ROOT/Gt with a perfect detector of dark pixels, which learns nothing more.
CASES=$DATA/cases
pairs() {
  root=$1
  shift
  cat <<END
experiment: pairs
base:
  dataset: {name: pairs, root: $root, split: all, label: d${CHANNEL:+, mask_channel: $CHANNEL}}
  model: {name: torchscript, file: $CASES/padding/dark.pt}
  loss: bce
  train: {on: tampered, epochs: 1, batch: 2, size: ${SIZE:-64}, lr: 1e-12}
END
  for line; do printf '  %s\n' "$line"; done
}
