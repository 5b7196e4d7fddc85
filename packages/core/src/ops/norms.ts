// Normalisations within one example: over its last axes, over groups of channels, over neighbouring channels.
import { type Shape, sizeOf } from "../dtype.ts";
import type { Tensor } from "../tensor.ts";
import { add, div, mul, square, sub } from "./arithmetic.ts";
import type { AffineOptions } from "./batchNorm.ts";
import { toFloat } from "./cast.ts";
import { mean } from "./reduce.ts";
import { reshape } from "./shape.ts";
import { sameShape } from "./shapes.ts";
import { cutAxis, padWith } from "./slice.ts";
import { pow, rsqrt } from "./unary.ts";

/** (x - mean)/√(variance + eps) over `axes`, with the biased variance. */
function normalised(x: Tensor, axes: readonly number[], eps: number): Tensor {
  const centred = sub(x, mean(x, axes, { keepDim: true }));
  return mul(centred, rsqrt(add(mean(square(centred), axes, { keepDim: true }), eps)));
}
function affine(y: Tensor, { weight, bias }: AffineOptions, shape: Shape): Tensor {
  const scaled = weight ? mul(y, reshape(weight, shape)) : y;
  return bias ? add(scaled, reshape(bias, shape)) : scaled;
}
function checkAffine(op: string, { weight, bias }: AffineOptions, shape: Shape): void {
  for (const [name, t] of Object.entries({ weight, bias }))
    if (t && !sameShape(t.shape, shape))
      throw new Error(`${op}: ${name} is [${t.shape}] but must be [${shape}], one number for each that is normalised`);
}

/**
 * (x - mean)/√(variance + eps)·weight + bias over the last axes, whose sizes are `normalizedShape` (as are weight's and bias's).
 * @throws if x does not end in that shape, or weight or bias have another.
 * Ba, Kiros & Hinton, 2016. [torch.nn.functional.layer_norm](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html)
 */
export function layerNorm(x: Tensor, normalizedShape: number | Shape, options: AffineOptions = {}): Tensor {
  const shape = typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;
  const lead = x.ndim - shape.length;
  if (shape.length === 0 || lead < 0 || !sameShape(x.shape.slice(lead), shape))
    throw new Error(`layerNorm: x is [${x.shape}] but must end in the normalized shape [${shape}]; reshape() it`);
  checkAffine("layerNorm", options, shape);
  return affine(
    normalised(
      toFloat(x),
      shape.map((_, i) => lead + i),
      options.eps ?? 1e-5,
    ),
    options,
    shape,
  );
}

/**
 * (x - mean)/√(variance + eps)·weight + bias for each example of x [N,C,…] over each of `groups` groups of channels;
 * weight and bias are [C].
 * @throws if the channels do not divide into groups, or sizes do not fit.
 * Wu & He, 2018. [torch.nn.functional.group_norm](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html)
 */
export function groupNorm(x: Tensor, groups: number, options: AffineOptions = {}): Tensor {
  const [n, c] = x.shape;
  if (x.ndim < 2 || !Number.isInteger(groups) || groups < 1 || c % groups !== 0)
    throw new Error(
      `groupNorm: ${c ?? "no"} channels do not divide into ${groups} groups (x [${x.shape}]); use a divisor of them`,
    );
  checkAffine("groupNorm", options, [c]);
  const rows = reshape(toFloat(x), [n, groups, (c / groups) * sizeOf(x.shape.slice(2))]);
  const y = reshape(normalised(rows, [2], options.eps ?? 1e-5), x.shape);
  return affine(
    y,
    options,
    x.shape.slice(1).map((_, i) => (i === 0 ? c : 1)),
  );
}

export interface LocalResponseOptions {
  /** Default 1e-4. */
  alpha?: number;
  /** Default 0.75. */
  beta?: number;
  /** Default 1. */
  k?: number;
}
/**
 * x / (k + alpha·(Σ x² over `size` neighbouring channels) / size)^beta for x [N,C,…]; channels that are not there count as
 * 0. There are size/2 (down) before and the rest after. Krizhevsky, Sutskever & Hinton, 2012 (without the division by size).
 * @throws if x has fewer than 3 axes or size is not positive.
 * [torch.nn.functional.local_response_norm](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html)
 */
export function localResponseNorm(
  x: Tensor,
  size: number,
  { alpha = 1e-4, beta = 0.75, k = 1 }: LocalResponseOptions = {},
): Tensor {
  if (x.ndim < 3 || !Number.isInteger(size) || size < 1)
    throw new Error(
      `localResponseNorm: x is [${x.shape}] and size ${size}; x must be [N,C,…] with 3 axes or more, size 1 or more`,
    );
  const values = toFloat(x);
  const around = (n: number) => values.shape.map((_, i) => (i === 1 ? n : 0));
  const attrs = {
    before: around(Math.floor(size / 2)),
    after: around(Math.floor((size - 1) / 2)),
    interior: around(0),
  };
  const squares = padWith(square(values), attrs, 0);
  const total = Array.from({ length: size }, (_, i) => cutAxis(squares, 1, i, x.shape[1])).reduce(add);
  return div(values, pow(add(mul(div(total, size), alpha), k), beta));
}
