// conv2d: x [N,C,H,W] with w [O,C/groups,kh,kw]. Taps are read where they lie: nothing is unfolded first.
import { type ConvAttrs, correlate } from "./correlation.ts";
import type { Axis } from "./correlation.wgsl.ts";
import type { Lower } from "./lowered.ts";

export const conv2d: Lower = ([x, w], attrs: ConvAttrs, out, target) => {
  const [O, channels, kh, kw] = w.shape;
  const axis = (a: 0 | 1): Axis => ({
    size: x.shape[2 + a],
    count: out.shape[2 + a],
    stride: attrs.stride[a],
    taps: {
      count: w.shape[2 + a],
      offset: -attrs.padding[2 * a],
      offsetStep: attrs.dilation[a],
      weight: 0,
      weightStep: a === 0 ? kw : 1,
    },
    outSize: out.shape[2 + a],
    outFirst: 0,
    outStride: 1,
  });
  const rows = O / attrs.groups;
  const correlation = {
    images: x.shape[0],
    groups: attrs.groups,
    rows,
    channels,
    groupWeights: rows * channels * kh * kw,
    rowWeights: channels * kh * kw,
    channelWeights: kh * kw,
    i: axis(0),
    j: axis(1),
  };
  return { dispatches: [correlate(correlation, target)] };
};
