// avgPool2d and its adjoint. TensorFlow's divides by the window; what is not to be divided so is multiplied by the quotient.
import type { Shape } from "@lamina/core";
import { type Handle, text } from "../binding.ts";
import type { Lowering } from "../operand.ts";
import type { TensorFlow } from "../tensorflow.ts";
import { NHWC } from "./conv2d.ts";
import { sliced, surrounded } from "./shape.ts";
import { poolAttrs, surroundings, type WindowAttrs } from "./windows.ts";

export interface AvgPoolAttrs extends WindowAttrs {
  readonly countIncludePad: boolean;
  /** 0: none */
  readonly divisor: number;
}

/** How many elements of window `i` count along an axis. */
function counted(
  size: number,
  i: number,
  axis: number,
  { kernel, stride, padding, countIncludePad }: AvgPoolAttrs,
): number {
  const start = i * stride[axis] - padding[axis];
  const end = Math.min(start + kernel[axis], size + padding[axis]);
  return countIncludePad ? end - start : Math.min(end, size) - Math.max(start, 0);
}
/** For each window, what TensorFlow divides by over what is to be divided by: [1,oh,ow,1], or undefined if it is 1 throughout. */
function corrections([h, w]: readonly number[], attrs: AvgPoolAttrs): Float32Array | undefined {
  const [oh, ow] = attrs.outputSize;
  const area = attrs.kernel[0] * attrs.kernel[1];
  const quotients = Float32Array.from({ length: oh * ow }, (_, at) => {
    const count = counted(h, Math.floor(at / ow), 0, attrs) * counted(w, at % ow, 1, attrs);
    return area / (attrs.divisor || count);
  });
  return quotients.every((q) => q === 1) ? undefined : quotients;
}
function corrected(tf: TensorFlow, x: Handle, size: readonly number[], attrs: AvgPoolAttrs): Handle {
  const quotients = corrections(size, attrs);
  return quotients ? tf.apply("Mul", "float32", x, tf.tensor([1, ...attrs.outputSize, 1], "float32", quotients)) : x;
}
const layout = text("data_format", "NHWC");

export const avgPool2d: Lowering<AvgPoolAttrs> = (tf, [x], attrs) => {
  const size = x.shape.slice(2);
  const image = surrounded(tf, x.whole(NHWC), "float32", surroundings(size, attrs), tf.scalar(0, "float32"));
  const averages = tf.op("AvgPool", [...poolAttrs(attrs), layout], [image]);
  return { handle: corrected(tf, averages, size, attrs), order: NHWC };
};

export const avgPool2dGrad: Lowering<AvgPoolAttrs> = (tf, [dy], attrs, _scalars, { shape }) => {
  const [n, c, h, w]: Shape = shape;
  const [top, bottom, left, right] = surroundings([h, w], attrs);
  const padded = [n, top + h + bottom, left + w + right, c];
  const parts = corrected(tf, dy.whole(NHWC), [h, w], attrs);
  const all = tf.op("AvgPoolGrad", [...poolAttrs(attrs), layout], [tf.constant(padded), parts]);
  if (top + bottom + left + right === 0) return { handle: all, order: NHWC };
  return {
    handle: sliced(tf, all, "float32", [0, top, left, 0], [n, top + h, left + w, c], [1, 1, 1, 1]),
    order: NHWC,
  };
};
