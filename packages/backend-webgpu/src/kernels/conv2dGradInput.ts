// conv2dGradInput: dy [N,O,oh,ow] and w -> [N,C,H,W], the adjoint of conv2d in x. Element (h, w) of the result is a
// correlation of dy with those taps that reach it, and which ones they are depends on h and w modulo the stride: one
// dispatch for each remainder.
import { type ConvAttrs, correlate, isEmpty } from "./correlation.ts";
import type { Axis, Taps } from "./correlation.wgsl.ts";
import type { Lower } from "./lowered.ts";

export const conv2dGradInput: Lower = ([dy, w], attrs: ConvAttrs, out, target) => {
  const [O, rows, kh, kw] = w.shape;
  const channels = O / attrs.groups;
  /** h = first + t*stride is read by row i = t + (first + padding - k*dilation) / stride of dy, for every k where that is whole. */
  const axis = (a: 0 | 1, first: number): Axis => {
    const stride = attrs.stride[a];
    const reach = (k: number) => (first + attrs.padding[2 * a] - k * attrs.dilation[a]) / stride;
    return {
      size: dy.shape[2 + a],
      count: Math.ceil((out.shape[2 + a] - first) / stride),
      stride: 1,
      taps: tapsAt(w.shape[2 + a], reach, a === 0 ? kw : 1),
      outSize: out.shape[2 + a],
      outFirst: first,
      outStride: stride,
    };
  };
  const remainders = (a: 0 | 1) => Array.from({ length: attrs.stride[a] }, (_, first) => axis(a, first));
  const correlations = remainders(0).flatMap((i) =>
    remainders(1).map((j) => ({
      images: dy.shape[0],
      groups: attrs.groups,
      rows,
      channels,
      groupWeights: channels * rows * kh * kw,
      rowWeights: kh * kw,
      channelWeights: rows * kh * kw,
      i,
      j,
    })),
  );
  const some = correlations.filter((c) => !isEmpty(c));
  return { dispatches: some.map((c) => correlate(c, target)) };
};

/** Those k whose reach is whole, from the last, which reads the first place: so they are evenly apart. */
function tapsAt(size: number, reach: (k: number) => number, weight: number): Taps {
  const taps = Array.from({ length: size }, (_, k) => size - 1 - k).filter((k) => Number.isInteger(reach(k)));
  const [first = 0, second = first] = taps;
  return {
    count: taps.length,
    offset: taps.length ? reach(first) : 0,
    offsetStep: reach(second) - reach(first),
    weight: first * weight,
    weightStep: (second - first) * weight,
  };
}
