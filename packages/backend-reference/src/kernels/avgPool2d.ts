// avgPool2d and its adjoint.
import type { Shape } from "@lamina/core";
import type { Definition } from "../ndarray.ts";
import { eachWindow, type WindowAttrs } from "./windows.ts";

export interface AvgPoolAttrs extends WindowAttrs {
  readonly countIncludePad: boolean;
  /** 0: none */
  readonly divisor: number;
}

/** What the sum of window (i, j) is divided by, when that window has `real` elements in the image. */
function divisorOf(image: Shape, i: number, j: number, real: number, attrs: AvgPoolAttrs): number {
  if (attrs.divisor) return attrs.divisor;
  if (!attrs.countIncludePad) return real;
  const { kernel, stride, padding } = attrs;
  /** The window's size along an axis, up to the end of the padding. */
  const clipped = (at: number, axis: 0 | 1) =>
    Math.min(kernel[axis], image[2 + axis] + 2 * padding[axis] - at * stride[axis]);
  return clipped(i, 0) * clipped(j, 1);
}

/** x [N,C,H,W] -> [N,C,oh,ow]: the sum of each window (padding is zeros) over its divisor. */
export const avgPool2d: Definition<AvgPoolAttrs> = ([x], attrs, _scalars, out) =>
  eachWindow(x.shape, out.shape, attrs, (window, plane, elements, i, j) => {
    const sum = elements.reduce((total, at) => total + x.data[plane + at], 0);
    out.data[window] = sum / divisorOf(x.shape, i, j, elements.length, attrs);
  });

/** dy [N,C,oh,ow] -> [N,C,H,W]: each window's dy over its divisor, added to all its elements. */
export const avgPool2dGrad: Definition<AvgPoolAttrs> = ([dy], attrs, _scalars, out) => {
  const sums = new Float64Array(out.data.length);
  eachWindow(out.shape, dy.shape, attrs, (window, plane, elements, i, j) => {
    const share = dy.data[window] / divisorOf(out.shape, i, j, elements.length, attrs);
    for (const at of elements) sums[plane + at] += share;
  });
  out.data.set(sums);
};
