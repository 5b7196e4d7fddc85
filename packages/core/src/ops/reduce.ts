// Reductions over any axes: products, extremes, averages, spreads, norms. sum, the adjoint of expand, is in broadcast.ts.
// Kernels drop the reduced axes; `keepDim` puts them back by a reshape.
import { isFloat, type Shape, sizeOf } from "../dtype.ts";
import { defineOp } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { abs, add, div, isFinite, mul, square, sub } from "./arithmetic.ts";
import { expand, kept, type ReduceOptions, spread, sum } from "./broadcast.ts";
import { cast, toFloat } from "./cast.ts";
import { flip } from "./cat.ts";
import { equal, where } from "./compare.ts";
import { full } from "./creation.ts";
import { detach, permute, reshape } from "./shape.ts";
import { type Axes, axesOf, axisOf, droppedShape } from "./shapes.ts";
import { cut, padWith } from "./slice.ts";
import { exp, log, pow, sqrt } from "./unary.ts";

export interface AxesAttrs {
  readonly axes: readonly number[];
}

export const prodOp = defineOp<AxesAttrs>({
  name: "prod",
  infer: ([x], { axes }) => ({ shape: droppedShape(x.shape, axes), dtype: x.dtype }),
  grad: ({ inputs: [x] }, dy, { axes }) => [() => mul(spread(dy, x.shape, axes), productOfOthers(x, axes))],
});

/** For every element the product of the others along `axes`: by products from both ends, so that zeros need no division. */
function productOfOthers(x: Tensor, axes: readonly number[]): Tensor {
  const rest = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const order = [...rest, ...axes];
  const rows = reshape(permute(x, order), [sizeOf(rest.map((i) => x.shape[i])), sizeOf(axes.map((i) => x.shape[i]))]);
  const others = mul(productOfPrevious(rows), flip(productOfPrevious(flip(rows, 1)), 1));
  const back = reshape(
    others,
    order.map((i) => x.shape[i]),
  );
  return permute(
    back,
    order.map((_, i) => order.indexOf(i)),
  );
}
/** Row by row, the product of all elements before each one, in log2(n) steps. */
function productOfPrevious(rows: Tensor): Tensor {
  let y = shiftRight(rows, 1);
  for (let by = 1; by < rows.shape[1]; by *= 2) y = mul(y, shiftRight(y, by));
  return y;
}
/** Moves the columns to the right; ones come in, what leaves is dropped. */
function shiftRight(rows: Tensor, by: number): Tensor {
  const [m, n] = rows.shape;
  const stay = cut(rows, { starts: [0, 0], sizes: [m, Math.max(n - by, 0)], steps: [1, 1] });
  return padWith(stay, { before: [0, Math.min(by, n)], after: [0, 0], interior: [0, 0] }, 1);
}

/**
 * The product over `axes` (default all); of nothing, 1. Booleans and small integers multiply as int32.
 * [torch.prod](https://docs.pytorch.org/docs/stable/generated/torch.prod.html)
 */
export function prod(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  const over = axesOf("prod", axes, x.ndim);
  const factors = isFloat(x.dtype) ? x : cast(x, "int32");
  return over.length === 0 ? factors.source : kept(record(prodOp, [factors], { axes: over }), x.shape, over, options);
}

const extremeOp = (name: string) =>
  defineOp<AxesAttrs>({
    name,
    infer([x], { axes }) {
      if (axes.some((a) => x.shape[a] === 0))
        throw new Error(
          `${name}: axes [${axes}] of [${x.shape}] have no elements, and nothing has no ${name}; reduce axes of at least 1`,
        );
      return { shape: droppedShape(x.shape, axes), dtype: x.dtype };
    },
    grad: (y, dy, { axes }) => [() => sharedByTies(y, dy, axes)],
  });
function sharedByTies(y: Tensor, dy: Tensor, axes: readonly number[]): Tensor {
  const [x] = y.inputs;
  const ties = cast(equal(x, spread(y, x.shape, axes)), x.dtype);
  return mul(ties, spread(div(dy, sum(ties, axes)), x.shape, axes));
}
function extreme(op: typeof maxOp, x: Tensor, axes: Axes | undefined, options: ReduceOptions | undefined): Tensor {
  const over = axesOf(op.name, axes, x.ndim);
  return over.length === 0 ? x.source : kept(record(op, [x], { axes: over }), x.shape, over, options);
}

export const maxOp = extremeOp("max");
/**
 * The largest element over `axes` (default all); NaN if one is. Equal ones share the gradient evenly.
 * @throws if a reduced axis is empty.
 * [torch.amax](https://docs.pytorch.org/docs/stable/generated/torch.amax.html)
 */
export const max = (x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor => extreme(maxOp, x, axes, options);
export const minOp = extremeOp("min");
/**
 * The smallest element over `axes` (default all); NaN if one is. Equal ones share the gradient evenly.
 * @throws if a reduced axis is empty.
 * [torch.amin](https://docs.pytorch.org/docs/stable/generated/torch.amin.html)
 */
export const min = (x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor => extreme(minOp, x, axes, options);

const argOp = (name: string) =>
  defineOp<{ axis: number }>({
    name,
    infer([x], { axis }) {
      if (x.shape[axis] === 0)
        throw new Error(
          `${name}: axis ${axis} of [${x.shape}] has no elements, so none can be named; reduce an axis of at least 1`,
        );
      return { shape: droppedShape(x.shape, [axis]), dtype: "int32" };
    },
    grad: "none",
  });
function arg(op: typeof argmaxOp, x: Tensor, axis: number | undefined, options: ReduceOptions | undefined): Tensor {
  const flat = axis === undefined || x.ndim === 0;
  const at = flat ? 0 : axisOf(op.name, axis, x.ndim);
  const y = record(op, [flat ? reshape(x, [-1]) : x], { axis: at });
  return kept(y, x.shape, flat ? x.shape.map((_, i) => i) : [at], options);
}
export const argmaxOp = argOp("argmax");
/**
 * Where the largest element is along `axis`, as int32: the first of equals, the first NaN. Without an axis, in row-major order.
 * @throws if there is no element.
 * [torch.argmax](https://docs.pytorch.org/docs/stable/generated/torch.argmax.html)
 */
export const argmax = (x: Tensor, axis?: number, options?: ReduceOptions): Tensor => arg(argmaxOp, x, axis, options);
export const argminOp = argOp("argmin");
/**
 * Where the smallest element is along `axis`, as int32: the first of equals, the first NaN. Without an axis, in row-major order.
 * @throws if there is no element.
 * [torch.argmin](https://docs.pytorch.org/docs/stable/generated/torch.argmin.html)
 */
export const argmin = (x: Tensor, axis?: number, options?: ReduceOptions): Tensor => arg(argminOp, x, axis, options);

/** Whether something holds over `axes`, also where there is nothing. */
function logical(op: typeof maxOp, x: Tensor, axes: Axes | undefined, options: ReduceOptions | undefined): Tensor {
  const over = axesOf(op.name, axes, x.ndim);
  const truth = cast(x, "bool");
  if (!over.some((a) => x.shape[a] === 0)) return extreme(op, truth, over, options);
  return kept(full(droppedShape(x.shape, over), op === minOp ? 1 : 0, { dtype: "bool" }), x.shape, over, options);
}
/** Whether any element over `axes` (default all) is true; of nothing, false. [torch.any](https://docs.pytorch.org/docs/stable/generated/torch.any.html) */
export const any = (x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor => logical(maxOp, x, axes, options);
/** Whether all elements over `axes` (default all) are true; of nothing, true. [torch.all](https://docs.pytorch.org/docs/stable/generated/torch.all.html) */
export const all = (x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor => logical(minOp, x, axes, options);

const countOf = (shape: Shape, axes: readonly number[]): number => sizeOf(axes.map((a) => shape[a]));

/**
 * The average over `axes` (default all); of nothing, NaN. Integers and booleans average as float32.
 * [torch.mean](https://docs.pytorch.org/docs/stable/generated/torch.mean.html)
 */
export function mean(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  const over = axesOf("mean", axes, x.ndim);
  return div(sum(toFloat(x), over, options), countOf(x.shape, over));
}

export interface VarOptions extends ReduceOptions {
  /** Taken off the number of elements that the sum of squares is divided by (default 1, Bessel's correction). */
  correction?: number;
}
/**
 * The variance over `axes` (default all): Σ(x - mean)² / (n - correction).
 * [torch.var](https://docs.pytorch.org/docs/stable/generated/torch.var.html)
 */
function variance(x: Tensor, axes?: Axes, { correction = 1, keepDim = false }: VarOptions = {}): Tensor {
  const over = axesOf("var", axes, x.ndim);
  const centred = sub(x, mean(x, over, { keepDim: true }));
  return div(sum(square(centred), over, { keepDim }), Math.max(0, countOf(x.shape, over) - correction));
}

export { variance as var };

/** The square root, with gradient 0 at 0. */
function rootFlatAtZero(x: Tensor): Tensor {
  const zero = equal(x, 0);
  return where(zero, 0, sqrt(where(zero, 1, x)));
}
/**
 * The standard deviation over `axes` (default all), the root of {@link variance}; its gradient where all is equal is 0.
 * [torch.std](https://docs.pytorch.org/docs/stable/generated/torch.std.html)
 */
export const std = (x: Tensor, axes?: Axes, options?: VarOptions): Tensor =>
  rootFlatAtZero(variance(x, axesOf("std", axes, x.ndim), options));

/**
 * log Σ e^x over `axes` (default all), without overflow.
 * @throws if a reduced axis is empty.
 * [torch.logsumexp](https://docs.pytorch.org/docs/stable/generated/torch.logsumexp.html)
 */
export function logsumexp(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  const over = axesOf("logsumexp", axes, x.ndim);
  const terms = toFloat(x);
  const top = detach(max(terms, over, { keepDim: true }));
  const shift = where(isFinite(top), top, 0); // ∞ - ∞ would be NaN
  const y = add(log(sum(exp(sub(terms, expand(shift, x.shape))), over, { keepDim: true })), shift);
  return options?.keepDim ? y : reshape(y, droppedShape(x.shape, over));
}

export interface NormOptions extends ReduceOptions {
  /** The exponent: 1, 2 (default), Infinity, or another from 1 on. */
  p?: number;
}
/**
 * The vector norm (Σ|x|^p)^(1/p) over `axes` (default all); the largest |x| for p = Infinity. The gradient at 0 is 0.
 * @throws if p is below 1.
 * [torch.linalg.vector_norm](https://docs.pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html)
 */
export function norm(x: Tensor, axes?: Axes, { p = 2, ...options }: NormOptions = {}): Tensor {
  if (!(p >= 1)) throw new Error(`norm: p is ${p} but must be 1 or more, or Infinity`);
  const over = axesOf("norm", axes, x.ndim);
  const size = abs(toFloat(x));
  if (p === Number.POSITIVE_INFINITY) return max(size, over, options);
  if (p === 1) return sum(size, over, options);
  if (p === 2) return rootFlatAtZero(sum(square(size), over, options));
  const total = sum(pow(size, p), over, options);
  const zero = equal(total, 0);
  return where(zero, 0, pow(where(zero, 1, total), 1 / p));
}
