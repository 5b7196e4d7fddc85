// Pointwise ops: a row an op with the range of values it is tried on; the special values of float32 come to every row.
import type { DType, OpName } from "@lamina/core";
import { type Fill, type Input, input, type OpCase } from "../case.ts";

/** NaN, infinities, both zeros, the smallest and largest numbers, denormals, halves for rounding, whole numbers. */
const special = [
  Number.NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  -1.5,
  2.5,
  -2.5,
  2,
  -3,
  100,
  -100,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  2 ** 127,
  -(2 ** 127),
  3.4028234663852886e38,
  2 ** 23 + 0.5,
  8388609,
  1e-20,
  -1e-20,
  1e20,
  88,
  -88,
  0.1,
  1 / 3,
];
const wide: Fill = { from: -8, to: 8 };
const unit: Fill = { from: -1, to: 1 };
const positive: Fill = { from: 0, to: 50 };
/** Too small for a full mantissa. Devices that take such numbers for 0 say so by declaring these cases, and only these. */
const isSubnormal = (x: number): boolean => x !== 0 && Math.abs(x) < 2 ** -126;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** Ops whose results can be subnormal although their inputs are not. */
const results: Partial<Record<OpName, (x: number, y: number) => number>> = {
  exp: Math.exp,
  sigmoid,
  softplus: (x) => Math.log1p(Math.exp(x)),
  silu: (x) => x * sigmoid(x),
  reciprocal: (x) => 1 / x,
  square: (x) => x * x,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  pow: (x, y) => x ** y,
  atan2: Math.atan2,
};
const meetsSubnormal = (op: OpName, x: number, y = 0): boolean =>
  [x, y, results[op]?.(x, y) ?? 0].some((v) => isSubnormal(v));

/** Two pointwise inputs meet in every combination. */
const combinations = special.flatMap((x) => special.map((y): [number, number] => [x, y]));

/** Ranges of the functions of one float. */
const unary: Partial<Record<OpName, Fill>> = {
  neg: wide,
  abs: wide,
  sign: wide,
  floor: wide,
  ceil: wide,
  round: wide,
  trunc: wide,
  sqrt: positive,
  exp: { from: -87, to: 88 },
  expm1: { from: -20, to: 20 },
  log: positive,
  log1p: { from: -1, to: 20 },
  sin: { from: -30, to: 30 },
  cos: { from: -30, to: 30 },
  tan: { from: -1.5, to: 1.5 },
  asin: unit,
  acos: unit,
  atan: { from: -20, to: 20 },
  sinh: wide,
  cosh: wide,
  tanh: { from: -12, to: 12 },
  erf: { from: -5, to: 5 },
  reciprocal: wide,
  square: wide,
  rsqrt: positive,
  sigmoid: { from: -30, to: 30 },
  relu: wide,
  softplus: { from: -30, to: 30 },
  gelu: wide,
  silu: { from: -30, to: 30 },
};
/** Values at which a float32 function has to be tried for its small results as well. */
const near: Partial<Record<OpName, Fill>> = {
  expm1: { from: -1e-3, to: 1e-3 },
  log1p: { from: -1e-3, to: 1e-3 },
  log: { from: 0.9, to: 1.1 },
  tanh: { from: -1e-2, to: 1e-2 },
  sin: { from: -1e-3, to: 1e-3 },
  atan: { from: -1e-3, to: 1e-3 },
  asin: { from: -1e-3, to: 1e-3 },
  erf: { from: -1e-3, to: 1e-3 },
  sinh: { from: -1e-3, to: 1e-3 },
  softplus: { from: -20, to: -10 },
  silu: { from: -1, to: 1 },
  gelu: { from: -1, to: 1 },
};
/** Trigonometric functions of huge numbers are as good as the reduction that comes first: not asked for. */
const modest: readonly OpName[] = ["sin", "cos", "tan"];

const one = (op: OpName, name: string, x: Input, level: OpCase["level"] = "ops"): OpCase => ({
  op,
  name,
  level,
  inputs: [x],
});

/** Values with and without subnormal numbers, each with the name of its case; a name without values is left out. */
function bySize<T>(values: readonly T[], isSmall: (value: T) => boolean): [string, T[]][] {
  const parts: [string, T[]][] = [
    ["special values", values.filter((v) => !isSmall(v))],
    ["subnormal numbers", values.filter(isSmall)],
  ];
  return parts.filter(([, list]) => list.length > 0);
}

function unaryCases(op: OpName, fill: Fill): OpCase[] {
  const values = modest.includes(op) ? special.filter((x) => !(Math.abs(x) > 1000 && Math.abs(x) < Infinity)) : special;
  return [
    one(op, "a vector that fills no whole register", input([37], fill)),
    one(op, "three axes", input([3, 5, 7], fill)),
    ...(near[op] ? [one(op, "small results", input([64], near[op]))] : []),
    ...bySize(values, (x) => meetsSubnormal(op, x)).map(([name, list]) =>
      one(op, name, input([list.length], { values: list }), "edges"),
    ),
    one(op, "one number", input([], fill), "edges"),
    one(op, "no elements", input([3, 0], fill), "edges"),
  ];
}

const whole: Fill = { low: -20, high: 20 };
const bytes: Fill = { low: 0, high: 256 };
const truth: Fill = { low: 0, high: 2 };
const extremes: Fill = { values: [2147483647, -2147483648, 65536, -65537, 3, -7, 0, 1] };

function two(op: OpName, dtype: DType, fill: Fill, other: Fill = fill): OpCase[] {
  return [
    { op, name: `${dtype}`, inputs: [input([37], fill, dtype), input([37], other, dtype)] },
    { op, name: `${dtype}, two axes`, inputs: [input([5, 9], fill, dtype), input([5, 9], other, dtype)] },
    {
      op,
      name: `${dtype}, no elements`,
      level: "edges",
      inputs: [input([0, 2], fill, dtype), input([0, 2], other, dtype)],
    },
    { op, name: `${dtype}, one number`, level: "edges", inputs: [input([], fill, dtype), input([], other, dtype)] },
  ];
}
function every(op: OpName, dtypes: readonly DType[], other?: Fill): OpCase[] {
  const fills: Partial<Record<DType, Fill>> = { float32: wide, int32: whole, uint8: bytes, bool: truth };
  return dtypes.flatMap((dtype) => two(op, dtype, fills[dtype]!, other));
}
const pairs = (op: OpName, from = combinations): OpCase[] =>
  bySize(from, ([x, y]) => meetsSubnormal(op, x, y)).map(([name, list]) => ({
    op,
    name: `${name} in every combination`,
    level: "edges",
    inputs: [0, 1].map((i) => input([list.length], { values: list.map((pair) => pair[i]) })),
  }));
/** Whole numbers of one sign each, so that ties and multiples occur. */
const ties = (op: OpName, dtype: DType): OpCase => ({
  op,
  name: `${dtype}, equal values`,
  level: "edges",
  inputs: [input([64], { low: 0, high: 3 }, dtype), input([64], { low: 0, high: 3 }, dtype)],
});
const wraps = (op: OpName): OpCase => ({
  op,
  name: "int32 wraps",
  level: "edges",
  inputs: [
    input([8], extremes, "int32"),
    input([8], { values: [2147483647, 2147483647, 65536, 65536, 9, 5, -2147483648, -1] }, "int32"),
  ],
});
const all = ["float32", "int32", "uint8", "bool"] as const;
const numbers = ["float32", "int32", "uint8"] as const;

export const pointwise: readonly OpCase[] = [
  ...Object.entries(unary).flatMap(([op, fill]) => unaryCases(op as OpName, fill)),
  ...(["neg", "abs", "sign"] as const).flatMap((op) => [one(op, "int32", input([37], whole, "int32"))]),
  one("logicalNot", "bool", input([37], truth, "bool")),
  one("logicalNot", "no elements", input([0], truth, "bool"), "edges"),

  ...(["add", "sub", "mul"] as const).flatMap((op) => [...every(op, numbers), ...pairs(op), wraps(op)]),
  ...(["maximum", "minimum"] as const).flatMap((op) => [...every(op, all), ties(op, "float32"), ...pairs(op)]),
  ...(["equal", "less", "lessEqual"] as const).flatMap((op) => [
    ...every(op, all),
    ties(op, "float32"),
    ties(op, "int32"),
    ties(op, "uint8"),
    ...pairs(op),
  ]),
  ...two("div", "float32", wide),
  ...pairs("div"),
  ...two("pow", "float32", { from: 0, to: 6 }, { from: -4, to: 4 }),
  {
    op: "pow",
    name: "whole exponents of negative numbers",
    inputs: [input([40], wide), input([40], { low: -3, high: 5 })],
  },
  ...pairs("pow", withoutHuge()),
  ...two("atan2", "float32", wide),
  ...pairs("atan2"),
  ...two("remainder", "float32", wide, { from: 0.5, to: 3 }),
  {
    op: "remainder",
    name: "float32, negative divisors",
    inputs: [input([40], wide), input([40], { from: -3, to: -0.5 })],
  },
  ...two("remainder", "int32", whole, { values: [3, -3, 7, -7, 1, 5] }),
  ...two("remainder", "uint8", bytes, { low: 1, high: 9 }),
  {
    op: "remainder",
    name: "int32 by 0",
    level: "edges",
    inputs: [input([4], whole, "int32"), input([4], { values: [0] }, "int32")],
  },

  ...all.flatMap((dtype): OpCase[] => [
    {
      op: "where",
      name: dtype,
      inputs: [input([37], truth, "bool"), input([37], bytes, dtype), input([37], bytes, dtype)].map((x) =>
        dtype === "bool" ? { ...x, fill: truth } : x,
      ),
    },
  ]),
  {
    op: "where",
    name: "what is not chosen does not matter",
    level: "edges",
    inputs: [
      input([8], { values: [0, 1] }, "bool"),
      input([8], { values: [Number.NaN, 1, Infinity, 2] }),
      input([8], { values: [3, Number.NaN, -0, Infinity] }),
    ],
  },
  { op: "where", name: "no elements", level: "edges", inputs: [input([0], truth, "bool"), input([0]), input([0])] },

  ...two("reluGrad", "float32", wide, { values: [0, 1, -1, 0.5, 2] }),
  {
    op: "reluGrad",
    name: "no gradient at 0, -0 and NaN",
    level: "edges",
    inputs: [input([8], { values: [3, Number.NaN, Infinity, -1] }), input([8], { values: [0, -0, 2, 1, Number.NaN] })],
  },
  ...two("sigmoidGrad", "float32", wide, { from: 0, to: 1 }),
  ...two("tanhGrad", "float32", wide, unit),
  {
    op: "tanhGrad",
    name: "no cancellation that is not the formula's",
    inputs: [input([16], wide), input([16], { values: [1, -1, 0, 0.5] })],
  },
];

/** Powers of numbers whose logarithm, times the exponent, is beyond what float32 can carry lose their last places. */
function withoutHuge(): [number, number][] {
  return combinations.filter(([x, y]) => {
    const size = Math.abs(y * Math.log2(Math.abs(x)));
    return !(size > 24 && size < Infinity) || Math.abs(x) === 1;
  });
}
