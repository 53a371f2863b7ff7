"""Networks of torchvision, whose result is a dict with "out"."""
from torchvision.models.segmentation import deeplabv3_mobilenet_v3_large, fcn_resnet50


def build():
    return fcn_resnet50(weights=None, weights_backbone=None, num_classes=1)


def deeplab():
    return deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=1)
