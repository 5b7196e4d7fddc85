// The average of each window, and its adjoint.

import type { DType } from "../dtype.ts";
import { defineOp, type Op } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { add, div } from "./arithmetic.ts";
import { ones } from "./creation.ts";
import { onBatch } from "./images.ts";
import type { Pair } from "./shapes.ts";
import { addAtTaps, cropImage, padImage, slicesAtTaps, type Window } from "./taps.ts";
import { type PoolAttrs, type PoolOptions, poolAttrs, poolOptions } from "./windows.ts";

export interface AvgPoolAttrs extends PoolAttrs {
  readonly countIncludePad: boolean;
  /** 0: by the size of the window. */
  readonly divisor: number;
}
export interface AvgPoolGradAttrs extends AvgPoolAttrs {
  readonly inputSize: readonly number[];
}

export const avgPool2dOp: Op<AvgPoolAttrs> = defineOp({
  name: "avgPool2d",
  infer: ([x], { outputSize }) => ({ shape: [x.shape[0], x.shape[1], ...outputSize], dtype: x.dtype }),
  grad: ({ inputs: [x] }, dy, attrs) => [
    () => record(avgPool2dGradOp, [dy], { ...attrs, inputSize: x.shape.slice(2) }),
  ],
  decompose([x], attrs) {
    const size = x.shape.slice(2);
    const total = slicesAtTaps(padImage(x, surroundings(size, attrs)), windowOf(attrs)).reduce(add);
    return divideByCount(total, size, attrs);
  },
});
export const avgPool2dGradOp: Op<AvgPoolGradAttrs> = defineOp({
  name: "avgPool2dGrad",
  infer: ([dy], { inputSize }) => ({ shape: [dy.shape[0], dy.shape[1], ...inputSize], dtype: dy.dtype }),
  grad: (_, dx, { inputSize: __, ...attrs }) => [() => record(avgPool2dOp, [dx], attrs)],
  decompose([dy], attrs) {
    const { inputSize } = attrs;
    const around = surroundings(inputSize, attrs);
    const part = divideByCount(dy, inputSize, attrs);
    const parts = Array.from({ length: attrs.kernel[0] * attrs.kernel[1] }, () => part);
    const padded = [0, 1].map((i) => inputSize[i] + around[2 * i] + around[2 * i + 1]);
    return cropImage(addAtTaps(parts, windowOf(attrs), padded), around, inputSize);
  },
});

// ---- made of slices: for devices without kernels of their own -----------------------------------------------------------
const windowOf = ({ kernel, stride, outputSize }: AvgPoolAttrs): Window => ({
  kernel,
  stride,
  dilation: [1, 1],
  out: outputSize,
});
/** How far the last window runs over the padded image (ceilMode). */
const overrun = (size: readonly number[], { kernel, stride, padding, outputSize }: AvgPoolAttrs): number[] =>
  [0, 1].map((i) => Math.max(0, (outputSize[i] - 1) * stride[i] + kernel[i] - size[i] - 2 * padding[i]));
/** Padding and overrun, [top, bottom, left, right]. */
function surroundings(size: readonly number[], attrs: AvgPoolAttrs): number[] {
  const over = overrun(size, attrs);
  return [0, 1].flatMap((i) => [attrs.padding[i], attrs.padding[i] + over[i]]);
}
function divideByCount(total: Tensor, size: readonly number[], attrs: AvgPoolAttrs): Tensor {
  const [kh, kw] = attrs.kernel;
  const clipped =
    overrun(size, attrs).some((n) => n > 0) || (!attrs.countIncludePad && attrs.padding.some((n) => n > 0));
  if (attrs.divisor !== 0) return div(total, attrs.divisor);
  return div(total, clipped ? counts(size, attrs, total.dtype) : kh * kw);
}
/** How many elements count in each window, [1,1,oh,ow]: what the taps find in an image of ones. */
function counts(size: readonly number[], attrs: AvgPoolAttrs, dtype: DType): Tensor {
  const [ph, pw] = attrs.padding;
  const [over, across] = overrun(size, attrs);
  const image = padImage(ones([1, 1, ...size], { dtype }), [ph, ph, pw, pw], attrs.countIncludePad ? 1 : 0);
  return slicesAtTaps(padImage(image, [0, over, 0, across]), windowOf(attrs)).reduce(add);
}

export interface AvgPool2dOptions extends PoolOptions {
  /** Count the zeros of the padding as elements (default true). */
  countIncludePad?: boolean;
  /** Divide by this instead of the number of elements. */
  divisorOverride?: number;
}
/**
 * The average of each window of x [N,C,H,W] or [C,H,W]. Windows of ceilMode that run over the edge are cut there.
 * @throws if the window does not fit, padding is more than half of it, or the divisor is not a whole number other than 0.
 * [torch.nn.functional.avg_pool2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html)
 */
export function avgPool2d(x: Tensor, options: AvgPool2dOptions): Tensor;
export function avgPool2d(x: Tensor, kernelSize: Pair, options?: Omit<AvgPool2dOptions, "kernelSize">): Tensor;
export function avgPool2d(
  x: Tensor,
  window: Pair | AvgPool2dOptions,
  more?: Omit<AvgPool2dOptions, "kernelSize">,
): Tensor {
  const { countIncludePad = true, divisorOverride, ...rest } = poolOptions<AvgPool2dOptions>(window, more);
  if (divisorOverride !== undefined && (!Number.isInteger(divisorOverride) || divisorOverride === 0))
    throw new Error(
      `avgPool2d: divisorOverride is ${divisorOverride} but must be a whole number other than 0; leave it out to divide by the window`,
    );
  return onBatch("avgPool2d", x, (images) =>
    record(avgPool2dOp, [images], {
      ...poolAttrs("avgPool2d", images.shape, rest),
      countIncludePad,
      divisor: divisorOverride ?? 0,
    }),
  );
}
