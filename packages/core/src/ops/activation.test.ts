import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import type { Tensor } from "../tensor.ts";
import * as f from "./functions.ts";
import { gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

const near = (values: number[]) => values.map((v) => expect.closeTo(v, 5));
const points = [-3, -1, 0, 1, 6, 8];
/** Values and slopes at the points. */
async function at(apply: (x: Tensor) => Tensor, values = points): Promise<[number[], number[]]> {
  const x = tensor(values, { requiresGrad: true });
  const y = apply(x);
  backward(f.sum(y));
  return [await numbers(y), await numbers(x.grad!)];
}

describe("kinks, as PyTorch", () => {
  test("relu: slope 0 at 0, NaN stays", async () => {
    expect(await at(f.relu)).toEqual([
      [0, 0, 0, 1, 6, 8],
      [0, 0, 0, 1, 1, 1],
    ]);
    expect(await numbers(f.relu(tensor([Number.NaN])))).toEqual([Number.NaN]);
  });
  test("relu6 and hardtanh: slope 0 on both bounds", async () => {
    expect(await at(f.relu6)).toEqual([
      [0, 0, 0, 1, 6, 6],
      [0, 0, 0, 1, 0, 0],
    ]);
    expect(await at((x) => f.hardtanh(x))).toEqual([
      [-1, -1, 0, 1, 1, 1],
      [0, 0, 1, 0, 0, 0],
    ]);
  });
  test("leakyRelu and elu: at 0 the slope from below", async () => {
    expect(await at((x) => f.leakyRelu(x, { negativeSlope: 0.5 }))).toEqual([
      [-1.5, -0.5, 0, 1, 6, 8],
      [0.5, 0.5, 0.5, 1, 1, 1],
    ]);
    const [values, slopes] = await at((x) => f.elu(x, { alpha: 0.7 }));
    expect(values).toEqual(near([0.7 * Math.expm1(-3), 0.7 * Math.expm1(-1), 0, 1, 6, 8]));
    expect(slopes).toEqual(near([0.7 * Math.exp(-3), 0.7 * Math.exp(-1), 0.7, 1, 1, 1]));
  });
});

test("large inputs overflow nowhere", async () => {
  const large = [-1000, 1000];
  expect(await at((x) => f.elu(x), large)).toEqual([
    [-1, 1000],
    [0, 1],
  ]);
  expect(await at((x) => f.softplus(x), large)).toEqual([
    [0, 1000],
    [0, 1],
  ]);
  expect(await at(f.logSigmoid, large)).toEqual([
    [-1000, -0],
    [1, 0],
  ]);
  expect(await at(f.sigmoid, large)).toEqual([
    [0, 1],
    [0, 0],
  ]);
});

test("gelu, exact and by tanh, and softplus with beta, as PyTorch", async () => {
  const x = tensor([-1, 0.5, 2]);
  expect(await numbers(f.gelu(x))).toEqual(near([-0.158655, 0.345731, 1.9545]));
  expect(await numbers(f.gelu(x, { approximate: "tanh" }))).toEqual(near([-0.158808, 0.345714, 1.954598]));
  expect(await numbers(f.softplus(x, { beta: 2 }))).toEqual(near([0.063464, 0.656631, 2.009075]));
});

test("gelu by tanh and softplus with beta: gradients of both orders", async () => {
  for (const apply of [
    (x: Tensor) => f.gelu(x, { approximate: "tanh" }),
    (x: Tensor) => f.softplus(x, { beta: 2 }),
    (x: Tensor) => f.hardtanh(x, { min: -0.6, max: 0.6 }),
  ])
    for (const error of await gradientErrors(apply, [sample([6])])) expect(error).toBeLessThan(1e-6);
});
