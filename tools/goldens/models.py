"""Twenty steps of every network of the book, for the level "models" of the suite: reduced in width and size, in float64.

The networks are the book's definitions ("Dive into Deep Learning", PyTorch edition) with the channels divided by `ratio`.
Weights and batches follow from formulas (numbers_of_lamina.py), so that only losses, logits and probes are stored.
"""
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from numbers_of_lamina import fill, probe, uniforms

OUT = Path(__file__).resolve().parents[2] / "packages/conformance/fixtures"
STEPS = 20
torch.set_num_threads(1)  # the networks are small


class Dropout(nn.Module):
    """nn.Dropout with lamina's random stream: one call of the generator for each use, a value is dropped if its number is below p."""

    seed, calls = 0, 0

    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        u = torch.from_numpy(uniforms(Dropout.seed, Dropout.calls, x.numel())).reshape(x.shape).to(x.dtype)
        Dropout.calls += 1
        return torch.where(u < self.p, torch.zeros_like(x), x * (1 / (1 - self.p)))


C, L, R, P = nn.Conv2d, nn.Linear, nn.ReLU, nn.MaxPool2d
divided = lambda ratio: lambda n: max(1, int(n // ratio))


def lenet():
    S = nn.Sigmoid
    return nn.Sequential(nn.Identity(), C(1, 6, 5, padding=2), S(), nn.AvgPool2d(2), C(6, 16, 5), S(), nn.AvgPool2d(2), nn.Flatten(), L(400, 120), S(), L(120, 84), S(), L(84, 10))


class Named(nn.Module):
    """conv, then fc of the flattened, as the first edition's classes."""

    def __init__(self, conv, fc):
        super().__init__()
        self.conv, self.fc = conv, fc

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


def lenet_max_pool():
    S = nn.Sigmoid
    return Named(nn.Sequential(C(1, 6, 5), S(), P(2), C(6, 16, 5), S(), P(2)), nn.Sequential(L(256, 120), S(), L(120, 84), S(), L(84, 10)))


def bn_lenet(pool):
    S, B = nn.Sigmoid, nn.BatchNorm1d
    return nn.Sequential(C(1, 6, 5), nn.BatchNorm2d(6), S(), pool(2), C(6, 16, 5), nn.BatchNorm2d(16), S(), pool(2), nn.Flatten(), L(256, 120), B(120), S(), L(120, 84), B(84), S(), L(84, 10))


def alexnet(padding, ratio, imageSize):
    c = divided(ratio)
    conv = [C(1, c(96), 11, 4, padding), R(), P(3, 2), C(c(96), c(256), 5, 1, 2), R(), P(3, 2), C(c(256), c(384), 3, 1, 1), R(), C(c(384), c(384), 3, 1, 1), R(), C(c(384), c(256), 3, 1, 1), R(), P(3, 2)]
    flat, hidden = nn.Sequential(*conv)(torch.zeros(1, 1, imageSize, imageSize)).numel(), c(4096)
    return conv, [L(flat, hidden), R(), Dropout(), L(hidden, hidden), R(), Dropout(), L(hidden, 10)]


def book_alexnet(**o):
    conv, fc = alexnet(1, **o)
    return nn.Sequential(*conv, nn.Flatten(), *fc)


def older_alexnet(**o):
    conv, fc = alexnet(0, **o)
    return Named(nn.Sequential(*conv), nn.Sequential(*fc))


def vgg(convs, ratio, imageSize, hidden):
    c, blocks, before = divided(ratio), [], 1
    for n, channels in zip(convs, (64, 128, 256, 512, 512)):
        layers = []
        for _ in range(n):
            layers += [C(before, c(channels), 3, padding=1), R()]
            before = c(channels)
        blocks.append(nn.Sequential(*layers, P(2, 2)))
    side = imageSize // 32
    return blocks, [nn.Flatten(), L(before * side * side, hidden), R(), Dropout(), L(hidden, hidden), R(), Dropout(), L(hidden, 10)]


def book_vgg(*convs):
    def make(**o):
        blocks, fc = vgg(convs, **o)
        return nn.Sequential(*blocks, *fc)

    return make


def older_vgg11(**o):
    blocks, fc = vgg((1, 1, 2, 2, 2), **o)
    net = nn.Sequential()
    for i, b in enumerate(blocks):
        net.add_module(f"vgg_block_{i + 1}", b)
    net.add_module("fc", nn.Sequential(*fc))
    return net


def nin(ratio):
    c = divided(ratio)
    block = lambda i, o, k, s, p: nn.Sequential(C(i, o, k, s, p), R(), C(o, o, 1), R(), C(o, o, 1), R())
    return nn.Sequential(block(1, c(96), 11, 4, 0), P(3, 2), block(c(96), c(256), 5, 1, 2), P(3, 2), block(c(256), c(384), 3, 1, 1), P(3, 2), Dropout(), block(c(384), 10, 3, 1, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Inception(nn.Module):
    def __init__(self, in_c, c1, c2, c3, c4):
        super().__init__()
        self.p1_1 = C(in_c, c1, 1)
        self.p2_1, self.p2_2 = C(in_c, c2[0], 1), C(c2[0], c2[1], 3, padding=1)
        self.p3_1, self.p3_2 = C(in_c, c3[0], 1), C(c3[0], c3[1], 5, padding=2)
        self.p4_1, self.p4_2 = P(3, 1, 1), C(in_c, c4, 1)
        self.width = c1 + c2[1] + c3[1] + c4

    def forward(self, x):
        return torch.cat([F.relu(self.p1_1(x)), F.relu(self.p2_2(F.relu(self.p2_1(x)))), F.relu(self.p3_2(F.relu(self.p3_1(x)))), F.relu(self.p4_2(self.p4_1(x)))], 1)


def googlenet(book):
    stages = [[(64, (96, 128), (16, 32), 32), (128, (128, 192), (32, 96), 64)],
              [(192, (96, 208), (16, 48), 64), (160, (112, 224), (24, 64), 64), (128, (128, 256), (24, 64), 64), (112, (144, 288), (32, 64), 64), (256, (160, 320), (32, 128), 128)],
              [(256, (160, 320), (32, 128), 128), (384, (192, 384), (48, 128), 128)]]

    def make(ratio):
        c, pool = divided(ratio), lambda: P(3, 2, 1)
        relu = lambda: [R()] if book else []
        layers = [nn.Sequential(C(1, c(64), 7, 2, 3), R(), pool()), nn.Sequential(C(c(64), c(64), 1), *relu(), C(c(64), c(192), 3, padding=1), *relu(), pool())]
        before = c(192)
        for i, stage in enumerate(stages):
            blocks = []
            for c1, c2, c3, c4 in stage:
                blocks.append(Inception(before, c(c1), (c(c2[0]), c(c2[1])), (c(c3[0]), c(c3[1])), c(c4)))
                before = blocks[-1].width
            layers.append(nn.Sequential(*blocks, *([pool()] if i < 2 else [nn.AdaptiveAvgPool2d(1), *([nn.Flatten()] if book else [])])))
        return nn.Sequential(*layers, *([] if book else [nn.Flatten()]), L(before, 10))

    return make


class Residual(nn.Module):
    def __init__(self, i, o, stride=1):
        super().__init__()
        self.conv1, self.conv2 = C(i, o, 3, stride, 1), C(o, o, 3, padding=1)
        self.conv3 = C(i, o, 1, stride) if stride > 1 else None
        self.bn1, self.bn2 = nn.BatchNorm2d(o), nn.BatchNorm2d(o)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (self.conv3(x) if self.conv3 else x))


def resnet18(ratio):
    c = divided(ratio)
    stage = lambda i, o, s=2: nn.Sequential(Residual(i, o, s), Residual(o, o))
    return nn.Sequential(nn.Sequential(C(1, c(64), 7, 2, 3), nn.BatchNorm2d(c(64)), R(), P(3, 2, 1)), stage(c(64), c(64), 1), stage(c(64), c(128)), stage(c(128), c(256)), stage(c(256), c(512)), nn.AdaptiveAvgPool2d(1), nn.Flatten(), L(c(512), 10))


class DenseBlock(nn.Module):
    def __init__(self, n, i, growth):
        super().__init__()
        self.net = nn.Sequential(*[nn.Sequential(nn.BatchNorm2d(i + k * growth), R(), C(i + k * growth, growth, 3, padding=1)) for k in range(n)])

    def forward(self, x):
        for conv in self.net:
            x = torch.cat([x, conv(x)], 1)
        return x


def densenet(ratio):
    c = divided(ratio)
    n = c(64)
    layers = [nn.Sequential(C(1, n, 7, 2, 3), nn.BatchNorm2d(n), R(), P(3, 2, 1))]
    for i in range(4):
        layers.append(DenseBlock(4, n, c(32)))
        n += 4 * c(32)
        if i < 3:
            layers.append(nn.Sequential(nn.BatchNorm2d(n), R(), C(n, n // 2, 1), nn.AvgPool2d(2)))
            n //= 2
    return nn.Sequential(*layers, nn.BatchNorm2d(n), R(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), L(n, 10))


# name in @lamina/models, definition here, options of both, side of the images, batch, learning rate
NETS = [
    ("lenet", lenet, {}, 28, 2, 0.5),
    ("d2lzh.lenet", lenet_max_pool, {}, 28, 2, 0.5),
    ("bnLenet", lambda: bn_lenet(nn.AvgPool2d), {}, 28, 6, 0.1),
    ("d2lzh.bnLenet", lambda: bn_lenet(nn.MaxPool2d), {}, 28, 6, 0.1),
    ("alexnet", book_alexnet, dict(ratio=16, imageSize=65), 65, 2, 0.02),
    ("d2lzh.alexnet", older_alexnet, dict(ratio=16, imageSize=67), 67, 2, 0.02),
    ("vgg11", book_vgg(1, 1, 2, 2, 2), dict(ratio=32, imageSize=32, hidden=48), 32, 2, 0.01),
    ("vgg13", book_vgg(2, 2, 2, 2, 2), dict(ratio=32, imageSize=32, hidden=48), 32, 2, 0.01),
    ("vgg16", book_vgg(2, 2, 3, 3, 3), dict(ratio=32, imageSize=32, hidden=48), 32, 2, 0.01),
    ("vgg19", book_vgg(2, 2, 4, 4, 4), dict(ratio=32, imageSize=32, hidden=48), 32, 2, 0.01),
    ("d2lzh.vgg11", older_vgg11, dict(ratio=32, imageSize=32, hidden=48), 32, 2, 0.01),
    ("nin", nin, dict(ratio=16), 67, 2, 0.02),
    ("googlenet", googlenet(True), dict(ratio=8), 48, 2, 0.01),
    ("d2lzh.googlenet", googlenet(False), dict(ratio=8), 48, 2, 0.01),
    ("resnet18", resnet18, dict(ratio=16), 48, 4, 0.003),
    ("densenet", densenet, dict(ratio=16), 64, 2, 0.01),
]


def batch_of(seed, step, batch, side, dtype):
    x = torch.from_numpy(uniforms(seed, step, batch * side * side)).to(dtype).reshape(batch, 1, side, side)
    return x, (torch.arange(batch) * 7 + step) % 10


def trace(make, options, side, batch, lr, seed, dtype=torch.float64, jitter=0.0):
    """Logits in use; the gradients of the first step; every loss; the parameters and statistics at the end."""
    net = fill(make(**options)).to(dtype)
    with torch.no_grad():
        for p in net.parameters():
            p.mul_(1 + jitter * torch.randn_like(p))
    Dropout.seed, Dropout.calls = seed, 0
    with torch.no_grad():
        logits = net.eval()(batch_of(seed, 0, batch, side, dtype)[0])
    net.train()
    optimizer, losses, gradients = torch.optim.SGD(net.parameters(), lr=lr), [], None
    for step in range(STEPS):
        x, y = batch_of(seed, step, batch, side, dtype)
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        if gradients is None:
            gradients = torch.stack([probe(p.grad) for p in net.parameters()])
        optimizer.step()
        losses.append(loss.item())
    state = {k: v for k, v in net.state_dict().items() if v.dtype.is_floating_point}
    return dict(logits=logits.double(), gradients=gradients, losses=torch.tensor(losses, dtype=torch.float64), final=torch.stack([probe(v) for v in state.values()])), [k for k, _ in net.named_parameters()], list(state)


def steady(*arguments):
    """The trace of the first seed on which rounding does not matter: where a ReLU or a maximum is near to tipping over, two right devices differ."""
    for seed in range(100):
        found, parameters, state = trace(*arguments, seed)
        others = [trace(*arguments, seed, dtype=torch.float32)[0]] + [trace(*arguments, seed, jitter=1e-6)[0] for _ in range(5)]
        drift = max((found["losses"] - o["losses"]).abs().max().item() for o in others)
        print(f"  seed {seed}: loss {found['losses'][0]:.4f} to {found['losses'][-1]:.4f}, drift {drift:.1e}", flush=True)
        if drift < 3e-5:
            return found, parameters, state, seed
    raise SystemExit("no seed is steady; lower the learning rate")


tensors, cases = {}, []
for name, make, options, side, batch, lr in NETS:
    print(name)
    found, parameters, state, seed = steady(make, options, side, batch, lr)
    tensors.update({f"{name}/{k}": v.contiguous() for k, v in found.items()})
    cases.append(dict(id=name, options=options, input=[batch, 1, side, side], lr=lr, steps=STEPS, seed=seed, parameters=parameters, state=state))
save_file(tensors, OUT / "models.safetensors", metadata={"cases": json.dumps(cases), "torch": torch.__version__})
print((OUT / "models.safetensors").stat().st_size, "bytes")
