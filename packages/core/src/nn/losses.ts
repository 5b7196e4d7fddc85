// Losses as modules: they hold the options; the formulas are at the functions, in ops/losses.ts.
import { Buffer } from "../cell.ts";
import {
  type BinaryOptions,
  binaryCrossEntropyWithLogits,
  type ClassOptions,
  type CrossEntropyOptions,
  crossEntropy,
  huberLoss,
  type LossOptions,
  l1Loss,
  mseLoss,
  nllLoss,
  type Reduction,
} from "../ops/functions.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** What all have: a reduction. */
abstract class Loss extends Module {
  readonly reduction: Reduction;
  constructor({ reduction = "mean" }: LossOptions = {}) {
    super();
    this.reduction = reduction;
  }
  abstract override forward(x: Tensor, target: Tensor): Tensor;
}
/** A weight per class, kept with the model as PyTorch keeps it. */
abstract class ClassLoss extends Loss {
  readonly weight: Buffer | undefined;
  readonly ignoreIndex: number;
  constructor({ weight, ignoreIndex = -100, ...options }: ClassOptions = {}) {
    super(options);
    this.weight = weight && new Buffer(weight, { name: "weight" });
    this.ignoreIndex = ignoreIndex;
  }
}

/**
 * -log softmax(x)[label], as `torch.nn.CrossEntropyLoss`: logits x [N, C] or [N, C, d1, …] and labels [N] or [N, d1, …] of
 * class indices, or probabilities of x's shape → a number.
 */
export class CrossEntropyLoss extends ClassLoss {
  readonly labelSmoothing: number;
  constructor({ labelSmoothing = 0, ...options }: CrossEntropyOptions = {}) {
    super(options);
    this.labelSmoothing = labelSmoothing;
  }
  override forward(x: Tensor, labels: Tensor): Tensor {
    const { weight, ignoreIndex, labelSmoothing, reduction } = this;
    return crossEntropy(x, labels, { weight, ignoreIndex, labelSmoothing, reduction });
  }
}
/** -x[label] of log-probabilities x, as `torch.nn.NLLLoss`: x [N, C] or [N, C, d1, …], labels [N] or [N, d1, …] → a number. */
export class NLLLoss extends ClassLoss {
  override forward(x: Tensor, labels: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return nllLoss(x, labels, { weight, ignoreIndex, reduction });
  }
}
/** (x - y)², as `torch.nn.MSELoss`: two tensors of one shape → a number. */
export class MSELoss extends Loss {
  override forward(x: Tensor, y: Tensor): Tensor {
    return mseLoss(x, y, { reduction: this.reduction });
  }
}
/** |x - y|, as `torch.nn.L1Loss`: two tensors of one shape → a number. */
export class L1Loss extends Loss {
  override forward(x: Tensor, y: Tensor): Tensor {
    return l1Loss(x, y, { reduction: this.reduction });
  }
}
/** (x - y)²/2 up to a distance of `delta` (default 1), linear beyond, as `torch.nn.HuberLoss`. */
export class HuberLoss extends Loss {
  readonly delta: number;
  constructor({ delta = 1, ...options }: LossOptions & { delta?: number } = {}) {
    super(options);
    this.delta = delta;
  }
  override forward(x: Tensor, y: Tensor): Tensor {
    return huberLoss(x, y, { delta: this.delta, reduction: this.reduction });
  }
}
/** Binary cross-entropy of sigmoid(x), as `torch.nn.BCEWithLogitsLoss`: logits and targets of one shape → a number. */
export class BCEWithLogitsLoss extends Loss {
  readonly weight: Buffer | undefined;
  readonly posWeight: Buffer | undefined;
  static override readonly stateKeys = { posWeight: "pos_weight" };
  constructor({ weight, posWeight, ...options }: BinaryOptions = {}) {
    super(options);
    this.weight = weight && new Buffer(weight, { name: "weight" });
    this.posWeight = posWeight && new Buffer(posWeight, { name: "posWeight" });
  }
  override forward(x: Tensor, y: Tensor): Tensor {
    const { weight, posWeight, reduction } = this;
    return binaryCrossEntropyWithLogits(x, y, { weight, posWeight, reduction });
  }
}
