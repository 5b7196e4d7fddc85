"""What PyTorch's optimisers and schedules do in 100 steps, for packages/train/fixtures. LARS, which PyTorch lacks, is its paper's formula."""
import copy
import json
import math
import pathlib
import warnings

import torch
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).parents[2] / "packages" / "train" / "fixtures"
STEPS = 100
torch.manual_seed(6)


class LARS(torch.optim.Optimizer):
    """You, Gitman & Ginsburg, 2017."""

    def __init__(self, params, lr, momentum=0.9, weight_decay=0, trust_coefficient=1e-3, eps=1e-8, adapt=True):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay, trust_coefficient=trust_coefficient, eps=eps, adapt=adapt))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                size, slope, rate = p.norm(), p.grad.norm(), 1.0
                if group["adapt"] and size > 0 and slope > 0:
                    rate = group["trust_coefficient"] * size / (slope + group["weight_decay"] * size + group["eps"])
                v = self.state[p].setdefault("v", torch.zeros_like(p))
                v.mul_(group["momentum"]).add_(group["lr"] * rate * (p.grad + group["weight_decay"] * p))
                p.sub_(v)


OPTIMIZERS = [
    ("SGD", dict(lr=0.1)), ("SGD", dict(lr=0.1, momentum=0.9)), ("SGD", dict(lr=0.1, momentum=0.9, nesterov=True)),
    ("SGD", dict(lr=0.1, momentum=0.9, dampening=0.3)), ("SGD", dict(lr=0.1, weightDecay=0.05)),
    ("SGD", dict(lr=0.1, momentum=0.8, weightDecay=0.05, nesterov=True)), ("SGD", dict(lr=0.01, maximize=True)),
    ("Adam", dict(lr=0.1)), ("Adam", dict(lr=0.05, betas=[0.8, 0.99], eps=1e-6)), ("Adam", dict(lr=0.1, weightDecay=0.05)), ("Adam", dict(lr=0.1, amsgrad=True)),
    ("AdamW", dict(lr=0.1)), ("AdamW", dict(lr=0.1, weightDecay=0.1)), ("AdamW", dict(lr=0.01, maximize=True)),
    ("RMSprop", dict()), ("RMSprop", dict(lr=0.05, alpha=0.9, momentum=0.5)), ("RMSprop", dict(lr=0.02, centered=True, weightDecay=0.05)), ("RMSprop", dict(lr=0.02, centered=True, momentum=0.9, maximize=True)),
    ("Adagrad", dict(lr=0.3)), ("Adagrad", dict(lr=0.3, lrDecay=0.05, weightDecay=0.05)), ("Adagrad", dict(lr=0.1, initialAccumulatorValue=0.5, eps=1e-6, maximize=True)),
    ("Adadelta", dict()), ("Adadelta", dict(lr=2.0, rho=0.8, eps=1e-4, weightDecay=0.05)), ("Adadelta", dict(lr=0.5, maximize=True)),
    ("NAdam", dict(lr=0.05)), ("NAdam", dict(lr=0.05, betas=[0.8, 0.99], momentumDecay=0.01, weightDecay=0.05)), ("NAdam", dict(lr=0.05, weightDecay=0.1, decoupledWeightDecay=True)),
    ("RAdam", dict(lr=0.05)), ("RAdam", dict(lr=0.05, betas=[0.8, 0.99], weightDecay=0.05)), ("RAdam", dict(lr=0.05, betas=[0.9, 0.9], weightDecay=0.1, decoupledWeightDecay=True)),
    ("LARS", dict(lr=10.0)), ("LARS", dict(lr=5.0, momentum=0.5, weightDecay=0.05, trustCoefficient=0.01)), ("LARS", dict(lr=0.05, adapt=False)),
]
# name, options of the schedule, optimiser, its options; rates of two groups
SCHEDULES = [
    ("StepLR", dict(stepSize=30)), ("StepLR", dict(stepSize=7, gamma=0.5)), ("MultiStepLR", dict(milestones=[10, 40, 40, 80], gamma=0.3)),
    ("ExponentialLR", dict(gamma=0.95)), ("CosineAnnealingLR", dict(tMax=30, etaMin=0.001)), ("CosineAnnealingLR", dict(tMax=100)),
    ("OneCycleLR", dict(maxLr=0.5, totalSteps=100)), ("OneCycleLR", dict(maxLr=[0.5, 0.05], epochs=10, stepsPerEpoch=10, annealStrategy="linear", threePhase=True)),
    ("OneCycleLR", dict(maxLr=0.5, totalSteps=100, pctStart=0.45, baseMomentum=0.7, maxMomentum=0.9, divFactor=10, finalDivFactor=100)),
    ("LinearLR", dict()), ("LinearLR", dict(startFactor=0.1, endFactor=0.5, totalIters=20)),
    ("LambdaLR", dict(lrLambda="1/(1+epoch)")), ("LambdaLR", dict(lrLambda=["0.95**epoch", "1+epoch"])),
    ("SequentialLR", dict(milestones=[10], schedulers=[["LinearLR", dict(startFactor=0.1, totalIters=10)], ["CosineAnnealingLR", dict(tMax=90)]])),
    ("SequentialLR", dict(milestones=[5, 50], schedulers=[["LambdaLR", dict(lrLambda="1+epoch")], ["ExponentialLR", dict(gamma=0.9)], ["MultiStepLR", dict(milestones=[10, 20])]])),
    ("ReduceLROnPlateau", dict(patience=3)), ("ReduceLROnPlateau", dict(mode="max", factor=0.5, patience=2, cooldown=3, threshold=0.01, thresholdMode="abs", minLr=[0.01, 0.002])),
]
FORMULAS = {"1/(1+epoch)": lambda e: 1 / (1 + e), "0.95**epoch": lambda e: 0.95**e, "1+epoch": lambda e: 1 + e}


def snake(name):
    fixed = {"tMax": "T_max"}
    return fixed.get(name) or "".join("_" + c.lower() if c.isupper() else c for c in name)


def options_for_torch(options):
    return {snake(k): v for k, v in options.items()}


def make_optimizer(name, params, options):
    cls = LARS if name == "LARS" else getattr(torch.optim, name)
    return cls(params, **options_for_torch(options))


def trajectories():
    start, scale, target = torch.randn(2, 4), torch.rand(2, 4) + 0.5, torch.randn(2, 4)
    tensors, cases = {"start": start, "scale": scale, "target": target}, []
    for i, (name, options) in enumerate(OPTIMIZERS):
        p = start.double().requires_grad_()
        optimizer, path = make_optimizer(name, [p], options), []
        first = optimizer.param_groups[0]["lr"]
        for step in range(STEPS):
            optimizer.zero_grad()
            (scale.double() * (p - target.double()) ** 2).sum().backward()
            for group in optimizer.param_groups:  # a rate that changes all the time, as a schedule makes it
                group["lr"] = first * (1 + 0.5 * math.sin(step / 7))
            optimizer.step()
            path.append(p.detach().clone())
        tensors[f"path.{i}"] = torch.stack(path)
        cases.append(dict(id=f"{name} {json.dumps(options)}", index=i, optimizer=name, options=options, lr=first))
    return tensors, cases


def make_schedule(name, optimizer, options):
    options = copy.deepcopy(options)
    if name == "SequentialLR":
        options["schedulers"] = [make_schedule(n, optimizer, o) for n, o in options["schedulers"]]
    if name == "LambdaLR":
        f = options["lrLambda"]
        options["lrLambda"] = FORMULAS[f] if isinstance(f, str) else [FORMULAS[x] for x in f]
    kwargs = options_for_torch(options)
    if name == "LambdaLR":
        kwargs = {"lr_lambda": options["lrLambda"]}
    return getattr(torch.optim.lr_scheduler, name)(optimizer, **kwargs)


def metric(step):
    return math.exp(-step / 15) + 0.3 * math.sin(step)


def schedules():
    tensors, cases = {}, []
    for i, (name, options) in enumerate(SCHEDULES):
        a, b = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
        optimizer = torch.optim.SGD([dict(params=[a], lr=0.4), dict(params=[b], lr=0.02)], lr=1, momentum=0.9)
        schedule, rates, momenta = make_schedule(name, optimizer, options), [], []
        for step in range(STEPS):
            rates.append([g["lr"] for g in optimizer.param_groups])
            momenta.append([g["momentum"] for g in optimizer.param_groups])
            optimizer.step()
            schedule.step(metric(step)) if name == "ReduceLROnPlateau" else schedule.step()
        tensors[f"rates.{i}"] = torch.tensor(rates, dtype=torch.float64)
        tensors[f"momenta.{i}"] = torch.tensor(momenta, dtype=torch.float64)
        cases.append(dict(id=f"{name} {json.dumps(options)}", index=i, schedule=name, options=options))
    return tensors, cases


def write(name, tensors, cases):
    save_file(tensors, OUT / f"{name}.safetensors", metadata={"cases": json.dumps(cases), "torch": torch.__version__})


OUT.mkdir(parents=True, exist_ok=True)
write("optimizers", *trajectories())
write("schedules", *schedules())
print({f.name: f.stat().st_size for f in OUT.iterdir()})
