// Cross-correlation and convolution against the book, NumPy and SciPy.
import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import * as f from "./functions.ts";

beforeAll(async () => setBackend(await reference()));

const grid = (rows: number, columns: number) =>
  f.reshape(f.arange(rows * columns, { dtype: "float32" }), [rows, columns]);

test("corr2d is the book's", async () => {
  const y = await f.corr2d(grid(3, 3), grid(2, 2)).toArray();
  expect(y).toEqual([
    [19, 25],
    [37, 43],
  ]);
});

describe("convolution", () => {
  const a = () => grid(3, 4);
  const k = () =>
    tensor([
      [1, 2],
      [3, 4],
      [0, -1],
    ]);
  test("convolve2d is SciPy's in every mode", async () => {
    expect(await f.convolve2d(a(), k()).toArray()).toEqual([
      [0, 1, 4, 7, 6],
      [4, 16, 26, 36, 26],
      [20, 56, 65, 74, 47],
      [24, 55, 61, 67, 37],
      [0, -8, -9, -10, -11],
    ]);
    expect(await f.convolve2d(a(), k(), { mode: "same" }).toArray()).toEqual([
      [4, 16, 26, 36],
      [20, 56, 65, 74],
      [24, 55, 61, 67],
    ]);
    expect(await f.convolve2d(a(), k(), { mode: "valid" }).toArray()).toEqual([[56, 65, 74]]);
    expect(await f.convolve2d(k(), a(), { mode: "valid" }).toArray()).toEqual([[56, 65, 74]]);
  });
  test("convolve is NumPy's in every mode", async () => {
    const [x, g] = [tensor([1, 2, 3, 4]), tensor([1, -1, 2])];
    expect(await f.convolve(x, g).toArray()).toEqual([1, 1, 3, 5, 2, 8]);
    expect(await f.convolve(x, g, { mode: "same" }).toArray()).toEqual([1, 3, 5, 2]);
    expect(await f.convolve(x, g, { mode: "valid" }).toArray()).toEqual([3, 5]);
    expect(await f.convolve(g, x, { mode: "valid" }).toArray()).toEqual([3, 5]);
    expect(await f.convolve(x, tensor([1, -1]), { mode: "same" }).toArray()).toEqual([1, 1, 1, 1]);
  });
  test("it is commutative", async () => {
    expect(await f.convolve2d(k(), a()).toArray()).toEqual(await f.convolve2d(a(), k()).toArray());
  });
});

test("messages", () => {
  expect(() => f.corr2d(f.ones([1, 3, 3]), f.ones([2, 2]))).toThrow(
    "corr2d: the inputs are float32 [1,3,3] and float32 [2,2], but both must have two axes that are not empty; for batches and channels use conv2d",
  );
  expect(() => f.convolve(f.ones([3]), f.ones([0]))).toThrow(
    "convolve: the inputs are float32 [3] and float32 [0], but both must have one axis that is not empty; for batches and channels use conv2d",
  );
  expect(() => f.convolve2d(f.ones([3, 1]), f.ones([1, 3]), { mode: "valid" })).toThrow(
    'convolve2d: in mode "valid" one input must cover the other, but they are [3,1] and [1,3]; use "full" or "same"',
  );
});
