import { beforeAll, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import * as f from "./functions.ts";
import { gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

const near = (values: number[]) => values.map((v) => expect.closeTo(v, 6));

test("softmax gives shares, logSoftmax their logarithms, neither overflows", async () => {
  const x = tensor([
    [1, 2, 3],
    [1000, 1000, 1000],
  ]);
  expect(await numbers(f.softmax(x))).toEqual(near([0.0900306, 0.2447285, 0.6652409, 1 / 3, 1 / 3, 1 / 3]));
  expect(await numbers(f.logSoftmax(x, 0))).toEqual(near([-999, -998, -997, 0, 0, 0]));
  expect(await f.softmax(tensor([[0], [0]]), 0).toArray()).toEqual([[0.5], [0.5]]);
});

test("of a number and of nothing", async () => {
  expect(await f.softmax(f.full([], 7)).item()).toBe(1);
  expect(await f.logSoftmax(f.full([], 7)).item()).toBe(0);
  expect(f.softmax(f.zeros([2, 0])).shape).toEqual([2, 0]);
});

test.each([
  ["softmax", f.softmax],
  ["logSoftmax", f.logSoftmax],
])("%s: gradients of both orders along any axis", async (_, apply) => {
  for (const axis of [-1, 0])
    for (const error of await gradientErrors((x) => apply(x, axis), [sample([3, 4])])) expect(error).toBeLessThan(1e-6);
});

test("an axis that is not there is refused", () => {
  expect(() => f.softmax(tensor([1, 2]), 1)).toThrow(
    "softmax: axis 1 does not exist in a tensor of 1 axes; use -1 to 0",
  );
});
