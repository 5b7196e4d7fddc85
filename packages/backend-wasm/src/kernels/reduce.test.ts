// sum, prod, max and min over any axes, held against the reference backend's definition in float64.
import type { DType, Spec, TypedArray } from "@lamina/core";
import { sizeOf } from "@lamina/core";
import { describe, expect, test } from "vitest";
import { execute, expected, float, Numbers } from "./harness.ts";
import type { Lower } from "./lowered.ts";
import { max } from "./max.ts";
import { min } from "./min.ts";
import { prod } from "./prod.ts";
import { sum } from "./sum.ts";

const lowers = { sum, prod, max, min } as const;
type Name = keyof typeof lowers;
const names = Object.keys(lowers) as Name[];

const without = (shape: readonly number[], axes: readonly number[]) => shape.filter((_, i) => !axes.includes(i));
const outOf = ({ shape, dtype }: Spec, axes: readonly number[]): Spec => ({ shape: without(shape, axes), dtype });

const ULP = 2 ** -23;
/** Sums and products are kept in float64, so that only the last rounding is left. */
function checkOne(name: Name, x: Spec, data: TypedArray, axes: readonly number[]): void {
  const right = expected(name, [x], [data], { axes }, outOf(x, axes));
  run(lowers[name], x, data, axes).forEach((value, i) => {
    const wanted = x.dtype === "float32" ? Math.fround(right[i]) : right[i];
    const near = Object.is(value, wanted) || value === wanted || Math.abs(value - wanted) <= ULP * Math.abs(wanted);
    if (!near)
      throw new Error(`${name} ${x.dtype}[${x.shape}] over [${axes}]: element ${i} is ${value}, not ${wanted}`);
  });
}
const run = (lower: Lower, x: Spec, data: TypedArray, axes: readonly number[]): TypedArray =>
  execute(lower([x], { axes }, outOf(x, axes)), [x], [data], outOf(x, axes));

function subset(n: Numbers, rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, i) => i).filter(() => n.next() < 0.5);
  return axes.length ? axes : [n.whole(0, rank - 1)];
}

describe.each(names)("%s", (name) => {
  test("over random axes of random shapes", () => {
    const n = new Numbers(3);
    const dtypes: DType[] =
      name === "max" || name === "min" ? ["float32", "int32", "uint8", "bool"] : ["float32", "int32"];
    for (let i = 0; i < 60; i++) {
      const shape = Array.from({ length: n.whole(1, 4) }, () => n.whole(1, i % 2 ? 5 : 21));
      const x = { shape, dtype: dtypes[i % dtypes.length] };
      checkOne(name, x, n.array(x), subset(n, shape.length));
    }
  });
  test.each([
    [[256, 120], [0]],
    [
      [8, 6, 28, 28],
      [0, 2, 3],
    ],
    [
      [3, 16, 10, 10],
      [0, 2, 3],
    ],
    [
      [7, 1, 33],
      [0, 1, 2],
    ],
    [[5, 1, 1], [0]],
    [
      [1, 1],
      [0, 1],
    ],
    [[2, 3], []],
    [[3, 37, 2], [1]],
    [[1000], [0]],
  ])("of %j over %j", (shape, axes) => {
    const x = float(...shape);
    checkOne(name, x, new Numbers(5).array(x), axes);
  });
});

test("nothing adds up to 0, multiplies to 1, and makes no results of none", () => {
  for (const dtype of ["float32", "int32"] as const) {
    const x: Spec = { shape: [2, 0, 3], dtype };
    const none = dtype === "float32" ? new Float32Array(0) : new Int32Array(0);
    expect([...run(sum, x, none, [1])]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...run(prod, x, none, [1])]).toEqual([1, 1, 1, 1, 1, 1]);
    expect([...run(sum, x, none, [1, 2])]).toEqual([0, 0]);
    expect([...run(max, x, none, [0])]).toEqual([]);
  }
});

const specials = [Number.NaN, Infinity, -Infinity, 0, -0, 2, -1];
test.each(names)("%s of special values", (name) => {
  const n = new Numbers(11);
  for (let i = 0; i < 200; i++) {
    const x = float(n.whole(1, 9), n.whole(1, 9));
    const allowed = specials.slice(n.whole(0, 3));
    const data = Float32Array.from({ length: sizeOf(x.shape) }, () => allowed[n.whole(0, allowed.length - 1)]);
    checkOne(name, x, data, subset(n, 2));
  }
});
test("a single NaN wins anywhere", () => {
  for (const length of [1, 3, 4, 5, 16, 17, 40])
    for (let at = 0; at < length; at++) {
      const data = new Float32Array(length).fill(7);
      data[at] = Number.NaN;
      for (const lower of [max, min]) expect([...run(lower, float(length), data, [0])]).toEqual([Number.NaN]);
    }
});
test("what overflows on the way is not lost", () => {
  expect([...run(sum, float(3), Float32Array.of(3e38, 3e38, -3e38), [0])]).toEqual([Math.fround(3e38)]);
  expect([...run(sum, float(2), Float32Array.of(3e38, 3e38), [0])]).toEqual([Infinity]);
  expect([...run(prod, float(3), Float32Array.of(1e30, 1e30, 1e-30), [0])]).toEqual([Math.fround(1e30)]);
});
test("int32 wraps", () => {
  const x: Spec = { shape: [3], dtype: "int32" };
  expect([...run(sum, x, Int32Array.of(2 ** 31 - 1, 1, 5), [0])]).toEqual([-(2 ** 31) + 5]);
  expect([...run(prod, x, Int32Array.of(2 ** 30, 2, 3), [0])]).toEqual([-(2 ** 31)]);
});
test("sums of more than 2^24 elements lose nothing", () => {
  const length = 2 ** 24 + 5;
  expect([...run(sum, float(length, 1), new Float32Array(length).fill(0.1), [0])]).toEqual([
    Math.fround(length * Math.fround(0.1)),
  ]);
});
test("the same bits every run", () => {
  const x = float(37, 51);
  const data = new Numbers(2).array(x);
  expect(run(sum, x, data, [0, 1])).toEqual(run(sum, x, data, [0, 1]));
});
