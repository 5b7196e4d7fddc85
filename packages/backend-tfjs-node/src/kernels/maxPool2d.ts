// maxPool2d, where its maxima stand, and its gradient. TensorFlow's kernels do not define what NaN does and do not dilate:
// windows over images with NaN or infinities, and dilated ones, are compared tap by tap.
import type { Shape } from "@lamina/core";
import { flag, type Handle, text, type as typeAttr } from "../binding.ts";
import type { Lowering, Operand } from "../operand.ts";
import type { TensorFlow } from "../tensorflow.ts";
import { rowMajor } from "../value.ts";
import { NHWC } from "./conv2d.ts";
import { range, sumAtPlaces } from "./gather.ts";
import { reduced } from "./reduce.ts";
import { surrounded } from "./shape.ts";
import { poolAttrs, surroundings, taps, type WindowAttrs } from "./windows.ts";

/** Whether TensorFlow's kernel says the same as ours: a NaN or an infinity anywhere shows in the sum. */
function isPlain(tf: TensorFlow, x: Operand, { dilation = [1, 1] }: WindowAttrs): boolean {
  if (dilation.some((n) => n > 1)) return false;
  const sum = () => tf.binding.tensorDataSync(reduced(tf, "Sum", x.whole(NHWC), "float32", rowMajor(4)))[0];
  return x.remembered("isFinite", () => Number.isFinite(sum()));
}
/** The image with -inf around it, on which every window lies inside. */
const withPadding = (tf: TensorFlow, x: Operand, attrs: WindowAttrs): Handle =>
  surrounded(tf, x.whole(NHWC), "float32", surroundings(x.shape.slice(2), attrs), tf.scalar(-Infinity, "float32"));

export const maxPool2d: Lowering<WindowAttrs> = (tf, [x], attrs) => {
  const padded = withPadding(tf, x, attrs);
  if (isPlain(tf, x, attrs)) {
    const options = [...poolAttrs(attrs), text("data_format", "NHWC")];
    return { handle: tf.op("MaxPool", options, [padded]), order: NHWC };
  }
  const all = taps(tf, padded, "float32", x.shape, attrs);
  return { handle: all.reduce((a, b) => tf.apply("Maximum", "float32", a, b)), order: NHWC };
};

export const maxPool2dIndices: Lowering<WindowAttrs> = (tf, [x], attrs) => {
  const padded = withPadding(tf, x, attrs);
  const handle = isPlain(tf, x, attrs)
    ? indicesByKernel(tf, padded, x.shape, attrs)
    : indicesByTaps(tf, padded, x.shape, attrs);
  return { handle, order: NHWC };
};
const int32 = (tf: TensorFlow, name: string, a: Handle, b: Handle): Handle => tf.apply(name, "int32", a, b);

/** TensorFlow counts (h*W + w)*C + c on the padded image. */
function indicesByKernel(tf: TensorFlow, padded: Handle, [, c, h, w]: Shape, attrs: WindowAttrs): Handle {
  const [top, bottom, left, right] = surroundings([h, w], attrs);
  const options = [...poolAttrs(attrs), typeAttr("Targmax", "int32"), flag("include_batch_in_index", false)];
  const [, found] = tf.ops("MaxPoolWithArgmax", options, [padded], 2);
  const at = int32(tf, "FloorDiv", found, tf.constant([c], []));
  if (top + bottom + left + right === 0) return at;
  const width = tf.constant([left + w + right], []);
  const row = int32(tf, "Sub", int32(tf, "FloorDiv", at, width), tf.constant([top], []));
  const column = int32(tf, "Sub", int32(tf, "FloorMod", at, width), tf.constant([left], []));
  return int32(tf, "AddV2", int32(tf, "Mul", row, tf.constant([w], [])), column);
}
/** The first NaN, else the first maximum that is no padding, 0 if there is only padding. */
function indicesByTaps(tf: TensorFlow, padded: Handle, [n, c, h, w]: Shape, attrs: WindowAttrs): Handle {
  const around = surroundings([h, w], attrs);
  const places = tf.reshape(
    tf.constant(
      Array.from({ length: h * w }, (_, i) => i),
      [h * w],
    ),
    "int32",
    [1, h, w, 1],
  );
  const numbers = taps(tf, surrounded(tf, places, "int32", around, tf.constant([-1], [])), "int32", [1, 1], attrs);
  const values = taps(tf, padded, "float32", [n, c], attrs);
  const none = tf.constant([-1], []);
  let best = values[0];
  let index = tf.op(
    "BroadcastTo",
    [typeAttr("T", "int32"), typeAttr("Tidx", "int32")],
    [numbers[0], tf.constant([n, ...attrs.outputSize, c])],
  );
  const nan = (x: Handle) => tf.op("IsNan", [typeAttr("T", "float32")], [x]);
  const not = (x: Handle) => tf.op("LogicalNot", [], [x]);
  const and = (a: Handle, b: Handle) => tf.op("LogicalAnd", [], [a, b]);
  const or = (a: Handle, b: Handle) => tf.op("LogicalOr", [], [a, b]);
  for (let k = 1; k < values.length; k++) {
    const isReal = int32(tf, "Greater", numbers[k], none);
    const isFirst = int32(tf, "Equal", index, none);
    const beats = or(tf.apply("Greater", "float32", values[k], best), and(nan(values[k]), not(nan(best))));
    const taken = and(isReal, or(isFirst, beats));
    best = tf.apply("SelectV2", "float32", taken, values[k], best);
    index = tf.apply("SelectV2", "int32", taken, numbers[k], index);
  }
  return int32(tf, "Maximum", index, tf.constant([0], []));
}

/** h*W + w becomes the place in the NHWC image, ((n*H + h)*W + w)*C + c; then what has the same place is added up. */
export const maxPool2dGrad: Lowering = (tf, [dy, indices], _attrs, _scalars, { shape: [n, c, h, w] }) => {
  const image = h * w * c;
  const channels = tf.reshape(range(tf, c, 1), "int32", [1, 1, 1, c]);
  const starts = int32(tf, "AddV2", tf.reshape(range(tf, n, image), "int32", [n, 1, 1, 1]), channels);
  const places = int32(tf, "AddV2", int32(tf, "Mul", indices.whole(NHWC), tf.constant([c], [])), starts);
  const dx = sumAtPlaces(tf, "float32", dy.whole(NHWC), places, n * image);
  return { handle: tf.reshape(dx, "float32", [n, h, w, c]), order: NHWC };
};
