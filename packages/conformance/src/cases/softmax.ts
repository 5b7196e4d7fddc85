// Softmax, its logarithm and their gradients: along every axis, shifted by much, one class, infinities.
import { input, type OpCase } from "../case.ts";

const shapes: readonly [string, readonly number[], number, OpCase["level"]?][] = [
  ["classes", [5, 10], 1],
  ["a long axis", [3, 131], 1],
  ["the first axis", [7, 6], 0],
  ["channels of images", [2, 5, 3, 4], 1],
  ["one class", [4, 1], 1, "edges"],
  ["a vector", [9], 0, "edges"],
];
const forward = ["softmax", "logSoftmax"] as const;
export const softmax: readonly OpCase[] = [
  ...forward.flatMap((op): OpCase[] => [
    ...shapes.map(
      ([name, shape, axis, level = "ops"]): OpCase => ({
        op,
        name,
        level,
        inputs: [input(shape, { from: -5, to: 5 })],
        attrs: { axis },
      }),
    ),
    {
      op,
      name: "large logits do not overflow",
      level: "edges",
      inputs: [input([4, 6], { values: [1000, 999, -1000, 990, 1001] })],
      attrs: { axis: 1 },
    },
    { op, name: "equal logits", level: "edges", inputs: [input([3, 8], { values: [2] })], attrs: { axis: 1 } },
    {
      op,
      name: "-infinity has no share",
      level: "edges",
      inputs: [input([2, 5], { values: [1, -Infinity, 0, 2, -Infinity] })],
      attrs: { axis: 1 },
    },
    {
      op,
      name: "NaN spreads in its row only",
      level: "edges",
      inputs: [input([3, 4], { values: [1, 2, Number.NaN, 0, 3, 1, 2, 4, 1, 0, 0, 1] })],
      attrs: { axis: 1 },
    },
  ]),
  ...shapes.flatMap(([name, shape, axis, level = "ops"]): OpCase[] => [
    { op: "softmaxGrad", name, level, inputs: [input(shape), input(shape, { from: 0, to: 0.5 })], attrs: { axis } },
    { op: "logSoftmaxGrad", name, level, inputs: [input(shape), input(shape, { from: -4, to: 0 })], attrs: { axis } },
  ]),
];
