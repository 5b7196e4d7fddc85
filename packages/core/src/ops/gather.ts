// Picking elements by index, and its adjoint, adding elements up by index.
import type { Spec } from "../dtype.ts";
import { defineOp, type Op } from "../op.ts";
import { record } from "../record.ts";
import { leafOf, type Tensor } from "../tensor.ts";
import { add } from "./arithmetic.ts";
import { expand } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { equal } from "./compare.ts";
import { arange, zeros, zerosLike } from "./creation.ts";
import { typed } from "./operands.ts";
import { reshape, unsqueeze } from "./shape.ts";
import { axisIn, show } from "./shapes.ts";
import { cut, padWith } from "./slice.ts";

function checkIndex(op: string, index: Spec): void {
  if (index.dtype !== "int32")
    throw new Error(`${op}: the index is ${index.dtype} but must be int32; cast it, as in cast(index, "int32")`);
}
/** All sizes but the one at `axis` are equal. */
function checkAround(op: string, x: Spec, index: Spec, axis: number): void {
  checkIndex(op, index);
  if (index.shape.length !== x.shape.length || index.shape.some((n, i) => i !== axis && n !== x.shape[i]))
    throw new Error(
      `${op}: the index is ${show(index)} but x is ${show(x)}; all sizes but that of axis ${axis} must be equal`,
    );
}

export const gatherOp: Op<{ axis: number }> = defineOp({
  name: "gather",
  infer([x, index], { axis }) {
    checkAround("gather", x, index, axis);
    return { shape: index.shape, dtype: x.dtype };
  },
  grad: ({ inputs: [x, index] }, dy, { axis }) => [
    () => record(scatterAddOp, [zerosLike(x), index, dy], { axis }),
    null,
  ],
});

export const scatterAddOp: Op<{ axis: number }> = defineOp({
  name: "scatterAdd",
  infer([x, index, src], { axis }) {
    checkAround("scatterAdd", x, index, axis);
    if (`${src.shape}` !== `${index.shape}` || src.dtype !== x.dtype)
      throw new Error(
        `scatterAdd: src is ${show(src)} but the index is ${show(index)} and x ${show(x)}; src must have the index's shape and x's dtype`,
      );
    return x;
  },
  grad: ({ inputs: [, index] }, dy, { axis }) => [() => dy, null, () => record(gatherOp, [dy, index], { axis })],
});

/** The corner of x that an index covers: all of `axis`, and the index's size along the others. */
function corner(op: string, x: Tensor, index: Tensor, axis: number): Tensor {
  const sizes = x.shape.map((n, i) => (i === axis ? n : index.shape[i]));
  if (index.ndim !== x.ndim || sizes.some((n, i) => n > x.shape[i]))
    throw new Error(
      `${op}: the index is ${show(index)} but x is ${show(x)}; beside axis ${axis} it must be no larger than x, with as many axes`,
    );
  return cut(x, { starts: sizes.map(() => 0), sizes, steps: sizes.map(() => 1) });
}

/**
 * out[i][j][k] = x[i][index[i][j][k]][k] for axis 1, and likewise for others. Beside `axis`, the index may be smaller than x.
 * @throws if shapes do not fit, here; if an index lies outside 0 … n - 1, when it runs.
 * [torch.gather](https://docs.pytorch.org/docs/stable/generated/torch.gather.html)
 */
export function gather(x: Tensor, axis: number, index: Tensor): Tensor {
  const a = axisIn("gather", axis, x.shape);
  return record(gatherOp, [corner("gather", x, index, a), index], { axis: a });
}

/**
 * x with `src` added at the places that `index` names along `axis` (as in {@link gather}); elements that meet add up.
 * Beside `axis`, index may be smaller than x, and `src` larger than index: the rest of it is left out.
 * @throws if shapes do not fit, here; if an index lies outside 0 … n - 1, when it runs.
 * [torch.scatter_add](https://docs.pytorch.org/docs/stable/generated/torch.scatter_add.html)
 */
export function scatterAdd(x: Tensor, axis: number, index: Tensor, src: Tensor): Tensor {
  const a = axisIn("scatterAdd", axis, x.shape);
  if (src.ndim !== index.ndim || index.shape.some((n, i) => n > src.shape[i]))
    throw new Error(`scatterAdd: src is ${show(src)} but the index is ${show(index)}; src must be at least as large`);
  const part = corner("scatterAdd", x, index, a);
  const [into, values] = typed(
    x,
    cut(src, { starts: index.shape.map(() => 0), sizes: index.shape, steps: index.shape.map(() => 1) }),
  );
  if (`${part.shape}` === `${x.shape}`) return record(scatterAddOp, [into, index, values], { axis: a });
  const added = record(scatterAddOp, [zeros(part.shape, { dtype: values.dtype }), index, values], { axis: a });
  const none = part.shape.map(() => 0);
  return add(
    into,
    padWith(added, { before: none, after: x.shape.map((n, i) => n - part.shape[i]), interior: none }, 0),
  );
}

/**
 * The parts of x at the places `index` (1-d int32, or a list of numbers) of `axis`, in that order.
 * @throws if the index is not 1-d; if one of it lies outside 0 … n - 1, when it runs.
 * [torch.index_select](https://docs.pytorch.org/docs/stable/generated/torch.index_select.html)
 */
export function indexSelect(x: Tensor, axis: number, index: Tensor | readonly number[]): Tensor {
  const a = axisIn("indexSelect", axis, x.shape);
  const list = "shape" in index ? index : leafOf(Int32Array.from(index), [index.length], "int32");
  checkIndex("indexSelect", list);
  if (list.ndim !== 1)
    throw new Error(`indexSelect: the index has shape [${list.shape}] but must have one axis; flatten() it`);
  const column = reshape(
    list,
    x.shape.map((_, i) => (i === a ? -1 : 1)),
  );
  return record(
    gatherOp,
    [
      x,
      expand(
        column,
        x.shape.map((n, i) => (i === a ? list.numel : n)),
      ),
    ],
    { axis: a },
  );
}

/**
 * A new last axis of `classes`, 1 where its index is x's value and 0 elsewhere, as int32; all 0 for values outside.
 * [torch.nn.functional.one_hot](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html)
 */
export const oneHot = (x: Tensor, classes: number): Tensor => cast(equal(unsqueeze(x, -1), arange(classes)), "int32");
