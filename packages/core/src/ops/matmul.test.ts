import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import * as f from "./functions.ts";
import { counting, gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

const shapes: [number[], number[], number[]][] = [
  [[4], [4], []],
  [[3, 4], [4], [3]],
  [[4], [4, 2], [2]],
  [
    [3, 4],
    [4, 2],
    [3, 2],
  ],
  [
    [2, 3, 4],
    [4, 2],
    [2, 3, 2],
  ],
  [[2, 3, 4], [4], [2, 3]],
  [[4], [2, 4, 3], [2, 3]],
  [
    [2, 1, 2, 3],
    [2, 3, 2],
    [2, 2, 2, 2],
  ],
  [
    [2, 3],
    [2, 3, 2],
    [2, 2, 2],
  ],
];
test.each(shapes)("[%s] by [%s] is [%s], with gradients of both orders", async (x, y, expected) => {
  expect(f.matmul(counting(x), counting(y)).shape).toEqual(expected);
  const errors = await gradientErrors((a, b) => f.matmul(a, b), [sample(x), sample(y)]);
  for (const error of errors) expect(error).toBeLessThan(1e-6);
});

test("the product, by hand", async () => {
  const y = f.matmul(
    tensor([
      [1, 2],
      [3, 4],
    ]),
    tensor([
      [5, 6],
      [7, 8],
    ]),
  );
  expect(await y.toArray()).toEqual([
    [19, 22],
    [43, 50],
  ]);
  expect(await f.matmul(f.zeros([2, 0]), f.zeros([0, 1])).toArray()).toEqual([[0], [0]]);
});

test("linear: x·wᵀ + bias for any number of leading axes", async () => {
  const w = tensor([
    [1, 0],
    [0, 2],
    [1, 1],
  ]);
  expect(await f.linear(tensor([3, 4]), w, tensor([10, 20, 30])).toArray()).toEqual([13, 28, 37]);
  expect(f.linear(f.zeros([2, 5, 2]), w).shape).toEqual([2, 5, 3]);
  const errors = await gradientErrors((x, k, b) => f.linear(x, k, b), [sample([2, 2, 3]), sample([2, 3]), sample([2])]);
  for (const error of errors) expect(error).toBeLessThan(1e-6);
});

describe("what does not fit is said", () => {
  test("matmul", () => {
    expect(() => f.matmul(f.zeros([2, 3]), f.zeros([4, 5]))).toThrow(
      "matmul: x has 3 columns but y has 4 rows (x [2,3], y [4,5]); they must be equal",
    );
    expect(() => f.matmul(f.zeros([2, 2, 3]), f.zeros([3, 3, 5]))).toThrow(
      "matmul: shapes [2] and [3] do not broadcast",
    );
    expect(() => f.matmul(f.full([], 1), f.zeros([2]))).toThrow(
      "matmul: x is [] and y is [2], but both need at least one axis; use mul()",
    );
    expect(() => f.matmul(tensor([1], { dtype: "int32" }), f.zeros([1]))).toThrow(
      "matmul: x is int32 but must be floating point; cast it",
    );
  });
  test("linear", () => {
    expect(() => f.linear(f.zeros([2, 3]), f.zeros([4, 5]))).toThrow(
      "linear: x has 3 features but w expects 5 (x [2,3], w [4,5]); w is [out, in], and x ends in [in]",
    );
    expect(() => f.linear(f.zeros([2, 3]), f.zeros([4, 3]), f.zeros([3]))).toThrow(
      "linear: bias is [3] but w has 4 rows (w [4,3]); bias must be [4]",
    );
  });
});

test("the gradient of a product, by hand", async () => {
  const x = tensor([[1, 2]], { requiresGrad: true });
  backward(
    f.sum(
      f.matmul(
        x,
        tensor([
          [1, 10],
          [100, 1000],
        ]),
      ),
    ),
  );
  expect(await numbers(x.grad!)).toEqual([11, 1100]);
});
