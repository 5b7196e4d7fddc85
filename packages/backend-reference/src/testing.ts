// Calls kernels of the reference backend on plain arrays: for the tests beside them, and no part of what the package exports.
import type { DType, Shape, Spec } from "@lamina/core";
import { reference } from "./reference.ts";

export type Nested = number | readonly Nested[];
export interface Values extends Spec {
  readonly data: readonly number[];
}

const backend = await reference();

function shapeOf(nested: Nested): number[] {
  return typeof nested === "number" ? [] : [nested.length, ...(nested.length ? shapeOf(nested[0]) : [])];
}
const flat = (nested: Nested): number[] => (typeof nested === "number" ? [nested] : nested.flatMap(flat));
/** `[[1, 2], [3, 4]]` as an array of shape [2, 2]. */
export const array = (nested: Nested, dtype: DType = "float32"): Values => ({
  data: flat(nested),
  shape: shapeOf(nested),
  dtype,
});
export const shaped = (data: readonly number[], shape: Shape, dtype: DType = "float32"): Values => ({
  data,
  shape,
  dtype,
});
/** 0, 1, 2, … */
export const range = (shape: Shape, dtype: DType = "float32"): Values =>
  shaped(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    shape,
    dtype,
  );

/** Runs one kernel and frees all it used. */
export function run(
  op: string,
  inputs: readonly Values[],
  out: Spec,
  attrs: object = {},
  scalars: number[] = [],
): Values {
  const views = inputs.map(({ data, shape, dtype }) => ({
    buffer: backend.upload(Float64Array.from(data), dtype),
    shape,
    dtype,
  }));
  const kernel = backend.kernels[op as keyof typeof backend.kernels]!;
  const buffer = kernel(views, attrs, scalars, out);
  const data = Array.from(backend.read(buffer) as Float64Array);
  for (const b of [...views.map((v) => v.buffer), buffer]) backend.free(b);
  return shaped(data, out.shape, out.dtype);
}
/** Runs an op whose result has the shape and dtype of its first input. */
export const same = (op: string, inputs: readonly Values[], attrs: object = {}): number[] => [
  ...run(op, inputs, { shape: inputs[0].shape, dtype: inputs[0].dtype }, attrs).data,
];

/** Uniform in [-0.5, 0.5), float64, the same for the same seed. */
export const noise = (shape: Shape, seed: number): Values => {
  const uniform = run("random", [], { shape, dtype: "float32" }, { shape }, [seed, 0, 0, 0]);
  return shaped(
    uniform.data.map((v) => v - 0.5),
    shape,
    "float64",
  );
};
/** <a, b> = sum of a*b */
export const inner = (a: Values, b: Values): number => a.data.reduce((sum, v, i) => sum + v * b.data[i], 0);
