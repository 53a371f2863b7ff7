export INPAINTLAB_PLUGIN_PATH="$BUILD/tests/broken"

# grid SED: good.yaml changed by SED is refused by plan and by run with the same words, and no database appears
grid() {
  sed -E "$1" good.yaml >broken.yaml
  cmp -s good.yaml broken.yaml && echo "'$1' changes nothing"
  inpaintlab run -q --db none.sqlite broken.yaml >run.txt 2>&1
  ran=$?
  inpaintlab plan --db none.sqlite broken.yaml >plan.txt 2>&1
  [ $? = $ran ] && cmp plan.txt run.txt && ! ls none.sqlite* 2>/dev/null && cat plan.txt >&2
  return $ran
}

# data COMMAND: what run says after COMMAND changed the data, which are then as before
data() {
  cp -r data kept
  eval "$1"
  inpaintlab run -q --db data.sqlite --only seed=1 good.yaml
  ended=$?
  rm -rf data data.sqlite* runs
  mv kept data
  return $ended
}

# weights FILE [OPTIONS]: what run says to FILE as train.weights
weights() {
  file=$1
  shift
  inpaintlab run -q --db weights.sqlite --only seed=1 --set "train.weights=$file" "$@" good.yaml
  ended=$?
  rm -rf weights.sqlite* runs
  return $ended
}

# recipe SED: recipe.yaml changed by SED is refused, and no folder appears
recipe() {
  sed -E "$1" recipe.yaml >bad.yaml
  cmp -s recipe.yaml bad.yaml && echo "'$1' changes nothing"
  inpaintlab dataset build -q -o none bad.yaml
  ended=$?
  ls -d none 2>/dev/null
  return $ended
}
