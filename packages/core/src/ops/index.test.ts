import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import type { Backend } from "../backend.ts";
import { setBackend } from "../device.ts";
import { grad } from "../grad.ts";
import type { Tensor } from "../tensor.ts";
import * as f from "./functions.ts";
import { ops } from "./index.ts";
import { numbers, parameter, sample } from "./testing.ts";

const ran = new Set<string>();
let native: Backend;
/** With kernels for nothing but what is required. */
let minimal: Backend;

beforeAll(async () => {
  native = await reference({ beforeKernel: (op) => ran.add(op) });
  const required = Object.entries(native.kernels).filter(([name]) => !ops[name as keyof typeof ops]?.decompose);
  minimal = { ...native, kernels: Object.fromEntries(required) };
});

test("the table is in alphabetical order, and each record bears its name in it", () => {
  const names = Object.keys(ops);
  expect(names).toEqual([...names].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
  for (const [name, op] of Object.entries(ops)) expect(op.name).toBe(name);
});

test("the reference backend has a kernel for every op that reaches a device, and for nothing else", () => {
  const expected = Object.values(ops).filter((op) => !op.alias);
  expect(Object.keys(native.kernels).sort()).toEqual(expected.map((op) => op.name).sort());
});

test("a backend without a required kernel is refused by name", () => {
  const { matmul: _, tanh: __, ...rest } = native.kernels;
  expect(() => setBackend({ ...native, name: "half", kernels: rest })).toThrow(
    "setBackend: the half backend lacks 2 required kernels: matmul, tanh; add a row for each",
  );
});

describe("decompositions give what the kernels give", () => {
  const [x, w] = [sample([2, 4, 5, 6]), sample([6, 2, 3, 2])];
  const conv: f.Conv2dOptions = { stride: [2, 1], padding: [1, 0, 2, 1], dilation: [1, 2], groups: 2 };
  /** The first input's function, and its gradients of both orders: these use the gradient ops. */
  type Case = [name: string, inputs: ReturnType<typeof sample>[], apply: (...xs: Tensor[]) => Tensor];
  const cases: Case[] = [
    ["reciprocal", [sample([5], 0.5, 2)], f.reciprocal],
    ["square", [sample([5])], f.square],
    ["rsqrt", [sample([5], 0.5, 2)], f.rsqrt],
    ["sigmoid", [sample([5])], f.sigmoid],
    ["relu", [sample([5])], f.relu],
    ["softplus", [sample([5])], (a) => f.softplus(a)],
    ["gelu", [sample([5])], (a) => f.gelu(a)],
    ["silu", [sample([5])], f.silu],
    ["tanhGrad", [sample([5])], f.tanh],
    ["conv2d", [x, w], (a, b) => f.conv2d(a, b, undefined, conv)],
    ["maxPool2d", [x], (a) => f.maxPool2d(a, { kernelSize: 3, stride: 2, padding: 1 })],
    ["avgPool2d", [x], (a) => f.avgPool2d(a, { kernelSize: [3, 2], stride: 2, padding: 1, ceilMode: true })],
    [
      "avgPool2d, real elements",
      [x],
      (a) => f.avgPool2d(a, { kernelSize: 3, stride: 2, padding: 1, countIncludePad: false }),
    ],
    ["avgPool2d, divisor", [x], (a) => f.avgPool2d(a, { kernelSize: 2, divisorOverride: 3 })],
    ["softmax", [sample([3, 4])], (a) => f.softmax(a, 0)],
    ["logSoftmax", [sample([3, 4])], (a) => f.logSoftmax(a)],
  ];

  async function valueAndGradients(backend: Backend, [, inputs, apply]: Case): Promise<number[]> {
    setBackend(backend);
    const xs = inputs.map(parameter);
    const y = apply(...xs);
    const first = grad(f.sum(f.mul(y, f.sin(y))), xs, { createGraph: true });
    const second = grad(first.map((g) => f.sum(f.mul(g, g))).reduce(f.add), xs);
    return (await Promise.all([y, ...first, ...second].map(numbers))).flat();
  }
  test.each(cases)("%s", async (...one) => {
    const expected = await valueAndGradients(native, one);
    const found = await valueAndGradients(minimal, one);
    expect(found.length).toBe(expected.length);
    for (const [i, v] of expected.entries())
      expect(Math.abs(found[i] - v)).toBeLessThan(1e-10 * Math.max(1, Math.abs(v)));
  });

  test("every decomposition was among them, and none of their kernels runs on the smaller backend", async () => {
    const optional = Object.values(ops)
      .filter((op) => op.decompose)
      .map((op) => op.name);
    expect(optional.filter((name) => !ran.has(name))).toEqual([]);
    ran.clear();
    for (const one of cases) await valueAndGradients(minimal, one);
    expect(optional.filter((name) => ran.has(name))).toEqual([]);
  });
});
