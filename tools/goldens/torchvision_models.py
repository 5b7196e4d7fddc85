"""What torchvision's networks give, in float64, for weights by a formula: packages/models/fixtures/torchvision.safetensors."""
import json
from pathlib import Path

import torch
import torchvision
from safetensors.torch import save_file

from numbers_of_lamina import fill, uniforms

OUT = Path(__file__).resolve().parents[2] / "packages/models/fixtures"
NAMES = ["alexnet", *[f"vgg{n}{bn}" for n in (11, 13, 16, 19) for bn in ("", "_bn")], "googlenet", "resnet18", "resnet34", "resnet50", "squeezenet1_0", "squeezenet1_1", "mobilenet_v2", "densenet121"]
SIDE = 64
torch.set_num_threads(1)
x = torch.from_numpy(uniforms(5, 0, 2 * 3 * SIDE * SIDE)).reshape(2, 3, SIDE, SIDE).double()


def made(name):
    options = dict(init_weights=False) if name.startswith(("vgg", "googlenet")) else {}
    with torch.device("meta"):
        net = getattr(torchvision.models, name)(**options)
    return fill(net.to_empty(device="cpu")).double()


tensors, cases = {}, []
with torch.no_grad():
    for name in NAMES:
        net = made(name)
        tensors[f"{name}/logits"] = net.eval()(x[:1])
        keys = [k for k in net.state_dict()]
        cases.append(dict(id=name, parameters=sum(p.numel() for p in net.parameters()), keys=keys))
        print(name, len(keys), tensors[f"{name}/logits"].abs().max().item(), flush=True)
    # in training: the auxiliary heads too, with statistics of the batch; nothing is dropped, since what is would differ
    net = made("googlenet").train()
    for m in net.modules():
        if isinstance(m, torch.nn.Dropout):
            m.p = 0.0
    for kind, value in zip(("logits", "aux2", "aux1"), net(x)):
        tensors[f"googlenet/training.{kind}"] = value
    net = made("googlenet").eval()  # anew: training has moved the statistics
    net.transform_input = True
    tensors["googlenet/transformed"] = net(x[:1])
OUT.mkdir(parents=True, exist_ok=True)
save_file({k: v.float().contiguous() for k, v in tensors.items()}, OUT / "torchvision.safetensors", metadata={"cases": json.dumps(cases), "torchvision": torchvision.__version__})
