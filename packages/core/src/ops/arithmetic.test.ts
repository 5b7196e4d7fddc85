import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import type { Parameter } from "../cell.ts";
import { tensor } from "../create.ts";
import { setBackend, stats } from "../device.ts";
import { backward } from "../grad.ts";
import type { Tensor } from "../tensor.ts";
import * as f from "./functions.ts";
import { gradientErrors, sample } from "./testing.ts";

const functions = { ...f } as unknown as Record<string, (x: Tensor, y: Tensor) => Tensor>;
beforeAll(async () => setBackend(await reference()));

const ints = (...values: number[]) => tensor(values, { dtype: "int32" });
/** The gradients of Σ y for each parameter, as arrays. */
async function slopes(y: Tensor, ...xs: Parameter[]): Promise<unknown[]> {
  backward(f.sum(y));
  return Promise.all(xs.map((x) => x.grad!.toArray()));
}
const parameter = (...values: number[]) => tensor(values, { requiresGrad: true });

describe.each(["add", "sub", "mul", "div", "maximum", "minimum", "remainder"] as const)("%s", (name) => {
  test("broadcasts, and both inputs have the gradients that differences show", async () => {
    const [first, second] = await gradientErrors(
      (x, y) => functions[name](x, y),
      [sample([3, 1, 2]), sample([2, 1], 0.5, 3)],
    );
    expect(first).toBeLessThan(1e-6);
    expect(second).toBeLessThan(1e-6);
  });
  test("says which sizes do not fit", () => {
    expect(() => functions[name](tensor([1, 2]), tensor([1, 2, 3]))).toThrow(
      `${name}: shapes [2] and [3] do not broadcast (2 and 3); sizes must be equal or 1, counted from the last axis`,
    );
  });
});

test("shapes align at the last axis", async () => {
  const y = f.add(tensor([[1], [2]]), tensor([10, 20, 30]));
  expect(await y.toArray()).toEqual([
    [11, 21, 31],
    [12, 22, 32],
  ]);
});

describe("types", () => {
  test("a number takes the other's type; a fraction makes integers float32; a whole number makes booleans int32", () => {
    expect(f.add(ints(1), 1).dtype).toBe("int32");
    expect(f.add(ints(1), 0.5).dtype).toBe("float32");
    expect(f.add(tensor([true]), 1).dtype).toBe("int32");
    expect(f.mul(tensor(Float64Array.of(1), { dtype: "float64" }), 0.5).dtype).toBe("float64");
    expect(f.sub(1, tensor([0.25])).dtype).toBe("float32");
  });
  test("the wider of two types wins", () => {
    expect(f.add(ints(1), tensor([0.5])).dtype).toBe("float32");
    expect(f.add(tensor([1], { dtype: "uint8" }), ints(1)).dtype).toBe("int32");
  });
  test("division of integers gives fractions", async () => {
    expect(await f.div(ints(1, 3), 2).toArray()).toEqual([0.5, 1.5]);
  });
  test("of booleans, add is or, mul is and, and sub is refused", async () => {
    const [x, y] = [tensor([true, true, false]), tensor([true, false, false])];
    expect(await f.add(x, y).toArray()).toEqual([true, true, false]);
    expect(await f.mul(x, y).toArray()).toEqual([true, false, false]);
    expect(() => f.sub(x, y)).toThrow("sub: x and y are bool, which have no sub; use logicalXor(), or cast one");
  });
});

test("a number is a run-time scalar: another one finds the same program", async () => {
  const x = tensor([1, 2, 3]);
  await f.mul(x, 2).data();
  const { programs } = stats();
  expect(await f.mul(x, 5).toArray()).toEqual([5, 10, 15]);
  expect(stats().programs).toBe(programs);
});

describe("kinks, as PyTorch", () => {
  test("abs has slope 0 at 0", async () => {
    const x = parameter(-2, 0, 3);
    expect(await slopes(f.abs(x), x)).toEqual([[-1, 0, 1]]);
  });
  test("equal ones share the gradient of maximum and minimum", async () => {
    const [x, y] = [parameter(1, 2, 3), parameter(1, 5, 0)];
    expect(await slopes(f.maximum(x, y), x, y)).toEqual([
      [0.5, 0, 1],
      [0.5, 1, 0],
    ]);
    const [u, v] = [parameter(1, 2, 3), parameter(1, 5, 0)];
    expect(await slopes(f.minimum(u, v), u, v)).toEqual([
      [0.5, 1, 0],
      [0.5, 0, 1],
    ]);
  });
  test("clamp with numbers passes the gradient strictly between them", async () => {
    const x = parameter(-3, -1, 0, 2, 5); // torch 2.15: clamp(-1, 2)
    const y = f.clamp(x, { min: -1, max: 2 });
    expect(await y.toArray()).toEqual([-1, -1, 0, 2, 2]);
    expect(await slopes(y, x)).toEqual([[0, 0, 1, 0, 0]]);
  });
  test("clamp with tensors shares it on the bound", async () => {
    const [x, low, high] = [parameter(-1, 2, 0, 5), parameter(-1, -1, -1, -1), parameter(2, 2, 2, 2)];
    expect(await slopes(f.clamp(x, { min: low, max: high }), x, low, high)).toEqual([
      [0.5, 0.5, 1, 0],
      [0.5, 0, 0, 0],
      [0, 0.5, 0, 1],
    ]);
  });
});

test("clamp: if the bounds cross, all is max; NaN stays; no bound at all is refused", async () => {
  expect(await f.clamp(tensor([0, 5]), { min: 2, max: -1 }).toArray()).toEqual([-1, -1]);
  expect(await f.clamp(tensor([Number.NaN]), { min: 0, max: 1 }).toArray()).toEqual([Number.NaN]);
  expect(() => f.clamp(tensor([1]), {})).toThrow("clamp: neither min nor max is given");
});

test("remainder has the sign of the divisor, as Python's", async () => {
  expect(await f.remainder(ints(5, -5, 5, -5), ints(3, 3, -3, -3)).toArray()).toEqual([2, 1, -1, -2]);
  expect(await f.remainder(tensor([-0.5]), 2).toArray()).toEqual([1.5]);
});

test("NaN wins in maximum and minimum", async () => {
  const nan = tensor([Number.NaN, 1]);
  expect(await f.maximum(nan, 0).toArray()).toEqual([Number.NaN, 1]);
  expect(await f.minimum(nan, 0).toArray()).toEqual([Number.NaN, 0]);
});

test("small integers wrap, and have signs and sizes", async () => {
  const x = tensor([0, 7], { dtype: "uint8" });
  expect(await f.neg(x).toArray()).toEqual([0, 249]);
  expect(await f.sign(x).toArray()).toEqual([0, 1]);
  expect(f.abs(x).dtype).toBe("uint8");
});

test("finite, infinite, logic", async () => {
  const x = tensor([1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  expect(await f.isFinite(x).toArray()).toEqual([true, false, false, false]);
  expect(await f.isInf(x).toArray()).toEqual([false, false, true, true]);
  expect(await f.isNaN(x).toArray()).toEqual([false, true, false, false]);
  const [p, q] = [tensor([0, 2, 0, 3]), tensor([0, 0, 5, 1])];
  expect(await f.logicalAnd(p, q).toArray()).toEqual([false, false, false, true]);
  expect(await f.logicalOr(p, q).toArray()).toEqual([false, true, true, true]);
  expect(await f.logicalXor(p, q).toArray()).toEqual([false, true, true, false]);
  expect(await f.logicalNot(p).toArray()).toEqual([true, false, true, false]);
});
