// Convolution and its adjoints by TensorFlow's ops on NHWC images and HWIO kernels. What those lack is made of them: padding
// other than "SAME", which they know but not in oneDNN's kernels, by padding first; and, on the CPU, gradients with dilation
// by kernels with zeros between, and with groups by a call a group.
import type { Shape } from "@lamina/core";
import { type Attr, type Handle, int, text, type as typeAttr } from "../binding.ts";
import type { Lowering } from "../operand.ts";
import type { TensorFlow } from "../tensorflow.ts";
import type { Order } from "../value.ts";
import { padded, sliced, surrounded } from "./shape.ts";

/** NCHW images as TensorFlow has them. */
export const NHWC: Order = [0, 2, 3, 1];
/** OIHW kernels as TensorFlow has them. */
const HWIO: Order = [2, 3, 1, 0];
const F = "float32";

export interface ConvAttrs {
  readonly stride: readonly number[];
  /** [top, bottom, left, right] */
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

// ---- padding ---------------------------------------------------------------------------------------------------------------
/** How a convolution is padded: "VALID" and "SAME" by TensorFlow; else `around`, [top, bottom, left, right], before. */
interface Padding {
  readonly name: "VALID" | "SAME";
  readonly around: readonly number[];
}
const NONE = [0, 0, 0, 0];
/** @param size of the image @param kernel with its dilation */
function paddingOf(size: readonly number[], kernel: readonly number[], { stride, padding }: ConvAttrs): Padding {
  if (padding.every((n) => n === 0)) return { name: "VALID", around: NONE };
  const isSame = [0, 1].every((i) => {
    const total = Math.max(0, (Math.ceil(size[i] / stride[i]) - 1) * stride[i] + kernel[i] - size[i]);
    return padding[2 * i] === Math.floor(total / 2) && padding[2 * i + 1] === total - padding[2 * i];
  });
  return isSame ? { name: "SAME", around: NONE } : { name: "VALID", around: padding };
}
/** The attributes that TensorFlow's convolutions share. */
const windowAttrs = ({ stride }: ConvAttrs, { name }: Padding, dilation: readonly number[] = [1, 1]): Attr[] => [
  typeAttr("T", F),
  int("strides", [1, ...stride, 1]),
  text("padding", name),
  text("data_format", "NHWC"),
  int("dilations", [1, ...dilation, 1]),
];
/** The image with its padding around it, as far as TensorFlow does not see to that. */
const paddedImage = (tf: TensorFlow, image: Handle, { around }: Padding): Handle =>
  surrounded(tf, image, F, around, tf.scalar(0, F));
/** Its size, NHWC. */
const paddedSize = (n: number, [h, w]: readonly number[], c: number, { around: [t, b, l, r] }: Padding): number[] => [
  n,
  t + h + b,
  l + w + r,
  c,
];
/** The image without its padding. */
function cropped(tf: TensorFlow, image: Handle, [n, h, w, c]: readonly number[], { around }: Padding): Handle {
  if (around === NONE) return image;
  const [top, , left] = around;
  return sliced(tf, image, F, [0, top, left, 0], [n, top + h, left + w, c], [1, 1, 1, 1]);
}

// ---- dilation in gradients: a kernel with zeros between its elements ------------------------------------------------------
const spread = (size: readonly number[], dilation: readonly number[]): number[] =>
  size.map((n, i) => (n - 1) * dilation[i] + 1);
const isDilated = ({ dilation }: ConvAttrs): boolean => dilation.some((n) => n > 1);

/** w [kh,kw,i,o] -> [(kh-1)*d+1, (kw-1)*d+1, i, o] */
function withZerosBetween(tf: TensorFlow, w: Handle, [kh, kw, i, o]: Shape, dilation: readonly number[]): Handle {
  const [dh, dw] = dilation;
  const apart = tf.reshape(w, F, [kh, 1, kw, 1, i * o]);
  const gaps = [0, dh - 1, 0, dw - 1, 0].map((gap) => [0, gap]);
  const all = tf.reshape(padded(tf, apart, F, gaps, tf.scalar(0, F)), F, [kh * dh, kw * dw, i, o]);
  return sliced(tf, all, F, [0, 0, 0, 0], [...spread([kh, kw], dilation), i, o], [1, 1, 1, 1]);
}
/** The adjoint of that: its elements again, without what lies between. */
const withoutBetween = (tf: TensorFlow, w: Handle, [kh, kw, i, o]: Shape, dilation: readonly number[]): Handle =>
  sliced(tf, w, F, [0, 0, 0, 0], [...spread([kh, kw], dilation), i, o], [...dilation, 1, 1]);

// ---- groups ----------------------------------------------------------------------------------------------------------------
/** Parts of equal size along an axis. */
function split(tf: TensorFlow, x: Handle, axis: number, parts: number): Handle[] {
  if (parts === 1) return [x];
  return tf.ops("Split", [typeAttr("T", F), int("num_split", parts)], [tf.constant([axis], []), x], parts);
}
function joined(tf: TensorFlow, parts: readonly Handle[], axis: number): Handle {
  if (parts.length === 1) return parts[0];
  const attrs = [typeAttr("T", F), typeAttr("Tidx", "int32"), int("N", parts.length)];
  return tf.op("ConcatV2", attrs, [...parts, tf.constant([axis], [])]);
}
/** One input channel a group, and a stride and no dilation as TensorFlow's depthwise kernels want them. */
const isDepthwise = ({ groups, stride, dilation }: ConvAttrs, inChannels: number): boolean =>
  groups > 1 && inChannels === 1 && stride[0] === stride[1] && dilation[0] === 1 && dilation[1] === 1;
/** HWIO with I = 1 and O = groups*m is TensorFlow's [h, w, groups, m], element by element. */
const depthwiseShape = ([o, , kh, kw]: Shape, groups: number): Shape => [kh, kw, groups, o / groups];

export const conv2d: Lowering<ConvAttrs> = (tf, [x, w], attrs) => {
  const { groups, dilation } = attrs;
  const padding = paddingOf(x.shape.slice(2), spread(w.shape.slice(2), dilation), attrs);
  const image = paddedImage(tf, x.whole(NHWC), padding);
  const kernel = w.whole(HWIO);
  if (isDepthwise(attrs, w.shape[1])) {
    const apart = tf.reshape(kernel, F, depthwiseShape(w.shape, groups));
    return { handle: tf.op("DepthwiseConv2dNative", windowAttrs(attrs, padding), [image, apart]), order: NHWC };
  }
  const kernels = split(tf, kernel, 3, groups);
  const options = windowAttrs(attrs, padding, dilation);
  const parts = split(tf, image, 3, groups).map((part, g) => tf.op("Conv2D", options, [part, kernels[g]]));
  return { handle: joined(tf, parts, 3), order: NHWC };
};

export const conv2dGradInput: Lowering<ConvAttrs> = (tf, [dy, w], attrs, _scalars, { shape: [n, c, ...size] }) => {
  const [o, i, kh, kw] = w.shape;
  const { groups, dilation } = attrs;
  const padding = paddingOf(size, spread([kh, kw], dilation), attrs);
  const options = windowAttrs(attrs, padding);
  const kernel = w.whole(HWIO);
  const uncropped = () => {
    if (isDepthwise(attrs, i)) {
      const apart = tf.reshape(kernel, F, depthwiseShape(w.shape, groups));
      const inputs = [tf.constant(paddedSize(n, size, c, padding)), apart, dy.whole(NHWC)];
      return tf.op("DepthwiseConv2dNativeBackpropInput", options, inputs);
    }
    const whole = isDilated(attrs) ? withZerosBetween(tf, kernel, [kh, kw, i, o], dilation) : kernel;
    const kernels = split(tf, whole, 3, groups);
    const padded = tf.constant(paddedSize(n, size, i, padding));
    const gradients = split(tf, dy.whole(NHWC), 3, groups);
    const parts = gradients.map((part, g) => tf.op("Conv2DBackpropInput", options, [padded, kernels[g], part]));
    return joined(tf, parts, 3);
  };
  return { handle: cropped(tf, uncropped(), [n, ...size, c], padding), order: NHWC };
};

/** The pixels that a kernel of one pixel meets: with them alone there is no stride. */
function metPixels(tf: TensorFlow, image: Handle, dy: Shape, c: number, [sh, sw]: readonly number[]): Handle {
  const ends = [dy[0], (dy[2] - 1) * sh + 1, (dy[3] - 1) * sw + 1, c];
  return sliced(tf, image, F, [0, 0, 0, 0], ends, [1, sh, sw, 1]);
}

export const conv2dGradWeight: Lowering<ConvAttrs> = (tf, [x, dy], given, _scalars, { shape: [o, i, kh, kw] }) => {
  const { groups, dilation } = given;
  const kernel = spread([kh, kw], dilation);
  const padding = paddingOf(x.shape.slice(2), kernel, given);
  // oneDNN 3.2, in TensorFlow 2.16, overlooks the stride of a kernel of one pixel
  const isOverlooked = kh * kw === 1 && given.stride.some((n) => n > 1);
  const attrs = isOverlooked ? { ...given, stride: [1, 1] } : given;
  const options = windowAttrs(attrs, padding);
  const whole = paddedImage(tf, x.whole(NHWC), padding);
  const image = isOverlooked ? metPixels(tf, whole, dy.shape, x.shape[1], given.stride) : whole;
  if (isDepthwise(attrs, i)) {
    const apart = tf.constant(depthwiseShape([o, i, kh, kw], groups));
    const dw = tf.op("DepthwiseConv2dNativeBackpropFilter", options, [image, apart, dy.whole(NHWC)]);
    return { handle: tf.reshape(dw, F, [kh, kw, i, o]), order: HWIO };
  }
  const size = tf.constant([...kernel, i, o / groups]);
  const gradients = split(tf, dy.whole(NHWC), 3, groups);
  const parts = split(tf, image, 3, groups).map((part, g) =>
    tf.op("Conv2DBackpropFilter", options, [part, size, gradients[g]]),
  );
  const dw = joined(tf, parts, 3);
  return { handle: isDilated(attrs) ? withoutBetween(tf, dw, [kh, kw, i, o], dilation) : dw, order: HWIO };
};
