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

const near = (values: number[]) => values.map((v) => expect.closeTo(v, 5));

describe("adaptive", () => {
  test("averages, also where sizes do not divide, as PyTorch", async () => {
    const x = counting([1, 1, 5, 4]);
    expect(await numbers(f.adaptiveAvgPool2d(x, [3, 2]))).toEqual(near([2.5, 4.5, 8.5, 10.5, 14.5, 16.5]));
    const nine = near([2.5, 3.5, 4.5, 8.5, 9.5, 10.5, 14.5, 15.5, 16.5]);
    expect(await numbers(f.adaptiveAvgPool2d(x, 3))).toEqual(nine);
    expect(f.adaptiveAvgPool2d(x, [null, 1]).shape).toEqual([1, 1, 5, 1]);
  });
  test("an infinity stays in its windows", async () => {
    const x = tensor([1, 2, 3, 4, Number.POSITIVE_INFINITY], { shape: [1, 1, 1, 5] });
    expect(await numbers(f.adaptiveAvgPool2d(x, [1, 2]))).toEqual([2, Number.POSITIVE_INFINITY]);
  });
  test("of equal maxima the first, row by row, gets the gradient", async () => {
    const x = tensor([0, 1, 0, 1, 1, 0, 0, 0, 0], { shape: [1, 1, 3, 3], requiresGrad: true });
    backward(f.sum(f.adaptiveMaxPool2d(x, [2, 2])));
    expect(await numbers(x.grad!)).toEqual([0, 2, 0, 1, 1, 0, 0, 0, 0]);
  });
});

test.each<[string, Pool]>([
  ["adaptiveAvgPool2d", (x) => f.adaptiveAvgPool2d(x, [3, 2])],
  ["adaptiveMaxPool2d", (x) => f.adaptiveMaxPool2d(x, [2, 3])],
  ["globalAvgPool2d", (x) => f.globalAvgPool2d(x)],
])("%s: gradients of both orders", async (_, pool) => {
  const errors = await gradientErrors((x) => f.square(pool(x)), [sample([1, 2, 5, 4])]);
  for (const error of errors) expect(error).toBeLessThan(1e-6);
});

test("a single image stays one", () => {
  expect(f.globalAvgPool2d(counting([2, 4, 4])).shape).toEqual([2, 1, 1]);
});

test.each<[string, Pool, string]>([
  [
    "adaptive size",
    (x) => f.adaptiveAvgPool2d(x, [0, 1]),
    "adaptiveAvgPool2d: cannot pool 4 x 4 to [0,1]; pass whole numbers, 1 or more",
  ],
])("what does not fit is said: %s", (_, pool, message) => {
  expect(() => pool(counting([1, 1, 4, 4]))).toThrow(message);
});
