// Every movement op against the reference backend, which moves one element at a time: random shapes and attributes.
import { reference } from "@lamina/backend-reference";
import { type DType, type Spec, sizeOf, type TypedArray } from "@lamina/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { wasm } from "../index.ts";

const device = await wasm();
const oracle = (await reference()) as unknown as typeof device;

const dtypes = ["float32", "int32", "uint8", "bool"] as const;
const shape = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
const spec = fc.record({ shape, dtype: fc.constantFrom<DType>(...dtypes) });

/** Every element another, as far as bytes go. */
function valuesOf({ shape, dtype }: Spec): TypedArray {
  const list = Array.from({ length: sizeOf(shape) }, (_, i) => i + 1);
  if (dtype === "float32") return Float32Array.from(list);
  if (dtype === "int32") return Int32Array.from(list);
  return Uint8Array.from(list, (v) => (dtype === "bool" ? (v % 3) & 1 : v));
}
function run(
  backend: typeof device,
  op: string,
  inputs: readonly Spec[],
  out: Spec,
  attrs: object,
  scalars: number[],
): TypedArray {
  const views = inputs.map((x) => ({ ...x, buffer: backend.upload(valuesOf(x), x.dtype) }));
  const buffer = backend.kernels[op as keyof typeof backend.kernels]!(views, attrs, scalars, out);
  const result = backend.read(buffer) as TypedArray;
  for (const b of [...views.map((v) => v.buffer), buffer]) backend.free(b);
  return result;
}
function agree(op: string, inputs: readonly Spec[], out: Spec, attrs: object, scalars: number[] = []): void {
  const before = device.memory().bytes;
  expect(run(device, op, inputs, out, attrs, scalars)).toEqual(run(oracle, op, inputs, out, attrs, scalars));
  expect(device.memory().bytes).toBe(before);
}
const each = (n: number, least: number, most: number) =>
  fc.array(fc.integer({ min: least, max: most }), { minLength: n, maxLength: n });
const options = { seed: 1, numRuns: 60 };

test("permute", () => {
  const cases = spec.chain((x) =>
    fc.tuple(fc.constant(x), fc.shuffledSubarray([...x.shape.keys()], { minLength: x.shape.length })),
  );
  fc.assert(
    fc.property(cases, ([x, axes]) =>
      agree("permute", [x], { shape: axes.map((a) => x.shape[a]), dtype: x.dtype }, { axes }),
    ),
    options,
  );
});
test.each([[[33, 47]], [[4, 4]], [[3, 17]], [[2, 18, 5, 7]], [[64, 3, 70]]])(
  "permute of %j, by blocks and what is left of them",
  (size) => {
    for (const dtype of ["float32", "uint8"] as const)
      for (const axes of [size.map((_, i) => size.length - 1 - i), [...size.keys()].slice(1).concat(0)])
        agree("permute", [{ shape: size, dtype }], { shape: axes.map((a) => size[a]), dtype }, { axes });
  },
);
test("slice", () => {
  const cases = spec.chain((x) =>
    fc.tuple(fc.constant(x), each(x.shape.length, 0, 99), each(x.shape.length, 0, 99), each(x.shape.length, 1, 3)),
  );
  fc.assert(
    fc.property(cases, ([x, from, count, steps]) => {
      const starts = x.shape.map((n, i) => from[i] % n);
      const sizes = x.shape.map((n, i) => (count[i] % Math.ceil((n - starts[i]) / steps[i])) + 1);
      agree("slice", [x], { shape: sizes, dtype: x.dtype }, { starts, sizes, steps });
    }),
    options,
  );
});
test("pad", () => {
  const cases = spec.chain((x) =>
    fc.tuple(fc.constant(x), each(x.shape.length, 0, 3), each(x.shape.length, 0, 3), each(x.shape.length, 0, 2)),
  );
  fc.assert(
    fc.property(cases, ([x, before, after, interior]) => {
      const shape = x.shape.map((n, i) => before[i] + n + (n - 1) * interior[i] + after[i]);
      agree("pad", [x], { shape, dtype: x.dtype }, { before, after, interior }, [1]);
    }),
    options,
  );
});
test("flip", () => {
  const cases = spec.chain((x) => fc.tuple(fc.constant(x), fc.subarray([...x.shape.keys()])));
  fc.assert(
    fc.property(cases, ([x, axes]) => agree("flip", [x], x, { axes })),
    options,
  );
});
test("cat", () => {
  const cases = spec.chain((x) =>
    fc.tuple(fc.constant(x), fc.nat(x.shape.length - 1), fc.array(fc.nat(5), { minLength: 1, maxLength: 4 })),
  );
  fc.assert(
    fc.property(cases, ([x, axis, sizes]) => {
      const along = (n: number): Spec => ({ shape: x.shape.map((s, i) => (i === axis ? n : s)), dtype: x.dtype });
      agree("cat", sizes.map(along), along(sizes.reduce((a, b) => a + b, 0)), { axis });
    }),
    options,
  );
});
test("expand", () => {
  const cases = spec.chain((x) =>
    fc.tuple(fc.constant(x), fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }), each(x.shape.length, 0, 1)),
  );
  fc.assert(
    fc.property(cases, ([x, lead, ones]) => {
      const from = x.shape.map((n, i) => (ones[i] ? 1 : n));
      const shape = [...lead, ...x.shape];
      agree("expand", [{ shape: from, dtype: x.dtype }], { shape, dtype: x.dtype }, { shape });
    }),
    options,
  );
});
test("long rows go by the engine's own copy", () => {
  agree(
    "slice",
    [{ shape: [5, 300], dtype: "float32" }],
    { shape: [3, 290], dtype: "float32" },
    { starts: [1, 7], sizes: [3, 290], steps: [2, 1].map(() => 1) },
  );
  agree(
    "cat",
    [
      { shape: [2, 100], dtype: "int32" },
      { shape: [2, 300], dtype: "int32" },
    ],
    { shape: [2, 400], dtype: "int32" },
    { axis: 1 },
  );
});
test("nothing is written past the end", () => {
  const x: Spec = { shape: [3, 5], dtype: "uint8" };
  const view = { ...x, buffer: device.upload(valuesOf(x), "uint8") };
  const out = device.kernels.permute!([view], { axes: [1, 0] }, [], { shape: [5, 3], dtype: "uint8" });
  const guard = device.upload(new Uint8Array(64).fill(9), "uint8");
  device.free(out);
  const again = device.kernels.permute!([view], { axes: [1, 0] }, [], { shape: [5, 3], dtype: "uint8" });
  expect(Array.from(device.read(guard) as TypedArray)).toEqual(new Array(64).fill(9));
  for (const b of [view.buffer, guard, again]) device.free(b);
});
