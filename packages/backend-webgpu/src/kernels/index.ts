// The table of contents: how each structured op is lowered to dispatches.
import type { OpName } from "@lamina/core";
import { argmax } from "./argmax.ts";
import { argmin } from "./argmin.ts";
import { avgPool2d } from "./avgPool2d.ts";
import { avgPool2dGrad } from "./avgPool2dGrad.ts";
import { conv2d } from "./conv2d.ts";
import { conv2dGradInput } from "./conv2dGradInput.ts";
import { conv2dGradWeight } from "./conv2dGradWeight.ts";
import { gather } from "./gather.ts";
import { logSoftmax } from "./logSoftmax.ts";
import { logSoftmaxGrad } from "./logSoftmaxGrad.ts";
import type { Lower } from "./lowered.ts";
import { matmul } from "./matmul.ts";
import { max } from "./max.ts";
import { maxPool2d } from "./maxPool2d.ts";
import { maxPool2dGrad } from "./maxPool2dGrad.ts";
import { maxPool2dIndices } from "./maxPool2dIndices.ts";
import { min } from "./min.ts";
import { prod } from "./prod.ts";
import { scatterAdd } from "./scatterAdd.ts";
import { softmax } from "./softmax.ts";
import { softmaxGrad } from "./softmaxGrad.ts";
import { sum } from "./sum.ts";

type Lowerings = { readonly [K in OpName]?: Lower };
// the index signature is for whoever has an op's name from a program
export const lowerings: Lowerings & Readonly<Record<string, Lower | undefined>> = {
  argmax,
  argmin,
  avgPool2d,
  avgPool2dGrad,
  conv2d,
  conv2dGradInput,
  conv2dGradWeight,
  gather,
  logSoftmax,
  logSoftmaxGrad,
  matmul,
  max,
  maxPool2d,
  maxPool2dGrad,
  maxPool2dIndices,
  min,
  prod,
  scatterAdd,
  softmax,
  softmaxGrad,
  sum,
};
