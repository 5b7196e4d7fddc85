// maxPool2dIndices: h*W+w of each window's first maximum, or first NaN; 0 where the window lies in the padding.
import type { Lower } from "./lowered.ts";
import { rankFunction } from "./order.wgsl.ts";
import { eachElement, eachOfWindow, type WindowAttrs, windowKey, windowsOf } from "./windows.ts";

export const maxPool2dIndices: Lower = ([x], attrs: WindowAttrs, out) => {
  const windows = windowsOf(x, out, attrs);
  const arrays = [
    { name: "x", input: 0 },
    { name: "out", output: true },
  ] as const;
  const key = `maxPool2dIndices ${windowKey(windows)}`;
  const dispatch = eachElement(key, arrays, out, windows, attrs.kernel[0] * attrs.kernel[1], () => ({
    globals: rankFunction("float32", false),
    main: `
  let image = plane * p.height * p.width;
  var best = -1;
  var most = 0;
  ${eachOfWindow(
    windows,
    `let found = rank(read_x(image + element));
      if (best < 0 || found > most) { best = i32(element); most = found; }`,
  )}
  write_out(at, max(best, 0));`,
  }));
  return { dispatches: [dispatch] };
};
