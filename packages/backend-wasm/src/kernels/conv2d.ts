// conv2d: y[n,o,i,j] = sum over c,p,q of x[n, c, i*stride - top + p*dilation, j*stride - left + q*dilation] * w[o,c,p,q].
import { lowerDirect } from "./conv2d.channelsLast.ts";
import { lowerDepthwise } from "./conv2d.depthwise.ts";
import { lowerWinograd } from "./conv2d.winograd.ts";
import { type ConvAttrs, convKey, nchw, winogradOf } from "./convolution.ts";
import type { Lower, Lowered } from "./lowered.ts";
import { type Axis, lowerTaps, type TapConvolution } from "./taps.ts";
import type { Winograd } from "./winograd.ts";

export const conv2d: Lower = ([x, w], attrs: ConvAttrs, out) => {
  const { layout } = attrs;
  const key = `conv2d ${x.shape} ${w.shape} ${convKey(attrs)}`;
  if (layout && attrs.groups > 1) return lowerDepthwise(key, x.shape, out.shape, w.shape.slice(2), attrs);
  if (layout?.channelsLast) return channelsLast(key, x.shape, w.shape, attrs, out.shape, layout.winograd);
  if (!layout) return lowerTaps(key, convolution(x.shape, w.shape, attrs, out.shape));
  return lowerTaps(key, { ...convolution(x.shape, w.shape, attrs, nchw(out.shape)), channelsLast: true });
};

function channelsLast(
  key: string,
  [images, H, W, C]: readonly number[],
  [O, , kh, kw]: readonly number[],
  attrs: ConvAttrs,
  [, oh, ow]: readonly number[],
  winograd: Winograd,
): Lowered {
  const before = [attrs.padding[0], attrs.padding[2]] as const;
  const form = winogradOf(attrs, [kh, kw], C, O, images, [oh, ow], winograd);
  if (form) {
    const tiles = [Math.ceil(oh / form.outputs), Math.ceil(ow / form.outputs)] as const;
    const conv = {
      form,
      images,
      input: { size: [H, W], channels: C, tiles, step: form.outputs, before },
      output: { size: [oh, ow], channels: O, tiles, step: form.outputs, before: [0, 0] },
      taps: { lane: 4 * C * kh * kw, step: 4 * kh * kw, flipped: false },
    } as const;
    return lowerWinograd(key, conv, 2 * images * oh * ow * O * C * kh * kw);
  }
  return lowerDirect(key, {
    images,
    sizeIn: [H, W],
    sizeOut: [oh, ow],
    channelsIn: C,
    channelsOut: O,
    stride: attrs.stride,
    every: [1, 1],
    phases: [
      {
        kernel: [kh, kw],
        step: attrs.dilation,
        start: [0, 0],
        outputs: [oh, ow],
        before,
        weights: { out: C * kh * kw, in: kh * kw, row: kw, column: 1, offset: 0 },
      },
    ],
  });
}

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
