// Convolutions as programs with channels-last images run them: directly and by Winograd's algorithm, against the definition.
import type { OpName, Spec, TypedArray } from "@lamina/core";
import { expect, test } from "vitest";
import { conv2d } from "./conv2d.ts";
import { conv2dGradInput } from "./conv2dGradInput.ts";
import { conv2dGradWeight } from "./conv2dGradWeight.ts";
import type { ConvAttrs } from "./convolution.ts";
import { execute, expected, float, channelsLast as last, Numbers, turned } from "./harness.ts";
import type { Lower } from "./lowered.ts";
import type { Winograd } from "./winograd.ts";

interface Case {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly attrs: ConvAttrs;
}
function resultOf({ x, w, attrs: { stride, padding, dilation } }: Case): Spec {
  const size = (k: 0 | 1) =>
    Math.floor((x[2 + k] + padding[2 * k] + padding[2 * k + 1] - dilation[k] * (w[2 + k] - 1) - 1) / stride[k]) + 1;
  return float(x[0], w[0], size(0), size(1));
}

/** The largest error of conv2d and its adjoints, in units of 2^-23 times the largest number that the terms of one result add up to. */
function errors(c: Case, winograd: Winograd, channelsLast = true, seed = 1): Record<string, number> {
  const numbers = new Numbers(seed);
  const [x, w, dy] = [float(...c.x), float(...c.w), resultOf(c)];
  const [xs, ws, dys] = [x, w, dy].map((spec) => numbers.array(spec));
  const attrs = { ...c.attrs, layout: { channelsLast, winograd } };
  const found: Record<string, number> = {};
  const one = (
    op: OpName,
    lower: Lower,
    specs: Spec[],
    inputs: TypedArray[],
    images: boolean[],
    extra: object,
    out: Spec,
    isImage: boolean,
  ) => {
    const right = expected(op, specs, inputs, { ...c.attrs, ...extra }, out);
    const sizes: ArrayLike<number> = expected(
      op,
      specs,
      inputs.map((a) => a.map(Math.abs)),
      { ...c.attrs, ...extra },
      out,
    );
    const bound = Array.from(sizes).reduce((m, v) => Math.max(m, v), 0);
    const there = specs.map((spec, i) => (images[i] ? last(spec) : spec));
    const arrays = inputs.map((a, i) => (images[i] ? turned(a, specs[i].shape) : a));
    const result = isImage ? last(out) : out;
    for (const relaxed of [true, false]) {
      const got = execute(lower(there, { ...attrs, ...extra }, result), there, arrays, result, relaxed);
      const back = isImage ? turned(got, out.shape, true) : got;
      const worst = Array.from(back as ArrayLike<number>).reduce(
        (m, v, i) => Math.max(m, Math.abs(v - right[i]) || (Number.isNaN(v) ? Infinity : 0)),
        0,
      );
      found[op] = Math.max(found[op] ?? 0, worst / bound / 2 ** -23);
    }
  };
  one("conv2d", conv2d, [x, w], [xs, ws], [channelsLast, false], {}, dy, true);
  if (channelsLast)
    one("conv2dGradInput", conv2dGradInput, [dy, w], [dys, ws], [true, false], { inputSize: c.x.slice(2) }, x, true);
  one(
    "conv2dGradWeight",
    conv2dGradWeight,
    [x, dy],
    [xs, dys],
    [channelsLast, true],
    { kernelSize: c.w.slice(2) },
    w,
    false,
  );
  return found;
}
const plain: ConvAttrs = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };
const same = (k: number): ConvAttrs => ({ ...plain, padding: [k, k, k, k] });

const winograds: readonly [string, Case][] = [
  ["3x3, whole tiles", { x: [2, 8, 8, 12], w: [16, 8, 3, 3], attrs: same(1) }],
  ["3x3, ragged edges and channels", { x: [3, 13, 9, 11], w: [19, 13, 3, 3], attrs: same(1) }],
  ["3x3 without padding", { x: [2, 12, 11, 10], w: [9, 12, 3, 3], attrs: plain }],
  ["3x3, uneven padding", { x: [2, 9, 10, 9], w: [12, 9, 3, 3], attrs: { ...plain, padding: [2, 0, 0, 1] } }],
  ["5x5", { x: [2, 16, 9, 14], w: [24, 16, 5, 5], attrs: same(2) }],
  ["5x5, ragged", { x: [3, 10, 7, 9], w: [11, 10, 5, 5], attrs: { ...plain, padding: [2, 1, 0, 2] } }],
  ["many channels: weights read once", { x: [1, 118, 8, 8], w: [121, 118, 3, 3], attrs: same(1) }],
  ["many tiles", { x: [2, 8, 33, 37], w: [8, 8, 3, 3], attrs: same(1) }],
];
// F(4,3), F(2,5) and their adjoints lose about a decimal digit; F(2,3) nearly nothing. docs/semantics.md says so.
test.each(winograds)("Winograd, %s", (_, c) => {
  for (const error of Object.values(errors(c, "auto"))) expect(error).toBeLessThan(30);
});
test.each(winograds.slice(0, 4))("Winograd F(2,3), %s", (_, c) => {
  for (const error of Object.values(errors(c, "f2"))) expect(error).toBeLessThan(6);
});

// What the definition takes minutes for: the direct kernels, which are held against it, are the yardstick.
test.each([
  ["weights in many panels", 2, 64, 96, 20, 3],
  ["dy in chunks, many tiles", 1, 64, 160, 56, 5],
  ["weights read once", 1, 128, 136, 14, 3],
] as const)("Winograd, large: %s", (_, n, C, O, size, k) => {
  const [x, w, y] = [float(n, size, size, C), float(O, C, k, k), float(n, size, size, O)];
  const numbers = new Numbers(2);
  const [xs, ws, ys] = [x, w, y].map((spec) => numbers.array(spec));
  const results = (winograd: Winograd) => {
    const attrs = { ...same(k >> 1), layout: { channelsLast: true, winograd } };
    const extra = { ...attrs, inputSize: [size, size], kernelSize: [k, k] };
    return [
      execute(conv2d([x, w], attrs, y), [x, w], [xs, ws], y),
      execute(conv2dGradInput([y, w], extra, x), [y, w], [ys, ws], x),
      execute(conv2dGradWeight([x, y], extra, w), [x, y], [xs, ys], w),
    ];
  };
  const right = results("off");
  results("auto").forEach((got, i) => {
    const largest = Array.from(right[i] as ArrayLike<number>).reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    const wrong = Array.from(got as ArrayLike<number>).findIndex(
      (v, j) => !(Math.abs(v - right[i][j]) < 4e-5 * largest),
    );
    expect(wrong).toBe(-1);
  });
});
test("an infinity makes NaN of the tiles that it is in, and of nothing else", () => {
  const [C, size] = [8, 16];
  const [x, w] = [float(1, size, size, C), float(C, C, 3, 3)];
  const numbers = new Numbers(4);
  const [xs, ws] = [numbers.array(x), numbers.array(w)];
  xs[(6 * size + 6) * C] = Infinity;
  const attrs = { ...same(1), layout: { channelsLast: true, winograd: "auto" as const } };
  const y = execute(conv2d([x, w], attrs, x), [x, w], [xs, ws], x);
  // tiles of 4 by 4 outputs see 6 by 6 pixels: the pixel at 6, 6 is in that of rows and columns 4 to 7 alone
  for (let i = 0; i < y.length; i++) {
    const [row, column] = [Math.floor(i / C / size), Math.floor(i / C) % size];
    expect(Number.isFinite(y[i])).toBe(![row, column].every((at) => at >= 4 && at < 8));
  }
});

const depthwise: readonly [string, Case][] = [
  ["3x3", { x: [2, 12, 9, 11], w: [12, 1, 3, 3], attrs: { ...same(1), groups: 12 } }],
  ["3x3 with stride", { x: [5, 9, 10, 7], w: [9, 1, 3, 3], attrs: { ...same(1), groups: 9, stride: [2, 2] } }],
  ["5x3, uneven padding", { x: [1, 8, 7, 6], w: [8, 1, 5, 3], attrs: { ...plain, groups: 8, padding: [3, 1, 0, 2] } }],
  ["dilation", { x: [3, 10, 11, 9], w: [10, 1, 3, 3], attrs: { ...same(2), groups: 10, dilation: [2, 2] } }],
  ["strides beyond the kernel", { x: [2, 8, 9, 9], w: [8, 1, 2, 1], attrs: { ...plain, groups: 8, stride: [3, 2] } }],
];
test.each(depthwise)("depthwise, %s", (_, c) => {
  for (const error of Object.values(errors(c, "off"))) expect(error).toBeLessThan(4);
});

const direct: readonly [string, Case][] = [
  ["1x1", { x: [3, 17, 7, 9], w: [21, 17, 1, 1], attrs: plain }],
  ["1x1 with stride", { x: [2, 8, 7, 9], w: [12, 8, 1, 1], attrs: { ...plain, stride: [2, 2] } }],
  ["3x3", { x: [2, 5, 9, 11], w: [10, 5, 3, 3], attrs: same(1) }],
  ["3x3 with stride", { x: [2, 6, 10, 11], w: [13, 6, 3, 3], attrs: { ...same(1), stride: [2, 2] } }],
  ["3x3 with other strides", { x: [2, 9, 10, 12], w: [8, 9, 3, 3], attrs: { ...same(1), stride: [3, 2] } }],
  ["7x7 with stride", { x: [1, 10, 15, 14], w: [9, 10, 7, 7], attrs: { ...same(3), stride: [2, 2] } }],
  [
    "strides with dilation",
    { x: [2, 8, 13, 14], w: [9, 8, 3, 3], attrs: { ...same(2), stride: [2, 3], dilation: [2, 2] } },
  ],
  ["strides beyond the kernel", { x: [2, 8, 11, 13], w: [8, 8, 2, 1], attrs: { ...plain, stride: [3, 4] } }],
  ["strides, in several slices", { x: [2, 24, 70, 30], w: [40, 24, 3, 3], attrs: { ...same(1), stride: [2, 2] } }],
  ["5x5, uneven padding", { x: [1, 4, 9, 8], w: [8, 4, 5, 5], attrs: { ...plain, padding: [2, 0, 1, 3] } }],
  ["dilation", { x: [2, 7, 12, 11], w: [9, 7, 3, 3], attrs: { ...same(2), dilation: [2, 2] } }],
  ["a flat kernel", { x: [2, 8, 6, 12], w: [8, 8, 1, 7], attrs: { ...plain, padding: [0, 0, 3, 3] } }],
  ["large images, in several slices", { x: [2, 40, 40, 30], w: [8, 40, 3, 3], attrs: same(1) }],
];
test.each(direct)("directly, %s", (_, c) => {
  for (const error of Object.values(errors(c, "off"))) expect(error).toBeLessThan(4);
});
test("from NCHW with few channels into channels-last", () => {
  const cases: Case[] = [
    { x: [2, 3, 23, 25], w: [20, 3, 11, 11], attrs: { ...same(1), stride: [4, 4] } },
    { x: [2, 1, 9, 9], w: [13, 1, 3, 3], attrs: same(1) },
    { x: [2, 3, 15, 14], w: [16, 3, 7, 7], attrs: { ...same(3), stride: [2, 2] } },
  ];
  for (const c of cases) for (const error of Object.values(errors(c, "auto", false))) expect(error).toBeLessThan(4);
});
