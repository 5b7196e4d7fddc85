// softmax, logSoftmax and their gradients, held against the reference backend's definition.
import type { OpName } from "@lamina/core";
import { describe, expect, test } from "vitest";
import { check, execute, float, Numbers } from "./harness.ts";
import { logSoftmax } from "./logSoftmax.ts";
import { logSoftmaxGrad } from "./logSoftmaxGrad.ts";
import type { Lower } from "./lowered.ts";
import { softmax } from "./softmax.ts";
import { softmaxGrad } from "./softmaxGrad.ts";

const forward = { softmax, logSoftmax } as const;
const ops: readonly [OpName, Lower, number][] = [
  ["softmax", softmax, 1],
  ["logSoftmax", logSoftmax, 1],
  ["softmaxGrad", softmaxGrad, 2],
  ["logSoftmaxGrad", logSoftmaxGrad, 2],
];

describe.each(ops)("%s", (name, lower, inputs) => {
  const checkOne = (shape: readonly number[], axis: number, seed: number): void => {
    const x = float(...shape);
    const numbers = new Numbers(seed);
    const data = Array.from({ length: inputs }, () => numbers.array(x).map((v) => v * 4) as Float32Array);
    // a gradient's sum over the axis is as large as the axis is long
    check(name, lower, new Array(inputs).fill(x), data, { axis }, x, {
      ulps: 16,
      scale: inputs === 2 ? shape[axis] : 1,
    });
  };
  test.each([
    [[256, 10], 1],
    [[3, 1000], 1],
    [[7], 0],
    [[1, 1], 1],
    [[2, 5, 9], 1],
    [[2, 21, 4, 4], 1],
    [[6, 3], 0],
    [[0, 3], 1],
    // in slices
    [[100, 1000], 1],
    [[3, 21, 30, 31], 1],
  ])("of %j along axis %i", (shape, axis) => checkOne(shape, axis, 1));
  test("along random axes of random shapes", () => {
    const n = new Numbers(8);
    for (let i = 0; i < 40; i++) {
      const shape = Array.from({ length: n.whole(1, 4) }, () => n.whole(1, 9));
      checkOne(shape, n.whole(0, shape.length - 1), i);
    }
  });
});

test.each(["softmax", "logSoftmax"] as const)(
  "%s of numbers whose exponential overflows, vanishes, or is no number",
  (name) => {
    const rows = [
      [1000, 999, -1000, 0, 88],
      [-1000, -1001, -1002, -1003, -1004],
      [Number.NaN, 0, 1, 2, 3],
      [-Infinity, 0, 1, -Infinity, 2],
      [-Infinity, -Infinity, -Infinity, -Infinity, -Infinity],
      [Infinity, 0, 1, 2, 3],
      [3.4e38, -3.4e38, 0, 0, 0],
    ];
    const x = float(rows.length, 5);
    check(name, forward[name], [x], [Float32Array.from(rows.flat())], { axis: 1 }, x, { ulps: 8 });
  },
);
test("rows add up to 1", () => {
  const x = float(1, 4099);
  const y = [...execute(softmax([x], { axis: 1 }, x), [x], [new Numbers(1).array(x)], x)];
  expect(Math.abs(y.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-6);
});
