"""LeNet's epoch on the first 6,000 training pictures of Fashion-MNIST, for the level "epoch" of the suite: in float64 and in float32.

Weights follow from a formula (numbers_of_lamina.py) and pictures come in the order of the file, so that only losses are stored.
"""
import gzip
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from numbers_of_lamina import fill

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "packages/fashion-mnist/data"
PICTURES, BATCH, LR, MOMENTUM, TESTED = 6000, 60, 0.1, 0.9, 1000
MEAN, DEVIATION = 0.286, 0.353
torch.set_num_threads(1)


def lenet():
    S = nn.Sigmoid
    return nn.Sequential(nn.Identity(), nn.Conv2d(1, 6, 5, padding=2), S(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), S(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(400, 120), S(), nn.Linear(120, 84), S(), nn.Linear(84, 10))


def read(count):
    images = np.frombuffer(gzip.decompress((DATA / "train-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16)
    labels = np.frombuffer(gzip.decompress((DATA / "train-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8)
    x = (images[: count * 784].astype(np.float64) / 255 - MEAN) / DEVIATION
    return torch.from_numpy(x.astype(np.float32)).reshape(-1, 1, 28, 28), torch.from_numpy(labels[:count].copy()).long()


def epoch(dtype):
    net = fill(lenet()).to(dtype)
    x, y = read(PICTURES + TESTED)
    x = x.to(dtype)
    optimizer = torch.optim.SGD(net.parameters(), lr=LR, momentum=MOMENTUM)
    losses = []
    for at in range(0, PICTURES, BATCH):
        loss = F.cross_entropy(net(x[at : at + BATCH]), y[at : at + BATCH])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        accuracy = (net(x[PICTURES:]).argmax(1) == y[PICTURES:]).double().mean().item()
    return losses, accuracy


if __name__ == "__main__":
    exact, accuracy = epoch(torch.float64)
    single, singleAccuracy = epoch(torch.float32)
    print("float64", np.mean(exact[-10:]), accuracy)
    print("float32", np.mean(single[-10:]), singleAccuracy)
    print("furthest step", max(abs(a - b) for a, b in zip(exact, single)))
    case = {"pictures": PICTURES, "batch": BATCH, "lr": LR, "momentum": MOMENTUM, "mean": MEAN, "deviation": DEVIATION, "tested": TESTED, "accuracy": accuracy}
    save_file(
        {"losses": torch.tensor(exact, dtype=torch.float64)},
        ROOT / "packages/conformance/fixtures/epoch.safetensors",
        {"cases": json.dumps([case])},
    )
