// avgPool2d: the sum of each window (padding is zeros) over its divisor.
import { V128 } from "../assembler.ts";
import { type AvgPoolAttrs, averageKey, Divisors, divide } from "./averaging.ts";
import { kernelOf, storeLanes } from "./emit.ts";
import type { Lower } from "./lowered.ts";
import { WindowWalk, windowKey, windowScratchBytes, windowsOf } from "./windows.ts";

const [, OUT, SCRATCH] = [0, 1, 2];

export const avgPool2d: Lower = ([x], attrs: AvgPoolAttrs, out) => {
  const windows = windowsOf(x.shape, out.shape, attrs);
  const divisors = new Divisors(windows, attrs);
  return {
    key: `avgPool2d ${x.shape} ${out.shape} ${windowKey(attrs)} ${averageKey(attrs)}`,
    scratchBytes: divisors.bytes + windowScratchBytes(windows),
    emit: () => {
      const f = kernelOf(3);
      const sum = f.local(V128);
      const divisorsOf = divisors.prepare(f, SCRATCH);
      new WindowWalk(f, windows, SCRATCH).emit({
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
