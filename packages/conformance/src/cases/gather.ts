// Picking by index and adding up by index: duplicates, every axis, every dtype that can be added.
import { input, type OpCase } from "../case.ts";

const index = (shape: readonly number[], n: number) => input(shape, { low: 0, high: n }, "int32");
export const gather: readonly OpCase[] = [
  { op: "gather", name: "rows", inputs: [input([5, 4]), index([7, 4], 5)], attrs: { axis: 0 } },
  { op: "gather", name: "columns", inputs: [input([5, 9]), index([5, 3], 9)], attrs: { axis: 1 } },
  { op: "gather", name: "labels", inputs: [input([16, 10]), index([16, 1], 10)], attrs: { axis: 1 } },
  { op: "gather", name: "an inner axis", inputs: [input([2, 6, 5]), index([2, 4, 5], 6)], attrs: { axis: 1 } },
  {
    op: "gather",
    name: "int32",
    inputs: [input([9], { low: -99, high: 99 }, "int32"), index([20], 9)],
    attrs: { axis: 0 },
  },
  {
    op: "gather",
    name: "uint8",
    inputs: [input([9], { low: 0, high: 256 }, "uint8"), index([20], 9)],
    attrs: { axis: 0 },
  },
  { op: "gather", name: "bool", inputs: [input([9], { low: 0, high: 2 }, "bool"), index([20], 9)], attrs: { axis: 0 } },
  { op: "gather", name: "nothing", level: "edges", inputs: [input([4, 3]), index([0, 3], 4)], attrs: { axis: 0 } },
  {
    op: "scatterAdd",
    name: "duplicates add up",
    inputs: [input([4, 3]), index([9, 3], 4), input([9, 3])],
    attrs: { axis: 0 },
  },
  { op: "scatterAdd", name: "columns", inputs: [input([5, 6]), index([5, 8], 6), input([5, 8])], attrs: { axis: 1 } },
  {
    op: "scatterAdd",
    name: "an inner axis",
    inputs: [input([2, 5, 3]), index([2, 7, 3], 5), input([2, 7, 3])],
    attrs: { axis: 1 },
  },
  {
    op: "scatterAdd",
    name: "int32",
    inputs: [input([6], { low: -9, high: 9 }, "int32"), index([30], 6), input([30], { low: -9, high: 9 }, "int32")],
    attrs: { axis: 0 },
  },
  {
    op: "scatterAdd",
    name: "nothing to add",
    level: "edges",
    inputs: [input([4]), index([0], 4), input([0])],
    attrs: { axis: 0 },
  },
];
