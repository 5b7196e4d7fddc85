// maxPool2d, where its maxima stand, and its gradient, which goes to those places.
import type { Definition } from "../ndarray.ts";
import { eachWindow, type WindowAttrs } from "./windows.ts";

/** The largest element of each window, NaN if there is one, -Infinity if the window lies in the padding. */
export const maxPool2d: Definition<WindowAttrs> = ([x], attrs, _scalars, out) =>
  eachWindow(x.shape, out.shape, attrs, (window, plane, elements) => {
    out.data[window] = elements.reduce((max, at) => Math.max(max, x.data[plane + at]), -Infinity);
  });

/** h*W+w of each window's first NaN, else of its first maximum; 0 for a window that lies in the padding. */
export const maxPool2dIndices: Definition<WindowAttrs> = ([x], attrs, _scalars, out) =>
  eachWindow(x.shape, out.shape, attrs, (window, plane, elements) => {
    let best = elements[0] ?? 0;
    for (const at of elements) {
      const value = x.data[plane + at];
      const leader = x.data[plane + best];
      if (value > leader || (Number.isNaN(value) && !Number.isNaN(leader))) best = at;
    }
    out.data[window] = best;
  });

/** dy [N,C,oh,ow], added at `indices` of its plane of the result [N,C,H,W]. */
export const maxPool2dGrad: Definition = ([dy, indices], _attrs, _scalars, out) => {
  const sums = new Float64Array(out.data.length);
  const [, , oh, ow] = dy.shape;
  const [, , H, W] = out.shape;
  dy.data.forEach((value, i) => {
    const plane = Math.floor(i / (oh * ow)) * H * W;
    sums[plane + indices.data[i]] += value;
  });
  out.data.set(sums);
};
