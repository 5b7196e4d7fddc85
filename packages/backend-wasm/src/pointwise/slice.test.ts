// Slices cover a loop exactly, and cut where whole vectors and whole rows end.
import { reference } from "@lamina/backend-reference";
import type { Spec, TypedArray } from "@lamina/core";
import type { LoopPlan } from "@lamina/core/passes";
import { expect, test } from "vitest";
import { wasm } from "../index.ts";
import { inSlices } from "./slice.ts";

const plan = (sizes: number[], strides: number[]): LoopPlan => ({
  sizes,
  loads: [{ dtype: "float32", strides }],
  values: [{ kind: "load", dtype: "float32", load: 0 }],
  stores: [0],
});

test("a short loop, or one with no place to cut, stays whole", () => {
  expect(inSlices(plan([8191], [1]))).toBe(undefined);
  expect(inSlices(plan([20011], [1]))).toBe(undefined); // prime
  expect(inSlices(plan([3 * 8192 + 3], [1]))).toBe(undefined); // cuts would leave single lanes
});
test("one axis is cut into equal parts of whole vectors", () => {
  const { plan: cut, slices } = inSlices(plan([1204224], [1]))!;
  expect(cut.sizes).toEqual([slices, 1204224 / slices]);
  expect(cut.loads[0].strides).toEqual([1204224 / slices, 1]);
  expect(cut.sizes[1] % 4).toBe(0);
  expect(cut.sizes[1]).toBeGreaterThanOrEqual(8192);
});
test("of several axes the first is cut, broadcast or not", () => {
  const { plan: cut, slices } = inSlices(plan([256, 6, 784], [0, 1, 0]))!;
  expect(cut.sizes).toEqual([slices, 256 / slices, 6, 784]);
  expect(cut.loads[0].strides).toEqual([0, 0, 1, 0]);
});
test("in slices as in one go", async () => {
  const [device, oracle] = [await wasm(), (await reference()) as unknown as Awaited<ReturnType<typeof wasm>>];
  for (const shape of [[40000], [2, 40001], [64, 3, 211], [99999]]) {
    const out: Spec = { shape, dtype: "float32" };
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i - 1000);
    const run = (backend: typeof device) =>
      backend.read(
        backend.kernels.relu!([{ ...out, buffer: backend.upload(data, "float32") }], {}, [], out),
      ) as TypedArray;
    expect(run(device)).toEqual(run(oracle));
  }
});
