// Random tensors. All draws come from a generator, the default one unless another is passed: same seed, same bits, on
// every backend (../random.ts).
import { type Shape, sizeOf } from "../dtype.ts";
import { defineOp } from "../op.ts";
import { defaultGenerator, type Generator } from "../random.ts";
import { record } from "../record.ts";
import { leafOf, type Tensor } from "../tensor.ts";
import { cast } from "./cast.ts";
import { less } from "./compare.ts";
import type { Operand } from "./operands.ts";
import { checkShape } from "./shapes.ts";

export interface RandomOptions {
  /** Where the numbers come from (default: the one that manualSeed() seeds). */
  generator?: Generator;
}

export const randomOp = defineOp<{ shape: Shape }>({
  name: "random",
  infer: (_, { shape }) => ({ shape, dtype: "float32" }),
  grad: "none",
});
/**
 * Uniform in [0, 1), multiples of 2^-24, drawn on the device.
 * [torch.rand](https://docs.pytorch.org/docs/stable/generated/torch.rand.html)
 */
export const rand = (shape: Shape, { generator = defaultGenerator }: RandomOptions = {}): Tensor =>
  record(randomOp, [], { shape: checkShape("rand", shape) }, generator.next());

/**
 * From the normal distribution with mean 0 and variance 1.
 * [torch.randn](https://docs.pytorch.org/docs/stable/generated/torch.randn.html)
 */
export function randn(shape: Shape, { generator = defaultGenerator }: RandomOptions = {}): Tensor {
  const sizes = checkShape("randn", shape);
  return leafOf(generator.normals(sizeOf(sizes)), sizes, "float32");
}
/**
 * Whole numbers from `low` to `high - 1`, int32.
 * @throws if there are none.
 * [torch.randint](https://docs.pytorch.org/docs/stable/generated/torch.randint.html)
 */
export function randint(
  low: number,
  high: number,
  shape: Shape,
  { generator = defaultGenerator }: RandomOptions = {},
): Tensor {
  if (!Number.isInteger(low) || !Number.isInteger(high) || low >= high)
    throw new Error(
      `randint: low is ${low} and high ${high}, between which there is no whole number; low must be less than high`,
    );
  const sizes = checkShape("randint", shape);
  return leafOf(generator.integers(sizeOf(sizes), low, high), sizes, "int32");
}
/** The numbers 0 … n - 1 in random order, int32. [torch.randperm](https://docs.pytorch.org/docs/stable/generated/torch.randperm.html) */
export function randperm(n: number, { generator = defaultGenerator }: RandomOptions = {}): Tensor {
  const shape = checkShape("randperm", [n]);
  return leafOf(generator.permutation(n), shape, "int32");
}
/**
 * 1 with probability `p`, else 0, as float32.
 * @param shape of the result; default p's own (a number's is []).
 * [torch.bernoulli](https://docs.pytorch.org/docs/stable/generated/torch.bernoulli.html)
 */
export function bernoulli(
  p: Operand,
  shape: Shape = typeof p === "number" ? [] : p.shape,
  options?: RandomOptions,
): Tensor {
  return cast(less(rand(shape, options), p), "float32");
}
