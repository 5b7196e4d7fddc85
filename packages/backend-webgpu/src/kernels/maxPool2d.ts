// maxPool2d: the largest element of each window, NaN if there is one, -Infinity where the window has none.
import type { Lower } from "./lowered.ts";
import { LEAST_ORDER, orderFunction } from "./order.wgsl.ts";
import { eachElement, eachOfWindow, type WindowAttrs, windowKey, windowsOf } from "./windows.ts";

export const maxPool2d: Lower = ([x], attrs: WindowAttrs, out) => {
  const windows = windowsOf(x, out, attrs);
  const plane = x.shape[2] * x.shape[3];
  const arrays = [
    { name: "x", input: 0 },
    { name: "out", output: true },
  ] as const;
  const key = `maxPool2d ${x.shape} ${out.shape} ${windowKey(attrs)}`;
  const dispatch = eachElement(key, arrays, out, attrs.kernel[0] * attrs.kernel[1], () => ({
    globals: orderFunction,
    main: `
  var most = ${LEAST_ORDER};
  ${eachOfWindow(windows, `most = max(most, order(read_x(plane * ${plane}u + element)));`)}
  write_out(at, unorder(most));`,
  }));
  return { dispatches: [dispatch] };
};
