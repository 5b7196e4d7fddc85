// The table of contents: how each structured op is lowered to dispatches.
import type { OpName } from "@lamina/core";
import type { Lower } from "./lowered.ts";

type Lowerings = { readonly [K in OpName]?: Lower };
// the index signature is for whoever has an op's name from a program
export const lowerings: Lowerings & Readonly<Record<string, Lower | undefined>> = {};
