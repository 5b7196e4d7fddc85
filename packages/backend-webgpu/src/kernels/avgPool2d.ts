// avgPool2d: the sum of each window over its divisor; what is outside the image adds nothing.
import { type AvgPoolAttrs, averageKey, divisorFunction } from "./averaging.ts";
import type { Lower } from "./lowered.ts";
import { eachElement, eachOfWindow, windowKey, windowsOf } from "./windows.ts";

export const avgPool2d: Lower = ([x], attrs: AvgPoolAttrs, out) => {
  const windows = windowsOf(x, out, attrs);
  const arrays = [
    { name: "x", input: 0 },
    { name: "out", output: true },
  ] as const;
  const key = `avgPool2d ${windowKey(windows)} ${averageKey(attrs)}`;
  const dispatch = eachElement(key, arrays, out, windows, attrs.kernel[0] * attrs.kernel[1], () => ({
    globals: divisorFunction(windows, attrs),
    main: `
  let image = plane * p.height * p.width;
  var sum = 0.0;
  ${eachOfWindow(windows, `sum += read_x(image + element);`)}
  write_out(at, sum / divisor(i, j));`,
  }));
  return { dispatches: [dispatch] };
};
