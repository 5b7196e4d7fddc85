// The same elements under another shape or in another order of axes.
import { type Shape, type Spec, sizeOf } from "../dtype.ts";
import { defineOp } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { type Axes, axesOf, axisOf, sameShape } from "./shapes.ts";

export const detachOp = defineOp<object>({ name: "detach", infer: ([x]) => x, grad: "none", alias: true });
/**
 * The same value without its history: gradients stop here. Costs nothing.
 * [torch.Tensor.detach](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html)
 */
export const detach = (x: Tensor): Tensor => record(detachOp, [x], {});

export const reshapeOp = defineOp<{ shape: Shape }>({
  name: "reshape",
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  grad: (node, dy) => [() => reshape(dy, node.inputs[0].shape)],
  alias: true,
});

function filledIn(x: Spec, shape: Shape): Shape {
  const known = shape.filter((n) => n !== -1);
  const total = sizeOf(x.shape);
  const rest = total / sizeOf(known);
  const fits =
    known.length === shape.length
      ? sizeOf(known) === total
      : known.length === shape.length - 1 && sizeOf(known) > 0 && Number.isInteger(rest);
  if (!fits || known.some((n) => !Number.isInteger(n) || n < 0))
    throw new Error(
      `reshape: ${total} elements (shape [${x.shape}]) do not fill [${shape}]; the sizes must multiply to ${total}, and one of them may be -1`,
    );
  return shape.map((n) => (n === -1 ? rest : n));
}

/**
 * The same elements, in row-major order, under another shape; costs nothing. One size may be -1: it is worked out.
 * @throws if the sizes do not multiply to the number of elements.
 * [torch.reshape](https://docs.pytorch.org/docs/stable/generated/torch.reshape.html)
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x.source;
  return record(reshapeOp, [x], { shape: filledIn(x, shape) });
}

/**
 * The same value under a name of its own. Nothing is copied: no tensor changes, and what a parameter holds now stays what it is when
 * the parameter is given another value. [torch.clone](https://docs.pytorch.org/docs/stable/generated/torch.clone.html)
 */
export const clone = (x: Tensor): Tensor => record(reshapeOp, [x], { shape: x.shape });

/**
 * Joins the axes from `startDim` to `endDim` into one; by default all of them.
 * [torch.flatten](https://docs.pytorch.org/docs/stable/generated/torch.flatten.html)
 */
export function flatten(x: Tensor, startDim = 0, endDim = -1): Tensor {
  const start = axisOf("flatten", startDim, x.ndim);
  const end = axisOf("flatten", endDim, x.ndim);
  if (start > end)
    throw new Error(`flatten: startDim ${startDim} comes after endDim ${endDim} (shape [${x.shape}]); swap them`);
  return reshape(x, [...x.shape.slice(0, start), sizeOf(x.shape.slice(start, end + 1)), ...x.shape.slice(end + 1)]);
}

/**
 * Takes out the named axes of size 1, or all axes of size 1. Named axes of another size stay, as in PyTorch.
 * [torch.squeeze](https://docs.pytorch.org/docs/stable/generated/torch.squeeze.html)
 */
export function squeeze(x: Tensor, axes?: Axes): Tensor {
  const named = axesOf("squeeze", axes, x.ndim);
  return reshape(
    x,
    x.shape.filter((n, i) => n !== 1 || !named.includes(i)),
  );
}

/**
 * Puts in an axis of size 1 at `axis` of the result.
 * [torch.unsqueeze](https://docs.pytorch.org/docs/stable/generated/torch.unsqueeze.html)
 */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const at = axisOf("unsqueeze", axis, x.ndim + 1);
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

const inverse = (axes: readonly number[]): number[] => axes.map((_, i) => axes.indexOf(i));

export const permuteOp = defineOp<{ axes: readonly number[] }>({
  name: "permute",
  infer: ([x], { axes }) => ({ shape: axes.map((a) => x.shape[a]), dtype: x.dtype }),
  grad: (_, dy, { axes }) => [() => permute(dy, inverse(axes))],
});

/**
 * Puts the axes in another order: axis i of the result is axis `axes[i]` of x.
 * @throws if `axes` does not name every axis once.
 * [torch.permute](https://docs.pytorch.org/docs/stable/generated/torch.permute.html)
 */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  const order = axes.map((a) => axisOf("permute", a, x.ndim));
  if (order.length !== x.ndim || new Set(order).size !== order.length)
    throw new Error(
      `permute: [${axes}] does not name each of the ${x.ndim} axes of [${x.shape}] once; name all of them`,
    );
  if (order.every((a, i) => a === i)) return x.source;
  return record(permuteOp, [x], { axes: order });
}

/**
 * Swaps two axes; by default the last two.
 * [torch.transpose](https://docs.pytorch.org/docs/stable/generated/torch.transpose.html)
 */
export function transpose(x: Tensor, axis0 = -2, axis1 = -1): Tensor {
  const a = axisOf("transpose", axis0, x.ndim);
  const b = axisOf("transpose", axis1, x.ndim);
  return permute(
    x,
    x.shape.map((_, i) => (i === a ? b : i === b ? a : i)),
  );
}
