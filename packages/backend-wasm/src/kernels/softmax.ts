// softmax: exp(x - max) / sum of exp(x - max), along an axis.
import { emitExp } from "../pointwise/vector.ts";
import { alongAxis } from "./alongAxis.ts";
import { storeElements } from "./elements.ts";

export const softmax = alongAxis("softmax", (a) => {
  const { f, v } = a;
  const [x] = a.inputs;
  const max = a.fold("max", () => a.load(x));
  const sum = a.fold("sum", (lanes) => {
    a.load(x);
    f.get(max).op("f32x4.sub").set(v);
    emitExp(f, v, a.temp);
    f.set(v);
    storeElements(f, "float32", a.out.at, v, lanes);
    f.get(v);
  });
  a.store(() => {
    a.load(a.out);
    f.get(sum).op("f32x4.div");
  });
});
