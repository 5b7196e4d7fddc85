// Dropout: random zeros in training, nothing otherwise.
import type { Tensor } from "../tensor.ts";
import { mul } from "./arithmetic.ts";
import { toFloat } from "./cast.ts";
import { less, where } from "./compare.ts";
import { ones } from "./creation.ts";
import { type RandomOptions, rand } from "./random.ts";

export interface DropoutOptions extends RandomOptions {
  /** The probability of a zero (default 0.5). */
  p?: number;
  /** Default true; otherwise x is left as it is. */
  training?: boolean;
}
/**
 * 0 with probability `p`, else x / (1 - p), so that averages stay. Computing the value again drops the same elements.
 * @throws if p is no probability.
 * Srivastava et al., 2014. [torch.nn.functional.dropout](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html)
 */
export function dropout(x: Tensor, { p = 0.5, training = true, ...options }: DropoutOptions = {}): Tensor {
  if (!(p >= 0 && p <= 1)) throw new Error(`dropout: p is ${p} but is a probability; pass a number from 0 to 1`);
  if (!training || p === 0) return x.source;
  const values = toFloat(x);
  return where(less(rand(x.shape, options), p), 0, mul(values, p === 1 ? 0 : 1 / (1 - p)));
}

/**
 * As {@link dropout}, but whole channels of x [N, C, …]: neighbours in a feature map say nearly the same.
 * @throws if x has no channels; if p is no probability.
 * Tompson et al., 2015. [torch.nn.functional.dropout2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html)
 */
export function dropout2d(x: Tensor, { training = true, ...options }: DropoutOptions = {}): Tensor {
  if (x.ndim < 3)
    throw new Error(`dropout2d: x is [${x.shape}] but must be [N, C, H, W]; use dropout() for values without places`);
  if (!training) return x.source;
  const kept = dropout(ones([x.shape[0], x.shape[1], ...x.shape.slice(2).map(() => 1)]), options);
  return mul(x, kept);
}
