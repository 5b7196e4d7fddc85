// An array seen from one of its axes: element (outer, k, inner) is at (outer*size + k)*inner's size + inner.
import { type Shape, sizeOf } from "@lamina/core";

export interface Axis {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}
export const alongAxis = (shape: Shape, axis: number): Axis => ({
  outer: sizeOf(shape.slice(0, axis)),
  size: shape[axis],
  inner: sizeOf(shape.slice(axis + 1)),
});
