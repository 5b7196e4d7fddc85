// softmax and its family: y = [1/4, 3/4] for x = [0, log 3], and what must hold for every x.
import { describe, expect, it } from "vitest";
import { array, noise, same } from "../testing.ts";

const axis = { axis: 0 };
const x = array([0, Math.log(3)], "float64");
const close = (actual: number[], expected: number[]) =>
  actual.forEach((v, i) => expect(v).toBeCloseTo(expected[i], 14));

it("softmax", () => close(same("softmax", [x], axis), [0.25, 0.75]));
it("logSoftmax", () => close(same("logSoftmax", [x], axis), [Math.log(0.25), Math.log(0.75)]));
it("softmaxGrad: y_i (dy_i - sum of dy*y)", () => {
  const y = array([0.25, 0.75], "float64");
  expect(same("softmaxGrad", [array([1, 0], "float64"), y], axis)).toEqual([0.1875, -0.1875]);
});
it("logSoftmaxGrad: dy_i - y_i * sum of dy", () => {
  const y = array([Math.log(0.25), Math.log(0.75)], "float64");
  close(same("logSoftmaxGrad", [array([1, 0], "float64"), y], axis), [0.75, -0.75]);
});

describe("for every x", () => {
  const z = noise([3, 4, 2], 5);
  it("softmax sums to 1 along its axis", () => {
    const y = same("softmax", [z], { axis: 1 });
    for (const [i, k] of [
      [0, 0],
      [2, 1],
    ]) {
      const line = [0, 1, 2, 3].map((j) => y[i * 8 + j * 2 + k]);
      expect(line.reduce((a, b) => a + b)).toBeCloseTo(1, 14);
    }
  });
  it("logSoftmax is its logarithm", () => {
    close(same("logSoftmax", [z], { axis: 2 }), same("softmax", [z], { axis: 2 }).map(Math.log));
  });
  it("the gradient is the limit of (softmax(x + h dx) - softmax(x - h dx)) / 2h", () => {
    const dx = noise([3, 4, 2], 6);
    const h = 1e-5;
    for (const op of ["softmax", "logSoftmax"]) {
      const moved = (step: number) =>
        same(op, [{ ...z, data: z.data.map((v, i) => v + step * dx.data[i]) }], { axis: 1 });
      const [up, down, y] = [moved(h), moved(-h), moved(0)];
      const slope = up.map((v, i) => (v - down[i]) / (2 * h));
      const dy = noise([3, 4, 2], 7);
      const grad = same(`${op}Grad`, [dy, { ...z, data: y }], { axis: 1 });
      const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i], 0);
      expect(dot(grad, dx.data)).toBeCloseTo(dot(dy.data, slope), 8);
    }
  });
});

describe("special values", () => {
  it("does not overflow", () => {
    expect(same("softmax", [array([1000, 1000])], axis)).toEqual([0.5, 0.5]);
    expect(same("logSoftmax", [array([-1000, 0])], axis)).toEqual([-1000, 0]);
  });
  it("gives -inf no weight, and NaN to a line with NaN, of infinities or of -inf alone, as torch.softmax", () => {
    expect(same("softmax", [array([-Infinity, 0])], axis)).toEqual([0, 1]);
    for (const line of [
      [Number.NaN, 0],
      [Infinity, 0],
      [-Infinity, -Infinity],
    ])
      expect(same("softmax", [array(line)], axis)[0]).toBeNaN();
  });
  it("leaves empty arrays empty", () => expect(same("softmax", [array([])], axis)).toEqual([]));
});
