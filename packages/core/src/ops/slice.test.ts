import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import * as f from "./functions.ts";
import { counting, gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

test("at is Python's indexing", async () => {
  const x = counting([2, 3, 4]);
  expect(await f.at(x, 0, -1).toArray()).toEqual([8, 9, 10, 11]);
  expect(await f.at(x, -1, [1, 3], 0).toArray()).toEqual([16, 20]);
  expect(await f.at(x, 0, 0, [null, null, 2]).toArray()).toEqual([0, 2]);
  expect(await f.at(x, "...", [-1]).toArray()).toEqual([
    [[3], [7], [11]],
    [[15], [19], [23]],
  ]);
  expect(f.at(x, [], [5, 2], [0, 100]).shape).toEqual([2, 0, 4]);
  expect(() => f.at(x, 2)).toThrow("at: index 2 is outside axis 0 of [2,3,4], which has 2 elements; use -2 to 1");
  expect(() => f.at(x, 0, 0, 0, 0)).toThrow(
    'at: 4 indices for the 3 axes of [2,3,4]; give one an axis at most, and "..." once',
  );
  expect(() => f.at(x, [0, 2, -1])).toThrow("at: the step of a range is -1 but must be 1 or more; use flip()");
});

test("narrow and select", async () => {
  const x = counting([2, 4]);
  expect(await f.narrow(x, 1, -3, 2).toArray()).toEqual([
    [1, 2],
    [5, 6],
  ]);
  expect(await f.select(x, 1, -1).toArray()).toEqual([3, 7]);
  expect(() => f.narrow(x, 1, 2, 3)).toThrow("narrow: 3 elements from 2 on do not lie in axis 1 of [2,4], which has 4");
  expect(() => f.select(x, 0, 2)).toThrow(
    "select: index 2 is outside axis 0 of [2,4], which has 2 elements; use -2 to 1",
  );
});

test("a slice with steps sends its gradient back to where it came from", async () => {
  const x = tensor([1, 2, 3, 4, 5, 6], { requiresGrad: true });
  backward(f.sum(f.square(f.at(x, [1, null, 2]))));
  expect(await x.grad!.toArray()).toEqual([0, 4, 0, 8, 0, 12]);
  for (const error of await gradientErrors((t) => f.square(f.at(t, [0, 3, 2], [1])), [sample([4, 3])]))
    expect(error).toBeLessThan(1e-6);
});

describe("pad", () => {
  test("sides in PyTorch's order, the last axis first; negative ones take away", async () => {
    expect(await f.pad(counting([1, 2]), [1, 0, 0, 1], { value: 9 }).toArray()).toEqual([
      [9, 0, 1],
      [9, 9, 9],
    ]);
    expect(await f.pad(counting([2, 3]), [-1, 1]).toArray()).toEqual([
      [1, 2, 0],
      [4, 5, 0],
    ]);
  });
  test("reflect and replicate, as PyTorch", async () => {
    const x = counting([1, 1, 2, 3]);
    expect(await numbers(f.pad(x, [1, 2, 1, 0], { mode: "reflect" }))).toEqual([
      4, 3, 4, 5, 4, 3, 1, 0, 1, 2, 1, 0, 4, 3, 4, 5, 4, 3,
    ]);
    expect(await numbers(f.pad(x, [1, 2, 0, 1], { mode: "replicate" }))).toEqual([
      0, 0, 1, 2, 2, 2, 3, 3, 4, 5, 5, 5, 3, 3, 4, 5, 5, 5,
    ]);
  });
  test.each(["constant", "reflect", "replicate"] as const)("%s: gradients of both orders", async (mode) => {
    const errors = await gradientErrors((x) => f.square(f.pad(x, [1, 2, 1, 1], { mode })), [sample([2, 3, 3])]);
    for (const error of errors) expect(error).toBeLessThan(1e-6);
  });
  test("says what does not fit", () => {
    const x = counting([2, 3]);
    expect(() => f.pad(x, [1])).toThrow("pad: the sides [1] do not fit the 2 axes of [2,3]");
    expect(() => f.pad(x, [3, 0], { mode: "reflect" })).toThrow(
      "pad: 3 before and 0 after do not fit axis 1 of [2,3] in mode reflect; use 0 to 2",
    );
    expect(() => f.pad(x, [-2, -2])).toThrow("leaves less than nothing of [2,3]; take less");
  });
});
