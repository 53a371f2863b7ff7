# One split in folders of the template, and one picture with a mask of another size.
mkdir -p data/train/fakefake data/train/mask data/train/original odd even
for i in 1 2 5; do
  for kind in fakefake original; do cp "$PHOTOS/0$i.png" data/train/$kind/p$i.png; done
  cp "$DATA/cli/0$i.mask.png" data/train/mask/p$i.png
done
cp data/train/fakefake/p1.png odd/picture.png
cp "$DATA/images/bits-1.png" odd/mask.png
cp data/train/fakefake/p1.png even/picture.png
cp data/train/mask/p1.png even/mask.png
