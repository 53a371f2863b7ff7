# A small trained detector, and one picture.
mkdir photos
for n in 01 05 09 13; do cp "$PHOTOS/$n.png" photos; done
cat >recipe.yaml <<END
recipe: kodak
photos: {root: photos, size: 128, fit: tiles, order: name}
splits: {train: 2, validation: 1, test: 1}
maskers: {name: rectangle, least: 32}
inpaint: {name: small, weights: $DATA/generator-nearest.safetensors}
END
inpaintlab dataset build recipe.yaml -o made -q
cat >grid.yaml <<'END'
experiment: small
base:
  dataset: {name: dataset2, root: made}
  model: {name: unet, fine: 4, coarse: 4}
  loss: bce
  train: {on: fakefake, epochs: 1, batch: 8, size: 128, crop: 64}
  test: [fakefake, original]
axes:
  seed: [1, 2]
END
inpaintlab run grid.yaml --db r.sqlite -q
cp "$(find made/test -name '*.fakefake.webp' | sort | head -n 1)" one.webp
mkdir in in/a in/b
cp one.webp in/a/photo.webp
cp "$PHOTOS/02.png" in/b/photo.png
value "r.id FROM cells c JOIN runs r ON r.hash = c.run_hash WHERE c.tested_on = 'fakefake' ORDER BY c.iou DESC, r.id LIMIT 1" >best.txt
value "weights_path FROM runs WHERE id = 1" >weights-of-1.txt
