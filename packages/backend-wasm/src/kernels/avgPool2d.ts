// avgPool2d: the sum of each window (padding is zeros) over its divisor.
import { V128 } from "../assembler.ts";
import { type AvgPoolAttrs, averageKey, Divisors, divide } from "./averaging.ts";
import { avgPool2dChannelsLast } from "./avgPool2d.channelsLast.ts";
import { kernelOf, storeLanes } from "./emit.ts";
import type { Lower } from "./lowered.ts";
import { toImage, WindowWalk, windowKey, windowScratchBytes, windowsOfOne } from "./windows.ts";

const [X, OUT, OWN] = [0, 1, 2];

export const avgPool2d: Lower = ([x], attrs: AvgPoolAttrs, out) => {
  if (attrs.channelsLast) return avgPool2dChannelsLast(x.shape, out.shape, attrs);
  const windows = windowsOfOne(x.shape, out.shape, attrs);
  const divisors = new Divisors(windows, attrs);
  const ownBytes = divisors.bytes + windowScratchBytes(windows) || undefined;
  return {
    key: `avgPool2d ${x.shape} ${out.shape} ${windowKey(attrs)} ${averageKey(attrs)}`,
    ownBytes,
    slices: x.shape[0],
    emit: () => {
      const slice = ownBytes ? 3 : 2;
      const f = kernelOf(slice + 1);
      toImage(f, slice, [X, x.shape], [OUT, out.shape]);
      const sum = f.local(V128);
      const divisorsOf = divisors.prepare(f, OWN);
      new WindowWalk(f, windows, OWN).emit({
        outside: 0,
        start: () => void f.vzero().set(sum),
        visit: (v) => void f.get(sum).get(v).op("f32x4.add").set(sum),
        finish: ({ i, j, lanes }) => {
          divide(f, sum, divisors.uniform, () => divisorsOf(i, j));
          storeLanes(f, OUT, sum, 0, lanes);
        },
      });
      return f;
    },
  };
};
