// Batch normalisation as a function of its inputs: who keeps running statistics is the layer (nn/batchNorm.ts).
import type { Tensor } from "../tensor.ts";
import { add, mul, square, sub } from "./arithmetic.ts";
import { cast, toFloat } from "./cast.ts";
import { mean } from "./reduce.ts";
import { reshape } from "./shape.ts";
import { sameShape } from "./shapes.ts";
import { rsqrt } from "./unary.ts";

export interface AffineOptions {
  /** Multiplies the result (default 1). */
  weight?: Tensor | undefined;
  /** Added to the result (default 0). */
  bias?: Tensor | undefined;
  /** Added to the variance (default 1e-5). */
  eps?: number;
}

/** One number a channel, [C], beside x [N,C,…]. */
const beside = (perChannel: Tensor, x: Tensor): Tensor =>
  reshape(
    perChannel,
    x.shape.map((n, i) => (i === 1 ? n : 1)),
  );

/** centred / √(variance + eps)·weight + bias; what is the same for a channel is worked out once. */
function scaled(centred: Tensor, variance: Tensor, { weight, bias, eps = 1e-5 }: AffineOptions): Tensor {
  const unit = rsqrt(add(variance, eps));
  const y = mul(centred, beside(weight ? mul(unit, weight) : unit, centred));
  return bias ? add(y, beside(bias, y)) : y;
}
function check(x: Tensor, perChannel: Record<string, Tensor | undefined>): void {
  if (x.ndim < 2) throw new Error(`batchNorm: x is [${x.shape}] but must be [N,C,…]; reshape() it`);
  for (const [name, t] of Object.entries(perChannel))
    if (t && !sameShape(t.shape, [x.shape[1]]))
      throw new Error(
        `batchNorm: ${name} is [${t.shape}] but x has ${x.shape[1]} channels (x [${x.shape}]); it must be [${x.shape[1]}]`,
      );
}

export interface BatchStatistics {
  readonly y: Tensor;
  /** [C], without gradient-stopping: y depends on it. */
  readonly mean: Tensor;
  /** [C], divided by the number of elements: n/(n - 1) of it is what running statistics take. */
  readonly variance: Tensor;
}
/**
 * (x - mean)/√(variance + eps)·weight + bias for each channel of x [N,C,…], with the batch's own mean and (biased)
 * variance, which come along. Gradients pass through them.
 * @throws if a channel has a single element, or sizes do not fit.
 * Ioffe & Szegedy, 2015. [torch.nn.functional.batch_norm](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html)
 */
export function batchNormTrain(x: Tensor, options: AffineOptions = {}): BatchStatistics {
  check(x, { weight: options.weight, bias: options.bias });
  if (x.numel === x.shape[1])
    throw new Error(
      `batchNorm: x has one element a channel (x [${x.shape}]), and one has no variance; train with larger batches`,
    );
  const values = toFloat(x);
  const axes = values.shape.map((_, i) => i).filter((i) => i !== 1);
  const average = mean(values, axes);
  const centred = sub(values, beside(average, x));
  const variance = mean(square(centred), axes);
  return { y: scaled(centred, variance, options), mean: average, variance };
}

export interface BatchNormOptions extends AffineOptions {
  /** Use the batch's own mean and variance instead of the running ones (default false). */
  training?: boolean;
}
/**
 * (x - mean)/√(variance + eps)·weight + bias for each channel of x [N,C,…], with the running statistics given ([C]);
 * in training with the batch's, as {@link batchNormTrain}. Changes nothing: the layer moves the running statistics.
 * @throws if sizes do not fit.
 * [torch.nn.functional.batch_norm](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html)
 */
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | undefined,
  runningVar: Tensor | undefined,
  { training = false, ...options }: BatchNormOptions = {},
): Tensor {
  if (training || !runningMean || !runningVar) return batchNormTrain(x, options).y;
  check(x, { runningMean, runningVar, weight: options.weight, bias: options.bias });
  const values = toFloat(x);
  return scaled(sub(values, beside(cast(runningMean, values.dtype), x)), cast(runningVar, values.dtype), options);
}
