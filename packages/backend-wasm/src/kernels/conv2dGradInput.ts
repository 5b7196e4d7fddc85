// conv2dGradInput: dx[n,c,h,w] = sum over o,p,q of dy[n, o, (h + top - p*dilation)/stride, (w + left - q*dilation)/stride] * w[o,c,p,q]
// where the quotients are whole. Pixels whose h and w leave the same remainders by the stride have the same taps: a phase.
import { type DirectPhase, lowerDirect } from "./conv2d.channelsLast.ts";
import { lowerDepthwiseGradInput } from "./conv2d.depthwise.ts";
import { lowerWinograd } from "./conv2d.winograd.ts";
import { type ConvAttrs, convKey, winogradOf } from "./convolution.ts";
import type { Lower, Lowered } from "./lowered.ts";
import { type Axis, lowerTaps, type Phase, type TapConvolution } from "./taps.ts";
import type { Winograd } from "./winograd.ts";

export const conv2dGradInput: Lower = ([dy, w], attrs: ConvAttrs, out) => {
  const { layout } = attrs;
  const key = `conv2dGradInput ${dy.shape} ${w.shape} ${out.shape} ${convKey(attrs)}`;
  if (layout && attrs.groups > 1) return lowerDepthwiseGradInput(key, dy.shape, out.shape, w.shape.slice(2), attrs);
  if (layout) return channelsLast(key, dy.shape, w.shape, attrs, out.shape, layout.winograd);
  return lowerTaps(key, convolution(dy.shape, w.shape, attrs, out.shape));
};

/** The convolution of dy with the weights turned round. */
function channelsLast(
  key: string,
  [images, oh, ow, O]: readonly number[],
  [, , kh, kw]: readonly number[],
  attrs: ConvAttrs,
  [, H, W, C]: readonly number[],
  winograd: Winograd,
): Lowered {
  const { stride, dilation, padding } = attrs;
  const before = [(kh - 1) * dilation[0] - padding[0], (kw - 1) * dilation[1] - padding[2]] as const;
  const form = winogradOf(attrs, [kh, kw], C, O, images, [H, W], winograd);
  if (form) {
    const tiles = [Math.ceil(H / form.outputs), Math.ceil(W / form.outputs)] as const;
    const conv = {
      form,
      images,
      input: { size: [oh, ow], channels: O, tiles, step: form.outputs, before },
      output: { size: [H, W], channels: C, tiles, step: form.outputs, before: [0, 0] },
      taps: { lane: 4 * kh * kw, step: 4 * C * kh * kw, flipped: true },
    } as const;
    return lowerWinograd(key, conv, 2 * images * oh * ow * O * C * kh * kw);
  }
  const columns = axisPhases(W, kw, stride[1], padding[2], dilation[1]);
  const phases = axisPhases(H, kh, stride[0], padding[0], dilation[0]).flatMap((r) =>
    columns.map((c): DirectPhase => {
      const axes = [r.axis, c.axis];
      return {
        kernel: axes.map(({ taps }) => taps),
        step: axes.map(({ step }) => step),
        start: axes.map(({ start }) => start),
        outputs: axes.map(({ outputs }) => outputs),
        before: axes.map(({ first }) => -first),
        weights: {
          out: kh * kw,
          in: C * kh * kw,
          row: -r.every * kw,
          column: -c.every,
          offset: r.last * kw + c.last,
        },
      };
    }),
  );
  return lowerDirect(key, {
    images,
    sizeIn: [oh, ow],
    sizeOut: [H, W],
    channelsIn: O,
    channelsOut: C,
    stride: [1, 1],
    every: stride,
    phases,
  });
}

/** The outputs start, start+stride, …, and which kernel places they use: the last one and those `every` before it. */
interface AxisPhase {
  readonly axis: Axis;
  readonly last: number;
  readonly every: number;
}
const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** Taps run backwards through the kernel, so that they run forwards through dy. */
function axisPhases(size: number, kernel: number, stride: number, before: number, dilation: number): AxisPhase[] {
  const every = stride / gcd(stride, dilation);
  return Array.from({ length: Math.min(stride, size) }, (_, start): AxisPhase | undefined => {
    const places = Array.from({ length: kernel }, (_, p) => p).filter(
      (p) => (start + before - p * dilation) % stride === 0,
    );
    const last = places.at(-1);
    if (last === undefined) return undefined;
    const axis = {
      outputs: Math.ceil((size - start) / stride),
      start,
      every: stride,
      stride: 1,
      first: (start + before - last * dilation) / stride,
      step: (every * dilation) / stride,
      taps: places.length,
    };
    return { axis, last, every };
  }).filter((phase) => phase !== undefined);
}

function convolution(
  [images, O, oh, ow]: readonly number[],
  [, perGroup, kh, kw]: readonly number[],
  { stride, padding: [top, , left], dilation, groups }: ConvAttrs,
  [, , H, W]: readonly number[],
): TapConvolution {
  const plane = kh * kw;
  const columns = axisPhases(W, kw, stride[1], left, dilation[1]);
  const phases = axisPhases(H, kh, stride[0], top, dilation[0]).flatMap((r) =>
    columns.map((c): Phase => {
      const weights = {
        offset: r.last * kw + c.last,
        out: plane,
        in: perGroup * plane,
        row: -r.every * kw,
        column: -c.every,
      };
      return { rows: r.axis, columns: c.axis, weights };
    }),
  );
  return {
    images,
    groups,
    channelsIn: O / groups,
    channelsOut: perGroup,
    sizeIn: [oh, ow],
    sizeOut: [H, W],
    groupWeights: (O / groups) * perGroup * plane,
    phases,
  };
}
