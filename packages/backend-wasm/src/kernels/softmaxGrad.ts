// softmaxGrad: y * (dy - sum of dy*y), y = softmax(x), along an axis.
import { alongAxis } from "./alongAxis.ts";

export const softmaxGrad = alongAxis("softmaxGrad", (a) => {
  const { f } = a;
  const [dy, y] = a.inputs;
  const sum = a.sum(() => {
    a.load(dy);
    a.load(y);
    f.op("f32x4.mul");
  });
  a.store(() => {
    a.load(y);
    a.load(dy);
    a.get(sum);
    f.op("f32x4.sub").op("f32x4.mul");
  });
});
