import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import * as f from "./functions.ts";
import { counting, gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

const ints = (values: number[] | number[][]) => tensor(values, { dtype: "int32" });

test("gather picks along an axis; the index may be smaller beside it", async () => {
  const x = counting([3, 4]);
  expect(
    await f
      .gather(
        x,
        1,
        ints([
          [0, 3],
          [1, 1],
        ]),
      )
      .toArray(),
  ).toEqual([
    [0, 3],
    [5, 5],
  ]);
  expect(await f.gather(x, -2, ints([[2, 0, 1, 2]])).toArray()).toEqual([[8, 1, 6, 11]]);
});

test("scatterAdd adds up where indices meet, and may be smaller than x", async () => {
  const src = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(
    await f
      .scatterAdd(
        f.zeros([3, 4]),
        1,
        ints([
          [0, 0],
          [3, 1],
        ]),
        src,
      )
      .toArray(),
  ).toEqual([
    [3, 0, 0, 0],
    [0, 4, 0, 3],
    [0, 0, 0, 0],
  ]);
});

test("indexSelect takes numbers or a tensor", async () => {
  const x = counting([2, 3]);
  expect(await f.indexSelect(x, 1, [2, 0, 2]).toArray()).toEqual([
    [2, 0, 2],
    [5, 3, 5],
  ]);
  expect(await f.indexSelect(x, 0, ints([1])).toArray()).toEqual([[3, 4, 5]]);
});

describe("gradients of both orders", () => {
  const index = [
    [0, 2],
    [1, 1],
  ];
  test("gather", async () => {
    const errors = await gradientErrors((x) => f.square(f.gather(x, 1, ints(index))), [sample([2, 3])]);
    for (const error of errors) expect(error).toBeLessThan(1e-6);
  });
  test("scatterAdd", async () => {
    const add = (x: ReturnType<typeof counting>, src: ReturnType<typeof counting>) =>
      f.square(f.scatterAdd(x, 1, ints(index), src));
    for (const error of await gradientErrors(add, [sample([3, 3]), sample([2, 2])])) expect(error).toBeLessThan(1e-6);
  });
});

test("oneHot has a 1 at each value", async () => {
  expect(await f.oneHot(ints([0, 2]), 3).toArray()).toEqual([
    [1, 0, 0],
    [0, 0, 1],
  ]);
});

test("what does not fit is said", async () => {
  const x = counting([2, 3]);
  expect(() => f.gather(x, 1, tensor([[0.5]]))).toThrow("gather: the index is float32 but must be int32; cast it");
  expect(() => f.gather(x, 1, ints([0]))).toThrow("gather: the index is int32 [1] but x is float64 [2,3]");
  expect(() => f.indexSelect(x, 0, ints([[0]]))).toThrow(
    "indexSelect: the index has shape [1,1] but must have one axis; flatten() it",
  );
  expect(() => f.scatterAdd(x, 0, ints([[0, 0]]), tensor([[1]]))).toThrow(
    "scatterAdd: src is float32 [1,1] but the index is int32 [1,2]; src must be at least as large",
  );
  await expect(f.gather(x, 1, ints([[3], [0]])).data()).rejects.toThrow("gather");
});

test("rows picked twice get both gradients", async () => {
  const x = tensor([1, 2, 3], { requiresGrad: true });
  backward(f.sum(f.indexSelect(x, 0, [1, 1, 0])));
  expect(await numbers(x.grad!)).toEqual([1, 2, 0]);
});
