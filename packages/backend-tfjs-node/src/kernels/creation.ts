// Arrays from a few numbers: full, arange, and Philox's random bits, which TensorFlow draws itself.
import { allocate, type Shape, sizeOf } from "@lamina/core";
import { tfType, type as typeAttr } from "../binding.ts";
import type { Lowering } from "../operand.ts";
import type { TensorFlow } from "../tensorflow.ts";

/** One number, to be broadcast by whoever reads it. */
export const full: Lowering = (tf, _inputs, _attrs, [value], { shape, dtype }) => {
  const dims = shape.map(() => 1);
  const number = dtype === "bool" ? +(value !== 0) : value;
  return { handle: tf.tensor(dims, tfType(dtype), allocate(dtype, 1).fill(number)), dims };
};

/** On the host, since TensorFlow's Range adds up its steps. */
export const arange: Lowering = (tf, _inputs, _attrs, [start, step], { shape, dtype }) => {
  const data = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = start + i * step;
  return { handle: tf.tensor(shape, tfType(dtype), data) };
};

/** Numbers of 64 bits from low and high words. */
function words(tf: TensorFlow, values: readonly number[]): number {
  const signed = tf.tensor(
    [values.length / 2],
    "int64",
    Int32Array.from(values, (word) => word | 0),
  );
  return tf.op("Bitcast", [typeAttr("T", "int64"), typeAttr("type", "uint64")], [signed]);
}
const PHILOX = 1;
/** How TensorFlow numbers Philox's blocks is how docs/ops.md does: the key is the seed, the low half of the counter counts. */
export const random: Lowering<{ shape: Shape }> = (tf, _inputs, { shape }, [seedLow, seedHigh, low, high]) => {
  const attrs = [typeAttr("dtype", "uint32"), typeAttr("Tshape", "int32")];
  const key = words(tf, [seedLow, seedHigh]);
  const counter = words(tf, [0, 0, low, high]);
  const inputs = [tf.constant(shape), key, counter, tf.constant([PHILOX], [])];
  const bits = tf.op("StatelessRandomUniformFullIntV2", attrs, inputs);
  const eight = tf.cast(tf.constant([8], []), "int32", "uint32");
  const top = tf.cast(tf.apply("RightShift", "uint32", bits, eight), "uint32", "float32");
  return { handle: tf.apply("Mul", "float32", top, tf.scalar(2 ** -24, "float32")) };
};
