// For the tests beside the ops: small inputs, and gradients held against differences. No part of the package.
import { Parameter } from "../cell.ts";
import { type Shape, sizeOf } from "../dtype.ts";
import { grad } from "../grad.ts";
import { leafOf, type Tensor } from "../tensor.ts";
import { add, mul, sum } from "./functions.ts";

/** float64 values on the host. */
export interface Sample {
  readonly shape: Shape;
  readonly data: readonly number[];
}
type Scalar = (xs: readonly Tensor[]) => Tensor;

/** Values from `low` to `high`, in an order that looks random; no two are equal. */
export function sample(shape: Shape, low = -2, high = 2, seed = 1): Sample {
  const n = sizeOf(shape);
  const step = (high - low) / Math.max(n, 1);
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => Math.sin(a * 7 + seed) - Math.sin(b * 7 + seed));
  return { shape, data: order.map((k, i) => low + step * (k + 0.3 + (0.4 * (i % 7)) / 7)) };
}

export const parameter = ({ shape, data }: Sample): Tensor =>
  new Parameter(leafOf(Float64Array.from(data), shape, "float64"));
const moved = (x: Sample, at: number, by: number): Sample => ({
  ...x,
  data: x.data.map((v, i) => (i === at ? v + by : v)),
});

/** Σ y·w with weights that tell the elements apart. */
function weighted(y: Tensor): Tensor {
  const w = Float64Array.from({ length: y.numel }, (_, i) => 0.3 + Math.sin(1.7 * i + 0.5));
  return sum(mul(y, leafOf(w, y.shape, "float64")));
}
const total = (parts: readonly Tensor[]): Tensor => parts.reduce((a, b) => add(a, b));

/** The largest difference between what grad() says and what (f(x + h) - f(x - h)) / 2h says, relative to 1. */
async function discrepancy(f: Scalar, samples: readonly Sample[]): Promise<number> {
  const h = 1e-4;
  const at = (inputs: readonly Sample[]) => f(inputs.map(parameter)).item();
  const xs = samples.map(parameter);
  const found = await Promise.all(grad(f(xs), xs).map((g) => g.data()));
  let worst = 0;
  for (const [k, x] of samples.entries())
    for (let i = 0; i < x.data.length; i++) {
      const other = (by: number) => at(samples.map((s, j) => (j === k ? moved(s, i, by) : s)));
      const slope = ((await other(h)) - (await other(-h))) / (2 * h);
      worst = Math.max(worst, Math.abs(found[k][i] - slope) / Math.max(1, Math.abs(slope)));
    }
  return worst;
}

/**
 * How wrong the gradients of `f` are, and the gradients of those: both should be about 1e-7. Numbers that are not float64
 * belong into the closure.
 */
export async function gradientErrors(
  f: (...xs: Tensor[]) => Tensor,
  samples: readonly Sample[],
): Promise<[number, number]> {
  const first: Scalar = (xs) => weighted(f(...xs));
  const none = (x: Tensor) => mul(sum(x), 0); // so that there is a path to x where f is linear
  const second: Scalar = (xs) => total([...grad(first(xs), xs, { createGraph: true }).map(weighted), ...xs.map(none)]);
  return [await discrepancy(first, samples), await discrepancy(second, samples)];
}

/** The elements in row-major order. */
export const numbers = async (x: Tensor): Promise<number[]> => Array.from(await x.data());
/** 0, 1, 2, … as float64. */
export const counting = (shape: Shape): Tensor =>
  leafOf(
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => i),
    shape,
    "float64",
  );
