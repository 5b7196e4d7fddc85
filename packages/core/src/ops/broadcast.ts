// Repeating along axes and its adjoint, adding up along them. All broadcasting goes through here, before the kernels.
import { isFloat, type Shape } from "../dtype.ts";
import { defineOp, type Op } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { cast } from "./cast.ts";
import { reshape } from "./shape.ts";
import { type Axes, axesOf, droppedShape, keptShape, sameShape } from "./shapes.ts";

/** The axes that `expand` from one shape to another has added or repeated. */
function repeatedAxes(from: Shape, to: Shape): number[] {
  const lead = to.length - from.length;
  return to.map((_, i) => i).filter((i) => i < lead || from[i - lead] !== to[i]);
}

export const expandOp: Op<{ shape: Shape }> = defineOp({
  name: "expand",
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  grad: ({ inputs: [x] }, dy, { shape }) => [
    () => reshape(record(sumOp, [dy], { axes: repeatedAxes(x.shape, shape) }), x.shape),
  ],
});

function expandedShape(x: Tensor, shape: Shape): Shape {
  const lead = shape.length - x.ndim;
  const target = shape.map((n, i) => (n === -1 && i >= lead ? x.shape[i - lead] : n));
  if (lead < 0 || x.shape.some((n, i) => n !== 1 && n !== target[i + lead]) || target.some((n) => n < 0))
    throw new Error(
      `expand: [${x.shape}] does not expand to [${shape}]; from the last axis on, sizes must be equal or 1 (-1 keeps a size)`,
    );
  return target;
}

/**
 * Repeats axes of size 1 and adds leading axes, as NumPy's broadcasting does; -1 keeps an axis as it is.
 * @throws if a size is neither 1 nor the one asked for.
 * [torch.Tensor.expand](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand.html)
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x.source;
  const target = expandedShape(x, shape);
  return sameShape(x.shape, target) ? x.source : record(expandOp, [x], { shape: target });
}

export interface ReduceOptions {
  /** Leave the reduced axes in the result, with size 1 (default false). */
  keepDim?: boolean;
}

/** Spreads the result of a reduction over the axes that it reduced. */
export const spread = (y: Tensor, shape: Shape, axes: readonly number[]): Tensor =>
  expand(reshape(y, keptShape(shape, axes)), shape);
/** Gives the reduced axes of the result back, with size 1, if that was asked for. */
export const kept = (
  y: Tensor,
  shape: Shape,
  axes: readonly number[],
  { keepDim = false }: ReduceOptions = {},
): Tensor => (keepDim ? reshape(y, keptShape(shape, axes)) : y);

export const sumOp: Op<{ axes: readonly number[] }> = defineOp({
  name: "sum",
  infer: ([x], { axes }) => ({ shape: droppedShape(x.shape, axes), dtype: x.dtype }),
  grad: ({ inputs: [x] }, dy, { axes }) => [() => spread(dy, x.shape, axes)],
});

/**
 * The sum over `axes` (default all). Booleans and small integers add up as int32; the sum of nothing is 0.
 * [torch.sum](https://docs.pytorch.org/docs/stable/generated/torch.sum.html)
 */
export function sum(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  const over = axesOf("sum", axes, x.ndim);
  const terms = isFloat(x.dtype) ? x : cast(x, "int32");
  return over.length === 0 ? terms.source : kept(record(sumOp, [terms], { axes: over }), x.shape, over, options);
}
