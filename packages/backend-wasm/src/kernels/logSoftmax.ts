// logSoftmax: x - max - log(sum of exp(x - max)), along an axis.
import { V128 } from "../assembler.ts";
import { emitExp, emitLog } from "../pointwise/vector.ts";
import { alongAxis } from "./alongAxis.ts";

export const logSoftmax = alongAxis("logSoftmax", (a) => {
  const { f, v } = a;
  const [x] = a.inputs;
  const log = f.local(V128);
  const max = a.fold("max", () => a.load(x));
  const sum = a.fold("sum", () => {
    a.load(x);
    f.get(max).op("f32x4.sub").set(v);
    emitExp(f, v, a.temp);
  });
  emitLog(f, sum, a.temp);
  f.set(log);
  a.store(() => {
    a.load(x);
    f.get(max).op("f32x4.sub").get(log).op("f32x4.sub");
  });
});
