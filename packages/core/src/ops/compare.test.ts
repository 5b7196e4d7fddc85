import { beforeAll, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import * as f from "./functions.ts";
import { gradientErrors, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

test("comparisons give bool; NaN is not even equal to itself", async () => {
  const [x, y] = [tensor([1, 2, 3, Number.NaN]), tensor([2, 2, 2, Number.NaN])];
  expect(f.equal(x, y).dtype).toBe("bool");
  expect(await f.equal(x, y).toArray()).toEqual([false, true, false, false]);
  expect(await f.notEqual(x, y).toArray()).toEqual([true, false, true, true]);
  expect(await f.less(x, y).toArray()).toEqual([true, false, false, false]);
  expect(await f.lessEqual(x, y).toArray()).toEqual([true, true, false, false]);
  expect(await f.greater(x, y).toArray()).toEqual([false, false, true, false]);
  expect(await f.greaterEqual(x, y).toArray()).toEqual([false, true, true, false]);
});

test("a comparison needs no gradient", () => {
  expect(f.less(tensor([1], { requiresGrad: true }), 2).requiresGrad).toBe(false);
});

test("where broadcasts all three and leaves what it does not choose alone, gradients included", async () => {
  const x = tensor([0, 4], { requiresGrad: true });
  const y = f.where(f.equal(x, 0), 7, f.div(1, x)); // 1/0 is infinite, and not chosen
  expect(await y.toArray()).toEqual([7, 0.25]);
  expect(await f.where(tensor([[true], [false]]), tensor([1, 2]), 0).toArray()).toEqual([
    [1, 2],
    [0, 0],
  ]);
  const z = tensor([3, Number.POSITIVE_INFINITY], { requiresGrad: true });
  backward(f.sum(f.where(f.isFinite(z), z, 0)));
  expect(await z.grad!.toArray()).toEqual([1, 0]);
});

test("where: gradients of both orders", async () => {
  const choose = tensor([[true, false, true]]);
  const errors = await gradientErrors(
    (x, y) => f.where(choose, f.square(x), f.square(y)),
    [sample([2, 1]), sample([3])],
  );
  for (const error of errors) expect(error).toBeLessThan(1e-6);
});
