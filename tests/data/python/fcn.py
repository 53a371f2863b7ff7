"""torchvision's FCN, whose result is a dict with "out"."""
from torchvision.models.segmentation import fcn_resnet50


def build():
    return fcn_resnet50(weights=None, weights_backbone=None, num_classes=1)
