// Pointwise ops: values from tables of functions, and what IEEE 754 and PyTorch say about special values.
import { describe, expect, it } from "vitest";
import { array, run, same } from "../testing.ts";

const inf = Number.POSITIVE_INFINITY;
const f64 = (...x: number[]) => array(x, "float64");
const unary = (op: string, ...x: number[]) => same(op, [f64(...x)]);
const binary = (
  op: string,
  x: number[],
  y: number[],
  dtype: "float64" | "float32" | "int32" | "uint8" | "bool" = "float64",
) => same(op, [array(x, dtype), array(y, dtype)]);
const compare = (op: string, x: number[], y: number[]) =>
  run(op, [f64(...x), f64(...y)], { shape: [x.length], dtype: "bool" }).data;

/** op, x, value to 16 digits */
const values: [string, number, number][] = [
  ["neg", 2.5, -2.5],
  ["abs", -2.5, 2.5],
  ["sign", -7, -1],
  ["floor", -1.5, -2],
  ["ceil", -1.5, -1],
  ["trunc", -1.5, -1],
  ["round", -1.6, -2],
  ["sqrt", 2, 1.4142135623730951],
  ["exp", 1, 2.718281828459045],
  ["expm1", 1e-10, 1.00000000005e-10], // x + x*x/2
  ["log", 10, 2.302585092994046],
  ["log1p", 1e-10, 9.9999999995e-11], // x - x*x/2
  ["sin", 1, 0.8414709848078965],
  ["cos", 1, 0.5403023058681398],
  ["tan", 1, 1.5574077246549023],
  ["asin", 0.5, 0.5235987755982989], // pi/6
  ["acos", 0.5, 1.0471975511965979], // pi/3
  ["atan", 1, 0.7853981633974483], // pi/4
  ["sinh", 1, 1.1752011936438014],
  ["cosh", 1, 1.5430806348152437],
  ["tanh", 1, 0.7615941559557649],
  ["erf", 1, 0.8427007929497149], // Abramowitz and Stegun, table 7.1
  ["reciprocal", 8, 0.125],
  ["square", -3, 9],
  ["rsqrt", 4, 0.5],
  ["sigmoid", 1, 0.7310585786300049],
  ["relu", 2, 2],
  ["softplus", 0, 0.6931471805599453], // log 2
  ["gelu", 1, 0.8413447460685429], // Phi(1)
  ["silu", 1, 0.7310585786300049],
];
describe.each(values)("%s(%d)", (op, x, expected) => {
  it(`is ${expected}`, () => {
    expect(Math.abs(unary(op, x)[0] / expected - 1)).toBeLessThan(4e-16);
  });
});

describe("special values, one input", () => {
  it.each(values.map(([op]) => op))("%s of NaN is NaN", (op) => {
    expect(unary(op, Number.NaN)).toEqual([Number.NaN]);
  });
  it.each([
    "sign",
    "floor",
    "ceil",
    "round",
    "trunc",
    "sqrt",
    "expm1",
    "log1p",
    "sin",
    "tan",
    "asin",
    "atan",
    "sinh",
    "tanh",
    "erf",
    "gelu",
    "silu",
  ])("%s keeps -0", (op) => {
    expect(unary(op, -0, 0)).toEqual([-0, 0]);
  });
  it("rounds halves to even, as torch.round", () => {
    expect(unary("round", -0.5, 0.5, 1.5, 2.5, -2.5, 0.49999999999999994, 2 ** 52 + 1)).toEqual([
      -0,
      0,
      2,
      2,
      -2,
      0,
      2 ** 52 + 1,
    ]);
  });
  it("does not overflow where the value is finite", () => {
    expect(unary("sigmoid", -1000, 1000, -745, -inf, inf)).toEqual([0, 1, 5e-324, 0, 1]);
    expect(unary("softplus", 1000, -1000, inf, -inf)).toEqual([1000, 0, inf, 0]);
    expect(unary("tanh", 1000, -1000)).toEqual([1, -1]);
    expect(unary("erf", inf, -inf, 6)).toEqual([1, -1, 1]);
  });
  it("keeps gelu's small negative tail: -10 * Phi(-10)", () => {
    expect(unary("gelu", -10)[0] / -7.61985302416053e-23).toBeCloseTo(1, 13);
  });
  it("gives infinities and NaN at poles and outside domains", () => {
    expect(unary("reciprocal", 0, -0, inf)).toEqual([inf, -inf, 0]);
    expect(unary("rsqrt", 0, -0, inf, -1)).toEqual([inf, -inf, 0, Number.NaN]);
    expect(unary("log", 0, -1)).toEqual([-inf, Number.NaN]);
    expect(unary("sqrt", -1)).toEqual([Number.NaN]);
    expect(unary("relu", -0, -1, inf, -inf)).toEqual([0, 0, inf, 0]);
  });
  it("wraps int32 at its smallest number, whose negative it does not have", () => {
    const least = array([-(2 ** 31), 5], "int32");
    expect(same("neg", [least])).toEqual([-(2 ** 31), -5]);
    expect(same("abs", [least])).toEqual([-(2 ** 31), 5]);
    expect(same("sign", [least])).toEqual([-1, 1]);
  });
  it("logicalNot swaps 0 and 1", () => {
    expect(same("logicalNot", [array([0, 1], "bool")])).toEqual([1, 0]);
  });
});

describe("two inputs", () => {
  it("adds, subtracts, multiplies, divides", () => {
    expect(binary("add", [1, 2], [10, 20])).toEqual([11, 22]);
    expect(binary("sub", [1, 2], [10, 20])).toEqual([-9, -18]);
    expect(binary("mul", [3, -2], [4, 5])).toEqual([12, -10]);
    expect(binary("div", [1, -1, 0, 7], [0, 0, 0, 2])).toEqual([inf, -inf, Number.NaN, 3.5]);
  });
  it("rounds a float32 result once, from the exact double", () => {
    expect(binary("add", [1], [2 ** -24], "float32")).toEqual([1]);
    expect(binary("add", [1], [3 * 2 ** -24], "float32")).toEqual([1 + 2 ** -22]);
  });
  it("wraps int32 and uint8", () => {
    expect(binary("add", [2 ** 31 - 1], [1], "int32")).toEqual([-(2 ** 31)]);
    expect(binary("mul", [123456789], [987654321], "int32")).toEqual([-67153019]); // 121932631112635269 mod 2^32
    expect(binary("sub", [3], [5], "uint8")).toEqual([254]);
    expect(binary("mul", [200], [200], "uint8")).toEqual([64]);
  });
  it("maximum and minimum give NaN if either is NaN", () => {
    expect(binary("maximum", [1, Number.NaN, 3, -0], [2, 1, Number.NaN, 0])).toEqual([2, Number.NaN, Number.NaN, 0]);
    expect(binary("minimum", [1, Number.NaN, 3, -0], [2, 1, Number.NaN, 0])).toEqual([1, Number.NaN, Number.NaN, -0]);
  });
  it("maximum and minimum of bool are or and and", () => {
    expect(binary("maximum", [0, 0, 1, 1], [0, 1, 0, 1], "bool")).toEqual([0, 1, 1, 1]);
    expect(binary("minimum", [0, 0, 1, 1], [0, 1, 0, 1], "bool")).toEqual([0, 0, 0, 1]);
  });
  it("pow is C's: 1 to any power is 1, and so is anything to the 0", () => {
    expect(binary("pow", [2, 1, 1, -1, Number.NaN, -8, 0], [10, Number.NaN, inf, -inf, 0, 1 / 3, -1])).toEqual([
      1024,
      1,
      1,
      1,
      1,
      Number.NaN,
      inf,
    ]);
  });
  it("atan2 tells the quadrants and the sides of 0 apart", () => {
    const { PI } = Math;
    expect(binary("atan2", [1, 1, -1, 0, -0], [1, -1, -1, -1, -1])).toEqual([
      PI / 4,
      (3 * PI) / 4,
      (-3 * PI) / 4,
      PI,
      -PI,
    ]);
  });
  it("remainder takes the sign of y, as torch.remainder's page shows", () => {
    expect(binary("remainder", [-3, -2, -1, 1, 2, 3], [2, 2, 2, 2, 2, 2])).toEqual([1, -0, 1, 1, 0, 1]);
    expect(binary("remainder", [1, 2, 3, 4, 5], [-1.5, -1.5, -1.5, -1.5, -1.5])).toEqual([-0.5, -1, 0, -0.5, -1]);
    expect(binary("remainder", [5, -5, 5, 1], [inf, inf, -inf, 0])).toEqual([5, inf, -inf, Number.NaN]);
  });
  it("remainder of integers: Python's %, and 0 by 0", () => {
    expect(binary("remainder", [-7, 7, 5, -(2 ** 31)], [3, -3, 0, -1], "int32")).toEqual([2, -2, 0, 0]);
    expect(binary("remainder", [7, 9], [4, 0], "uint8")).toEqual([3, 0]);
  });
  it("comparisons are IEEE's: NaN is unequal to all, 0 equals -0", () => {
    const x = [1, 2, Number.NaN, 0, -inf];
    const y = [2, 2, Number.NaN, -0, inf];
    expect(compare("equal", x, y)).toEqual([0, 1, 0, 1, 0]);
    expect(compare("less", x, y)).toEqual([1, 0, 0, 0, 1]);
    expect(compare("lessEqual", x, y)).toEqual([1, 1, 0, 1, 1]);
  });
  it("where takes the chosen side only", () => {
    const out = { shape: [2], dtype: "float32" } as const;
    expect(run("where", [array([1, 0], "bool"), array([1, Number.NaN]), array([Number.NaN, 2])], out).data).toEqual([
      1, 2,
    ]);
  });
  it("gradients of activations from their results", () => {
    expect(binary("reluGrad", [5, 5, 5, Number.NaN], [2, 0, -1, 0])).toEqual([5, 0, 0, 0]);
    expect(binary("sigmoidGrad", [8], [0.25])).toEqual([1.5]); // 8 * 1/4 * 3/4
    expect(binary("tanhGrad", [8], [0.5])).toEqual([6]); // 8 * (1 - 1/4)
  });
});
