// What a kernel of this backend sees: numbers with a shape, and the positions of a box of elements among them.
import type { DType, Shape, TypedArray } from "@lamina/core";

/** A buffer's elements under a shape, contiguous and row-major. */
export interface NdArray {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * Fills `out` from `inputs`. Its sums are float64 numbers; storing into `out.data` rounds (or wraps) each element once.
 * `out.data` starts as zeros.
 */
// biome-ignore lint/suspicious/noExplicitAny: the attributes of an op are erased here, and typed again by the kernel that names them.
export type Definition<Attrs = any> = (
  inputs: readonly NdArray[],
  attrs: Attrs,
  scalars: readonly number[],
  out: NdArray,
) => void;

/** How far apart neighbours along each axis are: [2,3,4] gives [12,4,1]. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** The positions, in row-major order, of all elements of a box: start + sum of index[axis] * strides[axis]. */
export function positions(shape: Shape, strides: readonly number[], start = 0): Float64Array {
  let found = Float64Array.of(start);
  shape.forEach((n, axis) => {
    const next = new Float64Array(found.length * n);
    found.forEach((p, i) => {
      for (let k = 0; k < n; k++) next[i * n + k] = p + k * strides[axis];
    });
    found = next;
  });
  return found;
}

/**
 * The lines along `axes`: element i of the result (the other axes, in order) covers starts[i] + each of `steps`.
 * With no axes every line is one element; an axis of size 0 makes lines without elements.
 */
export function linesOf(shape: Shape, axes: readonly number[]): { starts: Float64Array; steps: Float64Array } {
  const strides = stridesOf(shape);
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const box = (chosen: readonly number[]) =>
    positions(
      chosen.map((a) => shape[a]),
      chosen.map((a) => strides[a]),
    );
  return { starts: box(kept), steps: box(axes) };
}
