"""One process: PyTorch on the CPU does the work it is told and prints a line for each piece, as run/inNode.ts does."""
import json
import resource
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

INPUT, MOST_RUNS, WARM_SHARE, WARM_RUNS = 1000, 1000, 0.3, 500  # as in work/numbers.ts and run/timing.ts
task = json.loads(sys.argv[1])
budget, channels_last = task["budget"], task["options"]["channelsLast"]
networks = {network["name"]: network for network in task["networks"]}
torch.set_num_threads(task["threads"])
torch.manual_seed(0)


def uniform(seed, shape, low, high):
    """As uniform in work/numbers.ts."""
    x = np.arange(np.prod(shape), dtype=np.uint32) + np.uint32(seed * 0x9E3779B1 % 2**32)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    x = (x ^ (x >> np.uint32(16))) >> np.uint32(8)
    return torch.from_numpy((low + x * ((high - low) / 2**24)).astype(np.float32).reshape(shape))


def image_format(x):
    return x.to(memory_format=torch.channels_last) if channels_last and x.dim() == 4 else x


def started(module, layer):
    with torch.no_grad():
        module.weight.copy_(uniform(layer["seed"], module.weight.shape, -layer["bound"], layer["bound"]))
        module.bias.copy_(uniform(layer["seed"] + 1, module.bias.shape, -layer["biasBound"], layer["biasBound"]))
    return module


class Ways(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.ways = nn.ModuleList(chain(way) for way in layer["ways"])
        self.joins = layer["type"] == "branches"

    def forward(self, x):
        ys = [way(x) for way in self.ways]
        return torch.cat(ys, 1) if self.joins else torch.relu(ys[0] + ys[1])


def module_of(layer):
    kind = layer["type"]
    if kind == "conv2d":
        return started(nn.Conv2d(layer["in"], layer["out"], layer["kernel"], layer["stride"], layer["padding"]), layer)
    if kind == "linear":
        return started(nn.Linear(layer["in"], layer["out"]), layer)
    if kind == "maxPool2d":
        return nn.MaxPool2d(layer["kernel"], layer["stride"], layer["padding"])
    if kind == "avgPool2d":
        return nn.AvgPool2d(layer["kernel"], layer["stride"], layer["padding"])
    if kind == "batchNorm2d":
        return nn.BatchNorm2d(layer["channels"])
    if kind == "dropout":
        return nn.Dropout(layer["p"])
    plain = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "globalAvgPool2d": lambda: nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten}
    return plain[kind]() if kind in plain else Ways(layer)


def chain(layers):
    return nn.Sequential(*map(module_of, layers))


def network_of(work):
    """The model and a batch for it."""
    network = networks[work["network"]]
    model = chain(network["layers"])
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    return model, image_format(uniform(INPUT, (work["batch"], *network["input"]), 0, 1))


def train(work):
    model, x = network_of(work)
    optimizer = getattr(torch.optim, work["optimizer"])(model.parameters(), lr=work["lr"])
    y = torch.arange(work["batch"]) % 10

    def step():
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return torch.tensor([loss.item()])

    return step


def forward(work):
    model, x = network_of(work)
    model.eval()
    return lambda: model(x)


def made(at, *shape, bound=0.5):
    return image_format(uniform(INPUT + at, shape, -bound, bound))


def convolution(work):
    n, c, h, groups = work["n"], work["c"], work["h"], work.get("groups", 1)
    x, w, b = made(0, n, c, h, h), made(1, work["out"], c // groups, work["kernel"], work["kernel"], bound=0.1), made(2, work["out"])
    convolve = lambda: F.conv2d(x, w, b, work.get("stride", 1), work.get("padding", 0), 1, groups)
    if work["op"] == "conv2d":
        return convolve
    leaves = [t.requires_grad_() for t in (x, w, b)]

    def both():
        y = convolve()
        return torch.autograd.grad(y, leaves, y.detach())[1]

    return both


def op(work):
    kind = work["op"]
    if kind == "matmul":
        a, b = made(0, work["m"], work["k"]), made(1, work["k"], work["n"])
        return lambda: a @ b
    if kind in ("conv2d", "conv2dAndGrads"):
        return convolution(work)
    if kind in ("maxPool2d", "avgPool2d"):
        x = made(0, work["n"], work["c"], work["h"], work["h"])
        pool = F.max_pool2d if kind == "maxPool2d" else F.avg_pool2d
        return lambda: pool(x, work["kernel"], work.get("stride"), work.get("padding", 0))
    if kind == "batchNorm":
        x, weight, bias = made(0, work["n"], work["c"], work["h"], work["h"]), made(1, work["c"]), made(2, work["c"])
        return lambda: F.batch_norm(x, None, None, weight, bias, training=True)
    if kind == "softmax":
        x = made(0, work["rows"], work["columns"])
        return lambda: torch.softmax(x, 1)
    p = nn.Parameter(made(0, work["count"]))
    p.grad = made(1, work["count"])
    optimizer = torch.optim.Adam([p])

    def update():
        optimizer.step()
        return p

    return update


PREPARE = {"train": train, "forward": forward, "op": op}


def digest(result):
    values = result.detach().numpy().astype(np.float64)
    return [float(values.mean()), float(np.sqrt((values**2).mean()))]


def timed(work):
    run = PREPARE[work["kind"]](work)
    grads = work["kind"] == "train" or work.get("op") == "conv2dAndGrads"

    def once():
        start = time.perf_counter()
        with torch.set_grad_enabled(grads):
            result = run()
        return time.perf_counter() - start, result

    first, result = once()
    first_at = time.time() * 1000
    digests = [digest(result)]
    if first > budget["limit"]:
        return {"error": f"one run took {first:.1f} s"}
    warm, result = once()
    digests.append(digest(result))
    warm += first
    runs = 2
    while warm < budget["seconds"] * WARM_SHARE or (runs < WARM_RUNS and warm < budget["seconds"]):
        warm += once()[0]
        runs += 1
    runs = []
    while (sum(runs) < budget["seconds"] and len(runs) < MOST_RUNS) or len(runs) < 2:
        runs.append(once()[0])
    version = f"PyTorch {torch.__version__}"
    return {"version": version, "runs": [1000 * run for run in runs], "firstAt": first_at, "digests": digests}


for work in task["works"]:
    try:
        found = timed(work)
    except Exception as error:
        found = {"error": str(error).split("\n")[0][:300]}
    print(json.dumps({"id": work["id"], **found}), flush=True)
print(json.dumps({"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
