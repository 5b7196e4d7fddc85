// The functions that users call, by name, with their options as plain data: so that cases, and the fixtures that PyTorch
// computed, can say what to run.
import * as core from "@lamina/core";
import type { Tensor } from "@lamina/core";

// biome-ignore lint/suspicious/noExplicitAny: options come from data, and each function reads its own.
type Options = any;
export type Call = (inputs: readonly Tensor[], options: Options) => Tensor;

const unary = [
  "abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "erf", "exp", "expm1", "floor", "log", "log1p", "log2", "log10", "logSigmoid", "neg",
  "reciprocal", "relu", "relu6", "round", "rsqrt", "sigmoid", "sign", "silu", "sin", "sinh", "softsign", "sqrt", "square", "tan", "tanh", "trunc",
  "isNaN", "isFinite", "isInf", "logicalNot", "globalAvgPool2d", "flatten",
] as const;
const binary = [
  "add", "atan2", "div", "equal", "greater", "greaterEqual", "less", "lessEqual", "matmul", "maximum", "minimum", "mul", "notEqual", "pow",
  "remainder", "sub", "logicalAnd", "logicalOr", "logicalXor",
] as const;
/** One input, then an object of options. */
const optioned = ["elu", "gelu", "hardtanh", "leakyRelu", "softplus", "clamp", "interpolate", "maxPool2d", "avgPool2d"] as const;
/** One input, axes, then an object of options. */
const reductions = ["all", "any", "argmax", "argmin", "logsumexp", "max", "mean", "min", "norm", "prod", "std", "sum", "var"] as const;

const named = <K extends string>(names: readonly K[], make: (name: K) => Call): Record<string, Call> =>
  Object.fromEntries(names.map((name) => [name, make(name)]));

export const functions: Readonly<Record<string, Call>> = {
  ...named(unary, (name) => ([x]) => core[name](x)),
  ...named(binary, (name) => ([x, y]) => core[name](x, y)),
  ...named(optioned, (name) => ([x], options) => core[name](x, options) as Tensor),
  ...named(reductions, (name) => ([x], { axes, ...options }) => core[name](x, axes, options)),
  where: ([c, x, y]) => core.where(core.cast(c, "bool"), x, y),
  powNumber: ([x], { exponent }) => core.pow(x, exponent),
  linear: ([x, w, bias]) => core.linear(x, w, bias),
  conv2d: ([x, w, bias], options) => core.conv2d(x, w, bias, options),
  convTranspose2d: ([x, w, bias], options) => core.convTranspose2d(x, w, bias, options),
  maxPool2dIndices: ([x], options) => core.maxPool2d(x, { ...options, returnIndices: true })[1],
  adaptiveAvgPool2d: ([x], { size }) => core.adaptiveAvgPool2d(x, size),
  adaptiveMaxPool2d: ([x], { size }) => core.adaptiveMaxPool2d(x, size),
  batchNormTrain: ([x, weight, bias], options) => core.batchNorm(x, undefined, undefined, { weight, bias, training: true, ...options }),
  batchNormEval: ([x, mean, variance, weight, bias], options) => core.batchNorm(x, mean, variance, { weight, bias, ...options }),
  layerNorm: ([x, weight, bias], { shape, ...options }) => core.layerNorm(x, shape, { weight, bias, ...options }),
  groupNorm: ([x, weight, bias], { groups, ...options }) => core.groupNorm(x, groups, { weight, bias, ...options }),
  localResponseNorm: ([x], { size, ...options }) => core.localResponseNorm(x, size, options),
  softmax: ([x], { axis }) => core.softmax(x, axis),
  logSoftmax: ([x], { axis }) => core.logSoftmax(x, axis),
  crossEntropy: ([x, labels, weight], options) => core.crossEntropy(x, labels, { weight, ...options }),
  nllLoss: ([x, labels, weight], options) => core.nllLoss(x, labels, { weight, ...options }),
  mseLoss: ([x, y], options) => core.mseLoss(x, y, options),
  l1Loss: ([x, y], options) => core.l1Loss(x, y, options),
  huberLoss: ([x, y], options) => core.huberLoss(x, y, options),
  smoothL1Loss: ([x, y], options) => core.smoothL1Loss(x, y, options),
  binaryCrossEntropyWithLogits: ([x, y, weight, posWeight], options) => core.binaryCrossEntropyWithLogits(x, y, { weight, posWeight, ...options }),
  reshape: ([x], { shape }) => core.reshape(x, shape),
  permute: ([x], { axes }) => core.permute(x, axes),
  transpose: ([x], { axes: [a, b] }) => core.transpose(x, a, b),
  expand: ([x], { shape }) => core.expand(x, shape),
  squeeze: ([x], { axes }) => core.squeeze(x, axes),
  unsqueeze: ([x], { axis }) => core.unsqueeze(x, axis),
  at: ([x], { indices }) => core.at(x, ...indices),
  narrow: ([x], { axis, start, length }) => core.narrow(x, axis, start, length),
  cat: (inputs, { axis }) => core.cat(inputs, axis),
  stack: (inputs, { axis }) => core.stack(inputs, axis),
  split: ([x], { size, axis, part }) => core.split(x, size, axis)[part],
  chunk: ([x], { chunks, axis, part }) => core.chunk(x, chunks, axis)[part],
  pad: ([x], { sides, ...options }) => core.pad(x, sides, options),
  flip: ([x], { axes }) => core.flip(x, axes),
  tile: ([x], { repeats }) => core.tile(x, repeats),
  gather: ([x, index], { axis }) => core.gather(x, axis, index),
  indexSelect: ([x, index], { axis }) => core.indexSelect(x, axis, index),
  scatterAdd: ([x, index, src], { axis }) => core.scatterAdd(x, axis, index, src),
  oneHot: ([x], { classes }) => core.oneHot(x, classes),
};
