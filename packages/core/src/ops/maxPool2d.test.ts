import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import type { Tensor } from "../tensor.ts";
import * as f from "./functions.ts";
import { counting, gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

type Pool = (x: Tensor) => Tensor;

describe("the book's examples", () => {
  const x = () => f.reshape(f.arange(16, { dtype: "float32" }), [1, 1, 4, 4]);
  test("max and average of 2 x 2", async () => {
    const small = f.reshape(f.arange(9, { dtype: "float32" }), [1, 1, 3, 3]);
    expect(await numbers(f.maxPool2d(small, { kernelSize: 2, stride: 1 }))).toEqual([4, 5, 7, 8]);
    expect(await numbers(f.avgPool2d(small, { kernelSize: 2, stride: 1 }))).toEqual([2, 3, 5, 6]);
  });
  test("the stride is the window unless said otherwise; pairs; two channels", async () => {
    expect(await numbers(f.maxPool2d(x(), 3))).toEqual([10]);
    expect(await numbers(f.maxPool2d(x(), { kernelSize: 3, padding: 1, stride: 2 }))).toEqual([5, 7, 13, 15]);
    const rectangle = { kernelSize: [2, 3], padding: [0, 1], stride: [2, 3] } as const;
    expect(await numbers(f.maxPool2d(x(), rectangle))).toEqual([5, 7, 13, 15]);
    const two = f.cat([x(), f.add(x(), 1)], 1);
    const pooled = f.maxPool2d(two, { kernelSize: 3, padding: 1, stride: 2 });
    expect(await numbers(pooled)).toEqual([5, 7, 13, 15, 6, 8, 14, 16]);
  });
});

describe("ceilMode, as PyTorch", () => {
  test("the last window starts inside the image or its left padding", async () => {
    const y = f.maxPool2d(counting([1, 1, 3, 3]), { kernelSize: 2, stride: 3, padding: 1, ceilMode: true });
    expect(await numbers(y)).toEqual([0, 2, 6, 8]);
  });
});

test("indices are places in the plane, and the first of equals gets the gradient", async () => {
  const [y, indices] = f.maxPool2d(counting([1, 1, 4, 4]), { kernelSize: 2, returnIndices: true });
  expect(await numbers(y)).toEqual([5, 7, 13, 15]);
  expect(indices.dtype).toBe("int32");
  expect(await numbers(indices)).toEqual([5, 7, 13, 15]);
  const x = tensor([1, 1, 1, 1], { shape: [1, 1, 2, 2], requiresGrad: true });
  backward(f.sum(f.maxPool2d(x, 2)));
  expect(await numbers(x.grad!)).toEqual([1, 0, 0, 0]);
});

test("padding is -∞ for max, and a NaN wins", async () => {
  const x = tensor([-5, -6, -7, Number.NaN], { shape: [1, 1, 2, 2] });
  expect(await numbers(f.maxPool2d(x, { kernelSize: 2, padding: 1 }))).toEqual([-5, -6, -7, Number.NaN]);
});

test.each<[string, Pool]>([
  ["maxPool2d", (x) => f.maxPool2d(x, { kernelSize: 3, stride: 2, padding: 1, ceilMode: true })],
  ["maxPool2d, dilated", (x) => f.maxPool2d(x, { kernelSize: 2, stride: 1, dilation: 2 })],
])("%s: gradients of both orders", async (_, pool) => {
  const errors = await gradientErrors((x) => f.square(pool(x)), [sample([1, 2, 5, 4])]);
  for (const error of errors) expect(error).toBeLessThan(1e-6);
});

test("a single image stays one", () => {
  expect(f.maxPool2d(counting([2, 4, 4]), 2).shape).toEqual([2, 2, 2]);
});

test.each<[string, Pool, string]>([
  [
    "padding",
    (x) => f.maxPool2d(x, { kernelSize: 3, padding: 2 }),
    "maxPool2d: padding [2,2] is more than half of the window [3,3]; use at most half, or pad() first",
  ],
  [
    "kernel",
    (x) => f.maxPool2d(x, [2, 0]),
    "maxPool2d: kernelSize is [2,0]; pass a whole number or [height, width], each at least 1",
  ],
  ["axes", (x) => f.maxPool2d(f.at(x, 0, 0), 2), "maxPool2d: x has 2 axes (x [4,4]) but must be [N,C,H,W]"],
])("what does not fit is said: %s", (_, pool, message) => {
  expect(() => pool(counting([1, 1, 4, 4]))).toThrow(message);
});
