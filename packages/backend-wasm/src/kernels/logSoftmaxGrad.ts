// logSoftmaxGrad: dy - exp(y) * sum of dy, y = logSoftmax(x), along an axis.
import { emitExp } from "../pointwise/vector.ts";
import { alongAxis } from "./alongAxis.ts";

export const logSoftmaxGrad = alongAxis("logSoftmaxGrad", (a) => {
  const { f } = a;
  const [dy, y] = a.inputs;
  const sum = a.sum(() => a.load(dy));
  a.store(() => {
    a.load(dy);
    a.load(y);
    a.apply(emitExp);
    a.get(sum);
    f.op("f32x4.mul").op("f32x4.sub");
  });
});
