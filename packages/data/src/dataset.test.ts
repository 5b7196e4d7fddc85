import { type Tensor, tensor } from "@lamina/core";
import { describe, expect, test } from "vitest";
import { type Dataset, randomSplit, Subset, TensorDataset } from "./dataset.ts";

const ten: Dataset<number> = { length: 10, get: (i) => i * 10 };
const values = async (t: Tensor) => [...(await t.data())];

describe("TensorDataset", () => {
  const x = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const y = tensor(Int32Array.of(7, 8, 9));
  test("item i is row i of each tensor", async () => {
    const data = new TensorDataset(x, y);
    const [x1, y1] = await data.get(1);
    expect([data.length, x1.shape, y1.shape, y1.dtype]).toEqual([3, [2], [], "int32"]);
    expect([await values(x1), await values(y1)]).toEqual([[3, 4], [8]]);
  });
  test("a batch keeps order and repeats", async () => {
    const [bx, by] = await new TensorDataset(x, y).batch(Int32Array.of(2, 0, 2));
    expect([bx.shape, by.shape]).toEqual([[3, 2], [3]]);
    expect([await values(bx), await values(by)]).toEqual([
      [5, 6, 1, 2, 5, 6],
      [9, 7, 9],
    ]);
  });
  test("tensors of different first sizes, and items that are not there, are refused", async () => {
    expect(() => new TensorDataset(x, tensor([1, 2]))).toThrow(
      "TensorDataset: the tensors have shapes [3,2], [2], but the first size of all must be the same; pass one row per item in each",
    );
    expect(() => new TensorDataset(tensor(1), tensor(2))).toThrow("TensorDataset: the tensors have shapes [], [], but");
    await expect(new TensorDataset(x, y).get(3)).rejects.toThrow(
      "TensorDataset: there is no item 3, the dataset has 3",
    );
  });
});

describe("Subset", () => {
  test("maps indices, and a subset of a subset maps twice", () => {
    const odd = new Subset(ten, [1, 3, 5]);
    expect([odd.length, odd.get(2), new Subset(odd, [2, 0]).get(1)]).toEqual([3, 50, 10]);
  });
  test("hands whole batches on to a dataset that makes them", async () => {
    const data = new Subset(new TensorDataset(tensor([1, 2, 3]), tensor([4, 5, 6])), [2, 1]);
    const [x] = await data.batch!(Int32Array.of(1, 0));
    expect(await values(x)).toEqual([2, 3]);
    expect(new Subset(ten, [1]).batch).toBeUndefined();
  });
  test("refuses indices that are not there", () => {
    expect(() => new Subset(ten, [1, 10])).toThrow(
      "Subset: there is no item 10, the dataset has 10; pass a whole number from 0 to 9",
    );
    expect(() => new Subset(ten, [1]).get(1)).toThrow("Subset: there is no item 1, the dataset has 1");
  });
});

describe("randomSplit", () => {
  const split = (lengths: number[], seed = 1) => randomSplit(ten, lengths, { seed }).map(({ indices }) => [...indices]);
  test("parts have their lengths, share nothing and leave nothing", () => {
    const parts = split([7, 2, 1]);
    expect(parts.map((p) => p.length)).toEqual([7, 2, 1]);
    expect(parts.flat().toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
  test("the seed decides", () => {
    expect(split([5, 5])).toEqual(split([5, 5]));
    expect(split([5, 5])).not.toEqual(split([5, 5], 2));
  });
  test("fractions: the floor of each, and the rest to the first parts, as PyTorch does", () => {
    expect(split([0.33, 0.33, 0.34]).map((p) => p.length)).toEqual([4, 3, 3]);
    expect(split([0.8, 0.2]).map((p) => p.length)).toEqual([8, 2]);
  });
  test.each([[[5, 4]], [[11, -1]], [[0.5, 0.4]], [[]]])("%j does not add up", (lengths) => {
    expect(() => split(lengths)).toThrow(
      `randomSplit: the lengths [${lengths}] add up to ${lengths.reduce((a, b) => a + b, 0)} but the dataset has 10 items; pass lengths that add up to 10, or fractions that add up to 1`,
    );
  });
});
