// Arithmetic on two tensors (or a tensor and a number), and what is made of it alone. Both are brought to one dtype and
// shape first (operands.ts); integers wrap. Powers and functions of one input are in unary.ts.
import { type DType, isFloat } from "../dtype.ts";
import { defineOp, type Op } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { cast } from "./cast.ts";
import { equal, less, lessEqual, notEqual, where } from "./compare.ts";
import { zerosLike } from "./creation.ts";
import { floatPair, type Operand, pair } from "./operands.ts";
import { ANY, FLOATS, NUMBERS, pointwise, SIGNED } from "./shapes.ts";

const row = (name: string, accepts: readonly DType[], grad: Op["grad"], decompose?: Op["decompose"]) =>
  defineOp<object>({ name, infer: pointwise(name, accepts), grad, ...(decompose && { decompose }) });

/** The two operands for kernels that know no bool: `combine` says what two booleans give. */
function numeric(op: Op, x: Operand, y: Operand, combine?: Op): Tensor {
  const both = pair(op.name, x, y);
  if (both[0].dtype !== "bool") return record(op, both, {});
  if (!combine)
    throw new Error(`${op.name}: x and y are bool, which have no ${op.name}; use logicalXor(), or cast one`);
  return record(combine, both, {});
}

export const negOp: Op = row("neg", SIGNED, (_, dy) => [() => neg(dy)]);
/** -x. [torch.neg](https://docs.pytorch.org/docs/stable/generated/torch.neg.html) */
export const neg = (x: Tensor): Tensor => (x.dtype === "uint8" ? sub(0, x) : record(negOp, [x], {}));

export const addOp: Op = row("add", NUMBERS, (_, dy) => [() => dy, () => dy]);
/** x + y; of booleans: or. [torch.add](https://docs.pytorch.org/docs/stable/generated/torch.add.html) */
export const add = (x: Operand, y: Operand): Tensor => numeric(addOp, x, y, maximumOp);

export const subOp: Op = row("sub", NUMBERS, (_, dy) => [() => dy, () => neg(dy)]);
/** x - y. Throws for two booleans. [torch.sub](https://docs.pytorch.org/docs/stable/generated/torch.sub.html) */
export const sub = (x: Operand, y: Operand): Tensor => numeric(subOp, x, y);

export const mulOp: Op = row("mul", NUMBERS, ({ inputs: [x, y] }, dy) => [() => mul(dy, y), () => mul(dy, x)]);
/** x · y; of booleans: and. [torch.mul](https://docs.pytorch.org/docs/stable/generated/torch.mul.html) */
export const mul = (x: Operand, y: Operand): Tensor => numeric(mulOp, x, y, minimumOp);

export const divOp: Op = row("div", FLOATS, (node, dy) => [
  () => div(dy, node.inputs[1]),
  () => neg(mul(dy, div(node, node.inputs[1]))),
]);
/** x / y; integers give float32. [torch.div](https://docs.pytorch.org/docs/stable/generated/torch.div.html) */
export const div = (x: Operand, y: Operand): Tensor => record(divOp, floatPair("div", x, y), {});

/** dy where x won, half of it where they were equal. */
const wonBy = (lost: Tensor, x: Tensor, y: Tensor, dy: Tensor): Tensor =>
  where(lost, 0, where(equal(x, y), mul(dy, 0.5), dy));

export const maximumOp: Op = row("maximum", ANY, ({ inputs: [x, y] }, dy) => [
  () => wonBy(less(x, y), x, y, dy),
  () => wonBy(less(y, x), x, y, dy),
]);
/**
 * The larger of x and y; NaN if either is. Equal ones share the gradient half and half.
 * [torch.maximum](https://docs.pytorch.org/docs/stable/generated/torch.maximum.html)
 */
export const maximum = (x: Operand, y: Operand): Tensor => record(maximumOp, pair("maximum", x, y), {});

export const minimumOp: Op = row("minimum", ANY, ({ inputs: [x, y] }, dy) => [
  () => wonBy(less(y, x), x, y, dy),
  () => wonBy(less(x, y), x, y, dy),
]);
/**
 * The smaller of x and y; NaN if either is. Equal ones share the gradient half and half.
 * [torch.minimum](https://docs.pytorch.org/docs/stable/generated/torch.minimum.html)
 */
export const minimum = (x: Operand, y: Operand): Tensor => record(minimumOp, pair("minimum", x, y), {});

export const floorOp: Op = row("floor", FLOATS, (_, dy) => [() => zerosLike(dy)]);
/** The next whole number down. [torch.floor](https://docs.pytorch.org/docs/stable/generated/torch.floor.html) */
export const floor = (x: Tensor): Tensor => (isFloat(x.dtype) ? record(floorOp, [x], {}) : x.source);

export const remainderOp: Op = row("remainder", NUMBERS, ({ inputs: [x, y] }, dy) => [
  () => dy,
  () => neg(mul(dy, floor(div(x, y)))),
]);
/**
 * x - floor(x / y)·y: the sign is y's, as Python's `%`. Whole numbers modulo 0 give 0.
 * [torch.remainder](https://docs.pytorch.org/docs/stable/generated/torch.remainder.html)
 */
export const remainder = (x: Operand, y: Operand): Tensor => numeric(remainderOp, x, y);

export const signOp: Op = row("sign", SIGNED, (_, dy) => [() => zerosLike(dy)]);
/** -1, 0 or 1; NaN of NaN. [torch.sign](https://docs.pytorch.org/docs/stable/generated/torch.sign.html) */
export const sign = (x: Tensor): Tensor =>
  SIGNED.includes(x.dtype) ? record(signOp, [x], {}) : cast(cast(x, "bool"), x.dtype);

export const absOp: Op = row("abs", SIGNED, ({ inputs: [x] }, dy) => [() => mul(dy, sign(x))]);
/** |x|; the gradient at 0 is 0. [torch.abs](https://docs.pytorch.org/docs/stable/generated/torch.abs.html) */
export const abs = (x: Tensor): Tensor => (SIGNED.includes(x.dtype) ? record(absOp, [x], {}) : x.source);

export const squareOp: Op = row(
  "square",
  FLOATS,
  ({ inputs: [x] }, dy) => [() => mul(dy, mul(x, 2))],
  ([x]) => mul(x, x),
);
/** x². [torch.square](https://docs.pytorch.org/docs/stable/generated/torch.square.html) */
export const square = (x: Tensor): Tensor => (isFloat(x.dtype) ? record(squareOp, [x], {}) : mul(x, x));

export const reciprocalOp: Op = row(
  "reciprocal",
  FLOATS,
  (node, dy) => [() => neg(mul(dy, square(node)))],
  ([x]) => div(1, x),
);
/** 1 / x; integers give float32. [torch.reciprocal](https://docs.pytorch.org/docs/stable/generated/torch.reciprocal.html) */
export const reciprocal = (x: Tensor): Tensor => (isFloat(x.dtype) ? record(reciprocalOp, [x], {}) : div(1, x));

export interface Bounds {
  min?: Operand;
  max?: Operand;
}
/**
 * x, but no less than `min` and no more than `max` (either may be left out; if min > max, all is max). NaN stays. The
 * gradient passes between bounds that are numbers and is 0 on them; with bounds that are tensors it is that of
 * {@link maximum} and {@link minimum}: shared on the bound.
 * @throws if neither bound is given.
 * [torch.clamp](https://docs.pytorch.org/docs/stable/generated/torch.clamp.html)
 */
export function clamp(x: Tensor, { min, max }: Bounds): Tensor {
  if (min === undefined && max === undefined)
    throw new Error("clamp: neither min nor max is given, so nothing bounds x; pass { min }, { max } or both");
  const y = min === undefined ? x : typeof min === "number" ? where(lessEqual(x, min), min, x) : maximum(x, min);
  if (max === undefined) return y;
  return typeof max === "number" ? where(lessEqual(max, y), max, y) : minimum(y, max);
}

/** Whether x is neither infinite nor NaN. [torch.isfinite](https://docs.pytorch.org/docs/stable/generated/torch.isfinite.html) */
export const isFinite = (x: Tensor): Tensor => less(abs(x), Number.POSITIVE_INFINITY);
/** Whether x is ∞ or -∞. [torch.isinf](https://docs.pytorch.org/docs/stable/generated/torch.isinf.html) */
export const isInf = (x: Tensor): Tensor => equal(abs(x), Number.POSITIVE_INFINITY);

/** x and y; anything but 0 is true. [torch.logical_and](https://docs.pytorch.org/docs/stable/generated/torch.logical_and.html) */
export const logicalAnd = (x: Tensor, y: Tensor): Tensor => minimum(cast(x, "bool"), cast(y, "bool"));
/** x or y. [torch.logical_or](https://docs.pytorch.org/docs/stable/generated/torch.logical_or.html) */
export const logicalOr = (x: Tensor, y: Tensor): Tensor => maximum(cast(x, "bool"), cast(y, "bool"));
/** One of x and y. [torch.logical_xor](https://docs.pytorch.org/docs/stable/generated/torch.logical_xor.html) */
export const logicalXor = (x: Tensor, y: Tensor): Tensor => notEqual(cast(x, "bool"), cast(y, "bool"));
