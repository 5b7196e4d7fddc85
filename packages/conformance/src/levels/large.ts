// Sizes at which counters overflow: more than 65,535 rows, more than 2^24 elements. Part of level "edges". What should come
// out follows from formulas, since the oracle would take minutes.
import {
  type Backend,
  type OpName,
  record,
  type Shape,
  setBackend,
  sizeOf,
  type Tensor,
  type TypedArray,
  tensor,
} from "@lamina/core";
import { type Check, expect, Mismatch, type Outcome } from "../check.ts";
import { compare } from "../compare.ts";
import { recordOf, type Subject } from "../subject.ts";
import { toleranceOf } from "../tolerance.ts";

const ROWS = 70_001;
/** Past 2^24 the next float32 is 2 further on, so indices that are counted in float32 lose the odd ones. */
const MANY = 2 ** 24 + 5;

const run = (
  op: OpName,
  inputs: readonly Tensor[],
  attrs: object,
  scalars: readonly number[] = [],
): Promise<TypedArray> => record(recordOf(op), inputs, attrs, scalars).data();
/** By map: it is many times as fast as Float32Array.from({ length }). */
const filled = (shape: Shape, value: (i: number) => number): Tensor =>
  tensor(
    new Float32Array(sizeOf(shape)).map((_, i) => value(i)),
    { shape },
  );

function expectEach(actual: TypedArray, n: number, wanted: (i: number) => number): undefined {
  expect(actual.length === n, () => `${actual.length} elements instead of ${n}`);
  for (let i = 0; i < n; i++)
    if (actual[i] !== wanted(i)) throw new Error(`element ${i} of ${n} is ${actual[i]} but must be ${wanted(i)}`);
  return undefined;
}

type Body = () => Promise<Outcome | undefined>;

/** Small whole numbers, so that every sum is exact. */
const small = (i: number) => (i % 13) - 6;
const rows: Readonly<Record<string, () => Promise<undefined>>> = {
  sum: async () =>
    expectEach(
      await run("sum", [filled([ROWS, 3], small)], { axes: [1] }),
      ROWS,
      (i) => small(3 * i) + small(3 * i + 1) + small(3 * i + 2),
    ),
  argmax: async () =>
    expectEach(
      await run("argmax", [filled([ROWS, 3], (i) => +(i % 3 === Math.floor(i / 3) % 3))], { axis: 1 }),
      ROWS,
      (i) => i % 3,
    ),
  max: async () =>
    expectEach(await run("max", [filled([3, ROWS], small)], { axes: [0] }), ROWS, (i) =>
      Math.max(small(i), small(ROWS + i), small(2 * ROWS + i)),
    ),
  permute: async () =>
    expectEach(
      await run("permute", [filled([ROWS, 2], (i) => i)], { axes: [1, 0] }),
      2 * ROWS,
      (i) => 2 * (i % ROWS) + Math.floor(i / ROWS),
    ),
  matmul: async () =>
    expectEach(
      await run("matmul", [filled([ROWS, 2], small), filled([2, 1], (i) => i + 1)], {
        transposeX: false,
        transposeY: false,
      }),
      ROWS,
      (i) => small(2 * i) + 2 * small(2 * i + 1),
    ),
  maxPool2d: async () =>
    expectEach(
      await run("maxPool2d", [filled([ROWS, 1, 2, 2], small)], {
        kernel: [2, 2],
        stride: [2, 2],
        padding: [0, 0],
        dilation: [1, 1],
        outputSize: [1, 1],
      }),
      ROWS,
      (i) => Math.max(...[0, 1, 2, 3].map((k) => small(4 * i + k))),
    ),
  conv2d: async () =>
    expectEach(
      await run("conv2d", [filled([ROWS, 1, 1, 2], small), filled([1, 1, 1, 2], (i) => i + 1)], {
        stride: [1, 1],
        padding: [0, 0, 0, 0],
        dilation: [1, 1],
        groups: 1,
      }),
      ROWS,
      (i) => small(2 * i) + 2 * small(2 * i + 1),
    ),
  gather: async () =>
    expectEach(
      await run(
        "gather",
        [
          filled([ROWS, 2], (i) => i),
          tensor(
            Int32Array.from({ length: ROWS }, (_, i) => i % 2),
            { shape: [ROWS, 1] },
          ),
        ],
        { axis: 1 },
      ),
      ROWS,
      (i) => 2 * i + (i % 2),
    ),
};
const many: Readonly<Record<string, () => Promise<undefined>>> = {
  arange: async () => expectEach(await run("arange", [], { length: MANY, dtype: "int32" }, [0, 1]), MANY, (i) => i),
  add: async () => {
    const x = filled([MANY], (i) => i & 1023);
    return expectEach(await run("add", [x, x], {}), MANY, (i) => 2 * (i & 1023));
  },
  argmax: async () => {
    const x = new Float32Array(MANY);
    x[MANY - 2] = 1;
    return expectEach(await run("argmax", [tensor(x)], { axis: 0 }), 1, () => MANY - 2);
  },
  gather: async () => {
    const x = new Uint8Array(MANY);
    x[MANY - 1] = 1;
    x[MANY - 2] = 2;
    x[MANY - 3] = 3;
    const at = [MANY - 1, MANY - 2, MANY - 3, 0];
    return expectEach(await run("gather", [tensor(x), tensor(new Int32Array(at))], { axis: 0 }), 4, (i) => x[at[i]]);
  },
  sum: async () => {
    const ones = tensor(new Int32Array(MANY).fill(1));
    return expectEach(await run("sum", [ones], { axes: [0] }), 1, () => MANY);
  },
};

/**
 * What a sum by halves loses at most: half a unit a level, log2(n) levels, and as much again for the short runs that it
 * ends in (Higham, "Accuracy and Stability", 4.2). One that adds to a single float32 is a seventh off by then.
 */
const SUM_ULPS = 2 * Math.ceil(Math.log2(MANY));
async function sumsTenths(): Promise<Outcome> {
  const tenth = Math.fround(0.1);
  const sum = await run("sum", [tensor(new Float32Array(MANY).fill(tenth))], { axes: [0] });
  const outcome = compare(sum, Float64Array.of(MANY * tenth), { ulps: SUM_ULPS });
  if (outcome.message) throw new Mismatch(outcome.message, { ulps: outcome.ulps, tolerance: SUM_ULPS });
  return { ulps: outcome.ulps, tolerance: SUM_ULPS };
}

/** Two equal logits in each row. */
async function halves(): Promise<Outcome> {
  const { ulps } = toleranceOf(
    "softmax",
    [{ shape: [ROWS, 2], dtype: "float32" }],
    { axis: 1 },
    { shape: [ROWS, 2], dtype: "float32" },
  );
  const data = await run("softmax", [filled([ROWS, 2], () => 3)], { axis: 1 });
  const outcome = compare(data, new Float64Array(2 * ROWS).fill(0.5), { ulps });
  if (outcome.message) throw new Mismatch(outcome.message, { ulps: outcome.ulps, tolerance: ulps });
  return { ulps: outcome.ulps, tolerance: ulps };
}

export function largeChecks({ backend }: Subject): Check[] {
  const checks = (list: Readonly<Record<string, Body>>, name: string): Check[] =>
    Object.entries(list).map(([op, body]) => ({ level: "edges", op, name, run: () => on(backend, body) }));
  return [
    ...checks({ ...rows, softmax: halves }, `${ROWS} rows`),
    ...checks(many, `${MANY} elements`),
    ...checks({ sum: sumsTenths }, `${MANY} elements, float32`),
  ];
}
function on(backend: Backend, body: Body): ReturnType<Body> {
  setBackend(backend);
  return body();
}
