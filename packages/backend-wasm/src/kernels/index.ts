// The structured ops: how each is lowered to a kernel.
import type { OpName } from "@lamina/core";
import type { Lower } from "./lowered.ts";

type Lowerings = { readonly [K in OpName]?: Lower };
// the index signature is for whoever has an op's name from a program
export const lowerings: Lowerings & Readonly<Record<string, Lower | undefined>> = {};
