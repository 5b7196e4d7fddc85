// avgPool2dGrad: each element of the image gets the share of every window that it lies in, first window to last.
import { type AvgPoolAttrs, averageKey, divisorFunction } from "./averaging.ts";
import type { Lower } from "./lowered.ts";
import { eachElement, windowKey } from "./windows.ts";

export const avgPool2dGrad: Lower = ([dy], attrs: AvgPoolAttrs, out) => {
  const { kernel, stride, padding } = attrs;
  const [, , oh, ow] = dy.shape;
  const arrays = [
    { name: "dy", input: 0 },
    { name: "out", output: true },
  ] as const;
  const key = `avgPool2dGrad ${dy.shape} ${out.shape} ${windowKey(attrs)} ${averageKey(attrs)}`;
  /** Windows from (at + padding - kernel) / stride, rounded up, to (at + padding) / stride, rounded down. */
  const first = (at: string, a: 0 | 1) =>
    `u32(max(i32(${at}) + ${padding[a] - kernel[a]} + ${stride[a]}, 0)) / ${stride[a]}u`;
  const last = (at: string, a: 0 | 1) => `min((${at} + ${padding[a]}u) / ${stride[a]}u + 1u, ${dy.shape[2 + a]}u)`;
  const perElement = Math.ceil(kernel[0] / stride[0]) * Math.ceil(kernel[1] / stride[1]);
  const dispatch = eachElement(key, arrays, out, perElement, () => ({
    globals: divisorFunction(out.shape.slice(2), attrs),
    main: `
  var sum = 0.0;
  for (var y = ${first("i", 0)}; y < ${last("i", 0)}; y++) {
    for (var x = ${first("j", 1)}; x < ${last("j", 1)}; x++) {
      sum += read_dy(plane * ${oh * ow}u + y * ${ow}u + x) / divisor(y, x);
    }
  }
  write_out(at, sum);`,
  }));
  return { dispatches: [dispatch] };
};
