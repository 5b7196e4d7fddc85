import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import { Generator } from "../random.ts";
import * as f from "./functions.ts";
import { numbers } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

const seeded = (seed: number) => ({ generator: new Generator(seed) });

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

test("dropout2d drops whole channels, and scales the others", async () => {
  const x = f.ones([8, 16, 2, 3]);
  const y = await f.dropout2d(x, { p: 0.25 }).reshape(128, 6).toArray<number[][]>();
  const kinds = new Set(y.map((channel) => `${channel.map((v) => v.toFixed(4))}`));
  expect([...kinds].sort()).toEqual([Array(6).fill("0.0000").join(), Array(6).fill("1.3333").join()]);
  const dropped = y.filter(([v]) => v === 0).length;
  expect(Math.abs(dropped - 32)).toBeLessThan(16);
  expect(f.dropout2d(x, { training: false })).toBe(x);
  expect(() => f.dropout2d(f.ones([2, 3]))).toThrow("dropout2d: x is [2,3] but must be [N, C, H, W]; use dropout()");
});
