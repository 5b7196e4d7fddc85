import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import { Generator, manualSeed } from "../random.ts";
import * as f from "./functions.ts";
import { numbers } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

const seeded = (seed: number) => ({ generator: new Generator(seed) });

test("rand draws on the device what the generator draws on the host", async () => {
  const host = new Generator(42);
  host.next();
  const generator = new Generator(42);
  await f.rand([3], { generator }).data(); // another stream
  expect(await numbers(f.rand([2, 5], { generator }))).toEqual(Array.from(host.uniforms(10)));
});

test("manualSeed starts the default generator anew", async () => {
  manualSeed(5);
  const first = await numbers(f.rand([4]));
  expect(await numbers(f.rand([4]))).not.toEqual(first);
  manualSeed(5);
  expect(await numbers(f.rand([4]))).toEqual(first);
});

test("randn, randint, randperm: shapes, types, ranges", async () => {
  const normals = await numbers(f.randn([1000], seeded(1)));
  const mean = normals.reduce((a, b) => a + b) / 1000;
  expect(Math.abs(mean)).toBeLessThan(0.1);
  expect(Math.abs(normals.reduce((a, b) => a + (b - mean) ** 2, 0) / 1000 - 1)).toBeLessThan(0.1);
  const dice = f.randint(1, 7, [20, 10], seeded(2));
  expect([dice.dtype, dice.shape]).toEqual(["int32", [20, 10]]);
  expect(new Set(await numbers(dice))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
  expect((await numbers(f.randperm(8, seeded(3)))).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(() => f.randint(3, 3, [1])).toThrow("randint: low is 3 and high 3, between which there is no whole number");
});

test("bernoulli: ones in the share asked for, element by element", async () => {
  expect(await numbers(f.bernoulli(tensor([0, 1, 0, 1])))).toEqual([0, 1, 0, 1]);
  const share = (await numbers(f.bernoulli(0.3, [4000], seeded(4)))).reduce((a, b) => a + b) / 4000;
  expect(Math.abs(share - 0.3)).toBeLessThan(0.03);
});

describe("dropout", () => {
  test("zeros in the share asked for, the rest scaled, and its gradient likewise", async () => {
    const x = tensor(new Float32Array(4000).fill(3), { requiresGrad: true });
    const y = f.dropout(x, { p: 0.25, ...seeded(6) });
    const values = await numbers(y);
    expect(new Set(values)).toEqual(new Set([0, 4]));
    expect(Math.abs(values.filter((v) => v === 0).length / 4000 - 0.25)).toBeLessThan(0.03);
    backward(f.sum(f.dropout(x, { p: 0.25, ...seeded(6) })));
    const slopes = await numbers(x.grad!);
    for (const [i, v] of values.entries()) expect(slopes[i]).toBeCloseTo(v / 3, 6);
  });
  test("p = 1 drops all, infinities too; out of training it does nothing", async () => {
    expect(await numbers(f.dropout(tensor([1, Number.POSITIVE_INFINITY]), { p: 1 }))).toEqual([0, 0]);
    expect(await numbers(f.dropout(tensor([1, 2]), { training: false }))).toEqual([1, 2]);
    expect(() => f.dropout(tensor([1]), { p: 2 })).toThrow(
      "dropout: p is 2 but is a probability; pass a number from 0 to 1",
    );
  });
});
