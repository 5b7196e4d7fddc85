// Two-dimensional convolution (cross-correlation, as everywhere in deep learning) and its two adjoints, which are each
// other's gradients: all three are linear in each of their two inputs.
import { promote, type Spec } from "../dtype.ts";
import { defineOp } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { add } from "./arithmetic.ts";
import { cast } from "./cast.ts";
import { stack } from "./cat.ts";
import { placesOf, placesText, samePadding } from "./convOutputSize.ts";
import { onBatch } from "./images.ts";
import { multiply } from "./matmul.ts";
import { permute, reshape } from "./shape.ts";
import { checkFloat, type Pair, pairOf, sameShape, show } from "./shapes.ts";
import { cutAxis } from "./slice.ts";
import { addAtTaps, cropImage, padImage, slicesAtTaps, type Window } from "./taps.ts";

export interface ConvAttrs {
  readonly stride: readonly number[];
  /** Zeros: [top, bottom, left, right]. */
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}
export interface GradInputAttrs extends ConvAttrs {
  readonly inputSize: readonly number[];
}
export interface GradWeightAttrs extends ConvAttrs {
  readonly kernelSize: readonly number[];
}

/** [oh, ow]. */
function outputSize(
  size: readonly number[],
  kernel: readonly number[],
  { stride, padding, dilation }: ConvAttrs,
): number[] {
  return [0, 1].map((i) => placesOf(size[i], kernel[i], stride[i], padding[2 * i] + padding[2 * i + 1], dilation[i]));
}
const sizeText = ([h, w]: readonly number[]): string => `${h} x ${w}`;

function checkFits(op: string, size: readonly number[], kernel: readonly number[], attrs: ConvAttrs): number[] {
  const out = outputSize(size, kernel, attrs);
  const side = out.findIndex((n) => n < 1);
  if (side < 0) return out;
  const { padding, stride, dilation } = attrs;
  const around = padding[2 * side] + padding[2 * side + 1];
  throw new Error(
    `${op}: a kernel of ${sizeText(kernel)} (dilation ${dilation}) does not fit an image of ${sizeText(size)} with padding [${padding}]: the result's ${side ? "width" : "height"} would be ${placesText(size[side], kernel[side], stride[side], around, dilation[side])}; use a smaller kernel or more padding`,
  );
}
function checkChannels(op: string, x: Spec, w: Spec, groups: number): void {
  const [, c] = x.shape;
  const [o, each] = w.shape;
  if (c !== each * groups)
    throw new Error(
      `${op}: x has ${c} channels but w expects ${each * groups} (x [${x.shape}], w [${w.shape}]${groups > 1 ? `, ${groups} groups` : ""}); w is [out channels, in channels / groups, height, width]`,
    );
  if (o % groups !== 0)
    throw new Error(
      `${op}: ${o} output channels do not divide into ${groups} groups (w [${w.shape}]); use a multiple of ${groups}`,
    );
}
/** The gradient dy has the shape that the convolution's result has. */
function checkResult(op: string, dy: Spec, expected: readonly number[]): void {
  if (!sameShape(dy.shape, expected))
    throw new Error(`${op}: dy is [${dy.shape}] but the convolution gives [${expected}]; the two must be equal`);
}

export const conv2dOp = defineOp<ConvAttrs>({
  name: "conv2d",
  infer([x, w], attrs) {
    checkChannels("conv2d", x, w, attrs.groups);
    const out = checkFits("conv2d", x.shape.slice(2), w.shape.slice(2), attrs);
    return { shape: [x.shape[0], w.shape[0], ...out], dtype: x.dtype };
  },
  grad: ({ inputs: [x, w] }, dy, attrs) => [
    () => gradInput(dy, w, { ...attrs, inputSize: x.shape.slice(2) }),
    () => gradWeight(x, dy, { ...attrs, kernelSize: w.shape.slice(2) }),
  ],
  decompose([x, w], attrs) {
    const [n, o] = [x.shape[0], w.shape[0]];
    const out = outputSize(x.shape.slice(2), w.shape.slice(2), attrs);
    const y = multiply(kernelRows(w, attrs), columns(x, w.shape.slice(2), attrs));
    return ungroup(y, [n, o, ...out], attrs.groups);
  },
});

export const conv2dGradInputOp = defineOp<GradInputAttrs>({
  name: "conv2dGradInput",
  infer([dy, w], attrs) {
    const out = checkFits("conv2dGradInput", attrs.inputSize, w.shape.slice(2), attrs);
    checkResult("conv2dGradInput", dy, [dy.shape[0], w.shape[0], ...out]);
    return { shape: [dy.shape[0], w.shape[1] * attrs.groups, ...attrs.inputSize], dtype: dy.dtype };
  },
  grad: ({ inputs: [dy, w] }, dx, { inputSize: _, ...attrs }) => [
    () => convolve(dx, w, attrs),
    () => gradWeight(dx, dy, { ...attrs, kernelSize: w.shape.slice(2) }),
  ],
  decompose([dy, w], attrs) {
    const kernel = w.shape.slice(2);
    const [n] = dy.shape;
    const each = w.shape[1];
    // [groups, C/groups·taps, N·oh·ow]: what each tap sends back
    const sent = multiply(kernelRows(w, attrs), group(dy, attrs.groups), true, false);
    const window: Window = { ...attrs, kernel, out: dy.shape.slice(2) };
    const taps = kernel[0] * kernel[1];
    const apart = permute(reshape(sent, [attrs.groups, each, taps, n, ...window.out]), [2, 3, 0, 1, 4, 5]);
    const parts = Array.from({ length: taps }, (_, k) => partAt(apart, k, [n, each * attrs.groups, ...window.out]));
    const padded = [0, 1].map((i) => attrs.inputSize[i] + attrs.padding[2 * i] + attrs.padding[2 * i + 1]);
    return cropImage(addAtTaps(parts, window, padded), attrs.padding, attrs.inputSize);
  },
});

export const conv2dGradWeightOp = defineOp<GradWeightAttrs>({
  name: "conv2dGradWeight",
  infer([x, dy], attrs) {
    const out = checkFits("conv2dGradWeight", x.shape.slice(2), attrs.kernelSize, attrs);
    checkResult("conv2dGradWeight", dy, [x.shape[0], dy.shape[1], ...out]);
    const w = [dy.shape[1], x.shape[1] / attrs.groups, ...attrs.kernelSize];
    checkChannels("conv2dGradWeight", x, { shape: w, dtype: x.dtype }, attrs.groups);
    return { shape: w, dtype: x.dtype };
  },
  grad: ({ inputs: [x, dy] }, dw, { kernelSize: _, ...attrs }) => [
    () => gradInput(dy, dw, { ...attrs, inputSize: x.shape.slice(2) }),
    () => convolve(x, dw, attrs),
  ],
  decompose([x, dy], attrs) {
    const dw = multiply(group(dy, attrs.groups), columns(x, attrs.kernelSize, attrs), false, true);
    return reshape(dw, [dy.shape[1], x.shape[1] / attrs.groups, ...attrs.kernelSize]);
  },
});

const convolve = (x: Tensor, w: Tensor, attrs: ConvAttrs): Tensor => record(conv2dOp, [x, w], attrs);
const gradInput = (dy: Tensor, w: Tensor, attrs: GradInputAttrs): Tensor => record(conv2dGradInputOp, [dy, w], attrs);
const gradWeight = (x: Tensor, dy: Tensor, attrs: GradWeightAttrs): Tensor =>
  record(conv2dGradWeightOp, [x, dy], attrs);

// ---- made of slices and one matrix product a group: for devices without kernels of their own --------------------------
/** [N, C, h, w] as [groups, C/groups, N·h·w]. */
function group(x: Tensor, groups: number): Tensor {
  const [n, c, h, w] = x.shape;
  return reshape(permute(reshape(x, [n, groups, c / groups, h * w]), [1, 2, 0, 3]), [groups, c / groups, n * h * w]);
}
/** And back. */
function ungroup(y: Tensor, shape: readonly number[], groups: number): Tensor {
  const [n, c, h, w] = shape;
  return reshape(permute(reshape(y, [groups, c / groups, n, h * w]), [2, 0, 1, 3]), shape);
}
/** [O, C/groups, kh, kw] as [groups, O/groups, C/groups·taps]. */
const kernelRows = (w: Tensor, { groups }: ConvAttrs): Tensor =>
  reshape(w, [groups, w.shape[0] / groups, w.shape[1] * w.shape[2] * w.shape[3]]);
/** The windows of x as columns: [groups, C/groups·taps, N·oh·ow]. */
function columns(x: Tensor, kernel: readonly number[], attrs: ConvAttrs): Tensor {
  const [n, c] = x.shape;
  const out = outputSize(x.shape.slice(2), kernel, attrs);
  const slices = slicesAtTaps(padImage(x, attrs.padding), { ...attrs, kernel, out });
  const taps = slices.length;
  const places = out[0] * out[1];
  const apart = reshape(stack(slices, 2), [n, attrs.groups, (c / attrs.groups) * taps, places]);
  return reshape(permute(apart, [1, 2, 0, 3]), [attrs.groups, (c / attrs.groups) * taps, n * places]);
}
/** Part k of the first axis, under `shape`. */
const partAt = (x: Tensor, k: number, shape: readonly number[]): Tensor => reshape(cutAxis(x, 0, k, 1), shape);

// ---- what users call ---------------------------------------------------------------------------------------------------
/** A number for all sides, [height, width], [top, bottom, left, right], or a rule. */
export type Padding = number | readonly number[] | "same" | "valid";
export interface Conv2dOptions {
  /** How far the kernel moves (default 1). */
  stride?: Pair;
  /** Zeros around the image (default 0, which is "valid"); "same" gives ceil(n / stride) places along an axis of n. */
  padding?: Padding;
  /** How far the taps of the kernel lie apart (default 1). */
  dilation?: Pair;
  /** In how many groups the channels are convolved apart from each other (default 1). */
  groups?: number;
}

function paddingOf(op: string, padding: Padding): number[] {
  const list = padding === "valid" ? [0] : typeof padding === "number" ? [padding] : padding;
  if (typeof list === "string" || ![1, 2, 4].includes(list.length) || list.some((n) => !Number.isInteger(n) || n < 0))
    throw new Error(
      `${op}: padding is ${JSON.stringify(padding)}; pass a whole number, [height, width], [top, bottom, left, right]${op === "conv2d" ? ', "same" or "valid"' : ""}`,
    );
  if (list.length === 4) return [...list];
  const [h, w = h] = list;
  return [h, h, w, w];
}
function attrsOf(op: string, { stride = 1, dilation = 1, groups = 1 }: Conv2dOptions): Omit<ConvAttrs, "padding"> {
  if (!Number.isInteger(groups) || groups < 1)
    throw new Error(`${op}: groups is ${groups} but must be a whole number, 1 or more`);
  return { stride: pairOf(op, "stride", stride, 1), dilation: pairOf(op, "dilation", dilation, 1), groups };
}
function checkKernel(op: string, x: Tensor, w: Tensor): void {
  checkFloat(op, "x", x);
  checkFloat(op, "w", w);
  if (w.ndim !== 4)
    throw new Error(
      `${op}: w has ${w.ndim} axes (w [${w.shape}]) but must have 4, channels, channels, height and width; reshape() it`,
    );
}
function addBias(op: string, y: Tensor, bias: Tensor | undefined): Tensor {
  if (!bias) return y;
  if (!sameShape(bias.shape, [y.shape[1]]))
    throw new Error(
      `${op}: bias is ${show(bias)} but there are ${y.shape[1]} output channels; bias must be [${y.shape[1]}]`,
    );
  return add(y, reshape(bias, [1, y.shape[1], 1, 1]));
}

/**
 * Slides the kernels over the images: out[n,o,i,j] = bias[o] + Σ_c,k,l x[n, c, i·stride + k·dilation, j·stride + l·dilation]·w[o,c,k,l].
 * x is [N,C,H,W] or [C,H,W], w [O, C/groups, kh, kw], bias [O] or none; the result is [N,O,oh,ow], oh = `convOutputSize`(H).
 * With padding "same" and an odd number of zeros, the extra one goes to the bottom and right, as in PyTorch; with a stride
 * beyond 1, where PyTorch refuses, there are ceil(H / stride) rows, as in TensorFlow.
 * @throws if channels, groups, bias or sizes do not fit.
 * [torch.nn.functional.conv2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html)
 */
export function conv2d(x: Tensor, w: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  checkKernel("conv2d", x, w);
  const attrs = attrsOf("conv2d", options);
  const dtype = promote(x.dtype, w.dtype);
  return onBatch("conv2d", cast(x, dtype), (images) => {
    const around = (i: number) => samePadding(images.shape[2 + i], w.shape[2 + i], attrs.stride[i], attrs.dilation[i]);
    const { padding: given = 0 } = options;
    const padding = given === "same" ? [...around(0), ...around(1)] : paddingOf("conv2d", given);
    return addBias("conv2d", convolve(images, cast(w, dtype), { ...attrs, padding }), bias);
  });
}

export interface ConvTranspose2dOptions extends Omit<Conv2dOptions, "padding"> {
  /** What the convolution that this turns round would have been padded with (default 0): taken off the result. */
  padding?: number | readonly number[];
  /** Rows and columns added at the bottom and right, less than the stride (default 0). */
  outputPadding?: Pair;
}
/**
 * The adjoint of a convolution, which spreads each element of x over a window of the result: x is [N,C,H,W] or [C,H,W],
 * w [C, O/groups, kh, kw], bias [O] or none; the result has
 * oh = (H - 1)·stride - padding (both sides) + dilation·(kh - 1) + outputPadding + 1 rows.
 * @throws if channels, groups, bias or sizes do not fit.
 * [torch.nn.functional.conv_transpose2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html)
 */
export function convTranspose2d(x: Tensor, w: Tensor, bias?: Tensor, options: ConvTranspose2dOptions = {}): Tensor {
  const op = "convTranspose2d";
  checkKernel(op, x, w);
  const attrs = { ...attrsOf(op, options), padding: paddingOf(op, options.padding ?? 0) };
  const extra = pairOf(op, "outputPadding", options.outputPadding ?? 0, 0);
  if (extra.some((n, i) => n >= attrs.stride[i]))
    throw new Error(`${op}: outputPadding is [${extra}] but must be less than the stride, [${attrs.stride}]`);
  const dtype = promote(x.dtype, w.dtype);
  return onBatch(op, cast(x, dtype), (images) => {
    checkTransposed(images, w, attrs.groups);
    const inputSize = [0, 1].map(
      (i) =>
        (images.shape[2 + i] - 1) * attrs.stride[i] -
        (attrs.padding[2 * i] + attrs.padding[2 * i + 1]) +
        attrs.dilation[i] * (w.shape[2 + i] - 1) +
        extra[i] +
        1,
    );
    return addBias(op, gradInput(images, cast(w, dtype), { ...attrs, inputSize }), bias);
  });
}
function checkTransposed(x: Tensor, w: Tensor, groups: number): void {
  const [, c] = x.shape;
  if (c !== w.shape[0] || c % groups !== 0)
    throw new Error(
      `convTranspose2d: x has ${c} channels but w expects ${w.shape[0]} in ${groups} groups (x [${x.shape}], w [${w.shape}]); w is [in channels, out channels / groups, height, width]`,
    );
}
