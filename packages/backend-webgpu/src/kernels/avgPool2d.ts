// avgPool2d: the sum of each window over its divisor; what is outside the image adds nothing.
import { type AvgPoolAttrs, averageKey, divisorFunction } from "./averaging.ts";
import type { Lower } from "./lowered.ts";
import { eachElement, eachOfWindow, windowKey, windowsOf } from "./windows.ts";

export const avgPool2d: Lower = ([x], attrs: AvgPoolAttrs, out) => {
  const windows = windowsOf(x, out, attrs);
  const plane = x.shape[2] * x.shape[3];
  const arrays = [
    { name: "x", input: 0 },
    { name: "out", output: true },
  ] as const;
  const key = `avgPool2d ${x.shape} ${out.shape} ${windowKey(attrs)} ${averageKey(attrs)}`;
  const dispatch = eachElement(key, arrays, out, attrs.kernel[0] * attrs.kernel[1], () => ({
    globals: divisorFunction(windows, attrs),
    main: `
  var sum = 0.0;
  ${eachOfWindow(windows, `sum += read_x(plane * ${plane}u + element);`)}
  write_out(at, sum / divisor(i, j));`,
  }));
  return { dispatches: [dispatch] };
};
