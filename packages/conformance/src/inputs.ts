// The numbers of a case's inputs: the same on every machine, for they are drawn by Philox from the case's id.
import { allocate, Generator, sizeOf, type TypedArray } from "@lamina/core";
import type { Input } from "./case.ts";

/** A seed from a name (FNV-1a, 32 bits). */
export function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Uniform in [from, to), rounded to float32. */
export const uniform = (generator: Generator, n: number, from: number, to: number): Float32Array =>
  generator.uniforms(n).map((u) => from + u * (to - from));

export function valuesOf({ shape, dtype, fill }: Input, seed: number): TypedArray {
  const n = sizeOf(shape);
  const out = allocate(dtype, n);
  const generator = new Generator(seed);
  if ("values" in fill) for (let i = 0; i < n; i++) out[i] = fill.values[i % fill.values.length];
  else if ("low" in fill) out.set(generator.integers(n, fill.low, fill.high));
  else out.set(uniform(generator, n, fill.from, fill.to));
  return out;
}
