import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import type { Tensor } from "../tensor.ts";
import * as f from "./functions.ts";
import { gradientErrors, sample } from "./testing.ts";

const functions = { ...f } as unknown as Record<string, (x: Tensor) => Tensor>;
beforeAll(async () => setBackend(await reference()));

type Row = [name: string, formula: (x: number) => number, low: number, high: number];
const rows: Row[] = [
  ["sqrt", Math.sqrt, 0.2, 3],
  ["rsqrt", (x) => 1 / Math.sqrt(x), 0.3, 3],
  ["exp", Math.exp, -2, 2],
  ["expm1", Math.expm1, -2, 2],
  ["log", Math.log, 0.3, 4],
  ["log1p", Math.log1p, -0.7, 4],
  ["log2", Math.log2, 0.3, 4],
  ["log10", Math.log10, 0.3, 4],
  ["sin", Math.sin, -3, 3],
  ["cos", Math.cos, -3, 3],
  ["tan", Math.tan, -1.2, 1.2],
  ["asin", Math.asin, -0.8, 0.8],
  ["acos", Math.acos, -0.8, 0.8],
  ["atan", Math.atan, -3, 3],
  ["sinh", Math.sinh, -2, 2],
  ["cosh", Math.cosh, -2, 2],
  ["tanh", Math.tanh, -2, 2],
  ["neg", (x) => -x, -2, 2],
  ["abs", Math.abs, -2, 2],
  ["square", (x) => x * x, -2, 2],
  ["reciprocal", (x) => 1 / x, 0.3, 3],
  ["sigmoid", (x) => 1 / (1 + Math.exp(-x)), -4, 4],
  ["softplus", (x) => Math.log1p(Math.exp(x)), -4, 4],
  ["silu", (x) => x / (1 + Math.exp(-x)), -4, 4],
  ["softsign", (x) => x / (1 + Math.abs(x)), -3, 3],
  ["logSigmoid", (x) => -Math.log1p(Math.exp(-x)), -4, 4],
];

describe.each(rows)("%s", (name, formula, low, high) => {
  const apply = functions[name];
  const x = sample([7], low, high);
  test("is its formula", async () => {
    const y = await apply(tensor(Float64Array.from(x.data), { dtype: "float64" })).data();
    for (const [i, v] of x.data.entries()) expect(y[i]).toBeCloseTo(formula(v), 12);
  });
  test("has the gradient and the second derivative that differences show", async () => {
    const [first, second] = await gradientErrors(apply, [x]);
    expect(first).toBeLessThan(1e-6);
    expect(second).toBeLessThan(1e-6);
  });
});

test.each(["erf", "gelu", "tanh", "elu", "leakyRelu"] as const)("%s: gradients of both orders", async (name) => {
  const apply = functions[name];
  for (const error of await gradientErrors(apply, [sample([6])])) expect(error).toBeLessThan(1e-6);
});

test("integers are computed in float32", async () => {
  const y = f.exp(tensor([0, 1], { dtype: "int32" }));
  expect(y.dtype).toBe("float32");
  expect((await y.data())[1]).toBeCloseTo(Math.E, 5);
});

test("rounding: halves to even, integers as they are, gradient 0", async () => {
  const x = tensor([-2.5, -0.5, 0.5, 1.5, 2.4], { requiresGrad: true });
  expect(await f.round(x).toArray()).toEqual([-2, -0, 0, 2, 2]);
  expect(await f.floor(x).toArray()).toEqual([-3, -1, 0, 1, 2]);
  expect(await f.ceil(x).toArray()).toEqual([-2, -0, 1, 2, 3]);
  expect(await f.trunc(x).toArray()).toEqual([-2, -0, 0, 1, 2]);
  backward(f.sum(f.round(x)));
  expect(await x.grad!.toArray()).toEqual([0, 0, 0, 0, 0]);
  expect(f.ceil(tensor([3], { dtype: "int32" })).dtype).toBe("int32");
});

describe("pow", () => {
  test("both inputs have gradients of both orders", async () => {
    const errors = await gradientErrors((x, y) => f.pow(x, y), [sample([2, 3], 0.4, 2), sample([3])]);
    for (const error of errors) expect(error).toBeLessThan(1e-6);
  });
  test("as PyTorch at 0: 0^0 is 1, slopes are finite where PyTorch's are", async () => {
    // torch.pow(x, y).sum().backward() with x = [0, 0, 0, 2], y = [0, 2, 1, 0]
    const x = tensor([0, 0, 0, 2], { requiresGrad: true });
    const y = tensor([0, 2, 1, 0], { requiresGrad: true });
    const z = f.pow(x, y);
    expect(await z.toArray()).toEqual([1, 0, 0, 1]);
    backward(f.sum(z));
    expect(await x.grad!.toArray()).toEqual([0, 0, 1, 0]);
    const slopes = await y.grad!.data();
    expect([...slopes.slice(0, 3)]).toEqual([0, 0, 0]);
    expect(slopes[3]).toBeCloseTo(Math.LN2, 6);
  });
  test("integers stay integers, squares are exact", async () => {
    const x = tensor([2, 3, -2], { dtype: "int32" });
    const y = f.pow(x, tensor([10, 4, 3], { dtype: "int32" }));
    expect(y.dtype).toBe("int32");
    expect(await y.toArray()).toEqual([1024, 81, -8]);
    expect(await f.pow(tensor([-3, 0.5]), 2).toArray()).toEqual([9, 0.25]);
    expect(await f.pow(2, tensor([3, -1])).toArray()).toEqual([8, 0.5]);
  });
});

test("atan2 knows the quadrant, and has gradients of both orders", async () => {
  const angles = await f.atan2(tensor([1, 1, -1, -1]), tensor([1, -1, -1, 1])).data();
  const eighth = Math.PI / 4;
  for (const [i, k] of [1, 3, -3, -1].entries()) expect(angles[i]).toBeCloseTo(k * eighth, 6);
  const errors = await gradientErrors((y, x) => f.atan2(y, x), [sample([5]), sample([5], 0.5, 2)]);
  for (const error of errors) expect(error).toBeLessThan(1e-6);
});
