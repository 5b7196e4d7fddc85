// One row for each pointwise op: how its value is left on the stack, given its operands in locals. Products and sums are
// never contracted here, so that an op gives the same bits alone and fused with others.
import type { DType } from "@lamina/core";
import type { Fn, Instruction } from "../assembler.ts";
import { inDoubles } from "./doubles.ts";
import { emitErf, emitGelu } from "./erf.ts";
import { emitCosh, emitExpm1, emitLog1p, emitPow, emitSinh, emitSoftplus } from "./exponential.ts";
import type { Lanes, Operand } from "./lanes.ts";
import { emitAcos, emitAsin, emitAtan, emitAtan2, emitTrigonometric } from "./trigonometric.ts";
import { emitExp, emitLog, emitSigmoid, emitSilu, emitTanh, type Temp } from "./vector.ts";

export type Emit = (e: Lanes, x: readonly Operand[], out: DType) => void;

const isFloat = (x: Operand): boolean => x.dtype === "float32";

/** The instruction on all operands. */
const plain =
  (op: Instruction): Emit =>
  (e, x) => {
    for (const { local } of x) e.f.get(local);
    e.f.op(op);
  };
/** float32, int32; uint8 as int32 but wrapped to a byte; bool by its own instruction where it has one. */
const byType =
  (float: Emit, int: Emit, bool: Emit = int): Emit =>
  (e, x, out) => {
    const type = x[x.length - 1].dtype;
    if (type === "float32") float(e, x, out);
    else if (type === "bool") bool(e, x, out);
    else int(e, x, out);
    if (out === "uint8") e.f.viconst(255).op("v128.and");
  };
/** By a function of four lanes. */
const vector =
  (emit: (f: Fn, x: number, temp: Temp) => void): Emit =>
  (e, [{ local }]) =>
    emit(e.f, local, () => e.temp());
const sign: Emit = (e, [{ local }]) => {
  // 1 with x's sign where |x| > 0; else x itself: zero or NaN
  e.f
    .vconst(1)
    .get(local)
    .viconst(-0x80000000)
    .op("v128.and")
    .op("v128.or")
    .get(local)
    .get(local)
    .op("f32x4.abs")
    .vzero()
    .op("f32x4.gt")
    .op("v128.bitselect");
};
const signOfInt: Emit = (e, [{ local }]) => {
  e.f.get(local).viconst(-1).op("i32x4.max_s").viconst(1).op("i32x4.min_s");
};
/** max(x, 0) with NaN kept; adding 0 makes +0 of -0. */
const relu: Emit = (e, [{ local }]) => {
  e.f.get(local).vzero().op("f32x4.pmax").vzero().op("f32x4.add");
};
const square: Emit = (e, [{ local }]) => void e.f.get(local).get(local).op("f32x4.mul");
const reciprocal: Emit = (e, [{ local }]) => void e.f.vconst(1).get(local).op("f32x4.div");
const rsqrt: Emit = (e, [{ local }]) => {
  e.f.vconst(1).get(local).op("f32x4.sqrt").op("f32x4.div");
};

/** x - floor(x/y)*y for integers, in double precision, which holds it exactly. Division by 0 gives NaN there, and so 0. */
const remainderOfInts: Emit = (e, [x, y]) => {
  const a = e.temp();
  const b = e.temp();
  const half = (low: boolean) => {
    for (const [{ local }, wide] of [
      [x, a],
      [y, b],
    ] as const) {
      e.f.get(local);
      if (!low) e.f.get(local).shuffleWords(2, 3, 2, 3);
      e.f.op("f64x2.convert_low_i32x4_s").set(wide);
    }
    e.f
      .get(a)
      .get(a)
      .get(b)
      .op("f64x2.div")
      .op("f64x2.floor")
      .get(b)
      .op("f64x2.mul")
      .op("f64x2.sub")
      .op("i32x4.trunc_sat_f64x2_s_zero");
  };
  half(true);
  half(false);
  e.f.shuffleWords(0, 1, 4, 5);
};

/** Below this many times, the whole quotient of two float32 and its product with the divisor are exact in double precision. */
const MOST_TIMES = 2 ** 24;
/** x - trunc(x/y)*y, moved to the sign of y. What the doubles above cannot do, infinities and a division by 0 among it, the host does. */
const remainder: Emit = (e, [x, y]) => {
  const value = e.temp();
  e.f.get(x.local).get(y.local).op("f32x4.div").op("f32x4.abs").vconst(MOST_TIMES).op("f32x4.lt");
  e.f.get(y.local).op("f32x4.abs").vconst(Infinity).op("f32x4.lt").op("v128.and").op("v128.not").op("v128.any_true");
  e.f.if(
    () => {
      e.host("remainder", [x.local, y.local]);
      e.f.set(value);
    },
    () => {
      inDoubles(e, [x, y], (d, [a, b]) => {
        const rest = d.sub(a, d.mul(d.op("f64x2.trunc", d.div(a, b)), b));
        const moved = d.add(rest, d.op("v128.and", d.less(d.mul(rest, b), 0), b));
        return d.select(d.equal(rest, 0), d.mul(a, 0), moved); // a 0 has the sign of x
      });
      e.f.set(value);
    },
  );
  e.f.get(value);
};

const where: Emit = (e, [c, x, y]) => void e.f.get(x.local).get(y.local).get(c.local).op("v128.bitselect");
const reluGrad: Emit = (e, [dy, y]) => {
  e.f.get(dy.local).get(y.local).vzero().op("f32x4.gt").op("v128.and");
};
const sigmoidGrad: Emit = (e, [dy, y]) => {
  e.f.get(dy.local).get(y.local).op("f32x4.mul").vconst(1).get(y.local).op("f32x4.sub").op("f32x4.mul");
};
const tanhGrad: Emit = (e, [dy, y]) => {
  e.f.get(dy.local).vconst(1).get(y.local).get(y.local).op("f32x4.mul").op("f32x4.sub").op("f32x4.mul");
};

/** To the four lanes' common form first, then to the wanted type. */
const cast: Emit = (e, [x], out) => {
  e.f.get(x.local);
  if (x.dtype === out) return;
  if (out === "bool") e.f.vzero().op(isFloat(x) ? "f32x4.ne" : "i32x4.ne");
  else if (x.dtype === "bool") (out === "float32" ? e.f.vconst(1) : e.f.viconst(1)).op("v128.and");
  else if (out === "float32") e.f.op("f32x4.convert_i32x4_s");
  else if (isFloat(x)) e.f.op("i32x4.trunc_sat_f32x4_s");
  if (out === "uint8" && x.dtype !== "bool") e.f.viconst(255).op("v128.and");
};

export const pointwise: Readonly<Record<string, Emit>> = {
  neg: byType(plain("f32x4.neg"), plain("i32x4.neg")),
  abs: byType(plain("f32x4.abs"), plain("i32x4.abs")),
  sign: byType(sign, signOfInt),
  floor: plain("f32x4.floor"),
  ceil: plain("f32x4.ceil"),
  round: plain("f32x4.nearest"),
  trunc: plain("f32x4.trunc"),
  sqrt: plain("f32x4.sqrt"),
  exp: vector(emitExp),
  expm1: emitExpm1,
  log: vector(emitLog),
  log1p: emitLog1p,
  sin: emitTrigonometric("sin"),
  cos: emitTrigonometric("cos"),
  tan: emitTrigonometric("tan"),
  asin: emitAsin,
  acos: emitAcos,
  atan: emitAtan,
  sinh: emitSinh,
  cosh: emitCosh,
  tanh: vector(emitTanh),
  erf: emitErf,
  reciprocal,
  square,
  rsqrt,
  sigmoid: vector(emitSigmoid),
  relu,
  softplus: emitSoftplus,
  gelu: emitGelu,
  silu: vector(emitSilu),
  logicalNot: plain("v128.not"),
  cast,
  add: byType(plain("f32x4.add"), plain("i32x4.add")),
  sub: byType(plain("f32x4.sub"), plain("i32x4.sub")),
  mul: byType(plain("f32x4.mul"), plain("i32x4.mul")),
  maximum: byType(plain("f32x4.max"), plain("i32x4.max_s"), plain("v128.or")),
  minimum: byType(plain("f32x4.min"), plain("i32x4.min_s"), plain("v128.and")),
  div: plain("f32x4.div"),
  pow: emitPow,
  atan2: emitAtan2,
  remainder: byType(remainder, remainderOfInts),
  equal: byType(plain("f32x4.eq"), plain("i32x4.eq")),
  less: byType(plain("f32x4.lt"), plain("i32x4.lt_s"), plain("i32x4.lt_u")),
  lessEqual: byType(plain("f32x4.le"), plain("i32x4.le_s"), plain("i32x4.le_u")),
  where,
  reluGrad,
  sigmoidGrad,
  tanhGrad,
};

export const isPointwise = (op: string): boolean => op === "full" || Object.hasOwn(pointwise, op);

/** Ops that take tens of instructions: a loop with one of them gains nothing from doing several vectors in a turn. */
const long = new Set(
  "exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh erf sigmoid softplus gelu silu pow atan2 remainder".split(
    " ",
  ),
);
export const isLong = (op: string): boolean => long.has(op);
