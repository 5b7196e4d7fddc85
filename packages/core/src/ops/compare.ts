// Comparisons, choosing by them, and logic. Results are bool; none but where() has a gradient.
import type { DType, Spec } from "../dtype.ts";
import { defineOp, type Op } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { expand } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { zerosLike } from "./creation.ts";
import { checkOperands, type Operand, pair, typed } from "./operands.ts";
import { ANY, broadcastShapes, pointwise, sameShape, show } from "./shapes.ts";

const comparison = (name: string, accepts: readonly DType[] = ANY) => {
  const rule = pointwise(name, accepts);
  return defineOp<object>({
    name,
    infer: (inputs): Spec => ({ shape: rule(inputs).shape, dtype: "bool" }),
    grad: "none",
  });
};

export const equalOp = comparison("equal");
export const lessOp = comparison("less");
export const lessEqualOp = comparison("lessEqual");
export const logicalNotOp = comparison("logicalNot", ["bool"]);

/** x = y, element by element; NaN equals nothing. [torch.eq](https://docs.pytorch.org/docs/stable/generated/torch.eq.html) */
export const equal = (x: Operand, y: Operand): Tensor => record(equalOp, pair("equal", x, y), {});
/** x ≠ y. [torch.ne](https://docs.pytorch.org/docs/stable/generated/torch.ne.html) */
export const notEqual = (x: Operand, y: Operand): Tensor =>
  record(logicalNotOp, [record(equalOp, pair("notEqual", x, y), {})], {});
/** x < y; false beside NaN. [torch.lt](https://docs.pytorch.org/docs/stable/generated/torch.lt.html) */
export const less = (x: Operand, y: Operand): Tensor => record(lessOp, pair("less", x, y), {});
/** x ≤ y. [torch.le](https://docs.pytorch.org/docs/stable/generated/torch.le.html) */
export const lessEqual = (x: Operand, y: Operand): Tensor => record(lessEqualOp, pair("lessEqual", x, y), {});
/** x > y. [torch.gt](https://docs.pytorch.org/docs/stable/generated/torch.gt.html) */
export const greater = (x: Operand, y: Operand): Tensor => record(lessOp, pair("greater", y, x), {});
/** x ≥ y. [torch.ge](https://docs.pytorch.org/docs/stable/generated/torch.ge.html) */
export const greaterEqual = (x: Operand, y: Operand): Tensor => record(lessEqualOp, pair("greaterEqual", y, x), {});

/** Not x; anything but 0 is true. [torch.logical_not](https://docs.pytorch.org/docs/stable/generated/torch.logical_not.html) */
export const logicalNot = (x: Tensor): Tensor => record(logicalNotOp, [cast(x, "bool")], {});
/** Whether x is NaN. [torch.isnan](https://docs.pytorch.org/docs/stable/generated/torch.isnan.html) */
export const isNaN = (x: Tensor): Tensor => notEqual(x, x);

export const whereOp: Op = defineOp({
  name: "where",
  infer([c, x, y]) {
    if (c.dtype !== "bool" || x.dtype !== y.dtype || !sameShape(x.shape, y.shape) || !sameShape(c.shape, x.shape))
      throw new Error(
        `where: the condition is ${show(c)}, x ${show(x)} and y ${show(y)}; the condition must be bool, x and y of one dtype, all of one shape`,
      );
    return x;
  },
  grad: ({ inputs: [c] }, dy) => [
    null,
    () => record(whereOp, [c, dy, zerosLike(dy)], {}),
    () => record(whereOp, [c, zerosLike(dy), dy], {}),
  ],
});

/**
 * x where `condition` is true, else y: never touches the value not chosen, so a NaN or infinity there does not spread.
 * The three broadcast. [torch.where](https://docs.pytorch.org/docs/stable/generated/torch.where.html)
 */
export function where(condition: Tensor, x: Operand, y: Operand): Tensor {
  checkOperands("where", x, y);
  const [a, b] = typed(x, y);
  const shape = broadcastShapes("where", condition.shape, broadcastShapes("where", a.shape, b.shape));
  return record(whereOp, [expand(cast(condition, "bool"), shape), expand(a, shape), expand(b, shape)], {});
}
