// Every pointwise op against the same formula in double precision: special values, random ones, and every length of tail. How exact
// functions are is accuracy.test.ts's business.

import { reference } from "@lamina/backend-reference";
import { type DType, type Spec, sizeOf, type TypedArray } from "@lamina/core";
import { expect, test } from "vitest";
import { wasm } from "../index.ts";

const device = await wasm();
const oracle = (await reference({ precision: "double" })) as unknown as typeof device;

interface Value extends Spec {
  readonly data: TypedArray;
}
const special = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  1e-30,
  -1e-30,
  3,
  -7,
  20,
  -20,
  88,
  -88,
  104,
  -104,
  1e10,
  -1e10,
  3e38,
  Infinity,
  -Infinity,
  NaN,
];
/** All special values beside each other, then a random tail whose length is no multiple of four. */
function floats(turn: number, n = special.length ** 2 + 3): Value {
  let seed = 12345 + turn;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return (seed / 2 ** 32 - 0.5) * 8;
  };
  const pick = (i: number) => special[turn ? Math.floor(i / special.length) : i % special.length];
  const data = Float32Array.from({ length: n }, (_, i) => (i < special.length ** 2 ? pick(i) : random()));
  return { data, shape: [n], dtype: "float32" };
}
const moderate = (turn: number, n = 1003): Value => {
  const { data } = floats(turn, special.length ** 2 + n);
  return { data: data.slice(special.length ** 2), shape: [n], dtype: "float32" };
};
const integers = (dtype: DType, turn: number, n = 131): Value => {
  const list = [0, 1, 2, 3, 5, 7, 100, 127, 128, 200, 255, -1, -3, -128, 2147483647, -2147483648, 65537];
  const values = Array.from({ length: n }, (_, i) => list[(turn ? Math.floor(i / list.length) : i) % list.length]);
  const data =
    dtype === "int32" ? Int32Array.from(values) : Uint8Array.from(values, (v) => (dtype === "bool" ? v & 1 : v));
  return { data, shape: [n], dtype };
};

function run(
  backend: typeof device,
  op: string,
  inputs: readonly Value[],
  out: Spec,
  attrs: object = {},
  scalars: number[] = [],
): number[] {
  const views = inputs.map(({ data, shape, dtype }) => ({ buffer: backend.upload(data, dtype), shape, dtype }));
  const buffer = backend.kernels[op as keyof typeof backend.kernels]!(views, attrs, scalars, out);
  const result = Array.from(backend.read(buffer) as TypedArray);
  for (const b of [...views.map((v) => v.buffer), buffer]) backend.free(b);
  return result;
}
/** Distance in units of the last place of float32. */
function ulps(got: number, want: number): number {
  const rounded = Math.fround(want);
  if (Object.is(got, rounded) || got === rounded || (Number.isNaN(got) && Number.isNaN(want))) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(rounded)) return Infinity;
  const unit = 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(want)))) - 23);
  return Math.abs(got - want) / unit;
}
/** The worst of all elements. */
function worst(op: string, inputs: readonly Value[], dtype: DType = "float32"): { ulps: number; at: string } {
  const out: Spec = { shape: inputs[0].shape, dtype };
  const got = run(device, op, inputs, out);
  const want = run(oracle, op, inputs, out);
  let result = { ulps: 0, at: "" };
  got.forEach((g, i) => {
    const distance = ulps(g, want[i]);
    if (distance > result.ulps)
      result = { ulps: distance, at: `${op}(${inputs.map((x) => x.data[i])}) = ${g}, not ${want[i]}` };
  });
  return result;
}

const exact = ["neg", "abs", "sign", "floor", "ceil", "round", "trunc", "relu"];
const rounded = ["sqrt", "reciprocal", "square"];

test.each([...exact, ...rounded])("%s is the correctly rounded value", (op) => {
  for (const x of [floats(0), moderate(0)]) {
    const { ulps: distance, at } = worst(op, [x]);
    expect(distance, at).toBeLessThanOrEqual(0.5);
  }
});
test.each(["add", "sub", "mul", "div", "maximum", "minimum", "pow", "atan2", "remainder", "reluGrad"])(
  "%s on floats is the correctly rounded value",
  (op) => {
    for (const [x, y] of [
      [floats(0), floats(1)],
      [moderate(0), moderate(1)],
    ]) {
      const { ulps: distance, at } = worst(op, [x, y]);
      expect(distance, at).toBeLessThanOrEqual(0.51);
    }
  },
);
test.each(["sigmoidGrad", "tanhGrad"])("%s is dy times the derivative, each step rounded", (op) => {
  const [dy, y] = [moderate(0), moderate(1)];
  const got = run(device, op, [dy, y], { shape: dy.shape, dtype: "float32" });
  const f = Math.fround;
  const want = (a: number, b: number) => (op === "tanhGrad" ? f(a * f(1 - f(b * b))) : f(f(a * b) * f(1 - b)));
  got.forEach((g, i) => void expect(g).toBe(want(dy.data[i], y.data[i])));
});
test.each(["equal", "less", "lessEqual"])("%s compares as IEEE 754 does, and orders integers and booleans", (op) => {
  expect(worst(op, [floats(0), floats(1)], "bool")).toEqual({ ulps: 0, at: "" });
  for (const dtype of ["int32", "uint8", "bool"] as const)
    expect(worst(op, [integers(dtype, 0), integers(dtype, 1)], "bool")).toEqual({ ulps: 0, at: "" });
});
test.each(["add", "sub", "mul", "maximum", "minimum", "remainder"])(
  "%s on integers wraps; the remainder by 0 is 0",
  (op) => {
    for (const dtype of ["int32", "uint8"] as const)
      expect(worst(op, [integers(dtype, 0, 300), integers(dtype, 1, 300)], dtype)).toEqual({ ulps: 0, at: "" });
  },
);
test.each(["maximum", "minimum"])("%s on booleans is or, and", (op) => {
  expect(worst(op, [integers("bool", 0), integers("bool", 1)], "bool")).toEqual({ ulps: 0, at: "" });
});
test.each(["neg", "abs", "sign"])("%s on int32", (op) => {
  expect(worst(op, [integers("int32", 0)], "int32")).toEqual({ ulps: 0, at: "" });
});
test("logicalNot", () => {
  expect(worst("logicalNot", [integers("bool", 0)], "bool")).toEqual({ ulps: 0, at: "" });
});

test("cast converts between all types as the reference does, where the value fits", () => {
  const types = ["float32", "int32", "uint8", "bool"] as const;
  const floatValues = Float32Array.of(0, -0, 1.9, -1.9, 255.5, 256, -1, NaN, 300000, 0.2, 7);
  for (const from of types)
    for (const to of types) {
      const fits = to === "float32" || to === "bool" ? floatValues : floatValues.map((v) => (Number.isNaN(v) ? 3 : v));
      const x: Value = from === "float32" ? { data: fits, shape: [11], dtype: from } : integers(from, 0);
      const out: Spec = { shape: x.shape, dtype: to };
      expect(run(device, "cast", [x], out, { dtype: to }), `${from} to ${to}`).toEqual(
        run(oracle, "cast", [x], out, { dtype: to }).map((v) => (to === "float32" ? Math.fround(v) : v)),
      );
    }
});
test("where chooses, and what it does not choose does not matter", () => {
  const c = integers("bool", 0, 9);
  const nan: Value = { data: new Float32Array(9).fill(NaN), shape: [9], dtype: "float32" };
  const x = moderate(0, 9);
  const chosen = run(device, "where", [c, x, nan], { shape: [9], dtype: "float32" });
  expect(chosen).toEqual(Array.from(x.data, (v, i) => (c.data[i] ? v : NaN)));
  for (const dtype of ["int32", "uint8", "bool"] as const) {
    const [a, b] = [integers(dtype, 0, 9), integers(dtype, 1, 9)];
    expect(run(device, "where", [c, a, b], { shape: [9], dtype })).toEqual(
      Array.from(a.data, (v, i) => (c.data[i] ? v : b.data[i])),
    );
  }
});

test.each([0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33])("%d elements: all of them, and nothing past the end", (n) => {
  for (const dtype of ["float32", "uint8"] as const) {
    const x = dtype === "float32" ? moderate(0, n) : integers(dtype, 0, n);
    const before = device.kernels.add!;
    const views = [x, x].map(({ data, shape }) => ({ buffer: device.upload(data, dtype), shape, dtype }));
    const out = before(views, {}, [], { shape: [n], dtype });
    const guard = device.upload(new Uint8Array(64).fill(77), "uint8");
    const again = before(views, {}, [], { shape: [n], dtype });
    expect(Array.from(device.read(out) as TypedArray)).toEqual(
      Array.from(x.data, (v) => (dtype === "uint8" ? (2 * v) & 255 : 2 * v)),
    );
    expect(Array.from(device.read(guard) as TypedArray)).toEqual(new Array(64).fill(77));
    for (const b of [...views.map((v) => v.buffer), out, guard, again]) device.free(b);
  }
});

test("full and arange convert as typed arrays do", () => {
  for (const dtype of ["float32", "int32", "uint8", "bool"] as const)
    for (const n of [1, 6, 19]) {
      const out: Spec = { shape: [n], dtype };
      for (const value of [0, 1, -1, 3.7, 300])
        expect(run(device, "full", [], out, out, [value])).toEqual(
          run(oracle, "full", [], out, out, [value]).map((v) => (dtype === "float32" ? Math.fround(v) : v)),
        );
      const attrs = { length: n, dtype };
      expect(run(device, "arange", [], out, attrs, [-2, 0.7])).toEqual(
        run(oracle, "arange", [], out, attrs, [-2, 0.7]).map((v) => (dtype === "float32" ? Math.fround(v) : v)),
      );
    }
});
test.each([[[1]], [[4]], [[5]], [[16]], [[17]], [[3, 50]], [[1000]]])(
  "random draws the reference's bits, shape %j",
  (shape) => {
    const scalars = [0xdeadbeef, 1, 0xffffffff, 7];
    const out: Spec = { shape, dtype: "float32" };
    expect(sizeOf(shape)).toBeGreaterThan(0);
    expect(run(device, "random", [], out, { shape }, scalars)).toEqual(
      run(oracle, "random", [], out, { shape }, scalars),
    );
  },
);
