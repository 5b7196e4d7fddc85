"""One process: PyTorch on the CPU, one thread, trains one network and prints its timing as lamina.ts does."""
import json
import sys
import time

import torch
from torch import nn

job, channels_last = json.loads(sys.argv[1]), sys.argv[2] == "channels_last"
torch.set_num_threads(1)
torch.manual_seed(0)


def conv(i, o, k, s=1, p=0):
    return [nn.Conv2d(i, o, k, s, p), nn.ReLU()]


def lenet():
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2, 2),
        nn.Flatten(), nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10))
    for layer in model:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight)
    return model


def blocks(architecture, channels):
    layers = []
    for convs, out in architecture:
        for _ in range(convs):
            layers += conv(channels, out, 3, 1, 1)
            channels = out
        layers.append(nn.MaxPool2d(2, 2))
    return layers


def hidden(features):
    return [nn.Flatten(), nn.Linear(features, 4096), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4096, 10)]


def nin_block(i, o, k, s, p):
    return conv(i, o, k, s, p) + conv(o, o, 1) + conv(o, o, 1)


class Inception(nn.Module):
    def __init__(self, i, c1, c2, c3, c4):
        super().__init__()
        self.p1 = nn.Sequential(*conv(i, c1, 1))
        self.p2 = nn.Sequential(*conv(i, c2[0], 1), *conv(c2[0], c2[1], 3, 1, 1))
        self.p3 = nn.Sequential(*conv(i, c3[0], 1), *conv(c3[0], c3[1], 5, 1, 2))
        self.p4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), *conv(i, c4, 1))

    def forward(self, x):
        return torch.cat([self.p1(x), self.p2(x), self.p3(x), self.p4(x)], 1)


def googlenet():
    halve = lambda: nn.MaxPool2d(3, 2, 1)
    return nn.Sequential(
        *conv(1, 64, 7, 2, 3), halve(), *conv(64, 64, 1), *conv(64, 192, 3, 1, 1), halve(),
        Inception(192, 64, (96, 128), (16, 32), 32), Inception(256, 128, (128, 192), (32, 96), 64), halve(),
        Inception(480, 192, (96, 208), (16, 48), 64), Inception(512, 160, (112, 224), (24, 64), 64), Inception(512, 128, (128, 256), (24, 64), 64),
        Inception(512, 112, (144, 288), (32, 64), 64), Inception(528, 256, (160, 320), (32, 128), 128), halve(),
        Inception(832, 256, (160, 320), (32, 128), 128), Inception(832, 384, (192, 384), (48, 128), 128),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 10))


NETWORKS = {
    "lenet": lenet,
    "vgg6": lambda: nn.Sequential(*blocks([(2, 32), (2, 64), (2, 128)], 3), nn.Flatten(), nn.Linear(128 * 16, 10)),
    "alexnet": lambda: nn.Sequential(
        *conv(1, 96, 11, 4, 1), nn.MaxPool2d(3, 2), *conv(96, 256, 5, 1, 2), nn.MaxPool2d(3, 2), *conv(256, 384, 3, 1, 1), *conv(384, 384, 3, 1, 1),
        *conv(384, 256, 3, 1, 1), nn.MaxPool2d(3, 2), *hidden(6400)),
    "vgg11/4": lambda: nn.Sequential(*blocks([(1, 16), (1, 32), (2, 64), (2, 128), (2, 128)], 1), *hidden(128 * 49)),
    "nin": lambda: nn.Sequential(
        *nin_block(1, 96, 11, 4, 0), nn.MaxPool2d(3, 2), *nin_block(96, 256, 5, 1, 2), nn.MaxPool2d(3, 2), *nin_block(256, 384, 3, 1, 1), nn.MaxPool2d(3, 2),
        nn.Dropout(0.5), *nin_block(384, 10, 3, 1, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    "googlenet": googlenet,
}
batch, shape = job["batch"], job["input"]
model = NETWORKS[job["network"]]()
optimizer = getattr(torch.optim, job["optimizer"])(model.parameters(), lr=job["lr"])
count = batch * shape[0] * shape[1] * shape[2]
pixels = ((torch.arange(count) * 2654435761) % 2**32 >> 8).float() / 2**24
x, y = pixels.reshape(batch, *shape), torch.arange(batch) % 10
if channels_last:
    model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)

steps, loss = [], 0.0
for i in range(job["warmup"] + job["steps"]):
    start = time.perf_counter()
    result = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    result.backward()
    optimizer.step()
    loss = result.item()
    if i >= job["warmup"]:
        steps.append((time.perf_counter() - start) * 1000)
print(json.dumps({"steps": steps, "loss": loss, "version": f"PyTorch {torch.__version__}"}))
