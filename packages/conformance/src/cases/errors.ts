// What is wrong on purpose, and the whole message that says so: what is wrong, with both values, and what to do.
import * as f from "@lamina/core";
import { record, type Shape, tensor, zeros } from "@lamina/core";
import { recordOf } from "../subject.ts";

export interface ErrorCase {
  readonly run: () => unknown;
  readonly message: string;
}
const t = (...shape: number[]) => zeros(shape);
const int = (...shape: number[]) => zeros(shape, { dtype: "int32" });
const bool = (...shape: number[]) => zeros(shape, { dtype: "bool" });
/** A list from the host: its length is its shape. */
const list = (...values: number[]) => tensor(values);
// biome-ignore lint/suspicious/noExplicitAny: these calls are wrong, some of them in their types.
const wrong = (value: unknown): any => value;
const convAttrs = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };
const op = (name: Parameters<typeof recordOf>[0], inputs: readonly f.Tensor[], attrs: object) =>
  record(recordOf(name), inputs, attrs);
const onImage = (shape: Shape) => f.maxPool2d(zeros(shape), 2);

export const errorCases: readonly ErrorCase[] = [
  {
    run: () => f.adaptiveAvgPool2d(t(1, 1, 4, 4), 0),
    message: "adaptiveAvgPool2d: cannot pool 4 x 4 to 0; pass whole numbers, 1 or more, or null to keep a size",
  },
  {
    run: () => f.sub(bool(2), bool(2)),
    message: "sub: x and y are bool, which have no sub; use logicalXor(), or cast one",
  },
  {
    run: () => f.clamp(t(2), {}),
    message: "clamp: neither min nor max is given, so nothing bounds x; pass { min }, { max } or both",
  },
  {
    run: () => f.avgPool2d(t(1, 1, 4, 4), { kernelSize: 2, divisorOverride: 0 }),
    message:
      "avgPool2d: divisorOverride is 0 but must be a whole number other than 0; leave it out to divide by the window",
  },
  {
    run: () => f.batchNorm(t(3), undefined, undefined),
    message: "batchNorm: x is [3] but must be [N,C,…]; reshape() it",
  },
  {
    run: () => f.batchNorm(t(2, 3), t(3), t(4)),
    message: "batchNorm: runningVar is [4] but x has 3 channels (x [2,3]); it must be [3]",
  },
  {
    run: () => f.batchNormTrain(t(1, 3)),
    message: "batchNorm: x has one element a channel (x [1,3]), and one has no variance; train with larger batches",
  },
  {
    run: () => f.expand(t(2, 3), [4, 3]),
    message:
      "expand: [2,3] does not expand to [4,3]; from the last axis on, sizes must be equal or 1 (-1 keeps a size)",
  },
  {
    run: () => f.cat([t(2, 3), t(2, 4)], 0),
    message: "cat: tensor 0 is float32 [2,3] but tensor 1 is float32 [2,4]; all sizes but that of axis 0 must be equal",
  },
  { run: () => f.cat([]), message: "cat: the list of tensors is empty; pass at least one" },
  { run: () => f.stack([]), message: "stack: the list of tensors is empty; pass at least one" },
  {
    run: () => f.stack([t(2), t(3)]),
    message: "stack: shapes [2] and [3] differ; stack tensors of one shape, or use cat()",
  },
  { run: () => f.split(t(4), 0), message: "split: the size is 0 but must be a whole number, 1 or more" },
  {
    run: () => f.split(t(4), [1, 2]),
    message: "split: the sizes [1,2] do not add up to the 4 of axis 0 (shape [4]); make them add up",
  },
  { run: () => f.chunk(t(4), 0), message: "chunk: chunks is 0 but must be a whole number, 1 or more" },
  { run: () => f.tile(t(2), [-1]), message: "tile: the repeats are [-1] but must be whole numbers, 0 or more" },
  {
    run: () => f.pad(t(2, 2), [1]),
    message: "pad: the sides [1] do not fit the 2 axes of [2,2]; pass two whole numbers an axis, the last axis first",
  },
  {
    run: () => f.pad(t(3), [-2, -2]),
    message: "pad: taking away [2] before and [2] after leaves less than nothing of [3]; take less",
  },
  {
    run: () => f.pad(t(3), [3, 0], { mode: "reflect" }),
    message: "pad: 3 before and 0 after do not fit axis 0 of [3] in mode reflect; use 0 to 2",
  },
  {
    run: () => op("where", [t(2), t(2), t(2)], {}),
    message:
      "where: the condition is float32 [2], x float32 [2] and y float32 [2]; the condition must be bool, x and y of one dtype, all of one shape",
  },
  {
    run: () => f.conv2d(t(1, 1, 2, 2), t(1, 1, 3, 3)),
    message:
      "conv2d: a kernel of 3 x 3 (dilation 1,1) does not fit an image of 2 x 2 with padding [0,0,0,0]: the result's height would be floor((2 + 0 - 3 + 1) / 1) = 0; use a smaller kernel or more padding",
  },
  {
    run: () => f.convOutputSize(3, { kernel: 5 }),
    message:
      "convOutputSize: floor((3 + 0 - 5 + 1) / 1) = -1 places are left of 3; use a smaller kernel or more padding",
  },
  {
    run: () => f.corr2d(t(3), t(2, 2)),
    message:
      "corr2d: the inputs are float32 [3] and float32 [2,2], but both must have two axes that are not empty; for batches and channels use conv2d",
  },
  {
    run: () => f.convolve2d(t(2, 3), t(3, 2), { mode: "valid" }),
    message:
      'convolve2d: in mode "valid" one input must cover the other, but they are [2,3] and [3,2]; use "full" or "same"',
  },
  {
    run: () => f.conv2d(t(2, 3, 5, 5), t(4, 2, 3, 3)),
    message:
      "conv2d: x has 3 channels but w expects 2 (x [2,3,5,5], w [4,2,3,3]); w is [out channels, in channels / groups, height, width]",
  },
  {
    run: () => f.conv2d(t(2, 3, 5, 5), t(4, 2, 3, 3), undefined, { groups: 2 }),
    message:
      "conv2d: x has 3 channels but w expects 4 (x [2,3,5,5], w [4,2,3,3], 2 groups); w is [out channels, in channels / groups, height, width]",
  },
  {
    run: () => f.conv2d(t(2, 4, 5, 5), t(3, 2, 3, 3), undefined, { groups: 2 }),
    message: "conv2d: 3 output channels do not divide into 2 groups (w [3,2,3,3]); use a multiple of 2",
  },
  {
    run: () => op("conv2dGradInput", [t(1, 1, 2, 2), t(1, 1, 3, 3)], { ...convAttrs, inputSize: [5, 5] }),
    message: "conv2dGradInput: dy is [1,1,2,2] but the convolution gives [1,1,3,3]; the two must be equal",
  },
  {
    run: () => f.conv2d(t(1, 1, 5, 5), t(1, 1, 3, 3), undefined, { padding: [1, 2, 3] }),
    message:
      'conv2d: padding is [1,2,3]; pass a whole number, [height, width], [top, bottom, left, right], "same" or "valid"',
  },
  {
    run: () => f.convTranspose2d(t(1, 1, 5, 5), t(1, 1, 3, 3), undefined, { padding: -1 }),
    message: "convTranspose2d: padding is -1; pass a whole number, [height, width], [top, bottom, left, right]",
  },
  {
    run: () => f.conv2d(t(1, 1, 5, 5), t(1, 1, 3, 3), undefined, { groups: 0 }),
    message: "conv2d: groups is 0 but must be a whole number, 1 or more",
  },
  {
    run: () => f.conv2d(t(1, 1, 5, 5), t(3, 3)),
    message: "conv2d: w has 2 axes (w [3,3]) but must have 4, channels, channels, height and width; reshape() it",
  },
  {
    run: () => f.conv2d(t(1, 1, 5, 5), t(2, 1, 3, 3), t(3)),
    message: "conv2d: bias is float32 [3] but there are 2 output channels; bias must be [2]",
  },
  {
    run: () => f.convTranspose2d(t(1, 1, 5, 5), t(1, 1, 3, 3), undefined, { outputPadding: 1 }),
    message: "convTranspose2d: outputPadding is [1,1] but must be less than the stride, [1,1]",
  },
  {
    run: () => f.convTranspose2d(t(1, 2, 5, 5), t(3, 1, 3, 3)),
    message:
      "convTranspose2d: x has 2 channels but w expects 3 in 1 groups (x [1,2,5,5], w [3,1,3,3]); w is [in channels, out channels / groups, height, width]",
  },
  {
    run: () => f.arange(0, 5, -1),
    message: "arange: a step of -1 does not lead from 0 to 5; give the step the sign of end - start",
  },
  {
    run: () => f.dropout(t(2), { p: 1.5 }),
    message: "dropout: p is 1.5 but is a probability; pass a number from 0 to 1",
  },
  {
    run: () => f.gather(t(3), 0, t(2)),
    message: 'gather: the index is float32 but must be int32; cast it, as in cast(index, "int32")',
  },
  {
    run: () => op("gather", [t(3, 2), int(3, 3)], { axis: 0 }),
    message: "gather: the index is int32 [3,3] but x is float32 [3,2]; all sizes but that of axis 0 must be equal",
  },
  {
    run: () => op("scatterAdd", [t(3, 2), int(3, 2), t(2, 2)], { axis: 0 }),
    message:
      "scatterAdd: src is float32 [2,2] but the index is int32 [3,2] and x float32 [3,2]; src must have the index's shape and x's dtype",
  },
  {
    run: () => f.gather(t(3, 2), 0, int(3, 3)),
    message:
      "gather: the index is int32 [3,3] but x is float32 [3,2]; beside axis 0 it must be no larger than x, with as many axes",
  },
  {
    run: () => f.scatterAdd(t(3), 0, int(4), t(2)),
    message: "scatterAdd: src is float32 [2] but the index is int32 [4]; src must be at least as large",
  },
  {
    run: () => f.indexSelect(t(3), 0, int(2, 2)),
    message: "indexSelect: the index has shape [2,2] but must have one axis; flatten() it",
  },
  {
    run: () => onImage([4, 4]),
    message: "maxPool2d: x has 2 axes (x [4,4]) but must be [N,C,H,W], or [C,H,W] for one image; reshape() it",
  },
  {
    run: () => f.interpolate(t(1, 1, 4, 4), { size: 2, mode: wrong("cubic") }),
    message: 'interpolate: mode is "cubic"; use "nearest" or "bilinear"',
  },
  {
    run: () => f.interpolate(t(1, 1, 4, 4), { size: 2, antialias: true }),
    message: 'interpolate: alignCorners and antialias mean nothing in mode "nearest"; use mode "bilinear"',
  },
  {
    run: () => f.interpolate(t(1, 1, 4, 4), {}),
    message: "interpolate: pass either size or scaleFactor, and not both",
  },
  {
    run: () => f.interpolate(t(1, 1, 4, 4), { scaleFactor: 0.1 }),
    message: "interpolate: scaleFactor [0.1,0.1] makes [0,0] of 4 x 4; use a larger factor",
  },
  {
    run: () => f.mseLoss(t(2), t(2), { reduction: wrong("average") }),
    message: 'mseLoss: reduction is "average"; use "mean", "sum" or "none"',
  },
  {
    run: () => f.crossEntropy(t(2, 3), int(3)),
    message: "crossEntropy: x is [2,3] but the labels are [3]; x is [N,C,…], and labels are [N,…]: here [2]",
  },
  {
    run: () => f.crossEntropy(t(2, 3), int(2), { weight: t(2) }),
    message: "crossEntropy: weight is [2] but x has 3 classes; weight must be one number a class",
  },
  {
    run: () => f.nllLoss(t(2, 3), t(2)),
    message: "nllLoss: the labels are float32 [2] but must be whole numbers, class indices; cast them to int32",
  },
  {
    run: () => f.crossEntropy(t(2, 3), int(2), { labelSmoothing: 2 }),
    message: "crossEntropy: labelSmoothing is 2 but must lie between 0 and 1",
  },
  {
    run: () => f.crossEntropy(t(2, 3), t(2, 4)),
    message:
      "crossEntropy: x is [2,3] but the probabilities are [2,4]; they must be equal, or the labels int32 class indices",
  },
  {
    run: () => f.mseLoss(t(2), t(3)),
    message: "mseLoss: x is [2] but the target is [3]; bring them to one shape with reshape() or expand()",
  },
  { run: () => f.huberLoss(t(2), t(2), { delta: 0 }), message: "huberLoss: delta is 0 but must be more than 0" },
  { run: () => f.smoothL1Loss(t(2), t(2), { beta: -1 }), message: "smoothL1Loss: beta is -1 but must be 0 or more" },
  {
    run: () => f.matmul(t(2, 3), t(4, 5)),
    message: "matmul: x has 3 columns but y has 4 rows (x [2,3], y [4,5]); they must be equal",
  },
  {
    run: () => op("matmul", [t(3, 2), t(4, 5)], { transposeX: true, transposeY: true }),
    message: "matmul: x has 3 columns but y has 5 rows (x [3,2] transposed, y [4,5] transposed); they must be equal",
  },
  {
    run: () => op("matmul", [t(2, 2, 3), t(3, 3, 2)], { transposeX: false, transposeY: false }),
    message: "matmul: x is float32 [2,2,3] but y is float32 [3,3,2]; dtype and all axes but the last two must be equal",
  },
  {
    run: () => f.matmul(t(), t(2)),
    message: "matmul: x is [] and y is [2], but both need at least one axis; use mul() for numbers",
  },
  {
    run: () => f.linear(t(2, 3), t(4, 5)),
    message: "linear: x has 3 features but w expects 5 (x [2,3], w [4,5]); w is [out, in], and x ends in [in]",
  },
  {
    run: () => f.linear(t(2, 3), t(4, 3), t(3)),
    message: "linear: bias is [3] but w has 4 rows (w [4,3]); bias must be [4]",
  },
  {
    run: () => op("maxPool2dGrad", [t(1, 1, 2, 2), int(1, 1, 2, 3)], { inputSize: [4, 4] }),
    message: "maxPool2dGrad: dy is [1,1,2,2] but the indices are [1,1,2,3]; the two must be equal",
  },
  {
    run: () => f.layerNorm(t(2, 3), 3, { weight: t(2) }),
    message: "layerNorm: weight is [2] but must be [3], one number for each that is normalised",
  },
  {
    run: () => f.layerNorm(t(2, 3), 4),
    message: "layerNorm: x is [2,3] but must end in the normalized shape [4]; reshape() it",
  },
  {
    run: () => f.groupNorm(t(2, 3, 4), 2),
    message: "groupNorm: 3 channels do not divide into 2 groups (x [2,3,4]); use a divisor of them",
  },
  {
    run: () => f.localResponseNorm(t(2, 3), 5),
    message: "localResponseNorm: x is [2,3] and size 5; x must be [N,C,…] with 3 axes or more, size 1 or more",
  },
  {
    run: () => f.randint(3, 3, [2]),
    message: "randint: low is 3 and high 3, between which there is no whole number; low must be less than high",
  },
  {
    run: () => f.max(t(2, 0), 1),
    message: "max: axes [1] of [2,0] have no elements, and nothing has no max; reduce axes of at least 1",
  },
  {
    run: () => f.argmin(t(2, 0), 1),
    message: "argmin: axis 1 of [2,0] has no elements, so none can be named; reduce an axis of at least 1",
  },
  { run: () => f.norm(t(2), undefined, { p: 0 }), message: "norm: p is 0 but must be 1 or more, or Infinity" },
  {
    run: () => f.reshape(t(2, 3), [4, -1]),
    message:
      "reshape: 6 elements (shape [2,3]) do not fill [4,-1]; the sizes must multiply to 6, and one of them may be -1",
  },
  { run: () => f.flatten(t(2, 3), 1, 0), message: "flatten: startDim 1 comes after endDim 0 (shape [2,3]); swap them" },
  {
    run: () => f.permute(t(2, 3), [0, 0]),
    message: "permute: [0,0] does not name each of the 2 axes of [2,3] once; name all of them",
  },
  {
    run: () => f.full([2, -1], 0),
    message: "full: the shape [2,-1] has a size -1; sizes must be whole numbers, 0 or more",
  },
  {
    run: () => f.full(wrong(2), 0),
    message: "full: the shape is 2 but must be a list of sizes, as in full([2, 3]); put brackets around them",
  },
  {
    run: () => f.cast(t(2), wrong("cuda")),
    message:
      'cast: there is no dtype "cuda", but float32, float64, int32, uint8, bool; to move to a device pass the open backend, as in to(await wasm())',
  },
  { run: () => f.softmax(t(2, 3), 2), message: "softmax: axis 2 does not exist in a tensor of 2 axes; use -2 to 1" },
  { run: () => f.narrow(t(), 0, 0, 1), message: "narrow: a 0-d tensor has no axis 0; reshape() it to [1] first" },
  { run: () => f.sum(t(2, 3), [0, -2]), message: "sum: the axes [0,-2] name one axis twice (of 2); name each once" },
  {
    run: () => f.add(t(2, 3), t(2)),
    message:
      "add: shapes [2,3] and [2] do not broadcast (3 and 2); sizes must be equal or 1, counted from the last axis",
  },
  {
    run: () => f.maxPool2d(t(1, 1, 4, 4), 0),
    message: "maxPool2d: kernelSize is 0; pass a whole number or [height, width], each at least 1",
  },
  { run: () => op("logicalNot", [t(2)], {}), message: "logicalNot: x is float32 but must be bool; cast it first" },
  {
    run: () => op("add", [t(2), int(2)], {}),
    message: "add: x is float32 [2] but y is int32 [2]; cast() and expand() them to one dtype and shape first",
  },
  {
    run: () => f.maxPool2d(int(1, 1, 4, 4), 2),
    message: 'maxPool2d: x is int32 but must be floating point; cast it, as in cast(x, "float32")',
  },
  {
    run: () => f.narrow(t(3), 0, 2, 2),
    message: "narrow: 2 elements from 2 on do not lie in axis 0 of [3], which has 3; shorten it or start earlier",
  },
  {
    run: () => f.select(t(3), 0, 3),
    message: "select: index 3 is outside axis 0 of [3], which has 3 elements; use -3 to 2",
  },
  {
    run: () => f.at(t(3), [0, 3, -1]),
    message: "at: the step of a range is -1 but must be 1 or more; use flip() to turn an axis round",
  },
  {
    run: () => f.at(t(3, 2), 0, 2),
    message: "at: index 2 is outside axis 1 of [3,2], which has 2 elements; use -2 to 1",
  },
  {
    run: () => f.at(t(3), 0, 0),
    message: 'at: 2 indices for the 1 axes of [3]; give one an axis at most, and "..." once',
  },
  {
    run: () => f.maxPool2d(t(1, 1, 4, 4), { kernelSize: 2, padding: 2 }),
    message: "maxPool2d: padding [2,2] is more than half of the window [2,2]; use at most half, or pad() first",
  },
  {
    run: () => f.avgPool2d(t(1, 1, 2, 2), 3),
    message:
      "avgPool2d: a window of 3 x 3 (dilation 1,1) does not fit an image of 2 x 2 with padding [0,0]: the result's height would be floor((2 + 0 - 3 + 3) / 3) = 0; use a smaller one",
  },
  {
    run: () => f.backward(list(1, 2)),
    message:
      "backward: nothing this value was computed from requires a gradient; use Parameters, or tensor(data, { requiresGrad: true })",
  },
  {
    run: () => f.add(t(2), wrong(undefined)),
    message: "add: input 1 is undefined, but must be a tensor or a number; make one with tensor(…)",
  },
  {
    run: () => f.crossEntropy(t(2, 3), tensor([0, 3], { dtype: "int32" })),
    message:
      "crossEntropy: label 1 is 3 but x has 3 classes, 0 to 2; give x a class for each label, or pass ignoreIndex for labels that do not count",
  },
  {
    run: () => f.topk(t(2, 3), 4),
    message: "topk: k is 4 but axis 1 of [2,3] has 3 elements; ask for 0 to 3",
  },
  {
    run: () => f.dropout2d(t(2, 3)),
    message: "dropout2d: x is [2,3] but must be [N, C, H, W]; use dropout() for values without places",
  },
];
