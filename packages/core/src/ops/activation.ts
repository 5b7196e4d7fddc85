// Activation functions: those that kernels know with the op that is their gradient, and those made of them.
import type { Op } from "../op.ts";
import { defineOp } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { abs, add, clamp, div, maximum, mul, neg, reciprocal, square, sub } from "./arithmetic.ts";
import { toFloat } from "./cast.ts";
import { less, where } from "./compare.ts";
import { FLOATS, pointwise } from "./shapes.ts";
import { erf, exp, expm1, log1p } from "./unary.ts";

const row = (name: string, grad: Op["grad"], decompose?: Op["decompose"]): Op =>
  defineOp<object>({ name, infer: pointwise(name, FLOATS), grad, ...(decompose && { decompose }) });
const apply = (op: Op, x: Tensor): Tensor => record(op, [toFloat(x)], {});

export const reluGradOp: Op = row(
  "reluGrad",
  ({ inputs: [, y] }, dz) => [() => record(reluGradOp, [dz, y], {}), null],
  ([dy, y]) => where(less(0, y), dy, 0),
);
export const reluOp: Op = row(
  "relu",
  (y, dy) => [() => record(reluGradOp, [dy, y], {})],
  ([x]) => maximum(x, 0),
);
/**
 * max(x, 0); the gradient at 0 is 0.
 * [torch.nn.functional.relu](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html)
 */
export const relu = (x: Tensor): Tensor => apply(reluOp, x);

export const sigmoidGradOp: Op = row(
  "sigmoidGrad",
  ({ inputs: [dy, y] }, dz) => [() => record(sigmoidGradOp, [dz, y], {}), () => mul(mul(dz, dy), sub(1, mul(y, 2)))],
  ([dy, y]) => mul(dy, mul(y, sub(1, y))),
);
export const sigmoidOp: Op = row(
  "sigmoid",
  (y, dy) => [() => record(sigmoidGradOp, [dy, y], {})],
  ([x]) => reciprocal(add(exp(neg(x)), 1)),
);
/** 1 / (1 + e^-x). [torch.sigmoid](https://docs.pytorch.org/docs/stable/generated/torch.sigmoid.html) */
export const sigmoid = (x: Tensor): Tensor => apply(sigmoidOp, x);

export const tanhGradOp: Op = row(
  "tanhGrad",
  ({ inputs: [dy, y] }, dz) => [() => record(tanhGradOp, [dz, y], {}), () => mul(mul(dz, dy), mul(y, -2))],
  ([dy, y]) => mul(dy, sub(1, square(y))),
);
export const tanhOp: Op = row("tanh", (y, dy) => [() => record(tanhGradOp, [dy, y], {})]);
/** The hyperbolic tangent. [torch.tanh](https://docs.pytorch.org/docs/stable/generated/torch.tanh.html) */
export const tanh = (x: Tensor): Tensor => apply(tanhOp, x);

export const softplusOp: Op = row(
  "softplus",
  ({ inputs: [x] }, dy) => [() => mul(dy, sigmoid(x))],
  ([x]) => add(maximum(x, 0), log1p(exp(neg(abs(x))))),
);
/**
 * log(1 + e^(beta·x)) / beta, a smooth relu, without overflow (`beta` 1).
 * [torch.nn.functional.softplus](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html)
 */
export function softplus(x: Tensor, { beta = 1 }: { beta?: number } = {}): Tensor {
  return beta === 1 ? apply(softplusOp, x) : div(apply(softplusOp, mul(x, beta)), beta);
}

/** Φ(x), the normal distribution's share below x. */
const normalShare = (x: Tensor): Tensor => mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
const normalDensity = (x: Tensor): Tensor => mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
export const geluOp: Op = row(
  "gelu",
  ({ inputs: [x] }, dy) => [() => mul(dy, add(normalShare(x), mul(x, normalDensity(x))))],
  ([x]) => mul(x, normalShare(x)),
);
export interface GeluOptions {
  /** "tanh" for the approximation 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) (default "none": exact). */
  approximate?: "none" | "tanh";
}
/**
 * x·Φ(x), Φ being the normal distribution's cumulative function.
 * [torch.nn.functional.gelu](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html)
 */
export function gelu(x: Tensor, { approximate = "none" }: GeluOptions = {}): Tensor {
  if (approximate === "none") return apply(geluOp, x);
  const inner = mul(add(x, mul(mul(x, square(x)), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, 0.5), add(tanh(inner), 1));
}

export const siluOp: Op = row(
  "silu",
  ({ inputs: [x] }, dy) => [() => mul(dy, siluSlope(x, sigmoid(x)))],
  ([x]) => mul(x, sigmoid(x)),
);
const siluSlope = (x: Tensor, s: Tensor): Tensor => mul(s, add(mul(x, sub(1, s)), 1));
/**
 * x·sigmoid(x), also called swish.
 * [torch.nn.functional.silu](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.silu.html)
 */
export const silu = (x: Tensor): Tensor => apply(siluOp, x);

/**
 * x above 0, `negativeSlope`·x (default 0.01) from 0 down.
 * [torch.nn.functional.leaky_relu](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html)
 */
export const leakyRelu = (x: Tensor, { negativeSlope = 0.01 }: { negativeSlope?: number } = {}): Tensor =>
  where(less(0, x), x, mul(x, negativeSlope));

/**
 * x above 0, `alpha`·(e^x - 1) (default 1) from 0 down.
 * [torch.nn.functional.elu](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.elu.html)
 */
export function elu(x: Tensor, { alpha = 1 }: { alpha?: number } = {}): Tensor {
  const above = less(0, x);
  // e^x of what is above 0 may be infinite, and its gradient 0·∞
  return where(above, x, mul(expm1(where(above, 0, x)), alpha));
}

/**
 * x between `min` (default -1) and `max` (default 1), else the bound: {@link clamp} with defaults.
 * [torch.nn.functional.hardtanh](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html)
 */
export const hardtanh = (x: Tensor, { min = -1, max = 1 }: { min?: number; max?: number } = {}): Tensor =>
  clamp(x, { min, max });
/**
 * min(max(x, 0), 6).
 * [torch.nn.functional.relu6](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html)
 */
export const relu6 = (x: Tensor): Tensor => hardtanh(x, { min: 0, max: 6 });
/**
 * log(sigmoid(x)), without underflow.
 * [torch.nn.functional.logsigmoid](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html)
 */
export const logSigmoid = (x: Tensor): Tensor => neg(softplus(neg(x)));
/**
 * x / (1 + |x|).
 * [torch.nn.functional.softsign](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html)
 */
export const softsign = (x: Tensor): Tensor => div(x, add(abs(x), 1));
