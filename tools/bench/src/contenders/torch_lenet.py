"""One process: PyTorch on the CPU, one thread, does one job and prints its timing as lamina.ts does."""
import json
import sys
import time

import torch
from torch import nn

job = json.loads(sys.argv[1])
torch.set_num_threads(1)
torch.manual_seed(0)
batch = job["batch"]
model = nn.Sequential(
    nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, 2),
    nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2, 2),
    nn.Flatten(), nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10))
for layer in model:
    if isinstance(layer, (nn.Conv2d, nn.Linear)):
        nn.init.xavier_uniform_(layer.weight)
optimizer = torch.optim.SGD(model.parameters(), lr=0.9)
pixels = [((i * 2654435761) % 2**32 >> 8) / 2**24 for i in range(batch * 784)]
x = torch.tensor(pixels).reshape(batch, 1, 28, 28)
y = torch.arange(batch) % 10

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
