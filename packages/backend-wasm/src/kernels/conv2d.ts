// conv2d: y[n,o,i,j] = sum over c,p,q of x[n, c, i*stride - top + p*dilation, j*stride - left + q*dilation] * w[o,c,p,q].
import { type ConvAttrs, convKey } from "./convolution.ts";
import type { Lower } from "./lowered.ts";
import { type Axis, lowerTaps, type TapConvolution } from "./taps.ts";

export const conv2d: Lower = ([x, w], attrs: ConvAttrs, out) => {
  const conv = convolution(x.shape, w.shape, attrs, out.shape);
  return lowerTaps(`conv2d ${x.shape} ${w.shape} ${convKey(attrs)}`, conv);
};

function convolution(
  [images, , H, W]: readonly number[],
  [O, perGroup, kh, kw]: readonly number[],
  { stride, padding: [top, , left], dilation, groups }: ConvAttrs,
  [, , oh, ow]: readonly number[],
): TapConvolution {
  const axis = (k: 0 | 1, outputs: number, before: number, taps: number): Axis => ({
    outputs,
    start: 0,
    every: 1,
    stride: stride[k],
    first: -before,
    step: dilation[k],
    taps,
  });
  const weights = { offset: 0, out: perGroup * kh * kw, in: kh * kw, row: kw, column: 1 };
  return {
    images,
    groups,
    channelsIn: perGroup,
    channelsOut: O / groups,
    sizeIn: [H, W],
    sizeOut: [oh, ow],
    groupWeights: (O / groups) * perGroup * kh * kw,
    phases: [{ rows: axis(0, oh, top, kh), columns: axis(1, ow, left, kw), weights }],
  };
}
