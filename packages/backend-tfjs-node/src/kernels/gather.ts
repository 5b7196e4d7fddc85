// gather and scatterAdd along one axis, which is put last: then each row of it picks from, or adds to, a row.
import { sizeOf } from "@lamina/core";
import { type Handle, int, type as typeAttr } from "../binding.ts";
import type { Lowering, Operand } from "../operand.ts";
import type { TensorFlow } from "../tensorflow.ts";
import { inOrder, type Order, rowMajor } from "../value.ts";
import { reduced } from "./reduce.ts";

const axisLast = (rank: number, axis: number): Order => [...rowMajor(rank).filter((a) => a !== axis), axis];

/** CUDA kernels would read zeros for an index out of range, so it is looked for here. */
function checkIndex(tf: TensorFlow, op: string, x: Operand, index: Operand, axis: number, indices: Handle): void {
  const all = rowMajor(index.shape.length);
  const n = x.shape[axis];
  for (const name of ["Min", "Max"]) {
    const [k] = tf.binding.tensorDataSync(reduced(tf, name, indices, "int32", all));
    if (k < 0 || k >= n)
      throw new Error(
        `${op}: index ${k} is out of range for axis ${axis} of size ${n} (x [${x.shape}], index [${index.shape}]); indices must lie in 0..${n - 1}`,
      );
  }
}

export const gather: Lowering<{ axis: number }> = (tf, [x, index], { axis }) => {
  const order = axisLast(x.shape.length, axis);
  const indices = index.whole(order);
  checkIndex(tf, "gather", x, index, axis, indices);
  const last = order.length - 1;
  const attrs = [typeAttr("Tparams", x.type), typeAttr("Tindices", "int32"), typeAttr("Taxis", "int32")];
  const inputs = [x.whole(order), indices, tf.constant([last], [])];
  return { handle: tf.op("GatherV2", [...attrs, int("batch_dims", last)], inputs), order };
};

/** [0, step, 2*step, …], `length` of them. */
export const range = (tf: TensorFlow, length: number, step: number): Handle =>
  tf.op(
    "Range",
    [typeAttr("Tidx", "int32")],
    [0, length * step, step].map((v) => tf.constant([v], [])),
  );
/** Adds up `terms` that have the same place, in a result of `n`. */
export function sumAtPlaces(
  tf: TensorFlow,
  dtype: "float32" | "int32",
  terms: Handle,
  places: Handle,
  n: number,
): Handle {
  const attrs = [typeAttr("T", dtype), typeAttr("Tindices", "int32"), typeAttr("Tnumsegments", "int32")];
  return tf.op("UnsortedSegmentSum", attrs, [terms, places, tf.constant([n], [])]);
}

export const scatterAdd: Lowering<{ axis: number }> = (tf, [x, index, src], { axis }) => {
  const order = axisLast(x.shape.length, axis);
  const n = x.shape[axis];
  const rows = sizeOf(x.shape) / n;
  const terms = index.shape[axis];
  if (sizeOf(index.shape) === 0) return { handle: tf.op("Identity", [typeAttr("T", x.type)], [x.whole(order)]), order };
  const indices = index.whole(order);
  checkIndex(tf, "scatterAdd", x, index, axis, indices);
  // as places in all rows, which lie one after another
  const starts = tf.reshape(range(tf, rows, n), "int32", [rows, 1]);
  const places = tf.apply("AddV2", "int32", tf.reshape(indices, "int32", [rows, terms]), starts);
  const dtype = x.dtype as "float32" | "int32";
  const flat = tf.reshape(src.whole(order), dtype, [rows, terms]);
  const added = tf.reshape(sumAtPlaces(tf, dtype, flat, places, rows * n), dtype, inOrder(x.shape, order));
  return { handle: tf.apply("AddV2", dtype, x.whole(order), added), order };
};
