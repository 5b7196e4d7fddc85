// The pointwise ops: a row an op, each the formula on plain numbers. Comparisons give 0 or 1.
import { erf, erfc } from "../erf.ts";
import type { Definition, NdArray } from "../ndarray.ts";

/** To the nearest integer; halves go to the even one, as IEEE 754 rounds. */
function roundHalfToEven(x: number): number {
  return Math.abs(x - Math.trunc(x)) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
}
/** 1/(1+exp(-x)), by the form that does not overflow. */
function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}
/** As C and IEEE 754 have it; JavaScript's ** says NaN where the base is 1 or -1 and the exponent does not matter. */
function pow(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
  return x ** y;
}
/** x - floor(x/y)*y without its rounding: the remainder of truncated division, moved to the sign of y. NaN for y = 0, stored as 0 in integers. */
function remainder(x: number, y: number): number {
  const r = x % y;
  return r !== 0 && r < 0 !== y < 0 ? r + y : r;
}

const unary = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfToEven,
  trunc: Math.trunc,
  sqrt: Math.sqrt,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  erf,
  reciprocal: (x) => 1 / x,
  square: (x) => x * x,
  rsqrt: (x) => 1 / Math.sqrt(x),
  sigmoid,
  relu: (x) => Math.max(x, 0),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  /** x * (1 + erf(x/sqrt(2))) / 2, without cancelling where x is far below 0. */
  gelu: (x) => (x * erfc(-x * Math.SQRT1_2)) / 2,
  silu: (x) => x * sigmoid(x),
  logicalNot: (x) => +(x === 0),
} satisfies Record<string, (x: number) => number>;

const binary = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  pow,
  atan2: Math.atan2,
  remainder,
  maximum: (x, y) => Math.max(x, y),
  minimum: (x, y) => Math.min(x, y),
  equal: (x, y) => +(x === y),
  less: (x, y) => +(x < y),
  lessEqual: (x, y) => +(x <= y),
  reluGrad: (dy, y) => (y > 0 ? dy : 0),
  sigmoidGrad: (dy, y) => dy * y * (1 - y),
  tanhGrad: (dy, y) => dy * (1 - y * y),
} satisfies Record<string, (x: number, y: number) => number>;

const mapped =
  (f: (x: number) => number): Definition =>
  ([x], _attrs, _scalars, out) => {
    for (let i = 0; i < out.data.length; i++) out.data[i] = f(x.data[i]);
  };
const zipped =
  (f: (x: number, y: number) => number): Definition =>
  ([x, y], _attrs, _scalars, out) => {
    for (let i = 0; i < out.data.length; i++) out.data[i] = f(x.data[i], y.data[i]);
  };
/** A product of integers has up to 64 bits: too many for a float64 to keep those that wrapping leaves. */
const mul: Definition = (inputs, ...rest) =>
  zipped(inputs[0].dtype === "int32" ? Math.imul : binary.mul)(inputs, ...rest);
const where: Definition = ([c, x, y]: readonly NdArray[], _attrs, _scalars, out) => {
  for (let i = 0; i < out.data.length; i++) out.data[i] = (c.data[i] ? x : y).data[i];
};

const rows = <Name extends string>(names: Name[], row: (name: Name) => Definition) =>
  Object.fromEntries(names.map((name) => [name, row(name)])) as Record<Name, Definition>;

export const pointwise = {
  ...rows(Object.keys(unary) as (keyof typeof unary)[], (name) => mapped(unary[name])),
  ...rows(Object.keys(binary) as (keyof typeof binary)[], (name) => zipped(binary[name])),
  mul,
  where,
};
