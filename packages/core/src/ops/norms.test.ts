import { beforeAll, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import type { Tensor } from "../tensor.ts";
import * as f from "./functions.ts";
import { counting, gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

const near = (values: number[]) => values.map((v) => expect.closeTo(v, 5));

test("layerNorm and groupNorm, as PyTorch", async () => {
  expect(await numbers(f.layerNorm(tensor([[1, 2, 4]]), 3))).toEqual(near([-1.069041, -0.26726, 1.336302]));
  const y = f.groupNorm(tensor([1, 2, 4, 8], { shape: [1, 4, 1] }), 2);
  expect(await numbers(y)).toEqual(near([-0.99998, 0.99998, -0.999999, 0.999999]));
});

test("localResponseNorm, as PyTorch", async () => {
  const y = f.localResponseNorm(f.add(counting([1, 4, 1, 1]), 1), 3, { alpha: 0.5, beta: 0.75, k: 1 });
  expect(await numbers(y)).toEqual(near([0.634701, 0.81072, 0.799252, 1.167218]));
});

test.each<[string, (x: Tensor, w: Tensor, b: Tensor) => Tensor, number[]]>([
  ["layerNorm", (x, weight, bias) => f.layerNorm(x, [4, 2], { weight, bias }), [4, 2]],
  ["groupNorm", (x, weight, bias) => f.groupNorm(x, 2, { weight, bias }), [4]],
  ["localResponseNorm", (x, w, b) => f.add(f.mul(f.localResponseNorm(x, 2, { alpha: 0.5 }), f.sum(w)), f.sum(b)), [2]],
])("%s: gradients of both orders", async (_, apply, shape) => {
  const errors = await gradientErrors(apply, [sample([2, 4, 2]), sample(shape), sample(shape)]);
  for (const error of errors) expect(error).toBeLessThan(1e-5);
});

test("what does not fit is said", () => {
  expect(() => f.layerNorm(f.zeros([2, 3]), 4)).toThrow(
    "layerNorm: x is [2,3] but must end in the normalized shape [4]; reshape() it",
  );
  expect(() => f.layerNorm(f.zeros([2, 3]), 3, { bias: f.zeros([2]) })).toThrow(
    "layerNorm: bias is [2] but must be [3], one number for each that is normalised",
  );
  expect(() => f.groupNorm(f.zeros([2, 3]), 2)).toThrow(
    "groupNorm: 3 channels do not divide into 2 groups (x [2,3]); use a divisor of them",
  );
  expect(() => f.localResponseNorm(f.zeros([2, 3]), 2)).toThrow(
    "localResponseNorm: x is [2,3] and size 2; x must be [N,C,…] with 3 axes or more, size 1 or more",
  );
});
