// maxPool2d, avgPool2d, their indices and adjoints, held against the reference backend's definition.
import { expect, test } from "vitest";
import type { AvgPoolAttrs } from "./averaging.ts";
import { avgPool2d } from "./avgPool2d.ts";
import { avgPool2dGrad } from "./avgPool2dGrad.ts";
import { channelsLast, check, execute, expected, float, Numbers, turned } from "./harness.ts";
import { maxPool2d } from "./maxPool2d.ts";
import { maxPool2dGrad } from "./maxPool2dGrad.ts";
import { maxPool2dIndices } from "./maxPool2dIndices.ts";
import { hasEmpty, type WindowAttrs, windowsOf } from "./windows.ts";

interface Case {
  readonly x: readonly number[];
  readonly attrs: Required<Omit<WindowAttrs, "channelsLast">>;
  readonly ceil?: boolean;
}
/** As PyTorch has it: with ceil, windows may run over the edge, but must start in the image or in the padding before it. */
function pooledOf({ x, attrs, ceil = false }: Case): number[] {
  const { kernel, stride, padding, dilation } = attrs;
  return [0, 1].map((k) => {
    const [size, reach] = [x[2 + k] + 2 * padding[k], dilation[k] * (kernel[k] - 1) + 1];
    const count = (ceil ? Math.ceil : Math.floor)((size - reach) / stride[k]) + 1;
    return ceil && (count - 1) * stride[k] >= x[2 + k] + padding[k] ? count - 1 : count;
  });
}

const exact = { ulps: 0 };
function checkMax(c: Case, data: Float32Array): void {
  const outputSize = pooledOf(c);
  const attrs = { ...c.attrs, outputSize };
  const [x, y] = [float(...c.x), float(c.x[0], c.x[1], ...outputSize)];
  const indices = { ...y, dtype: "int32" as const };
  check("maxPool2d", maxPool2d, [x], [data], attrs, y, exact);
  check("maxPool2dIndices", maxPool2dIndices, [x], [data], attrs, indices, exact);
  const at = Int32Array.from(expected("maxPool2dIndices", [x], [data], attrs, indices));
  const dy = new Numbers(3).array(y);
  check("maxPool2dGrad", maxPool2dGrad, [y, indices], [dy, at], { inputSize: c.x.slice(2) }, x, { ulps: 8 });
  checkChannelsLast(c, data, dy as Float32Array, at, attrs);
}
/** The same with images as [n, h, w, c]: the same bits. */
function checkChannelsLast(c: Case, data: Float32Array, dy: Float32Array, at: Int32Array, attrs: WindowAttrs): void {
  const [x, y] = [float(...c.x), float(c.x[0], c.x[1], ...pooledOf(c))];
  const indices = { ...y, dtype: "int32" as const };
  const [lastX, lastY, lastIndices] = [x, y, indices].map(channelsLast);
  const last = { ...attrs, channelsLast: true };
  const image = turned(data, x.shape);
  const max = execute(maxPool2d([lastX], last, lastY), [lastX], [image], lastY);
  expect(turned(max, y.shape, true)).toEqual(execute(maxPool2d([x], attrs, y), [x], [data], y));
  const places = execute(maxPool2dIndices([lastX], last, lastIndices), [lastX], [image], lastIndices);
  expect(turned(places, y.shape, true)).toEqual(at);
  if (hasEmpty(windowsOf(x.shape, y.shape, attrs))) return;
  const inputs = [turned(dy, y.shape), places];
  const specs = [lastY, lastIndices];
  const gradient = execute(maxPool2dGrad(specs, { windows: attrs }, lastX), specs, inputs, lastX);
  const plain = execute(maxPool2dGrad([y, indices], {}, x), [y, indices], [dy, at], x);
  expect(turned(gradient, x.shape, true)).toEqual(plain);
}
function checkAverage(c: Case, seed: number): void {
  const outputSize = pooledOf(c);
  const [x, y] = [float(...c.x), float(c.x[0], c.x[1], ...outputSize)];
  const numbers = new Numbers(seed);
  const [xs, dys] = [numbers.array(x), numbers.array(y)];
  for (const countIncludePad of [true, false])
    for (const divisor of [0, 3]) {
      const attrs: AvgPoolAttrs & { outputSize: number[] } = { ...c.attrs, outputSize, countIncludePad, divisor };
      check("avgPool2d", avgPool2d, [x], [xs], attrs, y, { ulps: 8 });
      check("avgPool2dGrad", avgPool2dGrad, [y], [dys], { ...attrs, inputSize: c.x.slice(2) }, x, { ulps: 8 });
      if (divisor) continue;
      const last = { ...attrs, channelsLast: true };
      const [lastX, lastY] = [x, y].map(channelsLast);
      const there = execute(avgPool2d([lastX], last, lastY), [lastX], [turned(xs, x.shape)], lastY);
      expect(turned(there, y.shape, true)).toEqual(execute(avgPool2d([x], attrs, y), [x], [xs], y));
      const back = execute(avgPool2dGrad([lastY], last, lastX), [lastY], [turned(dys, y.shape)], lastX);
      expect(turned(back, x.shape, true)).toEqual(execute(avgPool2dGrad([y], attrs, x), [y], [dys], x));
    }
}
function checkAll(c: Case, seed: number): void {
  checkMax(c, new Numbers(seed).array(float(...c.x)) as Float32Array);
  if (c.attrs.dilation.every((d) => d === 1)) checkAverage(c, seed);
}

const attrsOf = (kernel: number[], stride: number[], padding = [0, 0], dilation = [1, 1]) => ({
  kernel,
  stride,
  padding,
  dilation,
});
const cases: readonly [string, Case][] = [
  ["2x2, stride 2, even", { x: [2, 3, 28, 28], attrs: attrsOf([2, 2], [2, 2]) }],
  ["2x2, stride 2, odd and narrow", { x: [2, 3, 5, 7], attrs: attrsOf([2, 2], [2, 2]) }],
  ["2x2, stride 2, over the edge", { x: [2, 3, 5, 7], attrs: attrsOf([2, 2], [2, 2]), ceil: true }],
  ["3x3, stride 2", { x: [1, 2, 13, 27], attrs: attrsOf([3, 3], [2, 2]) }],
  ["3x3, stride 2, padded", { x: [1, 2, 14, 9], attrs: attrsOf([3, 3], [2, 2], [1, 1]) }],
  ["3x3, stride 1, padded", { x: [1, 2, 6, 10], attrs: attrsOf([3, 3], [1, 1], [1, 1]) }],
  ["3x3 tiles", { x: [2, 2, 9, 6], attrs: attrsOf([3, 3], [3, 3]) }],
  ["2x5 tiles", { x: [2, 2, 8, 20], attrs: attrsOf([2, 5], [2, 5]) }],
  ["the whole image", { x: [2, 3, 7, 7], attrs: attrsOf([7, 7], [7, 7]) }],
  ["stride beyond the kernel", { x: [1, 2, 11, 12], attrs: attrsOf([2, 2], [3, 5]) }],
  ["dilated", { x: [1, 2, 11, 12], attrs: attrsOf([3, 2], [2, 2], [1, 1], [2, 3]) }],
  ["one pixel", { x: [1, 1, 1, 1], attrs: attrsOf([1, 1], [1, 1]) }],
  ["no images", { x: [0, 2, 4, 4], attrs: attrsOf([2, 2], [2, 2]) }],
];
test.each(cases)("%s", (_, c) => checkAll(c, 1));

test("a hundred random windows", () => {
  const n = new Numbers(9);
  for (let count = 0; count < 100; ) {
    const pair = (low: number, high: number) => [n.whole(low, high), n.whole(low, high)];
    const kernel = pair(1, 5);
    const padding = kernel.map((k) => n.whole(0, k >> 1));
    const attrs = attrsOf(kernel, pair(1, 4), padding, n.next() < 0.7 ? [1, 1] : pair(1, 3));
    const c = { x: [n.whole(1, 2), n.whole(1, 3), ...pair(1, 15)], attrs, ceil: n.next() < 0.4 };
    if (pooledOf(c).some((size) => size < 1)) continue;
    checkAll(c, ++count);
  }
});

test("the largest of special values, the first of equals", () => {
  const n = new Numbers(2);
  const specials = [Number.NaN, -Infinity, Infinity, 0, -0, 1];
  for (let i = 0; i < 60; i++) {
    const c = {
      x: [1, 1, n.whole(3, 7), n.whole(3, 9)],
      attrs: attrsOf([3, 2], [n.whole(1, 3), n.whole(1, 3)], [1, 1]),
      ceil: i % 2 === 0,
    };
    const allowed = specials.slice(0, n.whole(2, specials.length));
    checkMax(
      c,
      Float32Array.from({ length: c.x[2] * c.x[3] }, () => allowed[n.whole(0, allowed.length - 1)]),
    );
  }
});

test("of windows that lie in the padding there is -Infinity, at 0", () => {
  const attrs = { ...attrsOf([1, 1], [2, 2], [1, 1]), outputSize: [2, 2] };
  const [x, y] = [float(1, 1, 2, 2), float(1, 1, 2, 2)];
  const data = [Float32Array.of(1, 2, 3, 4)];
  expect([...execute(maxPool2d([x], attrs, y), [x], data, y)]).toEqual([-Infinity, -Infinity, -Infinity, 4]);
  const indices = { ...y, dtype: "int32" as const };
  expect([...execute(maxPool2dIndices([x], attrs, indices), [x], data, indices)]).toEqual([0, 0, 0, 3]);
});
