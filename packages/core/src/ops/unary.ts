// Functions of one input, element by element: powers, exponentials, angles, rounding. Integers are computed in float32.
// A row is the record, its gradient (given y, the result, or x, the input) and the function.
import { isFloat } from "../dtype.ts";
import { defineOp, type Op } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { add, div, logicalAnd, mul, neg, reciprocal, square, sub } from "./arithmetic.ts";
import { cast, toFloat } from "./cast.ts";
import { equal, greaterEqual, where } from "./compare.ts";
import { zerosLike } from "./creation.ts";
import { floatPair, type Operand } from "./operands.ts";
import { FLOATS, pointwise } from "./shapes.ts";

/** A row whose gradient follows from the result. */
const fromResult = (name: string, grad: (dy: Tensor, y: Tensor) => Tensor): Op =>
  defineOp<object>({ name, infer: pointwise(name, FLOATS), grad: (node, dy) => [() => grad(dy, node)] });
/** A row whose gradient follows from the input. */
const fromInput = (name: string, grad: (dy: Tensor, x: Tensor) => Tensor): Op =>
  defineOp<object>({ name, infer: pointwise(name, FLOATS), grad: ({ inputs: [x] }, dy) => [() => grad(dy, x)] });
const apply = (op: Op, x: Tensor): Tensor => record(op, [toFloat(x)], {});

export const sqrtOp = fromResult("sqrt", (dy, y) => div(dy, mul(y, 2)));
/** √x; NaN below 0. [torch.sqrt](https://docs.pytorch.org/docs/stable/generated/torch.sqrt.html) */
export const sqrt = (x: Tensor): Tensor => apply(sqrtOp, x);

export const expOp = fromResult("exp", (dy, y) => mul(dy, y));
/** e^x. [torch.exp](https://docs.pytorch.org/docs/stable/generated/torch.exp.html) */
export const exp = (x: Tensor): Tensor => apply(expOp, x);

export const expm1Op = fromResult("expm1", (dy, y) => mul(dy, add(y, 1)));
/** e^x - 1, exact near 0. [torch.expm1](https://docs.pytorch.org/docs/stable/generated/torch.expm1.html) */
export const expm1 = (x: Tensor): Tensor => apply(expm1Op, x);

export const logOp = fromInput("log", (dy, x) => div(dy, x));
/** The natural logarithm: -∞ at 0, NaN below. [torch.log](https://docs.pytorch.org/docs/stable/generated/torch.log.html) */
export const log = (x: Tensor): Tensor => apply(logOp, x);

export const log1pOp = fromInput("log1p", (dy, x) => div(dy, add(x, 1)));
/** log(1 + x), exact near 0. [torch.log1p](https://docs.pytorch.org/docs/stable/generated/torch.log1p.html) */
export const log1p = (x: Tensor): Tensor => apply(log1pOp, x);

export const sinOp = fromInput("sin", (dy, x) => mul(dy, cos(x)));
/** sin x, in radians. [torch.sin](https://docs.pytorch.org/docs/stable/generated/torch.sin.html) */
export const sin = (x: Tensor): Tensor => apply(sinOp, x);

export const cosOp = fromInput("cos", (dy, x) => neg(mul(dy, sin(x))));
/** cos x, in radians. [torch.cos](https://docs.pytorch.org/docs/stable/generated/torch.cos.html) */
export const cos = (x: Tensor): Tensor => apply(cosOp, x);

export const tanOp = fromResult("tan", (dy, y) => mul(dy, add(square(y), 1)));
/** tan x, in radians. [torch.tan](https://docs.pytorch.org/docs/stable/generated/torch.tan.html) */
export const tan = (x: Tensor): Tensor => apply(tanOp, x);

export const asinOp = fromInput("asin", (dy, x) => mul(dy, rsqrt(sub(1, square(x)))));
/** The angle whose sine is x. [torch.asin](https://docs.pytorch.org/docs/stable/generated/torch.asin.html) */
export const asin = (x: Tensor): Tensor => apply(asinOp, x);

export const acosOp = fromInput("acos", (dy, x) => neg(mul(dy, rsqrt(sub(1, square(x))))));
/** The angle whose cosine is x. [torch.acos](https://docs.pytorch.org/docs/stable/generated/torch.acos.html) */
export const acos = (x: Tensor): Tensor => apply(acosOp, x);

export const atanOp = fromInput("atan", (dy, x) => div(dy, add(square(x), 1)));
/** The angle whose tangent is x. [torch.atan](https://docs.pytorch.org/docs/stable/generated/torch.atan.html) */
export const atan = (x: Tensor): Tensor => apply(atanOp, x);

export const sinhOp = fromInput("sinh", (dy, x) => mul(dy, cosh(x)));
/** (e^x - e^-x) / 2. [torch.sinh](https://docs.pytorch.org/docs/stable/generated/torch.sinh.html) */
export const sinh = (x: Tensor): Tensor => apply(sinhOp, x);

export const coshOp = fromInput("cosh", (dy, x) => mul(dy, sinh(x)));
/** (e^x + e^-x) / 2. [torch.cosh](https://docs.pytorch.org/docs/stable/generated/torch.cosh.html) */
export const cosh = (x: Tensor): Tensor => apply(coshOp, x);

export const erfOp = fromInput("erf", (dy, x) => mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))));
/** The error function, 2/√π ∫₀ˣ e^-t² dt. [torch.erf](https://docs.pytorch.org/docs/stable/generated/torch.erf.html) */
export const erf = (x: Tensor): Tensor => apply(erfOp, x);

export const rsqrtOp: Op = defineOp<object>({
  name: "rsqrt",
  infer: pointwise("rsqrt", FLOATS),
  grad: (y, dy) => [() => mul(mul(dy, -0.5), mul(y, square(y)))],
  decompose: ([x]) => reciprocal(sqrt(x)),
});
/** 1 / √x. [torch.rsqrt](https://docs.pytorch.org/docs/stable/generated/torch.rsqrt.html) */
export const rsqrt = (x: Tensor): Tensor => apply(rsqrtOp, x);
/** The logarithm to base 2. [torch.log2](https://docs.pytorch.org/docs/stable/generated/torch.log2.html) */
export const log2 = (x: Tensor): Tensor => mul(log(x), Math.LOG2E);
/** The logarithm to base 10. [torch.log10](https://docs.pytorch.org/docs/stable/generated/torch.log10.html) */
export const log10 = (x: Tensor): Tensor => mul(log(x), Math.LOG10E);

// Steps: integers stay as they are, and gradients are 0.
const stepOp = (name: string): Op =>
  defineOp<object>({ name, infer: pointwise(name, FLOATS), grad: (_, dy) => [() => zerosLike(dy)] });
const step = (op: Op, x: Tensor): Tensor => (isFloat(x.dtype) ? record(op, [x], {}) : x.source);

export const ceilOp = stepOp("ceil");
/** The next whole number up. [torch.ceil](https://docs.pytorch.org/docs/stable/generated/torch.ceil.html) */
export const ceil = (x: Tensor): Tensor => step(ceilOp, x);
export const roundOp = stepOp("round");
/** The nearest whole number; halves go to the even one. [torch.round](https://docs.pytorch.org/docs/stable/generated/torch.round.html) */
export const round = (x: Tensor): Tensor => step(roundOp, x);
export const truncOp = stepOp("trunc");
/** The next whole number towards 0. [torch.trunc](https://docs.pytorch.org/docs/stable/generated/torch.trunc.html) */
export const trunc = (x: Tensor): Tensor => step(truncOp, x);

export const powOp: Op = defineOp<object>({
  name: "pow",
  infer: pointwise("pow", FLOATS),
  grad: (node, dy) => {
    const [x, e] = node.inputs;
    return [() => mul(dy, baseSlope(x, e)), () => mul(dy, exponentSlope(node, x, e))];
  },
});
/** e·x^(e-1); 0 where e = 0, also at x = 0. */
function baseSlope(x: Tensor, e: Tensor): Tensor {
  const flat = equal(e, 0);
  return where(flat, 0, mul(e, pow(x, where(flat, 1, sub(e, 1)))));
}
/** x^e·log x; 0 at x = 0 where e ≥ 0. The logarithm never sees that 0, or its own slope would spread NaN. */
function exponentSlope(y: Tensor, x: Tensor, e: Tensor): Tensor {
  const flat = logicalAnd(equal(x, 0), greaterEqual(e, 0));
  return where(flat, 0, mul(y, log(where(flat, 1, x))));
}

const isWhole = (x: Operand): boolean => (typeof x === "number" ? Number.isInteger(x) : !isFloat(x.dtype));
/**
 * x to the power y; 0^0 is 1. Powers of integers are computed in float32 (exact to 2^24) and are int32.
 * [torch.pow](https://docs.pytorch.org/docs/stable/generated/torch.pow.html)
 */
export function pow(x: Operand, y: Operand): Tensor {
  // The power that losses are made of: multiplying is several times as fast.
  if (y === 2 && typeof x !== "number") return square(x);
  const power = record(powOp, floatPair("pow", x, y), {});
  return isWhole(x) && isWhole(y) ? cast(round(power), "int32") : power;
}

export const atan2Op: Op = defineOp<object>({
  name: "atan2",
  infer: pointwise("atan2", FLOATS),
  grad: ({ inputs: [y, x] }, dy) => {
    const overSquares = () => div(dy, add(square(y), square(x)));
    return [() => mul(overSquares(), x), () => neg(mul(overSquares(), y))];
  },
});
/** The angle of the point (x, y), in -π … π. [torch.atan2](https://docs.pytorch.org/docs/stable/generated/torch.atan2.html) */
export const atan2 = (y: Operand, x: Operand): Tensor => record(atan2Op, floatPair("atan2", y, x), {});
