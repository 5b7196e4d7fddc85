// softmax: exp(x - max) / sum of exp(x - max), along an axis.
import { emitDecay } from "../pointwise/vector.ts";
import { alongAxis } from "./alongAxis.ts";

export const softmax = alongAxis("softmax", (a) => {
  const { f } = a;
  const [x] = a.inputs;
  const max = a.largest(() => a.load(x));
  const sum = a.sum(() => {
    a.load(x);
    a.get(max);
    f.op("f32x4.sub");
    a.apply(emitDecay);
  }, true);
  // the sum is 1 at least, so that its reciprocal is no small number
  a.update(sum, () => a.apply((_, x) => void f.vconst(1).get(x).op("f32x4.div")));
  a.store(() => {
    a.load(a.out);
    a.get(sum);
    f.op("f32x4.mul");
  });
});
