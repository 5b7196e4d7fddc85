// The structured ops: how each is lowered to a kernel.
import type { Spec } from "@lamina/core";
import type { Fn } from "../assembler.ts";

export interface Lowered {
  readonly key: string;
  readonly emit: () => Fn;
  readonly scratchBytes?: number;
}
// biome-ignore lint/suspicious/noExplicitAny: attributes are erased here, and typed by the row that names them.
export type Lower = (inputs: readonly Spec[], attrs: any, out: Spec) => Lowered;
export const lowerings: Readonly<Record<string, Lower>> = {};
