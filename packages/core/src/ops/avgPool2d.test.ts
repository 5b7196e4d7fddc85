import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { setBackend } from "../device.ts";
import type { Tensor } from "../tensor.ts";
import * as f from "./functions.ts";
import { counting, gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

type Pool = (x: Tensor) => Tensor;

describe("ceilMode, as PyTorch", () => {
  test("windows that run over the edge are cut there", async () => {
    const x = counting([1, 1, 3, 4]);
    const options = { kernelSize: 2, stride: 2, padding: 1, ceilMode: true };
    expect(f.avgPool2d(x, options).shape).toEqual([1, 1, 2, 3]);
    expect(await numbers(f.avgPool2d(x, options))).toEqual([0, 0.75, 0.75, 3, 7.5, 4.5]);
    expect(await numbers(f.avgPool2d(x, { ...options, countIncludePad: false }))).toEqual([0, 1.5, 3, 6, 7.5, 9]);
    const over = f.avgPool2d(counting([1, 1, 4, 4]), { kernelSize: 3, stride: 2, ceilMode: true });
    expect(await numbers(over)).toEqual([5, 6.5, 11, 12.5]);
  });
});

test.each<[string, Pool]>([
  ["avgPool2d", (x) => f.avgPool2d(x, { kernelSize: [3, 2], stride: 2, padding: 1, ceilMode: true })],
  ["avgPool2d, real elements", (x) => f.avgPool2d(x, { kernelSize: 3, stride: 2, padding: 1, countIncludePad: false })],
  ["avgPool2d, divisor", (x) => f.avgPool2d(x, { kernelSize: 2, divisorOverride: 3 })],
])("%s: gradients of both orders", async (_, pool) => {
  const errors = await gradientErrors((x) => f.square(pool(x)), [sample([1, 2, 5, 4])]);
  for (const error of errors) expect(error).toBeLessThan(1e-6);
});

test.each<[string, Pool, string]>([
  [
    "size",
    (x) => f.avgPool2d(x, 5),
    "avgPool2d: a window of 5 x 5 (dilation 1,1) does not fit an image of 4 x 4 with padding [0,0]",
  ],
  [
    "divisor",
    (x) => f.avgPool2d(x, { kernelSize: 2, divisorOverride: 0 }),
    "avgPool2d: divisorOverride is 0 but must be a whole number other than 0",
  ],
])("what does not fit is said: %s", (_, pool, message) => {
  expect(() => pool(counting([1, 1, 4, 4]))).toThrow(message);
});
