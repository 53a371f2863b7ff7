# A trained detector, its database and its weights; photos, a picture.
folders "01 02" realfake 05
mkdir photos
for n in 03 07 11; do cp "$PHOTOS/$n.png" photos; done
grid '{name: unet, fine: 4, coarse: 4}' '{name: dataset1, root: data}' >good.yaml
inpaintlab run -q --db r.sqlite good.yaml
cp runs/*/weights.safetensors w.safetensors
cp data/test/01.realfake.png one.png
