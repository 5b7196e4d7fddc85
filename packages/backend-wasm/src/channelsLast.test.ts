// The layout pass on programs written down: what it turns, where it puts permutes, and what it leaves alone.
import type { Spec } from "@lamina/core";
import type { Node } from "@lamina/core/passes";
import { expect, test } from "vitest";
import { channelsLast } from "./channelsLast.ts";
import { isPointwise } from "./pointwise/ops.ts";

const f32 = (...shape: number[]): Spec => ({ shape, dtype: "float32" });
const conv = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 };

/** Nodes that follow each other: slots 0 and up are inputs, each node is [op, inputs with their specs, spec, attrs]. */
function nodesFrom(first: number, list: [string, [number, Spec][], Spec, object?][]): Node[] {
  return list.map(([op, inputs, spec, attrs = {}], i) => ({
    op,
    attrs,
    scalars: [],
    inputs: inputs.map(([slot]) => slot),
    inputSpecs: inputs.map(([, s]) => s),
    out: first + i,
    spec,
  }));
}
const run = (nodes: Node[], outputs: number[]) => channelsLast(nodes, outputs, { isPointwise, winograd: "auto" });
const shapeOf = (nodes: Node[]) => nodes.map(({ op, spec }) => `${op} ${spec.shape}`);

test("between two convolutions everything is channels-last, and only the borders are permuted", () => {
  const [x, w, y] = [f32(2, 8, 6, 7), f32(8, 8, 3, 3), f32(2, 8, 6, 7)];
  const bias = f32(1, 8, 1, 1);
  const nodes = nodesFrom(4, [
    [
      "conv2d",
      [
        [0, x],
        [1, w],
      ],
      y,
      conv,
    ],
    ["expand", [[2, bias]], y, { shape: y.shape }],
    [
      "add",
      [
        [4, y],
        [5, y],
      ],
      y,
    ],
    ["relu", [[6, y]], y],
    [
      "conv2d",
      [
        [7, y],
        [3, w],
      ],
      y,
      conv,
    ],
    ["sum", [[8, y]], f32(8), { axes: [0, 2, 3] }],
  ]);
  const out = run(nodes, [8, 9]);
  expect(shapeOf(out)).toEqual([
    "permute 2,6,7,8",
    "conv2d 2,6,7,8",
    "expand 2,6,7,8",
    "add 2,6,7,8",
    "relu 2,6,7,8",
    "conv2d 2,6,7,8",
    "sum 8",
    "permute 2,8,6,7",
  ]);
  expect(out.find(({ op }) => op === "sum")!.attrs).toEqual({ axes: [0, 1, 2] });
  expect(out.at(-1)!.out).toBe(8);
});
test("what is seen in another shape is permuted back first, once for all readers", () => {
  const [x, w, y] = [f32(2, 8, 6, 6), f32(8, 8, 3, 3), f32(2, 8, 6, 6)];
  const flat = f32(2, 288);
  const nodes = nodesFrom(3, [
    [
      "conv2d",
      [
        [0, x],
        [1, w],
      ],
      y,
      conv,
    ],
    ["relu", [[3, flat]], flat],
    ["neg", [[3, flat]], flat],
    ["relu", [[3, y]], y],
  ]);
  const out = run(nodes, [4, 5, 6]);
  expect(shapeOf(out)).toEqual([
    "permute 2,6,6,8",
    "conv2d 2,6,6,8",
    "permute 2,8,6,6",
    "relu 2,288",
    "neg 2,288",
    "relu 2,6,6,8",
    "permute 2,8,6,6",
  ]);
});
test("few channels, groups, and images that no convolution touches stay as they are", () => {
  const narrow = nodesFrom(2, [
    [
      "conv2d",
      [
        [0, f32(2, 6, 9, 9)],
        [1, f32(16, 6, 3, 3)],
      ],
      f32(2, 16, 9, 9),
      conv,
    ],
  ]);
  expect(run(narrow, [2])).toEqual(narrow);
  const grouped = nodesFrom(2, [
    [
      "conv2d",
      [
        [0, f32(2, 16, 9, 9)],
        [1, f32(16, 8, 3, 3)],
      ],
      f32(2, 16, 9, 9),
      { ...conv, groups: 2 },
    ],
  ]);
  expect(run(grouped, [2])).toEqual(grouped);
  const pool = nodesFrom(1, [["maxPool2d", [[0, f32(2, 8, 4, 4)]], f32(2, 8, 2, 2)]]);
  expect(run(pool, [1])).toEqual(pool);
});
test("a first layer reads its three channels where they are", () => {
  const nodes = nodesFrom(2, [
    [
      "conv2d",
      [
        [0, f32(2, 3, 9, 9)],
        [1, f32(16, 3, 3, 3)],
      ],
      f32(2, 16, 9, 9),
      conv,
    ],
  ]);
  expect(shapeOf(run(nodes, [2]))).toEqual(["conv2d 2,9,9,16", "permute 2,16,9,9"]);
});

test("depthwise convolutions, strides and average pools between convolutions leave images as they lie", () => {
  const [x, w, y] = [f32(2, 8, 8, 8), f32(8, 8, 1, 1), f32(2, 8, 4, 4)];
  const point = { ...conv, padding: [0, 0, 0, 0] };
  const deep = { ...conv, stride: [2, 2], groups: 8 };
  const pool = { kernel: [2, 2], stride: [2, 2], padding: [0, 0], countIncludePad: true, divisor: 0 };
  type Line = [string, [number, Spec][], Spec, object];
  const one = (...line: Line): Line => line;
  const weights: [number, Spec] = [1, w];
  const nodes = nodesFrom(3, [
    one("conv2d", [[0, x], weights], x, point),
    one(
      "conv2d",
      [
        [3, x],
        [2, f32(8, 1, 3, 3)],
      ],
      y,
      deep,
    ),
    one("avgPool2d", [[3, x]], y, pool),
    one(
      "add",
      [
        [4, y],
        [5, y],
      ],
      y,
      {},
    ),
    one("conv2dGradInput", [[6, y], weights], x, { ...point, stride: [2, 2], inputSize: [8, 8] }),
  ]);
  expect(shapeOf(run(nodes, [7]))).toEqual([
    "permute 2,8,8,8",
    "conv2d 2,8,8,8",
    "conv2d 2,4,4,8",
    "avgPool2d 2,4,4,8",
    "add 2,4,4,8",
    "conv2dGradInput 2,8,8,8",
    "permute 2,8,8,8",
  ]);
});
