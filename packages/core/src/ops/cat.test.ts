import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import * as f from "./functions.ts";
import { counting, gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

test("cat and stack", async () => {
  const [x, y] = [tensor([[1, 2]]), tensor([[3, 4]])];
  expect(await f.cat([x, y]).toArray()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(await f.cat([x, y], -1).toArray()).toEqual([[1, 2, 3, 4]]);
  expect(f.stack([x, y], 1).shape).toEqual([1, 2, 2]);
  expect(f.cat([tensor([1], { dtype: "int32" }), tensor([0.5])]).dtype).toBe("float32");
  expect(() => f.cat([])).toThrow("cat: the list of tensors is empty; pass at least one");
  expect(() => f.cat([x, tensor([[1, 2, 3]])])).toThrow(
    "cat: tensor 0 is float32 [1,2] but tensor 1 is float32 [1,3]; all sizes but that of axis 0 must be equal",
  );
  expect(() => f.stack([x, tensor([1])])).toThrow(
    "stack: shapes [1,2] and [1] differ; stack tensors of one shape, or use cat()",
  );
});

test("cat hands each part its gradient, of both orders", async () => {
  const errors = await gradientErrors((x, y) => f.square(f.cat([x, y, x], 1)), [sample([2, 3]), sample([2, 2])]);
  for (const error of errors) expect(error).toBeLessThan(1e-6);
});

test("split and chunk", async () => {
  const x = counting([5]);
  expect(await Promise.all(f.split(x, 2).map((t) => t.toArray()))).toEqual([[0, 1], [2, 3], [4]]);
  expect(await Promise.all(f.split(x, [1, 4]).map((t) => t.toArray()))).toEqual([[0], [1, 2, 3, 4]]);
  expect(f.chunk(counting([7]), 3).map((t) => t.shape[0])).toEqual([3, 3, 1]);
  expect(() => f.split(x, [1, 1])).toThrow(
    "split: the sizes [1,1] do not add up to the 5 of axis 0 (shape [5]); make them add up",
  );
  expect(() => f.split(x, 0)).toThrow("split: the size is 0 but must be a whole number, 1 or more");
  expect(() => f.chunk(x, 0)).toThrow("chunk: chunks is 0 but must be a whole number, 1 or more");
});

test("flip and tile", async () => {
  expect(await f.flip(counting([2, 2])).toArray()).toEqual([
    [3, 2],
    [1, 0],
  ]);
  expect(await f.flip(counting([2, 2]), 1).toArray()).toEqual([
    [1, 0],
    [3, 2],
  ]);
  expect(await f.tile(counting([2]), [2, 2]).toArray()).toEqual([
    [0, 1, 0, 1],
    [0, 1, 0, 1],
  ]);
  expect(() => f.tile(counting([2]), [-1])).toThrow("tile: the repeats are [-1] but must be whole numbers, 0 or more");
  for (const error of await gradientErrors((x) => f.square(f.tile(f.flip(x, 0), [2, 1])), [sample([2, 3])]))
    expect(error).toBeLessThan(1e-6);
});

describe("no axes, and axes of size 0", () => {
  test("a 0-d tensor has no axis to work along", async () => {
    const number = f.full([], 3);
    expect(() => f.cat([number, number])).toThrow("cat: a 0-d tensor has no axis 0; reshape() it to [1] first");
    expect(() => f.narrow(number, 0, 0, 1)).toThrow("narrow: a 0-d tensor has no axis 0");
    expect(await f.flip(number).item()).toBe(3);
    expect(f.stack([number, number]).shape).toEqual([2]);
  });
  test("cat, split and flip of nothing", async () => {
    expect(f.cat([counting([0, 2]), counting([1, 2])]).shape).toEqual([1, 2]);
    expect(f.split(counting([0]), 2).map((t) => t.shape)).toEqual([[0]]);
    expect(await numbers(f.flip(counting([0, 3])))).toEqual([]);
  });
});

test("a gradient goes through parts that overlap", async () => {
  const x = tensor([1, 2, 3], { requiresGrad: true });
  backward(f.sum(f.cat([f.at(x, [0, 2]), f.at(x, [1, 3])])));
  expect(await x.grad!.toArray()).toEqual([1, 2, 1]);
});
