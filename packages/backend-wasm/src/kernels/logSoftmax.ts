// logSoftmax: x - max - log(sum of exp(x - max)), along an axis.
import { emitDecay, emitLog } from "../pointwise/vector.ts";
import { alongAxis } from "./alongAxis.ts";

export const logSoftmax = alongAxis("logSoftmax", (a) => {
  const { f } = a;
  const [x] = a.inputs;
  const max = a.largest(() => a.load(x));
  const log = a.sum(() => {
    a.load(x);
    a.get(max);
    f.op("f32x4.sub");
    a.apply(emitDecay);
  }, f.wide); // kept for nobody: the engine makes one vector of two for the sake of stores
  a.update(log, () => a.apply(emitLog));
  a.store(() => {
    a.load(x);
    a.get(max);
    f.op("f32x4.sub");
    a.get(log);
    f.op("f32x4.sub");
  });
});
