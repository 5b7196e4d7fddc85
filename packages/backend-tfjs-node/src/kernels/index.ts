// The table of contents: every op of docs/ops.md, those that core could decompose included.
import { avgPool2d, avgPool2dGrad } from "./avgPool2d.ts";
import { conv2d, conv2dGradInput, conv2dGradWeight } from "./conv2d.ts";
import { arange, full, random } from "./creation.ts";
import { gather, scatterAdd } from "./gather.ts";
import { matmul } from "./matmul.ts";
import { maxPool2d, maxPool2dGrad, maxPool2dIndices } from "./maxPool2d.ts";
import { expand, pointwise } from "./pointwise.ts";
import { argmax, argmin, max, min, prod, sum } from "./reduce.ts";
import { cat, flip, pad, permute, slice } from "./shape.ts";
import { logSoftmax, logSoftmaxGrad, softmax, softmaxGrad } from "./softmax.ts";

export const lowerings = {
  ...{ full, arange, random },
  ...pointwise,
  ...{ expand, permute, slice, pad, flip, cat, gather, scatterAdd },
  ...{ sum, prod, max, min, argmax, argmin },
  ...{ matmul, conv2d, conv2dGradInput, conv2dGradWeight },
  ...{ maxPool2d, maxPool2dIndices, maxPool2dGrad, avgPool2d, avgPool2dGrad },
  ...{ softmax, logSoftmax, softmaxGrad, logSoftmaxGrad },
};
