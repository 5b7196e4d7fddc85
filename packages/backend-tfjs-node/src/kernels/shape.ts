// Ops that move elements. They take an input as it is held and put their axes in its order; permute moves nothing at all.
import { type Handle, int, type TfType, type as typeAttr } from "../binding.ts";
import type { Lowering, Operand } from "../operand.ts";
import type { TensorFlow } from "../tensorflow.ts";
import { inOrder } from "../value.ts";

type Axes = readonly number[];

/** The axes get other names; whoever needs them in another order moves the elements. */
export const permute: Lowering<{ axes: Axes }> = (tf, [x], { axes }) => {
  const { handle, order, dims } = x.broadcastable(x.held()[0].order);
  return {
    handle: tf.op("Identity", [typeAttr("T", x.type)], [handle]),
    order: order.map((axis) => axes.indexOf(axis)),
    dims,
  };
};

/** From `starts` up to and without `ends`. */
export function sliced(tf: TensorFlow, x: Handle, dtype: TfType, starts: Axes, ends: Axes, steps: Axes): Handle {
  const attrs = [typeAttr("T", dtype), typeAttr("Index", "int32")];
  return tf.op("StridedSlice", attrs, [x, tf.constant(starts), tf.constant(ends), tf.constant(steps)]);
}
/** `pairs`: how many before and after, an axis each. */
export function padded(tf: TensorFlow, x: Handle, dtype: TfType, pairs: readonly Axes[], filler: Handle): Handle {
  const attrs = [typeAttr("T", dtype), typeAttr("Tpaddings", "int32")];
  return tf.op("PadV2", attrs, [x, tf.constant(pairs.flat(), [pairs.length, 2]), filler]);
}

/** An NHWC image with so much around it, [top, bottom, left, right]. */
export function surrounded(
  tf: TensorFlow,
  image: Handle,
  dtype: TfType,
  [top, bottom, left, right]: readonly number[],
  filler: Handle,
): Handle {
  if (top + bottom + left + right === 0) return image;
  return padded(
    tf,
    image,
    dtype,
    [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ],
    filler,
  );
}

export const slice: Lowering<{ starts: Axes; sizes: Axes; steps: Axes }> = (tf, [x], { starts, sizes, steps }) => {
  const { handle, order } = x.asItIs();
  const ends = starts.map((start, axis) => start + (sizes[axis] - 1) * steps[axis] + 1);
  const [from, to, by] = [starts, ends, steps].map((list) => inOrder(list, order));
  return { handle: sliced(tf, handle, x.type, from, to, by), order };
};

/** Gaps between elements are made an axis of their own: [n] becomes [n,1], is padded to [n,1+gap], and is [n*(1+gap)] again. */
function spread(tf: TensorFlow, x: Operand, filler: Handle, interior: Axes): Handle {
  const apart = tf.reshape(
    x.whole(),
    x.type,
    x.shape.flatMap((n) => [n, 1]),
  );
  const gaps = interior.flatMap((gap) => [
    [0, 0],
    [0, gap],
  ]);
  const joined = x.shape.map((n, axis) => n * (1 + interior[axis]));
  const all = tf.reshape(padded(tf, apart, x.type, gaps, filler), x.type, joined);
  // the last element has no gap behind it
  const ends = joined.map((n, axis) => Math.max(0, n - interior[axis]));
  return sliced(
    tf,
    all,
    x.type,
    ends.map(() => 0),
    ends,
    ends.map(() => 1),
  );
}
export const pad: Lowering<{ before: Axes; after: Axes; interior: Axes }> = (
  tf,
  [x],
  { before, after, interior },
  [value],
) => {
  const filler = tf.scalar(x.dtype === "bool" ? +(value !== 0) : value, x.type);
  const pairs = before.map((n, axis) => [n, after[axis]]);
  if (interior.some((n) => n > 0))
    return { handle: padded(tf, spread(tf, x, filler, interior), x.type, pairs, filler) };
  const { handle, order } = x.asItIs();
  return { handle: padded(tf, handle, x.type, inOrder(pairs, order), filler), order };
};

export const flip: Lowering<{ axes: Axes }> = (tf, [x], { axes }) => {
  const { handle, order } = x.asItIs();
  const attrs = [typeAttr("T", x.type), typeAttr("Tidx", "int32")];
  return { handle: tf.op("ReverseV2", attrs, [handle, tf.constant(axes.map((a) => order.indexOf(a)))]), order };
};

export const cat: Lowering<{ axis: number }> = (tf, inputs, { axis }) => {
  const { order } = inputs[0].asItIs();
  const attrs = [typeAttr("T", inputs[0].type), typeAttr("Tidx", "int32"), int("N", inputs.length)];
  const handles = inputs.map((x) => x.whole(order));
  return { handle: tf.op("ConcatV2", attrs, [...handles, tf.constant([order.indexOf(axis)], [])]), order };
};
