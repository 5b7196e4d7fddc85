// The table in this package's README, measured: every 10,007th float32 there is, and where functions have their corners, all against
// double precision.
import { readFileSync } from "node:fs";
import { reference } from "@lamina/backend-reference";
import type { TypedArray } from "@lamina/core";
import { expect, test } from "vitest";
import { wasm } from "../index.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
/** [op, units in the last place] of each row. */
const stated = [...readme.matchAll(/^\| (`.*) \| ([\d.]+) \|$/gm)].flatMap(([, ops, units]) =>
  [...ops.matchAll(/`(\w+)`/g)].map(([, op]): [string, number] => [op, Number(units)]),
);
/** What counts as equal, where a function is given by its size only. */
const floors: Record<string, number> = { silu: 2 ** -126 };
const ofTwo = new Set(["atan2", "pow", "remainder", "add", "sub", "mul", "div"]);

const device = await wasm();
const plain = await wasm({ relaxedSimd: false });
const oracle = (await reference({ precision: "double" })) as unknown as typeof device;

function run(on: typeof device, op: string, inputs: readonly Float32Array[]): TypedArray {
  const spec = { shape: [inputs[0].length], dtype: "float32" } as const;
  const views = inputs.map((data) => ({ ...spec, buffer: on.upload(data, "float32") }));
  const out = on.kernels[op as "add"]!(views, {}, [], spec);
  const result = on.read(out) as TypedArray;
  for (const buffer of [...views.map((v) => v.buffer), out]) on.free(buffer);
  return result;
}
/** Distance in units of the last place; zeros of either sign are equal. */
function units(got: number, want: number): number {
  const rounded = Math.fround(want);
  if (got === rounded || (Number.isNaN(got) && Number.isNaN(want))) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(rounded)) return Infinity;
  return Math.abs(got - want) / 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(want)))) - 23);
}
function worst(on: typeof device, op: string, inputs: readonly Float32Array[]): { units: number; at: string } {
  const [got, want] = [run(on, op, inputs), run(oracle, op, inputs)];
  let result = { units: 0, at: "" };
  got.forEach((g, i) => {
    const far = Math.abs(g - want[i]) < (floors[op] ?? 0) ? 0 : units(g, want[i]);
    if (far > result.units) result = { units: far, at: `${op}(${inputs.map((x) => x[i])}) = ${g}, not ${want[i]}` };
  });
  return result;
}

/** Every `step`-th pattern of bits, from `first`: signs, infinities, NaN with all sorts of payloads and subnormal numbers among them. */
const patterns = (step: number, first = 0): Float32Array =>
  new Float32Array(Int32Array.from({ length: Math.floor(2 ** 32 / step) }, (_, i) => (first + i * step) | 0).buffer);
const bits = new DataView(new ArrayBuffer(4));
/** The float32 that follow x and those before it, with both signs: what lies about a corner. */
function about(x: number): number[] {
  bits.setFloat32(0, x);
  const at = bits.getInt32(0);
  return [-3, -2, -1, 0, 1, 2, 3].flatMap((k) => {
    bits.setInt32(0, Math.max(0, at + k));
    return [bits.getFloat32(0), -bits.getFloat32(0)];
  });
}
const quarters = Array.from({ length: 200 }, (_, i) => (i * Math.PI) / 2);
const corners = Float32Array.from(
  [
    0,
    2 ** -149,
    2 ** -126,
    2 ** -12,
    0.25,
    Math.SQRT2 - 1,
    0.5,
    Math.SQRT1_2,
    1,
    Math.SQRT2,
    1.25,
    2,
    Math.SQRT2 + 1,
    3,
    7,
    9.9,
    11,
    ...[15.5, 16.6, 17.3, 87.3, 88.7, 103.97, 2 ** 20, 411775 * Math.PI, 2 ** 24, 1e10, 3.4e38, Infinity, NaN],
    ...quarters,
  ].flatMap(about),
);
/** Each of a hundred numbers with each. */
function pairs(): Float32Array[] {
  const list = [
    0,
    2 ** -149,
    2 ** -126,
    1e-20,
    0.1,
    0.5,
    1 - 2 ** -24,
    1,
    1 + 2 ** -23,
    1.5,
    2,
    2.5,
    3,
    7,
    8,
    88,
    128,
    149,
    150,
    1e6 + 1,
  ];
  const more = [...list, 2 ** 23 + 1, 2 ** 24, 2 ** 25, 1e10, 3.4e38, Infinity, NaN].flatMap((x) => [x, -x]);
  return [more.flatMap((x) => more.map(() => x)), more.flatMap(() => more)].map((x) => Float32Array.from(x));
}
const moderate = (seed: number): Float32Array => {
  let state = seed;
  return Float32Array.from({ length: 100_000 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 16;
  });
};

test.each(stated)("%s is within %d units of the last place", (op, limit) => {
  const all = ofTwo.has(op)
    ? [
        pairs(),
        [patterns(60_013), patterns(60_013, 12_345_678)],
        [moderate(1), moderate(2)],
        [moderate(3).map(Math.abs), moderate(4)],
      ]
    : [[patterns(10_007)], [corners], [moderate(1)]];
  for (const on of [device, plain])
    for (const inputs of all) {
      const { units: far, at } = worst(on, op, inputs);
      expect(far, at).toBeLessThanOrEqual(limit);
    }
});

test("zeros have the signs that they have in C", () => {
  const zeros = Float32Array.of(0, -0);
  for (const op of ["expm1", "log1p", "sin", "tan", "asin", "atan", "sinh", "erf", "gelu"])
    expect(Array.from(run(device, op, [zeros])), op).toEqual([0, -0]);
  const [x, y] = [Float32Array.of(-0, -0, 0, -0, -4, 4), Float32Array.of(3, 2, -1, 1, 2, -2)];
  expect(Array.from(run(device, "pow", [x, y]))).toEqual([-0, 0, Infinity, -0, 16, 0.0625]);
  expect(Array.from(run(device, "remainder", [x, y]))).toEqual([-0, -0, 0, -0, -0, 0]);
  expect(Array.from(run(device, "atan2", [Float32Array.of(0, -0, 0, -0), Float32Array.of(1, 1, -1, -1)]))).toEqual([
    0,
    -0,
    Math.fround(Math.PI),
    -Math.fround(Math.PI),
  ]);
});

test("every function that has no instruction of its own is in the table", () => {
  expect(stated.map(([op]) => op).sort()).toEqual(
    (
      "acos add asin atan atan2 cos cosh div erf exp expm1 gelu log log1p mul pow reciprocal remainder rsqrt sigmoid silu sin sinh " +
      "softplus sqrt square sub tan tanh"
    ).split(" "),
  );
});
