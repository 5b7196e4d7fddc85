// What users call, at points where it has a derivative: from these, values, gradients and second derivatives are checked.
import { type Fill, type Input, input } from "../case.ts";

export interface FunctionCase {
  /** A name in functions.ts. */
  readonly fn: string;
  readonly name: string;
  readonly inputs: readonly Input[];
  readonly options?: object;
  /** The length of the longest sum in it (default 32). */
  readonly terms?: number;
  /** Whether second derivatives are checked (default true). */
  readonly second?: boolean;
}
const inside: Fill = { from: -0.9, to: 0.9 };
const above: Fill = { from: 0.3, to: 3 };
const wide: Fill = { from: -3, to: 3 };
const labels = (n: number, classes: number) => input([n], { low: 0, high: classes }, "int32");

const smooth: Readonly<Record<string, Fill>> = {
  abs: wide,
  acos: inside,
  asin: inside,
  atan: wide,
  cos: wide,
  cosh: wide,
  erf: wide,
  exp: wide,
  expm1: wide,
  log: above,
  log1p: above,
  log2: above,
  log10: above,
  logSigmoid: wide,
  neg: wide,
  reciprocal: above,
  relu: wide,
  relu6: { from: -3, to: 9 },
  rsqrt: above,
  sigmoid: wide,
  silu: wide,
  sin: wide,
  sinh: wide,
  softsign: wide,
  sqrt: above,
  square: wide,
  tan: inside,
  tanh: wide,
  gelu: wide,
  elu: wide,
  leakyRelu: wide,
  softplus: wide,
  hardtanh: wide,
  floor: wide,
  ceil: wide,
  round: wide,
  trunc: wide,
  sign: wide,
};
const pointwise = Object.entries(smooth).map(
  ([fn, fill]): FunctionCase => ({ fn, name: "a vector", inputs: [input([13], fill)] }),
);

const two = (fn: string, x: Fill = wide, y: Fill = wide): FunctionCase[] => [
  { fn, name: "equal shapes", inputs: [input([3, 5], x), input([3, 5], y)] },
  { fn, name: "a row beside a column", inputs: [input([4, 1], x), input([1, 3], y)] },
  { fn, name: "a number beside a box", inputs: [input([2, 3, 2], x), input([], y)] },
];
const box = [input([3, 4, 5], above)];
const reduced = (fn: string, options: object = {}, fill: Fill = above): FunctionCase[] => [
  { fn, name: `everything ${JSON.stringify(options)}`, inputs: [input([3, 4], fill)], options },
  {
    fn,
    name: `the inner axis, kept ${JSON.stringify(options)}`,
    inputs: [input([3, 4, 2], fill)],
    options: { axes: 1, keepDim: true, ...options },
  },
  {
    fn,
    name: `both ends ${JSON.stringify(options)}`,
    inputs: [input([3, 2, 4], fill)],
    options: { axes: [0, -1], ...options },
  },
];

const images = input([2, 2, 5, 6], wide);
const kernel = input([3, 2, 3, 3], wide);
const convolution = (name: string, options: object, x = images, w = kernel, bias?: Input): FunctionCase => ({
  fn: "conv2d",
  name,
  inputs: bias ? [x, w, bias] : [x, w],
  options,
  terms: 128,
});
const pool = (fn: string, name: string, options: object, x = images): FunctionCase => ({
  fn,
  name,
  inputs: [x],
  options,
});
const perChannel = [input([3], above), input([3], wide)];

export const functionCases: readonly FunctionCase[] = [
  ...pointwise,
  { fn: "gelu", name: "by tanh", inputs: [input([13], wide)], options: { approximate: "tanh" } },
  { fn: "elu", name: "alpha 2", inputs: [input([13], wide)], options: { alpha: 2 } },
  { fn: "clamp", name: "between -1 and 1.5", inputs: [input([13], wide)], options: { min: -1, max: 1.5 } },
  ...["add", "sub", "mul", "maximum", "minimum"].flatMap((fn) => two(fn)),
  ...two("div", wide, above),
  ...two("pow", above, wide),
  ...two("atan2", above, wide),
  ...two("remainder", { from: 0.1, to: 0.9 }, { from: 1, to: 2 }),
  { fn: "powNumber", name: "cubed", inputs: [input([9], wide)], options: { exponent: 3 } },
  { fn: "powNumber", name: "squared", inputs: [input([9], wide)], options: { exponent: 2 } },
  { fn: "powNumber", name: "to -1.5", inputs: [input([9], above)], options: { exponent: -1.5 } },
  { fn: "where", name: "broadcast", inputs: [input([4, 1], { values: [1, 0, 0, 1] }), input([4, 3]), input([3])] },

  ...["sum", "mean", "prod", "max", "min", "logsumexp", "norm", "var", "std"].flatMap((fn) => reduced(fn)),
  ...reduced("norm", { p: 1 }, wide),
  ...reduced("norm", { p: 3 }, wide),
  ...reduced("norm", { p: Infinity }, wide),
  ...reduced("var", { correction: 0 }),

  { fn: "reshape", name: "a box", inputs: box, options: { shape: [5, -1] } },
  { fn: "flatten", name: "a box", inputs: box },
  { fn: "permute", name: "a box", inputs: box, options: { axes: [2, 0, 1] } },
  { fn: "transpose", name: "a box", inputs: box, options: { axes: [0, 2] } },
  { fn: "expand", name: "two axes", inputs: [input([3, 1, 2])], options: { shape: [2, 3, 4, 2] } },
  { fn: "squeeze", name: "ones", inputs: [input([1, 3, 1])], options: {} },
  { fn: "unsqueeze", name: "the end", inputs: [input([3])], options: { axis: -1 } },
  {
    fn: "at",
    name: "a range, a step and an index",
    inputs: [input([4, 5, 3])],
    options: { indices: [[1, 4], [null, null, 2], 1] },
  },
  { fn: "narrow", name: "columns", inputs: [input([3, 5])], options: { axis: 1, start: 1, length: 3 } },
  { fn: "cat", name: "columns", inputs: [input([3, 2]), input([3, 4])], options: { axis: 1 } },
  { fn: "stack", name: "an inner axis", inputs: [input([3, 2]), input([3, 2])], options: { axis: 1 } },
  { fn: "split", name: "the last part", inputs: [input([7, 2])], options: { size: 3, axis: 0, part: 2 } },
  { fn: "pad", name: "two axes", inputs: [input([3, 4])], options: { sides: [1, 2, 0, 1], value: 3 } },
  { fn: "pad", name: "reflected", inputs: [input([2, 4])], options: { sides: [2, 1], mode: "reflect" } },
  { fn: "pad", name: "edges repeated", inputs: [input([2, 4])], options: { sides: [2, 1, 1, 0], mode: "replicate" } },
  { fn: "flip", name: "one axis", inputs: [input([3, 4])], options: { axes: 1 } },
  { fn: "cumsum", name: "the middle axis", inputs: [input([2, 5, 3])], options: { axis: 1 } },
  { fn: "sort", name: "rows", inputs: [input([3, 5])], options: { axis: -1 } },
  { fn: "topk", name: "columns", inputs: [input([5, 3])], options: { k: 2, axis: 0 } },
  { fn: "tile", name: "two axes", inputs: [input([2, 3])], options: { repeats: [2, 1, 3] } },
  {
    fn: "gather",
    name: "rows",
    inputs: [input([4, 3]), input([6, 3], { low: 0, high: 4 }, "int32")],
    options: { axis: 0 },
  },
  {
    fn: "gather",
    name: "a corner",
    inputs: [input([4, 5]), input([2, 3], { low: 0, high: 5 }, "int32")],
    options: { axis: 1 },
  },
  {
    fn: "indexSelect",
    name: "columns",
    inputs: [input([2, 5]), input([7], { low: 0, high: 5 }, "int32")],
    options: { axis: 1 },
  },
  {
    fn: "scatterAdd",
    name: "rows",
    inputs: [input([4, 3]), input([6, 3], { low: 0, high: 4 }, "int32"), input([6, 3])],
    options: { axis: 0 },
  },

  { fn: "matmul", name: "matrices", inputs: [input([3, 4]), input([4, 5])] },
  { fn: "matmul", name: "vectors", inputs: [input([6]), input([6])] },
  { fn: "matmul", name: "a matrix by a vector", inputs: [input([3, 4]), input([4])] },
  { fn: "matmul", name: "stacks that broadcast", inputs: [input([2, 1, 3, 4]), input([3, 4, 2])] },
  { fn: "matmul", name: "a stack by a matrix", inputs: [input([2, 3, 4]), input([4, 2])] },
  { fn: "linear", name: "with bias", inputs: [input([4, 5]), input([3, 5]), input([3])] },

  convolution("plain", {}),
  convolution("with bias", { padding: 1 }, images, kernel, input([3])),
  convolution("stride", { stride: [2, 1], padding: [1, 0] }),
  convolution("four paddings", { padding: [0, 2, 1, 0], stride: 2 }),
  convolution("same", { padding: "same" }, images, input([3, 2, 2, 4])),
  convolution("dilation", { dilation: 2, padding: 1 }),
  convolution("groups", { groups: 2 }, input([2, 4, 4, 4]), input([4, 2, 2, 2])),
  convolution("depthwise", { groups: 3, padding: 1 }, input([1, 3, 4, 4]), input([6, 1, 3, 3])),
  convolution("one image", {}, input([2, 5, 5])),
  { fn: "convTranspose2d", name: "plain", inputs: [input([2, 3, 4, 4]), input([3, 2, 3, 3])], options: {}, terms: 64 },
  {
    fn: "convTranspose2d",
    name: "all options",
    inputs: [input([1, 4, 3, 4]), input([4, 3, 3, 2]), input([6])],
    options: { stride: [2, 3], padding: 1, outputPadding: [1, 0], dilation: [1, 2], groups: 2 },
    terms: 64,
  },

  pool("maxPool2d", "2 by 2", { kernelSize: 2 }),
  pool("maxPool2d", "overlapping, padded", { kernelSize: 3, stride: 2, padding: 1 }),
  pool("maxPool2d", "dilation", { kernelSize: 2, stride: 1, dilation: 2 }),
  pool("maxPool2d", "ceilMode", { kernelSize: 2, stride: 3, ceilMode: true }),
  pool("avgPool2d", "2 by 2", { kernelSize: 2 }),
  pool("avgPool2d", "overlapping, padded", { kernelSize: 3, stride: 2, padding: 1 }),
  pool("avgPool2d", "padding not counted", { kernelSize: 3, stride: 2, padding: 1, countIncludePad: false }),
  pool("avgPool2d", "ceilMode", { kernelSize: [2, 3], stride: [3, 2], ceilMode: true }),
  pool("avgPool2d", "divisor", { kernelSize: 2, divisorOverride: 3 }),
  pool("adaptiveAvgPool2d", "3 by 4", { size: [3, 4] }),
  pool("adaptiveAvgPool2d", "that divides", { size: [5, 2] }),
  pool("adaptiveMaxPool2d", "3 by 4", { size: [3, 4] }),
  pool("globalAvgPool2d", "images", {}),

  { fn: "batchNormTrain", name: "images", inputs: [input([3, 3, 2, 2]), ...perChannel], terms: 64 },
  { fn: "batchNormTrain", name: "rows", inputs: [input([6, 3]), ...perChannel], terms: 64 },
  {
    fn: "batchNormTrain",
    name: "without weight and bias",
    inputs: [input([3, 2, 2, 2])],
    options: { eps: 1e-3 },
    terms: 64,
  },
  { fn: "batchNormEval", name: "images", inputs: [input([2, 3, 2, 2]), input([3]), input([3], above), ...perChannel] },
  {
    fn: "layerNorm",
    name: "the last axis",
    inputs: [input([3, 5]), input([5], above), input([5])],
    options: { shape: 5 },
    terms: 64,
  },
  {
    fn: "layerNorm",
    name: "two axes",
    inputs: [input([2, 3, 4]), input([3, 4], above), input([3, 4])],
    options: { shape: [3, 4] },
    terms: 64,
  },
  {
    fn: "groupNorm",
    name: "two groups",
    inputs: [input([2, 4, 2, 3]), input([4], above), input([4])],
    options: { groups: 2 },
    terms: 64,
  },
  {
    fn: "localResponseNorm",
    name: "odd",
    inputs: [input([2, 5, 2, 2])],
    options: { size: 3, alpha: 0.5, beta: 0.75, k: 1 },
  },
  {
    fn: "localResponseNorm",
    name: "even",
    inputs: [input([1, 6, 2, 2])],
    options: { size: 4, alpha: 0.2, beta: 0.5, k: 2 },
  },

  { fn: "softmax", name: "classes", inputs: [input([3, 5], wide)], options: { axis: 1 } },
  { fn: "softmax", name: "the first axis", inputs: [input([4, 3], wide)], options: { axis: 0 } },
  { fn: "logSoftmax", name: "classes", inputs: [input([3, 5], wide)], options: { axis: 1 } },
  { fn: "logSoftmax", name: "channels", inputs: [input([2, 3, 2, 2], wide)], options: { axis: 1 } },
  { fn: "crossEntropy", name: "labels", inputs: [input([6, 5], wide), labels(6, 5)] },
  {
    fn: "crossEntropy",
    name: "smoothed and weighted",
    inputs: [input([6, 5], wide), labels(6, 5), input([5], above)],
    options: { labelSmoothing: 0.2 },
  },
  {
    fn: "crossEntropy",
    name: "some ignored",
    inputs: [input([6, 5], wide), input([6], { values: [0, 2, 1, 2, 4, 3] }, "int32")],
    options: { ignoreIndex: 2, reduction: "sum" },
  },
  {
    fn: "crossEntropy",
    name: "images",
    inputs: [input([2, 4, 3, 2], wide), input([2, 3, 2], { low: 0, high: 4 }, "int32")],
    options: { reduction: "none" },
  },
  {
    fn: "crossEntropy",
    name: "probabilities",
    inputs: [input([3, 4], wide), input([3, 4], { values: [0.1, 0.2, 0.3, 0.4] })],
    options: { labelSmoothing: 0.1 },
  },
  { fn: "nllLoss", name: "weighted", inputs: [input([6, 5], wide), labels(6, 5), input([5], above)] },
  { fn: "mseLoss", name: "mean", inputs: [input([3, 4]), input([3, 4])] },
  { fn: "l1Loss", name: "sum", inputs: [input([3, 4]), input([3, 4])], options: { reduction: "sum" } },
  { fn: "huberLoss", name: "delta 0.7", inputs: [input([3, 4]), input([3, 4])], options: { delta: 0.7 } },
  {
    fn: "smoothL1Loss",
    name: "beta 0.7",
    inputs: [input([3, 4]), input([3, 4])],
    options: { beta: 0.7, reduction: "none" },
  },
  {
    fn: "binaryCrossEntropyWithLogits",
    name: "plain",
    inputs: [input([3, 4], wide), input([3, 4], { from: 0, to: 1 })],
  },
  {
    fn: "binaryCrossEntropyWithLogits",
    name: "weighted",
    inputs: [input([3, 4], wide), input([3, 4], { from: 0, to: 1 }), input([4], above), input([4], above)],
  },

  { fn: "interpolate", name: "nearest", inputs: [input([1, 2, 3, 4])], options: { size: [5, 7] } },
  { fn: "interpolate", name: "bilinear", inputs: [input([1, 2, 3, 4])], options: { size: [5, 7], mode: "bilinear" } },
  {
    fn: "interpolate",
    name: "corners aligned",
    inputs: [input([1, 2, 3, 4])],
    options: { scaleFactor: 2, mode: "bilinear", alignCorners: true },
  },
  {
    fn: "interpolate",
    name: "smaller, antialiased",
    inputs: [input([1, 2, 7, 8])],
    options: { size: [3, 4], mode: "bilinear", antialias: true },
  },
];
