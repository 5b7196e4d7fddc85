// matmul: by hand, transposed operands, stacks and empty matrices.
import { expect, it } from "vitest";
import { array, noise, range, run, type Values } from "../testing.ts";

const plain = { transposeX: false, transposeY: false };
const matmul = (x: Values, y: Values, shape: number[], attrs = plain) =>
  run("matmul", [x, y], { shape, dtype: x.dtype }, attrs).data;
const transposed = (x: Values): Values => {
  const axes = x.shape.map((_, i) => i);
  axes.push(...axes.splice(-2).reverse());
  return run("permute", [x], { shape: axes.map((a) => x.shape[a]), dtype: x.dtype }, { axes });
};

it("multiplies by hand", () => {
  const x = array([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const y = array([
    [7, 8],
    [9, 10],
    [11, 12],
  ]);
  expect(matmul(x, y, [2, 2])).toEqual([58, 64, 139, 154]);
});
it.each([
  [true, false],
  [false, true],
  [true, true],
])("reads operands stored transposed: x %s, y %s", (transposeX, transposeY) => {
  const x = noise([2, 3, 4, 5], 1);
  const y = noise([2, 3, 5, 6], 2);
  const stored = [transposeX ? transposed(x) : x, transposeY ? transposed(y) : y];
  expect(matmul(stored[0], stored[1], [2, 3, 4, 6], { transposeX, transposeY })).toEqual(matmul(x, y, [2, 3, 4, 6]));
});
it("multiplies each pair of a stack", () => {
  const [x, y] = [range([2, 1, 2]), range([2, 2, 1])];
  expect(matmul(x, y, [2, 1, 1])).toEqual([0 * 0 + 1 * 1, 2 * 2 + 3 * 3]);
});
it("adds in float64 and rounds once", () => {
  expect(matmul(array([[1e8, 1, -1e8]]), array([[1], [1], [1]]), [1, 1])).toEqual([1]);
});
it("is zeros where the inner size is 0, and lets NaN and 0*inf through", () => {
  expect(matmul(range([2, 0]), range([0, 2]), [2, 2])).toEqual([0, 0, 0, 0]);
  expect(matmul(range([0, 2]), range([2, 3]), [0, 3])).toEqual([]);
  expect(matmul(array([[0, 1]]), array([[Infinity], [1]]), [1, 1])).toEqual([Number.NaN]);
});
