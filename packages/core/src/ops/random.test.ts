import { beforeAll, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
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
