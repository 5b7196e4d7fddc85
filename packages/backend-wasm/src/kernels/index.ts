// The table of contents: how each structured op is lowered to a kernel.
import type { OpName } from "@lamina/core";
import { conv2d } from "./conv2d.ts";
import { conv2dGradInput } from "./conv2dGradInput.ts";
import { conv2dGradWeight } from "./conv2dGradWeight.ts";
import type { Lower } from "./lowered.ts";
import { matmul } from "./matmul.ts";

type Lowerings = { readonly [K in OpName]?: Lower };
// the index signature is for whoever has an op's name from a program
export const lowerings: Lowerings & Readonly<Record<string, Lower | undefined>> = {
  conv2d,
  conv2dGradInput,
  conv2dGradWeight,
  matmul,
};
