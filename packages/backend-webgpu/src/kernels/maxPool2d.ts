// maxPool2d: the largest element of each window, NaN if there is one, -Infinity where the window has none.
import type { Lower } from "./lowered.ts";
import { LEAST_ORDER, orderFunction } from "./order.wgsl.ts";
import { eachElement, eachOfWindow, type WindowAttrs, windowKey, windowsOf } from "./windows.ts";

export const maxPool2d: Lower = ([x], attrs: WindowAttrs, out) => {
  const windows = windowsOf(x, out, attrs);
  const arrays = [
    { name: "x", input: 0 },
    { name: "out", output: true },
  ] as const;
  const key = `maxPool2d ${windowKey(windows)}`;
  const dispatch = eachElement(key, arrays, out, windows, attrs.kernel[0] * attrs.kernel[1], () => ({
    globals: orderFunction,
    main: `
  let image = plane * p.height * p.width;
  var most = ${LEAST_ORDER};
  ${eachOfWindow(windows, `most = max(most, order(read_x(image + element)));`)}
  write_out(at, unorder(most));`,
  }));
  return { dispatches: [dispatch] };
};
