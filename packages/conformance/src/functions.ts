// The functions that users call, by name, with their options as plain data, so that a case can say what to run.

import type { Tensor } from "@lamina/core";
import * as core from "@lamina/core";

// biome-ignore lint/suspicious/noExplicitAny: options come from data, and each function reads its own.
type Options = any;
type Call = (inputs: readonly Tensor[], options: Options) => Tensor;

/** Axes come first, then an object of options. */
const reductions = ["logsumexp", "max", "mean", "min", "norm", "prod", "std", "sum", "var"] as const;

/** Those that take something else than tensors and then, perhaps, an object of options. */
const special: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(reductions.map((name): [string, Call] => [name, reducing(name)])),
  where: ([c, x, y]) => core.where(core.cast(c, "bool"), x, y),
  powNumber: ([x], { exponent }) => core.pow(x, exponent),
  conv2d: ([x, w, bias], options) => core.conv2d(x, w, bias, options),
  convTranspose2d: ([x, w, bias], options) => core.convTranspose2d(x, w, bias, options),
  adaptiveAvgPool2d: ([x], { size }) => core.adaptiveAvgPool2d(x, size),
  adaptiveMaxPool2d: ([x], { size }) => core.adaptiveMaxPool2d(x, size),
  batchNormTrain: ([x, weight, bias], options) =>
    core.batchNorm(x, undefined, undefined, { weight, bias, training: true, ...options }),
  batchNormEval: ([x, mean, variance, weight, bias], options) =>
    core.batchNorm(x, mean, variance, { weight, bias, ...options }),
  layerNorm: ([x, weight, bias], { shape, ...options }) => core.layerNorm(x, shape, { weight, bias, ...options }),
  groupNorm: ([x, weight, bias], { groups, ...options }) => core.groupNorm(x, groups, { weight, bias, ...options }),
  localResponseNorm: ([x], { size, ...options }) => core.localResponseNorm(x, size, options),
  softmax: ([x], { axis }) => core.softmax(x, axis),
  logSoftmax: ([x], { axis }) => core.logSoftmax(x, axis),
  crossEntropy: ([x, labels, weight], options) => core.crossEntropy(x, labels, { weight, ...options }),
  nllLoss: ([x, labels, weight], options) => core.nllLoss(x, labels, { weight, ...options }),
  binaryCrossEntropyWithLogits: ([x, y, weight, posWeight], options) =>
    core.binaryCrossEntropyWithLogits(x, y, { weight, posWeight, ...options }),
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
  pad: ([x], { sides, ...options }) => core.pad(x, sides, options),
  flip: ([x], { axes }) => core.flip(x, axes),
  cumsum: ([x], { axis }) => core.cumsum(x, axis),
  sort: ([x], { axis, ...options }) => core.sort(x, axis, options).values,
  topk: ([x], { k, axis, ...options }) => core.topk(x, k, axis, options).values,
  tile: ([x], { repeats }) => core.tile(x, repeats),
  gather: ([x, index], { axis }) => core.gather(x, axis, index),
  indexSelect: ([x, index], { axis }) => core.indexSelect(x, axis, index),
  scatterAdd: ([x, index, src], { axis }) => core.scatterAdd(x, axis, index, src),
};

function reducing(name: (typeof reductions)[number]): Call {
  return ([x], { axes, ...options }) => library[name](x, axes, options);
}
const library = core as unknown as Readonly<Record<string, (...args: unknown[]) => Tensor>>;

/** Calls core's function of that name. */
export function call(fn: string, inputs: readonly Tensor[], options?: object): Tensor {
  return special[fn]?.(inputs, options ?? {}) ?? library[fn](...inputs, ...(options ? [options] : []));
}
