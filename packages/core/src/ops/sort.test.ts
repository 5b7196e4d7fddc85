// Running sums and order, held against JavaScript's own.
import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { memory, setBackend } from "../device.ts";
import { manualSeed } from "../random.ts";
import * as f from "./functions.ts";

beforeAll(async () => setBackend(await reference()));

test("cumsum along each axis, for sizes around powers of two; of booleans and bytes as int32", async () => {
  for (const n of [1, 2, 3, 7, 8, 9]) {
    const x = f.randint(-9, 9, [2, n]);
    const rows = await x.toArray<number[][]>();
    const want = rows.map((row) => row.map((_, i) => row.slice(0, i + 1).reduce((a, b) => a + b, 0)));
    expect(await f.cumsum(x, 1).toArray()).toEqual(want);
    expect(await f.cumsum(x, -2).toArray()).toEqual([rows[0], rows[1].map((v, i) => v + rows[0][i])]);
  }
  const flags = f.cumsum(tensor([true, false, true]), 0);
  expect([flags.dtype, await flags.toArray()]).toEqual(["int32", [1, 1, 2]]);
  expect(() => f.cumsum(tensor(1), 0)).toThrow("cumsum: a 0-d tensor has no axis 0");
});

describe("order", () => {
  test("ascending and descending, equals in their order, along any axis", async () => {
    manualSeed(2);
    const x = f.randint(0, 5, [3, 11]);
    const rows = await x.toArray<number[][]>();
    for (const descending of [false, true]) {
      const order = rows.map((row) =>
        row.map((_, i) => i).sort((i, j) => (descending ? row[j] - row[i] : row[i] - row[j]) || i - j),
      );
      const { values, indices } = f.sort(x, -1, { descending });
      expect(await indices.toArray()).toEqual(order);
      expect(await values.toArray()).toEqual(order.map((line, k) => line.map((i) => rows[k][i])));
      expect(await f.argsort(x.T, 0, { descending }).T.toArray()).toEqual(order);
    }
  });
  test("a long line, in less memory than all pairs take", async () => {
    const n = 700;
    const x = f.randint(0, 40, [n]);
    const row = await x.toArray<number[]>();
    const before = memory().peakBytes;
    const order = row.map((_, i) => i).sort((i, j) => row[i] - row[j] || i - j);
    expect(await f.argsort(x).toArray()).toEqual(order);
    expect(memory().peakBytes - before).toBeLessThan(4 * n * n);
  });
  test("NaN counts as the largest, infinities have their places", async () => {
    const x = tensor([Number.NaN, 1, Number.NEGATIVE_INFINITY, Number.NaN, Number.POSITIVE_INFINITY]);
    expect(await f.argsort(x).toArray()).toEqual([2, 1, 4, 0, 3]);
    expect(await f.argsort(x, 0, { descending: true }).toArray()).toEqual([0, 3, 4, 1, 2]);
  });
  test("topk: the largest or smallest first; gradients reach what was taken; too many is said", async () => {
    const x = tensor([5, 1, 4, 2], { requiresGrad: true });
    const { values, indices } = f.topk(x, 2);
    expect([await values.toArray(), await indices.toArray()]).toEqual([
      [5, 4],
      [0, 2],
    ]);
    values
      .mul(tensor([10, 20]))
      .sum()
      .backward();
    expect(await x.grad!.toArray()).toEqual([10, 0, 20, 0]);
    expect(await f.topk(x, 1, 0, { largest: false }).values.toArray()).toEqual([1]);
    expect(() => f.topk(x, 5)).toThrow("topk: k is 5 but axis 0 of [4] has 4 elements; ask for 0 to 4");
  });
});
