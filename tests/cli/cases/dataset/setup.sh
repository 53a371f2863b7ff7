# A recipe, and the data set that it makes.
mkdir photos
for n in 01 05 09 13 17 21; do cp "$PHOTOS/$n.png" photos; done
cat >recipe.yaml <<END
recipe: kodak
photos: {root: photos, size: 128, fit: tiles, order: name}
splits: {train: 3, validation: 1, test: 2}
maskers: [{name: rectangle, least: 32}, {name: rectangle, least: 48}]
inpaint: {name: small, weights: $DATA/generator-nearest.safetensors}
batch: 2
END
inpaintlab dataset build recipe.yaml -o whole -q
