"""Whole models of others with random weights, for tools/compare-doors: each function gives one. This file is also what the model
`python` is given."""
import importlib
import os
import pathlib
import sys
import types

import torch
from torch import nn
from torch.nn import functional as F


class Head(nn.Module):
    """A trunk that gives tokens or a map, a 1x1 convolution, and the picture's size."""

    def __init__(self, trunk, channels, tokens=None):
        super().__init__()
        self.trunk, self.head, self.tokens = trunk, nn.Conv2d(channels, 1, 1), tokens

    def forward(self, image):
        x = self.trunk(image)
        if self.tokens:
            x = x.last_hidden_state[:, 1:].transpose(1, 2)
            x = x.reshape(image.shape[0], -1, image.shape[2] // self.tokens, image.shape[3] // self.tokens)
        elif isinstance(x, (list, tuple)):
            x = x[-1]
        return F.interpolate(self.head(x), size=image.shape[2:], mode="bilinear")


class Detector(nn.Module):
    """IML-ViT of IMDL-BenCo: the network within its forward, which also wants masks and computes a loss."""

    def __init__(self, folder):
        super().__init__()
        sys.path.insert(0, folder)
        for name in ("IMDLBenCo", "IMDLBenCo.model_zoo", "IMDLBenCo.utils"):  # without what their __init__ import: all other models
            package = types.ModuleType(name)
            package.__path__ = [str(pathlib.Path(folder, *name.split(".")))]
            sys.modules.setdefault(name, package)
        self.net = importlib.import_module("IMDLBenCo.model_zoo.iml_vit.iml_vit").IML_ViT(input_size=256)

    def forward(self, image):
        return F.interpolate(self.net.forward_features(image), size=image.shape[2:], mode="bilinear")


class Small(nn.Module):
    """A U-Net of two levels with batch norm, of the size that people try ideas with."""

    def __init__(self, width=16):
        super().__init__()
        def block(inputs, outputs):
            return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())
        self.fine, self.coarse = block(3, width), block(width, 2 * width)
        self.up, self.head = block(3 * width, width), nn.Conv2d(width, 1, 1)

    def forward(self, image):
        fine = self.fine(image)
        coarse = F.interpolate(self.coarse(F.max_pool2d(fine, 2)), size=fine.shape[2:], mode="bilinear")
        return self.head(self.up(torch.cat([fine, coarse], 1)))


def fcn():
    from torchvision.models.segmentation import fcn_resnet50
    return fcn_resnet50(weights=None, weights_backbone=None, num_classes=1, aux_loss=True)


def deeplab():
    from torchvision.models.segmentation import deeplabv3_mobilenet_v3_large
    return deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=1)


def segformer():
    from transformers import SegformerConfig, SegformerForSemanticSegmentation
    return SegformerForSemanticSegmentation(SegformerConfig(num_labels=1))  # its defaults are B0


def dinov2():
    from transformers import Dinov2Config, Dinov2Model
    return Head(Dinov2Model(Dinov2Config(hidden_size=384, num_attention_heads=6, image_size=518, patch_size=14)), 384, 14)


def convnext():
    import timm
    return Head(timm.create_model("convnext_tiny", pretrained=False, features_only=True, drop_path_rate=0.1), 768)


def unet():
    import segmentation_models_pytorch as smp
    return smp.Unet("resnet18", encoder_weights=None, classes=1)


def iml_vit():
    return Detector(os.environ["IMDL_BENCO"])


def small():
    return Small()
