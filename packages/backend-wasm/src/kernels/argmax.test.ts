// argmax and argmin, held against the reference backend's definition.
import type { DType, Spec } from "@lamina/core";
import { sizeOf } from "@lamina/core";
import { describe, expect, test } from "vitest";
import { argmax } from "./argmax.ts";
import { argmin } from "./argmin.ts";
import { check, execute, float, Numbers } from "./harness.ts";

const lowers = { argmax, argmin } as const;
const outOf = ({ shape }: Spec, axis: number): Spec => ({ shape: shape.filter((_, i) => i !== axis), dtype: "int32" });

describe.each(["argmax", "argmin"] as const)("%s", (name) => {
  const lower = lowers[name];
  const of = (values: number[]): number => {
    const x = float(values.length);
    return execute(lower([x], { axis: 0 }, outOf(x, 0)), [x], [Float32Array.from(values)], outOf(x, 0))[0];
  };
  test("along random axes of random shapes, with many equals", () => {
    const n = new Numbers(4);
    const dtypes: DType[] = ["float32", "int32", "uint8", "bool"];
    for (let i = 0; i < 120; i++) {
      const x = {
        shape: Array.from({ length: n.whole(1, 4) }, () => n.whole(1, i % 3 ? 5 : 19)),
        dtype: dtypes[i % 4],
      };
      const axis = n.whole(0, x.shape.length - 1);
      const data = n.array(x);
      if (i % 2 && x.dtype !== "bool") data.forEach((_, k) => void (data[k] = n.whole(0, 3)));
      check(name, lower, [x], [data], { axis }, outOf(x, axis), { ulps: 0 });
    }
  });
  test("of special values", () => {
    const n = new Numbers(5);
    const specials = [Number.NaN, Infinity, -Infinity, 0, -0, 1];
    for (let i = 0; i < 200; i++) {
      const x = float(n.whole(1, 12), n.whole(1, 6));
      const allowed = specials.slice(i % 4);
      const data = Float32Array.from({ length: sizeOf(x.shape) }, () => allowed[n.whole(0, allowed.length - 1)]);
      check(name, lower, [x], [data], { axis: i % 2 }, outOf(x, i % 2), { ulps: 0 });
    }
  });
  test("the first of equals, and the first NaN", () => {
    expect(of([3, 3, 3, 3, 3, 3, 3])).toBe(0);
    expect(of(new Array(11).fill(name === "argmax" ? -Infinity : Infinity))).toBe(0);
    expect(of([1, 2, Number.NaN, 9, -9, Number.NaN])).toBe(2);
    expect(of([0, -0, 0, -0, 0])).toBe(0);
  });
  test.each([
    [[100, 1000], 1],
    [[3, 21, 30, 31], 1],
  ])("of %j along axis %i, in slices", (shape, axis) => {
    const x = float(...shape);
    check(name, lower, [x], [new Numbers(6).array(x)], { axis }, outOf(x, axis), { ulps: 0 });
  });
  test("of no lines", () => {
    const x = float(0, 3);
    expect([...execute(lower([x], { axis: 1 }, outOf(x, 1)), [x], [new Float32Array(0)], outOf(x, 1))]).toEqual([]);
  });
});
test("whole numbers at the ends of their range", () => {
  const x: Spec = { shape: [5], dtype: "int32" };
  const data = Int32Array.of(0, -(2 ** 31), 2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 1);
  const of = (lower: typeof argmax) => execute(lower([x], { axis: 0 }, outOf(x, 0)), [x], [data], outOf(x, 0))[0];
  expect([of(argmax), of(argmin)]).toEqual([2, 1]);
});
