import { test } from "vitest";
import { conv2d } from "./conv2d.ts";
import { conv2dGradInput } from "./conv2dGradInput.ts";
import { conv2dGradWeight } from "./conv2dGradWeight.ts";
import type { ConvAttrs } from "./convolution.ts";
import { check, float, Numbers } from "./harness.ts";

interface Case {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly attrs: ConvAttrs;
}

function outputOf({ x, w, attrs: { stride, padding, dilation } }: Case): number[] {
  const size = (k: 0 | 1) =>
    Math.floor((x[2 + k] + padding[2 * k] + padding[2 * k + 1] - dilation[k] * (w[2 + k] - 1) - 1) / stride[k]) + 1;
  return [x[0], w[0], size(0), size(1)];
}

/** conv2d and both adjoints; the longest sum of each bounds its error. */
function checkAll(c: Case, seed: number): void {
  const numbers = new Numbers(seed);
  const [x, w, dy] = [float(...c.x), float(...c.w), float(...outputOf(c))];
  const [xs, ws, dys] = [x, w, dy].map((spec) => numbers.array(spec));
  const taps = c.w[2] * c.w[3];
  const tolerance = (terms: number) => ({ ulps: 2 + Math.sqrt(terms), scale: Math.sqrt(terms) });
  check("conv2d", conv2d, [x, w], [xs, ws], c.attrs, dy, tolerance(taps * c.w[1]));
  check(
    "conv2dGradInput",
    conv2dGradInput,
    [dy, w],
    [dys, ws],
    { ...c.attrs, inputSize: c.x.slice(2) },
    x,
    tolerance((taps * c.w[0]) / c.attrs.groups),
  );
  check(
    "conv2dGradWeight",
    conv2dGradWeight,
    [x, dy],
    [xs, dys],
    { ...c.attrs, kernelSize: c.w.slice(2) },
    w,
    tolerance(dy.shape[0] * dy.shape[2] * dy.shape[3]),
  );
}

const plain: ConvAttrs = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };
const cases: readonly [string, Case][] = [
  ["LeNet's first layer", { x: [2, 1, 28, 28], w: [6, 1, 5, 5], attrs: { ...plain, padding: [2, 2, 2, 2] } }],
  ["LeNet's second layer", { x: [3, 6, 14, 14], w: [16, 6, 5, 5], attrs: plain }],
  [
    "AlexNet's first layer, small",
    { x: [1, 3, 51, 51], w: [20, 3, 11, 11], attrs: { ...plain, stride: [4, 4], padding: [1, 1, 1, 1] } },
  ],
  ["3x3 with padding", { x: [2, 16, 9, 13], w: [24, 16, 3, 3], attrs: { ...plain, padding: [1, 1, 1, 1] } }],
  ["1x1", { x: [2, 10, 7, 7], w: [9, 10, 1, 1], attrs: plain }],
  ["1x1 with stride", { x: [2, 4, 7, 8], w: [8, 4, 1, 1], attrs: { ...plain, stride: [2, 2] } }],
  ["depthwise", { x: [2, 6, 8, 8], w: [6, 1, 3, 3], attrs: { ...plain, padding: [1, 1, 1, 1], groups: 6 } }],
  ["a kernel as large as the image", { x: [2, 3, 5, 5], w: [4, 3, 5, 5], attrs: plain }],
  ["a wide kernel", { x: [1, 2, 3, 40], w: [3, 2, 1, 33], attrs: plain }],
  ["strides beyond the kernel", { x: [1, 2, 11, 11], w: [3, 2, 2, 2], attrs: { ...plain, stride: [3, 5] } }],
  [
    "uneven padding larger than the kernel",
    { x: [1, 2, 3, 4], w: [3, 2, 2, 2], attrs: { ...plain, padding: [3, 1, 0, 4] } },
  ],
  [
    "stride and dilation with a common factor",
    {
      x: [1, 2, 12, 13],
      w: [3, 2, 3, 3],
      attrs: { ...plain, stride: [4, 2], dilation: [2, 4], padding: [2, 2, 4, 4] },
    },
  ],
  ["no images", { x: [0, 2, 6, 6], w: [3, 2, 3, 3], attrs: plain }],
  ["no channels", { x: [2, 0, 6, 6], w: [3, 0, 3, 3], attrs: plain }],
  ["no filters", { x: [2, 3, 6, 6], w: [0, 3, 3, 3], attrs: plain }],
];
test.each(cases)("%s", (_, c) => checkAll(c, 1));

function randomCase(n: Numbers): Case | undefined {
  const pair = (low: number, high: number) => [n.whole(low, high), n.whole(low, high)];
  const groups = n.whole(1, 3);
  const [perGroup, filters] = [n.whole(1, 7), n.whole(1, 13)];
  const attrs = { stride: pair(1, 3), padding: [...pair(0, 3), ...pair(0, 3)], dilation: pair(1, 3), groups };
  const c = {
    x: [n.whole(1, 3), groups * perGroup, ...pair(1, 19)],
    w: [groups * filters, perGroup, ...pair(1, 5)],
    attrs,
  };
  const [, , oh, ow] = outputOf(c);
  return oh > 0 && ow > 0 ? c : undefined;
}
test("a hundred random shapes", () => {
  const numbers = new Numbers(7);
  for (let count = 0; count < 100; ) {
    const c = randomCase(numbers);
    if (c) checkAll(c, ++count);
  }
});
