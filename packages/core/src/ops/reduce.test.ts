import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import * as f from "./functions.ts";
import { counting, gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

const near = (values: number[]) => values.map((v) => expect.closeTo(v, 5));

describe.each(["sum", "mean", "prod", "max", "min", "var", "std", "logsumexp", "norm"] as const)("%s", (name) => {
  const functions = { ...f };
  test("over one axis, several and all; keepDim", () => {
    const x = counting([2, 3, 4]);
    expect(functions[name](x).shape).toEqual([]);
    expect(functions[name](x, -2).shape).toEqual([2, 4]);
    expect(functions[name](x, [2, 0]).shape).toEqual([3]);
    expect(functions[name](x, [0, -1], { keepDim: true }).shape).toEqual([1, 3, 1]);
  });
  test("gradients of both orders", async () => {
    const errors = await gradientErrors((x) => functions[name](x, [0, 2]), [sample([2, 3, 2])]);
    for (const error of errors) expect(error).toBeLessThan(1e-6);
  });
  test("an axis that is not there, or twice, is refused", () => {
    expect(() => functions[name](counting([2]), 1)).toThrow(
      `${name}: axis 1 does not exist in a tensor of 1 axes; use -1 to 0`,
    );
    expect(() => functions[name](counting([2, 2]), [1, -1])).toThrow("name one axis twice (of 2); name each once");
  });
});

test("sums: small integers as int32, of nothing 0", async () => {
  expect(f.sum(tensor([true, true])).dtype).toBe("int32");
  expect(await f.sum(tensor([200, 200], { dtype: "uint8" })).item()).toBe(400);
  expect(await f.sum(f.zeros([2, 0]), 1).toArray()).toEqual([0, 0]);
  expect(await f.mean(f.zeros([2, 0]), 1).toArray()).toEqual([Number.NaN, Number.NaN]);
  expect(await f.mean(tensor([true, false])).item()).toBe(0.5);
});

test("prod: the gradient is right with zeros, and so is the second", async () => {
  const x = tensor(
    [
      [0, 2, 3],
      [0, 0, 5],
    ],
    { requiresGrad: true },
  );
  backward(f.sum(f.prod(x, 1)));
  expect(await x.grad!.toArray()).toEqual([
    [6, 0, 0],
    [0, 0, 0],
  ]);
  const zeros = { shape: [2, 4], data: [0, 2, 3, 4, 0, 0, 3, 5] };
  for (const error of await gradientErrors((t) => f.prod(t, 1), [zeros])) expect(error).toBeLessThan(1e-6);
});

test("max and min: NaN wins, ties share the gradient evenly, nothing is refused", async () => {
  expect(await f.max(tensor([1, Number.NaN, 3])).item()).toBe(Number.NaN);
  const x = tensor(
    [
      [1, 3, 3],
      [2, 2, 2],
    ],
    { requiresGrad: true },
  );
  backward(f.sum(f.max(x, 1)));
  expect(await numbers(x.grad!)).toEqual(near([0, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3]));
  expect(() => f.max(f.zeros([2, 0]), 1)).toThrow("max: axes [1] of [2,0] have no elements, and nothing has no max");
  expect(() => f.argmin(f.zeros([2, 0]), 1)).toThrow("argmin: axis 1 of [2,0] has no elements, so none can be named");
});

test("argmax and argmin: the first of equals, the first NaN, or flat", async () => {
  const x = tensor([
    [1, 3, 3],
    [Number.NaN, 2, Number.NaN],
  ]);
  expect(await f.argmax(x, 1).toArray()).toEqual([1, 0]);
  expect(f.argmin(x, 1, { keepDim: true }).shape).toEqual([2, 1]);
  expect(await f.argmax(counting([2, 3])).item()).toBe(5);
  expect(f.argmax(x, 1).dtype).toBe("int32");
});

test("any and all, also of nothing", async () => {
  const x = tensor([
    [0, 0],
    [0, 2],
    [1, 1],
  ]);
  expect(await f.any(x, 1).toArray()).toEqual([false, true, true]);
  expect(await f.all(x, 1).toArray()).toEqual([false, false, true]);
  expect(await f.any(f.zeros([2, 0]), 1).toArray()).toEqual([false, false]);
  expect(await f.all(f.zeros([2, 0]), 1, { keepDim: true }).toArray()).toEqual([[true], [true]]);
});

test("var and std divide by n - correction", async () => {
  const x = tensor([1, 2, 4, 8]);
  expect(await f.var(x).item()).toBeCloseTo(9.583333, 5);
  expect(await f.std(x, undefined, { correction: 0 }).item()).toBeCloseTo(2.680951, 5);
  const same = tensor([2, 2], { requiresGrad: true });
  backward(f.std(same));
  expect(await same.grad!.toArray()).toEqual([0, 0]);
});

test("logsumexp neither overflows nor makes NaN of infinities", async () => {
  const inf = Number.POSITIVE_INFINITY;
  const y = await numbers(
    f.logsumexp(
      tensor([
        [1000, 1000],
        [1, inf],
        [-inf, -inf],
      ]),
      1,
    ),
  );
  expect(y[0]).toBeCloseTo(1000 + Math.LN2, 3);
  expect(y.slice(1)).toEqual([inf, -inf]);
});

test("norm: 1, 2, others, the largest; the gradient at 0 is 0", async () => {
  const x = tensor([3, -4]);
  expect(await f.norm(x).item()).toBe(5);
  expect(await f.norm(x, 0, { p: 1 }).item()).toBe(7);
  expect(await f.norm(x, 0, { p: Number.POSITIVE_INFINITY }).item()).toBe(4);
  expect(await f.norm(x, 0, { p: 3 }).item()).toBeCloseTo(91 ** (1 / 3), 5);
  expect(() => f.norm(x, 0, { p: 0.5 })).toThrow("norm: p is 0.5 but must be 1 or more, or Infinity");
  const zero = tensor([0, 0], { requiresGrad: true });
  backward(f.norm(zero));
  expect(await zero.grad!.toArray()).toEqual([0, 0]);
});
