// LeNet with batch normalisation written by hand, as the book's chapter does before it shows the layer.
import {
  add,
  Buffer,
  div,
  mean,
  mul,
  nn,
  noGrad,
  Parameter,
  reshape,
  sqrt,
  square,
  sub,
  type Tensor,
  tensor,
} from "@lamina/core";
import { initWeights, type ModelOptions } from "@lamina/models";

const EPS = 1e-5;
/** The share of the old running statistics that is kept: the complement of PyTorch's `momentum`. */
const MOMENTUM = 0.9;

/** Like nn.BatchNorm, but for the running variance, which the book does not correct for the size of the batch. */
class ScratchBatchNorm extends nn.Module {
  gamma: Parameter;
  beta: Parameter;
  movingMean: Buffer;
  movingVar: Buffer;
  private readonly shape: readonly number[];

  constructor(features: number, dimensions: 2 | 4) {
    super();
    this.shape = dimensions === 2 ? [1, features] : [1, features, 1, 1];
    const full = (value: number) => tensor(new Float32Array(features).fill(value), { shape: this.shape });
    this.gamma = new Parameter(full(1));
    this.beta = new Parameter(full(0));
    this.movingMean = new Buffer(full(0));
    this.movingVar = new Buffer(full(1));
  }
  override forward(x: Tensor): Tensor {
    if (!this.training) return this.scaled(x, this.movingMean, this.movingVar);
    const over = this.shape.length === 2 ? [0] : [0, 2, 3];
    const average = mean(x, over, { keepDim: true });
    const variance = mean(square(sub(x, average)), over, { keepDim: true });
    noGrad(() => {
      const moved = (old: Tensor, now: Tensor) => add(mul(old, MOMENTUM), mul(now, 1 - MOMENTUM));
      this.movingMean.set(moved(this.movingMean, reshape(average, this.shape)));
      this.movingVar.set(moved(this.movingVar, reshape(variance, this.shape)));
    });
    return this.scaled(x, average, variance);
  }
  private scaled(x: Tensor, average: Tensor, variance: Tensor): Tensor {
    return add(mul(this.gamma, div(sub(x, average), sqrt(add(variance, EPS)))), this.beta);
  }
}

export function scratchBnLenet({
  pool = "average",
  init = "xavier",
}: { pool?: "average" | "max" } & Pick<ModelOptions, "init"> = {}): nn.Sequential {
  const pooling = () => (pool === "max" ? new nn.MaxPool2d(2, { stride: 2 }) : new nn.AvgPool2d(2, { stride: 2 }));
  const net = new nn.Sequential(
    new nn.Conv2d(1, 6, 5),
    new ScratchBatchNorm(6, 4),
    new nn.Sigmoid(),
    pooling(),
    new nn.Conv2d(6, 16, 5),
    new ScratchBatchNorm(16, 4),
    new nn.Sigmoid(),
    pooling(),
    new nn.Flatten(),
    new nn.Linear(16 * 4 * 4, 120),
    new ScratchBatchNorm(120, 2),
    new nn.Sigmoid(),
    new nn.Linear(120, 84),
    new ScratchBatchNorm(84, 2),
    new nn.Sigmoid(),
    new nn.Linear(84, 10),
  );
  return init === "xavier" ? net.apply(initWeights) : net;
}
