// Reductions over some axes, in the order of axes that the input is held in.
import { flag, type Handle, type TfType, type as typeAttr } from "../binding.ts";
import type { Lowering, Operand } from "../operand.ts";
import type { TensorFlow } from "../tensorflow.ts";
import type { Order } from "../value.ts";

/** `x` reduced over tensor axes `axes`. */
export function reduced(
  tf: TensorFlow,
  name: string,
  x: Handle,
  dtype: TfType,
  axes: readonly number[],
  keep = false,
): Handle {
  const attrs = [typeAttr("T", dtype), typeAttr("Tidx", "int32"), flag("keep_dims", keep)];
  return tf.op(name, attrs, [x, tf.constant(axes)]);
}
/** The order of what is left, its axes counted anew. */
function remaining(order: Order, axes: readonly number[]): Order {
  const kept = order.filter((axis) => !axes.includes(axis));
  return kept.map((axis) => kept.filter((other) => other < axis).length);
}
const positions = (order: Order, axes: readonly number[]): number[] =>
  axes.map((axis) => order.indexOf(axis)).sort((a, b) => a - b);

const reduction =
  (name: string): Lowering<{ axes: readonly number[] }> =>
  (tf, [x], { axes }) => {
    const { handle, order } = x.asItIs();
    return { handle: reduced(tf, name, handle, x.type, positions(order, axes)), order: remaining(order, axes) };
  };
/** Not for bool: as numbers, 0 and 1. */
const extreme =
  (name: string): Lowering<{ axes: readonly number[] }> =>
  (tf, [x], { axes }) => {
    const { handle, order } = x.asItIs();
    const isBool = x.dtype === "bool";
    const numbers = isBool ? tf.cast(handle, "bool", "uint8") : handle;
    const result = reduced(tf, name, numbers, isBool ? "uint8" : x.type, positions(order, axes));
    return { handle: isBool ? tf.cast(result, "uint8", "bool") : result, order: remaining(order, axes) };
  };

export const sum = reduction("Sum");
export const prod = reduction("Prod");
export const max = extreme("Max");
export const min = extreme("Min");

function indexOf(tf: TensorFlow, name: string, x: Handle, dtype: TfType, axis: number): Handle {
  const attrs = [typeAttr("T", dtype), typeAttr("Tidx", "int32"), typeAttr("output_type", "int32")];
  return tf.op(name, attrs, [x, tf.constant([axis], [])]);
}
/** TensorFlow passes over NaN, which is to count as the extreme: where there is one, the first of them is the answer. */
function firstNaN(tf: TensorFlow, x: Handle, axis: number, otherwise: Handle): Handle {
  const isNaN = tf.op("IsNan", [typeAttr("T", "float32")], [x]);
  const numbers = tf.cast(isNaN, "bool", "int32");
  const any = tf.op("Any", [flag("keep_dims", false), typeAttr("Tidx", "int32")], [isNaN, tf.constant([axis])]);
  return tf.apply("SelectV2", "int32", any, indexOf(tf, "ArgMax", numbers, "int32", axis), otherwise);
}
const index =
  (name: string): Lowering<{ axis: number }> =>
  (tf, [x]: readonly Operand[], { axis }) => {
    const { handle, order } = x.asItIs();
    const isBool = x.dtype === "bool";
    const numbers = isBool ? tf.cast(handle, "bool", "uint8") : handle;
    const at = order.indexOf(axis);
    const found = indexOf(tf, name, numbers, isBool ? "uint8" : x.type, at);
    return {
      handle: x.dtype === "float32" ? firstNaN(tf, handle, at, found) : found,
      order: remaining(order, [axis]),
    };
  };
export const argmax = index("ArgMax");
export const argmin = index("ArgMin");
