// maxPool2d: the largest element of each window, NaN if there is one, -Infinity where the window has none. The limit is the
// instructions: four for an element of four windows, and one to load or shuffle it.
import { hoistingKernelOf, storeLanes } from "./emit.ts";
import { Largest } from "./largest.ts";
import type { Lower } from "./lowered.ts";
import { maxPool2dChannelsLast } from "./maxPool2d.channelsLast.ts";
import { toImage, type WindowAttrs, WindowWalk, windowKey, windowScratchBytes, windowsOfOne } from "./windows.ts";

const [X, OUT, OWN] = [0, 1, 2];

export const maxPool2d: Lower = ([x], attrs: WindowAttrs, out) => {
  if (attrs.channelsLast) return maxPool2dChannelsLast(x.shape, out.shape, attrs);
  const windows = windowsOfOne(x.shape, out.shape, attrs);
  const ownBytes = windowScratchBytes(windows) || undefined;
  return {
    key: `maxPool2d ${x.shape} ${out.shape} ${windowKey(attrs)}`,
    ownBytes,
    slices: x.shape[0],
    emit: () => {
      const slice = ownBytes ? 3 : 2;
      const f = hoistingKernelOf(slice + 1);
      toImage(f, slice, [X, x.shape], [OUT, out.shape]);
      const largest = new Largest(f);
      new WindowWalk(f, windows, OWN).emit({
        outside: -Infinity,
        start: () => largest.start(),
        visit: (v) => largest.visit(v),
        finish: ({ lanes }) => storeLanes(f, OUT, largest.finish(), 0, lanes),
      });
      return f.finished();
    },
  };
};
