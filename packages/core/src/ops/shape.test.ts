import { beforeAll, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import * as f from "./functions.ts";
import { counting, gradientErrors, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

test("reshape works one size out, and refuses what does not fill", async () => {
  const x = counting([2, 3, 4]);
  expect(f.reshape(x, [4, -1]).shape).toEqual([4, 6]);
  expect(f.reshape(x, [24]).shape).toEqual([24]);
  expect(f.reshape(counting([0, 3]), [0, 7]).shape).toEqual([0, 7]);
  expect(() => f.reshape(x, [5, -1])).toThrow(
    "reshape: 24 elements (shape [2,3,4]) do not fill [5,-1]; the sizes must multiply to 24, and one of them may be -1",
  );
  expect(() => f.reshape(x, [-1, -1])).toThrow("do not fill [-1,-1]");
});

test("flatten, squeeze, unsqueeze", () => {
  const x = counting([2, 1, 3, 1]);
  expect(f.flatten(x).shape).toEqual([6]);
  expect(f.flatten(x, 1).shape).toEqual([2, 3]);
  expect(f.flatten(x, 0, -2).shape).toEqual([6, 1]);
  expect(f.flatten(f.full([], 3)).shape).toEqual([1]);
  expect(() => f.flatten(x, 2, 1)).toThrow("flatten: startDim 2 comes after endDim 1 (shape [2,1,3,1]); swap them");
  expect(f.squeeze(x).shape).toEqual([2, 3]);
  expect(f.squeeze(x, -1).shape).toEqual([2, 1, 3]);
  expect(f.squeeze(x, 0).shape).toEqual([2, 1, 3, 1]);
  expect(f.unsqueeze(counting([2]), -1).shape).toEqual([2, 1]);
  expect(f.unsqueeze(counting([2]), 0).shape).toEqual([1, 2]);
  expect(() => f.unsqueeze(counting([2]), 2)).toThrow(
    "unsqueeze: axis 2 does not exist in a tensor of 2 axes; use -2 to 1",
  );
});

test("permute and transpose move axes", async () => {
  const x = counting([2, 3]);
  expect(await f.transpose(x).toArray()).toEqual([
    [0, 3],
    [1, 4],
    [2, 5],
  ]);
  expect(f.permute(counting([2, 3, 4]), [2, 0, -2]).shape).toEqual([4, 2, 3]);
  expect(f.transpose(counting([2, 3, 4]), 0, 2).shape).toEqual([4, 3, 2]);
  expect(() => f.permute(x, [0, 0])).toThrow("permute: [0,0] does not name each of the 2 axes of [2,3] once");
  for (const error of await gradientErrors((t) => f.square(f.permute(t, [1, 2, 0])), [sample([2, 3, 2])]))
    expect(error).toBeLessThan(1e-6);
});

test("detach stops gradients and costs nothing", async () => {
  const x = tensor([3], { requiresGrad: true });
  const y = f.mul(f.detach(x), x);
  backward(f.sum(y));
  expect(await x.grad!.toArray()).toEqual([3]);
});
