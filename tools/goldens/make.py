"""Writes the fixtures that @lamina/conformance compares with: what PyTorch computes, in float64, for the same inputs.

One command, `python make.py`; README.md says with which versions. Inputs are float32 values, so that every device starts
from the same numbers; results are float64. A file's metadata says what each of its cases is, so the suite is driven by data.
"""
import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from numbers_of_lamina import uniforms

OUT = Path(__file__).resolve().parents[2] / "packages/conformance/fixtures"
torch.manual_seed(20240229)
NAN, INF = math.nan, math.inf


# ---- ops -------------------------------------------------------------------------------------------------------------
class Ops:
    """Cases: lamina's function `fn` called with `inputs` by position, then `args`, then `options` with the `named` tensors in it."""

    def __init__(self):
        self.tensors, self.cases = {}, []

    def add(self, case, fn, torch_fn, inputs, args=(), options=None, named=None, wanted=None, length=1, second=False):
        tensors = {**inputs, **(named or {})}
        wanted = [k for k, t in tensors.items() if t.dtype.is_floating_point] if wanted is None else wanted
        leaves = {k: t.double().requires_grad_(k in wanted) if t.dtype.is_floating_point else t for k, t in tensors.items()}
        out = torch_fn(**leaves)
        for k, t in tensors.items():
            self.tensors[f"{case}/{k}"] = t.to(torch.int32) if t.dtype == torch.int64 else t
        self.tensors[f"{case}/out"] = out.detach().to(torch.int32 if out.dtype == torch.int64 else out.dtype)
        record = dict(id=case, fn=fn, inputs=list(inputs), args=list(args), options=options, named={k: k for k in named or {}}, wanted=wanted, length=length, second=False)
        if wanted:
            dy = torch.randn(out.shape).double()
            grads = torch.autograd.grad(out, [leaves[k] for k in wanted], dy, create_graph=second)
            self.tensors[f"{case}/dy"] = dy.float()
            for k, g in zip(wanted, grads):
                self.tensors[f"{case}/grad.{k}"] = g.detach()
            if second:
                record["second"] = True
                loss = sum((g * g).sum() for g in grads)
                for k, g in zip(wanted, torch.autograd.grad(loss, [leaves[k] for k in wanted], allow_unused=True)):
                    self.tensors[f"{case}/second.{k}"] = torch.zeros_like(leaves[k]) if g is None else g.detach()
        self.cases.append(record)

    def save(self, name):
        tensors = {k: t.detach().clone().contiguous() for k, t in self.tensors.items()}
        save_file(tensors, OUT / name, metadata={"cases": json.dumps(self.cases), "torch": torch.__version__})


def make_ops():
    ops, r = Ops(), lambda *s: torch.randn(*s)

    def conv(case, x, w, bias=True, padding=0, **o):
        b = {"b": r(w[0])} if bias else {}
        sides = [padding] * 4 if isinstance(padding, int) else ([padding[0], padding[0], padding[1], padding[1]] if len(padding) == 2 else padding)
        options = {k: v for k, v in {**o, "padding": padding}.items()}
        def f(x, w, b=None):
            return F.conv2d(F.pad(x, [sides[2], sides[3], sides[0], sides[1]]), w, b, **o)
        ops.add(case, "conv2d", f, {"x": r(*x), "w": r(*w), **b}, args=() if bias else [None], options=options, length=math.prod(w[1:]), second=case.endswith("second"))

    conv("conv2d/plain", (2, 3, 7, 6), (4, 3, 3, 3))
    conv("conv2d/no bias", (2, 3, 7, 6), (4, 3, 3, 3), bias=False)
    conv("conv2d/lenet 1", (3, 1, 28, 28), (6, 1, 5, 5), padding=2)
    conv("conv2d/lenet 2", (3, 6, 14, 14), (16, 6, 5, 5))
    conv("conv2d/stride", (2, 2, 11, 9), (3, 2, 3, 3), stride=[2, 3], padding=1)
    conv("conv2d/alexnet 1", (1, 3, 35, 35), (8, 3, 11, 11), stride=4)
    conv("conv2d/dilation", (2, 2, 11, 12), (3, 2, 3, 2), dilation=[2, 3], padding=[2, 1])
    conv("conv2d/groups", (2, 4, 6, 6), (6, 2, 3, 3), groups=2, padding=1)
    conv("conv2d/depthwise", (2, 4, 6, 6), (4, 1, 3, 3), groups=4, padding=1)
    conv("conv2d/even kernel", (1, 2, 6, 5), (2, 2, 2, 4), padding=[1, 2])
    conv("conv2d/four sides", (1, 2, 5, 5), (2, 2, 3, 3), padding=[0, 2, 1, 3])
    conv("conv2d/1x1", (2, 5, 4, 4), (3, 5, 1, 1))
    conv("conv2d/all at once", (2, 4, 13, 11), (6, 2, 3, 2), stride=[2, 1], dilation=[1, 2], groups=2, padding=[2, 1])
    conv("conv2d/second", (1, 2, 5, 5), (2, 2, 3, 3), padding=1)
    for name, o in {"plain": {}, "stride": dict(stride=2, padding=1, outputPadding=1), "groups": dict(groups=2, stride=[1, 2])}.items():
        to = {{"outputPadding": "output_padding"}.get(k, k): v for k, v in o.items()}
        ops.add(f"convTranspose2d/{name}", "convTranspose2d", lambda x, w, b, to=to: F.conv_transpose2d(x, w, b, **to), {"x": r(2, 4, 5, 4), "w": r(4, 3, 3, 3), "b": r(3 * o.get("groups", 1))}, options=o, length=36)

    ties = torch.randint(-2, 3, (2, 2, 7, 8)).float()
    for name, x, o in [("2x2", r(2, 3, 6, 6), dict(kernelSize=2)), ("3x3 stride 2", r(2, 2, 9, 8), dict(kernelSize=3, stride=2)), ("padded", r(1, 2, 6, 7), dict(kernelSize=3, stride=2, padding=1)),
                       ("dilated", r(1, 2, 8, 8), dict(kernelSize=2, stride=1, dilation=2)), ("ceil", r(1, 2, 6, 7), dict(kernelSize=3, stride=2, ceilMode=True)), ("ceil padded", r(1, 1, 5, 6), dict(kernelSize=2, stride=2, padding=1, ceilMode=True)),
                       ("ties", ties, dict(kernelSize=3, stride=2)), ("oblong", r(1, 1, 5, 8), dict(kernelSize=[2, 3], stride=[1, 2], padding=[1, 0]))]:
        to = {{"kernelSize": "kernel_size", "ceilMode": "ceil_mode"}.get(k, k): v for k, v in o.items()}
        ops.add(f"maxPool2d/{name}", "maxPool2d", lambda x, to=to: F.max_pool2d(x, **to), {"x": x}, options=o)
    for name, x, o in [("2x2", r(2, 3, 6, 6), dict(kernelSize=2)), ("overlapping", r(1, 2, 7, 8), dict(kernelSize=3, stride=2)), ("padded", r(1, 2, 6, 7), dict(kernelSize=3, stride=2, padding=1)),
                       ("padding not counted", r(1, 2, 6, 7), dict(kernelSize=3, stride=2, padding=1, countIncludePad=False)), ("ceil", r(1, 2, 6, 7), dict(kernelSize=3, stride=2, padding=1, ceilMode=True)),
                       ("divisor", r(1, 1, 4, 4), dict(kernelSize=2, divisorOverride=3)), ("ceil, padding not counted", r(1, 1, 5, 6), dict(kernelSize=2, stride=2, padding=1, ceilMode=True, countIncludePad=False))]:
        to = {{"kernelSize": "kernel_size", "ceilMode": "ceil_mode", "countIncludePad": "count_include_pad", "divisorOverride": "divisor_override"}.get(k, k): v for k, v in o.items()}
        ops.add(f"avgPool2d/{name}", "avgPool2d", lambda x, to=to: F.avg_pool2d(x, **to), {"x": x}, options=o, length=9)
    for size in [(1, 1), (3, 2), (4, 5), (7, 7)]:
        ops.add(f"adaptiveAvgPool2d/{size}", "adaptiveAvgPool2d", lambda x, s=size: F.adaptive_avg_pool2d(x, s), {"x": r(2, 2, 9, 10)}, args=[list(size)], length=90)
        ops.add(f"adaptiveMaxPool2d/{size}", "adaptiveMaxPool2d", lambda x, s=size: F.adaptive_max_pool2d(x, s), {"x": r(2, 2, 9, 10)}, args=[list(size)])

    affine = lambda n: {"weight": r(n), "bias": r(n)}
    ops.add("batchNorm/train", "batchNorm", lambda x, weight, bias: F.batch_norm(x, None, None, weight, bias, training=True), {"x": r(5, 3, 4, 4) * 2 + 1}, args=[None, None], options={"training": True}, named=affine(3), length=160, second=True)
    ops.add("batchNorm/rows", "batchNorm", lambda x, weight, bias: F.batch_norm(x, None, None, weight, bias, training=True, eps=1e-3), {"x": r(8, 5) + 3}, args=[None, None], options={"training": True, "eps": 1e-3}, named=affine(5), length=64)
    ops.add("batchNorm/eval", "batchNorm", lambda x, m, v, weight, bias: F.batch_norm(x, m, v, weight, bias), {"x": r(4, 3, 2, 2), "m": r(3), "v": torch.rand(3) + 0.5}, named=affine(3), wanted=["x", "weight", "bias"], length=16)
    ops.add("layerNorm/last", "layerNorm", lambda x, weight, bias: F.layer_norm(x, (6,), weight, bias), {"x": r(3, 4, 6)}, args=[[6]], named=affine(6), length=60)
    ops.add("layerNorm/two axes", "layerNorm", lambda x: F.layer_norm(x, (4, 6)), {"x": r(3, 4, 6)}, args=[[4, 6]], length=200)
    ops.add("groupNorm", "groupNorm", lambda x, weight, bias: F.group_norm(x, 2, weight, bias), {"x": r(2, 4, 3, 3)}, args=[2], named=affine(4), length=160)
    ops.add("localResponseNorm", "localResponseNorm", lambda x: F.local_response_norm(x, 5, 0.1, 0.75, 2.0), {"x": r(2, 7, 3, 3) * 3}, args=[5], options={"alpha": 0.1, "beta": 0.75, "k": 2}, length=40)
    ops.add("localResponseNorm/even", "localResponseNorm", lambda x: F.local_response_norm(x, 4, 0.1), {"x": r(2, 5, 2, 2) * 3}, args=[4], options={"alpha": 0.1}, length=40)

    for axis in (-1, 0, 1):
        ops.add(f"softmax/{axis}", "softmax", lambda x, a=axis: F.softmax(x, a), {"x": r(3, 4, 5) * 3}, args=[axis], length=30, second=axis == 1)
        ops.add(f"logSoftmax/{axis}", "logSoftmax", lambda x, a=axis: F.log_softmax(x, a), {"x": r(3, 4, 5) * 3}, args=[axis], length=30, second=axis == 1)
    logits, y = r(6, 5) * 2, torch.tensor([0, 4, 2, 2, 1, 3])
    for name, o in {"mean": {}, "sum": dict(reduction="sum"), "none": dict(reduction="none"), "smoothed": dict(labelSmoothing=0.1), "ignored": dict(ignoreIndex=2), "ignored, smoothed": dict(ignoreIndex=2, labelSmoothing=0.2)}.items():
        to = {{"labelSmoothing": "label_smoothing", "ignoreIndex": "ignore_index"}.get(k, k): v for k, v in o.items()}
        ops.add(f"crossEntropy/{name}", "crossEntropy", lambda x, y, to=to: F.cross_entropy(x, y, **to), {"x": logits, "y": y}, options=o, length=40)
        ops.add(f"crossEntropy/weighted, {name}", "crossEntropy", lambda x, y, weight, to=to: F.cross_entropy(x, y, weight, **to), {"x": logits, "y": y}, options=o, named={"weight": torch.rand(5) + 0.2}, wanted=["x"], length=40)
    ops.add("crossEntropy/probabilities", "crossEntropy", lambda x, y: F.cross_entropy(x, y), {"x": logits, "y": F.softmax(r(6, 5), 1)}, wanted=["x"], length=40)
    ops.add("crossEntropy/images", "crossEntropy", lambda x, y: F.cross_entropy(x, y), {"x": r(2, 3, 4, 4), "y": torch.randint(0, 3, (2, 4, 4))}, length=40)
    ops.add("nllLoss", "nllLoss", lambda x, y, weight: F.nll_loss(x, y, weight), {"x": F.log_softmax(logits, 1), "y": y}, named={"weight": torch.rand(5) + 0.2}, wanted=["x"], length=10)
    a, b = r(4, 3), r(4, 3)
    for name, f in dict(mseLoss=F.mse_loss, l1Loss=F.l1_loss, huberLoss=F.huber_loss, smoothL1Loss=F.smooth_l1_loss).items():
        ops.add(name, name, lambda x, y, f=f: f(x, y), {"x": a, "y": b}, length=20)
    ops.add("huberLoss/delta", "huberLoss", lambda x, y: F.huber_loss(x, y, delta=0.3, reduction="sum"), {"x": a, "y": b}, options={"delta": 0.3, "reduction": "sum"}, length=20)
    ops.add("binaryCrossEntropyWithLogits", "binaryCrossEntropyWithLogits", lambda x, y: F.binary_cross_entropy_with_logits(x, y), {"x": a * 5, "y": torch.rand(4, 3)}, wanted=["x"], length=30)
    ops.add("binaryCrossEntropyWithLogits/weights", "binaryCrossEntropyWithLogits", lambda x, y, weight, posWeight: F.binary_cross_entropy_with_logits(x, y, weight, pos_weight=posWeight), {"x": a, "y": torch.rand(4, 3)}, named={"weight": torch.rand(4, 3), "posWeight": torch.rand(3) + 0.5}, wanted=["x"], length=30)

    image = r(2, 2, 5, 7)
    for name, o in {"nearest up": dict(size=[9, 10]), "nearest down": dict(size=[3, 4]), "nearest twice": dict(scaleFactor=2), "bilinear up": dict(size=[9, 10], mode="bilinear"), "bilinear down": dict(size=[3, 4], mode="bilinear"),
                    "bilinear corners": dict(size=[9, 4], mode="bilinear", alignCorners=True), "antialias down": dict(size=[3, 4], mode="bilinear", antialias=True), "antialias up": dict(size=[9, 10], mode="bilinear", antialias=True)}.items():
        to = {{"scaleFactor": "scale_factor", "alignCorners": "align_corners"}.get(k, k): v for k, v in o.items()}
        ops.add(f"interpolate/{name}", "interpolate", lambda x, to=to: F.interpolate(x, **to), {"x": image}, options=o, length=30)

    m = r(3, 4, 5)
    axes = {"all": None, "last": -1, "first": 0, "two": [0, 2]}
    for name, a in axes.items():
        dim = tuple(range(3)) if a is None else a
        given = [] if a is None else [a]
        for fn, f in dict(sum=torch.sum, mean=torch.mean, max=torch.amax, min=torch.amin, var=torch.var, std=torch.std, logsumexp=torch.logsumexp).items():
            ops.add(f"{fn}/{name}", fn, lambda x, f=f, d=dim: f(x, d), {"x": m}, args=given, length=60)
        ops.add(f"norm/{name}", "norm", lambda x, d=dim: torch.linalg.vector_norm(x, 2, d), {"x": m}, args=given, length=60)
    ops.add("max/ties", "max", lambda x: torch.amax(x, 1), {"x": torch.tensor([[1.0, 3, 3], [2, 2, 2]])}, args=[1])
    ops.add("prod", "prod", lambda x: torch.prod(x, 1), {"x": torch.tensor([[1.5, 2, -3], [0, 2, 5], [0, 0, 4]])}, args=[1], length=8)
    ops.add("argmax", "argmax", lambda x: torch.argmax(x, 1), {"x": m}, args=[1], wanted=[])

    special = torch.tensor([-INF, -100.0, -20, -3.5, -2.5, -1, -0.5, -1e-8, -0.0, 0.0, 1e-8, 0.5, 1, 1.5, 2.5, 3.5, 20, 88, 100, INF, NAN])
    plain = torch.cat([r(20) * 2, torch.tensor([0.5, -0.5, 1.0, -1.0])])
    unary = dict(neg=torch.neg, abs=torch.abs, sign=torch.sign, sqrt=torch.sqrt, rsqrt=torch.rsqrt, square=torch.square, reciprocal=torch.reciprocal, exp=torch.exp, expm1=torch.expm1, log=torch.log, log1p=torch.log1p, log2=torch.log2, log10=torch.log10,
                 sin=torch.sin, cos=torch.cos, tan=torch.tan, asin=torch.asin, acos=torch.acos, atan=torch.atan, sinh=torch.sinh, cosh=torch.cosh, tanh=torch.tanh, erf=torch.erf, floor=torch.floor, ceil=torch.ceil, round=torch.round, trunc=torch.trunc,
                 relu=F.relu, leakyRelu=F.leaky_relu, elu=F.elu, gelu=F.gelu, silu=F.silu, sigmoid=torch.sigmoid, softplus=F.softplus, relu6=F.relu6, hardtanh=F.hardtanh, logSigmoid=F.logsigmoid, softsign=F.softsign)
    positive = {"sqrt", "rsqrt", "log", "log2", "log10", "log1p"}
    for fn, f in unary.items():
        x = plain.abs() + 0.1 if fn in positive else plain.clamp(-0.95, 0.95) if fn in ("asin", "acos") else plain
        ops.add(f"{fn}/values", fn, lambda x, f=f: f(x), {"x": x}, length=32, second=fn in ("tanh", "exp", "sigmoid", "sin", "log", "sqrt", "silu", "gelu", "softplus"))
        if fn not in ("sin", "cos", "tan"):  # large arguments: left to the suite's own bounds
            # torch.sign makes 0 of NaN, unlike every other function and NumPy; lamina keeps NaN (docs/semantics.md).
            ops.add(f"{fn}/special", fn, lambda x, f=f: f(x), {"x": special[:-1] if fn == "sign" else special}, wanted=[], length=32)
    p, q = r(4, 5), r(4, 5)
    binary = dict(add=torch.add, sub=torch.sub, mul=torch.mul, div=torch.div, maximum=torch.maximum, minimum=torch.minimum, atan2=torch.atan2, remainder=torch.remainder)
    for fn, f in binary.items():
        ops.add(f"{fn}/broadcast", fn, lambda x, y, f=f: f(x, y), {"x": r(3, 1, 5), "y": r(4, 1)}, wanted=["x"] if fn == "remainder" else None, length=20)
        ops.add(f"{fn}/special", fn, lambda x, y, f=f: f(x, y), {"x": special.reshape(-1, 1), "y": torch.tensor([-INF, -2.0, -0.0, 0.0, 0.5, INF, NAN])}, wanted=[], length=4)
    ops.add("maximum/ties", "maximum", lambda x, y: torch.maximum(x, y), {"x": torch.tensor([1.0, 2, 3]), "y": torch.tensor([1.0, 5, 0])})
    ops.add("pow", "pow", lambda x, y: torch.pow(x, y), {"x": p.abs() + 0.1, "y": q}, length=64, second=True)
    ops.add("pow/special", "pow", lambda x, y: torch.pow(x, y), {"x": torch.tensor([[0.0], [-0.0], [1], [-2], [INF], [-INF], [NAN]]), "y": torch.tensor([0.0, 1, 2, 3, -1, 0.5, INF, -INF, NAN])}, wanted=[], length=8)
    ops.add("pow/zero to zero", "pow", lambda x, y: torch.pow(x, y), {"x": torch.tensor([0.0, 0.0, 2.0]), "y": torch.tensor([0.0, 2.0, 0.0])}, length=8)
    ops.add("clamp", "clamp", lambda x: torch.clamp(x, -0.5, 0.5), {"x": plain}, options={"min": -0.5, "max": 0.5})
    for name, (s, t) in {"2d": ((3, 4), (4, 5)), "batched": ((2, 3, 4), (2, 4, 5)), "broadcast": ((2, 1, 3, 4), (3, 4, 2)), "vector": ((4,), (4, 3)), "matrix vector": ((3, 4), (4,)), "dot": ((4,), (4,))}.items():
        ops.add(f"matmul/{name}", "matmul", lambda x, y: x @ y, {"x": r(*s), "y": r(*t)}, length=8, second=name == "2d")
    ops.add("linear", "linear", F.linear, {"input": r(3, 4), "weight": r(5, 4), "bias": r(5)}, length=8)
    ops.add("pad/constant", "pad", lambda x: F.pad(x, [1, 2, 0, 1], value=3), {"x": r(2, 3, 4)}, args=[[1, 2, 0, 1]], options={"value": 3})
    for mode in ("reflect", "replicate"):
        ops.add(f"pad/{mode}", "pad", lambda x, m=mode: F.pad(x, [1, 2, 2, 1], mode=m), {"x": r(2, 3, 4, 5)}, args=[[1, 2, 2, 1]], options={"mode": mode}, length=8)
    ops.add("flip", "flip", lambda x: torch.flip(x, [0, 2]), {"x": r(2, 3, 4)}, args=[[0, 2]])
    ops.add("permute", "permute", lambda x: x.permute(2, 0, 1), {"x": r(2, 3, 4)}, args=[[2, 0, 1]])
    ops.add("tile", "tile", lambda x: x.tile(2, 3), {"x": r(2, 3)}, args=[[2, 3]], length=8)
    ops.save("ops.safetensors")


# ---- training --------------------------------------------------------------------------------------------------------
def lenet():
    return nn.Sequential(nn.Identity(), nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(),
                         nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10))


def bn_lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5), nn.BatchNorm2d(6), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Conv2d(6, 16, 5), nn.BatchNorm2d(16), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(),
                         nn.Linear(256, 120), nn.BatchNorm1d(120), nn.Sigmoid(), nn.Linear(120, 84), nn.BatchNorm1d(84), nn.Sigmoid(), nn.Linear(84, 10))


def make_training():
    tensors, cases, steps, batch = {}, [], 20, 32
    for name, make, lr in [("lenet", lenet, 0.9), ("bn-lenet", bn_lenet, 0.5)]:
        net = make()
        for layer in net:
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.xavier_uniform_(layer.weight)
        for key, value in net.state_dict().items():
            if value.dtype.is_floating_point:
                tensors[f"{name}/initial.{key}"] = value.clone()
        for dtype in (torch.float32, torch.float64):
            copy = make().to(dtype)
            copy.load_state_dict({k: v.to(dtype) if v.dtype.is_floating_point else v for k, v in net.state_dict().items()})
            optimizer, losses = torch.optim.SGD(copy.parameters(), lr=lr), []
            for step in range(steps):
                x = torch.from_numpy(uniforms(1234, step, batch * 784)).to(dtype).reshape(batch, 1, 28, 28)
                y = (torch.arange(batch) * 7 + step) % 10
                loss = F.cross_entropy(copy(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            tensors[f"{name}/losses.{'float32' if dtype == torch.float32 else 'float64'}"] = torch.tensor(losses, dtype=torch.float64)
        for key, value in copy.state_dict().items():
            if value.dtype.is_floating_point:
                tensors[f"{name}/final.{key}"] = torch.stack([value.double().mean(), value.double().square().mean().sqrt()])
        cases.append(dict(id=name, lr=lr, steps=steps, batch=batch, seed=1234))
    save_file({k: t.contiguous() for k, t in tensors.items()}, OUT / "training.safetensors", metadata={"cases": json.dumps(cases), "torch": torch.__version__})


OUT.mkdir(parents=True, exist_ok=True)
make_ops()
make_training()
print({f.name: f.stat().st_size for f in sorted(OUT.glob("*.safetensors"))})
