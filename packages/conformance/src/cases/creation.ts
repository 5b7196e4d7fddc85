// Ops that make tensors from numbers alone, and casts.
import type { DType } from "@lamina/core";
import { type Fill, input, type OpCase } from "../case.ts";

const dtypes = ["float32", "int32", "uint8", "bool"] as const;
const into: Record<(typeof dtypes)[number], Fill> = {
  float32: { values: [0, -0, 1.75, -1.75, 2.5, 100.25, -128.5] },
  int32: { values: [0, 1, -1, 1000, -2147483648, 2147483647] },
  uint8: { low: 0, high: 256 },
  bool: { low: 0, high: 2 },
};
/** Float to uint8 beyond 0 … 255 is left open. */
const fitting = (from: DType, to: DType): Fill =>
  from === "float32" && to === "uint8" ? { values: [0, 1.75, 255.9, 2.5, 100.25] } : into[from as keyof typeof into];

export const creation: readonly OpCase[] = [
  ...dtypes.flatMap((dtype): OpCase[] => [
    { op: "full", name: dtype, inputs: [], attrs: { shape: [3, 5], dtype }, scalars: [dtype === "bool" ? 1 : 7] },
    {
      op: "full",
      name: `${dtype}, no elements`,
      level: "edges",
      inputs: [],
      attrs: { shape: [0, 5], dtype },
      scalars: [1],
    },
  ]),
  { op: "full", name: "rounds to float32", inputs: [], attrs: { shape: [9], dtype: "float32" }, scalars: [0.1] },
  {
    op: "full",
    name: "NaN",
    level: "edges",
    inputs: [],
    attrs: { shape: [2], dtype: "float32" },
    scalars: [Number.NaN],
  },
  { op: "full", name: "-0", level: "edges", inputs: [], attrs: { shape: [], dtype: "float32" }, scalars: [-0] },
  {
    op: "full",
    name: "infinity",
    level: "edges",
    inputs: [],
    attrs: { shape: [5], dtype: "float32" },
    scalars: [-Infinity],
  },
  { op: "arange", name: "int32", inputs: [], attrs: { length: 37, dtype: "int32" }, scalars: [-5, 3] },
  { op: "arange", name: "float32", inputs: [], attrs: { length: 21, dtype: "float32" }, scalars: [1, 0.25] },
  {
    op: "arange",
    name: "nothing",
    level: "edges",
    inputs: [],
    attrs: { length: 0, dtype: "float32" },
    scalars: [0, 1],
  },
  ...dtypes.flatMap((from) =>
    dtypes.map(
      (to): OpCase => ({
        op: "cast",
        name: `${from} to ${to}`,
        inputs: [input([19], fitting(from, to), from)],
        attrs: { dtype: to },
      }),
    ),
  ),
  {
    op: "cast",
    name: "NaN and infinities are true",
    level: "edges",
    inputs: [input([4], { values: [Number.NaN, Infinity, -0, 2 ** -149] })],
    attrs: { dtype: "bool" },
  },
  { op: "cast", name: "no elements", level: "edges", inputs: [input([0, 3])], attrs: { dtype: "int32" } },
  ...[1, 3, 4, 5, 64, 257].map(
    (n): OpCase => ({
      op: "random",
      name: `${n} numbers`,
      inputs: [],
      attrs: { shape: [n] },
      scalars: [0xdeadbeef, 7, n, 0],
    }),
  ),
  {
    op: "random",
    name: "every word of key and counter counts",
    inputs: [],
    attrs: { shape: [4, 3] },
    scalars: [1, 0xffffffff, 0xfffffffe, 0x80000001],
  },
  { op: "random", name: "none", level: "edges", inputs: [], attrs: { shape: [0] }, scalars: [1, 2, 3, 4] },
];
