// gather and scatterAdd, held against the reference backend's definition.
import type { DType, Spec } from "@lamina/core";
import { describe, expect, test } from "vitest";
import { gather } from "./gather.ts";
import { check, execute, float, Numbers } from "./harness.ts";
import { scatterAdd } from "./scatterAdd.ts";

const resized = (shape: readonly number[], axis: number, size: number): number[] =>
  shape.map((n, i) => (i === axis ? size : n));

function random(n: Numbers, dtype: DType, least = 1): { x: Spec; index: Spec; at: Int32Array; axis: number } {
  const shape = Array.from({ length: n.whole(1, 4) }, () => n.whole(1, 6));
  const axis = n.whole(0, shape.length - 1);
  const index: Spec = { shape: resized(shape, axis, n.whole(least, 7)), dtype: "int32" };
  const at = (n.array(index) as Int32Array).map(() => n.whole(0, shape[axis] - 1));
  return { x: { shape, dtype }, index, at, axis };
}
const dtypes: readonly DType[] = ["float32", "int32", "uint8", "bool"];

test("gather along random axes of random shapes", () => {
  const n = new Numbers(6);
  for (let i = 0; i < 80; i++) {
    const { x, index, at, axis } = random(n, dtypes[i % 4], 0);
    check("gather", gather, [x, index], [n.array(x), at], { axis }, { ...index, dtype: x.dtype }, { ulps: 0 });
  }
});
test("scatterAdd along random axes of random shapes; what meets in one place adds up", () => {
  const n = new Numbers(7);
  for (let i = 0; i < 80; i++) {
    const { x, index, at, axis } = random(n, dtypes[i % 2], 0);
    const src = { ...index, dtype: x.dtype };
    check("scatterAdd", scatterAdd, [x, index, src], [n.array(x), at, n.array(src)], { axis }, x, { ulps: 8 });
  }
});

describe.each([-1, 3, -(2 ** 31)])("an index of %i among 3", (wrong) => {
  const [x, index]: Spec[] = [float(2, 3), { shape: [2, 1], dtype: "int32" }];
  const data = new Float32Array(6);
  const at = Int32Array.of(2, wrong);
  test("gather", () => {
    expect(() => execute(gather([x, index], { axis: 1 }, float(2, 1)), [x, index], [data, at], float(2, 1))).toThrow(
      `gather: index ${wrong} is out of range for axis 1 of size 3; indices must lie in 0..2`,
    );
  });
  test("scatterAdd", () => {
    const src = float(2, 1);
    const run = () =>
      execute(scatterAdd([x, index, src], { axis: 1 }, x), [x, index, src], [data, at, new Float32Array(2)], x);
    expect(run).toThrow(`scatterAdd: index ${wrong} is out of range for axis 1 of size 3; indices must lie in 0..2`);
  });
});
