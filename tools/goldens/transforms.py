"""What torchvision and Pillow make of pictures, for packages/data/fixtures: whatever of the transforms is not left to chance."""
import json
import pathlib

import numpy as np
import PIL
import torch
import torchvision
import torchvision.transforms.functional as F
from PIL import Image
from torchvision.transforms import InterpolationMode

OUT = pathlib.Path(__file__).parents[2] / "packages" / "data" / "fixtures"
rng = np.random.default_rng(6)


def picture(height, width, channels):
    """Smooth shapes with some noise: ties, edges and flat parts."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 120 * np.sin(x / (3 + c) + c) * np.cos(y / (4 + c)) + rng.normal(0, 12, (height, width)) for c in range(channels)]
    planes[0][: height // 4, : width // 4] = 255
    pixels = np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)
    pixels[-5:, -5:] = pixels[-1, -1, 0]  # grey
    return Image.fromarray(pixels.squeeze(-1) if channels == 1 else pixels)


PICTURES = {"color": picture(37, 29, 3), "gray": picture(28, 28, 1), "wide": picture(16, 51, 3)}
MODES = {"nearest": InterpolationMode.NEAREST, "bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC}
CASES = [
    *[(p, "resize", dict(size=s, interpolation=m)) for p, m in (("color", "nearest"), ("color", "bilinear"), ("color", "bicubic"), ("wide", "bilinear")) for s in ([20, 15], [45, 44], 16)],
    *[("gray", "resize", dict(size=s, interpolation="bilinear")) for s in (64, 96)],
    *[(p, "centerCrop", dict(size=s)) for p in ("color", "wide") for s in (20, [40, 21], [11, 60])],
    *[("color", "pad", dict(padding=pad, paddingMode=mode)) for pad in (3, [2, 5], [1, 2, 3, 4]) for mode in ("constant", "edge", "reflect", "symmetric")],
    ("color", "pad", dict(padding=2, fill=[10, 20, 30], paddingMode="constant")),
    *[(p, "rotate", dict(degrees=d, expand=e)) for p in ("color", "gray") for d in (10, 45.5, 90, 180, 270, -30, 359) for e in (False, True)],
    *[("color", "rotate", dict(degrees=d, interpolation="bilinear", fill=9)) for d in (12, -77)], ("color", "rotate", dict(degrees=30, center=[5, 8])),
    *[("color", "horizontalFlip", {}), ("color", "verticalFlip", {}), ("wide", "grayscale", dict(channels=1)), ("color", "grayscale", dict(channels=3))],
    *[(p, op, dict(factor=f)) for p in ("color", "gray") for op in ("brightness", "contrast", "saturation") for f in (0, 0.3, 0.99, 1.4, 2.5)],
    *[("color", "hue", dict(factor=f)) for f in (-0.5, -0.2, 0.03, 0.1, 0.37, 0.5)],
    ("color", "floats", {}), ("color", "normalize", dict(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])), ("gray", "normalize", dict(mean=[0.286], std=[0.353])),
    *[("wide", "rotate", dict(degrees=d, expand=e)) for d in (90, 180, 270) for e in (False, True)], ("color", "rotate", dict(degrees=-33.3, interpolation="bilinear", expand=True)),
    *[("color", "resizeFloats", dict(size=s, interpolation=m)) for m in ("bilinear", "bicubic") for s in ([20, 15], [38, 31])],
]


def compute(image, op, o):
    mode = MODES[o.get("interpolation", "nearest")]
    match op:
        case "resize": return F.resize(image, o["size"], mode)
        case "centerCrop": return F.center_crop(image, o["size"])
        case "pad": return F.pad(image, o["padding"], tuple(o["fill"]) if "fill" in o else 0, o["paddingMode"])
        case "rotate": return F.rotate(image, o["degrees"], mode, o.get("expand", False), o.get("center"), [o["fill"]] if "fill" in o else None)
        case "horizontalFlip": return F.hflip(image)
        case "verticalFlip": return F.vflip(image)
        case "grayscale": return F.rgb_to_grayscale(image, o["channels"])
        case "brightness": return F.adjust_brightness(image, o["factor"])
        case "contrast": return F.adjust_contrast(image, o["factor"])
        case "saturation": return F.adjust_saturation(image, o["factor"])
        case "hue": return F.adjust_hue(image, o["factor"])
        case "floats": return F.to_tensor(image)
        case "normalize": return F.normalize(F.to_tensor(image), o["mean"], o["std"])
        case "resizeFloats": return F.resize(F.to_tensor(image), o["size"], mode, antialias=True)


def planes(x):
    return x.contiguous() if isinstance(x, torch.Tensor) else F.pil_to_tensor(x).contiguous()


OUT.mkdir(parents=True, exist_ok=True)
data = bytearray()


def put(x):
    """Where a picture's values begin in the data file, and their kind and shape."""
    at = len(data)
    data.extend(x.numpy().tobytes())
    data.extend(bytes(-len(data) % 4))
    return dict(at=at, dtype=str(x.dtype).removeprefix("torch."), shape=list(x.shape))


pictures = {name: put(planes(image)) for name, image in PICTURES.items()}
cases = [
    dict(id=f"{op} of {name} {json.dumps(options)}", picture=name, op=op, options=options, result=put(planes(compute(PICTURES[name], op, options))))
    for name, op, options in CASES
]
(OUT / "transforms.bin").write_bytes(data)
(OUT / "transforms.json").write_text(json.dumps(dict(torchvision=torchvision.__version__, pillow=PIL.__version__, pictures=pictures, cases=cases), indent=2) + "\n")
print(len(data))
