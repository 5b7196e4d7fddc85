import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import * as f from "./functions.ts";
import { counting, gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

const near = (values: number[]) => values.map((v) => expect.closeTo(v, 5));
const kernel = (...rows: number[][]) => tensor([[rows]]);

describe("the book's examples", () => {
  test("one channel", async () => {
    const x = f.reshape(f.arange(9, { dtype: "float32" }), [1, 1, 3, 3]);
    expect(await numbers(f.conv2d(x, kernel([0, 1], [2, 3])))).toEqual([19, 25, 37, 43]);
  });
  test("the edge of a picture", async () => {
    const picture = f.expand(tensor([1, 1, 0, 0, 0, 0, 1, 1]), [1, 1, 6, 8]);
    const y = f.conv2d(picture, kernel([1, -1]));
    expect(await f.at(y, 0, 0, 0).toArray()).toEqual([0, 1, 0, 0, 0, -1, 0]);
    expect(await f.max(f.abs(f.conv2d(f.transpose(picture), kernel([1, -1])))).item()).toBe(0);
  });
  test("several channels in and out", async () => {
    const first = f.reshape(f.arange(9, { dtype: "float32" }), [3, 3]);
    const k = tensor([kernelOf(0), kernelOf(1)]);
    const y = f.conv2d(f.stack([first, f.add(first, 1)]), f.stack([k, f.add(k, 1), f.add(k, 2)]));
    expect(y.shape).toEqual([3, 2, 2]);
    expect(await numbers(y)).toEqual([56, 72, 104, 120, 76, 100, 148, 172, 96, 128, 192, 224]);
  });
  test.each<[number[], f.Conv2dOptions, number[]]>([
    [[3, 3], { padding: 1 }, [8, 8]],
    [[5, 3], { padding: [2, 1] }, [8, 8]],
    [[3, 3], { padding: 1, stride: 2 }, [4, 4]],
    [[3, 5], { padding: [0, 1], stride: [3, 4] }, [2, 2]],
  ])("a kernel of %s with %o makes 8 x 8 into %s", (size, options, expected) => {
    const y = f.conv2d(f.zeros([1, 1, 8, 8]), f.zeros([1, 1, ...size]), undefined, options);
    expect(y.shape).toEqual([1, 1, ...expected]);
  });
});
const kernelOf = (from: number) => [
  [from, from + 1],
  [from + 2, from + 3],
];

test("stride, padding, dilation and groups at once, as PyTorch", async () => {
  const [x, w] = [f.sin(counting([1, 2, 4, 5])), f.cos(counting([4, 1, 2, 3]))];
  const bias = tensor(Float64Array.of(0.1, 0.2, 0.3, 0.4), { dtype: "float64" });
  const y = f.conv2d(x, w, bias, { stride: [1, 2], padding: [1, 2], dilation: [2, 1], groups: 2 });
  expect(y.shape).toEqual([1, 4, 4, 4]);
  expect(await numbers(f.at(y, 0, [0, 3, 2]))).toEqual(
    near([
      -0.172011, 1.418328, -1.080197, -0.307994, -0.054318, 1.216256, 1.938047, -1.637496, 0.683515, -2.011602,
      2.605206, 0.363741, 0.326393, -0.761025, -0.621794, 1.090607, 0.336418, -0.592885, -0.503375, 0.804155, 0.696704,
      2.814196, -2.121267, -0.866114, 0.399723, 2.463218, 1.201998, -0.992194, 0.164899, -0.824997, 1.745036, 0.746469,
    ]),
  );
});

describe("padding", () => {
  test("same: the odd zero goes to the bottom and right", async () => {
    const y = f.conv2d(counting([1, 1, 3, 3]), f.ones([1, 1, 2, 2]), undefined, { padding: "same" });
    expect(await numbers(y)).toEqual([8, 12, 7, 20, 24, 13, 13, 15, 8]); // torch
  });
  test("same with a stride gives ceil(n / stride)", () => {
    const size = (n: number, stride: number) =>
      f.conv2d(f.zeros([1, 1, n, 9]), f.zeros([1, 1, 3, 4]), undefined, { padding: "same", stride }).shape.slice(2);
    expect(size(7, 2)).toEqual([4, 5]);
    expect(size(8, 3)).toEqual([3, 3]);
  });
  test("four sides, and valid", async () => {
    const [x, w] = [counting([1, 1, 3, 3]), f.ones([1, 1, 2, 2])];
    const y = f.conv2d(x, w, undefined, { padding: [1, 0, 0, 2] });
    expect(await y.toArray()).toEqual(await f.conv2d(f.pad(x, [0, 2, 1, 0]), w).toArray());
    expect(f.conv2d(x, w, undefined, { padding: "valid" }).shape).toEqual([1, 1, 2, 2]);
  });
});

test.each<[string, number[], number[], f.Conv2dOptions]>([
  ["plain", [2, 2, 4, 3], [3, 2, 2, 2], {}],
  ["all options", [1, 4, 5, 4], [2, 2, 2, 2], { stride: [2, 1], padding: [1, 0, 2, 1], dilation: [1, 2], groups: 2 }],
])("gradients of both orders: %s", async (_, x, w, options) => {
  const errors = await gradientErrors((a, b, c) => f.conv2d(a, b, c, options), [sample(x), sample(w), sample([w[0]])]);
  for (const error of errors) expect(error).toBeLessThan(1e-6);
});

test("a convolution by 1 x 1 is a matrix product", async () => {
  const [x, w] = [f.sin(counting([3, 3, 3])), f.cos(counting([2, 3]))];
  const y = f.conv2d(x, f.reshape(w, [2, 3, 1, 1]));
  const product = f.reshape(f.matmul(w, f.reshape(x, [3, 9])), [2, 3, 3]);
  expect(await f.max(f.abs(f.sub(y, product))).item()).toBeLessThan(1e-12);
});

describe("convTranspose2d", () => {
  test("as PyTorch, with outputPadding", async () => {
    const y = f.convTranspose2d(f.sin(counting([1, 2, 2, 3])), f.cos(counting([2, 1, 3, 2])), undefined, {
      stride: 2,
      padding: 1,
      outputPadding: [1, 0],
    });
    expect(y.shape).toEqual([1, 1, 4, 4]);
    expect(await numbers(y)).toEqual(
      near([
        0.254584, -0.445767, -1.43165, -0.522353, 0.385708, -2.380436, -0.57744, -3.343584, -0.515201, 0.394096,
        1.244903, 0.544552, 0.041854, 0.951152, -0.217084, 1.465858,
      ]),
    );
  });
  test("gradients of both orders, with groups and bias", async () => {
    const options = { stride: 2, groups: 2, padding: 1 };
    const samples = [sample([1, 2, 2, 3]), sample([2, 2, 3, 2]), sample([4])];
    for (const error of await gradientErrors((a, b, c) => f.convTranspose2d(a, b, c, options), samples))
      expect(error).toBeLessThan(1e-6);
  });
});

test("the bias gets the sum of what reaches its channel", async () => {
  const bias = tensor([0, 0], { requiresGrad: true });
  backward(f.sum(f.conv2d(f.zeros([2, 1, 3, 3]), f.zeros([2, 1, 2, 2]), bias)));
  expect(await bias.grad!.toArray()).toEqual([8, 8]);
});

describe("what does not fit is said", () => {
  const z = f.zeros;
  test.each<[string, () => unknown, string]>([
    [
      "channels",
      () => f.conv2d(z([2, 3, 5, 5]), z([4, 2, 3, 3])),
      "conv2d: x has 3 channels but w expects 2 (x [2,3,5,5], w [4,2,3,3])",
    ],
    [
      "groups",
      () => f.conv2d(z([1, 4, 5, 5]), z([3, 2, 3, 3]), undefined, { groups: 2 }),
      "conv2d: 3 output channels do not divide into 2 groups (w [3,2,3,3]); use a multiple of 2",
    ],
    [
      "size",
      () => f.conv2d(z([1, 1, 2, 5]), z([1, 1, 3, 3])),
      "conv2d: a kernel of 3 x 3 (dilation 1,1) does not fit an image of 2 x 5 with padding [0,0,0,0]: the result's height would be floor((2 + 0 - 3 + 1) / 1) = 0; use a smaller kernel or more padding",
    ],
    [
      "width, with stride and dilation",
      () => f.conv2d(z([1, 1, 5, 4]), z([1, 1, 1, 3]), undefined, { stride: 2, dilation: 3, padding: [0, 1] }),
      "the result's width would be floor((4 + 2 - (3·(3 - 1) + 1) + 2) / 2) = 0; use a smaller kernel or more padding",
    ],
    [
      "bias",
      () => f.conv2d(z([1, 1, 5, 5]), z([2, 1, 3, 3]), z([3])),
      "conv2d: bias is float32 [3] but there are 2 output channels; bias must be [2]",
    ],
    [
      "axes of x",
      () => f.conv2d(z([5, 5]), z([2, 1, 3, 3])),
      "conv2d: x has 2 axes (x [5,5]) but must be [N,C,H,W], or [C,H,W] for one image",
    ],
    ["axes of w", () => f.conv2d(z([1, 1, 5, 5]), z([3, 3])), "conv2d: w has 2 axes (w [3,3]) but must have 4"],
    [
      "type",
      () => f.conv2d(z([1, 1, 5, 5], { dtype: "uint8" }), z([1, 1, 3, 3])),
      "conv2d: x is uint8 but must be floating point; cast it",
    ],
    [
      "stride",
      () => f.conv2d(z([1, 1, 5, 5]), z([1, 1, 3, 3]), undefined, { stride: 0 }),
      "conv2d: stride is 0; pass a whole number or [height, width], each at least 1",
    ],
    [
      "padding",
      () => f.conv2d(z([1, 1, 5, 5]), z([1, 1, 3, 3]), undefined, { padding: [1, 2, 3] }),
      'conv2d: padding is [1,2,3]; pass a whole number, [height, width], [top, bottom, left, right], "same" or "valid"',
    ],
    [
      "group count",
      () => f.conv2d(z([1, 1, 5, 5]), z([1, 1, 3, 3]), undefined, { groups: 0 }),
      "conv2d: groups is 0 but must be a whole number, 1 or more",
    ],
    [
      "transposed channels",
      () => f.convTranspose2d(z([1, 3, 5, 5]), z([2, 1, 3, 3])),
      "convTranspose2d: x has 3 channels but w expects 2 in 1 groups (x [1,3,5,5], w [2,1,3,3])",
    ],
    [
      "outputPadding",
      () => f.convTranspose2d(z([1, 2, 5, 5]), z([2, 1, 3, 3]), undefined, { outputPadding: 1 }),
      "convTranspose2d: outputPadding is [1,1] but must be less than the stride, [1,1]",
    ],
  ])("%s", (_, call, message) => expect(call).toThrow(message));
});
