// avgPool2dGrad: each element of the image gets the share of every window that it lies in, first window to last.

import { type AvgPoolAttrs, averageKey, divisorFunction } from "./averaging.ts";
import type { Lower } from "./lowered.ts";
import { eachElement, windowKey, windowsOf } from "./windows.ts";

export const avgPool2dGrad: Lower = ([dy], attrs: AvgPoolAttrs, out) => {
  const { kernel, stride } = attrs;
  const arrays = [
    { name: "dy", input: 0 },
    { name: "out", output: true },
  ] as const;
  const windows = windowsOf(out, dy, attrs);
  const key = `avgPool2dGrad ${windowKey(windows)} ${averageKey(attrs)}`;
  const perElement = Math.ceil(kernel[0] / stride[0]) * Math.ceil(kernel[1] / stride[1]);
  const dispatch = eachElement(key, arrays, out, windows, perElement, () => ({
    globals: divisorFunction(windows, attrs),
    main: `
  var sum = 0.0;
  ${perElement === 1 ? onlyWindow(attrs) : eachWindow(attrs)}
  write_out(at, sum);`,
  }));
  return { dispatches: [dispatch] };
};

const addShare = "sum += read_dy((plane * p.pooled_height + y) * p.pooled_width + x) / divisor(y, x);";
const counts = ["p.pooled_height", "p.pooled_width"];

/** Windows that do not overlap: there is one, or none. */
const onlyWindow = ({ kernel, stride, padding }: AvgPoolAttrs): string => {
  const covers = (a: 0 | 1) => {
    const inside = `${"yx"[a]} < ${counts[a]}`;
    return kernel[a] < stride[a]
      ? `${inside} && (${"ij"[a]} + ${padding[a]}u) % ${stride[a]}u < ${kernel[a]}u`
      : inside;
  };
  return `
  let y = (i + ${padding[0]}u) / ${stride[0]}u;
  let x = (j + ${padding[1]}u) / ${stride[1]}u;
  if (${covers(0)} && ${covers(1)}) { ${addShare} }`;
};
/** Windows from (at + padding - kernel) / stride + 1 to (at + padding) / stride, both rounded down. */
const eachWindow = ({ kernel, stride, padding }: AvgPoolAttrs): string => {
  const first = (at: string, a: 0 | 1) =>
    `u32(max(i32(${at}) + ${padding[a] - kernel[a] + stride[a]}, 0)) / ${stride[a]}u`;
  const last = (at: string, a: 0 | 1) => `min((${at} + ${padding[a]}u) / ${stride[a]}u + 1u, ${counts[a]})`;
  return `
  for (var y = ${first("i", 0)}; y < ${last("i", 0)}; y++) {
    for (var x = ${first("j", 1)}; x < ${last("j", 1)}; x++) { ${addShare} }
  }`;
};
