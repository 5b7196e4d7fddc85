// Max and average pooling with their indices and gradients: one list of geometries, five ops.
import { type Fill, input, type OpCase } from "../case.ts";

interface Geometry {
  readonly x: readonly [number, number, number, number];
  readonly kernel: readonly [number, number];
  readonly stride?: readonly [number, number];
  readonly padding?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly outputSize: readonly [number, number];
  readonly level?: OpCase["level"];
  readonly fill?: Fill;
}
const geometries: Readonly<Record<string, Geometry>> = {
  "2 by 2": { x: [2, 3, 6, 8], kernel: [2, 2], outputSize: [3, 4] },
  "a row and a column left over": { x: [2, 2, 7, 9], kernel: [2, 2], outputSize: [3, 4] },
  overlapping: { x: [2, 2, 7, 7], kernel: [3, 3], stride: [2, 2], outputSize: [3, 3] },
  "overlapping by stride 1": { x: [1, 2, 5, 6], kernel: [3, 2], stride: [1, 1], outputSize: [3, 5] },
  padding: { x: [2, 2, 6, 7], kernel: [3, 3], stride: [2, 2], padding: [1, 1], outputSize: [3, 4] },
  "different sizes": { x: [2, 2, 8, 9], kernel: [2, 3], stride: [2, 3], padding: [0, 1], outputSize: [4, 3] },
  "windows over the edge (ceilMode)": { x: [2, 2, 6, 7], kernel: [3, 3], stride: [2, 2], outputSize: [3, 3] },
  "windows over the edge with padding": {
    x: [2, 2, 5, 6],
    kernel: [3, 3],
    stride: [2, 2],
    padding: [1, 1],
    outputSize: [3, 4],
  },
  "far over the edge": { x: [1, 1, 5, 5], kernel: [4, 4], stride: [4, 4], outputSize: [2, 2] },
  "LeNet's": { x: [2, 6, 28, 28], kernel: [2, 2], outputSize: [14, 14] },
  "the whole image": { x: [3, 4, 5, 3], kernel: [5, 3], outputSize: [1, 1] },
  "gaps between windows": { x: [1, 2, 9, 9], kernel: [2, 2], stride: [3, 4], outputSize: [3, 2] },
  ties: {
    x: [2, 2, 8, 8],
    kernel: [3, 3],
    stride: [2, 2],
    padding: [1, 1],
    outputSize: [4, 4],
    fill: { low: 0, high: 2 },
    level: "edges",
  },
  "all equal": { x: [1, 2, 6, 6], kernel: [2, 2], outputSize: [3, 3], fill: { values: [-1] }, level: "edges" },
  "below zero beside padding": {
    x: [1, 2, 5, 5],
    kernel: [3, 3],
    stride: [2, 2],
    padding: [1, 1],
    outputSize: [3, 3],
    fill: { from: -9, to: -8 },
    level: "edges",
  },
  "NaN and infinities": {
    x: [1, 2, 6, 7],
    kernel: [2, 3],
    stride: [1, 2],
    outputSize: [5, 3],
    fill: { values: [1, 5, 2, Number.NaN, 0, 3, -Infinity, 4, 9, 2, Infinity, 1, 0] },
    level: "edges",
  },
  "several NaN in a window": {
    x: [1, 1, 4, 4],
    kernel: [4, 4],
    outputSize: [1, 1],
    fill: { values: [1, 2, Number.NaN, 3, Number.NaN] },
    level: "edges",
  },
  "-infinity only": {
    x: [1, 1, 4, 4],
    kernel: [2, 2],
    outputSize: [2, 2],
    fill: { values: [-Infinity] },
    level: "edges",
  },
  "no images": { x: [0, 2, 4, 4], kernel: [2, 2], outputSize: [2, 2], level: "edges" },
  "no channels": { x: [2, 0, 4, 4], kernel: [2, 2], outputSize: [2, 2], level: "edges" },
  "one pixel": { x: [2, 2, 1, 1], kernel: [1, 1], outputSize: [1, 1], level: "edges" },
};
const dilated: Readonly<Record<string, Geometry>> = {
  dilation: { x: [2, 2, 9, 9], kernel: [3, 2], stride: [1, 2], dilation: [2, 3], outputSize: [5, 3] },
  "dilation and padding": {
    x: [1, 2, 8, 8],
    kernel: [3, 3],
    stride: [2, 2],
    padding: [1, 1],
    dilation: [2, 2],
    outputSize: [3, 3],
  },
};

const attrsOf = ({ kernel, stride = kernel, padding = [0, 0], outputSize }: Geometry) => ({
  kernel,
  stride,
  padding,
  outputSize,
});

function maxCases(name: string, geometry: Geometry): OpCase[] {
  const { x, dilation = [1, 1], level = "ops", fill } = geometry;
  const attrs = { ...attrsOf(geometry), dilation };
  return (["maxPool2d", "maxPool2dIndices"] as const).map((op) => ({
    op,
    name,
    level,
    inputs: [input(x, fill)],
    attrs,
  }));
}
function avgCases(name: string, geometry: Geometry): OpCase[] {
  const { x, outputSize, level = "ops", fill } = geometry;
  const divisions = [
    { countIncludePad: true, divisor: 0, how: "" },
    { countIncludePad: false, divisor: 0, how: ", padding not counted" },
    { countIncludePad: true, divisor: 3, how: ", divided by 3" },
  ];
  return divisions.flatMap(({ how, ...division }): OpCase[] => {
    const attrs = { ...attrsOf(geometry), ...division };
    return [
      { op: "avgPool2d", name: name + how, level, inputs: [input(x, fill)], attrs },
      {
        op: "avgPool2dGrad",
        name: name + how,
        level,
        inputs: [input([x[0], x[1], ...outputSize])],
        attrs: { ...attrs, inputSize: x.slice(2) },
      },
    ];
  });
}
/** Any indices will do, also such that meet. */
const gradCase = (
  name: string,
  dy: readonly number[],
  inputSize: readonly number[],
  level: OpCase["level"] = "ops",
): OpCase => ({
  op: "maxPool2dGrad",
  name,
  level,
  inputs: [input(dy), input(dy, { low: 0, high: inputSize[0] * inputSize[1] }, "int32")],
  attrs: { inputSize },
});

export const pool2d: readonly OpCase[] = [
  ...Object.entries({ ...geometries, ...dilated }).flatMap(([name, geometry]) => maxCases(name, geometry)),
  ...Object.entries(geometries).flatMap(([name, geometry]) => avgCases(name, geometry)),
  gradCase("indices that meet add up", [2, 3, 3, 4], [3, 3]),
  gradCase("more room than gradients", [2, 2, 3, 3], [7, 6]),
  gradCase("one place", [1, 2, 4, 4], [1, 1]),
  gradCase("no images", [0, 2, 3, 3], [6, 6], "edges"),
];
