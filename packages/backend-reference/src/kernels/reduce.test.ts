// Reductions: by hand, over empty axes, with NaN, and with sums that float32 or int32 could not hold.
import { describe, expect, it } from "vitest";
import { reference } from "../reference.ts";
import { array, range, run, type Values } from "../testing.ts";

const reduce = (op: string, x: Values, axes: number[]) =>
  run(op, [x], { shape: x.shape.filter((_, a) => !axes.includes(a)), dtype: x.dtype }, { axes }).data;
const arg = (op: string, x: Values, axis: number) =>
  run(op, [x], { shape: x.shape.filter((_, a) => a !== axis), dtype: "int32" }, { axis }).data;
const { NaN: nan } = Number;

describe("sum and prod", () => {
  it("reduce any set of axes", () => {
    const x = range([2, 3, 2]); // 0..11
    expect(reduce("sum", x, [1])).toEqual([6, 9, 24, 27]);
    expect(reduce("sum", x, [0, 2])).toEqual([14, 22, 30]);
    expect(reduce("sum", x, [0, 1, 2])).toEqual([66]);
    expect(reduce("sum", x, [])).toEqual(x.data);
    expect(
      reduce(
        "prod",
        array([
          [1, 2],
          [3, 4],
        ]),
        [1],
      ),
    ).toEqual([2, 12]);
  });
  it("are 0 and 1 over nothing, and empty if a kept axis is", () => {
    expect(reduce("sum", range([2, 0]), [1])).toEqual([0, 0]);
    expect(reduce("prod", range([0]), [0])).toEqual([1]);
    expect(reduce("sum", range([2, 0]), [0])).toEqual([]);
  });
  it("add in float64 and round once", () => {
    expect(reduce("sum", array([1e8, 1, -1e8]), [0])).toEqual([1]);
  });
  it("wrap int32 at each step", () => {
    const large = 2 ** 31 - 1;
    expect(reduce("sum", array([large, 1], "int32"), [0])).toEqual([-(2 ** 31)]);
    expect(reduce("prod", array([large, large, large], "int32"), [0])).toEqual([large]); // (2^31-1)^2 = 1 mod 2^32
  });
  it("wrap int32 exactly where a float64 total would run out of bits", async () => {
    const backend = await reference();
    const n = 2 ** 22 + 3; // n * (2^31 - 1) > 2^53, and is -n mod 2^31
    const x = backend.upload(new Int32Array(n).fill(2 ** 31 - 1), "int32");
    const total = backend.kernels.sum!([{ buffer: x, shape: [n], dtype: "int32" }], { axes: [0] }, [], {
      shape: [],
      dtype: "int32",
    });
    expect(backend.read(total)).toEqual(Int32Array.of(Number(BigInt.asIntN(32, BigInt(n) * (2n ** 31n - 1n)))));
  });
});
describe("max and min", () => {
  it("find extremes, NaN first of all", () => {
    expect(
      reduce(
        "max",
        array([
          [1, 5, 2],
          [nan, 9, 1],
        ]),
        [1],
      ),
    ).toEqual([5, nan]);
    expect(
      reduce(
        "min",
        array([
          [1, 5, -2],
          [3, nan, 1],
        ]),
        [1],
      ),
    ).toEqual([-2, nan]);
    expect(reduce("max", array([-Infinity, -Infinity]), [0])).toEqual([-Infinity]);
  });
  it("know int32's ends and bool's or", () => {
    expect(reduce("max", array([-(2 ** 31)], "int32"), [0])).toEqual([-(2 ** 31)]);
    expect(
      reduce(
        "max",
        array(
          [
            [0, 1],
            [0, 0],
          ],
          "bool",
        ),
        [1],
      ),
    ).toEqual([1, 0]);
    expect(
      reduce(
        "min",
        array(
          [
            [1, 1],
            [0, 1],
          ],
          "bool",
        ),
        [1],
      ),
    ).toEqual([1, 0]);
  });
});
describe("argmax and argmin", () => {
  it("give the first of equals", () => {
    expect(
      arg(
        "argmax",
        array([
          [1, 3, 3],
          [2, 2, 2],
        ]),
        1,
      ),
    ).toEqual([1, 0]);
    expect(
      arg(
        "argmin",
        array([
          [3, 1, 1],
          [2, 2, 2],
        ]),
        1,
      ),
    ).toEqual([1, 0]);
    expect(
      arg(
        "argmax",
        array([
          [1, 5],
          [4, 2],
        ]),
        0,
      ),
    ).toEqual([1, 0]);
  });
  it("give the first NaN", () => {
    expect(arg("argmax", array([1, nan, 9, nan]), 0)).toEqual([1]);
    expect(arg("argmin", array([nan, 1, -9]), 0)).toEqual([0]);
  });
  it("take -0 and 0, and infinities, as equals", () => {
    expect(arg("argmax", array([-0, 0]), 0)).toEqual([0]);
    expect(arg("argmin", array([Infinity, Infinity]), 0)).toEqual([0]);
  });
});
