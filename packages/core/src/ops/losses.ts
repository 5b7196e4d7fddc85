// Losses: how far results are from what they should be. Means by default, as in PyTorch.
import { isFloat } from "../dtype.ts";
import type { Tensor } from "../tensor.ts";
import { softplus } from "./activation.ts";
import { abs, add, clamp, div, mul, neg, square, sub } from "./arithmetic.ts";
import { sum } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { notEqual, where } from "./compare.ts";
import { ones } from "./creation.ts";
import { gather, indexSelect } from "./gather.ts";
import { mean } from "./reduce.ts";
import { reshape, squeeze, unsqueeze } from "./shape.ts";
import { checkFloat, sameShape, show } from "./shapes.ts";
import { logSoftmax } from "./softmax.ts";

export type Reduction = "mean" | "sum" | "none";
export interface LossOptions {
  /** What becomes of the losses of all elements (default "mean"). */
  reduction?: Reduction;
}
function reduce(op: string, losses: Tensor, reduction: Reduction = "mean"): Tensor {
  if (reduction === "none") return losses;
  if (reduction !== "mean" && reduction !== "sum")
    throw new Error(`${op}: reduction is ${JSON.stringify(reduction)}; use "mean", "sum" or "none"`);
  return reduction === "mean" ? mean(losses) : sum(losses);
}

export interface ClassOptions extends LossOptions {
  /** [C]: how much each class counts (default 1). "mean" divides by the weights that took part. */
  weight?: Tensor;
  /** Labels of this value count nothing (default -100). */
  ignoreIndex?: number;
}
export interface CrossEntropyOptions extends ClassOptions {
  /** The share of the target that is spread evenly over all classes, 0 … 1 (default 0). */
  labelSmoothing?: number;
}

/** The axis of the classes: [C], or [N,C,…]. */
const classAxis = (x: Tensor): number => (x.ndim === 1 ? 0 : 1);
const along = (weight: Tensor, x: Tensor): Tensor =>
  reshape(
    weight,
    x.shape.map((n, i) => (i === classAxis(x) ? n : 1)),
  );

/** Labels that lie on the host, as a loader gives them, are looked at here; those that are computed, when they are. */
function checkLabels(op: string, x: Tensor, labels: Tensor, ignoreIndex: number): void {
  const { host } = labels.source;
  const classes = x.shape[classAxis(x)];
  const wrong = host?.findIndex((label) => label !== ignoreIndex && !(label >= 0 && label < classes)) ?? -1;
  if (wrong >= 0)
    throw new Error(
      `${op}: label ${wrong} is ${host![wrong]} but x has ${classes} classes, 0 to ${classes - 1}; give x a class for each label, or pass ignoreIndex for labels that do not count`,
    );
}
function checkClasses(op: string, x: Tensor, labels: Tensor, { weight, ignoreIndex = -100 }: ClassOptions): void {
  checkFloat(op, "x", x);
  const expected = x.shape.filter((_, i) => i !== classAxis(x));
  if (x.ndim === 0 || !sameShape(labels.shape, expected))
    throw new Error(
      `${op}: x is [${x.shape}] but the labels are [${labels.shape}]; x is [N,C,…], and labels are [N,…]: here [${expected}]`,
    );
  if (weight && !sameShape(weight.shape, [x.shape[classAxis(x)]]))
    throw new Error(
      `${op}: weight is [${weight.shape}] but x has ${x.shape[classAxis(x)]} classes; weight must be one number a class`,
    );
  checkLabels(op, x, labels, ignoreIndex);
}

/** Labels, which of them count, and the weight of each: 0 where it does not. */
interface Targets {
  /** With a class that exists where the label is ignored. */
  readonly labels: Tensor;
  readonly counts: Tensor;
  readonly weights: Tensor;
}
function targetsOf(x: Tensor, labels: Tensor, { weight, ignoreIndex = -100 }: ClassOptions): Targets {
  const classes = cast(labels, "int32");
  const counts = notEqual(classes, ignoreIndex);
  const real = where(counts, classes, 0);
  const each = weight
    ? reshape(indexSelect(cast(weight, x.dtype), 0, reshape(real, [-1])), labels.shape)
    : ones(labels.shape, { dtype: x.dtype });
  return { labels: real, counts, weights: where(counts, each, 0) };
}
function weigh(op: string, losses: Tensor, { weights }: Targets, reduction: Reduction = "mean"): Tensor {
  return reduction === "mean" ? div(sum(losses), sum(weights)) : reduce(op, losses, reduction);
}
/** -weight·x[label], 0 where the label is ignored. */
function picked(x: Tensor, { labels, counts, weights }: Targets): Tensor {
  const axis = classAxis(x);
  const at = squeeze(gather(x, axis, unsqueeze(labels, axis)), axis);
  return where(counts, neg(mul(at, weights)), 0);
}

/**
 * -x[label], weighted: x is [N,C], [C] or [N,C,d1,…] of log-probabilities, labels are integers [N], [] or [N,d1,…].
 * @throws if shapes do not fit or a label on the host is no class, here; if a computed one is none, when it runs.
 * [torch.nn.functional.nll_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html)
 */
export function nllLoss(x: Tensor, labels: Tensor, options: ClassOptions = {}): Tensor {
  if (isFloat(labels.dtype))
    throw new Error(
      `nllLoss: the labels are ${show(labels)} but must be whole numbers, class indices; cast them to int32`,
    );
  checkClasses("nllLoss", x, labels, options);
  const targets = targetsOf(x, labels, options);
  return weigh("nllLoss", picked(x, targets), targets, options.reduction);
}

/**
 * -log softmax(x)[label], averaged over those that count. x is [N,C], [C] or [N,C,d1,…] of logits; labels are class
 * indices [N], [] or [N,d1,…], or probabilities of x's own shape and floating point: then -Σ_c p·log softmax(x).
 * @throws if shapes do not fit or a label on the host is no class, here; if a computed one is none, when it runs.
 * [torch.nn.functional.cross_entropy](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html)
 */
export function crossEntropy(x: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { labelSmoothing = 0 } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
    throw new Error(`crossEntropy: labelSmoothing is ${labelSmoothing} but must lie between 0 and 1`);
  if (isFloat(labels.dtype)) return probabilityLoss(x, labels, options);
  checkClasses("crossEntropy", x, labels, options);
  const logs = logSoftmax(x, classAxis(x));
  const targets = targetsOf(x, labels, options);
  const losses = picked(logs, targets);
  return weigh(
    "crossEntropy",
    labelSmoothing ? smoothed(losses, logs, targets, options) : losses,
    targets,
    options.reduction,
  );
}
/** (1 - s)·loss - s/C·Σ_c weight·log p_c, where the label counts. */
function smoothed(
  losses: Tensor,
  logs: Tensor,
  { counts }: Targets,
  { labelSmoothing: s = 0, weight }: CrossEntropyOptions,
): Tensor {
  const axis = classAxis(logs);
  const spread = sum(weight ? mul(logs, along(weight, logs)) : logs, axis);
  return sub(mul(losses, 1 - s), where(counts, mul(spread, s / logs.shape[axis]), 0));
}
function probabilityLoss(
  x: Tensor,
  p: Tensor,
  { weight, labelSmoothing: s = 0, reduction = "mean" }: CrossEntropyOptions,
): Tensor {
  checkFloat("crossEntropy", "x", x);
  if (!sameShape(x.shape, p.shape))
    throw new Error(
      `crossEntropy: x is [${x.shape}] but the probabilities are [${p.shape}]; they must be equal, or the labels int32 class indices`,
    );
  const axis = classAxis(x);
  const target = s ? add(mul(p, 1 - s), s / x.shape[axis]) : p;
  const logs = logSoftmax(x, axis);
  const losses = neg(sum(mul(weight ? mul(logs, along(weight, logs)) : logs, target), axis));
  return reduce("crossEntropy", losses, reduction);
}

/** Both of one shape: broadcasting a loss is nearly always a mistake. */
function checkSame(op: string, x: Tensor, y: Tensor): void {
  if (!sameShape(x.shape, y.shape))
    throw new Error(
      `${op}: x is [${x.shape}] but the target is [${y.shape}]; bring them to one shape with reshape() or expand()`,
    );
}

/**
 * (x - y)², averaged.
 * @throws if shapes differ.
 * [torch.nn.functional.mse_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html)
 */
export function mseLoss(x: Tensor, y: Tensor, { reduction }: LossOptions = {}): Tensor {
  checkSame("mseLoss", x, y);
  return reduce("mseLoss", square(sub(x, y)), reduction);
}
/**
 * |x - y|, averaged.
 * @throws if shapes differ.
 * [torch.nn.functional.l1_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html)
 */
export function l1Loss(x: Tensor, y: Tensor, { reduction }: LossOptions = {}): Tensor {
  checkSame("l1Loss", x, y);
  return reduce("l1Loss", abs(sub(x, y)), reduction);
}

/** d²/2 for |d| ≤ delta, delta·(|d| - delta/2) beyond: written with c = min(|d|, delta), so that no branch can overflow. */
function huber(x: Tensor, y: Tensor, delta: number): Tensor {
  const size = abs(sub(x, y));
  const c = clamp(size, { max: delta });
  return add(mul(square(c), 0.5), mul(sub(size, c), delta));
}
/**
 * d²/2 for |d| ≤ delta (default 1) and delta·(|d| - delta/2) beyond, d = x - y, averaged.
 * @throws if shapes differ or delta is not positive.
 * [torch.nn.functional.huber_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html)
 */
export function huberLoss(
  x: Tensor,
  y: Tensor,
  { delta = 1, reduction }: LossOptions & { delta?: number } = {},
): Tensor {
  checkSame("huberLoss", x, y);
  if (!(delta > 0)) throw new Error(`huberLoss: delta is ${delta} but must be more than 0`);
  return reduce("huberLoss", huber(x, y, delta), reduction);
}
/**
 * d²/(2·beta) for |d| < beta (default 1) and |d| - beta/2 beyond, d = x - y, averaged; |d| for beta = 0.
 * @throws if shapes differ or beta is negative.
 * [torch.nn.functional.smooth_l1_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html)
 */
export function smoothL1Loss(
  x: Tensor,
  y: Tensor,
  { beta = 1, reduction }: LossOptions & { beta?: number } = {},
): Tensor {
  checkSame("smoothL1Loss", x, y);
  if (!(beta >= 0)) throw new Error(`smoothL1Loss: beta is ${beta} but must be 0 or more`);
  return reduce("smoothL1Loss", beta === 0 ? abs(sub(x, y)) : div(huber(x, y, beta), beta), reduction);
}

export interface BinaryOptions extends LossOptions {
  /** Multiplies each element's loss; broadcasts. */
  weight?: Tensor;
  /** Multiplies the loss of the positive share of each element; broadcasts. */
  posWeight?: Tensor;
}
/**
 * -(posWeight·y·log σ(x) + (1 - y)·log(1 - σ(x))), averaged, σ being the sigmoid; without overflow. y lies in 0 … 1.
 * @throws if shapes differ.
 * [torch.nn.functional.binary_cross_entropy_with_logits](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html)
 */
export function binaryCrossEntropyWithLogits(x: Tensor, y: Tensor, options: BinaryOptions = {}): Tensor {
  checkSame("binaryCrossEntropyWithLogits", x, y);
  const { weight, posWeight, reduction } = options;
  const below = softplus(neg(x)); // -log σ(x)
  const positive = posWeight ? mul(below, add(mul(sub(cast(posWeight, below.dtype), 1), y), 1)) : below;
  const losses = add(mul(sub(1, y), x), positive);
  return reduce("binaryCrossEntropyWithLogits", weight ? mul(losses, weight) : losses, reduction);
}
