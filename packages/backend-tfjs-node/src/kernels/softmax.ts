// Softmax, its logarithm, and their gradients. TensorFlow has the first two along the last axis, so that axis is put last.
import { type Handle, type as typeAttr } from "../binding.ts";
import type { Lowering, Operand } from "../operand.ts";
import type { TensorFlow } from "../tensorflow.ts";
import { type Order, rowMajor } from "../value.ts";
import { reduced } from "./reduce.ts";

const axisLast = (x: Operand, axis: number): Order => [...rowMajor(x.shape.length).filter((a) => a !== axis), axis];

const forward =
  (name: string): Lowering<{ axis: number }> =>
  (tf, [x], { axis }) => {
    const order = axisLast(x, axis);
    return { handle: tf.op(name, [typeAttr("T", "float32")], [x.whole(order)]), order };
  };
export const softmax = forward("Softmax");
export const logSoftmax = forward("LogSoftmax");

const backward =
  (body: (tf: TensorFlow, dy: Handle, y: Handle, sum: (x: Handle) => Handle) => Handle): Lowering<{ axis: number }> =>
  (tf, [dy, y], { axis }) => {
    const order = axisLast(y, axis);
    const sum = (x: Handle) => reduced(tf, "Sum", x, "float32", [order.length - 1], true);
    return { handle: body(tf, dy.whole(order), y.whole(order), sum), order };
  };
/** y * (dy - sum(dy*y)) */
export const softmaxGrad = backward((tf, dy, y, sum) =>
  tf.apply("Mul", "float32", y, tf.apply("Sub", "float32", dy, sum(tf.apply("Mul", "float32", dy, y)))),
);
/** dy - exp(y) * sum(dy) */
export const logSoftmaxGrad = backward((tf, dy, y, sum) =>
  tf.apply("Sub", "float32", dy, tf.apply("Mul", "float32", tf.apply("Exp", "float32", y), sum(dy))),
);
