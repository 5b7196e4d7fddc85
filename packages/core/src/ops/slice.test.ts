import { beforeAll, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import * as f from "./functions.ts";
import { counting, gradientErrors, sample } from "./testing.ts";

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

test("slice is Python's, along one axis", async () => {
  const x = counting([2, 5]);
  expect(await f.slice(x, 1, 1, -1, 2).toArray()).toEqual([
    [1, 3],
    [6, 8],
  ]);
  expect(await f.slice(x, 0, -1).toArray()).toEqual([[5, 6, 7, 8, 9]]);
  expect(f.slice(x, -1, null, 100).shape).toEqual([2, 5]);
  expect(f.slice(x, 1, 4, 2).shape).toEqual([2, 0]);
  expect(() => f.slice(x, 2)).toThrow("slice: axis 2 does not exist in a tensor of 2 axes; use -2 to 1");
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
