import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { setBackend } from "../device.ts";
import * as f from "./functions.ts";
import { counting, gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

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
