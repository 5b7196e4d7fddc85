// Reductions: axes at either end and in the middle, sizes 0 and 1, ties, NaN.
import type { DType, OpName } from "@lamina/core";
import { type Fill, input, type OpCase } from "../case.ts";

const boxes: readonly [string, readonly number[], readonly number[]][] = [
  ["the last axis", [5, 37], [1]],
  ["the first axis", [37, 5], [0]],
  ["an inner axis", [3, 11, 7], [1]],
  ["both ends", [3, 4, 5], [0, 2]],
  ["everything", [4, 3, 9], [0, 1, 2]],
  ["batch and image", [3, 4, 5, 6], [0, 2, 3]],
  ["an axis of one", [4, 1, 3], [1]],
];
const over = (op: OpName, fill: Fill, dtype: DType = "float32"): OpCase[] =>
  boxes.map(([name, shape, axes]) => ({
    op,
    name: `${name}, ${dtype}`,
    inputs: [input(shape, fill, dtype)],
    attrs: { axes },
  }));
const arg = (op: OpName, fill: Fill, dtype: DType = "float32"): OpCase[] =>
  boxes
    .filter(([, , axes]) => axes.length === 1)
    .map(([name, shape, [axis]]) => ({
      op,
      name: `${name}, ${dtype}`,
      inputs: [input(shape, fill, dtype)],
      attrs: { axis },
    }));

const nan: Fill = { values: [1, -2, Number.NaN, 3, -Infinity, 5, Infinity] };
const wide: Fill = { from: -4, to: 4 };
const few: Fill = { low: -3, high: 3 };
const extremes = ["max", "min"] as const;
const args = ["argmax", "argmin"] as const;

export const reduce: readonly OpCase[] = [
  ...over("sum", wide),
  ...over("sum", few, "int32"),
  {
    op: "sum",
    name: "terms of both signs that cancel",
    inputs: [input([3, 1000], { from: -1, to: 1 })],
    attrs: { axes: [1] },
  },
  { op: "sum", name: "a long axis", inputs: [input([2, 4099], { from: 0, to: 1 })], attrs: { axes: [1] } },
  { op: "sum", name: "no axes", level: "edges", inputs: [input([3, 2])], attrs: { axes: [] } },
  { op: "sum", name: "nothing is 0", level: "edges", inputs: [input([3, 0])], attrs: { axes: [1] } },
  { op: "sum", name: "no results", level: "edges", inputs: [input([0, 3])], attrs: { axes: [1] } },
  { op: "sum", name: "NaN and infinities", level: "edges", inputs: [input([4, 7], nan)], attrs: { axes: [0] } },
  ...over("prod", { from: 0.6, to: 1.5 }),
  ...over("prod", { low: -2, high: 3 }, "int32"),
  { op: "prod", name: "nothing is 1", level: "edges", inputs: [input([2, 0])], attrs: { axes: [1] } },
  ...extremes.flatMap((op): OpCase[] => [
    ...over(op, wide),
    ...over(op, few, "int32"),
    ...over(op, { low: 0, high: 256 }, "uint8"),
    ...over(op, { low: 0, high: 2 }, "bool"),
    { op, name: "below zero only", inputs: [input([3, 9], { from: -5, to: -1 })], attrs: { axes: [1] } },
    { op, name: "above zero only", inputs: [input([3, 9], { from: 1, to: 5 })], attrs: { axes: [1] } },
    { op, name: "NaN wins", level: "edges", inputs: [input([3, 14], nan)], attrs: { axes: [1] } },
    { op, name: "NaN wins along the first axis", level: "edges", inputs: [input([7, 5], nan)], attrs: { axes: [0] } },
    {
      op,
      name: "infinities",
      level: "edges",
      inputs: [input([2, 6], { values: [-Infinity, Infinity, 1] })],
      attrs: { axes: [1] },
    },
    {
      op,
      name: "all infinite",
      level: "edges",
      inputs: [input([2, 6], { values: [op === "max" ? -Infinity : Infinity] })],
      attrs: { axes: [1] },
    },
    { op, name: "no results", level: "edges", inputs: [input([0, 3])], attrs: { axes: [1] } },
  ]),
  ...args.flatMap((op): OpCase[] => [
    // of few values, so that equals lie far apart: devices cut such lines into pieces
    { op, name: "a long axis", inputs: [input([2, 4099], { low: 0, high: 300 })], attrs: { axis: 1 } },
    {
      op,
      name: "a long axis that is not the last",
      inputs: [input([2500, 3], { low: 0, high: 300 })],
      attrs: { axis: 0 },
    },
    ...arg(op, wide),
    ...arg(op, few, "int32"),
    ...arg(op, { low: 0, high: 256 }, "uint8"),
    { op, name: "the first of equals", level: "edges", inputs: [input([9, 23], few)], attrs: { axis: 1 } },
    {
      op,
      name: "the first of equals along the first axis",
      level: "edges",
      inputs: [input([23, 9], few)],
      attrs: { axis: 0 },
    },
    { op, name: "all equal", level: "edges", inputs: [input([2, 19], { values: [3] })], attrs: { axis: 1 } },
    { op, name: "the first NaN", level: "edges", inputs: [input([3, 14], nan)], attrs: { axis: 1 } },
    {
      op,
      name: "the first NaN along the first axis",
      level: "edges",
      inputs: [input([14, 3], nan)],
      attrs: { axis: 0 },
    },
    {
      op,
      name: "infinities",
      level: "edges",
      inputs: [input([2, 6], { values: [1, -Infinity, Infinity] })],
      attrs: { axis: 1 },
    },
    { op, name: "an axis of one", level: "edges", inputs: [input([5, 1])], attrs: { axis: 1 } },
  ]),
];
