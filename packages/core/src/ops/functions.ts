// What users call, by file.
export {
  elu,
  type GeluOptions,
  gelu,
  hardtanh,
  leakyRelu,
  logSigmoid,
  relu,
  relu6,
  sigmoid,
  silu,
  softplus,
  softsign,
  tanh,
} from "./activation.ts";
export { adaptiveAvgPool2d, adaptiveMaxPool2d, globalAvgPool2d, type OutputSize } from "./adaptivePool2d.ts";
export {
  abs,
  add,
  type Bounds,
  clamp,
  div,
  floor,
  isFinite,
  isInf,
  logicalAnd,
  logicalOr,
  logicalXor,
  maximum,
  minimum,
  mul,
  neg,
  reciprocal,
  remainder,
  sign,
  square,
  sub,
} from "./arithmetic.ts";
export { type AvgPool2dOptions, avgPool2d } from "./avgPool2d.ts";
export {
  type AffineOptions,
  type BatchNormOptions,
  type BatchStatistics,
  batchNorm,
  batchNormTrain,
} from "./batchNorm.ts";
export { expand, type ReduceOptions, sum } from "./broadcast.ts";
export { cast } from "./cast.ts";
export { cat, chunk, flip, split, stack, tile } from "./cat.ts";
export { equal, greater, greaterEqual, isNaN, less, lessEqual, logicalNot, notEqual, where } from "./compare.ts";
export {
  type Conv2dOptions,
  type ConvTranspose2dOptions,
  conv2d,
  convTranspose2d,
  type Padding,
} from "./conv2d.ts";
export { convOutputSize, type SizeOptions } from "./convOutputSize.ts";
export { type ConvolveOptions, convolve, convolve2d, corr2d } from "./correlate.ts";
export {
  arange,
  type CreateOptions,
  eye,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  zeros,
  zerosLike,
} from "./creation.ts";
export { type DropoutOptions, dropout, dropout2d } from "./dropout.ts";
export { gather, indexSelect, oneHot, scatterAdd } from "./gather.ts";
export { type InterpolateOptions, interpolate } from "./interpolate.ts";
export {
  type BinaryOptions,
  binaryCrossEntropyWithLogits,
  type ClassOptions,
  type CrossEntropyOptions,
  crossEntropy,
  huberLoss,
  type LossOptions,
  l1Loss,
  mseLoss,
  nllLoss,
  type Reduction,
  smoothL1Loss,
} from "./losses.ts";
export { linear, matmul } from "./matmul.ts";
export { type MaxPool2dOptions, maxPool2d } from "./maxPool2d.ts";
export { groupNorm, type LocalResponseOptions, layerNorm, localResponseNorm } from "./norms.ts";
export type { Operand } from "./operands.ts";
export { type PadMode, type PadOptions, pad } from "./pad.ts";
export { bernoulli, type RandomOptions, rand, randint, randn, randperm } from "./random.ts";
export {
  all,
  any,
  argmax,
  argmin,
  logsumexp,
  max,
  mean,
  min,
  type NormOptions,
  norm,
  prod,
  std,
  type VarOptions,
  var,
} from "./reduce.ts";
export { clone, detach, flatten, permute, reshape, reshape as view, squeeze, transpose, unsqueeze } from "./shape.ts";
export type { Axes, Pair } from "./shapes.ts";
export { at, type Index, narrow, type Range, select, slice } from "./slice.ts";
export { logSoftmax, softmax } from "./softmax.ts";
export { argsort, cumsum, type Sorted, type SortOptions, sort, topk } from "./sort.ts";
export {
  acos,
  asin,
  atan,
  atan2,
  ceil,
  cos,
  cosh,
  erf,
  exp,
  expm1,
  log,
  log1p,
  log2,
  log10,
  pow,
  round,
  rsqrt,
  sin,
  sinh,
  sqrt,
  tan,
  trunc,
} from "./unary.ts";
export type { PoolOptions } from "./windows.ts";
