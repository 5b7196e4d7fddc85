// The table of contents: how each structured op is lowered to dispatches.
import type { OpName } from "@lamina/core";
import { logSoftmax } from "./logSoftmax.ts";
import { logSoftmaxGrad } from "./logSoftmaxGrad.ts";
import type { Lower } from "./lowered.ts";
import { max } from "./max.ts";
import { min } from "./min.ts";
import { prod } from "./prod.ts";
import { softmax } from "./softmax.ts";
import { softmaxGrad } from "./softmaxGrad.ts";
import { sum } from "./sum.ts";

type Lowerings = { readonly [K in OpName]?: Lower };
// the index signature is for whoever has an op's name from a program
export const lowerings: Lowerings & Readonly<Record<string, Lower | undefined>> = {
  logSoftmax,
  logSoftmaxGrad,
  max,
  min,
  prod,
  softmax,
  softmaxGrad,
  sum,
};
