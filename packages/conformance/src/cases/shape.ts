// Ops that move elements: every dtype, since what moves bytes is not what computes.
import type { DType } from "@lamina/core";
import { type Fill, input, type OpCase } from "../case.ts";

const fills: Partial<Record<DType, Fill>> = {
  float32: { from: -9, to: 9 },
  int32: { low: -99, high: 99 },
  uint8: { low: 0, high: 256 },
  bool: { low: 0, high: 2 },
};
const dtypes = Object.keys(fills) as DType[];
const of = (shape: readonly number[], dtype: DType) => input(shape, fills[dtype], dtype);
const special = { values: [Number.NaN, -0, Infinity, -Infinity, 2 ** -149] };

const each = (make: (dtype: DType) => OpCase): OpCase[] =>
  dtypes.map((dtype) => ({ ...make(dtype), name: `${make(dtype).name}, ${dtype}` }));
const slice = (
  name: string,
  shape: readonly number[],
  [starts, sizes, steps]: readonly (readonly number[])[],
  level: OpCase["level"] = "ops",
) => each((dtype) => ({ op: "slice", name, level, inputs: [of(shape, dtype)], attrs: { starts, sizes, steps } }));
const pad = (
  name: string,
  shape: readonly number[],
  [before, after, interior]: readonly (readonly number[])[],
  value: number,
  level: OpCase["level"] = "ops",
) =>
  each((dtype) => ({
    op: "pad",
    name,
    level,
    inputs: [of(shape, dtype)],
    attrs: { before, after, interior },
    scalars: [dtype === "bool" ? +(value !== 0) : value],
  }));

export const shape: readonly OpCase[] = [
  ...each((d) => ({ op: "expand", name: "a leading axis", inputs: [of([3, 5], d)], attrs: { shape: [4, 3, 5] } })),
  ...each((d) => ({ op: "expand", name: "an inner axis", inputs: [of([3, 1, 5], d)], attrs: { shape: [3, 4, 5] } })),
  ...each((d) => ({ op: "expand", name: "the last axis", inputs: [of([3, 5, 1], d)], attrs: { shape: [3, 5, 7] } })),
  ...each((d) => ({
    op: "expand",
    name: "a channel of images",
    inputs: [of([1, 3, 1, 1], d)],
    attrs: { shape: [2, 3, 4, 5] },
  })),
  { op: "expand", name: "one number", level: "edges", inputs: [input([], special)], attrs: { shape: [3, 3] } },
  { op: "expand", name: "to nothing", level: "edges", inputs: [input([1, 3])], attrs: { shape: [0, 3] } },

  ...each((d) => ({ op: "permute", name: "a matrix", inputs: [of([5, 7], d)], attrs: { axes: [1, 0] } })),
  ...each((d) => ({
    op: "permute",
    name: "channels last",
    inputs: [of([2, 3, 4, 5], d)],
    attrs: { axes: [0, 2, 3, 1] },
  })),
  ...[
    [2, 0, 1],
    [1, 2, 0],
    [0, 2, 1],
    [2, 1, 0],
  ].map((axes): OpCase => ({ op: "permute", name: `axes ${axes}`, inputs: [input([3, 4, 5])], attrs: { axes } })),
  { op: "permute", name: "a large matrix", inputs: [input([67, 129])], attrs: { axes: [1, 0] } },
  { op: "permute", name: "no elements", level: "edges", inputs: [input([0, 3, 2])], attrs: { axes: [2, 0, 1] } },
  { op: "permute", name: "special values", level: "edges", inputs: [input([5, 3], special)], attrs: { axes: [1, 0] } },

  ...slice(
    "a box",
    [5, 6, 7],
    [
      [1, 2, 3],
      [3, 4, 2],
      [1, 1, 1],
    ],
  ),
  ...slice(
    "steps",
    [9, 11],
    [
      [1, 0],
      [4, 4],
      [2, 3],
    ],
  ),
  ...slice(
    "the last rows",
    [9, 4],
    [
      [6, 0],
      [3, 4],
      [1, 1],
    ],
  ),
  ...slice(
    "nothing",
    [4, 4],
    [
      [2, 0],
      [0, 4],
      [1, 1],
    ],
    "edges",
  ),
  ...pad(
    "all sides",
    [3, 4],
    [
      [1, 2],
      [3, 1],
      [0, 0],
    ],
    7,
  ),
  ...pad(
    "between elements",
    [3, 4],
    [
      [0, 1],
      [2, 0],
      [1, 2],
    ],
    0,
  ),
  ...pad(
    "one element between nothing",
    [1, 1],
    [
      [2, 0],
      [0, 3],
      [4, 4],
    ],
    1,
  ),
  ...pad(
    "around nothing",
    [0, 2],
    [
      [1, 1],
      [2, 0],
      [1, 0],
    ],
    5,
    "edges",
  ),
  {
    op: "pad",
    name: "with -infinity",
    inputs: [input([2, 2, 3, 3])],
    attrs: { before: [0, 0, 1, 1], after: [0, 0, 1, 2], interior: [0, 0, 0, 0] },
    scalars: [-Infinity],
  },
  {
    op: "pad",
    name: "with NaN",
    level: "edges",
    inputs: [input([3], special)],
    attrs: { before: [1], after: [1], interior: [1] },
    scalars: [Number.NaN],
  },

  ...each((d) => ({ op: "flip", name: "the last axis", inputs: [of([3, 7], d)], attrs: { axes: [1] } })),
  ...each((d) => ({ op: "flip", name: "the first axis", inputs: [of([3, 7], d)], attrs: { axes: [0] } })),
  { op: "flip", name: "two of three axes", inputs: [input([2, 3, 5])], attrs: { axes: [0, 2] } },
  { op: "flip", name: "no elements", level: "edges", inputs: [input([2, 0])], attrs: { axes: [0, 1] } },

  ...each((d) => ({
    op: "cat",
    name: "rows",
    inputs: [of([2, 5], d), of([3, 5], d), of([1, 5], d)],
    attrs: { axis: 0 },
  })),
  ...each((d) => ({ op: "cat", name: "columns", inputs: [of([3, 2], d), of([3, 5], d)], attrs: { axis: 1 } })),
  {
    op: "cat",
    name: "an inner axis",
    inputs: [input([2, 3, 4]), input([2, 1, 4]), input([2, 5, 4])],
    attrs: { axis: 1 },
  },
  {
    op: "cat",
    name: "with nothing",
    level: "edges",
    inputs: [input([2, 0]), input([2, 3]), input([2, 0])],
    attrs: { axis: 1 },
  },
];
