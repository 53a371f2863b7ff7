#!/usr/bin/env python3
"""Writes this folder: a tiny YOLOv8 and a tiny MaskFormer with random weights as TorchScript, broken modules, some
scribbles, and figures.json: what ultralytics, transformers, Pillow and SciPy make of quickstart photos with them.

Usage: make.py (ultralytics, transformers, torch, Pillow, numpy and scipy at hand; nothing is downloaded).
"""
import hashlib
import json
import os
import shutil
import sys
import tempfile
import zipfile
from types import SimpleNamespace

SCRATCH = tempfile.mkdtemp()
os.environ.update(YOLO_OFFLINE="true", YOLO_CONFIG_DIR=SCRATCH, YOLO_VERBOSE="false", HF_HUB_OFFLINE="1")

import numpy as np
import torch
import transformers
from PIL import Image, ImageDraw
from scipy import ndimage
from transformers import DetrConfig, MaskFormerConfig, MaskFormerForInstanceSegmentation, MaskFormerSwinConfig
from transformers.models.maskformer.image_processing_pil_maskformer import MaskFormerImageProcessorPil
from ultralytics import YOLO

HERE = os.path.dirname(os.path.abspath(__file__))
PHOTOS = os.path.join(HERE, "../../../experiments/quickstart/photos")
MASK = (1 << 64) - 1
transformers.logging.set_verbosity_error()
torch.set_num_threads(1)


def path(name):
    return os.path.join(HERE, name)


def photo(name, crop=None):
    image = Image.open(os.path.join(PHOTOS, name + ".png")).convert("RGB")
    return image.crop((crop[0], crop[1], crop[0] + crop[2], crop[1] + crop[3])) if crop else image


def digest(mask):
    return hashlib.sha256(np.ascontiguousarray(np.asarray(mask, np.uint8)).tobytes()).hexdigest()


def save(module, name, extra=None):
    """TorchScript without its debugging notes (paths and source lines of the libraries), deflated."""
    large = os.path.join(SCRATCH, "large.pt")
    module.save(large, _extra_files=extra or {})
    with zipfile.ZipFile(large) as source, zipfile.ZipFile(path(name), "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            if not entry.filename.endswith(".debug_pkl"):
                target.writestr(zipfile.ZipInfo(entry.filename), source.read(entry), zipfile.ZIP_DEFLATED)


PICTURES = [("01", None), ("04", None), ("05", None), ("07", None), ("12", None), ("09", None), ("20", None),
            ("15", [100, 60, 200, 160]), ("23", [40, 80, 256, 256])]

# ---- YOLOv8 ----

TINY = """
nc: 5
reg_max: 8
scales:
  n: [0.33, 0.0625, 64]
backbone:
  - [-1, 1, Conv, [64, 3, 2]]
  - [-1, 1, Conv, [128, 3, 2]]
  - [-1, 3, C2f, [128, True]]
  - [-1, 1, Conv, [256, 3, 2]]
  - [-1, 3, C2f, [256, True]]
  - [-1, 1, Conv, [512, 3, 2]]
  - [-1, 1, Conv, [1024, 3, 2]]
  - [-1, 1, SPPF, [1024, 5]]
head:
  - [-1, 1, nn.Upsample, [None, 2, "nearest"]]
  - [[-1, 5], 1, Concat, [1]]
  - [-1, 3, C2f, [512]]
  - [[10, 7], 1, Detect, [nc]]
"""
SIDE = 320


def tiny_yolo():
    """Random weights whose outputs vary: batch norms fitted to photos, the last layers scaled."""
    torch.manual_seed(int(os.environ.get("YOLO_SEED", "3")))
    name = os.path.join(SCRATCH, "yolov8n-tiny.yaml")
    with open(name, "w") as f:
        f.write(TINY)
    yolo = YOLO(name)
    net = yolo.model
    for m in net.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.momentum = None
    batch = torch.stack([torch.from_numpy(np.asarray(photo(n).resize((SIDE, SIDE)))).permute(2, 0, 1) / 255.0
                         for n, _ in PICTURES])
    head = net.model[-1]
    with torch.no_grad():
        net.train()
        net(batch)
        net.eval()
        for branch, spread in ((head.cv2, 2.0), (head.cv3, 1.6)):
            for level in branch:
                torch.nn.init.normal_(level[-1].weight, 0, 1)
                level[-1].bias.zero_()
        seen = []
        hooks = [level[-1].register_forward_hook(lambda m, i, o, k=k: seen.append((k, m, o)))
                 for k, branch in enumerate((head.cv2, head.cv3)) for level in branch]
        net(batch)
        for h in hooks:
            h.remove()
        for kind, module, out in seen:
            spread = 2.0 if kind == 0 else 1.5
            module.weight.mul_(spread / out.std())
            module.bias.sub_(out.mean((0, 2, 3)) * spread / out.std())
            if kind == 1:
                module.bias.sub_(4.4)
    made = yolo.export(format="torchscript", imgsz=SIDE)
    notes = {"config.txt": ""}
    module = torch.jit.load(made, _extra_files=notes)
    notes = {k: v for k, v in json.loads(notes["config.txt"]).items() if k in ("stride", "task", "batch", "imgsz", "names")}
    save(module, "yolov8.torchscript", {"config.txt": json.dumps(notes)})


def draw_box(size, box):
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).rectangle(tuple(box), fill=255)
    return mask


def published_box(boxes, size, most):
    """The paper's rule: the first box that is small enough, else the last."""
    for i, (x, y, x_end, y_end) in enumerate(boxes):
        if (y_end - y) * (x_end - x) / (size[0] * size[1]) < most:
            return i, False
    return len(boxes) - 1, True


def yolo_figures():
    out = []
    yolo = YOLO(path("yolov8.torchscript"), task="detect")
    for k, (name, crop) in enumerate(PICTURES):
        image = photo(name, crop)
        for confidence, iou, most in ((0.5, 0.7, 0.7), (0.3, 0.45, 0.2), (0.5, 0.7, 0.01), (0.999, 0.7, 0.7)):
            result = yolo.predict(image, conf=confidence, iou=iou)[0].boxes
            near = yolo.predict(image, conf=confidence - 0.00002, iou=iou, max_det=3000)[0].boxes
            assert not ((near.conf - confidence).abs() < 0.00002).any(), "a confidence at the threshold"
            boxes = result.xyxy.tolist()
            figure = {"photo": name, "crop": crop, "confidence": confidence, "iou": iou, "most": most, "boxes": [
                [round(v, 4) for v in b] + [round(c, 6), int(n)]
                for b, c, n in zip(boxes, result.conf.tolist(), result.cls.tolist())]}
            if boxes:
                at, last = published_box(boxes, image.size, most)
                mask = draw_box(image.size, boxes[at])
                assert all(abs(v - round(v)) > 1e-3 or v in (0, *image.size) for v in boxes[at]), boxes[at]
                assert mask.getbbox()
                figure |= {"chosen": at, "last": last, "mask": digest(mask)}
            out.append(figure)
    return out


# ---- MaskFormer ----

SIZES = {"shortest": 96, "longest": 160}


def tiny_maskformer():
    torch.manual_seed(int(os.environ.get("MASKFORMER_SEED", "2")))
    swin = MaskFormerSwinConfig(image_size=96, embed_dim=4, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2], window_size=4,
                                mlp_ratio=1.0, drop_path_rate=0.0, out_features=["stage1", "stage2", "stage3", "stage4"])
    detr = DetrConfig(d_model=16, encoder_layers=0, decoder_layers=1, encoder_ffn_dim=16, decoder_ffn_dim=16,
                      encoder_attention_heads=2, decoder_attention_heads=2, num_queries=10, use_pretrained_backbone=False)
    net = MaskFormerForInstanceSegmentation(MaskFormerConfig(
        backbone_config=swin, decoder_config=detr, fpn_feature_size=32, mask_feature_size=32, num_labels=6))
    with torch.no_grad():
        for name, p in net.named_parameters():
            if p.ndim > 1:
                torch.nn.init.normal_(p, 0, (2.0 / p[0].numel()) ** 0.5)
        net.eval()
        batch = torch.cat([MaskFormerImageProcessorPil(size={"height": 96, "width": 160})(photo(n), return_tensors="pt").pixel_values
                           for n, _ in PICTURES])
        seen = []
        projection = net.model.pixel_level_module.decoder.mask_projection
        hook = projection.register_forward_hook(lambda m, i, o: seen.append(o))
        net(batch)
        hook.remove()
        projection.bias.sub_(seen[0].mean((0, 2, 3)))
        out = net(batch)
        for p in projection.parameters():
            p.mul_(3 / out.masks_queries_logits.std())
        net.class_predictor.bias.sub_(out.class_queries_logits.mean((0, 1)))
        for p in net.class_predictor.parameters():
            p.mul_(4 / out.class_queries_logits.std())
    return net.eval()


class Stub(torch.nn.Module):
    """No MaskFormer, but both inputs, a tuple of outputs, and any size."""

    def forward(self, pixel_values: torch.Tensor, pixel_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        small = torch.nn.functional.avg_pool2d(pixel_values * pixel_mask.float().unsqueeze(1), 4)
        grey = small.mean(1, keepdim=True)
        level = grey.mean()
        masks = torch.cat([grey - level - 1, level - grey, grey * 0 - 1, grey - level + 0.5], 1) * 2
        classes = torch.tensor([[5.0, 0.0, 0.0, 0.0], [0.0, 4.0, 0.0, 0.0], [0.0, 6.0, 1.0, 0.0], [0.0, 0.0, 0.0, 9.0]])
        return classes.unsqueeze(0), masks


def save_maskformer(net):
    """Frozen, so that the file is small; its numbers stay."""
    x = torch.zeros(1, 3, 96, 160)
    traced = torch.jit.trace(net, (x,), strict=False, check_trace=False)
    save(torch.jit.freeze(traced, optimize_numerics=False), "maskformer.pt")
    x = torch.randn(1, 3, 128, 96)
    with torch.no_grad():
        kept, wanted = torch.jit.load(path("maskformer.pt"))(x), net(x)
    for key in ("class_queries_logits", "masks_queries_logits"):
        assert torch.equal(kept[key], wanted[key])


def published_segment(segmentation, low, high):
    """The paper's rule: the first id whose outside is in range, else segment 1. Returns id, outside, whether it fits."""
    area = segmentation.size
    for i in np.unique(segmentation):
        outside = int((segmentation != i).sum()) / area
        if low < outside < high:
            return int(i), outside, True
    return 1, int((segmentation != 1).sum()) / area, False


def segment(net, image, size, threshold):
    processor = MaskFormerImageProcessorPil(size=size)
    inputs = processor(image, return_tensors="pt")
    w, h = inputs.pixel_values.shape[-1], inputs.pixel_values.shape[-2]
    across_first = image.resize((w, image.height), Image.BILINEAR).resize((w, h), Image.BILINEAR)
    assert np.array_equal(np.asarray(across_first), np.asarray(image.resize((w, h), Image.BILINEAR))), "Pillow 13's order"
    with torch.no_grad():
        out = net(**inputs)
    if isinstance(out, tuple):
        out = SimpleNamespace(class_queries_logits=out[0], masks_queries_logits=out[1])
    return processor.post_process_panoptic_segmentation(
        out, threshold=threshold, target_sizes=[(image.height, image.width)])[0]


def maskformer_figures(net, file):
    out = []
    for name, crop in PICTURES:
        image = photo(name, crop)
        for square, threshold, low, high in ((0, 0.8, 0.2, 0.7), (0, 0.4, 0.2, 0.7), (0, 0.4, 0.7, 0.99), (128, 0.6, 0.05, 0.99),
                                             (0, 0.4, 0.9995, 0.9999), (0, 0.99999, 0.2, 0.7)):
            size = {"height": square, "width": square} if square else {
                "shortest_edge": SIZES["shortest"], "longest_edge": SIZES["longest"]}
            result = segment(net, image, size, threshold)
            segmentation = result["segmentation"].numpy().astype(int)
            figure = {"file": file, "photo": name, "crop": crop, "square": square, "threshold": threshold, "outside_least": low,
                      "outside_most": high, "segments": len(result["segments_info"])}
            at, outside, fits = published_segment(segmentation, low, high)
            mask = np.where(segmentation == at, 255, 0)
            if mask.any():
                figure |= {"chosen": at, "outside": round(outside, 6), "fits": fits, "mask": digest(mask)}
            out.append(figure)
    return out


# ---- irregular ----


def bits(seed):
    x = (seed + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def scribbles():
    os.makedirs(path("scribbles"), exist_ok=True)
    rng = np.random.default_rng(4)
    for name, size, mode in (("b.png", (512, 512), "L"), ("a.jpg", (300, 200), "RGB"), ("C.PNG", (96, 260), "1"),
                             ("d.jpeg", (128, 128), "L")):
        image = Image.new("RGB", size, "white")
        points = [tuple(int(v) for v in rng.integers(0, size)) for _ in range(7)]
        ImageDraw.Draw(image).line(points, fill="black", width=3)
        image.convert(mode).save(path("scribbles/" + name))
    with open(path("scribbles/notes.txt"), "w") as f:
        f.write("Strokes drawn by ../make.py.\n")


def irregular_figures():
    names = sorted(n for n in os.listdir(path("scribbles")) if n.lower().endswith((".png", ".jpg", ".jpeg")))
    out = []
    for size in ((512, 512), (640, 480), (333, 500)):
        for seed in range(12):
            name = names[bits(seed) % len(names)]
            dark = 255 - np.asarray(Image.open(path("scribbles/" + name)).convert("L"))
            for maximum in (15, 1):
                wide = Image.fromarray(ndimage.maximum_filter(dark, size=maximum))
                mask = wide.resize(size, Image.BILINEAR)
                across_first = wide.resize((size[0], wide.height), Image.BILINEAR).resize(size, Image.BILINEAR)
                if not np.array_equal(np.asarray(mask), np.asarray(across_first)):
                    continue  # Pillow 13's order
                out.append({"width": size[0], "height": size[1], "seed": seed, "maximum": maximum, "file": name,
                            "mask": digest(mask)})
    assert {f["file"] for f in out} == set(names)
    return out


# ---- modules that are no detectors ----


def broken():
    class Yolo(torch.nn.Module):
        kind: int

        def __init__(self, kind):
            super().__init__()
            self.kind = kind

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if self.kind == 0:
                return x
            if self.kind == 1:
                return torch.zeros(1, 300, 6)
            if self.kind == 2:
                return torch.full((1, 6, 20), float("nan"))
            if self.kind == 3:  # a box that lies outside the picture, in the padding below
                out = torch.zeros(1, 6, 20)
                out[0, :, 0] = torch.tensor([160.0, 315.0, 40.0, 8.0, 0.9, 0.1])
                return out
            return torch.zeros(1, 4, 20)

    for kind, name in enumerate(("picture", "finished", "nan", "outside", "no_class")):
        save(torch.jit.script(Yolo(kind)), f"yolov8_{name}.pt")

    class MaskFormer(torch.nn.Module):
        kind: int

        def __init__(self, kind):
            super().__init__()
            self.kind = kind

        def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
            sure = torch.tensor([9.0, 0.0, 0.0]).reshape(1, 1, 3)
            if self.kind == 0:
                return [sure]
            if self.kind == 1:
                return [sure, torch.zeros(1, 2, 4, 4)]
            if self.kind == 2:
                return [sure * float("nan"), torch.zeros(1, 1, 4, 4)]
            if self.kind == 3:
                return [sure, torch.full((1, 1, 4, 4), float("nan"))]
            return [sure, sure]

    for kind, name in enumerate(("one", "queries", "nan_class", "nan_mask", "flat")):
        save(torch.jit.script(MaskFormer(kind)), f"maskformer_{name}.pt")

    class Three(torch.nn.Module):
        def forward(self, a: torch.Tensor, b: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
            return a

    save(torch.jit.script(Three()), "maskformer_three_inputs.pt")


if __name__ == "__main__":
    what = sys.argv[1:] or ["yolo", "maskformer", "irregular", "broken"]
    try:
        with open(path("figures.json")) as f:
            figures = json.load(f)
    except FileNotFoundError:
        figures = {}
    if "yolo" in what:
        tiny_yolo()
        figures["yolov8"] = yolo_figures()
    if "maskformer" in what:
        net = tiny_maskformer()
        save_maskformer(net)
        save(torch.jit.script(Stub()), "maskformer_two_inputs.pt")
        figures["maskformer"] = maskformer_figures(net, "maskformer.pt") + maskformer_figures(
            torch.jit.load(path("maskformer_two_inputs.pt")), "maskformer_two_inputs.pt")
    if "irregular" in what:
        scribbles()
        figures["irregular"] = irregular_figures()
    if "broken" in what:
        broken()
    with open(path("figures.json"), "w") as f:
        f.write("{\n" + ",\n".join(f' "{k}": [\n  ' + ",\n  ".join(json.dumps(x) for x in v) + "\n ]"
                                   for k, v in figures.items()) + "\n}\n")
    shutil.rmtree(SCRATCH)
