import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import * as f from "./functions.ts";
import { counting, gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

const near = (values: number[]) => values.map((v) => expect.closeTo(v, 5));

const float64 = (...values: number[]) => tensor(Float64Array.from(values), { dtype: "float64" });

describe("batchNorm", () => {
  test("in training by the batch's own statistics, as PyTorch", async () => {
    const options = { weight: float64(1, 2), bias: float64(0, 1) };
    const { y, mean, variance } = f.batchNormTrain(counting([2, 2, 1, 2]), options);
    expect(await numbers(y)).toEqual(
      near([-1.212677, -0.727606, -1.425353, -0.455212, 0.727606, 1.212677, 2.455212, 3.425353]),
    );
    expect(await numbers(mean)).toEqual([2.5, 4.5]);
    expect(await numbers(variance)).toEqual([4.25, 4.25]);
  });
  test("in use by the running ones", async () => {
    const y = f.batchNorm(counting([1, 2]), float64(1, 0), float64(4, 0.25), { weight: float64(2, 1), eps: 0 });
    expect(await numbers(y)).toEqual([-1, 2]);
  });
  test("gradients of both orders", async () => {
    const samples = [sample([3, 2, 2]), sample([2]), sample([2])];
    const errors = await gradientErrors((x, weight, bias) => f.batchNormTrain(x, { weight, bias }).y, samples);
    for (const error of errors) expect(error).toBeLessThan(1e-5);
  });
  test("says what does not fit", () => {
    expect(() => f.batchNormTrain(f.zeros([1, 3]))).toThrow(
      "batchNorm: x has one element a channel (x [1,3]), and one has no variance; train with larger batches",
    );
    expect(() => f.batchNorm(f.zeros([2, 3]), f.zeros([2]), f.ones([2]))).toThrow(
      "batchNorm: runningMean is [2] but x has 3 channels (x [2,3]); it must be [3]",
    );
    expect(() => f.batchNormTrain(f.zeros([2]))).toThrow("batchNorm: x is [2] but must be [N,C,…]; reshape() it");
  });
});
