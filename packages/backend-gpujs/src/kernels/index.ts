// The kernel table: an op a row. What is not here core decomposes.
import type { OpName } from "@lamina/core";
import { avgPool2d, avgPool2dGrad } from "./avgPool2d.ts";
import { cast } from "./cast.ts";
import { conv2d, conv2dGradInput, conv2dGradWeight } from "./conv2d.ts";
import { arange, full, random } from "./creation.ts";
import { gather, scatterAdd } from "./gather.ts";
import type { Row } from "./kernel.ts";
import { matmul } from "./matmul.ts";
import { maxPool2d, maxPool2dGrad, maxPool2dIndices } from "./maxPool2d.ts";
import { pointwise } from "./pointwise.ts";
import { argmax, argmin, max, min, prod, sum } from "./reduce.ts";
import { cat, expand, flip, pad, permute, slice } from "./shape.ts";

export const rows: { readonly [K in OpName]?: Row } = {
  ...{ full, arange, random },
  ...pointwise,
  cast,
  ...{ expand, permute, slice, pad, flip, cat },
  ...{ gather, scatterAdd },
  ...{ sum, prod, max, min, argmax, argmin },
  matmul,
  ...{ conv2d, conv2dGradInput, conv2dGradWeight },
  ...{ maxPool2d, maxPool2dIndices, maxPool2dGrad },
  ...{ avgPool2d, avgPool2dGrad },
};
