// Convolution and its two adjoints: one list of geometries, three ops.
import { sizeOf } from "@lamina/core";
import { type Fill, input, type OpCase } from "../case.ts";

interface Geometry {
  readonly x: readonly [number, number, number, number];
  readonly w: readonly [number, number, number, number];
  readonly stride?: readonly [number, number];
  /** [top, bottom, left, right] */
  readonly padding?: readonly [number, number, number, number];
  readonly dilation?: readonly [number, number];
  readonly groups?: number;
  readonly level?: OpCase["level"];
  readonly fill?: Fill;
}
const geometries: Readonly<Record<string, Geometry>> = {
  "one channel": { x: [1, 1, 5, 5], w: [1, 1, 3, 3] },
  "odd sizes": { x: [2, 3, 7, 9], w: [5, 3, 3, 3], padding: [1, 1, 1, 1] },
  "LeNet's first layer": { x: [2, 1, 28, 28], w: [6, 1, 5, 5], padding: [2, 2, 2, 2] },
  "LeNet's second layer": { x: [2, 6, 14, 14], w: [16, 6, 5, 5] },
  "1 by 1": { x: [2, 7, 5, 6], w: [9, 7, 1, 1] },
  "1 by 1 with a stride": { x: [2, 3, 7, 8], w: [4, 3, 1, 1], stride: [2, 2] },
  "a kernel as large as the image": { x: [3, 2, 4, 5], w: [3, 2, 4, 5] },
  "a flat kernel": { x: [2, 2, 6, 8], w: [3, 2, 1, 5], padding: [0, 0, 2, 2] },
  "a tall kernel": { x: [2, 2, 8, 6], w: [3, 2, 5, 1], padding: [2, 2, 0, 0] },
  "an even kernel": { x: [2, 3, 7, 8], w: [4, 3, 2, 4], padding: [0, 1, 1, 2] },
  "padding on one side only": { x: [1, 2, 5, 6], w: [3, 2, 3, 3], padding: [2, 0, 0, 1] },
  "more padding than kernel": { x: [1, 1, 3, 3], w: [2, 1, 2, 2], padding: [3, 4, 2, 3] },
  stride: { x: [2, 3, 9, 11], w: [4, 3, 3, 3], stride: [2, 2], padding: [1, 1, 1, 1] },
  "different strides": { x: [2, 2, 11, 10], w: [3, 2, 3, 3], stride: [3, 2] },
  "a stride beyond the kernel": { x: [1, 2, 10, 10], w: [2, 2, 2, 2], stride: [3, 4] },
  "columns that no window reaches": { x: [1, 2, 8, 8], w: [3, 2, 3, 3], stride: [2, 3] },
  dilation: { x: [2, 2, 9, 10], w: [3, 2, 3, 3], dilation: [2, 3] },
  "dilation, stride and padding": {
    x: [2, 2, 11, 12],
    w: [3, 2, 3, 2],
    dilation: [2, 3],
    stride: [2, 3],
    padding: [2, 1, 3, 0],
  },
  "two groups": { x: [2, 4, 6, 7], w: [6, 2, 3, 3], groups: 2, padding: [1, 1, 1, 1] },
  depthwise: { x: [2, 5, 6, 7], w: [5, 1, 3, 3], groups: 5, padding: [1, 1, 1, 1] },
  "depthwise with two kernels a channel": { x: [1, 3, 6, 6], w: [6, 1, 3, 3], groups: 3, stride: [2, 2] },
  "groups, dilation and stride": {
    x: [2, 6, 9, 9],
    w: [3, 2, 3, 3],
    groups: 3,
    dilation: [2, 2],
    stride: [2, 1],
    padding: [2, 2, 1, 0],
  },
  "many channels": { x: [1, 37, 4, 4], w: [19, 37, 3, 3], padding: [1, 1, 1, 1] },
  // as many channels and pixels as a device needs to think of Winograd's algorithm
  "3 by 3, sixteen channels": { x: [2, 16, 9, 11], w: [17, 16, 3, 3], padding: [1, 1, 1, 1] },
  "5 by 5, sixteen channels": { x: [2, 16, 9, 7], w: [16, 16, 5, 5], padding: [2, 2, 2, 2] },
  "AlexNet's first layer in small": { x: [1, 3, 23, 23], w: [8, 3, 11, 11], stride: [4, 4], padding: [1, 1, 1, 1] },
  "one pixel": { x: [2, 3, 1, 1], w: [4, 3, 1, 1], level: "edges" },
  "no images": { x: [0, 2, 5, 5], w: [3, 2, 3, 3], level: "edges" },
  "no output channels": { x: [2, 2, 5, 5], w: [0, 2, 3, 3], level: "edges" },
  "no input channels": { x: [2, 0, 5, 5], w: [3, 0, 3, 3], level: "edges" },
  "only padding": { x: [1, 1, 0, 2], w: [1, 1, 2, 2], padding: [1, 1, 0, 0], level: "edges" },
  "NaN and infinities": {
    x: [1, 2, 5, 5],
    w: [2, 2, 3, 3],
    level: "edges",
    fill: { values: [1, -2, 3, 0.5, Number.NaN, 1, 2, -1, 3, 1, Infinity, 2, 1] },
  },
};

function threeOps(
  name: string,
  { x, w, stride = [1, 1], padding = [0, 0, 0, 0], dilation = [1, 1], groups = 1, level = "ops", fill }: Geometry,
): OpCase[] {
  const attrs = { stride, padding, dilation, groups };
  const out = [0, 1].map(
    (i) =>
      Math.floor((x[2 + i] + padding[2 * i] + padding[2 * i + 1] - dilation[i] * (w[2 + i] - 1) - 1) / stride[i]) + 1,
  );
  const dy = [x[0], w[0], ...out];
  const cases: OpCase[] = [
    { op: "conv2d", name, level, inputs: [input(x, fill), input(w)], attrs },
    {
      op: "conv2dGradInput",
      name,
      level,
      inputs: [input(dy, fill), input(w)],
      attrs: { ...attrs, inputSize: x.slice(2) },
    },
  ];
  // without output channels there is no kernel to have a gradient
  if (sizeOf(w) > 0)
    cases.push({
      op: "conv2dGradWeight",
      name,
      level,
      inputs: [input(x, fill), input(dy)],
      attrs: { ...attrs, kernelSize: w.slice(2) },
    });
  return cases;
}
export const conv2d: readonly OpCase[] = Object.entries(geometries).flatMap(([name, geometry]) =>
  threeOps(name, geometry),
);
